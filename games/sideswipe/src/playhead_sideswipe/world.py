"""The garage: any loadout, seen from the side, in any rotation, in a room full of things. Stands in for the game.

Knows no recording and no network. The same loadout, rotation and seed give the same pixels in any process.
Shape legend: H x W pixels, C colours, Q faces, N points.
"""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Literal, Self

import cv2
import numpy as np
from panda3d.core import NodePath

from playhead_drawing.engine import Canvas, node, solid_state
from playhead_drawing.quads import ByteArray
from playhead_sideswipe.garage import foreground, scene
from playhead_sideswipe.garage.hats import hat
from playhead_sideswipe.garage.light import Light, lit
from playhead_sideswipe.garage.paints import paints
from playhead_sideswipe.garage.room import room
from playhead_sideswipe.garage.shapes import Part, join
from playhead_sideswipe.garage.stickers import sticker
from playhead_sideswipe.garage.unseen import body_named
from playhead_sideswipe.garage.wheels import wheel
from playhead_sideswipe.labels import BODIES
from playhead_sideswipe.loadout import HATS, ROTATIONS, STICKERS, UNSEEN_BODIES, WHEELS, Loadout

__all__ = ["BODIES", "HATS", "STICKERS", "UNSEEN_BODIES", "WHEELS", "Garage", "Split"]

Split = Literal["train", "test"]

SIZE = (400, 150)  # what pictures are composed at
_FINER = 2  # the car is drawn so many times finer, and its edges are smooth
_EMPTY = (0, 0, 0)  # where no car is; light() leaves no face as dark
_SHADOW = 0.55


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
        self._canvas = Canvas(_FINER * SIZE[0], _FINER * SIZE[1], _EMPTY)
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
            picture_HWC = np.asarray(cv2.LUT(picture_HWC, scene.exposure(dice)), np.uint8)
        if (self.width, self.height) != SIZE:
            picture_HWC = np.asarray(cv2.resize(picture_HWC, (self.width, self.height)), np.uint8)
        return picture_HWC

    def _stand(
        self, picture_HWC: ByteArray, loadout: Loadout, rotation: float, camera: scene.Camera, light: Light
    ) -> ByteArray:
        """Put the car into a picture, in place, and return 255 for every pixel that it leaves free."""
        degrees = 360 / ROTATIONS * rotation
        eye_3 = Light(towards_L3=camera.towards_3[None], colours_L3=light.room_3[None], room_3=light.room_3)
        quads = lit(
            dressed(loadout.body, loadout.hat, loadout.sticker, loadout.wheel),
            paints(loadout.team, loadout.primary, loadout.secondary),
            light.turned(degrees),
            eye_3.turned(degrees).towards_L3[0],
        )
        self._shown.remove_node()
        self._shown = self._canvas.scene.attach_new_node(node("car", [(solid_state(), quads)]))
        self._shown.set_hpr(degrees, 0, 0)
        self._canvas.camera.set_pos_hpr(camera.x, camera.y, camera.z, camera.heading, camera.pitch, camera.roll)
        fine_HWC = self._canvas.draw()
        grey_HW = cv2.cvtColor(fine_HWC, cv2.COLOR_RGB2GRAY)
        _, empty_HW = cv2.threshold(grey_HW, 0, 255, cv2.THRESH_BINARY_INV)
        empty_HW = cv2.resize(empty_HW, SIZE, interpolation=cv2.INTER_AREA)
        car_HWC = cv2.resize(fine_HWC, SIZE, interpolation=cv2.INTER_AREA)
        cv2.multiply(picture_HWC, cv2.merge([empty_HW] * 3), dst=picture_HWC, scale=1 / 255)
        cv2.add(picture_HWC, car_HWC, dst=picture_HWC)
        return np.asarray(empty_HW, np.uint8)

    def close(self) -> None:
        """Give the engine's memory back; the garage cannot be used afterwards."""
        self._canvas.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@lru_cache(maxsize=256)
def dressed(body: str, hat_number: int, sticker_number: int, wheel_number: int) -> Part:
    """Put a car together: body, wheels, hat and sticker. Raises: ValueError for what is in none of the menus."""
    for name, number, count in (
        ("hat", hat_number, HATS),
        ("wheel", wheel_number, WHEELS),
        ("sticker", sticker_number, STICKERS.get(body, 1)),
    ):
        if not 0 <= number < count:
            raise ValueError(f"There is no {name} {number} for {body}. Choose one from 0 to {count - 1}.")
    made = body_named(body)
    parts = [made.part]
    for end in (0, 1):
        one = wheel(wheel_number, made.radii[end], made.widths[end])
        parts.append(one.moved(x=made.axles[end], y=made.half_track[end]).both_sides())
    worn = hat(hat_number)
    if worn is not None:
        parts.append(worn.moved(scale=made.hat_scale).moved(x=made.hat[0], z=made.hat[1] - 0.02))
    stuck = sticker(body, sticker_number, made.skin)
    if stuck is not None:
        parts.append(stuck)
    return join(parts)


def _shade(picture_HWC: ByteArray, body: str, rotation: float, camera: scene.Camera) -> None:
    """Darken the floor under the car, in place."""
    made = body_named(body)
    front, back, side = made.skin[-1][0][0], made.skin[0][0][0], max(made.half_track)
    outline_82 = [
        (front, 0.6), (made.axles[0], side), (made.axles[1], side), (back, 0.7),
        (back, -0.7), (made.axles[1], -side), (made.axles[0], -side), (front, -0.6),
    ]  # fmt: skip
    angle = 2 * np.pi / ROTATIONS * rotation
    turn_22 = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    flat_83 = np.concatenate([np.array(outline_82) * 1.04 @ turn_22, np.zeros((8, 1))], axis=1)
    corners_82 = camera.pixels(flat_83.astype(np.float32), SIZE).astype(np.int32)
    top = int(np.clip(corners_82[:, 1].min() - 8, 0, SIZE[1] - 1))
    floor_HWC = picture_HWC[top:]
    shadow_HW: ByteArray = np.full(floor_HWC.shape[:2], 255, np.uint8)
    cv2.fillConvexPoly(shadow_HW, cv2.convexHull(corners_82 - (0, top)), round(255 * (1 - _SHADOW)))
    soft_HW = cv2.blur(shadow_HW, (15, 7))
    cv2.multiply(floor_HWC, cv2.merge([soft_HW] * 3), dst=floor_HWC, scale=1 / 255)
