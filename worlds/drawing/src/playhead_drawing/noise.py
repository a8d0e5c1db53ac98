"""Seamless grey noise and its tint: what textures begin with.

Shape legend: H x W pixels, C colours.
"""

from __future__ import annotations

import cv2
import numpy as np

from playhead_drawing.quads import ByteArray, Colour

SIZE_PX = 64  # a power of two: the rasteriser wants that


def noise(seed: int, level: float, spread: float, coarse_px: int) -> ByteArray:
    """Make a picture of SIZE_PX that repeats without a seam: fine grain plus blotches `coarse_px` wide.

    Little of it: three times as much grain made a frame 10 % larger as JPEG.
    Shapes:  returns (SIZE_PX, SIZE_PX, 3).
    """
    rng = np.random.default_rng(seed)
    fine_HW = rng.normal(0, spread, (SIZE_PX, SIZE_PX))
    blotches_HW = rng.normal(0, spread * 1.2, (SIZE_PX // coarse_px, SIZE_PX // coarse_px))
    tiled = cv2.resize(np.tile(blotches_HW, (3, 3)), (3 * SIZE_PX, 3 * SIZE_PX), interpolation=cv2.INTER_CUBIC)
    grey_HW = level + fine_HW + tiled[SIZE_PX : 2 * SIZE_PX, SIZE_PX : 2 * SIZE_PX]
    return np.clip(np.repeat(grey_HW[:, :, None], 3, axis=2), 0, 255).astype(np.uint8)


def tinted(picture_HWC: ByteArray, colour: Colour) -> ByteArray:
    """Multiply a picture by a colour; white leaves it as it is."""
    return (picture_HWC * (np.array(colour) / 255)).astype(np.uint8)
