"""What a town is made of: roads, junctions, buildings, poles, trees. Data only; see generate.py for how one grows.

Metres, x east, y north; headings in radians, anticlockwise from east. Traffic keeps to the right.

Shape legend: N points, B buildings, P poles, T trees, W barriers, R x C raster rows and columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]

RoadKind = Literal["street", "curve", "highway", "track"]

RASTER_M = 0.5  # metres a cell of the rasters
GROUND, ROAD = 0, 1  # values of Town.surface_RC
FREE, BUILDING, POLE, BARRIER = 0, 1, 2, 3  # values of Town.obstacles_RC


@dataclass(frozen=True, kw_only=True, eq=False)
class Road:
    """One road between two junctions, given by its centre line.

    Shapes:  centre_N2 (N, 2) metres, one point a metre, from junction `start` to junction `end`.
    Units:   lane_width_m is the width of one lane; lanes is the number of lanes in each direction, of a road with
             one way all there are.
    """

    kind: RoadKind
    start: int
    end: int
    centre_N2: FloatArray
    lanes: int
    lane_width_m: float
    speed_limit_mps: float
    is_one_way: bool = False

    @property
    def half_width_m(self) -> float:
        """Distance from the centre line to the kerb."""
        return self.lanes * self.lane_width_m / (2 if self.is_one_way else 1)

    def lanes_right(self, place: int) -> float:
        """How many lanes right of the centre line, in driving direction, a lane is; 0 is the leftmost one."""
        return place + 0.5 - (self.lanes / 2 if self.is_one_way else 0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Junction:
    """Where roads meet: a paved disc of `radius_m` around (x, y)."""

    x: float
    y: float
    radius_m: float
    roads: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Town:
    """A whole town, enough to draw it and to drive in it.

    Shapes:  buildings_B7 (B, 7): x, y, heading, length, width, height, colour (0..7; length lies along heading);
             barriers_W4 (W, 4): x, y, heading, length of low walls along a track;
             poles_P3 (P, 3): x, y, height; trees_T3 (T, 3): x, y, height (a tree stops a car like a pole);
             surface_RC, obstacles_RC (R, C) uint8 at RASTER_M metres a cell; row 0 is the southern edge.
    Units:   metres; origin_2 is the world position of the corner of raster cell (0, 0).
    """

    seed: int
    roads: tuple[Road, ...]
    junctions: tuple[Junction, ...]
    buildings_B7: FloatArray
    poles_P3: FloatArray
    trees_T3: FloatArray
    surface_RC: ByteArray
    obstacles_RC: ByteArray
    origin_2: tuple[float, float]
    barriers_W4: FloatArray = field(default_factory=lambda: np.empty((0, 4), np.float32))

    @property
    def size_m(self) -> tuple[float, float]:
        """Width (east) and height (north) of the rasters in metres."""
        rows, columns = self.surface_RC.shape
        return columns * RASTER_M, rows * RASTER_M


@dataclass(kw_only=True)
class CarPose:
    """Where one car is and how it looks, for drawing: metres, radians, metres a second."""

    x: float
    y: float
    heading: float
    speed_mps: float
    colour: int
    is_braking: bool


@dataclass(frozen=True, kw_only=True)
class Weather:
    """Light and sky of an episode: brightness 0..1 multiplies every colour; rain and haze 0..1."""

    brightness: float = 1.0
    rain: float = 0.0
    haze: float = 0.0
