"""What walls and floors are made of: grey pictures, wider than a picture of the garage, to be cut from and tinted.

Those of the test rooms are never seen in a training room.
Shape legend: H x W pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import cv2
import numpy as np

from playhead_drawing.noise import noise
from playhead_drawing.quads import ByteArray

WIDTH, HEIGHT = 640, 160
_MIDDLE = WIDTH // 2


def _plaster(level: float = 200, spread: float = 4, coarse_px: int = 16, seed: int = 21) -> ByteArray:
    grain_HW = noise(seed, level, spread, coarse_px)[:, :, 0]
    return np.tile(grain_HW, (3, WIDTH // 64))[:HEIGHT].copy()


def _brick() -> ByteArray:
    wall_HW = _plaster(190, 6, 8)
    rng = np.random.default_rng(1)
    for row in range(HEIGHT // 8):
        for column in range(-1, WIDTH // 20 + 1):
            left, top = column * 20 + 10 * (row % 2), 8 * row
            shade = float(rng.uniform(0.8, 1.1))
            block_HW = wall_HW[top : top + 7, max(left, 0) : max(left + 19, 0)]
            block_HW[:] = np.clip(block_HW * shade, 0, 255)
        wall_HW[8 * row + 7] = 120
    return wall_HW


def _planks() -> ByteArray:
    wall_HW = _plaster(200, 3, 32)
    rng = np.random.default_rng(2)
    for left in range(0, WIDTH, 16):
        wall_HW[:, left : left + 15] = np.clip(wall_HW[:, left : left + 15] * rng.uniform(0.78, 1.1), 0, 255)
        wall_HW[:, left + 15] = 90
    return wall_HW


def _corrugated() -> ByteArray:
    wave_W = 175 + 45 * np.sin(np.arange(WIDTH) * 2 * np.pi / 10)
    return np.broadcast_to(wave_W, (HEIGHT, WIDTH)).astype(np.uint8)


def _tiles() -> ByteArray:
    wall_HW = _plaster(215, 2, 16)
    wall_HW[::20] = 150
    wall_HW[:, ::20] = 150
    return wall_HW


def _shutter() -> ByteArray:
    slat_H = np.tile(np.array([120, 190, 205, 200, 190, 178, 166, 150]), HEIGHT // 8)
    return np.repeat(slat_H[:, None], WIDTH, axis=1).astype(np.uint8)


def _panels() -> ByteArray:
    wall_HW = _plaster(195, 3, 16, seed=24)
    for left in range(0, WIDTH, 64):
        cv2.rectangle(wall_HW, (left + 2, 2), (left + 61, HEIGHT - 3), 225, 1)
        wall_HW[:, left : left + 2] = 110
    return wall_HW


def _pegs() -> ByteArray:
    wall_HW = _plaster(205, 2, 16)
    for top in range(4, HEIGHT, 8):
        wall_HW[top : top + 2, 4::8] = 110
    return wall_HW


def _blotches() -> ByteArray:
    """Make no room at all: clouds of grey, so that nothing about a room can be relied on."""
    rng = np.random.default_rng(5)
    coarse_HW = rng.uniform(60, 250, (HEIGHT // 20, WIDTH // 20)).astype(np.float32)
    return cv2.resize(coarse_HW, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)


def _patches() -> ByteArray:
    """Make a jumble of polygons."""
    rng = np.random.default_rng(6)
    wall_HW = np.full((HEIGHT, WIDTH), 150, np.uint8)
    for _ in range(160):
        middle_2 = rng.uniform((0, 0), (WIDTH, HEIGHT))
        corners_N2 = (middle_2 + rng.uniform(-40, 40, (4, 2))).astype(np.int32)
        cv2.fillConvexPoly(wall_HW, cv2.convexHull(corners_N2), int(rng.integers(50, 250)))
    return wall_HW


def _stone() -> ByteArray:
    wall_HW = _plaster(180, 7, 8, seed=27)
    rng = np.random.default_rng(7)
    for top in range(0, HEIGHT, 26):
        left = int(rng.integers(0, 30))
        while left < WIDTH:
            width = int(rng.integers(28, 60))
            block_HW = wall_HW[top : top + 24, left : left + width - 2]
            block_HW[:] = np.clip(block_HW * rng.uniform(0.7, 1.15), 0, 255)
            wall_HW[top : top + 26, left + width - 2 : left + width] = 90
            left += width
        wall_HW[top + 24 : top + 26] = 90
    return wall_HW


def _diagonals() -> ByteArray:
    row_W, column_H = np.arange(WIDTH), np.arange(HEIGHT)
    return np.where((row_W + column_H[:, None]) // 12 % 2, 205, 160).astype(np.uint8)


def _scales() -> ByteArray:
    wall_HW = np.full((HEIGHT, WIDTH), 150, np.uint8)
    for row in range(HEIGHT // 10 + 2, -1, -1):
        for left in range(-24, WIDTH + 24, 24):
            middle = (left + 12 * (row % 2), 10 * row)
            cv2.circle(wall_HW, middle, 13, 190 + 8 * (row % 4), cv2.FILLED)
            cv2.circle(wall_HW, middle, 13, 120, 1)
    return wall_HW


def _far_lines(lines_x: int, rows: float, seed: int) -> ByteArray:
    """Make a floor that is seen at a slant: lines that run to a point above it, and lines across."""
    floor_HW = _plaster(170, 4, 16, seed=seed)
    vanishing = (_MIDDLE, -110)
    for foot in range(-WIDTH, 2 * WIDTH, lines_x):
        cv2.line(floor_HW, vanishing, (foot, HEIGHT), 120, 1, cv2.LINE_AA)
    depths_N = 110 * HEIGHT / (np.arange(1, 40) * rows) - 60
    for top in depths_N[(depths_N > 0) & (depths_N < HEIGHT)]:
        cv2.line(floor_HW, (0, int(top)), (WIDTH, int(top)), 120, 1)
    return floor_HW


def _concrete() -> ByteArray:
    return _plaster(180, 7, 16, seed=30)


def _boards() -> ByteArray:
    return _far_lines(46, 1000, 31)


def _slabs() -> ByteArray:
    return _far_lines(90, 16, 32)


def _shine() -> ByteArray:
    """Make a polished floor: brighter towards the wall."""
    slope_H1 = np.linspace(230, 130, HEIGHT)[:, None]
    return (slope_H1 * (_plaster(200, 2, 32, seed=33) / 200.0)).clip(0, 255).astype(np.uint8)


def _chequered() -> ByteArray:
    rows_H1 = np.arange(HEIGHT)[:, None]
    depth_H1 = 9000.0 / (rows_H1 + 60)
    across_HW = (np.arange(WIDTH) - _MIDDLE) * depth_H1 / 2200
    return np.where((np.floor(across_HW) + np.floor(depth_H1 / 8)) % 2, 215, 120).astype(np.uint8)


def _pebbles() -> ByteArray:
    """Make a floor of small stones, smaller towards the wall."""
    rng = np.random.default_rng(8)
    floor_HW = np.full((HEIGHT, WIDTH), 120, np.uint8)
    for top in np.sort(rng.uniform(0, HEIGHT, 1500)):
        size, left = 2 + top / 25, int(rng.integers(0, WIDTH))
        axes = (int(1.6 * size), max(1, int(0.7 * size)))
        cv2.ellipse(floor_HW, (left, int(top)), axes, 0, 0, 360, int(rng.integers(140, 235)), cv2.FILLED)
    return floor_HW


_WALLS: Mapping[str, tuple[Callable[[], ByteArray], ...]] = {
    "train": (_plaster, _brick, _planks, _corrugated, _tiles, _shutter, _panels, _pegs, _blotches, _patches),
    "test": (_stone, _diagonals, _scales),
}
_FLOORS: Mapping[str, tuple[Callable[[], ByteArray], ...]] = {
    "train": (_concrete, _boards, _slabs, _shine, _blotches),
    "test": (_chequered, _pebbles),
}


@cache
def walls(split: str) -> tuple[ByteArray, ...]:
    """Return the walls of training or of test rooms. Shapes: each (HEIGHT, WIDTH) uint8."""
    return tuple(made() for made in _WALLS[split])


@cache
def floors(split: str) -> tuple[ByteArray, ...]:
    """Return the floors of training or of test rooms. Shapes: each (HEIGHT, WIDTH) uint8."""
    return tuple(made() for made in _FLOORS[split])
