"""The machine's clock without the times at which nobody could look or press."""

from __future__ import annotations

from playhead.clock import NS_PER_S, Clock, SystemClock

GAP_S = 0.25  # a window that is dragged on Windows, or a stopped process: its world waits instead of leaping on


class PatientClock:
    """Runs with another clock, but from the first `keep_up` on no further than GAP_S from one to the next.

    Units:  lost_ns is how much longer the gaps were.
    """

    def __init__(self, inner: Clock | None = None) -> None:
        self._inner = inner or SystemClock()
        self._kept_ns: int | None = None
        self.lost_ns = 0

    def now_ns(self) -> int:
        """Return the inner clock's time, less what was lost."""
        return self._inner.now_ns() - self.lost_ns

    def sleep_until(self, time_ns: int) -> None:
        """Sleep until `time_ns` of this clock."""
        self._inner.sleep_until(time_ns + self.lost_ns)

    def keep_up(self) -> None:
        """Say that somebody is looking and pressing now."""
        now_ns = self._inner.now_ns()
        if self._kept_ns is not None:
            self.lost_ns += max(0, now_ns - self._kept_ns - round(GAP_S * NS_PER_S))
        self._kept_ns = now_ns
