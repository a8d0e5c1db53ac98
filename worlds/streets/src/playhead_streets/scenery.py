"""Turn a town into faces, layer by layer: what lies flat on the ground, then what stands on it.

Shape legend: Q faces, N points of a line, B buildings, P poles, T trees.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import numpy as np

from playhead_drawing.quads import (
    Colour,
    Quads,
    disc,
    faces,
    frusta,
    join,
    normals_of,
    outlines,
    raise_to,
    ribbon,
    rings,
    walls,
)
from playhead_streets.textures import HOUSE_BAYS, HOUSE_FLOORS
from playhead_streets.town import FloatArray, Junction, Road, Town


class Layer(StrEnum):
    """What is drawn with one texture; the flat ones are drawn first, in this order, without a depth test."""

    GROUND = "ground"
    PAVEMENT = "pavement"
    KERB = "kerb"
    ROAD = "road"
    MARKING = "marking"
    BRICK = "brick"
    OFFICE = "office"
    PLASTER = "plaster"
    TREE = "tree"
    POLE = "pole"
    BARRIER = "barrier"


FLAT_LAYERS = (Layer.GROUND, Layer.PAVEMENT, Layer.KERB, Layer.ROAD, Layer.MARKING)
THIN_LAYERS = (Layer.KERB, Layer.MARKING, Layer.POLE)  # less than a pixel wide from afar
CELL_M = 75.0  # what is out of sight is left out in squares of this size (45 takes 9 % longer, 120 3 %)

_AS_PAINTED: Colour = (255, 255, 255)  # the texture has the colour
_KERB: Colour = (214, 212, 204)
_WHITE: Colour = (236, 236, 230)
_YELLOW: Colour = (240, 196, 60)
_POLE: Colour = (92, 96, 100)
_TRUNK: Colour = (96, 72, 50)
_WALLS_83 = np.array(
    [
        (196, 112, 92),
        (214, 190, 150),
        (176, 186, 196),
        (226, 220, 206),
        (150, 120, 104),
        (204, 160, 112),
        (142, 158, 178),
        (206, 176, 176),
    ],
    np.float32,
)
_FRONTS = (Layer.BRICK, Layer.PLASTER, Layer.OFFICE)
OPEN_KINDS = ("highway", "track")  # roads without pavement
_PAVEMENT_M = 3.0
_KERB_M = 0.3
_LINE_M = 0.22  # wider than real paint: a lane edge must survive the shrinking to 80x60
_FLOOR_M = 3.2
BARRIER_M = (0.5, 0.9)  # thick and high
_RED: Colour = (204, 44, 40)
_BEYOND_M = 300.0  # grass around the town, as far as one can tell
_LAWN_M = 144.0  # side of a square of grass, a multiple of its texture's 12 m


def scenery(town: Town) -> dict[Layer, Quads]:
    """Build every face of a town that does not move."""
    layers = _streets(town)
    layers[Layer.GROUND] = _ground(town)
    layers[Layer.POLE] = _poles(town.poles_P3)
    layers[Layer.TREE] = _trees(town.trees_T3)
    layers[Layer.BARRIER] = _barriers(town.barriers_W4)
    return layers | _buildings(town.buildings_B7)


def _ground(town: Town) -> Quads:
    west, south = town.origin_2
    width, height = town.size_m
    xs = np.arange(west - _BEYOND_M, west + width + _BEYOND_M, _LAWN_M)
    ys = np.arange(south - _BEYOND_M, south + height + _BEYOND_M, _LAWN_M)
    corner_Q2 = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 1, 2)
    square_42 = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * _LAWN_M
    # Texture coordinates start anew in each square: large ones overflow the rasteriser's fixed point.
    return faces(raise_to(corner_Q2 + square_42, 0.0), _AS_PAINTED, square_42 / 12.0)


def _streets(town: Town) -> dict[Layer, Quads]:
    parts: dict[Layer, list[Quads]] = {layer: [] for layer in FLAT_LAYERS}
    for junction in town.junctions:
        x, y, radius = junction.x, junction.y, junction.radius_m
        if any(town.roads[road].kind not in OPEN_KINDS for road in junction.roads):
            parts[Layer.PAVEMENT].append(disc(x, y, radius + _PAVEMENT_M, _AS_PAINTED, 4.0))
        parts[Layer.KERB].append(disc(x, y, radius + _KERB_M, _KERB))
        parts[Layer.ROAD].append(disc(x, y, radius, _AS_PAINTED))
    for road in town.roads:
        left_N2 = normals_of(road.centre_N2)
        kept = _bends(road.centre_N2)
        line, left, half = road.centre_N2[kept], left_N2[kept], road.half_width_m
        if road.kind not in OPEN_KINDS:
            edge = half + _PAVEMENT_M
            parts[Layer.PAVEMENT].extend(_both_sides(line, left, (half, edge), _AS_PAINTED, 4.0))
        parts[Layer.KERB].extend(_both_sides(line, left, (half, half + _KERB_M), _KERB))
        parts[Layer.ROAD].append(ribbon(line, left, (-half, half), _AS_PAINTED))
        parts[Layer.MARKING].extend(_markings(road, left_N2, town.junctions))
    return {layer: join(quads) for layer, quads in parts.items()}


def _both_sides(
    line_N2: FloatArray,
    left_N2: FloatArray,
    edges_m: tuple[float, float],
    colour: Colour,
    repeat_m: float = 8.0,
) -> tuple[Quads, Quads]:
    """Lay a strip on the left of a line and one on the right, and nothing where the road will be."""
    inner, outer = edges_m
    return (
        ribbon(line_N2, left_N2, (inner, outer), colour, repeat_m),
        ribbon(line_N2, left_N2, (-outer, -inner), colour, repeat_m),
    )


def _bends(line_N2: FloatArray, turn: float = 0.06, longest_m: int = 20) -> list[int]:
    """Choose the points of a line that matter: one for each `turn` radians, and every `longest_m` metres."""
    steps = np.diff(line_N2, axis=0)
    heading_N = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    kept = [0]
    for index in range(1, len(heading_N)):
        if abs(heading_N[index] - heading_N[kept[-1]]) > turn or index - kept[-1] >= longest_m:
            kept.append(index)
    return [*kept, len(line_N2) - 1]


def _markings(road: Road, left_N2: FloatArray, junctions: tuple[Junction, ...]) -> Iterator[Quads]:
    """Paint one road: edge lines, lane lines, centre line, and a zebra crossing where it meets a junction."""
    first, last = _mouths(road, junctions)
    if last - first < 12:
        return
    whole = [first + index for index in _bends(road.centre_N2[first : last + 1])]
    edge = road.half_width_m - 0.35
    for offset in (-edge, edge):
        yield _line(road, left_N2, whole, offset, _WHITE)
    if road.is_one_way:
        for lane in range(1, road.lanes):
            offset = road.half_width_m - lane * road.lane_width_m
            yield _dashes(road, left_N2, (first, last), offset, _WHITE)
        return
    for lane in range(1, road.lanes):
        for offset in (-lane * road.lane_width_m, lane * road.lane_width_m):
            yield _dashes(road, left_N2, (first, last), offset, _WHITE)
    if road.lanes > 1:
        yield _line(road, left_N2, whole, -0.25, _YELLOW)
        yield _line(road, left_N2, whole, 0.25, _YELLOW)
    else:
        yield _dashes(road, left_N2, (first, last), 0.0, _YELLOW)
    for junction, mouth, ahead in ((road.start, first, -1), (road.end, last, 1)):
        if len(junctions[junction].roads) > 2 and road.kind != "highway":
            yield _zebra(road, left_N2, mouth, ahead)


def _mouths(road: Road, junctions: tuple[Junction, ...]) -> tuple[int, int]:
    """Return the first and last point of a road that are clear of its junctions and their crossings."""
    clear_N = np.ones(len(road.centre_N2), bool)
    for junction in (junctions[road.start], junctions[road.end]):
        away_N = np.hypot(*(road.centre_N2 - (junction.x, junction.y)).T)
        reach_m = junction.radius_m + (4.5 if len(junction.roads) > 2 and road.kind != "highway" else 0.0)
        clear_N &= away_N > reach_m
    indices = np.flatnonzero(clear_N)
    return (int(indices[0]), int(indices[-1])) if len(indices) else (0, 0)


def _line(road: Road, left_N2: FloatArray, points: list[int], offset_m: float, colour: Colour) -> Quads:
    half = _LINE_M / 2
    return ribbon(road.centre_N2[points], left_N2[points], (offset_m - half, offset_m + half), colour)


def _dashes(road: Road, left_N2: FloatArray, span: tuple[int, int], offset_m: float, colour: Colour) -> Quads:
    dash, pitch = (5, 12) if road.kind == "highway" else (3, 7)
    starts = np.arange(span[0], span[1] - dash, pitch)
    right_N2 = road.centre_N2 + left_N2 * (offset_m - _LINE_M / 2)
    left_edge_N2 = road.centre_N2 + left_N2 * (offset_m + _LINE_M / 2)
    edges = (right_N2[starts], right_N2[starts + dash], left_edge_N2[starts + dash], left_edge_N2[starts])
    return faces(raise_to(np.stack(edges, axis=1), 0.0), colour)


def _zebra(road: Road, left_N2: FloatArray, mouth: int, ahead: int) -> Quads:
    """Paint stripes along the road, from 0.8 to 3.4 metres beyond its last clear point, and a stop line."""
    left_2 = left_N2[mouth]
    along_2 = np.array([left_2[1], -left_2[0]]) * ahead
    offsets = np.arange(-road.half_width_m + 0.7, road.half_width_m - 0.5, 1.1)
    near_Q2 = road.centre_N2[mouth] + left_2 * offsets[:, None] + along_2 * 1.2
    width_2, length_2 = left_2 * 0.55 * ahead, along_2 * 2.6
    corners_Q42 = np.stack([near_Q2, near_Q2 + length_2, near_Q2 + length_2 + width_2, near_Q2 + width_2], axis=1)
    own_side_2 = left_2 * -ahead * road.half_width_m  # traffic keeps to the right: it stops on this side
    before_2, behind_2 = along_2 * -0.2, along_2 * 0.2
    stop_42 = road.centre_N2[mouth] + np.array([before_2, before_2 + own_side_2, behind_2 + own_side_2, behind_2])
    return faces(raise_to(np.concatenate([corners_Q42, stop_42[None]]), 0.0), _WHITE)


def _buildings(buildings_B7: FloatArray) -> dict[Layer, Quads]:
    """Stand the walls of each building, with the front that its colour has.

    No roofs: the lowest building is taller than the highest camera.
    """
    base_B42 = outlines(buildings_B7[:, :5])
    height_B, kind_B = buildings_B7[:, 5], buildings_B7[:, 6].astype(int) % len(_WALLS_83)
    floors_B = np.clip(np.round(height_B / _FLOOR_M), 1, HOUSE_FLOORS)
    bays_B2 = np.maximum(1, np.round(buildings_B7[:, 3:5] / (_FLOOR_M * HOUSE_BAYS)))
    layers = {}
    for number, layer in enumerate(_FRONTS):
        chosen = kind_B % len(_FRONTS) == number
        repeats = bays_B2[chosen], floors_B[chosen] / HOUSE_FLOORS
        layers[layer] = walls(base_B42[chosen], height_B[chosen], _WALLS_83[kind_B[chosen]], repeats).shaded()
    return layers


def _barriers(barriers_W4: FloatArray) -> Quads:
    """Stand low walls, red and white in turns, seen from above too."""
    boxes_W5 = np.concatenate([barriers_W4, np.full((len(barriers_W4), 1), BARRIER_M[0], np.float32)], axis=1)
    base_W42, height_W = outlines(boxes_W5), np.full(len(boxes_W5), BARRIER_M[1], np.float32)
    colour_W3 = np.array([_RED, _WHITE], np.float32)[np.arange(len(boxes_W5)) % 2]
    sides = frusta(base_W42, base_W42, np.zeros_like(height_W), height_W, colour_W3[:, None, None])
    return join([sides.shaded(), faces(raise_to(base_W42, BARRIER_M[1]), colour_W3[:, None])])


def _poles(poles_P3: FloatArray) -> Quads:
    centre_P2, height_P = poles_P3[:, :2], poles_P3[:, 2]
    ground_P = np.zeros_like(height_P)
    foot = rings(centre_P2, np.full_like(height_P, 0.16), 4)
    shaft = frusta(foot, rings(centre_P2, np.full_like(height_P, 0.1), 4), ground_P, height_P, _POLE)
    head = rings(centre_P2, np.full_like(height_P, 0.42), 4)
    lamp = frusta(head, head, height_P - 0.35, height_P, (226, 222, 196))
    return join([shaft.shaded(), lamp])


def _trees(trees_T3: FloatArray) -> Quads:
    """Stand a trunk and a crown of two rings of five faces for each tree, in one of three greens."""
    centre_T2, height_T = trees_T3[:, :2], trees_T3[:, 2]
    ground_T = np.zeros_like(height_T)
    width_T = height_T * 0.3

    def ring(share: float, sides: int = 5) -> FloatArray:
        return rings(centre_T2, width_T * share, sides)

    greens_33 = np.array([(74, 122, 58), (92, 138, 64), (62, 108, 66)], np.float32)
    green_T = greens_33[(np.abs(centre_T2).sum(axis=1) * 7).astype(int) % 3][:, None, None, :]
    trunk = frusta(ring(0.14, 3), ring(0.1, 3), ground_T, height_T * 0.4, _TRUNK)
    low = frusta(ring(0.15), ring(1.0), height_T * 0.28, height_T * 0.55, green_T * 0.86)
    high = frusta(ring(1.0), ring(0.12), height_T * 0.55, height_T, green_T * 1.14)
    return join([trunk.shaded(), low.shaded(), high.shaded()])
