"""Whether a recording reaches the rate that was asked for: said while it is made, not when it is trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from playhead.clock import NS_PER_S
from playhead.control.loop import Tick
from playhead.events import Event

REACHED = 0.8  # of the rate asked for; below it a recording is slow
AFTER_S = 5.0  # of nothing but slow seconds


class ReachedRate:
    """A watcher that says once, after some seconds, that fewer pictures come than were asked for.

    Units:  rate_hz frames a second asked for. A picture that stands still is no new one, and is not counted.
    """

    def __init__(self, rate_hz: float, say: Callable[[str], object]) -> None:
        self._rate_hz = rate_hz
        self._say = say
        self._has_said = False
        self._second_ns: int | None = None
        self._newest_ns = -1
        self._count = 0
        self._slow: list[float] = []

    def saw(self, tick: Tick) -> None:
        """Count new pictures by the second."""
        now_ns = tick.captured.time_ns + tick.age_ns
        if self._has_said:
            return
        if self._second_ns is None:
            self._second_ns = now_ns
        if tick.captured.time_ns > self._newest_ns:
            self._newest_ns = tick.captured.time_ns
            self._count += 1
        elapsed_s = (now_ns - self._second_ns) / NS_PER_S
        if elapsed_s >= 1:
            self._end_second(self._count / elapsed_s)
            self._second_ns, self._count = now_ns, 0

    def ended(self, events: Sequence[Event]) -> None:
        """Begin anew: the next recording may be faster."""
        self._second_ns, self._newest_ns, self._count, self._slow = None, -1, 0, []

    def _end_second(self, reached_hz: float) -> None:
        self._slow = [*self._slow, reached_hz] if reached_hz < REACHED * self._rate_hz else []
        if len(self._slow) < AFTER_S:
            return
        usual_hz = sorted(self._slow)[len(self._slow) // 2]
        self._has_said = True
        if usual_hz >= 1:
            self._say(
                f"Warning: {usual_hz:.0f} new pictures a second come, {self._rate_hz:g} were asked for. Unless "
                f"the game stands still, stop and record with --rate {usual_hz:.0f}: the network then plays at a "
                "rate, too, that this machine reaches. What is slow says: playhead doctor."
            )
