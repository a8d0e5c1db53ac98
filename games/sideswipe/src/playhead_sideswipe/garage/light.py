"""What light makes of a car's colours: two lamps and the room, for each corner of each face.

Shape legend: Q faces, 4 corners, 3 coordinates or colours; L lamps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playhead_drawing.quads import FloatArray, Quads, faces
from playhead_sideswipe.garage.shapes import Part

_DARKEST, _BRIGHTEST = 4.0, 250.0  # black marks what is empty


@dataclass(frozen=True, kw_only=True, eq=False)
class Light:
    """The lamps of a garage.

    Shapes:  towards_L3 (L, 3) unit vectors to the lamps; colours_L3 (L, 3) what each adds, 1 is the paint itself;
             room_3 (3,) what comes from everywhere.
    """

    towards_L3: FloatArray
    colours_L3: FloatArray
    room_3: FloatArray

    def turned(self, turn_33: FloatArray) -> Light:
        """Return the same light in other axes. Shapes: turn_33 (3, 3) turns what is left of it."""
        return Light(towards_L3=self.towards_L3 @ turn_33, colours_L3=self.colours_L3, room_3=self.room_3)


def lit(part: Part, paints_23: FloatArray, light: Light, eye_3: FloatArray) -> Quads:
    """Colour every corner of a part: its paint under the lamps, and their mirror image in what is glossy.

    Shapes:  paints_23 (2, 3), first and second paint; eye_3 (3,) where the camera is; all in the car's own axes.
    """
    scale_33 = np.concatenate([np.full((1, 3), 255, np.float32), paints_23]) / np.float32(255)
    own_Q13 = (part.colours_Q3 * scale_33[part.paint_Q])[:, None]
    lamps_LQ4 = np.maximum(light.towards_L3 @ part.normals_Q43.reshape(-1, 3).T, 0)
    shade_Q43 = (lamps_LQ4.T @ light.colours_L3 + light.room_3).reshape(-1, 4, 3)
    np.maximum(shade_Q43, part.glow_Q[:, None, None] * np.float32(1.05), out=shade_Q43)
    halfway_L3 = light.towards_L3 + eye_3 / np.linalg.norm(eye_3)
    halfway_L3 /= np.linalg.norm(halfway_L3, axis=1, keepdims=True)
    mirror_LQ4 = np.maximum(halfway_L3 @ part.normals_Q43.reshape(-1, 3).T, 0) ** 2
    for _ in range(3):  # a highlight to the 16th power
        mirror_LQ4 *= mirror_LQ4
    gloss_Q43 = (mirror_LQ4.T @ light.colours_L3).reshape(-1, 4, 3) * (230 * part.gloss_Q[:, None, None])
    shade_Q43 *= own_Q13
    shade_Q43 += gloss_Q43
    return faces(part.corners_Q43, np.minimum(np.maximum(shade_Q43, _DARKEST), _BRIGHTEST))
