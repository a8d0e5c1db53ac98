"""Where other cars and barriers are in the picture of a camera, as boxes: what a detector learns from.

Draws nothing: the same edges that the renderer draws are projected here.
Shape legend: N things, E edges of one.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from playhead_streets.cars import CAR_COLOURS, car
from playhead_streets.scenery import BARRIER_M
from playhead_streets.simulation import Simulation
from playhead_streets.town import BUILDING
from playhead_streets.view import MOUNTS, NEAR_M, CameraName, view_slopes

CLASSES = ("car", "barrier")
FIELDS = ("class", "left", "top", "right", "bottom")
CAR_SEEN_M, BARRIER_SEEN_M = 60.0, 25.0
LEAST_HIGH = 0.02  # of the picture: a car 60 m away
VISIBLE = 0.4  # share of a box that no nearer car covers
GRID = (27, 48)  # rows and columns in which that is counted

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class Box(NamedTuple):
    """One thing in the picture. Units: shares of its width and height, from its upper left corner."""

    class_number: int
    left: float
    top: float
    right: float
    bottom: float


def box_names(count: int) -> list[str]:
    """Return the names in the telemetry of so many boxes."""
    return [f"box_{number}_{name}" for number in range(count) for name in FIELDS]


def told_boxes(boxes: list[Box], count: int) -> dict[str, float]:
    """Return the first boxes by name; where there are fewer, what is left is no number."""
    values = [float(value) for box in boxes[:count] for value in box]
    return dict(zip(box_names(count), values + [math.nan] * (count * len(FIELDS) - len(values)), strict=True))


def boxes_in_sight(simulation: Simulation, camera: CameraName, shape: float) -> list[Box]:
    """Return what a camera sees of cars and barriers, the nearest first.

    Left out are those that are tiny, outside the picture, behind a building or mostly behind another car.
    Units:  shape is the width of the picture over its height.
    """
    ego = simulation.ego_pose()
    ahead_m = MOUNTS[camera].ahead_m
    eye = ego.x + ahead_m * math.cos(ego.heading), ego.y + ahead_m * math.sin(ego.heading)
    cars = [
        (other.x, other.y, other.heading)
        for other in simulation.traffic_poses()
        if math.dist((other.x, other.y), eye) < CAR_SEEN_M and not _is_hidden(simulation, eye, other.x, other.y)
    ]
    walls_W4 = simulation.town.barriers_W4
    walls_W4 = walls_W4[np.hypot(*(walls_W4[:, :2] - eye).T) < BARRIER_SEEN_M].astype(np.float64)
    found = []
    for number, edges in enumerate((_placed(np.array(cars).reshape(-1, 3)), _walls(walls_W4))):
        near_N, boxes_N4 = _projected(edges, (*eye, ego.heading), camera, shape)
        found += [(near, Box(number, *box)) for near, box in zip(near_N.tolist(), boxes_N4.tolist(), strict=True)]
    return _uncovered([box for _, box in sorted(found)])


def _uncovered(boxes: list[Box]) -> list[Box]:
    """Return those boxes, given nearest first, that are large enough and that no nearer car covers."""
    covered, seen = np.zeros(GRID, bool), []
    for box in boxes:
        if not (box.right > box.left and box.bottom - box.top >= LEAST_HIGH):
            continue
        rows = slice(int(box.top * GRID[0]), math.ceil(box.bottom * GRID[0]))
        columns = slice(int(box.left * GRID[1]), math.ceil(box.right * GRID[1]))
        if covered[rows, columns].mean() <= 1 - VISIBLE:
            seen.append(box)
        if CLASSES[box.class_number] == "car":
            covered[rows, columns] = True
    return seen


def _is_hidden(simulation: Simulation, eye: tuple[float, float], x: float, y: float) -> bool:
    """Whether a building stands between the eye and a place."""
    steps = int(math.dist(eye, (x, y)) / 2.0)
    return any(
        simulation.ground.obstacle(eye[0] + (x - eye[0]) * at / steps, eye[1] + (y - eye[1]) * at / steps)
        == BUILDING
        for at in range(1, steps)
    )


@cache
def _car_edges() -> FloatArray:
    """Return the edges of a car (E, 2, 3), which all colours share."""
    corners_Q43 = car(CAR_COLOURS[0], is_braking=False).corners_Q43.astype(np.float64)
    return np.stack([corners_Q43, np.roll(corners_Q43, 1, axis=1)], axis=2).reshape(-1, 2, 3)


@cache
def _box_edges() -> FloatArray:
    """Return the twelve edges of a box of one metre on the ground."""
    corners = [np.array([x, y, z]) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0.0, 1.0)]
    return np.array([(a, b) for a in corners for b in corners if (a != b).sum() == 1 and tuple(a) < tuple(b)])


def _placed(poses_N3: FloatArray) -> FloatArray:
    """Return the edges of cars at poses x, y, heading as (N, E, 2, 3)."""
    return _turned(np.broadcast_to(_car_edges(), (len(poses_N3), *_car_edges().shape)), poses_N3)


def _walls(walls_W4: FloatArray) -> FloatArray:
    thick_m, high_m = BARRIER_M
    sizes = np.stack([walls_W4[:, 3], np.full(len(walls_W4), thick_m), np.full(len(walls_W4), high_m)], axis=1)
    return _turned(_box_edges()[None] * sizes[:, None, None], walls_W4[:, :3])


def _turned(edges: FloatArray, poses_N3: FloatArray) -> FloatArray:
    cosine, sine = np.cos(poses_N3[:, 2, None, None]), np.sin(poses_N3[:, 2, None, None])
    x, y, z = np.moveaxis(edges, -1, 0)
    along, across = x * cosine - y * sine, x * sine + y * cosine
    return np.stack([along + poses_N3[:, 0, None, None], across + poses_N3[:, 1, None, None], z], axis=-1)


def _projected(
    edges: FloatArray, eye: tuple[float, float, float], camera: CameraName, shape: float
) -> tuple[FloatArray, FloatArray]:
    """Return how near each thing is, and its box: left, top, right, bottom, within the picture.

    Edges are cut where they leave the picture, so that what lies beside it counts for nothing.
    Shapes:  edges (N, E, 2, 3).
    """
    if not len(edges):
        return np.empty(0), np.empty((0, 4))
    mount = MOUNTS[camera]
    x, y, z = np.moveaxis(edges - (*eye[:2], mount.height_m), -1, 0)
    level, right = x * math.cos(eye[2]) + y * math.sin(eye[2]), x * math.sin(eye[2]) - y * math.cos(eye[2])
    pitch = math.radians(mount.pitch)
    ahead, up = level * math.cos(pitch) + z * math.sin(pitch), z * math.cos(pitch) - level * math.sin(pitch)
    across, upwards = view_slopes(shape)
    is_seen, (ahead, right_of, up) = _cut(ahead, right / across, up / upwards)
    sides = []
    for at in ((1 + right_of / ahead) / 2, (1 - up / ahead) / 2):
        sides.append(np.where(is_seen, at, np.inf).min(axis=(1, 2)))
        sides.append(np.where(is_seen, at, -np.inf).max(axis=(1, 2)))
    boxes_N4 = np.stack([sides[0], sides[2], sides[1], sides[3]], axis=1)
    return np.hypot(level, right).min(axis=(1, 2)), np.clip(boxes_N4, 0.0, 1.0)


def _cut(ahead: FloatArray, right: FloatArray, up: FloatArray) -> tuple[BoolArray, list[FloatArray]]:
    """Return which ends of edges (N, E, 2) are seen, and where they are once cut off at the sides of the picture.

    Source:  Liang and Barsky 1984, in a picture whose half measures one at one metre.
    """
    first, last = np.zeros(ahead.shape[:2]), np.ones(ahead.shape[:2])
    for inside in (ahead - NEAR_M, ahead - right, ahead + right, ahead - up, ahead + up):
        begins, ends = inside[..., 0], inside[..., 1]
        crosses = begins / np.where(begins == ends, 1.0, begins - ends)
        first = np.where(begins < 0, np.where(ends < 0, 2.0, np.maximum(first, crosses)), first)
        last = np.where(ends < 0, np.minimum(last, crosses), last)
    shares = np.stack([first, last], axis=-1)
    is_seen = np.broadcast_to((first <= last)[..., None], ahead.shape)
    cut = [part[..., :1] + shares * (part[..., 1:] - part[..., :1]) for part in (ahead, right, up)]
    cut[0] = np.where(is_seen, np.maximum(cut[0], NEAR_M), 1.0)
    return is_seen, cut
