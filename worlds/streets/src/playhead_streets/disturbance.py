"""Now and then holds wrong keys, so that an expert's recording also shows how to get back.

The keys that reach the car are disturbed; the labels to record are the ones the expert asked for.
"""

from __future__ import annotations

import numpy as np

# Shares of the kinds of events; three quarters steering is what the prototype of this world was measured with.
_EVENTS: tuple[tuple[float, dict[str, bool]], ...] = (
    (0.37, {"a": True, "d": False}),
    (0.37, {"a": False, "d": True}),
    (0.09, {"w": False, "s": True}),
    (0.09, {"w": False, "s": False}),
    (0.08, {"w": True, "s": False}),
)


class Disturbance:
    """Overrides keys for a moment every few seconds.

    Units:  every_s is the mean time between events; each lasts shortest_s to longest_s.
    """

    def __init__(self, seed: int, every_s: float = 2.0, shortest_s: float = 0.15, longest_s: float = 0.5) -> None:
        self._rng = np.random.default_rng(seed)
        self._every_s, self._lengths_s = every_s, (shortest_s, longest_s)
        self._keys: dict[str, bool] = {}
        self._from_s = float(self._rng.exponential(every_s))
        self._until_s = self._from_s

    def apply(self, keys: dict[str, bool], time_s: float) -> dict[str, bool]:
        """Return the keys that reach the car at a time; times must not go back."""
        if time_s >= self._until_s:
            if self._until_s > self._from_s:
                self._from_s = time_s + float(self._rng.exponential(self._every_s))
            self._until_s = self._from_s + float(self._rng.uniform(*self._lengths_s))
            shares = [share for share, _ in _EVENTS]
            self._keys = _EVENTS[int(self._rng.choice(len(_EVENTS), p=shares))][1]
        return {**keys, **self._keys} if self._from_s <= time_s < self._until_s else keys
