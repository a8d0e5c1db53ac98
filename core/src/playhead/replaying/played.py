"""What reached the game in a recording, as changes at their own times, whichever hand did it.

Ten million events of hours with a mouse are looked through in pieces; each is a change only when it is due.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.control.drivers import Change
from playhead.events import MOTIONS, PLAYED, Origin

MOST_A_SECOND = 50_000  # of changes: the fastest mice tell 8,000 times of two axes
_PIECE = 4096

Events = npt.NDArray[Any]
Order = npt.NDArray[np.int64]


class Played:
    """The events of a recording that reached the game, in order of time.

    Units:  first_ns when the first frame was taken.
    """

    def __init__(self, events: Events, first_ns: int) -> None:
        order_E = np.flatnonzero(events["device"] == PLAYED)
        self._events, self._first_ns = events, first_ns
        self._order_E: Order = order_E[np.argsort(events["time_ns"][order_E], kind="stable")]
        self._begin = int(np.searchsorted(events["time_ns"][self._order_E], first_ns))

    @property
    def codes(self) -> set[str]:
        """Everything that was pressed or moved."""
        order_E = self._order_E
        pieces = (order_E[at : at + _PIECE] for at in range(0, len(order_E), _PIECE))
        return {code for piece in pieces for code in self._events["code"][piece].tolist()}

    @property
    def is_crowded(self) -> bool:
        """Whether more happens within a second than any hand or mouse does."""
        times_ns = self._events["time_ns"][self._order_E[self._begin :]]
        return bool((times_ns[MOST_A_SECOND:] - times_ns[:-MOST_A_SECOND] < NS_PER_S).any())

    def changes(self) -> Iterator[Change]:
        """Yield the changes of what was held, and the motions; what was held before counts from the first frame.

        A code that a person and a player hold is down until both let go, and has the value of who pressed last.
        """
        hands = _Hands()
        for _, code, value, is_human in self._rows(self._order_E[: self._begin]):
            if code not in MOTIONS:
                hands.hold(code, value, is_human)
        for code, value in hands.held().items():
            yield Change(time_ns=self._first_ns, code=code, value=value)
        for time_ns, code, value, is_human in self._rows(self._order_E[self._begin :]):
            if code in MOTIONS or hands.hold(code, value, is_human):
                now = value if code in MOTIONS else hands.value(code)
                yield Change(time_ns=time_ns, code=code, value=now)

    def _rows(self, order_E: Order) -> Iterator[tuple[int, str, float, bool]]:
        for at in range(0, len(order_E), _PIECE):
            piece = self._events[order_E[at : at + _PIECE]]
            is_human = piece["origin"] == int(Origin.HUMAN)
            columns = piece["time_ns"], piece["code"], piece["value"].astype(np.float64), is_human
            yield from zip(*(column.tolist() for column in columns), strict=True)


class _Hands:
    """What a person and a player hold, by code."""

    def __init__(self) -> None:
        self._held: dict[str, dict[bool, float]] = {}  # code -> hand -> value, who pressed last at the end

    def hold(self, code: str, value: float, is_human: bool) -> bool:
        """Take what a hand does, and say whether that changes what is held."""
        before, of_code = self.value(code), self._held.setdefault(code, {})
        of_code.pop(is_human, None)
        if value:
            of_code[is_human] = value
        return self.value(code) != before

    def value(self, code: str) -> float:
        """Return what is held of a code: that of the hand which pressed last."""
        return next(reversed(self._held.get(code, {}).values()), 0.0)

    def held(self) -> dict[str, float]:
        """Return everything that is held."""
        return {code: self.value(code) for code in self._held if self.value(code)}
