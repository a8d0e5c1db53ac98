"""A driver that sends what was recorded, at the recorded times, and notes how late each went out."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from playhead.capture import CapturedFrame
from playhead.control.drivers import Change, Driver, Timed
from playhead.control.loop import Tick
from playhead.events import PLAYED, Event, Origin

AHEAD = 2  # intervals that are handed out before they begin: a loop that is late must not make keys late


class ReplayDriver(Driver):
    """Hands out changes, moved so that the first frame is at the time of the first recorded one.

    Units:  first_ns when the first frame was recorded; period_ns from one frame to the next.
    """

    origin = Origin.SCRIPT

    def __init__(self, changes: Sequence[Change], first_ns: int, period_ns: int) -> None:
        self._left = deque(changes)
        self._first_ns, self._ahead_ns = first_ns, AHEAD * period_ns
        self._shift_ns: int | None = None
        self.due: list[Change] = []  # handed out so far, at the device's times

    def decide(self, captured: CapturedFrame) -> Timed:
        """Return what is due until soon after the next frame."""
        if self._shift_ns is None:
            self._shift_ns = captured.time_ns - self._first_ns
        until_ns = captured.time_ns + self._ahead_ns
        due = []
        while self._left and self._left[0].time_ns + self._shift_ns < until_ns:
            one = self._left.popleft()
            due.append(Change(time_ns=one.time_ns + self._shift_ns, code=one.code, value=one.value))
        self.due += due
        return Timed(due)


class SentWatcher:
    """A watcher that keeps what went out, to be held against what was due."""

    def __init__(self) -> None:
        self._sent: list[Event] = []

    def saw(self, tick: Tick) -> None:
        """Take what went out since the last frame."""
        self._take(tick.events)

    def ended(self, events: Sequence[Event]) -> None:
        """Take the last."""
        self._take(events)

    def _take(self, events: Sequence[Event]) -> None:
        self._sent += [one for one in events if one.device == PLAYED and one.origin is Origin.SCRIPT]

    def delays_ns(self, due: Sequence[Change]) -> list[int]:
        """Return how late each change went out of those that did, in order of time."""
        waiting: defaultdict[tuple[str, float], deque[int]] = defaultdict(deque)
        for one in self._sent:
            waiting[one.code, one.value].append(one.time_ns)
        delays = []
        for change in due:
            sent = waiting[change.code, change.value]
            if sent:
                delays.append(sent.popleft() - change.time_ns)
        return delays
