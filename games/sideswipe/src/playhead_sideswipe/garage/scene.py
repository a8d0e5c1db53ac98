"""What a seed decides: where the camera hangs, how the lamps burn, which room it is.

Metres; the car stands at the origin, x to the right of the picture, y away from the camera, z up.
Shape legend: N points, 3 coordinates or colours, L lamps.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

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
    def towards_3(self) -> FloatArray:
        """The unit vector from the car to the camera."""
        place_3 = np.array([self.x, self.y, self.z - 0.7])
        return np.asarray(place_3 / np.linalg.norm(place_3), np.float32)

    def pixels(self, points_N3: FloatArray, size: tuple[int, int]) -> FloatArray:
        """Return where points are in a picture. Shapes: points_N3 (N, 3); returns (N, 2) x, y in pixels."""
        heading, pitch, roll = np.radians([self.heading, self.pitch, self.roll])
        ahead_3 = np.array([-np.sin(heading) * np.cos(pitch), np.cos(heading) * np.cos(pitch), np.sin(pitch)])
        right_3 = np.array([np.cos(heading), np.sin(heading), 0])
        up_3 = np.cross(right_3, ahead_3)
        right_3, up_3 = np.cos(roll) * right_3 - np.sin(roll) * up_3, np.sin(roll) * right_3 + np.cos(roll) * up_3
        from_N3 = points_N3 - np.array([self.x, self.y, self.z])
        focal = size[1] / 2 / (np.tan(np.radians(VIEW_DEGREES / 2)) * 0.75)
        depth_N = from_N3 @ ahead_3
        across_N, above_N = focal * (from_N3 @ right_3) / depth_N, focal * (from_N3 @ up_3) / depth_N
        return np.stack([size[0] / 2 + across_N, size[1] / 2 - above_N], axis=1).astype(np.float32)


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
        heading=float(np.degrees(np.arctan2(x - aim_x, distance))),
        pitch=float(-np.degrees(np.arctan2(height - aim_z, distance))),
        roll=dice.uniform(-1.5, 1.5),
    )


def light(dice: Random) -> Light:
    """Hang a strong and a weak lamp somewhere above; both have a tinge."""
    lamps = []
    for strength in (dice.uniform(0.35, 0.75), dice.uniform(0.05, 0.35)):
        around, above = dice.uniform(0, 2 * np.pi), dice.uniform(0.5, 1.3)
        towards = (np.cos(around) * np.cos(above), np.sin(around) * np.cos(above), np.sin(above))
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


def exposure(dice: Random) -> ByteArray:
    """Return what each level of each colour becomes on the phone's screen. Shapes: returns (1, 256, 3)."""
    levels_256 = np.arange(256, dtype=np.float32)[:, None] / 255
    gain_3 = np.array([dice.uniform(0.75, 1.2) * dice.uniform(0.95, 1.05) for _ in range(3)], np.float32)
    gain_3 = 0.75 * gain_3.mean() + 0.25 * gain_3
    curve = levels_256 ** np.float32(dice.uniform(0.8, 1.25)) * gain_3 + np.float32(dice.uniform(-0.03, 0.05))
    return np.asarray(np.clip(255 * curve, 0, 255), np.uint8).reshape(1, 256, 3)
