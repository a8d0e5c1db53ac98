"""Windows to batches of tensors: threads decode, augment and prepare while the network learns.

    rows of windows -> decode (threads; JPEG decoding lets go of the GIL) -> augment -> the network's prepare
                    -> a few batches ahead, in order -> training step

A thread makes a whole batch, seeded by the batch's number, so batches are the same with any number of threads.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from playhead.data.augment import Augmenter
from playhead.data.buffer_pool import BufferPool
from playhead.data.cache import ViewCache
from playhead.data.windows import IndexArray, LabelTable, WindowIndex

Batch = dict[str, Any]
FrameArray = npt.NDArray[np.uint8]
ViewTable = dict[str, npt.NDArray[Any]]
Prepare = Callable[[FrameArray], Mapping[str, npt.NDArray[Any]]]


@dataclass(kw_only=True)
class Loader:
    """Batches of an index, in an order given by rows; iterate over it as often as wanted.

    `ahead` batches wait ready beside the one in each thread, so memory is bounded by
    (workers + ahead) batches, and the cache if there is one, however long the recordings are.
    """

    index: WindowIndex
    rows: Callable[[], Iterator[IndexArray]] | Sequence[IndexArray]
    prepare: Prepare | None = None
    augmenter: Augmenter | None = None
    augment_on: str = "frames"  # or "views": the one picture `prepare` makes, so that nothing is decoded again
    cache: ViewCache | None = None
    inputs: Sequence[str] = ("frames",)
    workers: int = 2
    ahead: int = 2
    seed: int = 0
    steps: int = 0  # how many batches `rows` gives, where it cannot be counted
    first: int = 0  # batches to leave out; what the others hold does not depend on it
    _scratch: threading.local = field(default_factory=threading.local, repr=False)
    _pool: BufferPool = field(default_factory=BufferPool, repr=False)

    def __len__(self) -> int:
        return self.steps if callable(self.rows) else len(self.rows)

    def __iter__(self) -> Iterator[Batch]:
        return self.batches()

    def seek(self, step: int) -> None:
        """Begin the next time with the batch that follows `step` others."""
        self.first = step

    def batches(self) -> Generator[Batch, None, None]:
        """Yield the batches in order; leaving early stops the threads."""
        rows = islice(enumerate(self.rows() if callable(self.rows) else iter(self.rows)), self.first, None)
        pool = ThreadPoolExecutor(max_workers=max(1, self.workers), thread_name_prefix="loader")
        waiting: deque[Future[Batch]] = deque()
        try:
            for number, chosen in rows:
                waiting.append(pool.submit(self.load, number, chosen))
                if len(waiting) > max(1, self.workers) + self.ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def load(self, number: int, rows: IndexArray) -> Batch:
        """Make the batch of these windows; `number` seeds its augmentation."""
        labels = {name: values[rows] for name, values in self.index.labels.items()}
        batch: Batch = {}
        if "frames" in self.inputs:
            views, labels = self._views(number, rows, labels)
            length = self.index.spec.length
            batch = {name: torch.from_numpy(view).view(len(rows), length, *view.shape[1:])
                     for name, view in views.items()}  # fmt: skip
        for name in self.inputs:
            if name != "frames":
                batch[name] = torch.from_numpy(self.index.telemetry(name, rows))
        batch["labels"] = _tensors(labels)
        batch["previous"] = _tensors({name: values[rows] for name, values in self.index.previous.items()})
        batch["rows"] = torch.from_numpy(np.asarray(rows, dtype=np.int64))
        return batch

    def _views(self, number: int, rows: IndexArray, labels: LabelTable) -> tuple[ViewTable, LabelTable]:
        """Return what the network looks at (B x T, height, width, C), windows to be changed decoded whole."""
        if self.augmenter is None:
            return self._plain(rows), labels
        rng = np.random.default_rng([self.seed, number])
        drawn = self.augmenter.draw(len(rows), rng)
        chosen = np.flatnonzero(drawn.any(0))
        if len(chosen) == 0:
            return self._plain(rows), labels
        if self.augment_on == "views":
            return self._changed_views(rows, labels, drawn, rng)
        frames_BTHWC = self._decoded(self._places(rows[chosen])).reshape(
            len(chosen), -1, *self.index.recordings[0].header.frame.shape
        )
        changed, new_labels = self.augmenter.change(
            frames_BTHWC, {name: values[chosen] for name, values in labels.items()}, drawn[:, chosen], rng
        )
        for name, values in new_labels.items():
            labels[name][chosen] = values
        prepared = self._prepared(changed.reshape(-1, *changed.shape[2:]))
        return self._mixed(rows, chosen, prepared), labels

    def _changed_views(
        self, rows: IndexArray, labels: LabelTable, drawn: npt.NDArray[np.bool_], rng: np.random.Generator
    ) -> tuple[ViewTable, LabelTable]:
        """Return the one view of windows, changed as drawn."""
        assert self.augmenter is not None
        ((name, view_KHWC),) = self._plain(rows).items()
        windows_BTHWC = view_KHWC.reshape(len(rows), -1, *view_KHWC.shape[1:])
        changed, labels = self.augmenter.change(windows_BTHWC, labels, drawn, rng)
        return {name: changed.reshape(view_KHWC.shape)}, labels

    def _mixed(self, rows: IndexArray, chosen: IndexArray, prepared: ViewTable) -> ViewTable:
        """Put the views of changed windows and those of the others in their places."""
        others = np.setdiff1d(np.arange(len(rows)), chosen)
        if len(others) == 0:
            return prepared
        length = self.index.spec.length
        mixed: ViewTable = {}
        for name, view in self._plain(rows[others]).items():
            whole = np.empty((len(rows), length, *view.shape[1:]), view.dtype)
            whole[others] = view.reshape(len(others), length, *view.shape[1:])
            whole[chosen] = prepared[name].reshape(len(chosen), length, *view.shape[1:])
            mixed[name] = whole.reshape(-1, *view.shape[1:])
        return mixed

    def _plain(self, rows: IndexArray) -> ViewTable:
        """Return the views of windows as they are, from the cache as far as it has them."""
        places = self._places(rows)
        if self.cache is None and self.prepare is None:
            # Straight into memory of their own: copying a picture of 400x150 costs a tenth of decoding it.
            return {"frames": self._decode_into(self._pool.take(len(places), self._frame_shape), places)}
        if self.cache is None:
            return self._prepared(self._decoded(places))
        missing = np.unique(places[~self.cache.has(places)])
        if len(missing) == 0:
            return self.cache.get(places)
        fresh = self._prepared(self._decoded(missing))
        self.cache.put(missing, fresh)
        return self._gathered(places, missing, fresh)

    def _gathered(self, places: IndexArray, missing: IndexArray, fresh: ViewTable) -> ViewTable:
        """Join what was just decoded with what the cache had."""
        assert self.cache is not None
        where = np.minimum(np.searchsorted(missing, places), len(missing) - 1)
        is_fresh = missing[where] == places
        kept = self.cache.get(places[~is_fresh])
        gathered: ViewTable = {}
        for name, view in fresh.items():
            whole = np.empty((len(places), *view.shape[1:]), view.dtype)
            whole[is_fresh] = view[where[is_fresh]]
            if not is_fresh.all():
                whole[~is_fresh] = kept[name]
            gathered[name] = whole
        return gathered

    def _places(self, rows: IndexArray) -> IndexArray:
        """Return the frames of windows, oldest first, numbered through all recordings. Shape (B x T,)."""
        first_R = self._first_frames()
        places_BT = first_R[self.index.recording_N[rows], None] + self.index.frames_NT[rows]
        return np.asarray(places_BT.reshape(-1))

    def _first_frames(self) -> IndexArray:
        lengths = [recording.length for recording in self.index.recordings]
        return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)

    def _decoded(self, places: IndexArray) -> FrameArray:
        """Decode frames into this thread's buffer: valid until its next batch."""
        return self._decode_into(self._buffer(len(places)), places)

    def _decode_into(self, frames_KHWC: FrameArray, places: IndexArray) -> FrameArray:
        first_R = self._first_frames()
        recording_K = np.searchsorted(first_R, places, side="right") - 1
        for frame_HWC, number, place in zip(frames_KHWC, recording_K.tolist(), places.tolist(), strict=True):
            self.index.recordings[number].read_frame_into(place - int(first_R[number]), frame_HWC)
        return frames_KHWC

    @property
    def _frame_shape(self) -> tuple[int, int, int]:
        return self.index.recordings[0].header.frame.shape

    def _buffer(self, count: int) -> FrameArray:
        """Return this thread's frames, made once: 25 MB for 64 windows of 3 frames of 240x180."""
        kept: FrameArray | None = getattr(self._scratch, "frames_KHWC", None)
        if kept is None or len(kept) < count:
            kept = np.empty((count, *self._frame_shape), dtype=np.uint8)
            self._scratch.frames_KHWC = kept
        return kept[:count]

    def _prepared(self, frames_KHWC: FrameArray) -> ViewTable:
        """Return what the network looks at, in memory of its own: the buffer is written again."""
        views = self.prepare(frames_KHWC) if self.prepare is not None else {"frames": frames_KHWC}
        return {
            name: view.copy() if np.may_share_memory(view, frames_KHWC) else np.ascontiguousarray(view)
            for name, view in views.items()
        }


def _tensors(table: Mapping[str, npt.NDArray[Any]]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in table.items()}
