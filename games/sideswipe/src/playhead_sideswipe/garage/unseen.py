"""Bodies no network is trained on, close in kind to the four: a van, a pickup, a hypercar, a buggy, a roadster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from playhead_sideswipe.garage.bodies import Body, arch, block, cabin_ring, ring, skin, trained_body
from playhead_sideswipe.garage.shapes import join
from playhead_sideswipe.labels import BODIES


def van() -> Body:
    """Build the van: a tall box with a short snout."""
    rings = (
        ring(-2.00, (0.80, 0.36), (0.88, 0.60), (0.88, 1.30), (0.78, 1.76), 1.80),
        ring(-1.30, (0.84, 0.30), (0.92, 0.60), (0.92, 1.32), (0.80, 1.80), 1.85),
        ring(0.40, (0.84, 0.28), (0.92, 0.58), (0.92, 1.30), (0.80, 1.78), 1.83),
        ring(0.85, (0.84, 0.28), (0.92, 0.58), (0.90, 1.22), (0.78, 1.68), 1.72),
        ring(1.45, (0.82, 0.30), (0.88, 0.56), (0.84, 1.00), (0.74, 1.08), 1.10),
        ring(2.00, (0.76, 0.34), (0.82, 0.54), (0.78, 0.82), (0.66, 0.88), 0.90),
    )
    parts = [
        skin(rings, ("kppp", "kpsp", "kpgp", "kpgg", "kppp"), ("kpgp", "kkkp")),
        arch(1.30, 0.98, 0.50, 0.20, "d"),
        arch(-1.25, 0.98, 0.50, 0.20, "d"),
        block((-2.06, -1.96), (0.70, 0.86), (0.70, 1.20), "r").both_sides(),
        block((-1.10, 0.20), (-0.62, 0.62), (1.84, 1.92), "k", 0.05),
        block((1.94, 2.06), (0.52, 0.74), (0.62, 0.80), "l").both_sides(),
        block((1.90, 2.12), (-0.84, 0.84), (0.34, 0.46), "m"),
        block((-2.10, -1.96), (-0.86, 0.86), (0.36, 0.48), "m"),
    ]
    return Body(
        part=join(parts), skin=rings, axles=(1.30, -1.25), radii=(0.42, 0.42), half_track=(0.96, 0.96),
        widths=(0.28, 0.28), hat=(-0.20, 1.90),
    )  # fmt: skip


def pickup() -> Body:
    """Build the pickup: a cab in the middle, an open bed, high on its wheels."""
    rings = (
        ring(-2.15, (0.78, 0.56), (0.86, 0.74), (0.86, 1.04), (0.80, 1.10), 0.80),
        ring(-0.75, (0.80, 0.50), (0.88, 0.72), (0.88, 1.06), (0.80, 1.12), 0.80),
        ring(-0.70, (0.80, 0.50), (0.88, 0.72), (0.88, 1.06), (0.78, 1.12), 1.14),
        ring(0.75, (0.80, 0.50), (0.88, 0.72), (0.86, 1.06), (0.76, 1.12), 1.14),
        ring(1.85, (0.78, 0.52), (0.84, 0.70), (0.82, 1.00), (0.72, 1.06), 1.08),
        ring(2.10, (0.76, 0.56), (0.80, 0.68), (0.78, 0.92), (0.70, 0.96), 0.97),
    )
    cabin = (
        cabin_ring(-0.80, (0.76, 1.10), (0.62, 1.60), 1.63),
        cabin_ring(-0.10, (0.76, 1.12), (0.62, 1.62), 1.65),
        cabin_ring(0.25, (0.76, 1.12), (0.62, 1.60), 1.63),
        cabin_ring(0.80, (0.74, 1.12), (0.64, 1.16), 1.17),
    )
    parts = [
        skin(rings, ("kppk", "kppk", "kppp", "kppp", "kppp"), ("kppp", "kkkp")),
        skin(cabin, ("gp", "gp", "gg"), ("gg", "  ")),
        arch(1.40, 0.98, 0.60, 0.24, "k"),
        arch(-1.40, 0.98, 0.60, 0.24, "k"),
        block((-2.22, -2.12), (0.68, 0.86), (0.74, 1.02), "r").both_sides(),
        block((-0.98, -0.90), (-0.70, 0.70), (1.10, 1.46), "s").moved(x=-0.1),
        block((-1.06, -1.00), (0.30, 0.50), (1.44, 1.56), "l").both_sides(),
        block((2.04, 2.26), (-0.86, 0.86), (0.52, 0.66), "k"),
        block((2.06, 2.14), (0.52, 0.76), (0.74, 0.90), "l").both_sides(),
    ]
    return Body(
        part=join(parts), skin=rings, axles=(1.40, -1.40), radii=(0.50, 0.50), half_track=(0.98, 0.98),
        widths=(0.34, 0.34), hat=(-0.20, 1.64),
    )  # fmt: skip


def hypercar() -> Body:
    """Build the hypercar: low, rounded, cab forward, a full cover over its wheels and a duck's tail."""
    rings = (
        ring(-2.15, (0.80, 0.40), (0.92, 0.56), (0.92, 0.84), (0.70, 0.94), 0.97),
        ring(-1.40, (0.88, 0.22), (1.02, 0.50), (1.00, 0.88), (0.72, 0.98), 1.02),
        ring(-0.50, (0.84, 0.20), (0.92, 0.44), (0.90, 0.76), (0.64, 0.90), 0.92),
        ring(0.50, (0.84, 0.20), (0.92, 0.42), (0.88, 0.70), (0.62, 0.80), 0.82),
        ring(1.35, (0.86, 0.20), (0.98, 0.42), (0.94, 0.72), (0.56, 0.72), 0.68),
        ring(2.00, (0.76, 0.20), (0.86, 0.34), (0.80, 0.50), (0.46, 0.52), 0.50),
        ring(2.30, (0.50, 0.24), (0.58, 0.30), (0.52, 0.36), (0.30, 0.38), 0.38),
    )
    cabin = (
        cabin_ring(-1.50, (0.48, 1.00), (0.34, 1.04), 1.06),
        cabin_ring(-0.50, (0.62, 0.90), (0.44, 1.20), 1.25),
        cabin_ring(0.20, (0.62, 0.84), (0.44, 1.20), 1.24),
        cabin_ring(1.10, (0.54, 0.74), (0.42, 0.78), 0.79),
    )
    parts = [
        skin(rings, ("kppp", "kppp", "kdsp", "kppp", "kppp", "kpps"), ("kkkp", "kkkk")),
        skin(cabin, ("pk", "gp", "gg"), ("  ", "  ")),
        arch(1.38, 1.06, 0.52, 0.20, "p"),
        arch(-1.42, 1.10, 0.56, 0.20, "p"),
        block((-2.22, -2.12), (0.40, 0.86), (0.76, 0.84), "r").both_sides(),
        block((-2.30, -1.96), (-0.86, 0.86), (0.96, 1.02), "p", 0.08),
        block((-2.24, -2.10), (-0.14, 0.14), (0.44, 0.60), "m"),
        block((1.70, 2.02), (0.58, 0.78), (0.50, 0.58), "l", 0.08).both_sides(),
        block((-0.75, -0.20), (0.86, 0.95), (0.44, 0.70), "k", 0.1).both_sides(),
    ]
    return Body(
        part=join(parts), skin=rings, axles=(1.38, -1.42), radii=(0.42, 0.46), half_track=(1.05, 1.09),
        widths=(0.28, 0.34), hat=(-0.20, 1.24), hat_scale=0.95,
    )  # fmt: skip


