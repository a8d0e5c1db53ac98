"""Grow a town from a seed: a jittered grid of streets, a highway, buildings, poles and trees, with their rasters.

Shape legend: N points, B buildings, P poles, T trees, K candidates, R x C raster rows and columns.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from playhead_streets.town import (
    BUILDING,
    POLE,
    RASTER_M,
    ROAD,
    ByteArray,
    FloatArray,
    Junction,
    Road,
    RoadKind,
    Town,
)

Split = Literal["train", "test"]

BLOCK_M = 88.0  # distance of neighbouring junctions: 6 x 6 of them make a town of 440 m
MARGIN_M = 45.0  # open land around the outermost junctions
LANE_WIDTH_M = 3.5
STREET_LIMIT_MPS = 12.5  # 45 km/h
HIGHWAY_LIMIT_MPS = 19.5  # 70 km/h
PAVEMENT_M = 3.5
SHARPEST_TURN = 2.1  # radians; no way leads through a junction with a sharper turn
POLE_RADIUS_M = 0.35
TREE_RADIUS_M = 0.5

Edge = tuple[int, int]


def town_seed(seed: int, split: Split) -> int:
    """Fold the split into the seed of a town: training towns are even, test towns are odd, so none is in both."""
    return 2 * seed + (1 if split == "test" else 0)


def make_town(seed: int, blocks: int = 6, building_count: int = 300) -> Town:
    """Grow the town of `seed`; see `town_seed` for how training and test towns are kept apart.

    Units:  blocks is the number of junctions along each side of the grid.
    """
    rng = np.random.default_rng(seed)
    highway = _choose_highway(rng, blocks)
    places_J2 = _jittered_grid(rng, blocks, highway)
    edges = _choose_edges(rng, blocks, highway)
    roads = tuple(_make_road(rng, places_J2, edge, highway) for edge in edges)
    junctions = _make_junctions(places_J2, roads)
    size_m = (blocks - 1) * BLOCK_M + 2 * MARGIN_M
    cells = round(size_m / RASTER_M)
    origin = (-MARGIN_M, -MARGIN_M)
    surface_RC = draw_roads(roads, junctions, cells, origin)
    obstacles_RC = np.zeros_like(surface_RC)
    buildings_B7 = place_buildings(rng, roads, surface_RC, obstacles_RC, origin, building_count)
    poles_P3 = _place_poles(rng, roads, junctions, surface_RC, obstacles_RC, origin)
    trees_T3 = place_trees(rng, roads, surface_RC, obstacles_RC, origin)
    return Town(
        seed=seed,
        roads=roads,
        junctions=junctions,
        buildings_B7=buildings_B7,
        poles_P3=poles_P3,
        trees_T3=trees_T3,
        surface_RC=surface_RC,
        obstacles_RC=obstacles_RC,
        origin_2=origin,
    )


# Streets -------------------------------------------------------------------------------------------------------


def _choose_highway(rng: np.random.Generator, blocks: int) -> tuple[int, ...]:
    """Pick the row or the column of junctions that the highway runs through."""
    line = int(rng.integers(1, blocks - 1))
    if rng.random() < 0.5:
        return tuple(line * blocks + column for column in range(blocks))
    return tuple(row * blocks + line for row in range(blocks))


def _jittered_grid(rng: np.random.Generator, blocks: int, highway: Sequence[int]) -> npt.NDArray[np.float64]:
    rows, columns = np.divmod(np.arange(blocks * blocks), blocks)
    jitter_J2 = rng.uniform(-11.0, 11.0, (blocks * blocks, 2))
    jitter_J2[list(highway)] *= 0.35  # a highway runs nearly straight
    return np.stack([columns, rows], axis=1) * BLOCK_M + jitter_J2


def _choose_edges(rng: np.random.Generator, blocks: int, highway: Sequence[int]) -> list[Edge]:
    """Join neighbours, then take some streets away; junctions keep two roads and the town stays in one piece."""
    right = [(i, i + 1) for i in range(blocks * blocks) if (i + 1) % blocks]
    up = [(i, i + blocks) for i in range(blocks * (blocks - 1))]
    edges = right + up
    on_highway = set(highway)
    quiet = set(highway[2:-1:2])  # junctions without side streets make the stretches of highway longer
    for index in rng.permutation(len(edges)):
        edge = (right + up)[index]
        both_on_highway = edge[0] in on_highway and edge[1] in on_highway
        wanted = bool(quiet & set(edge)) or rng.random() < 0.12
        if wanted and not both_on_highway and _may_remove(edges, edge, blocks * blocks):
            edges.remove(edge)
    return edges


def _may_remove(edges: list[Edge], edge: Edge, junctions: int) -> bool:
    neighbours: list[list[int]] = [[] for _ in range(junctions)]
    for a, b in edges:
        if (a, b) != edge:
            neighbours[a].append(b)
            neighbours[b].append(a)
    if min(len(neighbours[edge[0]]), len(neighbours[edge[1]])) < 2:
        return False
    seen, queue = {edge[0]}, deque([edge[0]])
    while queue:
        for other in neighbours[queue.popleft()]:
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return len(seen) == junctions


def _make_road(
    rng: np.random.Generator, places_J2: npt.NDArray[np.float64], edge: Edge, highway: Sequence[int]
) -> Road:
    start_2, end_2 = places_J2[edge[0]], places_J2[edge[1]]
    is_highway = edge[0] in highway and edge[1] in highway
    bends = not is_highway and rng.random() < 0.45
    kind: RoadKind = "highway" if is_highway else "curve" if bends else "street"
    across_2 = np.array([-(end_2 - start_2)[1], (end_2 - start_2)[0]]) / np.linalg.norm(end_2 - start_2)
    bow_m = rng.uniform(8.0, 17.0) * rng.choice([-1.0, 1.0]) if bends else 0.0
    twist = rng.choice([1.0, 1.0, -1.0])  # -1 makes an S
    control_42 = np.stack(
        [
            start_2,
            start_2 + (end_2 - start_2) * 0.36 + across_2 * bow_m,
            start_2 + (end_2 - start_2) * 0.64 + across_2 * bow_m * twist,
            end_2,
        ]
    )
    return Road(
        kind=kind,
        start=edge[0],
        end=edge[1],
        centre_N2=resample(bezier(control_42), 1.0).astype(np.float32),
        lanes=2 if is_highway else 1,
        lane_width_m=LANE_WIDTH_M,
        speed_limit_mps=HIGHWAY_LIMIT_MPS if is_highway else STREET_LIMIT_MPS,
    )


def bezier(control_42: npt.NDArray[np.float64], points: int = 48) -> npt.NDArray[np.float64]:
    """Trace a cubic Bezier curve with `points` points. Shapes: control_42 (4, 2); returns (points, 2)."""
    t = np.linspace(0.0, 1.0, points)[:, None]
    a, b, c, d = control_42
    return np.asarray((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d)


def resample(line_N2: npt.NDArray[np.floating], step_m: float) -> npt.NDArray[np.float64]:
    """Give a line evenly spaced points, as near to one every `step_m` as its length allows."""
    reach_N = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line_N2, axis=0).T))])
    points = max(2, round(reach_N[-1] / step_m) + 1)
    at = np.linspace(0.0, reach_N[-1], points)
    return np.stack([np.interp(at, reach_N, line_N2[:, axis]) for axis in (0, 1)], axis=1)


def normals(line_N2: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Unit vectors that point to the left of a line at each of its points."""
    along_N2 = np.gradient(np.asarray(line_N2, dtype=np.float64), axis=0)
    along_N2 /= np.maximum(np.hypot(*along_N2.T), 1e-9)[:, None]
    return np.stack([-along_N2[:, 1], along_N2[:, 0]], axis=1)


