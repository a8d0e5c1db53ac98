"""Memory that goes out with a batch and comes back by itself."""

from __future__ import annotations

import sys
import threading

import numpy as np
import numpy.typing as npt

FrameArray = npt.NDArray[np.uint8]


class LentFrames:
    """Memory for the frames of batches that leave, used again when nobody holds the batch any more.

    Fresh memory costs a page fault for every 4 KB: a fifth of decoding a picture of 400x150, and more than decoding
    on a virtual machine whose host has to find the page.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[FrameArray] = []

    def take(self, count: int, shape: tuple[int, ...]) -> FrameArray:
        """Return frames (count, *shape) that nobody else has; what stands in them means nothing."""
        with self._lock:
            for kept_KHWC in self._kept:
                # Three know it: this list, the loop, and getrefcount. A batch is a view of it, and would be a fourth.
                if sys.getrefcount(kept_KHWC) == 3 and len(kept_KHWC) >= count and kept_KHWC.shape[1:] == shape:
                    return kept_KHWC[:count]
            self._kept.append(np.empty((count, *shape), np.uint8))
            return self._kept[-1][:]
