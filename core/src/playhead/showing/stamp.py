"""A number drawn into a picture as a row of black and white blocks: which picture is this that was seen?

It survives scaling and JPEG. Shape legend: H x W pixels, C colours, B blocks.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

BITS = 16
CHECK_BITS = 8  # a window that is being resized shows the old picture in its corner: a stamp of other blocks
BLOCKS = 2 + BITS + CHECK_BITS  # a white and a black one first: without them there is no stamp
HEIGHT_SHARE = 1 / 18  # of the picture, at its upper edge

FrameArray = npt.NDArray[np.uint8]


def draw_stamp(frame_HWC: FrameArray, number: int) -> None:
    """Draw a number into a picture, in place; numbers from 65536 on begin again at 0."""
    height, width = frame_HWC.shape[:2]
    rows = max(1, round(height * HEIGHT_SHARE))
    block_W = np.minimum(np.arange(width) * BLOCKS // width, BLOCKS - 1)
    frame_HWC[:rows] = _blocks(number)[block_W][None, :, None]


def _blocks(number: int) -> FrameArray:
    number &= (1 << BITS) - 1
    code = number | _check(number) << BITS
    bits = [code >> bit & 1 for bit in range(BITS + CHECK_BITS)]
    return np.array([1, 0, *bits], dtype=np.uint8) * np.uint8(255)


def _check(number: int) -> int:
    return zlib.crc32(number.to_bytes(BITS // 8, "little")) & (1 << CHECK_BITS) - 1


def read_stamp(frame_HWC: FrameArray) -> int | None:
    """Return the number drawn into a picture, or None when it bears none.

    Shapes:  frame_HWC (H, W, C) uint8 of any size at which a block has some pixels.
    """
    height, width = frame_HWC.shape[:2]
    row = max(0, round(height * HEIGHT_SHARE / 2) - 1)
    middles_B = ((np.arange(BLOCKS) + 0.5) * width / BLOCKS).astype(int)
    values_B = frame_HWC[row, middles_B].mean(axis=-1)
    if values_B[0] < 200 or values_B[1] > 55 or ((values_B > 90) & (values_B < 165)).any():
        return None
    code = sum(1 << bit for bit in range(BITS + CHECK_BITS) if values_B[2 + bit] > 127)
    number = code & (1 << BITS) - 1
    return number if code >> BITS == _check(number) else None
