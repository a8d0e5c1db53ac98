"""The lanes of a town and how they join: what traffic runs on and what routes are made of.

A lane is either on a road or leads through a junction. Right turns start and end in the right lane, left turns in
the left lane; going straight on keeps the lane.

Shape legend: N points of a lane.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from playhead_streets.generate import SHARPEST_TURN, bezier, normals, resample
from playhead_streets.town import Road, Town

CONFLICT_M = 2.7  # two ways through a junction that come nearer than this must not be used at once
TURNING_MPS2 = 2.6  # sideways acceleration that traffic allows itself


@dataclass(frozen=True, kw_only=True, eq=False)
class Lane:
    """One lane, given by its middle line in the direction of travel, about a point a metre.

    Units:  road is an index into Town.roads or -1 inside a junction; junction is where a lane through a junction
            lies, or where a lane on a road ends; bend is the turn from end to end in radians, left positive.
    """

    index: int
    road: int
    junction: int
    is_through: bool
    is_highway: bool
    line_N2: npt.NDArray[np.float64]
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    headings: tuple[float, ...]
    length_m: float
    limit_mps: float
    bend: float

    def pose_at(self, reach_m: float) -> tuple[float, float, float]:
        """Where one is after `reach_m` along the lane: x, y, heading. Beyond the end it goes straight on."""
        last = len(self.xs) - 2
        position = reach_m / self.length_m * (last + 1)
        index = min(max(int(position), 0), last)
        part = position - index
        x, y = self.xs[index], self.ys[index]
        return (
            x + (self.xs[index + 1] - x) * part,
            y + (self.ys[index + 1] - y) * part,
            self.headings[index] + (self.headings[index + 1] - self.headings[index]) * min(part, 1.0),
        )


class LaneGraph:
    """All lanes of a town with their successors; lanes through one junction know which others they cross."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.lanes: list[Lane] = []
        self.successors: list[list[int]] = []
        self._conflicts: dict[int, frozenset[int]] = {}
        arriving: list[list[tuple[int, int, int]]] = [[] for _ in town.junctions]
        leaving: list[list[tuple[int, int, int]]] = [[] for _ in town.junctions]
        for number, road in enumerate(town.roads):
            self._add_road(number, road, arriving, leaving)
        self.on_roads = tuple(range(len(self.lanes)))
        self.through: list[list[int]] = [[] for _ in town.junctions]
        for junction in range(len(town.junctions)):
            self._add_ways(junction, arriving[junction], leaving[junction])

    @cached_property
    def sources(self) -> list[int]:
        """For each lane through a junction the lane it comes from; -1 for lanes on roads."""
        found = [-1] * len(self.lanes)
        for lane in self.on_roads:
            for way in self.successors[lane]:
                found[way] = lane
        return found

    def conflicts(self, way: int) -> frozenset[int]:
        """The lanes through the same junction that must not be used together with `way`, worked out once."""
        if way not in self._conflicts:
            self._conflicts[way] = frozenset(
                other
                for other in self.through[self.lanes[way].junction]
                if other != way and self._meet(self.lanes[way], self.lanes[other])
            )
        return self._conflicts[way]

    def _meet(self, first: Lane, second: Lane) -> bool:
        gap_NN = np.hypot(*(first.line_N2[:, None, :] - second.line_N2[None, :, :]).transpose(2, 0, 1))
        return bool(gap_NN.min() < CONFLICT_M)

    def _add_road(
        self,
        number: int,
        road: Road,
        arriving: list[list[tuple[int, int, int]]],
        leaving: list[list[tuple[int, int, int]]],
    ) -> None:
        first = round(self.town.junctions[road.start].radius_m)
        last = len(road.centre_N2) - round(self.town.junctions[road.end].radius_m)
        centre_N2 = np.asarray(road.centre_N2[first:last], dtype=np.float64)
        ways = [(centre_N2, road.start, road.end), (centre_N2[::-1], road.end, road.start)]
        for centre, start, end in ways[:1] if road.is_one_way else ways:
            left_N2 = normals(centre)
            for place in range(road.lanes):  # place 0 is the leftmost
                line_N2 = centre - left_N2 * road.lanes_right(place) * road.lane_width_m
                index = self._add(
                    line_N2,
                    road=number,
                    junction=end,
                    is_highway=road.kind in ("highway", "track"),
                    limit_mps=road.speed_limit_mps,
                )
                leaving[start].append((index, number, place))
                arriving[end].append((index, number, place))

    def _add_ways(
        self, junction: int, arriving: Sequence[tuple[int, int, int]], leaving: Sequence[tuple[int, int, int]]
    ) -> None:
        roads = self.town.roads
        for lane_in, road_in, place_in in arriving:
            others = [other for other in leaving if other[1] != road_in]
            for is_strict in (True, False):
                for lane_out, road_out, place_out in others:
                    line_N2, bend = _way(self.lanes[lane_in], self.lanes[lane_out])
                    places = (place_in, place_out, roads[road_in].lanes - 1, roads[road_out].lanes - 1)
                    if not is_strict or _may_use(bend, *places):
                        self._add_way(junction, lane_in, lane_out, line_N2, bend)
                if self.successors[lane_in]:
                    break  # else the rule leaves this lane no way on, and every way is allowed

    def _add_way(
        self, junction: int, lane_in: int, lane_out: int, line_N2: npt.NDArray[np.float64], bend: float
    ) -> None:
        way = self._add(line_N2, junction=junction, limit_mps=_turning_limit(line_N2), bend=bend)
        self.through[junction].append(way)
        self.successors[lane_in].append(way)
        self.successors[way].append(lane_out)

    def _add(
        self,
        line_N2: npt.NDArray[np.float64],
        *,
        junction: int,
        limit_mps: float,
        road: int = -1,
        is_highway: bool = False,
        bend: float = 0.0,
    ) -> int:
        line_N2 = resample(line_N2, 1.0)
        along_N2 = np.gradient(line_N2, axis=0)
        headings_N = np.unwrap(np.arctan2(along_N2[:, 1], along_N2[:, 0]))
        index = len(self.lanes)
        self.lanes.append(
            Lane(
                index=index,
                road=road,
                junction=junction,
                is_through=road < 0,
                is_highway=is_highway,
                line_N2=line_N2,
                xs=tuple(line_N2[:, 0].tolist()),
                ys=tuple(line_N2[:, 1].tolist()),
                headings=tuple(headings_N.tolist()),
                length_m=float(np.hypot(*np.diff(line_N2, axis=0).T).sum()),
                limit_mps=min(limit_mps, 25.0),
                bend=bend,
            )
        )
        self.successors.append([])
        return index