def _make_junctions(places_J2: npt.NDArray[np.float64], roads: Sequence[Road]) -> tuple[Junction, ...]:
    meeting: list[list[int]] = [[] for _ in places_J2]
    for index, road in enumerate(roads):
        meeting[road.start].append(index)
        meeting[road.end].append(index)
    return tuple(
        Junction(
            x=float(x),
            y=float(y),
            radius_m=_junction_radius(number, [roads[index] for index in meeting[number]]),
            roads=tuple(meeting[number]),
        )
        for number, (x, y) in enumerate(places_J2)
    )


def _junction_radius(number: int, roads: Sequence[Road]) -> float:
    """Make a junction large enough for the sharpest turn a car takes there.

    A right turn by the angle b between lanes that begin r from the middle has a radius of r / tan(b / 2) less the
    1.75 m of the lane; 7.4 m leaves 5.6 m of it to the car.
    """
    outwards = []
    for road in roads:
        line_N2 = road.centre_N2 if road.start == number else road.centre_N2[::-1]
        outwards.append(float(np.arctan2(*(line_N2[14] - line_N2[6])[::-1])))
    bends = [
        np.pi - abs(math.remainder(first - second, math.tau))
        for index, first in enumerate(outwards)
        for second in outwards[:index]
    ]
    sharpest = max((bend for bend in bends if bend < SHARPEST_TURN), default=0.0)
    least_m = 13.0 if any(road.lanes > 1 for road in roads) else 8.5
    return max(least_m, 7.4 * math.tan(sharpest / 2))


