"""What the ground of a town is at a place, in constant time: road or not, how far from the nearest obstacle."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from playhead_streets.town import BUILDING, FREE, RASTER_M, ROAD, Town

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

CAR_LENGTH_M = 4.4
CAR_WIDTH_M = 1.85
_HALF_DIAGONAL_M = math.hypot(CAR_LENGTH_M, CAR_WIDTH_M) / 2
# Points around a car, at most 0.5 m apart: farther apart a pole slips between two of them and holds the car fast.
_OUTLINE: tuple[tuple[float, float], ...] = tuple(
    [(end * CAR_LENGTH_M / 2, side * CAR_WIDTH_M / 4) for end in (-1, 1) for side in (-2, -1, 0, 1, 2)]
    + [(step * CAR_LENGTH_M / 10, side * CAR_WIDTH_M / 2) for step in range(-4, 5) for side in (-1, 1)]
)
_OUTLINE_O2 = np.array(_OUTLINE)


class Ground:
    """The rasters of a town as flat bytes: looking one value up is several times faster than in a numpy array."""

    def __init__(self, town: Town) -> None:
        self._rows: int = town.surface_RC.shape[0]
        self._columns: int = town.surface_RC.shape[1]
        self._west, self._south = town.origin_2
        self._surface = town.surface_RC.tobytes()
        self._obstacles_RC = town.obstacles_RC
        self._obstacles = town.obstacles_RC.tobytes()
        free_RC = (town.obstacles_RC == FREE).astype(np.uint8)
        clear_RC = cv2.distanceTransform(free_RC, cv2.DIST_L2, 3) * RASTER_M
        self._clearance = np.minimum(clear_RC * 10.0, 255.0).astype(np.uint8).tobytes()  # in tenths of metres

    def _cell(self, x: float, y: float) -> int:
        column = int((x - self._west) / RASTER_M)
        row = int((y - self._south) / RASTER_M)
        if 0 <= column < self._columns and 0 <= row < self._rows:
            return row * self._columns + column
        return -1

    def is_road(self, x: float, y: float) -> bool:
        """Say whether a place is paved; outside the town nothing is."""
        cell = self._cell(x, y)
        return cell >= 0 and self._surface[cell] == ROAD

    def clearance_m(self, x: float, y: float) -> float:
        """Distance to the nearest building, pole or tree, at most 25.5 m; nothing stands outside the town."""
        cell = self._cell(x, y)
        return self._clearance[cell] * 0.1 if cell >= 0 else 25.5

    def hits(self, x: FloatArray, y: FloatArray, heading: FloatArray, margin_m: FloatArray) -> BoolArray:
        """Whether cars of different poses, grown by a margin on all sides, touch something.

        Shapes:  all arrays have the same shape, also the answer.
        """
        along = _OUTLINE_O2[:, 0] * (1 + margin_m[..., None] / (CAR_LENGTH_M / 2))
        across = _OUTLINE_O2[:, 1] * (1 + margin_m[..., None] / (CAR_WIDTH_M / 2))
        cosine, sine = np.cos(heading)[..., None], np.sin(heading)[..., None]
        column = ((x[..., None] + along * cosine - across * sine - self._west) / RASTER_M).astype(np.int64)
        row = ((y[..., None] + along * sine + across * cosine - self._south) / RASTER_M).astype(np.int64)
        inside = (column >= 0) & (row >= 0) & (column < self._columns) & (row < self._rows)
        found = self._obstacles_RC[row.clip(0, self._rows - 1), column.clip(0, self._columns - 1)]
        return np.asarray(((found != FREE) & inside).any(axis=-1))

    def obstacle(self, x: float, y: float) -> int:
        """What stands at a place: FREE, BUILDING or POLE."""
        cell = self._cell(x, y)
        return self._obstacles[cell] if cell >= 0 else FREE

    def hit(self, x: float, y: float, heading: float) -> int:
        """What a car at this pose touches: FREE, BUILDING or POLE (a tree counts as a pole)."""
        if self.clearance_m(x, y) > _HALF_DIAGONAL_M + RASTER_M:
            return FREE
        cosine, sine = math.cos(heading), math.sin(heading)
        found = FREE
        for along, across in _OUTLINE:
            value = self.obstacle(x + along * cosine - across * sine, y + along * sine + across * cosine)
            if value == BUILDING:
                return BUILDING
            found = max(found, value)
        return found


def cars_overlap(first: Sequence[float], second: Sequence[float]) -> bool:
    """Say whether two cars given as (x, y, heading) touch: separating axes of two boxes of the same size."""
    dx, dy = second[0] - first[0], second[1] - first[1]
    if dx * dx + dy * dy > 4 * _HALF_DIAGONAL_M**2:
        return False
    turn = second[2] - first[2]
    cosine, sine = abs(math.cos(turn)), abs(math.sin(turn))
    along = CAR_LENGTH_M / 2 * (1 + cosine) + CAR_WIDTH_M / 2 * sine
    across = CAR_WIDTH_M / 2 * (1 + cosine) + CAR_LENGTH_M / 2 * sine
    for heading in (first[2], second[2]):
        c, s = math.cos(heading), math.sin(heading)
        if abs(dx * c + dy * s) > along or abs(dy * c - dx * s) > across:
            return False
    return True
