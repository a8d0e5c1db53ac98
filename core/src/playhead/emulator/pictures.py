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


@dataclass(frozen=True)
class Raw:
    """A picture as a core showed it: its bytes, size and rows. Units:  pitch bytes a row."""

    data: bytes
    width: int
    height: int
    pitch: int
    form: PixelFormat

    @classmethod
    def copied(cls, address: int, size: tuple[int, int], pitch: int, form: PixelFormat) -> Raw:
        """Copy a picture of this width and height out of a core's memory.

        Raises:  DeviceFailed for a picture that cannot be.
        """
        width, height = size
        if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS and width * form.bytes <= pitch <= 2**20):
            raise DeviceFailed(
                f"The core shows a picture of {width}x{height} in rows of {pitch} bytes. Name another with --core."
            )
        length = pitch * (height - 1) + width * form.bytes
        return cls(ctypes.string_at(address, length), width, height, pitch, form)

    def to_rgb(self) -> FrameArray:
        """Return the picture, (H, W, C) uint8.

        Five bits of a colour become eight by repeating the highest, as c << 3 | c >> 2: white is 255 and not 248.
        A core that gives green six is off by 5 of 255 at most: one shift for all colours costs a third of three.
        """
        form = self.form
        shape, strides = (self.height, self.width, form.bytes), (self.pitch, form.bytes, 1)
        pixels_HWB: Any = np.ndarray(shape, np.uint8, self.data, strides=strides)
        rgb_HWC: FrameArray = cv2.cvtColor(pixels_HWB, form.conversion)
        if form.is_coarse:
            _repeat_highest(rgb_HWC)
        return rgb_HWC


def _repeat_highest(rgb_HWC: FrameArray) -> None:
    """Put the three highest bits of each colour into the lowest three, in place.

    Eight colours at a time, where they come out even: one by one they take as long as the conversion.
    """
    flat = rgb_HWC.reshape(-1)
    words: npt.NDArray[Any] = flat.view(np.uint64) if flat.size % 8 == 0 else flat
    low = words >> words.dtype.type(5)
    low &= words.dtype.type(0x0707_0707_0707_0707 if words.dtype == np.uint64 else 0x07)
    words |= low
