"""A route through the town: which lanes it takes, its line metre by metre, and where on it a car is.

Shape legend: N points of the line, one a metre.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass

import numpy as np

from playhead_streets.generate import normals, resample
from playhead_streets.lanes import LaneGraph
from playhead_streets.town import FloatArray

ROUTE_M = 500.0
FIRST_M = 10.0  # of a circuit's first lane, behind the start
RUN_OUT_M = 40.0  # the line goes on behind the waypoint, so that looking ahead never runs off its end


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """The part of a route that one lane makes up.

    Units:  start_m and end_m along the route; lane_start_m is where on the lane the stretch begins.
    """

    lane: int
    start_m: float
    end_m: float
    lane_start_m: float


class Route:
    """A line in the right lane from a start to a waypoint `length_m` away, smooth through junctions.

    Units:   left_m moves it to the left of the lanes' middle; lap_m is the length of a round, of a circuit.

    Shapes:  line_N2 has a point a metre and goes on behind the waypoint; points_N2 ends there and is for drawing.
    """

    def __init__(
        self, graph: LaneGraph, lanes: list[int], first_lane_m: float, length_m: float, left_m: float = 0.0,
        lap_m: float = math.inf,
    ) -> None:  # fmt: skip
        self.graph = graph
        self.length_m, self.lap_m = length_m, lap_m
        self.stretches = _lay_stretches(graph, lanes, first_lane_m)
        self._ends = [stretch.end_m for stretch in self.stretches]
        pieces = [graph.lanes[lane].line_N2 for lane in lanes]
        whole_N2 = np.concatenate([pieces[0]] + [piece[1:] for piece in pieces[1:]])
        line_N2 = resample(whole_N2, 1.0)[round(first_lane_m) :]
        line_N2 = line_N2[: round(length_m + RUN_OUT_M) + 1]
        if left_m:
            line_N2 = line_N2 + normals(line_N2) * left_m
        along_N2 = np.gradient(line_N2, axis=0)
        self.line_N2 = line_N2
        self.points_N2: FloatArray = line_N2[: round(length_m) + 1].astype(np.float32)
        self.headings_N = np.unwrap(np.arctan2(along_N2[:, 1], along_N2[:, 0]))
        self.xs: list[float] = line_N2[:, 0].tolist()
        self.ys: list[float] = line_N2[:, 1].tolist()
        self.headings: list[float] = self.headings_N.tolist()

    @property
    def waypoint_2(self) -> tuple[float, float]:
        """Where the route ends."""
        return self.point_at(self.length_m)

    def point_at(self, along_m: float) -> tuple[float, float]:
        """The place `along_m` metres down the route."""
        position = min(max(along_m, 0.0), len(self.xs) - 1.001)
        index = int(position)
        part = position - index
        return (
            self.xs[index] + (self.xs[index + 1] - self.xs[index]) * part,
            self.ys[index] + (self.ys[index + 1] - self.ys[index]) * part,
        )

    def heading_at(self, along_m: float) -> float:
        """The direction of the route at a place (not wrapped)."""
        return self.headings[min(max(round(along_m), 0), len(self.headings) - 1)]

    def locate(
        self, x: float, y: float, near_m: float, behind_m: int = 6, ahead_m: int = 14
    ) -> tuple[float, float]:
        """Find the nearest place of the route in a window around `near_m`.

        Units:  returns (metres along the route, metres to the left of it). The window keeps a route that comes
                by a second time from catching the car too early.
        """
        first = max(0, int(near_m) - behind_m)
        last = min(len(self.xs), int(near_m) + ahead_m + 1)
        best, best_index = math.inf, first
        for index, (px, py) in enumerate(zip(self.xs[first:last], self.ys[first:last], strict=True), first):
            far = (px - x) * (px - x) + (py - y) * (py - y)
            if far < best:
                best, best_index = far, index
        heading = self.headings[best_index]
        cosine, sine = math.cos(heading), math.sin(heading)
        dx, dy = x - self.xs[best_index], y - self.ys[best_index]
        along = min(max(dx * cosine + dy * sine, -0.5), 0.5)
        return max(0.0, best_index + along), dy * cosine - dx * sine

    def stretch_at(self, along_m: float) -> int:
        """Index of the stretch that a place of the route belongs to."""
        return min(bisect.bisect_right(self._ends, along_m), len(self.stretches) - 1)


def _lay_stretches(graph: LaneGraph, lanes: list[int], first_lane_m: float) -> tuple[Stretch, ...]:
    found, reach = [], -first_lane_m
    for lane in lanes:
        length = graph.lanes[lane].length_m
        start = max(reach, 0.0)
        found.append(Stretch(lane=lane, start_m=start, end_m=reach + length, lane_start_m=start - reach))
        reach += length
    return tuple(found)


def make_route(
    graph: LaneGraph, rng: np.random.Generator, length_m: float = ROUTE_M, prefers_turns: bool = False
) -> Route:
    """Walk at random from lane to lane until the route is long enough, rarely through the same junction twice."""
    starts = [lane for lane in graph.on_roads if graph.lanes[lane].length_m > 40.0]
    lanes = [int(rng.choice(starts))]
    first_lane_m = float(rng.integers(4, 16))
    reach = graph.lanes[lanes[0]].length_m - first_lane_m
    visited = {graph.lanes[lanes[0]].junction}
    while reach < length_m + RUN_OUT_M + 5.0:
        way = _choose_way(graph, rng, lanes[-1], visited, prefers_turns)
        lanes += [way, graph.successors[way][0]]
        reach += sum(graph.lanes[lane].length_m for lane in lanes[-2:])
        visited.add(graph.lanes[lanes[-1]].junction)
    return Route(graph, lanes, first_lane_m, length_m)


def make_laps(graph: LaneGraph, rng: np.random.Generator, laps: float) -> Route:
    """Go round a circuit so many times, in the middle of its road."""
    road = int(rng.integers(len(graph.town.roads)))
    ring = [next(lane.index for lane in graph.lanes if lane.road == road)]
    while (following := graph.successors[ring[-1]][0]) != ring[0]:
        ring.append(following)
    lap_m = sum(graph.lanes[lane].length_m for lane in ring)
    rounds = math.ceil(laps + (FIRST_M + RUN_OUT_M + 5.0) / lap_m)
    return Route(
        graph, ring * rounds, FIRST_M, laps * lap_m, left_m=-0.5 * graph.town.roads[road].lane_width_m, lap_m=lap_m
    )


def _choose_way(
    graph: LaneGraph, rng: np.random.Generator, lane: int, visited: set[int], prefers_turns: bool
) -> int:
    ways = graph.successors[lane]
    weights = []
    for way in ways:
        weight = 0.03 if graph.lanes[graph.successors[way][0]].junction in visited else 1.0
        if prefers_turns:
            weight *= 1.0 if abs(graph.lanes[way].bend) > 0.6 else 0.08
        weights.append(weight)
    share = np.array(weights) / sum(weights)
    return ways[int(rng.choice(len(ways), p=share))]
