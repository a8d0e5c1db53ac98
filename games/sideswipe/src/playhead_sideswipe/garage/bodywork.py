"""How bodies are built: a hull of rings, a cabin, and what is bolted on.

Rings go from the tail to the nose, points of a ring from the sill up: sill, flank, belt, edge of the deck, middle
of the deck.
Shape legend: S rings, K points of a ring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from playhead_sideswipe.garage.shapes import PRIMARY, SECONDARY, Material, Part, box, hull, patch

Ring = tuple[tuple[float, float, float], ...]
Point = tuple[float, float]

MATERIALS: Mapping[str, Material] = {
    "p": Material(colour=(255, 255, 255), paint=PRIMARY, gloss=0.45),
    "d": Material(colour=(150, 150, 150), paint=PRIMARY, gloss=0.2),
    "s": Material(colour=(255, 255, 255), paint=SECONDARY, gloss=0.35),
    "g": Material(colour=(30, 38, 50), gloss=0.8),
    "k": Material(colour=(34, 35, 40), gloss=0.1),
    "m": Material(colour=(150, 154, 162), gloss=0.5),
    "r": Material(colour=(250, 30, 24), glow=0.75),
    "o": Material(colour=(255, 150, 40), glow=0.5),
    "l": Material(colour=(255, 250, 225), glow=0.8),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Body:
    """A body without wheels, hat and stickers, and where those go.

    Units:  metres; axles are (front x, rear x), radii and widths those of the standard wheels there; half_track
            is where the outer face of a wheel stands; hat is (x, z) of the top of the roof.
    """

    part: Part
    skin: tuple[Ring, ...]
    axles: Point
    radii: Point
    half_track: Point
    widths: Point
    hat: Point
    hat_scale: float = 1.0


def ring(x: float, sill: Point, flank: Point, belt: Point, edge: Point, crown: float) -> Ring:
    """Return half a cross-section at x: four points (y, z) up the side, and the height of the middle."""
    return (*((x, y, z) for y, z in (sill, flank, belt, edge)), (x, 0.0, crown))


def cabin_ring(x: float, base: Point, top: Point, crown: float) -> Ring:
    """Return half a cross-section of a cabin: foot and top of the side window, middle of the roof."""
    return ((x, *base), (x, *top), (x, 0.0, crown))


def skin(rings: tuple[Ring, ...], rows: tuple[str, ...], ends: tuple[str, str]) -> Part:
    """Make a hull of the materials by their letters."""
    return hull(rings, rows, MATERIALS, ends)


def block(x: Point, y: Point, z: Point, letter: str, taper: float = 0.0) -> Part:
    """Make a box of the material by its letter."""
    return box(x, y, z, MATERIALS[letter], taper)


def arch(x: float, y: float, radius: float, width: float, letter: str, spread_deg: Point = (15, 165)) -> Part:
    """Make a mudguard over a wheel of the left side and its mirror image; angles from the nose, up and back."""
    angles = np.radians(np.linspace(*spread_deg, 7))
    outer_N2 = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1) + (x, 0.8 * radius)
    inner_N2 = 0.84 * radius * np.stack([np.cos(angles), np.sin(angles)], axis=1) + (x, 0.8 * radius)
    right = y - width
    faces = []
    for ((x0, z0), (x1, z1)), ((i0, j0), (i1, j1)) in zip(pairwise(outer_N2), pairwise(inner_N2), strict=True):
        faces.append([(x0, right, z0), (x0, y, z0), (x1, y, z1), (x1, right, z1)])
        faces.append([(i0, y, j0), (i1, y, j1), (x1, y, z1), (x0, y, z0)])
    return patch(faces, MATERIALS[letter]).both_sides()