def buggy() -> Body:
    """Build the buggy: a tub, a cage of pipes, a spare wheel, knobbly and short."""
    rings = (
        ring(-1.30, (0.46, 0.50), (0.56, 0.66), (0.54, 0.86), (0.42, 0.90), 0.70),
        ring(-0.60, (0.58, 0.40), (0.70, 0.60), (0.68, 0.88), (0.54, 0.92), 0.66),
        ring(0.45, (0.58, 0.38), (0.70, 0.58), (0.66, 0.86), (0.52, 0.90), 0.66),
        ring(0.60, (0.56, 0.38), (0.66, 0.58), (0.62, 0.84), (0.48, 0.88), 0.90),
        ring(1.70, (0.34, 0.46), (0.40, 0.56), (0.36, 0.66), (0.26, 0.70), 0.71),
    )
    pipes = [
        block((-0.95, -0.86), (0.46, 0.55), (0.85, 1.60), "k").both_sides(),
        block((0.34, 0.43), (0.46, 0.55), (0.85, 1.56), "k").both_sides(),
        block((-0.95, 0.43), (0.46, 0.55), (1.54, 1.63), "k").both_sides(),
        block((-0.95, -0.86), (-0.55, 0.55), (1.54, 1.63), "k"),
        block((0.34, 0.43), (-0.55, 0.55), (1.54, 1.63), "k"),
        block((-0.90, 0.38), (-0.50, 0.50), (1.60, 1.66), "s"),
    ]
    parts = [
        skin(rings, ("kpsk", "kppk", "kppk", "kpps"), ("kkkk", "kkkp")),
        *pipes,
        block((-1.75, -1.10), (-0.30, 0.30), (0.50, 0.90), "m", 0.1),
        block((-1.84, -1.70), (0.30, 0.50), (0.66, 0.86), "r").both_sides(),
        block((-0.40, -0.10), (0.06, 0.42), (0.70, 1.26), "k", 0.06).both_sides(),
        block((-1.9, 1.75), (0.40, 0.48), (0.46, 0.54), "m").both_sides(),
        block((1.56, 1.74), (0.34, 0.52), (0.72, 0.90), "l").both_sides(),
        block((1.70, 1.80), (-0.56, 0.56), (0.40, 0.62), "k"),
        block((1.15, 1.30), (0.40, 0.85), (0.44, 0.52), "m").both_sides(),
        block((-1.30, -1.15), (0.40, 0.85), (0.48, 0.56), "m").both_sides(),
    ]
    return Body(
        part=join(parts), skin=rings, axles=(1.22, -1.22), radii=(0.46, 0.54), half_track=(0.98, 1.04),
        widths=(0.32, 0.42), hat=(-0.25, 1.66), hat_scale=0.95,
    )  # fmt: skip


