"""What is behind the car: a wall, a floor, and what stands about. One seed, one room.

Shape legend: H x W pixels, C colours.
"""

from __future__ import annotations

from random import Random

import cv2
import numpy as np

from playhead_drawing.quads import ByteArray
from playhead_sideswipe.garage.clutter import PAINTERS, any_colour, box
from playhead_sideswipe.garage.surfaces import HEIGHT, WIDTH, floors, walls


def room(dice: Random, split: str, size: tuple[int, int], clutter: bool) -> ByteArray:
    """Paint a room. Without clutter it has a wall and a floor only. Shapes: size is (W, H); returns (H, W, 3)."""
    width, height = size
    foot = dice.randint(44, 76) if clutter else 60
    picture_HWC = np.empty((height, width, 3), np.uint8)
    picture_HWC[:foot] = _cut(dice, dice.choice(walls(split)), (width, foot))
    picture_HWC[foot:] = _cut(dice, dice.choice(floors(split)), (width, height - foot))
    if not clutter:
        return picture_HWC
    if dice.random() < 0.7:
        box(picture_HWC, 0, foot - dice.randint(1, 8), width, foot, any_colour(dice, 20, 200))
    painters = PAINTERS[split]
    for _ in range(dice.randint(1, 7)):
        dice.choice(painters)(picture_HWC, dice, dice.randint(0, width), foot)
    if dice.random() < 0.45:
        _turntable(picture_HWC, dice)
    return picture_HWC


def _cut(dice: Random, surface_HW: ByteArray, size: tuple[int, int]) -> ByteArray:
    """Cut a piece out of a surface, perhaps mirrored, and tint it."""
    width, height = size
    left, top = dice.randint(0, WIDTH - width), dice.randint(0, HEIGHT - height)
    piece_HW = surface_HW[top : top + height, left : left + width]
    if dice.random() < 0.5:
        piece_HW = piece_HW[:, ::-1]
    return np.asarray(cv2.applyColorMap(np.ascontiguousarray(piece_HW), _tint(dice)), np.uint8)


_LEVELS_N1 = np.arange(256, dtype=np.float32)[:, None] / np.float32(200) - 1


def _tint(dice: Random) -> ByteArray:
    """Return what each level of grey becomes: from nearly black to a colour, steeper or flatter."""
    bright, colourful = any_colour(dice, 50, 255), dice.choice((0.15, 0.3, 0.5, 1.0))
    mean = (1 - colourful) * sum(bright) / 3
    bright_3 = np.array([colourful * part + mean for part in bright], np.float32)
    tinted_N3 = bright_3 + _LEVELS_N1 * (bright_3 * np.float32(dice.uniform(0.4, 1.3)))
    np.minimum(np.maximum(tinted_N3, 0, out=tinted_N3), 255, out=tinted_N3)
    return np.asarray(tinted_N3.astype(np.uint8)[:, None])


def _turntable(picture_HWC: ByteArray, dice: Random) -> None:
    """Paint the round plate the car may stand on."""
    middle, axes = (
        (200 + dice.randint(-8, 8), 112 + dice.randint(-4, 6)),
        (dice.randint(130, 190), dice.randint(26, 36)),
    )
    cv2.ellipse(picture_HWC, middle, axes, 0, 0, 360, any_colour(dice, 30, 220), cv2.FILLED, cv2.LINE_AA)
    inner = (axes[0] - dice.randint(4, 20), axes[1] - dice.randint(2, 6))
    cv2.ellipse(picture_HWC, middle, inner, 0, 0, 360, any_colour(dice, 30, 220), cv2.FILLED, cv2.LINE_AA)
