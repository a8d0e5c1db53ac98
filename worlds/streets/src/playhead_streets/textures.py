"""The pictures on grass, pavement, asphalt and house fronts, made from noise and rectangles.

All sides are powers of two: the rasteriser wants that. Those of the ground have their own colours.
Those of houses multiply the colour of the wall, so they are bright and nearly grey.
Shape legend: H x W pixels, C colours.
"""

from __future__ import annotations

import numpy as np

from playhead_drawing.noise import noise, tinted
from playhead_drawing.quads import ByteArray

HOUSE_FLOORS, HOUSE_BAYS = 16, 2  # what one picture of a house front holds


def grass() -> ByteArray:
    """Return blotchy grass."""
    return tinted(noise(seed=1, level=222, spread=6, coarse_px=8), (112, 148, 82))


def asphalt() -> ByteArray:
    """Return grainy asphalt."""
    return tinted(noise(seed=2, level=232, spread=3.5, coarse_px=16), (84, 86, 92))


def paving() -> ByteArray:
    """Return paving slabs with dark joints."""
    picture_HWC = noise(seed=3, level=235, spread=2, coarse_px=16)
    picture_HWC[::16, :] = 204
    picture_HWC[:, ::16] = 204
    return tinted(picture_HWC, (176, 172, 164))


def brick() -> ByteArray:
    """Return a brick house with sash windows."""
    floors_HWC = noise(seed=4, level=228, spread=3, coarse_px=8)
    floors_HWC[::4, :] = floors_HWC[::4, :] // 8 * 7
    _windows(floors_HWC, size_px=(14, 18), frame=250, curtained=(1, 2))
    return _house(floors_HWC)


def office() -> ByteArray:
    """Return an office block: bands of glass between bands of stone."""
    floors_HWC = noise(seed=5, level=235, spread=1.5, coarse_px=16)
    for floor in (0, 32):
        floors_HWC[floor + 6 : floor + 25] = (108, 132, 158)
        floors_HWC[floor + 6 : floor + 10] = (140, 164, 188)
        floors_HWC[floor + 6 : floor + 25, ::16] = 215
    return _house(floors_HWC)


def plaster() -> ByteArray:
    """Return a plastered house with wide windows and balconies."""
    floors_HWC = noise(seed=6, level=242, spread=1.5, coarse_px=16)
    _windows(floors_HWC, size_px=(20, 14), frame=222, curtained=(0, 3))
    for floor in (0, 32):
        floors_HWC[floor + 25 : floor + 28] = 168
    return _house(floors_HWC)


def _house(floors_HWC: ByteArray) -> ByteArray:
    """Pile HOUSE_FLOORS floors, two at a time, on shops: one face then covers a wall of any height."""
    house_HWC = np.tile(floors_HWC, (HOUSE_FLOORS // 2, 1, 1))
    house_HWC[-32:] = _shops()
    return house_HWC


def _shops() -> ByteArray:
    """Return a ground floor: a shop window and a door under an awning, twice."""
    picture_HWC = noise(seed=7, level=232, spread=1.5, coarse_px=16)[:32]
    for bay, awning in ((0, (255, 136, 120)), (32, (136, 224, 176))):
        picture_HWC[3:10, bay + 2 : bay + 30] = awning
        picture_HWC[10:27, bay + 3 : bay + 21] = (92, 112, 132)
        picture_HWC[11:17, bay + 4 : bay + 20] = (140, 160, 178)
        picture_HWC[10:32, bay + 23 : bay + 30] = (104, 86, 74)
    return picture_HWC


def _windows(picture_HWC: ByteArray, size_px: tuple[int, int], frame: int, curtained: tuple[int, int]) -> None:
    """Put four windows into a picture in place, numbered by rows."""
    width, height = size_px
    for number, (top, left) in enumerate(((6, 0), (6, 32), (38, 0), (38, 32))):
        x, y = left + (32 - width) // 2, top
        picture_HWC[y - 1 : y + height + 1, x - 1 : x + width + 1] = frame
        picture_HWC[y : y + height, x : x + width] = (150, 150, 138) if number in curtained else (78, 92, 110)
        picture_HWC[y : y + height // 3, x : x + width] = (118, 138, 160)
