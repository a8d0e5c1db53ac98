"""Which of the numbers read one after another are believed. Knows no pictures."""

from __future__ import annotations

import math

from playhead.clock import NS_PER_S
from playhead.readings import Reading

AGREEING = 3  # readings in a row that fit one another are believed, however far they are from those before


class Belief:
    """Believes a number that is sure enough, within its range, and that can follow upon the last one.

    A crash or a new place on the map changes a number at once: what was refused is believed when the next ones
    agree with it.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._last: tuple[int, float] | None = None
        self._refused: list[tuple[int, float]] = []

    def take(self, time_ns: int, read: float, confidence: float) -> tuple[float, float]:
        """Return the number in the telemetry's unit and how sure it is; NaN and 0 for one that is not believed.

        Where none is, the last one stands in for a while, with a confidence of 0.
        """
        value = read * self._reading.scale
        if self._is_believed(time_ns, value, confidence):
            self._last = time_ns, value
            self._refused.clear()
            return value, confidence
        if self._last is None or time_ns - self._last[0] > self._reading.holds_s * NS_PER_S:
            return math.nan, 0.0
        return self._last[1], 0.0

    def _is_believed(self, time_ns: int, value: float, confidence: float) -> bool:
        reading = self._reading
        if not math.isfinite(value) or confidence < reading.confidence:
            return False
        if not reading.least <= value <= reading.most:
            return False
        if self._last is None or self._follows(self._last, (time_ns, value)):
            return True
        if self._refused and not self._follows(self._refused[-1], (time_ns, value)):
            self._refused.clear()
        self._refused.append((time_ns, value))
        return len(self._refused) >= AGREEING

    def _follows(self, before: tuple[int, float], after: tuple[int, float]) -> bool:
        """Whether a number can follow upon another; screens round, so one of their units more can lie between."""
        seconds = abs(after[0] - before[0]) / NS_PER_S
        return abs(after[1] - before[1]) <= self._reading.most_a_second * seconds + self._reading.scale
