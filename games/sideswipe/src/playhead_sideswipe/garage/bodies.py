"""The four bodies a network learns to tell apart: a high hatch, a low wedge, a muscle car, a flat blade.

Each is a hull of rings, a cabin, and what is bolted on. Rings go from the tail to the nose, points of a ring from
the sill up: sill, flank, belt, edge of the deck, middle of the deck.
Shape legend: S rings, K points of a ring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from playhead_sideswipe.garage.shapes import PRIMARY, SECONDARY, Material, Part, box, hull, join, patch

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


def octane() -> Body:
    """Build the high compact one: short, round nose, tall cabin, big wheels, engine behind the rear window."""
    rings = (
        ring(-1.72, (0.56, 0.52), (0.66, 0.72), (0.64, 0.98), (0.50, 1.05), 1.07),
        ring(-1.25, (0.66, 0.40), (0.80, 0.70), (0.80, 1.06), (0.62, 1.17), 1.20),
        ring(-0.45, (0.74, 0.30), (0.88, 0.62), (0.86, 1.02), (0.70, 1.12), 1.14),
        ring(0.45, (0.74, 0.28), (0.86, 0.60), (0.82, 0.97), (0.64, 1.06), 1.10),
        ring(1.15, (0.64, 0.32), (0.74, 0.58), (0.70, 0.88), (0.54, 0.98), 1.01),
        ring(1.72, (0.54, 0.36), (0.62, 0.52), (0.56, 0.74), (0.42, 0.80), 0.82),
        ring(1.95, (0.44, 0.42), (0.50, 0.52), (0.46, 0.62), (0.34, 0.65), 0.66),
    )
    cabin = (
        cabin_ring(-1.35, (0.58, 1.14), (0.48, 1.20), 1.22),
        cabin_ring(-0.80, (0.68, 1.12), (0.54, 1.58), 1.63),
        cabin_ring(0.02, (0.68, 1.10), (0.54, 1.60), 1.65),
        cabin_ring(0.88, (0.60, 1.00), (0.50, 1.06), 1.07),
    )
    bolted = [
        skin(rings, ("kpsp", "kppp", "kpss", "kppp", "kpps", "ksps"), ("kkrk", "kkkk")),
        skin(cabin, ("pg", "gp", "gg"), ("  ", "  ")),
        arch(1.2, 1.0, 0.56, 0.36, "p"),
        arch(-1.2, 1.04, 0.62, 0.42, "p"),
        block((-1.86, -1.70), (0.22, 0.56), (0.74, 0.94), "r").both_sides(),
        block((-2.0, -1.68), (-0.26, 0.26), (0.62, 1.02), "m"),
        block((-2.06, -1.98), (0.06, 0.22), (0.60, 0.76), "k").both_sides(),
        block((-1.62, -1.40), (0.44, 0.50), (1.05, 1.50), "k").both_sides(),
        block((-1.80, -1.32), (-0.78, 0.78), (1.48, 1.55), "s", 0.05),
        block((1.62, 1.84), (0.36, 0.56), (0.60, 0.76), "l", 0.04).both_sides(),
        block((1.74, 2.06), (-0.62, 0.62), (0.30, 0.42), "k", 0.05),
        block((0.62, 1.18), (-0.16, 0.16), (0.98, 1.12), "k", 0.12),
    ]
    return Body(
        part=join(bolted), skin=rings, axles=(1.2, -1.2), radii=(0.44, 0.50), half_track=(0.98, 1.02),
        widths=(0.34, 0.40), hat=(-0.40, 1.65),
    )  # fmt: skip


def aftershock() -> Body:
    """Build the low wedge: canopy far forward, narrow nose, open frame and engine at the rear, high wing."""
    rings = (
        ring(-1.15, (0.56, 0.34), (0.72, 0.52), (0.70, 0.78), (0.46, 0.92), 0.95),
        ring(-0.55, (0.74, 0.24), (0.92, 0.44), (0.88, 0.72), (0.52, 0.90), 0.94),
        ring(0.25, (0.72, 0.22), (0.86, 0.38), (0.80, 0.60), (0.48, 0.74), 0.78),
        ring(1.10, (0.48, 0.22), (0.56, 0.34), (0.50, 0.50), (0.34, 0.58), 0.60),
        ring(1.80, (0.36, 0.22), (0.42, 0.30), (0.38, 0.38), (0.26, 0.42), 0.43),
        ring(2.25, (0.22, 0.24), (0.26, 0.27), (0.22, 0.30), (0.14, 0.32), 0.33),
    )
    canopy = (
        cabin_ring(-0.95, (0.40, 0.92), (0.30, 0.98), 1.00),
        cabin_ring(-0.35, (0.50, 0.88), (0.34, 1.16), 1.20),
        cabin_ring(0.25, (0.46, 0.76), (0.32, 1.08), 1.12),
        cabin_ring(1.05, (0.32, 0.58), (0.22, 0.62), 0.63),
    )
    frame = [
        block((-2.05, -1.10), (0.30, 0.44), (0.40, 0.52), "k").both_sides(),
        block((-2.05, -1.90), (-0.44, 0.44), (0.40, 0.54), "k"),
        block((-1.85, -1.05), (-0.28, 0.28), (0.42, 0.82), "m", 0.1),
        block((-1.75, -1.20), (0.10, 0.24), (0.80, 0.96), "s", 0.05).both_sides(),
        block((-2.20, -1.60), (0.12, 0.26), (0.56, 0.70), "m").both_sides(),
        block((-2.14, -2.04), (0.28, 0.78), (0.56, 0.68), "r").both_sides(),
    ]
    wing = [
        block((-1.95, -1.60), (0.52, 0.58), (0.50, 1.22), "k", 0.1).both_sides(),
        block((-2.15, -1.55), (-1.0, 1.0), (1.20, 1.27), "p", 0.06),
        block((-2.22, -1.50), (0.96, 1.02), (1.06, 1.40), "s", 0.1).both_sides(),
    ]
    nose = [
        arch(1.42, 1.0, 0.46, 0.34, "s", (40, 175)),
        arch(-1.45, 1.12, 0.60, 0.46, "p", (10, 140)),
        block((1.35, 1.55), (0.30, 0.80), (0.30, 0.36), "k").both_sides(),
        block((1.90, 2.30), (-0.86, 0.86), (0.20, 0.25), "s", 0.04),
        block((1.72, 1.95), (0.24, 0.36), (0.36, 0.44), "l", 0.05).both_sides(),
        block((-0.62, 0.10), (0.84, 0.98), (0.40, 0.66), "d", 0.14).both_sides(),
    ]
    shell = [
        skin(rings, ("kppp", "kdpp", "kpsp", "kpps", "kpps"), ("kkkk", "kkkk")),
        skin(canopy, ("pp", "gg", "gg"), ("  ", "  ")),
    ]
    return Body(
        part=join([*shell, *frame, *wing, *nose]), skin=rings, axles=(1.42, -1.45), radii=(0.38, 0.50),
        half_track=(0.98, 1.10), widths=(0.32, 0.46), hat=(-0.20, 1.18), hat_scale=0.95,
    )  # fmt: skip


def werewolf() -> Body:
    """Build the muscle car: long flat bonnet with a blower, short cabin at the back, square shoulders and tail."""
    rings = (
        ring(-2.15, (0.74, 0.42), (0.82, 0.62), (0.82, 0.94), (0.72, 1.02), 1.03),
        ring(-1.75, (0.80, 0.34), (0.94, 0.62), (0.94, 0.98), (0.78, 1.07), 1.08),
        ring(-0.95, (0.82, 0.28), (0.94, 0.60), (0.92, 0.96), (0.78, 1.04), 1.06),
        ring(-0.10, (0.82, 0.26), (0.90, 0.56), (0.88, 0.92), (0.76, 0.99), 1.00),
        ring(0.90, (0.80, 0.26), (0.88, 0.54), (0.86, 0.92), (0.76, 0.98), 1.00),
        ring(1.95, (0.76, 0.28), (0.84, 0.52), (0.82, 0.88), (0.74, 0.93), 0.94),
        ring(2.20, (0.74, 0.34), (0.80, 0.52), (0.80, 0.80), (0.72, 0.84), 0.85),
    )
    cabin = (
        cabin_ring(-1.70, (0.74, 1.06), (0.60, 1.10), 1.11),
        cabin_ring(-1.10, (0.78, 1.04), (0.60, 1.40), 1.44),
        cabin_ring(-0.30, (0.78, 1.00), (0.60, 1.42), 1.46),
        cabin_ring(0.22, (0.74, 0.97), (0.62, 1.03), 1.04),
    )
    bolted = [
        skin(rings, ("kppp", "kppp", "kpps", "kpps", "kpps", "kppp"), ("kkdk", "kkkp")),
        skin(cabin, ("pg", "gp", "gg"), ("  ", "  ")),
        arch(1.45, 1.01, 0.54, 0.24, "p"),
        arch(-1.35, 1.05, 0.60, 0.30, "p"),
        block((-2.22, -2.12), (0.14, 0.78), (0.72, 0.90), "r").both_sides(),
        block((-2.26, -2.10), (-0.86, 0.86), (0.40, 0.54), "m"),
        block((-2.24, -1.86), (-0.84, 0.84), (1.06, 1.18), "s", 0.12),
        block((0.55, 1.30), (-0.30, 0.30), (0.98, 1.14), "k", 0.06),
        block((0.62, 1.22), (-0.22, 0.22), (1.14, 1.32), "m", 0.10),
        block((1.10, 1.26), (-0.18, 0.18), (1.16, 1.30), "r"),
        block((2.16, 2.26), (-0.52, 0.52), (0.56, 0.80), "k"),
        block((2.16, 2.26), (0.54, 0.74), (0.60, 0.78), "l").both_sides(),
        block((2.18, 2.34), (-0.84, 0.84), (0.32, 0.46), "m"),
        block((-0.90, 1.00), (0.92, 1.00), (0.26, 0.38), "m", 0.05).both_sides(),
        block((1.62, 1.78), (0.86, 0.93), (0.62, 0.70), "o").both_sides(),
    ]
    return Body(
        part=join(bolted), skin=rings, axles=(1.45, -1.35), radii=(0.44, 0.50), half_track=(0.99, 1.03),
        widths=(0.30, 0.38), hat=(-0.70, 1.45),
    )  # fmt: skip


def breakout() -> Body:
    """Build the blade: flat, long, wide at the tail, a slit of a cabin, two fins, a nose that cuts."""
    rings = (
        ring(-2.15, (0.86, 0.40), (1.00, 0.52), (1.00, 0.78), (0.62, 0.86), 0.84),
        ring(-1.60, (0.90, 0.28), (1.08, 0.48), (1.04, 0.82), (0.64, 0.92), 0.92),
        ring(-0.70, (0.86, 0.22), (1.00, 0.42), (0.92, 0.72), (0.60, 0.86), 0.90),
        ring(0.20, (0.86, 0.20), (0.96, 0.36), (0.84, 0.58), (0.54, 0.72), 0.76),
        ring(1.10, (0.88, 0.18), (1.00, 0.32), (0.86, 0.52), (0.46, 0.57), 0.58),
        ring(1.90, (0.88, 0.16), (0.98, 0.25), (0.80, 0.36), (0.40, 0.39), 0.39),
        ring(2.45, (0.62, 0.16), (0.68, 0.19), (0.52, 0.22), (0.24, 0.24), 0.24),
    )
    cabin = (
        cabin_ring(-1.55, (0.46, 0.91), (0.36, 0.94), 0.95),
        cabin_ring(-0.65, (0.58, 0.86), (0.40, 1.10), 1.13),
        cabin_ring(-0.10, (0.56, 0.78), (0.40, 1.08), 1.11),
        cabin_ring(1.15, (0.42, 0.55), (0.30, 0.59), 0.60),
    )
    fins = [
        patch(
            [
                [(-1.30, 0.95, 0.80), (-2.30, 0.95, 0.80), (-2.42, 0.98, 1.22), (-2.05, 0.98, 1.20)],
                [(-2.30, 0.87, 0.80), (-1.30, 0.87, 0.80), (-2.05, 0.92, 1.20), (-2.42, 0.92, 1.22)],
                [(-2.05, 0.92, 1.20), (-2.05, 0.98, 1.20), (-2.42, 0.98, 1.22), (-2.42, 0.92, 1.22)],
                [(-2.30, 0.95, 0.80), (-2.30, 0.87, 0.80), (-2.42, 0.92, 1.22), (-2.42, 0.98, 1.22)],
            ],
            MATERIALS["s"],
        ).both_sides(),
        block((-2.42, -2.16), (-0.94, 0.94), (0.98, 1.03), "k", 0.03),
    ]
    bolted = [
        skin(rings, ("kppp", "kdpp", "kdps", "kpps", "kpps", "ksps"), ("kkkk", "kkkk")),
        skin(cabin, ("pk", "gg", "gg"), ("  ", "  ")),
        arch(1.45, 1.07, 0.48, 0.26, "p", (25, 150)),
        arch(-1.50, 1.14, 0.54, 0.22, "p", (15, 150)),
        block((-2.22, -2.12), (-0.96, 0.96), (0.64, 0.72), "r"),
        block((-2.24, -2.10), (0.40, 0.66), (0.44, 0.56), "m").both_sides(),
        block((-2.20, -2.00), (-1.0, 1.0), (0.28, 0.40), "k"),
        block((1.86, 2.20), (0.40, 0.66), (0.26, 0.32), "l", 0.1).both_sides(),
        block((-1.0, 1.0), (0.84, 0.98), (0.18, 0.26), "k", 0.1).both_sides(),
    ]
    return Body(
        part=join([*bolted, *fins]), skin=rings, axles=(1.45, -1.50), radii=(0.40, 0.44), half_track=(1.05, 1.12),
        widths=(0.28, 0.38), hat=(-0.40, 1.12), hat_scale=0.95,
    )  # fmt: skip


BUILDERS: Mapping[str, Callable[[], Body]] = {
    "octane": octane,
    "aftershock": aftershock,
    "werewolf": werewolf,
    "breakout": breakout,
}


@cache
def trained_body(name: str) -> Body:
    """Return one of the four, built once."""
    return BUILDERS[name]()
