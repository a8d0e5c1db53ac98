"""What a seed decides: where the camera hangs, how the lamps burn, which room it is.

Metres; the car stands at the origin, x to the right of the picture, y away from the camera, z up.
Shape legend: N points, 3 coordinates or colours, L lamps.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, degrees, pi, radians, sin, tan
from random import Random

import cv2
import numpy as np

from playhead_drawing.quads import ByteArray, FloatArray
from playhead_sideswipe.garage.light import Light

VIEW_DEGREES = 30.0


@dataclass(frozen=True, kw_only=True)
class Camera:
    """Where the camera hangs and how it looks. Units: metres, degrees."""

    x: float
    y: float
    z: float
    heading: float
    pitch: float
    roll: float

    @property
    def place_3(self) -> FloatArray:
        """Where it hangs."""
        return np.array([self.x, self.y, self.z], np.float32)

    def pixels(self, points_N3: FloatArray, size: tuple[int, int]) -> FloatArray:
        """Return where points are in a picture. Shapes: points_N3 (N, 3); returns (N, 2) x, y in pixels."""
        heading, pitch, roll = radians(self.heading), radians(self.pitch), radians(self.roll)
        ahead = (-sin(heading) * cos(pitch), cos(heading) * cos(pitch), sin(pitch))
        level = (cos(heading), sin(heading), 0.0)
        upright = (sin(heading) * sin(pitch), -cos(heading) * sin(pitch), cos(pitch))
        right = [cos(roll) * a - sin(roll) * b for a, b in zip(level, upright, strict=True)]
        above = [sin(roll) * a + cos(roll) * b for a, b in zip(level, upright, strict=True)]
        focal = size[1] / 2 / (tan(radians(VIEW_DEGREES / 2)) * 0.75)
        seen_N3 = (points_N3 - self.place_3) @ np.array([right, above, ahead], np.float32).T
        pixels_N2 = seen_N3[:, :2] / seen_N3[:, 2:] * (focal, -focal) + (size[0] / 2, size[1] / 2)
        return np.asarray(pixels_N2, np.float32)


PLAIN_CAMERA = Camera(x=0.0, y=-7.6, z=2.5, heading=0.0, pitch=-14.0, roll=0.0)


def camera(dice: Random) -> Camera:
    """Hang the camera a little nearer or further, higher or lower, to one side, not quite level."""
    distance, height = dice.uniform(7.2, 8.6), dice.uniform(2.1, 2.9)
    aim_x, aim_z = dice.uniform(-0.28, 0.28), dice.uniform(0.52, 0.74)
    x = dice.uniform(-0.5, 0.5)
    return Camera(
        x=x,
        y=-distance,
        z=height,
        heading=degrees(atan2(x - aim_x, distance)),
        pitch=-degrees(atan2(height - aim_z, distance)),
        roll=dice.uniform(-1.5, 1.5),
    )


def light(dice: Random) -> Light:
    """Hang a strong and a weak lamp somewhere above; both have a tinge."""
    lamps = []
    for strength in (dice.uniform(0.35, 0.75), dice.uniform(0.05, 0.35)):
        around, above = dice.uniform(0, 2 * pi), dice.uniform(0.5, 1.3)
        towards = (cos(around) * cos(above), sin(around) * cos(above), sin(above))
        lamps.append((towards, [strength * dice.uniform(0.85, 1.1) for _ in range(3)]))
    room = dice.uniform(0.34, 0.56)
    return Light(
        towards_L3=np.array([towards for towards, _ in lamps], np.float32),
        colours_L3=np.array([colour for _, colour in lamps], np.float32),
        room_3=np.array([room * dice.uniform(0.93, 1.07) for _ in range(3)], np.float32),
    )


PLAIN_LIGHT = Light(
    towards_L3=np.array([[0.45, -0.63, 0.63], [-0.67, -0.3, 0.68]], np.float32),
    colours_L3=np.array([[0.55, 0.55, 0.53], [0.2, 0.2, 0.24]], np.float32),
    room_3=np.array([0.45, 0.45, 0.46], np.float32),
)


def expose(picture_HWC: ByteArray, dice: Random) -> None:
    """Make a picture brighter or darker, steeper or flatter, in place: phones and cameras differ."""
    contrast, brightness = dice.uniform(0.7, 1.3), dice.uniform(-18, 18)
    offset = 70 * (1 - contrast) + brightness
    if offset < 0:  # first, as what follows would turn what is below nought bright again
        cv2.subtract(picture_HWC, np.full(4, -offset / contrast), dst=picture_HWC)
    cv2.convertScaleAbs(picture_HWC, dst=picture_HWC, alpha=contrast, beta=max(0.0, offset))
