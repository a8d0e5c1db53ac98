"""What reached the game in a recording, as changes at their own times, whichever hand did it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.control.drivers import Change
from playhead.events import MOTIONS, PLAYED, Origin

Events = npt.NDArray[Any]


def played_changes(events: Events, first_ns: int) -> list[Change]:
    """Return the changes of what was held, and the motions, in order of time; what is older counts from the first.

    A code that a person and a player hold is down until both let go, and has the value of who pressed last.
    Units:  first_ns when the first frame was taken.
    """
    played = events[events["device"] == PLAYED]
    hands: dict[tuple[str, bool], float] = {}
    changes: list[Change] = []
    for row in played[np.argsort(played["time_ns"], kind="stable")]:
        code, value = str(row["code"]), float(row["value"])
        time_ns = max(first_ns, int(row["time_ns"]))
        if code in MOTIONS:
            if row["time_ns"] >= first_ns:
                changes.append(Change(time_ns=time_ns, code=code, value=value))
            continue
        before = _held(hands, code)
        hand = code, int(row["origin"]) == int(Origin.HUMAN)
        hands.pop(hand, None)
        if value:
            hands[hand] = value
        if _held(hands, code) != before:
            changes.append(Change(time_ns=time_ns, code=code, value=_held(hands, code)))
    return changes


def _held(hands: dict[tuple[str, bool], float], code: str) -> float:
    """Return what is held of a code: that of the hand which pressed last."""
    return next((value for (held, _), value in reversed(hands.items()) if held == code), 0.0)
