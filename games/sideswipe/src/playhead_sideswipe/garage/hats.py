"""The hats of the garage's menu: 23 of them, number 0 none. Some change the outline of the car.

A hat stands on z 0, about as wide as a roof; x is ahead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise

import numpy as np

from playhead_drawing.quads import Colour
from playhead_sideswipe.garage.shapes import Material, Part, box, join, lathe, patch

_SIDES = 8
_BLACK, _WHITE, _RED, _GOLD = (38, 38, 44), (240, 240, 238), (200, 40, 44), (226, 180, 60)
_BLUE, _GREEN, _VIOLET, _PINK = (48, 104, 214), (60, 160, 84), (116, 66, 170), (240, 120, 182)
_BROWN, _STRAW, _GREY, _ORANGE = (122, 82, 48), (222, 186, 112), (134, 142, 152), (244, 124, 34)


def _cloth(colour: Colour) -> Material:
    return Material(colour=colour, gloss=0.08)


def _stripes(first: Colour, second: Colour, count: int) -> list[Material]:
    return [_cloth((first, second)[number % 2]) for number in range(count)]


def _top_hat(colour: Colour, band: Colour) -> Part:
    profile = [(0.0, 0.0), (0.42, 0.0), (0.42, 0.04), (0.26, 0.05), (0.26, 0.16), (0.28, 0.50), (0.0, 0.50)]
    strips = [_cloth(colour)] * 3 + [_cloth(band)] + [_cloth(colour)] * 2
    return lathe(profile, _SIDES, strips)


def _cone(first: Colour, second: Colour, height: float, brim: float) -> Part:
    radii = np.linspace(0.28, 0.02, 5)
    profile = [(brim, 0.0), (brim * 0.98, 0.03), *((float(r), 0.03 + height * k / 4) for k, r in enumerate(radii))]
    return lathe(profile, _SIDES, [_cloth(first), *_stripes(first, second, 5)])


def _cap(colour: Colour, peak: Colour) -> Part:
    dome = lathe([(0.30, 0.0), (0.29, 0.12), (0.20, 0.22), (0.0, 0.26)], _SIDES, _cloth(colour))
    return join([dome, box((0.2, 0.62), (-0.22, 0.22), (0.02, 0.06), _cloth(peak), 0.03)])


def _beanie(colour: Colour, bobble: Colour) -> Part:
    profile = [(0.31, 0.0), (0.31, 0.09), (0.28, 0.10), (0.24, 0.24), (0.10, 0.32), (0.0, 0.33)]
    ball = lathe([(0.0, 0.30), (0.09, 0.36), (0.09, 0.42), (0.0, 0.48)], 6, _cloth(bobble))
    return join([lathe(profile, _SIDES, [_cloth(bobble), *[_cloth(colour)] * 4]), ball])


def _crown() -> Part:
    gold = Material(colour=_GOLD, gloss=0.7)
    rim = lathe([(0.27, 0.0), (0.29, 0.16)], _SIDES, gold)
    angles = np.arange(_SIDES) * 2 * np.pi / _SIDES
    tips = []
    for angle in angles:
        a, b = ((0.29 * np.cos(angle + s), 0.29 * np.sin(angle + s), 0.16) for s in (-0.35, 0.35))
        tip = (0.33 * np.cos(angle), 0.33 * np.sin(angle), 0.36)
        tips += [[a, b, tip, tip], [b, a, tip, tip]]
    return join([rim, patch(tips, gold), lathe([(0.24, 0.02), (0.0, 0.18)], _SIDES, _cloth(_RED))])


def _halo() -> Part:
    glow = Material(colour=(255, 236, 140), glow=0.95)
    angles = np.linspace(0, 2 * np.pi, 13)
    ring = [(0.30, 0.42), (0.36, 0.46), (0.30, 0.50), (0.24, 0.46), (0.30, 0.42)]
    corners = []
    for (r0, z0), (r1, z1) in pairwise(ring):
        for a, b in pairwise(angles):
            corners.append(
                [
                    (r * np.cos(t), r * np.sin(t), z)
                    for r, z, t in ((r0, z0, a), (r0, z0, b), (r1, z1, b), (r1, z1, a))
                ]
            )
    return patch(corners, glow)


def _horns(colour: Colour, reach: float, rise: float) -> Part:
    """Make two horns that go out and up, with a band between them."""
    bone = _cloth(colour)
    arm = box((-0.07, 0.07), (0.18, 0.18 + reach), (0.08, 0.22), bone)
    tip = lathe([(0.09, 0.14), (0.07, 0.14 + rise * 0.6), (0.0, 0.14 + rise)], 6, bone).moved(y=0.14 + reach)
    return join([arm, tip, box((-0.1, 0.1), (0.0, 0.2), (0.0, 0.12), _cloth(_BROWN))]).both_sides()


def _antlers() -> Part:
    twigs = [
        box((-0.03, 0.03), (y, y + 0.06), (low, high), _cloth(_BROWN))
        for y, low, high in ((0.16, 0.0, 0.40), (0.30, 0.24, 0.56), (0.44, 0.34, 0.66))
    ]
    boughs = [box((-0.03, 0.03), (0.16, 0.48), (0.30, 0.38), _cloth(_BROWN))]
    return join(twigs + boughs).both_sides()


def _sombrero() -> Part:
    profile = [(0.0, 0.0), (0.58, 0.10), (0.56, 0.14), (0.24, 0.06), (0.20, 0.34), (0.10, 0.42), (0.0, 0.42)]
    return lathe(profile, 10, [_cloth(c) for c in (_STRAW, _RED, _STRAW, _GREEN, _STRAW, _STRAW)])


def _fez() -> Part:
    pot = lathe([(0.26, 0.0), (0.19, 0.36), (0.0, 0.36)], _SIDES, _cloth(_RED))
    tassel = box((-0.24, -0.20), (-0.02, 0.02), (0.10, 0.38), _cloth(_BLACK))
    return join([pot, tassel, box((-0.22, 0.0), (-0.02, 0.02), (0.36, 0.39), _cloth(_BLACK))])


def _chef() -> Part:
    profile = [(0.24, 0.0), (0.24, 0.20), (0.34, 0.30), (0.36, 0.44), (0.24, 0.56), (0.0, 0.58)]
    return lathe(profile, 10, _cloth(_WHITE))


def _mortarboard() -> Part:
    cap = lathe([(0.24, 0.0), (0.24, 0.16)], _SIDES, _cloth(_BLACK))
    board = box((-0.36, 0.36), (-0.36, 0.36), (0.16, 0.20), _cloth(_BLACK))
    return join([cap, board, box((0.30, 0.36), (0.30, 0.36), (-0.04, 0.22), _cloth(_GOLD))])


def _cowboy() -> Part:
    crown = lathe([(0.25, 0.04), (0.23, 0.22), (0.17, 0.32), (0.0, 0.27)], _SIDES, _cloth(_BROWN))
    brim = lathe([(0.0, 0.0), (0.46, 0.0), (0.46, 0.03), (0.2, 0.05)], _SIDES, _cloth(_BROWN))
    sides = box((-0.34, 0.34), (0.40, 0.46), (0.0, 0.18), _cloth(_BROWN), 0.12).both_sides()
    return join([brim, crown, sides])


def _rabbit() -> Part:
    ears = [
        box((-0.05, 0.03), (0.08, 0.24), (0.0, 0.70), _cloth(_WHITE), 0.02),
        box((0.02, 0.05), (0.11, 0.21), (0.06, 0.60), _cloth(_PINK)),
    ]
    return join(ears).both_sides()


def _propeller() -> Part:
    dome = lathe([(0.30, 0.0), (0.27, 0.14), (0.14, 0.24), (0.0, 0.26)], _SIDES, _stripes(_RED, _BLUE, 3))
    blades = box((-0.44, 0.44), (-0.05, 0.05), (0.36, 0.39), _cloth(_GOLD))
    return join([dome, box((-0.02, 0.02), (-0.02, 0.02), (0.26, 0.38), _cloth(_GREY)), blades])


def _tricorne() -> Part:
    crown = lathe([(0.24, 0.0), (0.22, 0.24), (0.0, 0.28)], _SIDES, _cloth(_BLACK))
    sides = box((-0.40, 0.40), (0.24, 0.30), (0.0, 0.30), _cloth(_BLACK), 0.16).both_sides()
    badge = box((-0.1, 0.1), (0.30, 0.315), (0.08, 0.24), _cloth(_WHITE)).both_sides()
    return join([crown, sides, badge, box((0.30, 0.44), (-0.26, 0.26), (0.0, 0.22), _cloth(_BLACK), 0.05)])


def _balloon() -> Part:
    string = box((-0.015, 0.015), (-0.015, 0.015), (0.0, 0.40), _cloth(_GREY))
    profile = [(0.0, 0.36), (0.14, 0.46), (0.20, 0.60), (0.16, 0.74), (0.0, 0.82)]
    return join([string, lathe(profile, _SIDES, Material(colour=_RED, gloss=0.5))])


def _flag() -> Part:
    pole = box((-0.02, 0.02), (-0.02, 0.02), (0.0, 0.76), _cloth(_GREY))
    cloths = []
    for column, back in enumerate((-0.44, -0.23)):
        for row, low in enumerate((0.42, 0.58)):
            square = _cloth((_BLACK, _WHITE)[(column + row) % 2])
            cloths.append(box((back, back + 0.21), (-0.01, 0.01), (low, low + 0.16), square))
    return join([pole, *cloths])


# In the order of the menu; number 0 is none.
MODELS: tuple[tuple[str, Callable[[], Part]], ...] = (
    ("top hat", partial(_top_hat, _BLACK, _RED)),
    ("white top hat", partial(_top_hat, _WHITE, _BLUE)),
    ("party cone", partial(_cone, _PINK, _GOLD, 0.55, 0.28)),
    ("witch", partial(_cone, _VIOLET, _BLACK, 0.62, 0.50)),
    ("traffic cone", partial(_cone, _ORANGE, _WHITE, 0.58, 0.34)),
    ("red cap", partial(_cap, _RED, _WHITE)),
    ("blue cap", partial(_cap, _BLUE, _BLACK)),
    ("beanie", partial(_beanie, _GREEN, _WHITE)),
    ("crown", _crown),
    ("halo", _halo),
    ("antlers", _antlers),
    ("bull", partial(_horns, _WHITE, 0.16, 0.34)),
    ("sombrero", _sombrero),
    ("fez", _fez),
    ("chef", _chef),
    ("mortarboard", _mortarboard),
    ("cowboy", _cowboy),
    ("rabbit", _rabbit),
    ("propeller", _propeller),
    ("tricorne", _tricorne),
    ("balloon", _balloon),
    ("flag", _flag),
)


@cache
def hat(number: int) -> Part | None:
    """Return a hat by its number in the menu; None for number 0."""
    return None if number == 0 else MODELS[number - 1][1]()
