from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from playhead_streets.env import StreetsEnv
from playhead_streets.renderer import Renderer
from playhead_streets.sight import CLASSES, Box, box_names, boxes_in_sight
from playhead_streets.town import BUILDING, FREE, CarPose, Town
from playhead_streets.view import CameraName

WIDTH, HEIGHT = 480, 270
EGO = CarPose(x=85, y=58.2, heading=0.0, speed_mps=8, colour=1, is_braking=False)
WALL = np.array([[100.0, 61.0, 0.2, 4.0]], np.float32)


@pytest.fixture(scope="module")
def renderer(small_town: Town) -> Iterator[Renderer]:
    with Renderer(small_town, WIDTH, HEIGHT) as made:
        yield made


def seen(
    town: Town, others: list[CarPose], camera: CameraName = "hood", house: tuple[float, float] = (0, 0)
) -> list[Box]:
    def obstacle(x: float, y: float) -> int:
        return BUILDING if math.dist((x, y), house) < 5 else FREE

    ground = SimpleNamespace(obstacle=obstacle)
    world: Any = SimpleNamespace(ego_pose=lambda: EGO, traffic_poses=lambda: others, town=town, ground=ground)
    return boxes_in_sight(world, camera, WIDTH / HEIGHT)


def at(ahead_m: float, left_m: float, turned: float = 0.0, colour: int = 0) -> CarPose:
    return CarPose(
        x=EGO.x + ahead_m, y=EGO.y + left_m, heading=turned, speed_mps=8, colour=colour, is_braking=False
    )


def painted(one_HWC: np.ndarray, other_HWC: np.ndarray) -> tuple[float, float, float, float]:
    """Return the box around the pixels that differ: of a car in two colours that of its paint."""
    differs_HW = (np.abs(one_HWC.astype(int) - other_HWC.astype(int)) > 8).any(axis=2)
    rows, columns = np.flatnonzero(differs_HW.any(axis=1)), np.flatnonzero(differs_HW.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


@pytest.mark.parametrize("camera", ["hood", "chase"])
@pytest.mark.parametrize(
    ("ahead_m", "left_m", "turned"),
    [
        (8, 0, 0),
        (8, 0, 0.6),
        (15, 3, 0),
        (15, -4, -0.4),
        (30, 2, 1.5),
        (45, 0, 0),
        (12, 0, math.pi),
        (3.5, 3.2, 0),
    ],
)
def test_boxes_are_where_cars_are_drawn(
    small_town: Town, renderer: Renderer, camera: CameraName, ahead_m: float, left_m: float, turned: float
) -> None:
    red, white = (renderer.render(camera, EGO, [at(ahead_m, left_m, turned, colour)]) for colour in (0, 2))
    left, _, right, bottom = painted(red, white)
    _, top, _, _ = painted(red, renderer.render(camera, EGO, []))
    box = seen(small_town, [at(ahead_m, left_m, turned)], camera)[0]
    assert CLASSES[box.class_number] == "car"
    assert box.left * WIDTH == pytest.approx(left, abs=1.5)
    assert box.right * WIDTH == pytest.approx(right, abs=1.5)
    assert box.top * HEIGHT == pytest.approx(top, abs=1.5)
    wheels = 0.2 * (bottom - top) + 3
    assert bottom - 1.5 <= box.bottom * HEIGHT <= bottom + wheels or box.bottom == 1.0


def test_boxes_are_where_barriers_are_drawn(small_town: Town) -> None:
    walled = replace(small_town, barriers_W4=WALL)
    with Renderer(small_town, WIDTH, HEIGHT) as without, Renderer(walled, WIDTH, HEIGHT) as beside:
        drawn = painted(without.render("hood", EGO, []), beside.render("hood", EGO, []))
    (box,) = seen(walled, [])
    assert CLASSES[box.class_number] == "barrier"
    for value, side, size in zip(box[1:], drawn, (WIDTH, HEIGHT, WIDTH, HEIGHT), strict=True):
        assert value * size == pytest.approx(side, abs=1.5)


def test_what_is_covered_tiny_or_outside_is_left_out_and_the_nearest_comes_first(small_town: Town) -> None:
    near, behind_it, beside = at(8, 0), at(14, 0), at(20, 7)
    assert len(seen(small_town, [behind_it, beside, near])) == 2
    first, second = seen(small_town, [beside, near])
    assert first.bottom > second.bottom
    assert not seen(small_town, [at(-6, 0)])
    assert not seen(small_town, [at(70, 0)])


def test_a_car_behind_a_building_is_left_out(small_town: Town) -> None:
    assert len(seen(small_town, [at(40, 0)])) == 1
    assert not seen(small_town, [at(40, 0)], house=(EGO.x + 20, EGO.y))


def test_the_environment_tells_as_many_boxes_as_it_is_asked_for() -> None:
    env = StreetsEnv(observation="telemetry", scenario="race", traffic=12, boxes=6)
    _, info = env.reset(seed=3)
    told = {name: value for name, value in info.items() if name.startswith("box_")}
    assert list(told) == box_names(6)
    assert math.isfinite(told["box_0_class"])
    with pytest.raises(ValueError, match="boxes is 65"):
        StreetsEnv(boxes=65)
