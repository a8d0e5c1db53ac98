"""What a core shows, in its three pixel formats, as RGB.

Shape legend: H height, W width, C = 3, RGB. Source: `enum retro_pixel_format` of libretro.h.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from playhead.errors import DeviceFailed

FrameArray = npt.NDArray[np.uint8]
MOST_PIXELS = 16_384  # of a side


@dataclass(frozen=True)
class PixelFormat:
    """How a core stores a pixel: its bytes, cv2's conversion, and whether colours have fewer bits than eight."""

    bytes: int
    conversion: int
    is_coarse: bool


FORMATS = {
    0: PixelFormat(2, cv2.COLOR_BGR5552RGB, True),  # 0RGB1555, what a core that says nothing has
    1: PixelFormat(4, cv2.COLOR_BGRA2RGB, False),  # XRGB8888
    2: PixelFormat(2, cv2.COLOR_BGR5652RGB, True),
}


def to_rgb(address: int, size: tuple[int, int], pitch: int, form: PixelFormat) -> FrameArray:
    """Copy a picture out of a core's memory.

    Five bits of a colour become eight by repeating the highest, as c << 3 | c >> 2: white is 255 and not 248. A
    core that gives green six is off by 5 of 255 at most: one shift for all colours costs a third of three.
    Shapes:  size is (W, H), pitch bytes a row; returns (H, W, C) uint8.
    Raises:  DeviceFailed for a picture that cannot be.
    """
    width, height = size
    if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS and width * form.bytes <= pitch <= 2**20):
        raise DeviceFailed(f"The core shows a picture of {width}x{height} in rows of {pitch} bytes. Try another.")
    raw = (ctypes.c_uint8 * (pitch * (height - 1) + width * form.bytes)).from_address(address)
    strides = (pitch, form.bytes, 1)
    pixels_HWB: Any = np.ndarray((height, width, form.bytes), np.uint8, raw, strides=strides)
    rgb_HWC: FrameArray = cv2.cvtColor(pixels_HWB, form.conversion)
    if form.is_coarse:
        rgb_HWC |= rgb_HWC >> 5
    return rgb_HWC