# Rasters and what stands beside the roads ----------------------------------------------------------------------


def to_cells(points_K2: npt.NDArray[np.floating], origin: tuple[float, float]) -> npt.NDArray[np.float64]:
    """Raster coordinates (column, row) as OpenCV counts them: whole numbers are the middles of cells."""
    return (np.asarray(points_K2, dtype=np.float64) - origin) / RASTER_M - 0.5


def fill(raster_RC: npt.NDArray[Any], points_K2: npt.NDArray[np.float64], value: int) -> None:
    """Fill a polygon given in cells, with a sixteenth of a cell of precision."""
    cv2.fillPoly(raster_RC, [np.round(points_K2 * 16).astype(np.int32)], value, shift=4)


def draw_roads(
    roads: Sequence[Road], junctions: Sequence[Junction], cells: int, origin: tuple[float, float]
) -> ByteArray:
    """Return the raster of where there is road."""
    surface_RC = np.zeros((cells, cells), np.uint8)
    for road in roads:
        side_N2 = normals(road.centre_N2) * road.half_width_m
        outline_K2 = np.concatenate([road.centre_N2 + side_N2, (road.centre_N2 - side_N2)[::-1]])
        fill(surface_RC, to_cells(outline_K2, origin), ROAD)
    for junction in junctions:
        column, row = to_cells(np.array([junction.x, junction.y]), origin)
        centre = (round(column * 16), round(row * 16))
        cv2.circle(surface_RC, centre, round(junction.radius_m / RASTER_M * 16), ROAD, cv2.FILLED, shift=4)
    return surface_RC


def _dot(raster_RC: ByteArray, column: float, row: float, radius: float) -> None:
    """Fill the cells that a small disc touches with POLE; OpenCV's circles miss their own middle at this size."""
    first_row, first_column = round(row) - 1, round(column) - 1
    rows_R1 = np.arange(first_row, first_row + 3)[:, None]
    columns_1C = np.arange(first_column, first_column + 3)[None, :]
    near_RC = np.hypot(rows_R1 - row, columns_1C - column) < max(radius, 0.5) + 0.3
    raster_RC[first_row : first_row + 3, first_column : first_column + 3][near_RC] = POLE


def rectangle(x: float, y: float, heading: float, length: float, width: float) -> npt.NDArray[np.float64]:
    """Return the corners of a rectangle, the heading along its length."""
    along = np.array([np.cos(heading), np.sin(heading)]) * length / 2
    across = np.array([-np.sin(heading), np.cos(heading)]) * width / 2
    return np.array([x, y]) + np.stack([along + across, along - across, -along - across, -along + across])


def _beside(
    rng: np.random.Generator, roads: Sequence[Road], spacing_m: float, offset_m: tuple[float, float]
) -> npt.NDArray[np.float64]:
    """Candidate places on both sides of all roads, shuffled. Returns (K, 3): x, y, heading of the road."""
    found = []
    for road in roads:
        centre_N2 = np.asarray(road.centre_N2, dtype=np.float64)
        left_N2 = normals(centre_N2)
        for side in (-1.0, 1.0):
            at = np.arange(rng.uniform(0, spacing_m), len(centre_N2), spacing_m).astype(int)
            away = road.half_width_m + rng.uniform(*offset_m, (len(at), 1))
            place_K2 = centre_N2[at] + side * left_N2[at] * away
            heading_K = np.arctan2(-left_N2[at, 0], left_N2[at, 1])
            found.append(np.concatenate([place_K2, heading_K[:, None]], axis=1))
    return rng.permutation(np.concatenate(found))


