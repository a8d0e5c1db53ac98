"""Grow what is raced on: a closed circuit with barriers beside it.

A circuit is a town without side streets: one road with one way, cut into pieces so that lanes, traffic, map and
renderer take it as they take any town.

Shape legend: C corners, N points, W barriers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from playhead_streets.generate import (
    draw_roads,
    fill,
    normals,
    place_buildings,
    place_trees,
    rectangle,
    resample,
    to_cells,
)
from playhead_streets.town import BARRIER, RASTER_M, FloatArray, Junction, Road, Town

LANES = 2
LANE_WIDTH_M = 4.5
LIMIT_MPS = 12.5  # of the other cars, which are there to be overtaken
MARGIN_M = 60.0
CORNERS = (8, 13)
REACH_M = (95.0, 215.0)  # of a corner from the middle
RADIUS_M = (12.0, 70.0)  # of corners: from walking pace in a hairpin to full throttle
APART_M = 2 * LANES * LANE_WIDTH_M + 8.0  # of parts of a circuit that do not follow one another
PIECE_M = 180.0  # of road between two junctions
JUNCTION_M = 5.0
BARRIER_M = 4.0  # length of one
THICK_M = 0.5
RUN_OFF_M = (1.2, 4.5)  # between the kerb and a barrier
TRIES = 200

FloatPoints = npt.NDArray[np.float64]


def make_circuit(seed: int) -> Town:
    """Grow the circuit of a seed."""
    rng = np.random.default_rng([seed, 7])
    line_N2 = _centre_line(rng)
    roads, junctions = _pieces(line_N2)
    west, south = (line_N2.min(axis=0) - MARGIN_M).tolist()
    origin_2 = (west, south)
    cells = math.ceil(float((line_N2.max(axis=0) - origin_2).max() + MARGIN_M) / RASTER_M)
    surface_RC = draw_roads(roads, junctions, cells, origin_2)
    obstacles_RC = np.zeros_like(surface_RC)
    barriers_W4 = _barriers(rng, line_N2)
    for x, y, heading, length in barriers_W4.tolist():
        fill(obstacles_RC, to_cells(rectangle(x, y, heading, length, THICK_M), origin_2), BARRIER)
    buildings_B7 = place_buildings(rng, roads, surface_RC, obstacles_RC, origin_2, 120, clear_m=9.0)
    trees_T3 = place_trees(rng, roads, surface_RC, obstacles_RC, origin_2, offset_m=(7.0, 30.0))
    return Town(
        seed=seed,
        roads=roads,
        junctions=junctions,
        buildings_B7=buildings_B7,
        barriers_W4=barriers_W4,
        poles_P3=np.empty((0, 3), np.float32),
        trees_T3=trees_T3,
        surface_RC=surface_RC,
        obstacles_RC=obstacles_RC,
        origin_2=origin_2,
    )


def _centre_line(rng: np.random.Generator) -> FloatPoints:
    """Lay a closed line of straights and arcs, a point a metre, that keeps clear of itself."""
    for _ in range(TRIES):
        count = int(rng.integers(*CORNERS))
        angles_C = np.sort(rng.uniform(0.0, math.tau, count))
        reach_C = rng.uniform(*REACH_M, count)
        corners_C2 = reach_C[:, None] * np.stack([np.cos(angles_C), np.sin(angles_C)], axis=1)
        line_N2 = _rounded(rng, corners_C2)
        if line_N2 is not None and _keeps_clear(line_N2):
            return line_N2 if rng.random() < 0.5 else line_N2[::-1].copy()
    raise RuntimeError(f"None of {TRIES} circuits keeps clear of itself.")


def _rounded(rng: np.random.Generator, corners_C2: FloatPoints) -> FloatPoints | None:
    """Round each corner of a polygon by an arc; None where edges are too short for the least radius."""
    before_C2, after_C2 = np.roll(corners_C2, 1, axis=0), np.roll(corners_C2, -1, axis=0)
    pieces = []
    for before_2, corner_2, after_2 in zip(before_C2, corners_C2, after_C2, strict=True):
        towards_2, away_2 = corner_2 - before_2, after_2 - corner_2
        room_m = 0.47 * min(float(np.hypot(*towards_2)), float(np.hypot(*away_2)))
        towards_2, away_2 = towards_2 / np.hypot(*towards_2), away_2 / np.hypot(*away_2)
        bend = math.atan2(towards_2[0] * away_2[1] - towards_2[1] * away_2[0], float(towards_2 @ away_2))
        widest_m = room_m / max(math.tan(abs(bend) / 2), 1e-3)
        if widest_m < RADIUS_M[0]:
            return None
        radius_m = min(widest_m, float(rng.uniform(*RADIUS_M)))
        first_2 = corner_2 - towards_2 * radius_m * math.tan(abs(bend) / 2)
        side = math.copysign(1.0, bend)
        middle_2 = first_2 + side * radius_m * np.array([-towards_2[1], towards_2[0]])
        begins = math.atan2(*(first_2 - middle_2)[::-1])
        turned_N = begins + np.linspace(0.0, bend, max(3, round(radius_m * abs(bend)) + 1))
        pieces.append(middle_2 + radius_m * np.stack([np.cos(turned_N), np.sin(turned_N)], axis=1))
    closed_N2 = np.concatenate([*pieces, pieces[0][:1]])
    return resample(closed_N2, 1.0)[:-1]


def _keeps_clear(line_N2: FloatPoints, every: int = 4) -> bool:
    """Whether parts of a closed line that do not follow one another are APART_M from one another."""
    some_N2 = line_N2[::every]
    count = len(some_N2)
    gap_NN = np.hypot(*(some_N2[:, None] - some_N2[None]).transpose(2, 0, 1))
    steps_NN = np.abs(np.arange(count)[:, None] - np.arange(count)[None])
    along_NN = every * np.minimum(steps_NN, count - steps_NN)
    return bool((gap_NN[along_NN > 2.2 * APART_M] > APART_M).all())


def _pieces(line_N2: FloatPoints) -> tuple[tuple[Road, ...], tuple[Junction, ...]]:
    """Cut a closed line into roads; the last one ends where the first begins."""
    count = max(3, round(len(line_N2) / PIECE_M))
    cuts = np.round(np.linspace(0, len(line_N2), count + 1)).astype(int).tolist()
    closed_N2 = np.concatenate([line_N2, line_N2[:1]]).astype(np.float32)
    roads = tuple(
        Road(
            kind="track", start=number, end=(number + 1) % count, is_one_way=True,
            centre_N2=closed_N2[cuts[number] : cuts[number + 1] + 1],
            lanes=LANES, lane_width_m=LANE_WIDTH_M, speed_limit_mps=LIMIT_MPS,
        )
        for number in range(count)
    )  # fmt: skip
    junctions = tuple(
        Junction(x=x, y=y, radius_m=JUNCTION_M, roads=((number - 1) % count, number))
        for number, (x, y) in enumerate(line_N2[cuts[:-1]].tolist())
    )
    return roads, junctions


def _barriers(rng: np.random.Generator, line_N2: FloatPoints) -> FloatArray:
    """Stand walls on both sides, outside of bends always, elsewhere in stretches. Returns (W, 4)."""
    left_N2 = normals(np.concatenate([line_N2[-2:], line_N2, line_N2[:2]]))[2:-2]
    bend_N = _bends(left_N2)
    half_m = LANES * LANE_WIDTH_M / 2
    found: list[FloatPoints] = []
    for side in (-1.0, 1.0):
        away_m = half_m + float(rng.uniform(*RUN_OFF_M))
        stands_N = (side * bend_N < -0.004) | (_stretches(rng, len(line_N2)) & (side * bend_N < 0.004))
        edge_N2 = line_N2 + side * left_N2 * away_m
        for at in range(0, len(line_N2) - int(BARRIER_M), int(BARRIER_M)):
            if stands_N[at]:
                first_2, last_2 = edge_N2[at], edge_N2[at + int(BARRIER_M)]
                along_2 = last_2 - first_2
                found.append(np.array([*((first_2 + last_2) / 2), math.atan2(*along_2[::-1]), np.hypot(*along_2)]))
    barriers_W4 = np.array(found, dtype=np.float64).reshape(-1, 4)
    clear_WN = np.hypot(*(barriers_W4[:, None, :2] - line_N2[None]).transpose(2, 0, 1))
    kept_W4: FloatArray = barriers_W4[clear_WN.min(axis=1) > half_m + 0.8].astype(np.float32)
    return kept_W4


def _bends(left_N2: FloatPoints) -> npt.NDArray[np.float64]:
    """Return the curvature at each point of a line from its normals, left positive, per metre."""
    heading_N = np.unwrap(np.arctan2(-left_N2[:, 0], left_N2[:, 1]))
    return np.convolve(np.gradient(heading_N), np.ones(9) / 9, mode="same")


def _stretches(rng: np.random.Generator, count: int) -> npt.NDArray[np.bool_]:
    lengths = rng.integers(30, 110, 2 + count // 30)
    flags: Sequence[bool] = [bool(number % 2) for number in range(len(lengths))]
    return np.repeat(flags, lengths)[:count]
