"""Keeps what a network looks at of each frame, as far as memory goes, so that a frame is decoded once.

A prepared frame is small (19 KB of a 240x180 frame's 130): the whole of a short training's data fits. What is kept
is arrays by name, of any type: pictures, or the features of a frozen backbone.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.data.source import Source
from playhead.inputs import Input

Views = Mapping[str, npt.NDArray[Any]]


class ViewCache:
    """Views by frame, up to a number of bytes; the first that come stay. Used by several threads.

    Shapes:  views are (K, ...), one row a frame, each of a shape and type of its own;
             places_K are frame numbers below `frames`.
    """

    def __init__(self, frames: int, capacity_bytes: int) -> None:
        self._slot_of = np.full(frames, -1, dtype=np.int32)
        self._capacity_bytes = capacity_bytes
        self._kept: dict[str, npt.NDArray[Any]] = {}
        self._used = 0
        self._capacity = 0
        self._lock = threading.Lock()

    def has(self, places_K: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Say which frames are kept."""
        return np.asarray(self._slot_of[places_K] >= 0)

    def get(self, places_K: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the views of kept frames."""
        slots = self._slot_of[places_K]
        return {name: kept[slots] for name, kept in self._kept.items()}

    def put(self, places_K: npt.NDArray[np.int64], views: Views) -> None:
        """Keep views, as many as there is room for."""
        with self._lock:
            if not self._kept:
                self._make_room(views)
            fresh = np.flatnonzero(self._slot_of[places_K] < 0)
            _, first = np.unique(places_K[fresh], return_index=True)
            chosen = fresh[first][: self._capacity - self._used]
            slots = np.arange(self._used, self._used + len(chosen))
            for name, kept in self._kept.items():
                kept[slots] = views[name][chosen]
            # Only now may other threads see them.
            self._slot_of[places_K[chosen]] = slots
            self._used += len(chosen)

    def _make_room(self, views: Views) -> None:
        each = sum(view[0].nbytes for view in views.values())
        self._capacity = min(len(self._slot_of), self._capacity_bytes // max(1, each))
        # np.empty takes address space only: memory is used as frames come.
        self._kept = {
            name: np.empty((self._capacity, *view.shape[1:]), view.dtype) for name, view in views.items()
        }


def view_caches(
    inputs: Mapping[str, Input], recordings: Sequence[Source], most_bytes: int
) -> dict[str, ViewCache]:
    """Return a memory for the frames of recordings, as much for each input of pictures; none of 0 bytes."""
    frames = sum(recording.length for recording in recordings)
    names = [name for name, one in inputs.items() if one.is_pictures]
    each = most_bytes // max(1, len(names))
    return {name: ViewCache(frames, each) for name in names if frames and each}
