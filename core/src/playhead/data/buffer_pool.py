"""A pool of memory for batches: it goes out with a batch and comes back by itself."""

from __future__ import annotations

import weakref
from collections import deque

import numpy as np
import numpy.typing as npt

FrameArray = npt.NDArray[np.uint8]


class BufferPool:
    """Memory for the frames of batches that leave, used again when nobody holds the batch any more.

    Fresh memory costs a page fault for every 4 KB, and on a virtual machine its host has to find the page too: up
    to as much as decoding what is put there.
    """

    def __init__(self) -> None:
        self._free: deque[FrameArray] = deque()  # a deque: memory may come back at any moment, in any thread

    def take(self, count: int, shape: tuple[int, ...]) -> FrameArray:
        """Return frames (count, *shape) that nobody else has; what stands in them means nothing."""
        size = count * int(np.prod(shape))
        memory = self._fitting(size)
        # Every view of it, and every tensor, holds this array: it dies with the last of them.
        part = np.frombuffer(memory.data[:size], np.uint8)
        weakref.finalize(part, self._free.append, memory).atexit = False
        return part.reshape(count, *shape)

    def _fitting(self, size: int) -> FrameArray:
        for _ in range(len(self._free)):
            try:
                memory = self._free.popleft()
            except IndexError:  # another thread was faster
                break
            if len(memory) >= size:
                return memory
            self._free.append(memory)
        return np.empty(size, np.uint8)
