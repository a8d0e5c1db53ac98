"""Pictures of a town as a driver sees it, from the bonnet or from behind the car, drawn on one CPU core.

Knows nothing of physics: it draws the poses it is given. The same poses give the same pixels in any process.
Shape legend: H x W pixels, C colours, Q faces.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import cos, degrees, sin
from typing import Self

import numpy as np
from panda3d.core import NodePath, PandaNode, RenderState

from playhead_drawing.engine import Canvas, flat_state, node, shown_within, solid_state, texture
from playhead_drawing.quads import Quads
from playhead_streets import textures
from playhead_streets.cars import CAR_COLOURS, bonnet, car, shadow
from playhead_streets.scenery import CELL_M, FLAT_LAYERS, THIN_LAYERS, Layer, scenery
from playhead_streets.sky import ZENITH, dome
from playhead_streets.town import ByteArray, CarPose, Town, Weather
from playhead_streets.view import MOUNTS, NEAR_M, VIEW_DEGREES, CameraName
from playhead_streets.weather import Grade

FAR_M = 220.0  # how far one sees: to the middle of a square of the town
THIN_M = 95.0  # the same for what is thin
_LENS_M = 2500.0  # further than the grass: a face cut by the far plane gets a wild spike from the rasteriser


_PICTURES = {
    Layer.GROUND: textures.grass,
    Layer.PAVEMENT: textures.paving,
    Layer.ROAD: textures.asphalt,
    Layer.BRICK: textures.brick,
    Layer.OFFICE: textures.office,
    Layer.PLASTER: textures.plaster,
}


class Renderer:
    """Draws one town at a time; several renderers may live in one process.

    Keep one and give it the next town: that frees the town before, while Panda3D keeps 0.8 MB of each renderer
    that is closed. Raises: ValueError for a size of no pixels.
    """

    def __init__(self, town: Town, width: int = 240, height: int = 180, weather: Weather | None = None) -> None:
        if width < 1 or height < 1:
            raise ValueError(f"A picture of {width}x{height} has no pixels. Give a width and a height above 0.")
        self._canvas = Canvas(width, height, ZENITH)
        self._canvas.set_view(VIEW_DEGREES, NEAR_M, _LENS_M)
        self._states = _layer_states()
        self._sky = self._canvas.scene.attach_new_node(node("sky", [(flat_state(0), dome())]))
        self._bonnets = [
            self._canvas.scene.attach_new_node(node("bonnet", [(solid_state(), bonnet(colour))]))
            for colour in CAR_COLOURS
        ]
        self._fleet = _Fleet(self._canvas.scene)
        self._town_node = NodePath("town")
        self.set_town(town, weather)

    def set_town(self, town: Town, weather: Weather | None = None) -> None:
        """Draw another town, in other weather, from now on; the one before is given back."""
        self._town_node.remove_node()
        self._town_node = self._canvas.scene.attach_new_node("town")
        layers = scenery(town)
        lawn = node("lawn", [(self._states[Layer.GROUND], layers.pop(Layer.GROUND))])
        self._town_node.attach_new_node(lawn)
        for middle_2, parts in _cells(layers):
            self._town_node.attach_new_node(self._cell(middle_2, parts))
        self._grade = Grade(weather or Weather(), self._canvas.width, self._canvas.height)

    def _cell(self, middle_2: tuple[float, float], parts: Mapping[Layer, Quads]) -> PandaNode:
        """Make the node of one square; what is thin goes into a node of its own that only shows from near by."""
        thick, thin = (
            node(
                name, [(self._states[layer], parts[layer]) for layer in parts if (layer in THIN_LAYERS) == is_thin]
            )
            for name, is_thin in (("thick", False), ("thin", True))
        )
        thick.add_child(shown_within(THIN_M, middle_2, thin))
        return shown_within(FAR_M, middle_2, thick)

    def render(self, camera: CameraName, ego: CarPose, others: Sequence[CarPose]) -> ByteArray:
        """Draw what a camera on the car `ego` sees, with the other cars in it.

        Shapes:  returns frame_HWC (H, W, 3) uint8 RGB, which belongs to the caller.
        """
        mount = MOUNTS.get(camera)
        if mount is None:
            raise ValueError(f"camera is {camera!r}; choose one of {', '.join(map(repr, MOUNTS))}.")
        heading = degrees(ego.heading)
        x, y = ego.x + mount.ahead_m * cos(ego.heading), ego.y + mount.ahead_m * sin(ego.heading)
        self._canvas.camera.set_pos_hpr(
            x, y, mount.height_m, heading - 90, mount.pitch, 0
        )  # Panda3D looks along y
        self._sky.set_pos(x, y, 0)
        for number, own in enumerate(self._bonnets):
            if camera == "hood" and number == ego.colour % len(CAR_COLOURS):
                own.set_pos_hpr(ego.x, ego.y, 0, heading, 0, 0)
                own.show()
            else:
                own.hide()
        self._fleet.place(others if camera == "hood" else [*others, ego], (x, y, ego.heading))
        frame_HWC = self._canvas.draw()
        self._grade.lay_over(frame_HWC, int(abs(x + y) * 8))
        return frame_HWC

    def close(self) -> None:
        """Give the engine's memory back; the renderer cannot be used afterwards."""
        self._canvas.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Fleet:
    """Cars to place: a pool of nodes for each colour and state of the brake lamps."""

    def __init__(self, scene: NodePath) -> None:
        self._scene = scene
        self._models = {
            (number, is_braking): node(
                "car", [(flat_state(len(FLAT_LAYERS) + 1), shadow()), (solid_state(), car(colour, is_braking))]
            )
            for number, colour in enumerate(CAR_COLOURS)
            for is_braking in (False, True)
        }
        self._pools: dict[tuple[int, bool], list[NodePath]] = defaultdict(list)
        self._shown: list[NodePath] = []

    def place(self, poses: Sequence[CarPose], eye: tuple[float, float, float]) -> None:
        """Show the cars that may be in sight of `eye` (x, y, heading), and no others."""
        for shown in self._shown:
            shown.hide()
        self._shown.clear()
        used: dict[tuple[int, bool], int] = defaultdict(int)
        x, y, heading = eye
        ahead_x, ahead_y = cos(heading), sin(heading)
        for pose in poses:
            forward_m = (pose.x - x) * ahead_x + (pose.y - y) * ahead_y
            if not -5 < forward_m < FAR_M:
                continue
            kind = (pose.colour % len(CAR_COLOURS), pose.is_braking)
            placed = self._take(kind, used[kind])
            used[kind] += 1
            placed.set_pos_hpr(pose.x, pose.y, 0, degrees(pose.heading), 0, 0)
            placed.show()
            self._shown.append(placed)

    def _take(self, kind: tuple[int, bool], number: int) -> NodePath:
        pool = self._pools[kind]
        if number == len(pool):
            pool.append(self._scene.attach_new_node("placed"))
            pool[-1].attach_new_node(self._models[kind])
        return pool[number]


