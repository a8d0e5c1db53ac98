"""Where games show a map and a speed in the corners of their pictures."""

from __future__ import annotations

from typing import Literal

Layout = Literal["gta5", "crew2"]
Box = tuple[int, int, int, int]  # left, top, right, bottom; right and bottom are outside

# In pictures of the size that comes first.
_MAPS: dict[Layout, tuple[tuple[int, int], Box]] = {
    "gta5": ((240, 180), (3, 144, 50, 177)),
    "crew2": ((1920, 1080), (1669, 849, 1876, 1056)),
}
_SPEED = ((1920, 1080), (82, 916, 213, 973))


def minimap_box(width: int, height: int, layout: Layout = "gta5") -> Box:
    """Return where the map is in a picture of a size."""
    return _scaled(*_MAPS[layout], width, height)


def speed_box(width: int, height: int) -> Box:
    """Return where the speed is in a picture of a size."""
    return _scaled(*_SPEED, width, height)


def _scaled(reference: tuple[int, int], box: Box, width: int, height: int) -> Box:
    across, down = width / reference[0], height / reference[1]
    left, top, right, bottom = box
    return round(left * across), round(top * down), round(right * across), round(bottom * down)
