"""Protected regions painted over from their surroundings, before anything moves; each frame's once."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import cv2
import numpy as np

from playhead.data.augment.augmentation import FrameArray
from playhead.regions import Region

# GTA-V-LSTM filled its minimap in this way (Navier-Stokes, radius 3): systems.md, section 4.
INPAINT_RADIUS = 3
# What is kept of fillings: 21,000 of a minimap of 47x33. Inpainting one takes 1.2 ms, decoding its frame 0.2.
KEPT_BYTES = 100_000_000


class Filling:
    """Fills regions in; used by several threads. Fillings are known by what surrounds them, which decides them."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self._regions = regions
        self._known: list[dict[bytes, FrameArray]] = [{} for _ in regions]
        self._room = KEPT_BYTES

    def __call__(self, frames_THWC: FrameArray) -> None:
        """Paint the regions over, in place.

        Only a margin around each is handed to OpenCV: what lies further away does not matter to it.
        """
        margin = 2 * INPAINT_RADIUS
        for region, known in zip(self._regions, self._known, strict=True):
            top, left = max(0, region.y - margin), max(0, region.x - margin)
            rows = slice(region.y - top, region.y - top + region.height)
            columns = slice(region.x - left, region.x - left + region.width)
            bottom, right = region.y + region.height + margin, region.x + region.width + margin
            for part_HWC in frames_THWC[:, top:bottom, left:right]:
                around = blake2b(part_HWC[: rows.start].tobytes(), digest_size=16)
                around.update(part_HWC[rows, : columns.start].tobytes())
                around.update(part_HWC[rows, columns.stop :].tobytes())
                around.update(part_HWC[rows.stop :].tobytes())
                key = around.digest()
                filled_HWC = known.get(key)
                if filled_HWC is None:
                    filled_HWC = _inpainted(part_HWC, rows, columns)
                    if self._room >= filled_HWC.nbytes:
                        self._room -= filled_HWC.nbytes
                        known[key] = filled_HWC
                part_HWC[rows, columns] = filled_HWC


def _inpainted(part_HWC: FrameArray, rows: slice, columns: slice) -> FrameArray:
    mask_HW = np.zeros(part_HWC.shape[:2], dtype=np.uint8)
    mask_HW[rows, columns] = 255
    filled = cv2.inpaint(np.ascontiguousarray(part_HWC), mask_HW, INPAINT_RADIUS, cv2.INPAINT_NS)
    return np.array(filled.reshape(part_HWC.shape)[rows, columns], dtype=np.uint8)
