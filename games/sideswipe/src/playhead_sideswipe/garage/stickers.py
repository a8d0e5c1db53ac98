"""Stickers: patterns laid on a body's skin, a hand's breadth of paint thick. Each body has its own.

A place on the skin is (x, v): metres along the car, and how far up the ring: 0 the sill, 1 the flank, 2 the belt,
3 the edge of the deck, 4 its middle.
Shape legend: S rings, K points of a ring, N places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from playhead_sideswipe.garage.bodywork import Ring
from playhead_sideswipe.garage.shapes import SECONDARY, Material, Part, join, patch

Slice = tuple[float, float, float]  # x, and from which v to which

_SECOND = Material(colour=(255, 255, 255), paint=SECONDARY, gloss=0.3)
_WHITE = Material(colour=(240, 240, 240), gloss=0.3)
_BLACK = Material(colour=(36, 36, 40), gloss=0.3)
_YELLOW = Material(colour=(244, 208, 60), gloss=0.3)
_LIFT_M = 0.012  # above the paint, so that neither flickers through the other
_TOP = 4


def strip(skin: Sequence[Ring], slices: Sequence[Slice], material: Material) -> Part:
    """Lay a strip through some slices on both sides of the car, bent wherever the skin is."""
    grid_SK3 = np.asarray(skin, np.float32)
    xs, lows, highs = (np.array(values) for values in zip(*sorted(slices), strict=True))
    bends = [x for x in grid_SK3[:, 0, 0] if xs[0] < x < xs[-1]]
    along = np.unique(np.concatenate([xs, bends]))
    low_N, high_N = np.interp(along, xs, lows), np.interp(along, xs, highs)
    corners = []
    for (x0, a0, b0), (x1, a1, b1) in pairwise(zip(along, low_N, high_N, strict=True)):
        for ring in range(_TOP):
            (c0, d0), (c1, d1) = (np.clip(ends, ring, ring + 1) for ends in ((a0, b0), (a1, b1)))
            if d0 > c0 or d1 > c1:
                corners.append([_on(grid_SK3, *place) for place in ((x1, c1), (x0, c0), (x0, d0), (x1, d1))])
    return patch(corners, material).both_sides()


def _on(grid_SK3: np.ndarray, x: float, v: float) -> np.ndarray:
    """Return the point of the skin at a place, lifted a little."""
    places = np.arange(grid_SK3.shape[1])
    ring_K2 = np.stack(
        [[np.interp(x, grid_SK3[:, 0, 0], grid_SK3[:, k, axis]) for k in places] for axis in (1, 2)], axis=1
    )
    y, z = (float(np.interp(v, places, ring_K2[:, axis])) for axis in (0, 1))
    return np.array([x, y + _LIFT_M * min(1.0, 4 - v), z + _LIFT_M * min(1.0, v / 2)], np.float32)


def _spikes(start: float, step: float, count: int, v: tuple[float, float], tall: float) -> Iterator[list[Slice]]:
    """Yield triangles along the car whose tips point to the tail."""
    low, high = v
    for number in range(count):
        x = start - number * step
        yield [(x, low, high), (x - step * (1.2 + tall * (number % 2)), (low + high) / 2, (low + high) / 2 + 0.05)]


def _flames(skin: Sequence[Ring]) -> Part:
    tongues = [*_spikes(1.7, 0.55, 3, (1.2, 1.9), 0.7), *_spikes(1.5, 0.6, 3, (2.1, 2.9), 0.4)]
    return join(
        [strip(skin, tongue, (_YELLOW, _SECOND)[number % 2]) for number, tongue in enumerate(tongues)]
        + [strip(skin, [(1.2, 1.0, 3.0), (1.8, 1.2, 2.8)], _SECOND)]
    )


def _racing(skin: Sequence[Ring]) -> Part:
    ends = skin[0][0][0] + 0.05, skin[-1][0][0] - 0.05
    return strip(skin, [(x, 3.45, 3.85) for x in ends], _WHITE)


def _bolt(skin: Sequence[Ring]) -> Part:
    zigzag = [
        (-1.0, 0.5, 1.2),
        (-0.4, 1.3, 2.0),
        (-0.3, 0.8, 1.4),
        (0.4, 1.5, 2.1),
        (0.5, 1.0, 1.5),
        (1.6, 1.8, 1.95),
    ]
    return join([strip(skin, zigzag, _YELLOW), strip(skin, [(0.6, 3.3, 3.7), (2.1, 3.4, 3.6)], _BLACK)])


def _chequers(skin: Sequence[Ring]) -> Part:
    squares = []
    for column in range(8):
        for row in range(2):
            x, v = -0.9 + 0.24 * column, 1.1 + 0.5 * row
            square = [(x, v, v + 0.5), (x + 0.24, v, v + 0.5)]
            squares.append(strip(skin, square, (_WHITE, _BLACK)[(row + column) % 2]))
    return join(squares)


def _muscle(skin: Sequence[Ring]) -> Part:
    bonnet = strip(skin, [(0.2, 3.25, 3.8), (2.18, 3.25, 3.8)], _BLACK)
    boot = strip(skin, [(-2.14, 3.25, 3.8), (-1.75, 3.25, 3.8)], _BLACK)
    flank = strip(skin, [(-1.9, 1.5, 1.9), (0.6, 1.55, 1.75), (1.9, 1.62, 1.68)], _WHITE)
    return join([bonnet, boot, flank])


def _shards(skin: Sequence[Ring]) -> Part:
    first = [strip(skin, tip, _WHITE) for tip in _spikes(1.6, 0.7, 4, (1.3, 2.2), 0.5)]
    second = [strip(skin, tip, _SECOND) for tip in _spikes(1.9, 0.8, 3, (3.1, 3.8), 0.3)]
    return join(first + second)


def _bands(skin: Sequence[Ring]) -> Part:
    bands = ((1.35, 0.16, _BLACK), (1.62, 0.10, _WHITE), (-0.60, 0.22, _SECOND), (-1.0, 0.1, _BLACK))
    return join([strip(skin, [(x, 0.6, 4.0), (x + width, 0.6, 4.0)], colour) for x, width, colour in bands])


def _diamonds(skin: Sequence[Ring]) -> Part:
    places = ((-1.2, 1.4), (-0.6, 1.5), (0.0, 1.5), (0.6, 1.5), (1.4, 3.4), (1.9, 3.45))
    return join(
        [
            strip(skin, [(x - 0.2, v, v + 0.03), (x, v - 0.35, v + 0.35), (x + 0.2, v, v + 0.03)], colour)
            for (x, v), colour in zip(places, (_YELLOW, _BLACK) * 3, strict=True)
        ]
    )


def _line(skin: Sequence[Ring]) -> Part:
    ends = skin[0][0][0] + 0.05, skin[-1][0][0] - 0.05
    return strip(skin, [(x, 1.45, 1.8) for x in ends], _WHITE)


# In the order of the menus; number 0 is none. A body that is not listed has the line.
DESIGNS: Mapping[str, tuple[Callable[[Sequence[Ring]], Part], ...]] = {
    "octane": (_flames, _racing),
    "aftershock": (_bolt, _chequers),
    "werewolf": (_muscle,),
    "breakout": (_shards, _bands, _diamonds),
}


def sticker(body: str, number: int, skin: Sequence[Ring]) -> Part | None:
    """Return a body's sticker by its number in the menu; None for number 0."""
    return None if number == 0 else DESIGNS.get(body, (_line,))[number - 1](skin)