def roadster() -> Body:
    """Build the roadster: narrow, open, long bonnet with free mudguards, two humps behind the seats."""
    rings = (
        ring(-1.90, (0.46, 0.50), (0.54, 0.62), (0.50, 0.78), (0.36, 0.86), 0.88),
        ring(-1.20, (0.64, 0.32), (0.76, 0.56), (0.72, 0.90), (0.54, 1.00), 1.02),
        ring(-0.95, (0.66, 0.28), (0.78, 0.54), (0.74, 0.90), (0.56, 0.98), 0.72),
        ring(0.15, (0.62, 0.26), (0.72, 0.52), (0.68, 0.88), (0.54, 0.94), 0.72),
        ring(0.25, (0.60, 0.26), (0.70, 0.52), (0.66, 0.88), (0.50, 0.96), 1.00),
        ring(1.75, (0.38, 0.32), (0.44, 0.50), (0.42, 0.80), (0.30, 0.90), 0.93),
        ring(2.00, (0.34, 0.38), (0.38, 0.50), (0.36, 0.74), (0.24, 0.82), 0.84),
    )
    parts = [
        skin(rings, ("kppp", "kppk", "kppk", "kppk", "kpps", "kppp"), ("kppp", "kkkp")),
        arch(1.40, 0.98, 0.56, 0.34, "s", (-5, 150)),
        arch(-1.25, 1.00, 0.58, 0.34, "s", (10, 185)),
        block((0.18, 0.24), (-0.56, 0.56), (0.96, 1.26), "g", 0.0),
        block((-1.60, -0.96), (0.16, 0.46), (0.98, 1.16), "p", 0.12).both_sides(),
        block((-0.75, -0.35), (0.10, 0.48), (0.74, 1.14), "k", 0.05).both_sides(),
        block((-1.96, -1.86), (0.30, 0.46), (0.62, 0.76), "r").both_sides(),
        block((1.78, 1.98), (0.50, 0.72), (0.72, 0.92), "l", 0.03).both_sides(),
        block((-1.0, 1.1), (0.74, 0.84), (0.34, 0.42), "m", 0.05).both_sides(),
        block((1.30, 1.45), (0.30, 0.75), (0.42, 0.50), "m").both_sides(),
        block((1.98, 2.04), (-0.30, 0.30), (0.46, 0.78), "m"),
    ]
    return Body(
        part=join(parts), skin=rings, axles=(1.40, -1.25), radii=(0.46, 0.48), half_track=(0.94, 0.98),
        widths=(0.26, 0.30), hat=(-0.55, 1.14), hat_scale=0.9,
    )  # fmt: skip


_BUILDERS: Mapping[str, Callable[[], Body]] = {
    "van": van,
    "pickup": pickup,
    "hypercar": hypercar,
    "buggy": buggy,
    "roadster": roadster,
}


@cache
def body_named(name: str) -> Body:
    """Return any body of the garage, built once. Raises: ValueError for a name that is none."""
    if name in BODIES:
        return trained_body(name)
    if name not in _BUILDERS:
        raise ValueError(f"There is no body {name!r}. There are {', '.join((*BODIES, *_BUILDERS))}.")
    return _BUILDERS[name]()
