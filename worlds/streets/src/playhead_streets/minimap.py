"""The map in a lower corner: the roads around the car, forward up, and the route.

Shape legend: H x W pixels, C colours, N points of a line, M pixels of the map.
"""

from __future__ import annotations

from math import cos, sin

import cv2
import numpy as np

from playhead_drawing.quads import Colour
from playhead_streets.corners import Layout, minimap_box
from playhead_streets.town import ByteArray, CarPose, FloatArray, Town

ACROSS_M = 108.0  # 2.3 metres a pixel at 47 pixels: one block ahead of the car fits, and a road is 4 pixels wide
CAR_AT = 0.74  # the car's place from the top: one wants to see further ahead than back

_LAND: Colour = (58, 66, 62)
_STREET: Colour = (176, 180, 184)
_HIGHWAY: Colour = (226, 206, 140)
_ROUTE: Colour = (196, 60, 240)
_WAYPOINT: Colour = (255, 232, 40)
_CAR: Colour = (255, 255, 255)
_EDGE: Colour = (16, 18, 20)
_ROAD_M = 8.5  # drawn a little wider than it is
_FRACTION_BITS = 4  # cv2 draws between pixels when coordinates are scaled by 2 ** 4
_NEAR_M = 85.0  # more of the route cannot be on the map
_EVERY = 3  # a point every three metres is enough for the eye, and takes a third of the time of one a metre


class Minimap:
    """Draws the map of one town into pictures of one size."""

    def __init__(self, town: Town, width: int, height: int, layout: Layout = "gta5") -> None:
        self._left, self._top, self._right, self._bottom = minimap_box(width, height, layout)
        self._size = (self._right - self._left, self._bottom - self._top)
        self._scale = self._size[0] / ACROSS_M  # pixels a metre
        self._car_at = (self._size[0] / 2, self._size[1] * CAR_AT)
        self._line_px = max(1, round(self._size[0] / 16))
        self._town_MMC, self._origin = _draw_town(town, self._scale)

    def draw(
        self,
        frame_HWC: ByteArray,
        ego: CarPose,
        route_N2: FloatArray,
        waypoint_2: tuple[float, float] | FloatArray,
    ) -> None:
        """Draw the map into a picture in place: roads, the route from the car on, the waypoint, the car.

        Shapes:  frame_HWC (H, W, 3) uint8, of the size given before; route_N2 (N, 2) metres in driving order.
        """
        to_map_23 = self._to_map(ego)
        warped_HWC = cv2.warpAffine(
            self._town_MMC,
            self._from_town(to_map_23),
            self._size,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=_LAND,
        )
        map_HWC = np.asarray(warped_HWC, np.uint8)
        self._draw_route(map_HWC, to_map_23, ego, np.asarray(route_N2, np.float32))
        self._draw_waypoint(map_HWC, to_map_23, waypoint_2)
        self._draw_car(map_HWC)
        cv2.rectangle(map_HWC, (0, 0), (self._size[0] - 1, self._size[1] - 1), _EDGE)
        frame_HWC[self._top : self._bottom, self._left : self._right] = map_HWC

    def _to_map(self, ego: CarPose) -> FloatArray:
        """Return the affine map (2, 3) from metres to pixels of the map: the car's heading points up."""
        s, c = sin(ego.heading) * self._scale, cos(ego.heading) * self._scale
        x, y = self._car_at
        return np.array(
            [[s, -c, x - s * ego.x + c * ego.y], [-c, -s, y + c * ego.x + s * ego.y]],
            np.float32,
        )

    def _from_town(self, to_map_23: FloatArray) -> FloatArray:
        """Return the affine map from pixels of the town's picture to pixels of the map."""
        (west, north), metre_px = self._origin, 1 / self._scale
        town_33 = np.array([[metre_px, 0, west], [0, -metre_px, north], [0, 0, 1]], np.float32)
        return to_map_23 @ town_33

    def _draw_route(self, map_HWC: ByteArray, to_map_23: FloatArray, ego: CarPose, route_N2: FloatArray) -> None:
        if len(route_N2) < 2:
            return
        route_N2 = np.concatenate([route_N2[:-1:_EVERY], route_N2[-1:]])
        near = np.flatnonzero(np.abs(route_N2 - (ego.x, ego.y)).max(axis=1) < _NEAR_M)
        points_N2 = route_N2[near] @ to_map_23[:, :2].T + to_map_23[:, 2]
        fixed_N12 = np.round(points_N2 * 2**_FRACTION_BITS).astype(np.int32)[:, None]
        # A route that leaves the map and comes back is several lines.
        lines = np.split(fixed_N12, np.flatnonzero(np.diff(near) > 1) + 1)
        cv2.polylines(map_HWC, lines, False, _ROUTE, self._line_px, cv2.LINE_AA, _FRACTION_BITS)

    def _draw_waypoint(
        self, map_HWC: ByteArray, to_map_23: FloatArray, waypoint_2: tuple[float, float] | FloatArray
    ) -> None:
        """Put a dot where the waypoint is, or on the rim of the map in its direction."""
        x, y = to_map_23[:, :2] @ np.asarray(waypoint_2, np.float32) + to_map_23[:, 2]
        centre_x, centre_y = self._car_at
        width, height = self._size
        margin = self._line_px
        shares = [1.0]
        for value, centre, limit in ((x, centre_x, width), (y, centre_y, height)):
            if value > limit - 1 - margin:
                shares.append((limit - 1 - margin - centre) / (value - centre))
            elif value < margin:
                shares.append((margin - centre) / (value - centre))
        share = min(shares)
        spot = (
            round(float(centre_x + (x - centre_x) * share)),
            round(float(centre_y + (y - centre_y) * share)),
        )
        cv2.circle(map_HWC, spot, self._line_px, _EDGE, -1, cv2.LINE_AA)
        cv2.circle(map_HWC, spot, max(1, self._line_px - 1), _WAYPOINT, -1, cv2.LINE_AA)

    def _draw_car(self, map_HWC: ByteArray) -> None:
        """Put an arrow that points up where the car is."""
        x, y = self._car_at
        unit = self._size[0] / 47
        for size, colour in ((1.45 * unit, _EDGE), (unit, _CAR)):
            arrow_42 = np.array([[0, -4.6], [3.4, 3.6], [0, 1.9], [-3.4, 3.6]]) * size + (x, y)
            fixed_412 = np.round(arrow_42 * 2**_FRACTION_BITS).astype(np.int32)[:, None]
            cv2.fillPoly(map_HWC, [fixed_412], colour, cv2.LINE_AA, _FRACTION_BITS)


def _draw_town(town: Town, scale: float) -> tuple[ByteArray, tuple[float, float]]:
    """Draw all roads north up, at the map's own scale; also return the world position of the corner."""
    (west, south), (width_m, height_m) = town.origin_2, town.size_m
    north = south + height_m
    town_HWC = np.empty((round(height_m * scale) + 1, round(width_m * scale) + 1, 3), np.uint8)
    town_HWC[:] = _LAND
    thickness = max(1, round(_ROAD_M * scale))
    for road in town.roads:
        pixels_N2 = (road.centre_N2 - (west, north)) * (scale, -scale)
        fixed_N12 = np.round(pixels_N2 * 2**_FRACTION_BITS).astype(np.int32)[:, None]
        is_highway = road.kind == "highway"
        colour, extra = (_HIGHWAY, max(1, round(scale * 4))) if is_highway else (_STREET, 0)
        cv2.polylines(town_HWC, [fixed_N12], False, colour, thickness + extra, cv2.LINE_AA, _FRACTION_BITS)
    return town_HWC, (west, north)
