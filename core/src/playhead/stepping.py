"""A world that moves in steps, and the clock made of them: what environments and emulators have in common.

In lockstep the world is the clock: sleeping on it steps it with the codes held. In real time it is moved up to the
machine's clock whenever it is looked at or a key changes, and so does not wait for a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playhead.capabilities import Episodic
from playhead.clock import NS_PER_S, Clock
from playhead.events import MOTIONS


def is_picture(shown: Any) -> bool:
    """Whether a world shows a picture: (height, width), or that with 1, 3 or 4 colours last, of uint8."""
    shape = tuple(getattr(shown, "shape", ()))
    is_flat_or_coloured = len(shape) in (2, 3) and shape[2:] in ((), (1,), (3,), (4,))
    return is_flat_or_coloured and 0 not in shape and str(getattr(shown, "dtype", "")) == "uint8"


class Stepped(Episodic):
    """An episode that is stepped with the codes held. A subclass says how to advance and what is seen.

    Units:  step_hz steps a second; `clock` is the machine's in real time, and None in lockstep.
    """

    def __init__(self, *, step_hz: float, clock: Clock | None = None) -> None:
        self.step_hz = step_hz
        self.steps = 0
        self._clock = clock
        self._start_ns: int | None = None if clock else 0
        self._held: dict[str, float] = {}
        self._moved: dict[str, float] = {}  # how far motions went since the last step

    @property
    def wanted(self) -> dict[str, float]:
        """What the next step is made with: what is held, and how far motions went."""
        return {**self._held, **self._moved}

    @property
    def is_over(self) -> bool:
        """Whether the episode is over, by the world's rules or cut off."""
        return self.terminated or self.truncated

    @property
    def is_real_time(self) -> bool:
        """Whether the world runs on the machine's clock instead of waiting."""
        return self._clock is not None

    def now_ns(self) -> int:
        """Return the time of the last step."""
        return self._began_ns() + round(self.steps * NS_PER_S / self.step_hz)

    def _began_ns(self) -> int:
        """Return when the first step began: in real time the first look, not while a network is being loaded."""
        if self._start_ns is None:
            self._start_ns = self._clock.now_ns() if self._clock else 0
        return self._start_ns

    def sleep_until(self, time_ns: int) -> None:
        """Step to the step nearest to `time_ns`, or to the end of the episode.

        Nearest, because a key held for a share of an interval is then right on average (rounding up would
        lengthen every press by half a step: 6 % of a 100 ms interval at 80 Hz).
        """
        self._advance(int((time_ns - self._began_ns()) * self.step_hz / NS_PER_S + 0.5))

    def catch_up(self) -> None:
        """Move up to the machine's clock in real time; do nothing in lockstep."""
        if self._clock is not None:
            began_ns = self._began_ns()
            self._advance(int((self._clock.now_ns() - began_ns) * self.step_hz / NS_PER_S))

    def hold(self, code: str, value: float) -> None:
        """Hold a code from now on, or let it go (0); of a motion: let it go so far within the next step."""
        self.catch_up()
        if code in MOTIONS:
            self._moved[code] = self._moved.get(code, 0.0) + value
            self._decide()
            return
        self._held.pop(code, None)  # the code set last comes last: it wins where only one can count
        if value:
            self._held[code] = value
        self._decide()

    def hold_nothing(self) -> None:
        """Let go of everything, without moving the world."""
        self._held.clear()
        self._moved.clear()
        self._decide()

    def render(self) -> Any:
        """Return what the world shows now, a picture (height, width, 3) of uint8."""
        raise NotImplementedError

    def telemetry(self) -> Mapping[str, float]:
        """Return what the world tells beside its picture."""
        return {}

    def _decide(self) -> None:
        """Make what is held what the next step is made with."""
        raise NotImplementedError

    def _step(self) -> None:
        """Make one step, and count it."""
        raise NotImplementedError

    def _advance(self, wanted: int) -> None:
        """Step until `wanted` steps are made since the first, or to the end of the episode."""
        while self.steps < wanted and not self.is_over:
            self._step()
            if self._moved:
                self._moved.clear()
                self._decide()
