"""A driver that sends what was recorded, at the recorded times, and notes how late each went out."""

from __future__ import annotations

from array import array
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence

from playhead.capture import CapturedFrame
from playhead.control.drivers import Change, Driver, Timed
from playhead.control.loop import Tick
from playhead.events import PLAYED, Event, Origin

AHEAD = 2  # intervals that are handed out before they begin: a loop that is late must not make keys late


class ReplayDriver(Driver):
    """Hands out changes, moved so that the first frame is at the time of the first recorded one.

    `watcher` is told what is due, at the device's times.
    Units:  first_ns when the first frame was recorded; period_ns from one frame to the next.
    """

    origin = Origin.SCRIPT

    def __init__(self, changes: Iterable[Change], first_ns: int, period_ns: int, watcher: SentWatcher) -> None:
        self._left = iter(changes)
        self._next = next(self._left, None)
        self._first_ns, self._ahead_ns = first_ns, AHEAD * period_ns
        self._shift_ns: int | None = None
        self._watcher = watcher

    def decide(self, captured: CapturedFrame) -> Timed:
        """Return what is due until soon after the next frame."""
        if self._shift_ns is None:
            self._shift_ns = captured.time_ns - self._first_ns
        until_ns = captured.time_ns + self._ahead_ns
        due = []
        while self._next is not None and self._next.time_ns + self._shift_ns < until_ns:
            one, self._next = self._next, next(self._left, None)
            due.append(Change(time_ns=one.time_ns + self._shift_ns, code=one.code, value=one.value))
        self._watcher.expect(due)
        return Timed(due)


class SentWatcher:
    """A watcher that holds what went out against what was due; it keeps delays and what has not gone out.

    Units:  delays_ns nanoseconds from when a change was due to when it had gone out.
    """

    def __init__(self) -> None:
        self.due = 0
        self.delays_ns = array("q")
        self._waiting: defaultdict[tuple[str, float], deque[int]] = defaultdict(deque)

    def expect(self, due: Sequence[Change]) -> None:
        """Take what is due from now on."""
        self.due += len(due)
        for one in due:
            self._waiting[one.code, one.value].append(one.time_ns)

    def saw(self, tick: Tick) -> None:
        """Take what went out since the last frame."""
        self._take(tick.events)

    def ended(self, events: Sequence[Event]) -> None:
        """Take the last."""
        self._take(events)

    def _take(self, events: Sequence[Event]) -> None:
        for one in events:
            if one.device == PLAYED and one.origin is Origin.SCRIPT and (
                waiting := self._waiting.get((one.code, one.value))
            ):  # fmt: skip
                self.delays_ns.append(one.time_ns - waiting.popleft())
