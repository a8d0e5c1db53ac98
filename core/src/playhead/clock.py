"""Time as the loops see it: monotonic nanoseconds from a clock that is handed to them.

A world in lockstep is a clock too (see capture/environment.py): sleeping on it moves the world.
"""

from __future__ import annotations

import time
from typing import Protocol

NS_PER_S = 1_000_000_000


class Clock(Protocol):
    """Where a loop gets its time from and how it waits."""

    def now_ns(self) -> int:
        """Return monotonic nanoseconds."""
        ...

    def sleep_until(self, time_ns: int) -> None:
        """Wait until `time_ns`; return at once when it has passed."""
        ...


class SystemClock:
    """The machine's monotonic clock."""

    def now_ns(self) -> int:
        """Return the machine's monotonic nanoseconds."""
        return time.perf_counter_ns()

    def sleep_until(self, time_ns: int) -> None:
        """Sleep until `time_ns`."""
        remaining = time_ns - self.now_ns()
        if remaining > 0:
            time.sleep(remaining / NS_PER_S)


class FakeClock:
    """A clock for tests: time moves only when somebody sleeps or advances it."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        """Return the time set so far."""
        return self._now_ns

    def sleep_until(self, time_ns: int) -> None:
        """Jump to `time_ns` if it lies ahead."""
        self._now_ns = max(self._now_ns, time_ns)

    def advance(self, duration_s: float) -> None:
        """Move time forward by `duration_s` seconds."""
        self._now_ns += round(duration_s * NS_PER_S)
