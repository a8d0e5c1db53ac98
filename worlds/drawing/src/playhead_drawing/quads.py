"""Four-cornered faces in numpy: all that a world shows is built from them. Knows no world, no engine.

Shape legend: Q faces, 4 corners each, 3 coordinates or colours; N points of a line; B boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

_UNIT_SQUARE_42 = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
# Light comes from the south-west, high up; a face turned away keeps this share of its colour.
_SUN_3 = np.array([-0.5, -0.62, 0.6], np.float32)
_SHADE = 0.62


@dataclass(frozen=True, kw_only=True, eq=False)
class Quads:
    """Many faces: corners anticlockwise as seen from the visible side.

    Shapes:  corners_Q43 (Q, 4, 3) float32 metres; colours_Q43 (Q, 4, 3) float32 in 0..255;
             texture_Q42 (Q, 4, 2) float32, in repeats of the texture.
    """

    corners_Q43: FloatArray
    colours_Q43: FloatArray
    texture_Q42: FloatArray

    def __len__(self) -> int:
        return len(self.corners_Q43)

    def take(self, chosen: npt.NDArray[np.intp]) -> Quads:
        """Return the faces with these numbers."""
        return Quads(
            corners_Q43=self.corners_Q43[chosen],
            colours_Q43=self.colours_Q43[chosen],
            texture_Q42=self.texture_Q42[chosen],
        )

    def shaded(self) -> Quads:
        """Darken every face by how far it is turned from the sun."""
        corners = self.corners_Q43
        normals_Q3 = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        normals_Q3 /= np.maximum(np.linalg.norm(normals_Q3, axis=1, keepdims=True), 1e-9)
        light_Q = _SHADE + (1 - _SHADE) * np.clip(normals_Q3 @ _SUN_3, 0, 1)
        return Quads(
            corners_Q43=corners,
            colours_Q43=(self.colours_Q43 * light_Q[:, None, None]).astype(np.float32),
            texture_Q42=self.texture_Q42,
        )


def faces(
    corners_Q43: npt.ArrayLike, colour: npt.ArrayLike, texture_Q42: npt.ArrayLike = _UNIT_SQUARE_42
) -> Quads:
    """Build faces; `colour` and `texture_Q42` are broadcast over faces and corners."""
    corners = np.asarray(corners_Q43, np.float32).reshape(-1, 4, 3)
    return Quads(
        corners_Q43=corners,
        colours_Q43=np.broadcast_to(np.asarray(colour, np.float32), corners.shape),
        texture_Q42=np.broadcast_to(np.asarray(texture_Q42, np.float32), (len(corners), 4, 2)),
    )


def join(parts: Sequence[Quads]) -> Quads:
    """Put several lots of faces into one."""
    if not parts:
        return faces(np.zeros((0, 4, 3)), (0, 0, 0))
    return Quads(
        corners_Q43=np.concatenate([part.corners_Q43 for part in parts]),
        colours_Q43=np.concatenate([part.colours_Q43 for part in parts]),
        texture_Q42=np.concatenate([part.texture_Q42 for part in parts]),
    )


def normals_of(line_N2: FloatArray) -> FloatArray:
    """Return the unit vectors that point to the left of a line at each of its points."""
    along_N2 = np.gradient(line_N2, axis=0)
    along_N2 /= np.maximum(np.linalg.norm(along_N2, axis=1, keepdims=True), 1e-9)
    return np.stack([-along_N2[:, 1], along_N2[:, 0]], axis=1).astype(np.float32)


def ribbon(
    line_N2: FloatArray,
    left_N2: FloatArray,
    edges_m: tuple[float, float],
    colour: Colour,
    repeat_m: float = 8.0,
) -> Quads:
    """Lay a flat strip along a line, from `edges_m[0]` to `edges_m[1]` metres left of it (right is negative).

    Shapes:  left_N2 are the line's normals_of, computed before any thinning of its points.
    """
    right_N2 = line_N2 + left_N2 * edges_m[0]
    left_edge_N2 = line_N2 + left_N2 * edges_m[1]
    corners_Q42 = np.stack([right_N2[:-1], right_N2[1:], left_edge_N2[1:], left_edge_N2[:-1]], axis=1)
    return faces(raise_to(corners_Q42, 0.0), colour, corners_Q42 / repeat_m)


def disc(x: float, y: float, radius_m: float, colour: Colour, repeat_m: float = 8.0) -> Quads:
    """Lay a flat disc of 24 sides, two to a face."""
    angles_N = np.linspace(0, 2 * np.pi, 25)
    rim_N2 = np.stack([x + radius_m * np.cos(angles_N), y + radius_m * np.sin(angles_N)], axis=1)
    middle_Q2 = np.broadcast_to(np.array([x, y]), (12, 2))
    corners_Q42 = np.stack([middle_Q2, rim_N2[0:-2:2], rim_N2[1:-1:2], rim_N2[2::2]], axis=1)
    return faces(raise_to(corners_Q42, 0.0), colour, corners_Q42 / repeat_m)


def raise_to(corners_Q42: npt.NDArray[np.floating], height_m: float) -> FloatArray:
    """Give flat corners a height."""
    heights = np.full((*corners_Q42.shape[:-1], 1), height_m)
    return np.concatenate([corners_Q42, heights], axis=-1).astype(np.float32)


def walls(
    base_B42: FloatArray, height_B: FloatArray, colour_B3: FloatArray, repeats: tuple[FloatArray, FloatArray]
) -> Quads:
    """Stand a wall on each side of B outlines from outlines().

    Shapes:  base_B42 (B, 4, 2); height_B (B,); colour_B3 (B, 3); repeats are those of the texture along the
             length and the width, (B, 2), and up, (B,).
    """
    upright = frusta(base_B42, base_B42, np.zeros_like(height_B), height_B, colour_B3[:, None, None])
    across_B2, up_B = repeats
    across_B4 = across_B2[:, [0, 1, 0, 1]]
    texture_B42 = np.stack([across_B4, np.broadcast_to(up_B[:, None], across_B4.shape)], axis=-1)
    return faces(
        upright.corners_Q43, upright.colours_Q43, (_UNIT_SQUARE_42 * texture_B42[:, :, None]).reshape(-1, 4, 2)
    )


def outlines(boxes_B5: FloatArray) -> FloatArray:
    """Return the four corners of boxes given as x, y, heading, length, width, anticlockwise.

    Shapes:  boxes_B5 (B, 5); returns (B, 4, 2).
    """
    x, y, heading, length, width = boxes_B5.T
    along_B2 = np.stack([np.cos(heading), np.sin(heading)], axis=1) * (length / 2)[:, None]
    left_B2 = np.stack([-np.sin(heading), np.cos(heading)], axis=1) * (width / 2)[:, None]
    middle_B2 = np.stack([x, y], axis=1)
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.stack([middle_B2 + a * along_B2 + b * left_B2 for a, b in signs], axis=1).astype(np.float32)


def rings(centre_T2: FloatArray, radius_T: FloatArray, sides: int, turn: float = 0.0) -> FloatArray:
    """Return regular outlines around points.

    Shapes:  centre_T2 (T, 2); radius_T (T,); returns (T, sides, 2).
    """
    angles = turn + np.arange(sides) * (2 * np.pi / sides)
    circle_K2 = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return (centre_T2[:, None] + circle_K2 * radius_T[:, None, None]).astype(np.float32)


def frusta(
    low_TK2: FloatArray, high_TK2: FloatArray, low_T: FloatArray, high_T: FloatArray, colour: npt.ArrayLike
) -> Quads:
    """Join a lower and an upper outline by slanted faces.

    Shapes:  low_TK2, high_TK2 (T, K, 2); low_T, high_T (T,) heights; colour broadcasts to (T, K, 4, 3).
    """
    count, sides, _ = low_TK2.shape

    def at(outline_TK2: FloatArray, height_T: FloatArray) -> FloatArray:
        heights = np.broadcast_to(height_T[:, None, None], (count, sides, 1))
        return np.concatenate([outline_TK2, heights], axis=2)

    low, high = at(low_TK2, low_T), at(high_TK2, high_T)
    corners = np.stack([low, np.roll(low, -1, axis=1), np.roll(high, -1, axis=1), high], axis=2)
    colours = np.broadcast_to(np.asarray(colour, np.float32), corners.shape).reshape(-1, 4, 3)
    return faces(corners, colours)
