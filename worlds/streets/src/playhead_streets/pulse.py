"""Steering as finely as an axis with a key that is either held or not: pulse-width modulation at any rate."""

from __future__ import annotations

PULSE_S = 0.012  # a key changes when the mean of its pulses is this much behind or ahead


class Pulse:
    """Turns a wish in [-1, 1] into a key held or not, so that what it owes never exceeds PULSE_S by much."""

    def __init__(self) -> None:
        self._owed_s = 0.0
        self._held = 0
        self._wish = 0.0
        self._time_s = 0.0

    def press(self, wish: float, time_s: float) -> int:
        """Return -1, 0 or 1: which of the two keys to hold from now on."""
        passed_s = time_s - self._time_s
        if not 0.0 <= passed_s < 0.5:
            self._owed_s, passed_s = 0.0, 0.0
        self._owed_s = max(-0.1, min(0.1, self._owed_s + (self._wish - self._held) * passed_s))
        self._time_s, self._wish = time_s, wish
        if abs(wish) > 0.97:
            self._held, self._owed_s = (1 if wish > 0 else -1), 0.0
        elif self._owed_s > PULSE_S:
            self._held = 1 if wish > 0 else 0
        elif self._owed_s < -PULSE_S:
            self._held = -1 if wish < 0 else 0
        elif self._held * wish < 0:
            self._held = 0
        return self._held
