"""The wheels of the garage's menu: 23 of them, number 0 the standard ones.

A wheel stands for any body; its radius and width are the body's, made a little larger or smaller by the model.
Shape legend: N corners of a ring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from playhead_drawing.quads import Colour
from playhead_sideswipe.garage.shapes import Material, Part, join, patch

_SIDES = 10
_RUBBER = Material(colour=(30, 30, 33))
_WALL = Material(colour=(42, 42, 46))
_HOLE = Material(colour=(16, 16, 19))


@dataclass(frozen=True, kw_only=True)
class WheelModel:
    """One entry of the menu. Units: size is a share of the body's own radius."""

    name: str
    pattern: str
    colour: Colour
    second: Colour = (60, 62, 68)
    size: float = 1.0
    glow: float = 0.0


_SILVER, _GOLD, _WHITE, _BLACK = (186, 190, 198), (214, 170, 60), (238, 238, 236), (52, 53, 58)
_RED, _BLUE, _GREEN, _VIOLET = (206, 44, 44), (52, 110, 220), (66, 182, 84), (150, 74, 206)
_ORANGE, _PINK, _CYAN, _LIME = (242, 130, 34), (240, 112, 178), (60, 210, 224), (190, 230, 50)

MODELS: tuple[WheelModel, ...] = (
    WheelModel(name="standard", pattern="five", colour=_SILVER),
    WheelModel(name="alloy", pattern="ten", colour=_SILVER),
    WheelModel(name="gold ten", pattern="ten", colour=_GOLD),
    WheelModel(name="dish", pattern="dish", colour=_WHITE, second=_SILVER),
    WheelModel(name="cross", pattern="four", colour=_BLACK, second=_SILVER),
    WheelModel(name="red five", pattern="five", colour=_RED),
    WheelModel(name="turbine", pattern="turbine", colour=_SILVER, second=_BLACK),
    WheelModel(name="blue turbine", pattern="turbine", colour=_BLUE, second=_BLACK),
    WheelModel(name="neon", pattern="hoop", colour=_CYAN, second=_BLACK, glow=0.8),
    WheelModel(name="ember", pattern="hoop", colour=_ORANGE, second=_BLACK, glow=0.8),
    WheelModel(name="star", pattern="star", colour=_GOLD, second=_RED),
    WheelModel(name="night star", pattern="star", colour=_WHITE, second=_VIOLET),
    WheelModel(name="pie", pattern="pie", colour=_GREEN, second=_WHITE),
    WheelModel(name="sweet", pattern="pie", colour=_PINK, second=_WHITE),
    WheelModel(name="big foot", pattern="four", colour=_LIME, size=1.12),
    WheelModel(name="small black", pattern="dish", colour=_BLACK, second=_BLACK, size=0.9),
    WheelModel(name="three", pattern="three", colour=_SILVER),
    WheelModel(name="violet three", pattern="three", colour=_VIOLET, size=1.05),
    WheelModel(name="whitewall", pattern="wall", colour=_WHITE, second=_SILVER),
    WheelModel(name="redline", pattern="wall", colour=_RED, second=_BLACK),
    WheelModel(name="bolts", pattern="bolts", colour=_GOLD, second=_BLACK, size=1.06),
    WheelModel(name="green ten", pattern="ten", colour=_GREEN, size=0.95),
    WheelModel(name="ghost", pattern="six", colour=_WHITE, second=_CYAN, glow=0.35),
)


@cache
def wheel(number: int, radius: float, width: float) -> Part:
    """Build a wheel that faces the left side: its outer face at y 0, standing on the ground at x 0."""
    model = MODELS[number]
    radius *= model.size
    parts = [_tyre(radius, width), _PATTERNS[model.pattern](model, radius)]
    return join(parts).moved(z=radius)


def _tyre(radius: float, width: float) -> Part:
    """Make the tread, the outer wall and a lid behind."""
    outer, inner, hub = _circle(radius, -0.03), _circle(radius, -width), _circle(0.66 * radius, 0.0)
    lid = _fan(radius, width, _HOLE).mirrored()
    return join([_between(inner, outer, _RUBBER), _between(outer, hub, _WALL), lid])


def _circle(radius: float, y: float, sides: int = _SIDES, turn: float = 0.0) -> np.ndarray:
    """Return the corners of a ring across the wheel. Shapes: returns (N, 3)."""
    angles = turn + np.arange(sides) * (2 * np.pi / sides)
    return np.stack([radius * np.cos(angles), np.full(sides, y), radius * np.sin(angles)], axis=1)


