"""The sky: a dome of two bands and a rim of far hills that travel with the camera."""

from __future__ import annotations

import numpy as np

from playhead_drawing.quads import Colour, Quads, faces, join

ZENITH: Colour = (104, 160, 222)
HORIZON: Colour = (206, 222, 232)
_HILLS: Colour = (150, 170, 176)
_RADIUS_M = 150.0
_SECTORS = 24


def dome() -> Quads:
    """Build the dome; above it the buffer's clear colour, ZENITH, shows."""
    angles = np.linspace(0, -2 * np.pi, _SECTORS + 1)  # clockwise: the faces are seen from inside
    circle_N2 = np.stack([np.cos(angles), np.sin(angles)], axis=1) * _RADIUS_M
    band = _band(circle_N2, np.full(_SECTORS + 1, -3.0), np.full(_SECTORS + 1, 72.0), HORIZON, ZENITH)
    rng = np.random.default_rng(11)
    tops = rng.uniform(3.0, 11.0, _SECTORS + 1)
    tops[-1] = tops[0]
    hills = _band(circle_N2, np.full(_SECTORS + 1, -3.0), tops, (172, 188, 190), _HILLS)
    return join([band, hills])


def _band(
    circle_N2: np.ndarray, low_N: np.ndarray, high_N: np.ndarray, low_colour: Colour, high_colour: Colour
) -> Quads:
    low = np.concatenate([circle_N2, low_N[:, None]], axis=1)
    high = np.concatenate([circle_N2, high_N[:, None]], axis=1)
    corners = np.stack([low[:-1], low[1:], high[1:], high[:-1]], axis=1)
    return faces(corners, [low_colour, low_colour, high_colour, high_colour])
