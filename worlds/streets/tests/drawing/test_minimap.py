from __future__ import annotations

from itertools import pairwise
from math import pi

import numpy as np
import pytest

from playhead_streets.minimap import Minimap, minimap_box
from playhead_streets.town import CarPose, Town

SIZES = [(240, 180), (160, 120), (120, 90), (800, 600)]
JUNCTION = np.array([150.0, 60.0])


def at(heading: float, x: float = 120.0, y: float = 60.0) -> CarPose:
    return CarPose(x=x, y=y, heading=heading, speed_mps=0, colour=0, is_braking=False)


def route(turn: float, heading: float = 0.0) -> np.ndarray:
    """Lead 30 metres straight on to the junction, then 60 metres away at an angle."""
    back_2 = np.array([np.cos(heading), np.sin(heading)])
    away_2 = np.array([np.cos(heading + turn), np.sin(heading + turn)])
    steps = np.arange(60)[:, None]
    return np.concatenate([JUNCTION - back_2 * 30 + back_2 * steps[:30], JUNCTION + away_2 * steps])


def drawn(town: Town, ego: CarPose, route_N2: np.ndarray, size: tuple[int, int] = (240, 180)) -> np.ndarray:
    frame_HWC = np.zeros((size[1], size[0], 3), np.uint8)
    Minimap(town, *size).draw(frame_HWC, ego, route_N2, route_N2[-1])
    left, top, right, bottom = minimap_box(*size)
    return frame_HWC[top:bottom, left:right]


def purple(map_HWC: np.ndarray) -> np.ndarray:
    red, green, blue = np.moveaxis(map_HWC.astype(int), 2, 0)
    return (blue > green + 80) & (red > green + 50)


def test_the_box_is_where_the_game_has_it() -> None:
    assert minimap_box(240, 180) == (3, 144, 50, 177)
    assert minimap_box(480, 360) == (6, 288, 100, 354)


@pytest.mark.parametrize("size", SIZES)
def test_only_the_box_is_touched(small_town: Town, size: tuple[int, int]) -> None:
    frame_HWC = np.full((size[1], size[0], 3), 77, np.uint8)
    Minimap(small_town, *size).draw(frame_HWC, at(0.3), route(pi / 2), (500.0, 900.0))
    left, top, right, bottom = minimap_box(*size)
    changed = (frame_HWC != 77).any(axis=2)
    assert changed[top:bottom, left:right].all()
    changed[top:bottom, left:right] = False
    assert not changed.any()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("heading", [0.0, pi / 2, -2.0])
def test_a_left_turn_leads_left_and_a_right_turn_right(
    small_town: Town, size: tuple[int, int], heading: float
) -> None:
    start = JUNCTION - 30 * np.array([np.cos(heading), np.sin(heading)])
    ego = at(heading, *start)
    columns = []
    for turn in (pi / 2, 0.0, -pi / 2):
        is_route = purple(drawn(small_town, ego, route(turn, heading), size))
        top_half = is_route[: is_route.shape[0] * 3 // 4]
        columns.append(np.nonzero(top_half)[1].mean() / is_route.shape[1])
    assert columns[0] < 0.42
    assert columns[1] == pytest.approx(0.5, abs=0.05)
    assert columns[2] > 0.58


def test_the_road_ahead_is_up_whatever_the_heading(small_town: Town) -> None:
    def is_road_above(ego: CarPose) -> bool:
        map_HWC = drawn(small_town, ego, np.array([[900.0, 900], [901, 900]]))
        return bool(map_HWC[10, 23].mean() > 120)

    middle = {"x": 105.0, "y": 60.0}
    assert is_road_above(at(0.0, **middle))
    assert is_road_above(at(pi, **middle))
    assert not is_road_above(at(pi / 2, **middle))


def test_the_highway_has_its_own_colour(small_town: Town) -> None:
    nowhere = np.array([[900.0, 900], [901, 900]])
    highway, street = (
        drawn(small_town, at(pi / 2, 240, 90), nowhere),
        drawn(small_town, at(0.0, 90, 60), nowhere),
    )
    assert highway[14, 23, 0] > highway[14, 23, 2] + 50
    assert abs(int(street[14, 23, 0]) - int(street[14, 23, 2])) < 20


def test_a_route_that_is_over_draws_no_line(small_town: Town) -> None:
    frame_HWC = np.zeros((180, 240, 3), np.uint8)
    Minimap(small_town, 240, 180).draw(frame_HWC, at(0.0), np.zeros((0, 2), np.float32), (130.0, 60.0))
    assert not purple(frame_HWC).any()
    assert (frame_HWC == (255, 232, 40)).all(axis=2).any()


def test_a_route_that_leaves_the_map_and_comes_back_is_not_joined(small_town: Town) -> None:
    away = np.array([[120.0 + x, 90.0] for x in range(200)])
    back = np.array([[320.0, 90.0], [320.0, 400.0], [121.0, 400.0], [121.0, 150.0]])
    back = np.concatenate([np.linspace(a, b, 200) for a, b in pairwise(back)])
    maps = []
    for route_N2 in (away, np.concatenate([away, back])):
        frame_HWC = np.zeros((180, 240, 3), np.uint8)
        Minimap(small_town, 240, 180).draw(frame_HWC, at(pi / 2, 120.0, 90.0), route_N2, (120.0, 0.0))
        maps.append(purple(frame_HWC)[148:])
    assert maps[0].any()
    assert (maps[0] == maps[1]).all()
