"""Windows to batches of tensors: threads decode, augment and prepare while the network learns.

    rows of windows -> decode (threads; JPEG decoding lets go of the GIL) -> augment -> the network's prepare
                    -> a few batches ahead, in order -> training step

A thread makes a whole batch, seeded by the batch's number, so batches are the same with any number of threads.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from playhead.data.augment import Augmenter
from playhead.data.balance import WeightArray
from playhead.data.windows import IndexArray, WindowIndex

Batch = dict[str, Any]
Prepare = Callable[[npt.NDArray[np.uint8]], Mapping[str, npt.NDArray[np.uint8]]]


def draw_rows(weight_N: WeightArray, batch_size: int, steps: int, seed: int) -> Iterator[IndexArray]:
    """Draw the windows of each step: shuffled rounds when all weigh the same, else with replacement."""
    rng = np.random.default_rng(seed)
    count = len(weight_N)
    if np.ptp(weight_N) > 1e-12 * weight_N.max():
        for _ in range(steps):
            yield rng.choice(count, size=batch_size, p=weight_N)
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


@dataclass(kw_only=True)
class Loader:
    """Batches of an index, in an order given by rows; iterate over it as often as wanted.

    `ahead` batches wait ready beside the one in each thread, so memory is bounded by
    (workers + ahead) batches however long the recordings are.
    """

    index: WindowIndex
    rows: Callable[[], Iterator[IndexArray]] | Sequence[IndexArray]
    prepare: Prepare | None = None
    augmenter: Augmenter | None = None
    inputs: Sequence[str] = ("frames",)
    workers: int = 2
    ahead: int = 2
    seed: int = 0
    steps: int = 0  # how many batches `rows` gives, where it cannot be counted
    _scratch: threading.local = field(default_factory=threading.local, repr=False)

    def __len__(self) -> int:
        return self.steps if callable(self.rows) else len(self.rows)

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches in order; leaving early stops the threads."""
        rows = enumerate(self.rows() if callable(self.rows) else iter(self.rows))
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
        frames_BTHWC = self._decode(rows)
        labels = {name: values[rows] for name, values in self.index.labels.items()}
        if self.augmenter is not None:
            rng = np.random.default_rng([self.seed, number])
            frames_BTHWC, labels = self.augmenter(frames_BTHWC, labels, rng)
        batch: Batch = self._pictures(frames_BTHWC) if "frames" in self.inputs else {}
        for name in self.inputs:
            if name != "frames":
                batch[name] = torch.from_numpy(self.index.telemetry(name, rows))
        batch["labels"] = _tensors(labels)
        batch["previous"] = _tensors({name: values[rows] for name, values in self.index.previous.items()})
        batch["rows"] = torch.from_numpy(np.asarray(rows, dtype=np.int64))
        return batch

    def _decode(self, rows: IndexArray) -> npt.NDArray[np.uint8]:
        frames_BTHWC = self._buffer(len(rows))
        for place, row in enumerate(rows):
            recording = self.index.recordings[self.index.recording_N[row]]
            for step, number in enumerate(self.index.frames_NT[row]):
                recording.read_frame_into(int(number), frames_BTHWC[place, step])
        return frames_BTHWC

    def _buffer(self, count: int) -> npt.NDArray[np.uint8]:
        """Return this thread's frames for a batch, made once: 25 MB at 64 windows of 3 frames of 240x180."""
        header = self.index.recordings[0].header
        shape = (count, self.index.spec.length, *header.frame.shape)
        kept: npt.NDArray[np.uint8] | None = getattr(self._scratch, "frames_BTHWC", None)
        if kept is None or kept.shape[1:] != shape[1:] or len(kept) < count:
            kept = np.empty(shape, dtype=np.uint8)
            self._scratch.frames_BTHWC = kept
        return kept[:count]

    def _pictures(self, frames_BTHWC: npt.NDArray[np.uint8]) -> Batch:
        count, length = frames_BTHWC.shape[:2]
        if self.prepare is None:
            return {"frames": torch.from_numpy(frames_BTHWC.copy())}
        views = self.prepare(frames_BTHWC.reshape(count * length, *frames_BTHWC.shape[2:]))
        batch: Batch = {}
        for name, view_NHWC in views.items():
            # The next batch is decoded into the same buffer, so nothing handed out may lie in it.
            own = view_NHWC.copy() if np.may_share_memory(view_NHWC, frames_BTHWC) else view_NHWC
            batch[name] = torch.from_numpy(own.reshape(count, length, *own.shape[1:]))
        return batch


def _tensors(table: Mapping[str, npt.NDArray[Any]]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in table.items()}
