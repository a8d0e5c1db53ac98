"""The paints of the two teams: what colour a place on a slider is.

Both teams have their own first paint, shades of blue or of orange, so that a picture tells the team; the second
paint is any colour for both.
"""

from __future__ import annotations

import numpy as np

from playhead_drawing.quads import Colour, FloatArray

TEAMS = ("blue", "orange")

_PRIMARY: tuple[tuple[Colour, ...], ...] = (
    ((40, 196, 184), (36, 150, 232), (24, 84, 214), (52, 50, 168), (122, 72, 206)),
    ((240, 206, 44), (246, 160, 30), (238, 104, 26), (214, 54, 34), (150, 38, 44)),
)
_SECONDARY: tuple[Colour, ...] = (
    (226, 228, 232),
    (204, 62, 62),
    (222, 190, 74),
    (74, 168, 92),
    (70, 142, 206),
    (150, 96, 190),
    (46, 48, 54),
)


def paints(team: int, primary: float, secondary: float) -> FloatArray:
    """Return the two paints of a car. Shapes: returns (2, 3) float32 in 0..255. Units: places on sliders, 0 to 1.

    Raises:  ValueError for a team that is not 0 or 1, or a place off the slider.
    """
    if team not in (0, 1):
        raise ValueError(f"The team is {team}; there are 0 ({TEAMS[0]}) and 1 ({TEAMS[1]}).")
    return np.array([_along(_PRIMARY[team], primary), _along(_SECONDARY, secondary)], np.float32)


def _along(colours: tuple[Colour, ...], place: float) -> list[float]:
    if not 0 <= place <= 1:
        raise ValueError(f"A colour at {place} is off the slider. Give a place from 0 to 1.")
    first = min(int(place * (len(colours) - 1)), len(colours) - 2)
    share = place * (len(colours) - 1) - first
    return [(1 - share) * a + share * b for a, b in zip(colours[first], colours[first + 1], strict=True)]
