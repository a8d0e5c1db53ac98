"""A driver that races: along the line of least curvature, at the limit of the grip, past slower cars.

Shape legend: N points of the route, one a metre.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from playhead_streets.expert import Expert, Situation, clip, follow, reach_speed
from playhead_streets.ground import CAR_LENGTH_M, CAR_WIDTH_M
from playhead_streets.physics import LATERAL_LIMIT_MPS2, Controls, full_lock_curvature
from playhead_streets.route import Route
from playhead_streets.simulation import Simulation

LATERAL_MPS2 = 0.8 * LATERAL_LIMIT_MPS2
BRAKING_MPS2 = 5.5
KEPT_M = 1.7  # between the middle of the car and the edge of the road
BESIDE_M = CAR_WIDTH_M + 0.6  # from the middle of a car that is passed
GAP_M = 2.0  # to a car that is followed
WAYS = 9  # across the road, among which it chooses
GAINED_MPS = 6.0  # what may be gained in the time that a choice counts for
SIDEWAYS_MPS, SIDEWAYS_LATE_S = 2.2, 0.3  # how quickly another place on the road is reached, and when that begins
SEEN_M = 60.0
ASTRAY = 0.9  # radians from the direction of the road

FloatArray = npt.NDArray[np.float64]


class Racer(Expert):
    """Drives a circuit as fast as it safely can, by pressing keys; lost, or in a town, as Expert does."""

    def wish(self) -> Controls:
        """Say how far to steer and how much to accelerate or brake now, before this becomes keys."""
        simulation = self.simulation
        if not simulation.scenario.laps or self._is_lost(simulation):
            return super().wish()
        car, route = simulation.car, simulation.route
        line = racing_line(route)
        situation = Situation(simulation)
        along_m, _ = route.locate(situation.x, situation.y, simulation.along_m)
        look_m = min(max(4.0, 0.45 * car.speed_mps + 2.5), 16.0)
        left_m, limit_mps = self._way(simulation, line, min(int(along_m + look_m), len(line.left_N) - 1))
        curvature = situation.pursue(left_m, look_m)
        limit_mps = min(limit_mps, line.speed_at(along_m))
        steer = -curvature / full_lock_curvature(max(car.speed_mps, 1.0))
        return Controls(steer=clip(steer), throttle=reach_speed(car.speed_mps, limit_mps))

    def _is_lost(self, simulation: Simulation) -> bool:
        half_m = simulation.town.roads[0].half_width_m
        turned = math.remainder(simulation.car.heading - simulation.route.heading_at(simulation.along_m), math.tau)
        is_slow = simulation.car.speed_mps < 1.0 and simulation.time_s > 3.0
        return abs(simulation.off_route_m) > half_m + 0.5 or abs(turned) > ASTRAY or is_slow

    def _way(self, simulation: Simulation, line: RacingLine, at: int) -> tuple[float, float]:
        """Where left of the middle to drive, and how fast others allow there: fast, near the line, near by."""
        near = _cars_near(simulation)
        half_m = simulation.town.roads[0].half_width_m - KEPT_M
        here_m, wanted_m = simulation.off_route_m, line.left_N[at]
        usual_mps = min(line.speed_at(simulation.along_m), simulation.car.speed_mps + GAINED_MPS)
        best, best_cost = (wanted_m, math.inf), math.inf
        for way_m in (wanted_m, *np.linspace(-half_m, half_m, WAYS).tolist()):
            limit_mps = min((_limit(simulation, way_m, other) for other in near), default=math.inf)
            lost_mps = max(0.0, usual_mps - limit_mps)
            cost = lost_mps + 0.3 * abs(way_m - wanted_m) + 0.2 * abs(way_m - here_m)
            if cost < best_cost - 1e-9:
                best, best_cost = (way_m, limit_mps), cost
        return best


class RacingLine:
    """Where on the road to drive, and how fast. Shapes: left_N metres left of the route, speed_N allowed there."""

    def __init__(self, route: Route) -> None:
        half_m = route.graph.town.roads[0].half_width_m - KEPT_M
        line_N2 = np.stack([route.xs, route.ys], axis=1)
        left_N2 = np.stack([-np.sin(route.headings_N), np.cos(route.headings_N)], axis=1)
        offset_N = np.zeros(len(line_N2))
        for reach, rounds in ((16, 150), (8, 150), (4, 100)):
            for _ in range(rounds):
                path_N2 = line_N2 + left_N2 * offset_N[:, None]
                padded = np.pad(path_N2, ((reach, reach), (0, 0)), mode="edge")
                pull_N2 = (padded[2 * reach :] + padded[: -2 * reach]) / 2 - path_N2
                pull_N = (pull_N2 * left_N2).sum(axis=1)
                pull_N[:reach] = pull_N[-reach:] = 0.0
                offset_N = np.clip(offset_N + 0.5 * pull_N, -half_m, half_m)
        path_N2 = line_N2 + left_N2 * offset_N[:, None]
        self.left_N: list[float] = offset_N.tolist()
        self.speed_N: list[float] = _speeds(path_N2).tolist()

    def speed_at(self, along_m: float) -> float:
        """The speed allowed at a place of the route."""
        return self.speed_N[min(int(along_m), len(self.speed_N) - 1)]


@lru_cache(maxsize=2)
def racing_line(route: Route) -> RacingLine:
    """Return the line of a route, worked out once."""
    return RacingLine(route)


def _speeds(path_N2: FloatArray) -> FloatArray:
    """What grip in bends and braking before them allow at each point of a path."""
    step_N2 = np.gradient(path_N2, axis=0)
    metres_N = np.hypot(*step_N2.T)
    curvature_N = np.abs(np.gradient(np.unwrap(np.arctan2(step_N2[:, 1], step_N2[:, 0])))) / metres_N
    curvature_N = np.convolve(np.pad(curvature_N, 3, mode="edge"), np.ones(7) / 7, mode="valid")
    speed_N = np.sqrt(LATERAL_MPS2 / np.maximum(curvature_N, 1e-4))
    for index in range(len(speed_N) - 2, -1, -1):
        speed_N[index] = min(
            speed_N[index], math.sqrt(speed_N[index + 1] ** 2 + 2 * BRAKING_MPS2 * metres_N[index])
        )
    return np.asarray(speed_N)


def _cars_near(simulation: Simulation) -> list[tuple[float, float, float]]:
    """Other cars on the road near by: metres ahead, metres left of the middle, speed along the road."""
    found = []
    route, along = simulation.route, simulation.along_m
    first = max(0, int(along) - 10)
    line_N2 = route.line_N2[first : int(along) + int(SEEN_M)]
    for other in simulation.traffic.cars:
        if abs(other.x - simulation.car.x) > SEEN_M or abs(other.y - simulation.car.y) > SEEN_M:
            continue
        far_N = np.hypot(line_N2[:, 0] - other.x, line_N2[:, 1] - other.y)
        index = int(far_N.argmin())
        if far_N[index] > 8.0:
            continue
        heading = route.headings[first + index]
        dx, dy = other.x - line_N2[index, 0], other.y - line_N2[index, 1]
        across = dy * math.cos(heading) - dx * math.sin(heading)
        found.append((first + index - along, float(across), other.speed_mps * math.cos(other.heading - heading)))
    return found


def _limit(simulation: Simulation, way_m: float, other: tuple[float, float, float]) -> float:
    """How fast one may drive towards a place on the road because of another car."""
    ahead_m, across_m, along_mps = other
    here_m, gap_m = simulation.off_route_m, ahead_m - CAR_LENGTH_M - GAP_M
    if ahead_m < -CAR_LENGTH_M - 0.5:
        return math.inf
    if ahead_m < CAR_LENGTH_M:  # beside: it stands between
        is_between = min(here_m, way_m) - BESIDE_M < across_m < max(here_m, way_m) + BESIDE_M
        leads_there = (way_m - here_m) * (across_m - here_m) > 0 or abs(across_m - here_m) < CAR_WIDTH_M
        return along_mps - 2.0 if is_between and leads_there else math.inf
    reaches_s = max(gap_m, 0.0) / max(simulation.car.speed_mps - along_mps, 0.5)
    sideways_m = SIDEWAYS_MPS * max(reaches_s - SIDEWAYS_LATE_S, 0.0)
    then_m = here_m + clip(way_m - here_m, sideways_m)
    if min(abs(way_m - across_m), abs(then_m - across_m)) > BESIDE_M:
        return math.inf
    return follow(gap_m, max(along_mps, 0.0), BRAKING_MPS2)