def _layer_states() -> dict[Layer, RenderState]:
    loaded = {layer: texture(layer, picture()) for layer, picture in _PICTURES.items()}
    flat = {layer: flat_state(1 + order, loaded.get(layer)) for order, layer in enumerate(FLAT_LAYERS)}
    return {layer: flat.get(layer) or solid_state(loaded.get(layer)) for layer in Layer}


def _cells(layers: Mapping[Layer, Quads]) -> Iterator[tuple[tuple[float, float], dict[Layer, Quads]]]:
    """Cut the layers into squares of CELL_M by the middle of each face; also yield the middle of each square."""
    cells: dict[tuple[int, int], dict[Layer, Quads]] = defaultdict(dict)
    for layer, quads in layers.items():
        cell_Q2 = np.floor(quads.corners_Q43[:, :, :2].mean(axis=1) / CELL_M).astype(int)
        order_Q = np.lexsort(cell_Q2.T)
        ends = np.flatnonzero(np.diff(cell_Q2[order_Q], axis=0).any(axis=1)) + 1
        for chosen in np.split(order_Q, ends) if len(quads) else ():
            column, row = cell_Q2[chosen[0]]
            cells[int(column), int(row)][layer] = quads.take(chosen)
    for (column, row), parts in cells.items():
        yield ((column + 0.5) * CELL_M, (row + 0.5) * CELL_M), parts