def _between(first_N3: np.ndarray, second_N3: np.ndarray, material: Material) -> Part:
    """Join two rings; the first is the one further in (towards the axle's middle) or further out on the rim."""
    after_1, after_2 = np.roll(first_N3, -1, axis=0), np.roll(second_N3, -1, axis=0)
    return patch(np.stack([after_1, first_N3, second_N3, after_2], axis=1), material)


def _fan(radius: float, y: float, material: Material, sides: int = _SIDES) -> Part:
    """Fill a circle with faces of two sides each."""
    rim = _circle(radius, y, sides)
    middle = np.broadcast_to(np.array([0.0, y, 0.0]), (sides // 2, 3))
    return patch(np.stack([middle, np.roll(rim, -2, axis=0)[::2], rim[1::2], rim[::2]], axis=1), material)


def _spokes(count: int, widths: tuple[float, float], skew: float = 0.0) -> Callable[[WheelModel, float], Part]:
    """Return a builder of spokes; widths are shares of the radius at hub and rim, skew a turn at the rim."""

    def build(model: WheelModel, radius: float) -> Part:
        paint = Material(colour=model.colour, gloss=0.5, glow=model.glow)
        corners = []
        for k in range(count):
            angle = 2 * np.pi * k / count + np.pi / 2
            far = angle + skew
            inner, outer = 0.10 * radius, 0.68 * radius
            side = np.array([-np.sin(angle), 0, np.cos(angle)])
            far_side = np.array([-np.sin(far), 0, np.cos(far)])
            start = np.array([inner * np.cos(angle), 0.02, inner * np.sin(angle)])
            end = np.array([outer * np.cos(far), 0.01, outer * np.sin(far)])
            hub, rim = widths[0] * radius * side, widths[1] * radius * far_side
            corners.append([start + hub, end + rim, end - rim, start - hub])
        hole = _fan(0.66 * radius, -0.03, Material(colour=model.second))
        return join([hole, patch(corners, paint), _fan(0.18 * radius, 0.03, paint, 6)])

    return build


def _dish(model: WheelModel, radius: float) -> Part:
    paint = Material(colour=model.colour, gloss=0.5, glow=model.glow)
    second = Material(colour=model.second, gloss=0.5)
    ring = _between(_circle(0.66 * radius, 0.01), _circle(0.3 * radius, -0.04), paint)
    return join([ring, _fan(0.3 * radius, -0.03, second)])


def _hoop(model: WheelModel, radius: float) -> Part:
    paint = Material(colour=model.colour, glow=model.glow)
    hoop = _between(_circle(0.70 * radius, 0.01), _circle(0.52 * radius, 0.01), paint)
    return join(
        [hoop, _fan(0.52 * radius, -0.01, Material(colour=model.second)), _fan(0.14 * radius, 0.02, paint, 6)]
    )


def _pie(model: WheelModel, radius: float) -> Part:
    rim = _circle(0.66 * radius, 0.01)
    middle = np.broadcast_to(np.array([0.0, 0.01, 0.0]), (_SIDES // 2, 3))
    slices = np.stack([middle, np.roll(rim, -2, axis=0)[::2], rim[1::2], rim[::2]], axis=1)
    colours = [model.colour if k % 2 else model.second for k in range(len(slices))]
    return patch(slices, [Material(colour=colour, gloss=0.3) for colour in colours])


def _wall(model: WheelModel, radius: float) -> Part:
    stripe = _between(_circle(0.9 * radius, 0.01), _circle(0.7 * radius, 0.01), Material(colour=model.colour))
    return join([stripe, _dish(WheelModel(name="", pattern="", colour=model.second, second=_SILVER), radius)])


def _bolts(model: WheelModel, radius: float) -> Part:
    bolt = _fan(0.1 * radius, 0.03, Material(colour=model.colour, gloss=0.5), 6)
    ring = [bolt.moved(x=0.42 * radius * np.cos(a), z=0.42 * radius * np.sin(a)) for a in np.arange(6) * np.pi / 3]
    hoop = _between(_circle(0.7 * radius, 0.01), _circle(0.6 * radius, 0.01), Material(colour=model.colour))
    return join([_fan(0.66 * radius, -0.02, Material(colour=model.second, gloss=0.3)), hoop, *ring])


_PATTERNS: Mapping[str, Callable[[WheelModel, float], Part]] = {
    "five": _spokes(5, (0.07, 0.12)),
    "ten": _spokes(10, (0.03, 0.05)),
    "four": _spokes(4, (0.12, 0.14)),
    "three": _spokes(3, (0.08, 0.24)),
    "six": _spokes(6, (0.05, 0.09), 0.2),
    "turbine": _spokes(7, (0.02, 0.16), 0.5),
    "star": _spokes(5, (0.20, 0.01)),
    "dish": _dish,
    "hoop": _hoop,
    "pie": _pie,
    "wall": _wall,
    "bolts": _bolts,
}
