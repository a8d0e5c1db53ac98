"""How often something happens right now, from a total that grows. For whoever watches a loop."""

from __future__ import annotations

from collections import deque

from playhead.clock import NS_PER_S


class Rate:
    """The growth of a total over the last moments. Units: over_s seconds; times in nanoseconds."""

    def __init__(self, over_s: float = 1.0) -> None:
        self._over_ns = round(over_s * NS_PER_S)
        self._totals: deque[tuple[int, float]] = deque()

    def add(self, time_ns: int, total: float) -> None:
        """Take the total of this moment."""
        self._totals.append((time_ns, total))
        while len(self._totals) > 2 and time_ns - self._totals[1][0] >= self._over_ns:
            self._totals.popleft()

    @property
    def per_s(self) -> float:
        """Growth a second; 0 before there are two moments."""
        if len(self._totals) < 2:
            return 0.0
        (first_ns, first), (last_ns, last) = self._totals[0], self._totals[-1]
        return (last - first) * NS_PER_S / max(1, last_ns - first_ns)
