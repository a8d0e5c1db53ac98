"""Which windows each step learns from: drawn by their weights, or all in order. Knows no recording."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

IndexArray = npt.NDArray[np.int64]
WeightArray = npt.NDArray[np.float64]


def draw_rows(weight_N: WeightArray, batch_size: int, steps: int, seed: int) -> Iterator[IndexArray]:
    """Draw the windows of each step: shuffled rounds when all weigh the same, else with replacement."""
    rng = np.random.default_rng(seed)
    count = len(weight_N)
    if np.ptp(weight_N) > 1e-12 * weight_N.max():
        # As rng.choice(count, batch_size, p=weight_N), to the row, which sums a million weights anew each time:
        # 10 ms a step against .05 ms.
        summed_N = weight_N.cumsum()
        summed_N /= summed_N[-1]
        for _ in range(steps):
            yield summed_N.searchsorted(rng.random(batch_size), side="right").astype(np.int64)
        return
    waiting = np.empty(0, dtype=np.int64)
    for _ in range(steps):
        while len(waiting) < batch_size:
            waiting = np.concatenate([waiting, rng.permutation(count)])
        yield waiting[:batch_size]
        waiting = waiting[batch_size:]


def rows_in_order(count: int, batch_size: int, at_most: int = 0) -> list[IndexArray]:
    """Return all windows in order, or `at_most` of them evenly spread, in batches."""
    chosen = count if at_most <= 0 else min(count, at_most)
    rows = np.linspace(0, max(0, count - 1), chosen).astype(np.int64)
    return [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
