"""The states of a network that remembers, by time: each grows out of the one a stride before it.

So a frame follows upon another just as in the windows learned from, at whatever rate frames come.
"""

from __future__ import annotations

from typing import Any

from playhead.clock import NS_PER_S
from playhead.windows import PAUSE_INTERVALS


class States:
    """Keeps as many states as go back a stride. Units: stride_s between frames, rate_hz frames a second."""

    def __init__(self, *, stride_s: float, rate_hz: float) -> None:
        self._stride_ns = round(max(stride_s, 1 / rate_hz) * NS_PER_S)
        self._pause_ns = round(PAUSE_INTERVALS / rate_hz * NS_PER_S)
        self._kept: list[tuple[int, Any]] = []

    def before(self, time_ns: int) -> Any:
        """Return the state nearest to a stride before a moment; None where all begins anew, as after a pause."""
        if self._kept and time_ns - self._kept[-1][0] > self._pause_ns:
            self.clear()
        wanted_ns = time_ns - self._stride_ns
        old_enough = [kept for kept in self._kept if kept[0] <= wanted_ns + self._stride_ns // 2]
        return min(old_enough, key=lambda kept: (abs(wanted_ns - kept[0]), -kept[0]))[1] if old_enough else None

    def add(self, time_ns: int, state: Any) -> None:
        """Take the state after the newest frame, and forget those that none will grow out of."""
        self._kept.append((time_ns, state))
        while len(self._kept) > 1 and self._kept[1][0] <= time_ns - self._stride_ns:
            del self._kept[0]

    def clear(self) -> None:
        """Forget everything: what comes next has nothing to do with what was."""
        self._kept.clear()
