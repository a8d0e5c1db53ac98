"""The garage: any loadout, seen from the side, in any rotation, in a room full of things. Stands in for the game.

Knows no recording and no network. The same loadout, rotation and seed give the same pixels in any process.
Shape legend: H x W pixels, C colours, Q faces.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from panda3d.core import NodePath

from playhead_drawing.engine import Canvas, node, solid_state
from playhead_drawing.quads import ByteArray
from playhead_sideswipe.garage.light import Light, lit
from playhead_sideswipe.garage.paints import paints
from playhead_sideswipe.garage.shapes import Part, join
from playhead_sideswipe.garage.unseen import body_named
from playhead_sideswipe.garage.wheels import wheel
from playhead_sideswipe.labels import BODIES
from playhead_sideswipe.loadout import HATS, STICKERS, UNSEEN_BODIES, WHEELS, Loadout

__all__ = ["BODIES", "HATS", "STICKERS", "UNSEEN_BODIES", "WHEELS", "Garage"]

Split = Literal["train", "test"]

_EMPTY = (255, 0, 255)


class Garage:
    """One canvas, many cars."""

    def __init__(self, *, width: int = 400, height: int = 150, split: Split = "train") -> None:
        self.width, self.height, self.split = width, height, split
        self._canvas = Canvas(width, height, _EMPTY)
        self._canvas.set_view(30, 0.5, 60)
        self._car: NodePath | None = None

    def draw(self, loadout: Loadout, rotation: float, *, seed: int, clutter: bool = True) -> ByteArray:
        """Draw a car. Units: rotation in tenths of a turn. Shapes: returns (H, W, 3) uint8 RGB."""
        part = car(loadout.body, loadout.hat, loadout.sticker, loadout.wheel)
        light = Light(
            towards_L3=np.array([[0.5, -0.6, 0.62], [-0.7, -0.3, 0.65]], np.float32),
            colours_L3=np.array([[0.55, 0.55, 0.52], [0.2, 0.2, 0.25]], np.float32),
            room_3=np.array([0.42, 0.42, 0.44], np.float32),
        )
        degrees = 36.0 * rotation
        eye = np.array([0, -0.97, 0.25], np.float32)
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        eye = eye @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32)
        quads = lit(part, paints(loadout.team, loadout.primary, loadout.secondary), light.turned(degrees), eye)
        if self._car is not None:
            self._car.remove_node()
        self._car = self._canvas.scene.attach_new_node(node("car", [(solid_state(), quads)]))
        self._car.set_hpr(degrees, 0, 0)
        self._canvas.camera.set_pos_hpr(0, -7.4, 2.6, 0, -13.5, 0)
        picture_HWC = self._canvas.draw()
        rng = np.random.default_rng(seed)
        room_HWC = np.empty_like(picture_HWC)
        room_HWC[:] = rng.integers(60, 190, 3)
        room_HWC[int(0.55 * self.height) :] = rng.integers(40, 120)
        return np.where((picture_HWC == _EMPTY).all(axis=2, keepdims=True), room_HWC, picture_HWC)

    def close(self) -> None:
        """Give the engine's memory back."""
        self._canvas.close()


@lru_cache(maxsize=512)
def car(body: str, hat: int, sticker: int, wheel_number: int) -> Part:
    """Put a car together."""
    made = body_named(body)
    parts = [made.part]
    for end in (0, 1):
        one = wheel(wheel_number, made.radii[end], made.widths[end])
        parts.append(one.moved(x=made.axles[end], y=made.half_track[end]).both_sides())
    return join(parts)
