"""The garage: any loadout, seen from the side, in any rotation, in a room full of things. Stands in for the game.

Knows no recording and no network. The same loadout, rotation and seed give the same pixels in any process.
Shape legend: H x W pixels, C colours, Q faces, N points.
"""

from __future__ import annotations

from math import cos, pi, sin
from random import Random
from typing import Literal, Self

import cv2
import numpy as np
from panda3d.core import NodePath

from playhead_drawing.engine import Canvas, node, solid_state
from playhead_drawing.quads import ByteArray, FloatArray
from playhead_sideswipe.garage import foreground, scene
from playhead_sideswipe.garage.cars import body_named, dressed
from playhead_sideswipe.garage.light import Light, lit
from playhead_sideswipe.garage.paints import paints
from playhead_sideswipe.garage.room import room
from playhead_sideswipe.garage.shapes import join
from playhead_sideswipe.labels import BODIES
from playhead_sideswipe.loadout import HATS, ROTATIONS, STICKERS, UNSEEN_BODIES, WHEELS, Loadout

__all__ = ["BODIES", "HATS", "STICKERS", "UNSEEN_BODIES", "WHEELS", "Garage", "Split"]

Split = Literal["train", "test"]

SIZE = (400, 150)  # what pictures are composed at
_ASIDE = 40  # columns to both sides that no car reaches
_STAGE = (SIZE[0] - 2 * _ASIDE, SIZE[1])
_FINER = 2  # the car is drawn so many times finer, and its edges are smooth
_EMPTY = (0, 0, 0)  # where no car is; lit() leaves no face as dark
_SHADOW = 115  # what of 255 the floor under the car keeps
_SOFT = np.array([8, 5], np.int32)  # pixels by which the shadow's edge is smeared


class Garage:
    """One canvas, many cars.

    Rooms of the split "test" have other walls, other things and other seeds than those of "train": no test room
    is a training room. Pictures of another size are those of 400x150, scaled.
    """

    def __init__(self, *, width: int = SIZE[0], height: int = SIZE[1], split: Split = "train") -> None:
        if width < 1 or height < 1:
            raise ValueError(f"A picture of {width}x{height} has no pixels. Give a width and a height above 0.")
        if split not in ("train", "test"):
            raise ValueError(f'There are no rooms {split!r}. Choose "train" or "test".')
        self.width, self.height = width, height
        self._split = split
        self._canvas = Canvas(_FINER * _STAGE[0], _FINER * _STAGE[1], _EMPTY)
        self._canvas.set_view(scene.VIEW_DEGREES, 0.5, 60)
        self._shown = NodePath("nothing yet")

    def draw(self, loadout: Loadout, rotation: float, *, seed: int, clutter: bool = True) -> ByteArray:
        """Draw a car in the room of a seed; without clutter in a plain one, nothing before it.

        Shapes:  returns frame_HWC (height, width, 3) uint8 RGB, which belongs to the caller.
        Units:   rotation in tenths of a turn, any fraction.
        Raises:  ValueError for what is in none of the garage's menus.
        """
        dice = Random(f"{self._split} {seed}")
        camera = scene.camera(dice) if clutter else scene.PLAIN_CAMERA
        light = scene.light(dice) if clutter else scene.PLAIN_LIGHT
        picture_HWC = room(dice, self._split, SIZE, clutter)
        _shade(picture_HWC, loadout.body, rotation, camera)
        empty_HW = self._stand(picture_HWC, loadout, rotation, camera, light)
        if clutter:
            foreground.lay_over(picture_HWC, empty_HW, dice, self._split)
            scene.expose(picture_HWC, dice)
        if (self.width, self.height) != SIZE:
            picture_HWC = np.asarray(cv2.resize(picture_HWC, (self.width, self.height)), np.uint8)
        return picture_HWC

    def _stand(
        self, picture_HWC: ByteArray, loadout: Loadout, rotation: float, camera: scene.Camera, light: Light
    ) -> ByteArray:
        """Put the car into a picture, in place, and return 255 for every pixel that it leaves free."""
        turn_33 = _turn(rotation)
        eye_3 = camera.place_3 @ turn_33
        seen = join([part.facing(eye_3) for part in dressed(loadout)])
        paint_23 = paints(loadout.team, loadout.primary, loadout.secondary)
        quads = lit(seen, paint_23, light.turned(turn_33), eye_3)
        self._shown.remove_node()
        self._shown = self._canvas.scene.attach_new_node(node("car", [(solid_state(), quads)]))
        self._shown.set_hpr(360 / ROTATIONS * rotation, 0, 0)
        self._canvas.camera.set_pos_hpr(camera.x, camera.y, camera.z, camera.heading, camera.pitch, camera.roll)
        car_HWC, bare_HW = self._canvas.draw_cut_out(_FINER)
        stage_HWC = picture_HWC[:, _ASIDE:-_ASIDE]
        cv2.multiply(stage_HWC, cv2.merge([bare_HW] * 3), dst=stage_HWC, scale=1 / 255)
        cv2.add(stage_HWC, car_HWC, dst=stage_HWC)
        empty_HW: ByteArray = np.full(picture_HWC.shape[:2], 255, np.uint8)
        empty_HW[:, _ASIDE:-_ASIDE] = bare_HW
        return empty_HW

    def close(self) -> None:
        """Give the engine's memory back; the garage cannot be used afterwards."""
        self._canvas.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _shade(picture_HWC: ByteArray, body: str, rotation: float, camera: scene.Camera) -> None:
    """Darken the floor under the car, in place."""
    made = body_named(body)
    front, back, side = made.skin[-1][0][0], made.skin[0][0][0], 1.04 * max(made.half_track)
    outline_82 = [
        (front, 0.6), (made.axles[0], side), (made.axles[1], side), (back, 0.7),
        (back, -0.7), (made.axles[1], -side), (made.axles[0], -side), (front, -0.6),
    ]  # fmt: skip
    flat_83 = np.zeros((8, 3), np.float32)
    flat_83[:, :2] = outline_82
    corners_82 = camera.pixels(flat_83 @ _turn(rotation).T, SIZE).astype(np.int32)
    left, top = np.maximum(corners_82.min(axis=0) - _SOFT, 0)
    right, bottom = corners_82.max(axis=0) + _SOFT
    floor_HWC = picture_HWC[top:bottom, left:right]
    shadow_HW: ByteArray = np.full(floor_HWC.shape[:2], 255, np.uint8)
    cv2.fillConvexPoly(shadow_HW, cv2.convexHull(corners_82 - (left, top)), _SHADOW)
    soft_HW = cv2.blur(shadow_HW, (15, 7))
    cv2.multiply(floor_HWC, cv2.merge([soft_HW] * 3), dst=floor_HWC, scale=1 / 255)


def _turn(rotation: float) -> FloatArray:
    """Return what turns a row of the room's axes into the car's, for tenths of a turn. Shapes: returns (3, 3)."""
    angle = 2 * pi / ROTATIONS * rotation
    return np.array([[cos(angle), -sin(angle), 0], [sin(angle), cos(angle), 0], [0, 0, 1]], np.float32)
