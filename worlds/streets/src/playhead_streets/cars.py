"""The shape of a car: a body, a cabin of dark glass, wheels and lamps, nose along x, wheels on the ground.

Shape legend: Q faces, K corners of an outline.
"""

from __future__ import annotations

import numpy as np

from playhead_drawing.quads import Colour, Quads, faces, frusta, join, raise_to
from playhead_streets.ground import CAR_LENGTH_M, CAR_WIDTH_M
from playhead_streets.town import FloatArray

CAR_HEIGHT_M = 1.45
CAR_COLOURS: tuple[Colour, ...] = (
    (206, 44, 40),
    (40, 92, 190),
    (236, 236, 232),
    (36, 38, 44),
    (238, 184, 36),
    (60, 140, 80),
    (150, 154, 160),
    (232, 112, 36),
)

_GLASS: Colour = (46, 58, 74)
_RUBBER: Colour = (24, 24, 26)
_LAMP: Colour = (250, 246, 220)
_REAR_LAMP: Colour = (132, 18, 22)
_BRAKE_LAMP: Colour = (255, 40, 30)
_SILL_M, _BELT_M = 0.28, 0.86  # lower and upper edge of the body


def car(colour: Colour, is_braking: bool) -> Quads:
    """Build a car; its rear lamps are bright and wide while it brakes."""
    paint = np.array(colour, np.float32)
    half = CAR_LENGTH_M / 2
    sill = _outline(-half, half, CAR_WIDTH_M * 0.96)
    belt = _outline(-half + 0.06, half - 0.12, CAR_WIDTH_M)
    cabin = _outline(-half + 0.35, half - 1.25, CAR_WIDTH_M * 0.92)
    roof = _outline(-half + 0.85, half - 2.05, CAR_WIDTH_M * 0.74)
    parts = [
        _storey(sill, belt, (_SILL_M, _BELT_M), paint).shaded(),
        faces(raise_to(belt, _BELT_M), paint),
        _storey(cabin, roof, (_BELT_M, CAR_HEIGHT_M), _GLASS).shaded(),
        faces(raise_to(roof, CAR_HEIGHT_M), paint * 0.95),
        _wheels(),
        _lamps(half + 0.02, 1, _LAMP, (0.36, 0.2)),
        _lamps(
            -half - 0.02,
            -1,
            _BRAKE_LAMP if is_braking else _REAR_LAMP,
            (0.5, 0.3) if is_braking else (0.4, 0.2),
        ),
    ]
    if is_braking:
        parts.append(_upright(-half + 0.34, -1, (-0.35, 0.35), (1.0, 1.12), _BRAKE_LAMP))
    return join(parts)


def shadow() -> Quads:
    """Build the dark patch under a car."""
    return faces(raise_to(_outline(-2.4, 2.4, CAR_WIDTH_M + 0.3), 0.0), (48, 50, 54))


def bonnet(colour: Colour) -> Quads:
    """Build the strip of one's own bonnet that a hood camera sees, falling off to the sides."""
    across_N = np.linspace(-1, 1, 10)
    fall_N = across_N**2
    y_N = across_N * CAR_WIDTH_M / 2
    nose_N = CAR_LENGTH_M / 2 - 0.08 - 0.3 * fall_N
    front_N3 = np.stack([nose_N, y_N, 0.91 - 0.12 * fall_N], axis=1)
    back_N3 = np.stack([nose_N - 1.2, y_N, 0.98 - 0.12 * fall_N], axis=1)
    corners_Q43 = np.stack([back_N3[:-1], front_N3[:-1], front_N3[1:], back_N3[1:]], axis=1)
    tones_Q = np.linspace(0.85, 0.6, 9) + 0.06 * (np.arange(9) == 4)
    return faces(corners_Q43, tones_Q[:, None, None] * np.array(colour, np.float32))


def _outline(back_m: float, front_m: float, width_m: float) -> FloatArray:
    side = width_m / 2
    return np.array([[(back_m, -side), (front_m, -side), (front_m, side), (back_m, side)]], np.float32)


def _storey(low_1K2: FloatArray, high_1K2: FloatArray, between_m: tuple[float, float], colour: object) -> Quads:
    low, high = (np.array([height], np.float32) for height in between_m)
    return frusta(low_1K2, high_1K2, low, high, np.asarray(colour, np.float32))


def _wheels() -> Quads:
    side = CAR_WIDTH_M / 2 + 0.01
    corners = []
    for middle in (-1.35, 1.35):
        low, high, back, front = 0.0, 0.62, middle - 0.33, middle + 0.33
        corners.append([(back, -side, low), (front, -side, low), (front, -side, high), (back, -side, high)])
        corners.append([(front, side, low), (back, side, low), (back, side, high), (front, side, high)])
    for end, sign in ((-2.0, -1), (2.0, 1)):
        for middle in (-0.72, 0.72):
            a, b = middle - 0.12 * sign, middle + 0.12 * sign
            corners.append([(end, a, 0.0), (end, b, 0.0), (end, b, 0.34), (end, a, 0.34)])
    return faces(corners, _RUBBER)


def _lamps(x: float, facing: int, colour: Colour, size_m: tuple[float, float]) -> Quads:
    width, height = size_m
    edge = CAR_WIDTH_M / 2 - 0.06
    spans = ((-edge, -edge + width), (edge - width, edge))
    return join([_upright(x, facing, span, (0.74 - height, 0.78), colour) for span in spans])


def _upright(
    x: float, facing: int, span_m: tuple[float, float], heights_m: tuple[float, float], colour: Colour
) -> Quads:
    """Build an upright patch across the car that is seen from the front (facing 1) or from behind (-1)."""
    a, b = span_m if facing > 0 else span_m[::-1]
    low, high = heights_m
    return faces([(x, a, low), (x, b, low), (x, b, high), (x, a, high)], colour)