def place_buildings(
    rng: np.random.Generator,
    roads: Sequence[Road],
    surface_RC: ByteArray,
    obstacles_RC: ByteArray,
    origin: tuple[float, float],
    count: int,
    clear_m: float = PAVEMENT_M,
) -> FloatArray:
    """Set houses along the roads, clear of their sides and of one another, and draw them into the obstacles."""
    pavement = round(2 * clear_m / RASTER_M) + 1
    taken_RC = cv2.dilate(surface_RC, np.ones((pavement, pavement), np.uint8))
    standing: list[tuple[float, ...]] = []
    front_K3 = _beside(rng, roads, 5.0, (clear_m + 5.0, clear_m + 9.0))
    back_K3 = _beside(rng, roads, 9.0, (clear_m + 20.0, clear_m + 28.0))
    for x, y, heading in np.concatenate([front_K3, back_K3]):
        length, width = rng.uniform(9.0, 19.0), rng.uniform(8.0, 15.0)
        grid_K2 = _samples(x, y, heading, length + 1.0, width + 1.0)
        column_K, row_K = np.round(to_cells(grid_K2, origin)).astype(int).T
        inside = min(column_K.min(), row_K.min()) >= 0 and max(column_K.max(), row_K.max()) < len(taken_RC)
        if not inside or taken_RC[row_K, column_K].any():
            continue
        outline_42 = to_cells(rectangle(x, y, heading, length, width), origin)
        fill(taken_RC, outline_42, 1)
        fill(obstacles_RC, outline_42, BUILDING)
        height = rng.uniform(5.0, 13.0) if rng.random() < 0.75 else rng.uniform(13.0, 32.0)
        standing.append((x, y, heading, length, width, height, float(rng.integers(8))))
        if len(standing) == count:
            break
    return np.array(standing, dtype=np.float32).reshape(-1, 7)


def _samples(x: float, y: float, heading: float, length: float, width: float) -> npt.NDArray[np.float64]:
    """Points of a rectangle, 7 x 7, close enough together that no house fits between them."""
    u, v = np.meshgrid(np.linspace(-0.5, 0.5, 7) * length, np.linspace(-0.5, 0.5, 7) * width)
    cosine, sine = np.cos(heading), np.sin(heading)
    return np.stack([x + u * cosine - v * sine, y + u * sine + v * cosine], axis=-1).reshape(-1, 2)


def _place_poles(
    rng: np.random.Generator,
    roads: Sequence[Road],
    junctions: Sequence[Junction],
    surface_RC: ByteArray,
    obstacles_RC: ByteArray,
    origin: tuple[float, float],
) -> FloatArray:
    """Stand poles along the kerbs, about one every 9 m of road."""
    places_K3 = _beside(rng, roads, 18.0, (0.9, 1.2))
    return _stand(rng, places_K3, POLE_RADIUS_M, (5.5, 7.5), 0.7, surface_RC, obstacles_RC, origin)


def place_trees(
    rng: np.random.Generator,
    roads: Sequence[Road],
    surface_RC: ByteArray,
    obstacles_RC: ByteArray,
    origin: tuple[float, float],
    offset_m: tuple[float, float] = (2.2, 14.0),
) -> FloatArray:
    """Scatter trees beside the roads."""
    places_K3 = _beside(rng, roads, 24.0, offset_m)
    return _stand(rng, places_K3, TREE_RADIUS_M, (4.0, 9.0), 1.8, surface_RC, obstacles_RC, origin)


def _stand(
    rng: np.random.Generator,
    places_K3: npt.NDArray[np.float64],
    radius_m: float,
    height_m: tuple[float, float],
    free_m: float,
    surface_RC: ByteArray,
    obstacles_RC: ByteArray,
    origin: tuple[float, float],
) -> FloatArray:
    """Stand poles or trees where nothing is within `free_m`, and draw them into the obstacles."""
    reach = round(2 * free_m / RASTER_M) + 1
    taken_RC = cv2.dilate(surface_RC | obstacles_RC, np.ones((reach, reach), np.uint8))
    column_K, row_K = np.round(to_cells(places_K3[:, :2], origin)).astype(int).T
    last = len(taken_RC) - 1
    inside_K = (column_K > 1) & (row_K > 1) & (column_K < last - 1) & (row_K < last - 1)
    free_K = inside_K & (taken_RC[row_K.clip(0, last), column_K.clip(0, last)] == 0)
    standing_K2 = places_K3[free_K, :2]
    for column, row in to_cells(standing_K2, origin):
        _dot(obstacles_RC, column, row, radius_m / RASTER_M)
    heights_K1 = rng.uniform(*height_m, (len(standing_K2), 1))
    return np.concatenate([standing_K2, heights_K1], axis=1).astype(np.float32)
