"""Lit faces and the solids they make: hulls, boxes, cones, discs. Knows no car.

A car's own axes: x to the nose, y to its left, z up; metres, the ground at 0.
Shape legend: Q faces, 4 corners each, 3 coordinates or colours; S stations along a hull, K points of a ring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from playhead_drawing.quads import Colour, FloatArray

FIXED, PRIMARY, SECONDARY = 0, 1, 2  # values of Part.paint_Q: the colour as it is, or a share of a paint's
_SMOOTH = 0.55  # how far the normals of a hull lean to those of its neighbours: 0 is flat, 1 is a soap bubble


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a face is made of. `paint` says whose colour `colour` is a share of (255 is all of it).

    Units:  gloss and glow 0 to 1: how much a light is mirrored, how much is seen without one.
    """

    colour: Colour
    paint: int = FIXED
    gloss: float = 0.0
    glow: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Some faces of a car, with all that light needs.

    Shapes:  corners_Q43, normals_Q43 (Q, 4, 3) float32, unit normals; colours_Q3 (Q, 3) in 0..255;
             paint_Q (Q,) int; gloss_Q, glow_Q (Q,) float32.
    """

    corners_Q43: FloatArray
    normals_Q43: FloatArray
    colours_Q3: FloatArray
    paint_Q: npt.NDArray[np.int8]
    gloss_Q: FloatArray
    glow_Q: FloatArray

    def __len__(self) -> int:
        return len(self.corners_Q43)

    @cached_property
    def planes(self) -> FloatArray:
        """The planes of both triangles of each face: normals and minus the distances from the origin.

        Shapes:  (2, Q, 4).
        """
        corners = self.corners_Q43
        normals_2Q3 = np.stack(
            [np.cross(corners[:, k] - corners[:, 0], corners[:, k + 1] - corners[:, 0]) for k in (1, 2)]
        )
        offsets_2Q = (normals_2Q3 * corners[:, 0]).sum(axis=2)
        return np.concatenate([normals_2Q3, -offsets_2Q[:, :, None]], axis=2)

    def facing(self, eye_3: FloatArray) -> Part:
        """Return the faces that can be seen from a point; half of all cannot, and cost as much as the others."""
        ahead_2Q = self.planes[:, :, :3] @ eye_3 + self.planes[:, :, 3]
        chosen_Q = np.flatnonzero(ahead_2Q.max(axis=0) > 0)
        return Part(
            corners_Q43=self.corners_Q43[chosen_Q],
            normals_Q43=self.normals_Q43[chosen_Q],
            colours_Q3=self.colours_Q3[chosen_Q],
            paint_Q=self.paint_Q[chosen_Q],
            gloss_Q=self.gloss_Q[chosen_Q],
            glow_Q=self.glow_Q[chosen_Q],
        )

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0, scale: float = 1.0) -> Part:
        """Return a copy made larger by `scale` and then moved."""
        corners_Q43 = self.corners_Q43 * np.float32(scale) + np.array([x, y, z], np.float32)
        return replace(self, corners_Q43=corners_Q43)

    def mirrored(self) -> Part:
        """Return the same on the other side of the car."""
        flip_3 = np.array([1, -1, 1], np.float32)
        return replace(
            self, corners_Q43=self.corners_Q43[:, ::-1] * flip_3, normals_Q43=self.normals_Q43[:, ::-1] * flip_3
        )

    def both_sides(self) -> Part:
        """Return this and its mirror image."""
        return join([self, self.mirrored()])


def join(parts: Sequence[Part]) -> Part:
    """Put several parts into one."""
    return Part(
        corners_Q43=np.concatenate([part.corners_Q43 for part in parts]),
        normals_Q43=np.concatenate([part.normals_Q43 for part in parts]),
        colours_Q3=np.concatenate([part.colours_Q3 for part in parts]),
        paint_Q=np.concatenate([part.paint_Q for part in parts]),
        gloss_Q=np.concatenate([part.gloss_Q for part in parts]),
        glow_Q=np.concatenate([part.glow_Q for part in parts]),
    )


def patch(corners_Q43: npt.ArrayLike, material: Material | Sequence[Material]) -> Part:
    """Make flat faces, corners anticlockwise as seen from outside, of one material or one for each."""
    corners = np.asarray(corners_Q43, np.float32).reshape(-1, 4, 3)
    normals = np.repeat(_flat_normals(corners)[:, None], 4, axis=1)
    return _part(corners, normals, [material] * len(corners) if isinstance(material, Material) else material)


def box(
    x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], material: Material, taper: float = 0.0
) -> Part:
    """Make a box between two values along each axis; its top is shorter at both ends by `taper` metres."""
    (back, front), (right, left), (low, high) = x, y, z
    lower = [(back, right, low), (front, right, low), (front, left, low), (back, left, low)]
    upper = [
        (back + taper, right, high),
        (front - taper, right, high),
        (front - taper, left, high),
        (back + taper, left, high),
    ]
    sides = [[lower[k], lower[k - 3], upper[k - 3], upper[k]] for k in range(4)]
    return patch([*sides, upper, lower[::-1]], material)


def hull(
    rings_SK3: Sequence[Sequence[tuple[float, float, float]]],
    rows: Sequence[str],
    materials: Mapping[str, Material],
    ends: tuple[str, str] = ("", ""),
) -> Part:
    """Stretch a symmetric skin over half rings, from the tail to the nose, each ring from its lowest point up.

    `rows[s]` has a letter of `materials` for each strip between ring s and s + 1, a blank for a hole; `ends` are
    those of the lids at the tail and the nose.
    Shapes:  rings_SK3 (S, K, 3), y of the left side; rows S - 1 texts of K - 1 letters.
    """
    grid_SK3 = np.asarray(rings_SK3, np.float32)
    corners_SK43 = np.stack([grid_SK3[1:, :-1], grid_SK3[:-1, :-1], grid_SK3[:-1, 1:], grid_SK3[1:, 1:]], axis=2)
    normals_SK43 = _smooth_normals(corners_SK43)
    letters = "".join(rows)
    chosen = np.array([letter != " " for letter in letters])
    sides = [
        _part(
            corners_SK43.reshape(-1, 4, 3)[chosen],
            normals_SK43.reshape(-1, 4, 3)[chosen],
            [materials[letter] for letter in letters if letter != " "],
        ).both_sides()
    ]
    for ring_K3, lid, is_nose in ((grid_SK3[0], ends[0], False), (grid_SK3[-1], ends[1], True)):
        if lid.strip():
            sides.append(_lid(ring_K3, lid, materials, is_nose))
    return join(sides)


def _lid(ring_K3: FloatArray, letters: str, materials: Mapping[str, Material], is_nose: bool) -> Part:
    other_K3 = ring_K3 * np.array([1, -1, 1], np.float32)
    corners_K43 = np.stack([ring_K3[:-1], other_K3[:-1], other_K3[1:], ring_K3[1:]], axis=1)
    if is_nose:
        corners_K43 = corners_K43[:, ::-1]
    chosen = np.array([letter != " " for letter in letters])
    return patch(corners_K43[chosen], [materials[letter] for letter in letters if letter != " "])


def lathe(profile_K2: Sequence[tuple[float, float]], sides: int, material: Material | Sequence[Material]) -> Part:
    """Turn a profile of (radius, height), from below to above, about z: cylinders, cones, domes, brims."""
    angles = np.arange(sides + 1) * (2 * np.pi / sides)
    profile = np.asarray(profile_K2, np.float32)
    circle_N2 = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    grid_KN3 = np.concatenate(
        [profile[:, None, :1] * circle_N2, np.broadcast_to(profile[:, None, 1:], (len(profile), sides + 1, 1))],
        axis=2,
    ).astype(np.float32)
    corners_KN43 = np.stack([grid_KN3[:-1, :-1], grid_KN3[:-1, 1:], grid_KN3[1:, 1:], grid_KN3[1:, :-1]], axis=2)
    flat = corners_KN43.reshape(-1, 4, 3)
    of_strip = [material] * (len(profile) - 1) if isinstance(material, Material) else list(material)
    normals = _flat_normals(flat)
    return _part(flat, np.repeat(normals[:, None], 4, axis=1), [one for one in of_strip for _ in range(sides)])


def _part(corners_Q43: FloatArray, normals_Q43: FloatArray, materials: Sequence[Material]) -> Part:
    return Part(
        corners_Q43=np.ascontiguousarray(corners_Q43, np.float32),
        normals_Q43=np.ascontiguousarray(normals_Q43, np.float32),
        colours_Q3=np.array([one.colour for one in materials], np.float32).reshape(-1, 3),
        paint_Q=np.array([one.paint for one in materials], np.int8),
        gloss_Q=np.array([one.gloss for one in materials], np.float32),
        glow_Q=np.array([one.glow for one in materials], np.float32),
    )


def _flat_normals(corners_Q43: FloatArray) -> FloatArray:
    across = np.cross(corners_Q43[:, 2] - corners_Q43[:, 0], corners_Q43[:, 3] - corners_Q43[:, 1])
    lengths = np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-9)
    return np.asarray(across / lengths, np.float32)


def _smooth_normals(corners_SK43: FloatArray) -> FloatArray:
    """Return a normal for each corner, between that of its face and the mean of the faces around it."""
    stations, strips = corners_SK43.shape[:2]
    flat_SK3 = _flat_normals(corners_SK43.reshape(-1, 4, 3)).reshape(stations, strips, 3)
    around = np.zeros((stations + 1, strips + 1, 3), np.float32)
    for s, k in ((0, 0), (0, 1), (1, 0), (1, 1)):
        around[s : s + stations, k : k + strips] += flat_SK3
    mean_SK43 = np.stack([around[1:, :-1], around[:-1, :-1], around[:-1, 1:], around[1:, 1:]], axis=2)
    mean_SK43 /= np.maximum(np.linalg.norm(mean_SK43, axis=-1, keepdims=True), 1e-9)
    mixed = _SMOOTH * mean_SK43 + (1 - _SMOOTH) * flat_SK3[:, :, None]
    lengths = np.maximum(np.linalg.norm(mixed, axis=-1, keepdims=True), 1e-9)
    return np.asarray(mixed / lengths, np.float32)