def _way(lane_in: Lane, lane_out: Lane) -> tuple[npt.NDArray[np.float64], float]:
    """A smooth curve from the end of one lane to the start of another, and how far it turns."""
    start_2, end_2 = lane_in.line_N2[-1], lane_out.line_N2[0]
    heading_in, heading_out = lane_in.headings[-1], lane_out.headings[0]
    bend = math.remainder(heading_out - heading_in, math.tau)
    # 4/3 tan(a/4) handles make a cubic as round as a circle's arc.
    chord_m = float(np.hypot(*(end_2 - start_2)))
    half = max(abs(bend) / 2, 1e-3)
    handle_m = chord_m / (2 * math.sin(half)) * 4 / 3 * math.tan(half / 2)
    control_42 = np.stack(
        [
            start_2,
            start_2 + handle_m * np.array([math.cos(heading_in), math.sin(heading_in)]),
            end_2 - handle_m * np.array([math.cos(heading_out), math.sin(heading_out)]),
            end_2,
        ]
    )
    return bezier(control_42, 32), bend


def _may_use(bend: float, place_in: int, place_out: int, widest_in: int, widest_out: int) -> bool:
    """The rule of lanes at a junction: turn right from right to right, left from left to left, or straight on."""
    if abs(bend) > SHARPEST_TURN:
        return False
    if bend < -0.6:
        return place_in == widest_in and place_out == widest_out
    if bend > 0.6:
        return place_in == 0 and place_out in (0, widest_out)
    return place_in == place_out or widest_in != widest_out


def _turning_limit(line_N2: npt.NDArray[np.float64]) -> float:
    along_N2 = np.gradient(resample(line_N2, 1.0), axis=0)
    turning_N = np.abs(np.diff(np.unwrap(np.arctan2(along_N2[:, 1], along_N2[:, 0]))))
    return float(math.sqrt(TURNING_MPS2 / max(float(turning_N.mean()), 1e-3)))
