"""Regions scale with the frame and stay inside it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import BadValue
from playhead.regions import Region

MINIMAP = Region(x=3, y=144, width=47, height=33)
sizes = st.tuples(st.integers(16, 4000), st.integers(16, 4000))


def test_a_region_cuts_what_it_says() -> None:
    frame_HWC = np.zeros((180, 240, 3))
    frame_HWC[MINIMAP.rows, MINIMAP.columns] = 1
    assert frame_HWC.sum() == 47 * 33 * 3
    assert frame_HWC[144, 3, 0] == 1
    assert frame_HWC[176, 49, 0] == 1
    assert frame_HWC[177, 50, 0] == 0


def test_a_region_scales_with_its_frame() -> None:
    assert MINIMAP.scaled((240, 180), (480, 360)) == Region(x=6, y=288, width=94, height=66)
    assert MINIMAP.scaled((240, 180), (240, 180)) is MINIMAP


@given(st.integers(0, 100), st.integers(0, 100), st.integers(1, 100), st.integers(1, 100), sizes)
def test_a_scaled_region_stays_inside_its_frame(
    x: int, y: int, width: int, height: int, size: tuple[int, int]
) -> None:
    scaled = Region(x=x, y=y, width=width, height=height).scaled((200, 200), size)
    assert scaled.fits(*size) or scaled.width == 1 or scaled.height == 1


@given(st.integers(0, 999), st.integers(0, 999), st.integers(1, 999), st.integers(1, 999))
def test_a_region_survives_json(x: int, y: int, width: int, height: int) -> None:
    region = Region(x=x, y=y, width=width, height=height)
    assert Region.from_json(region.to_json()) == region


@pytest.mark.parametrize("wrong", [{"x": -1}, {"y": -1}, {"width": 0}, {"height": 0}])
def test_a_region_without_area_or_outside_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BadValue, match="A region needs"):
        Region(**{"x": 0, "y": 0, "width": 1, "height": 1, **wrong})
