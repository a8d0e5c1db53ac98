"""A small town made by hand: three by three junctions, a bend, a highway. Drawing needs no generator."""

from __future__ import annotations

import numpy as np
import pytest

from playhead_streets.town import CarPose, Junction, Road, RoadKind, Town

_PITCH_M = 90.0
_SIDE_M = 300.0


def straight(start: tuple[float, float], end: tuple[float, float]) -> np.ndarray:
    count = int(np.hypot(end[0] - start[0], end[1] - start[1])) + 1
    return np.linspace(start, end, count).astype(np.float32)


def bent(start: tuple[float, float], end: tuple[float, float], sideways_m: float) -> np.ndarray:
    line_N2 = straight(start, end)
    share_N = np.linspace(0, np.pi, len(line_N2))
    left_2 = np.array([-(end[1] - start[1]), end[0] - start[0]]) / np.hypot(end[0] - start[0], end[1] - start[1])
    return (line_N2 + np.sin(share_N)[:, None] * left_2 * sideways_m).astype(np.float32)


def road(kind: RoadKind, ends: tuple[int, int], line_N2: np.ndarray) -> Road:
    lanes = 2 if kind == "highway" else 1
    return Road(
        kind=kind,
        start=ends[0],
        end=ends[1],
        centre_N2=line_N2,
        lanes=lanes,
        lane_width_m=3.5,
        speed_limit_mps=14,
    )


def make_small_town(seed: int = 0, buildings: int = 40) -> Town:
    """Junction number 3 * row + column stands at (60 + 90 column, 60 + 90 row)."""
    places = [(60 + _PITCH_M * column, 60 + _PITCH_M * row) for row in range(3) for column in range(3)]
    pairs = [(n, n + 1) for n in range(9) if n % 3 < 2] + [(n, n + 3) for n in range(6)]
    roads = []
    for start, end in pairs:
        kind: RoadKind = "highway" if start % 3 == 2 else "curve" if (start, end) == (7, 8) else "street"
        line_N2 = (bent if kind == "curve" else lambda a, b, _: straight(a, b))(places[start], places[end], 14.0)
        roads.append(road(kind, (start, end), line_N2))
    junctions = []
    for number, (x, y) in enumerate(places):
        own = tuple(index for index, pair in enumerate(pairs) if number in pair)
        junctions.append(Junction(x=x, y=y, radius_m=8.0, roads=own))
    rng = np.random.default_rng(seed)
    size = int(_SIDE_M * 2)
    return Town(
        seed=seed,
        roads=tuple(roads),
        junctions=tuple(junctions),
        buildings_B7=_buildings(rng, buildings),
        poles_P3=_beside(rng, 40, 5.0, (6, 8)),
        trees_T3=_beside(rng, 60, 8.5, (4, 7)),
        surface_RC=np.zeros((size, size), np.uint8),
        obstacles_RC=np.zeros((size, size), np.uint8),
        origin_2=(0.0, 0.0),
    )


def _beside(rng: np.random.Generator, count: int, offset_m: float, heights: tuple[float, float]) -> np.ndarray:
    """Place things beside the streets that run east."""
    rows = 60 + _PITCH_M * rng.integers(0, 3, count) + rng.choice([-offset_m, offset_m], count)
    columns = 60 + _PITCH_M * rng.integers(0, 2, count) + rng.uniform(18, 72, count)
    return np.stack([columns, rows, rng.uniform(*heights, count)], axis=1).astype(np.float32)


def _buildings(rng: np.random.Generator, count: int) -> np.ndarray:
    spots = _beside(rng, count, 18.0, (8, 26))
    rest = [rng.uniform(9, 13, count), rng.uniform(9, 13, count), spots[:, 2], rng.integers(0, 8, count)]
    return np.column_stack([spots[:, :2], np.zeros(count), *rest]).astype(np.float32)


def pose(x: float, y: float, heading: float = 0.0, colour: int = 0, is_braking: bool = False) -> CarPose:
    return CarPose(x=x, y=y, heading=heading, speed_mps=8.0, colour=colour, is_braking=is_braking)


@pytest.fixture(scope="session")
def small_town() -> Town:
    return make_small_town()
