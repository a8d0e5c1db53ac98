"""What a network looks at of frames: decoded, prepared, kept as far as memory goes. Used by several threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.data.buffer_pool import BufferPool
from playhead.data.cache import ViewCache
from playhead.data.cameras import camera_of
from playhead.data.source import Source
from playhead.inputs import FRAMES
from playhead.windows import IndexArray

FrameArray = npt.NDArray[np.uint8]
ViewTable = dict[str, npt.NDArray[Any]]
Prepare = Callable[[FrameArray], Mapping[str, npt.NDArray[Any]]]


class FrameViews:
    """The frames of one camera of some recordings, by their places through all of these.

    Shapes:  places_K (K,) frame numbers; a view is (K, ...), one row a frame; without `prepare` the only view is
             "frames" (K, H, W, C).
    """

    def __init__(
        self,
        recordings: Sequence[Source],
        source: str = FRAMES,
        prepare: Prepare | None = None,
        cache: ViewCache | None = None,
    ) -> None:
        self._cameras = [camera_of(recording, source) for recording in recordings]
        self._first_R = np.cumsum([0, *(recording.length for recording in recordings)]).astype(np.int64)
        self._prepare = prepare
        self._cache = cache
        self._scratch = threading.local()
        self._pool = BufferPool()

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        return self._cameras[0].shape

    def views(self, places_K: IndexArray) -> ViewTable:
        """Return the views of frames as they are, from the cache as far as it has them."""
        if self._cache is None and self._prepare is None:
            # Straight into memory of their own: copying a picture of 400x150 costs a tenth of decoding it.
            return {"frames": self._decode_into(self._pool.take(len(places_K), self.frame_shape), places_K)}
        wanted = self.missing(places_K)
        return self.completed(places_K, wanted, self.decoded(wanted))

    def missing(self, places_K: IndexArray) -> IndexArray:
        """Return the frames that must be decoded to view these."""
        return places_K if self._cache is None else np.unique(places_K[~self._cache.has(places_K)])

    def completed(self, places_K: IndexArray, wanted: IndexArray, frames_KHWC: FrameArray) -> ViewTable:
        """Return the views of frames, given those that were `missing`, decoded."""
        if self._cache is None:
            return self.prepared(frames_KHWC)
        if len(wanted) == 0:
            return self._cache.get(places_K)
        fresh = self.prepared(frames_KHWC)
        self._cache.put(wanted, fresh)
        return self._gathered(places_K, wanted, fresh)

    def decoded(self, places_K: IndexArray) -> FrameArray:
        """Decode frames into this thread's buffer: valid until its next call."""
        return self._decode_into(self._buffer(len(places_K)), places_K)

    def prepared(self, frames_KHWC: FrameArray) -> ViewTable:
        """Return what the network looks at, in memory of its own: the buffer is written again."""
        views = self._prepare(frames_KHWC) if self._prepare is not None else {"frames": frames_KHWC}
        return {
            name: view.copy() if np.may_share_memory(view, frames_KHWC) else np.ascontiguousarray(view)
            for name, view in views.items()
        }

    def _gathered(self, places_K: IndexArray, missing: IndexArray, fresh: ViewTable) -> ViewTable:
        """Join what was just decoded with what the cache had."""
        assert self._cache is not None
        where = np.minimum(np.searchsorted(missing, places_K), len(missing) - 1)
        is_fresh = missing[where] == places_K
        kept = self._cache.get(places_K[~is_fresh])
        gathered: ViewTable = {}
        for name, view in fresh.items():
            whole = np.empty((len(places_K), *view.shape[1:]), view.dtype)
            whole[is_fresh] = view[where[is_fresh]]
            if not is_fresh.all():
                whole[~is_fresh] = kept[name]
            gathered[name] = whole
        return gathered

    def _decode_into(self, frames_KHWC: FrameArray, places_K: IndexArray) -> FrameArray:
        recording_K = np.searchsorted(self._first_R, places_K, side="right") - 1
        frame_K = places_K - self._first_R[recording_K]
        for frame_HWC, number, frame in zip(frames_KHWC, recording_K.tolist(), frame_K.tolist(), strict=True):
            self._cameras[number].read_into(frame, frame_HWC)
        return frames_KHWC

    def _buffer(self, count: int) -> FrameArray:
        """Return this thread's frames, made once: 25 MB for 64 windows of 3 frames of 240x180."""
        kept: FrameArray | None = getattr(self._scratch, "frames_KHWC", None)
        if kept is None or len(kept) < count:
            kept = np.empty((count, *self.frame_shape), dtype=np.uint8)
            self._scratch.frames_KHWC = kept
        return kept[:count]
