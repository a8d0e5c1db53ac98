"""What a network looks at is kept by name, whatever type it has."""

from __future__ import annotations

import numpy as np
import pytest
from doubles import bright_side_drives, small_game

from playhead.data.assembly import Assembly
from playhead.data.cache import ViewCache
from playhead.data.frame_views import FrameArray
from playhead.data.loader import Loader
from playhead.data.sampling import rows_in_order
from playhead.data.windows import WindowIndex, WindowSpec


def features(name: str, frames_NHWC: FrameArray) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    """Stand for a frozen backbone: fractions, far below 1, and counts beyond a byte."""
    values_NHWC = frames_NHWC.astype(np.float32) / 1000
    return {"means": values_NHWC.mean((1, 2)), "sums": frames_NHWC.sum((1, 2, 3), dtype=np.int64)}


@pytest.mark.parametrize("capacity", [500, 10**6])  # a part of the frames, all of them
def test_features_come_back_as_they_were(capacity: int) -> None:
    game = small_game()
    index = WindowIndex.of([bright_side_drives(game, seed=1, count=30)], game.schema, WindowSpec(length=2))
    rows = rows_in_order(len(index), 8)
    cache = ViewCache(30, capacity)
    plain = Loader(assemble=Assembly(index=index, prepare=features), rows=rows)
    kept = Loader(assemble=Assembly(index=index, prepare=features, caches={"frames": cache}), rows=rows)
    for _ in range(2):
        for wanted, batch in zip(plain, kept, strict=True):
            for name in ("means", "sums"):
                assert batch[name].dtype == wanted[name].dtype
                assert batch[name].equal(wanted[name])
    assert cache.has(np.arange(30)).any()
