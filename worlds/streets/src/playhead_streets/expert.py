"""A driver that knows the simulation's state and answers with keys; it never sees a picture.

It can be asked in any state, also one that it did not bring about: that makes it a teacher. What it remembers is
only the rest of its pulse-width modulation (the steering it still owes), for half a second that and where it began
to back out of something, and the route's speed profile. Whether it is overtaking it reads off the car's place.

Shape legend: N points of the route, A arcs, S steps along an arc.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead_streets.ground import CAR_LENGTH_M, CAR_WIDTH_M, cars_overlap
from playhead_streets.physics import (
    DRAG_PER_M,
    ENGINE_MPS2,
    ROLLING_MPS2,
    CarState,
    Controls,
    full_lock_curvature,
)
from playhead_streets.pulse import Pulse
from playhead_streets.route import Route
from playhead_streets.simulation import Simulation
from playhead_streets.town import FREE
from playhead_streets.traffic import TrafficCar

LATERAL_MPS2 = 3.2  # sideways in bends, about half the car's grip
BRAKING_MPS2 = 2.6
AHEAD_S = 0.15  # decides for the pose this much later: two thirds of the steering lag
STANDING_GAP_M = 4.0
PASSING_GAP_M = 7.0  # what it leaves to a parked car, so that it can still pull out
ARCS = np.linspace(-1.0, 1.0, 11)
ARC_STEPS_M = np.array([0.02, 0.1, 0.25, 0.5, 0.9, 1.4, 2.0, 2.6, 3.2, 3.8, 4.4, 5.1, 5.9, 6.8, 7.8, 9.0])

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class Expert:
    """Drives the car of an environment, of a simulation, or of anything wrapped around them, by pressing keys."""

    def __init__(self, env: Any) -> None:
        self._env = env
        self._profile: tuple[Route | None, list[float]] = (None, [])
        self._steer_pulse = Pulse()
        self._throttle_pulse = Pulse()
        self._gear = _Gear()

    @property
    def simulation(self) -> Simulation:
        """The simulation of the drive that is going on now; a reset brings a new one."""
        inner = getattr(self._env, "unwrapped", self._env)
        found = inner if isinstance(inner, Simulation) else inner.simulation
        if not isinstance(found, Simulation):
            raise TypeError(f"{inner!r} has no simulation yet: call reset() first.")
        return found

    def decide(self) -> dict[str, bool]:
        """Say which keys to hold now; their mean over time is the wish."""
        wish = self.wish()
        time_s = self.simulation.time_s
        steer = self._steer_pulse.press(wish.steer, time_s)
        throttle = self._throttle_pulse.press(wish.throttle, time_s)
        return {"w": throttle > 0, "a": steer < 0, "s": throttle < 0, "d": steer > 0}

    def wish(self) -> Controls:
        """Say how far to steer and how much to accelerate or brake now, before this becomes keys."""
        simulation = self.simulation
        if simulation.time_s < simulation.scenario.padding_s:
            return Controls(throttle=1.0)  # being stuck: it pushes against the obstacle
        situation = Situation(simulation)
        limit_mps, left_m = situation.give_way(self._limit(simulation))
        curvature = situation.pursue(left_m)
        if situation.is_astray:
            return situation.recover(curvature, limit_mps, self._gear)
        steer = -curvature / full_lock_curvature(simulation.car.speed_mps)
        return Controls(steer=clip(steer), throttle=reach_speed(simulation.car.speed_mps, limit_mps))

    def _limit(self, simulation: Simulation) -> float:
        """The speed that the bends ahead and the limits of the lanes allow here."""
        route = simulation.route
        if self._profile[0] is not route:
            self._profile = (route, speed_profile(route))
        profile = self._profile[1]
        soon = simulation.along_m + max(simulation.car.speed_mps, 0.0) * AHEAD_S
        return profile[min(int(soon), len(profile) - 1)]


class _Gear:
    """Whether the expert backs out of something, and where it began to; forgotten after half a second."""

    def __init__(self) -> None:
        self._from: tuple[float, float] | None = None
        self._used_s = 0.0

    def is_reverse(self, car: CarState, time_s: float, free_m: float, can_reverse: bool) -> bool:
        """Decide by what is free ahead: into reverse when nearly nothing is, out of it when enough is."""
        if not 0.0 <= time_s - self._used_s < 0.5:
            self._from = None
        self._used_s = time_s
        if not can_reverse:
            self._from = None
        elif self._from is None:
            if free_m < 0.9 and car.speed_mps < 0.7:
                self._from = (car.x, car.y)
        else:
            reversed_m = math.hypot(car.x - self._from[0], car.y - self._from[1])
            if (reversed_m > 2.5 and free_m > 6.0) or (reversed_m > 6.0 and free_m > 2.0) or reversed_m > 9.0:
                self._from = None
        return self._from is not None


class Situation:
    """What a driver makes of one state: where the car will be when its steering answers, what is near, the way."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.car: CarState = simulation.car
        self.route = simulation.route
        self.along = simulation.along_m
        self.left = simulation.off_route_m
        speed = self.car.speed_mps
        turn = -self.car.steer * full_lock_curvature(speed) * speed * AHEAD_S
        self.heading = self.car.heading + turn
        self.x = self.car.x + math.cos(self.car.heading + turn / 2) * speed * AHEAD_S
        self.y = self.car.y + math.sin(self.car.heading + turn / 2) * speed * AHEAD_S
        self.turned = math.remainder(self.car.heading - self.route.heading_at(self.along), math.tau)
        is_near_obstacle = abs(self.left) > 1.0 and simulation.ground.clearance_m(self.car.x, self.car.y) < 4.0
        self.is_astray = (
            abs(self.left) > 3.2
            or abs(self.turned) > 0.7
            or speed < -0.2
            or is_near_obstacle
            or self._is_blocked()
        )

    def _is_blocked(self) -> bool:
        """Whether something stands right before the nose."""
        car = self.car
        ahead = CAR_LENGTH_M / 2 + 0.6
        place = (car.x + math.cos(car.heading) * ahead, car.y + math.sin(car.heading) * ahead)
        return self.simulation.ground.clearance_m(*place) < 0.9 or self._leans_on_car()

    def _leans_on_car(self) -> bool:
        """Whether a standing car touches the nose."""
        car = self.car
        if abs(car.speed_mps) > 1.0:
            return False
        return any(
            self._touches_car(
                car.x + math.cos(car.heading + turn) * 0.5,
                car.y + math.sin(car.heading + turn) * 0.5,
                car.heading + 2 * turn,
            )
            for turn in (-0.05, 0.0, 0.05)
        )

    def _touches_car(self, x: float, y: float, heading: float) -> bool:
        """Whether the car would touch a standing one there, coming nearer to it."""
        for other in self.simulation.traffic.cars:
            if other.speed_mps < 0.5 and cars_overlap((x, y, heading), (other.x, other.y, other.heading)):
                now_m = math.hypot(other.x - self.car.x, other.y - self.car.y)
                if math.hypot(other.x - x, other.y - y) <= now_m:
                    return True
        return False

    @cached_property
    def _circles(self) -> list[tuple[float, float]]:
        """Standing cars nearby as three circles each."""
        return [
            (other.x + math.cos(other.heading) * along, other.y + math.sin(other.heading) * along)
            for other in self.simulation.traffic.cars
            if other.speed_mps < 0.5 and math.hypot(other.x - self.car.x, other.y - self.car.y) < 14.0
            for along in (-1.5, 0.0, 1.5)
        ]

    def give_way(self, limit_mps: float) -> tuple[float, float]:
        """Slow down for others or pass them; returns the speed limit and how far left of the lane to drive."""
        near = self._near_cars()
        left_m = 0.0
        for other, at, across, speed in near:
            if at < -6.5 or abs(across) > 2.1:
                continue
            if self._may_pass(other, at, across, speed, near):
                if -6.0 < at < 10.0 + 0.9 * max(self.car.speed_mps, 0.0):
                    left_m = max(left_m, across + CAR_WIDTH_M + 0.8)
                clear = abs(self.left - across) > CAR_WIDTH_M + 0.25
                gap = at - CAR_LENGTH_M - 1.0
                if not clear and at > 0.0:
                    limit_mps = min(limit_mps, math.sqrt(2 * BRAKING_MPS2 * max(gap, 0.0)) + 1.2)
                limit_mps = min(limit_mps, 8.0)
            elif at > 0.0 and (at > CAR_LENGTH_M or abs(across - self.left) < 2.0):
                stand = PASSING_GAP_M if other.is_parked else STANDING_GAP_M
                gap = at - CAR_LENGTH_M - stand
                limit_mps = min(limit_mps, follow(gap, max(speed, 0.0)))
        return min(limit_mps, self._junction_limit()), left_m

    def _near_cars(self) -> list[tuple[TrafficCar, float, float, float]]:
        """Cars near the route ahead: how far ahead, how far left of the route, and their speed along it."""
        found = []
        first = max(0, int(self.along) - 12)
        line_N2 = self.route.line_N2[first : int(self.along) + 75]
        for other in self.simulation.traffic.cars:
            if abs(other.x - self.car.x) > 75.0 or abs(other.y - self.car.y) > 75.0:
                continue
            far_N = np.hypot(line_N2[:, 0] - other.x, line_N2[:, 1] - other.y)
            index = int(far_N.argmin())
            if far_N[index] > 9.0:
                continue
            heading = self.route.headings[first + index]
            dx, dy = other.x - line_N2[index, 0], other.y - line_N2[index, 1]
            across = dy * math.cos(heading) - dx * math.sin(heading)
            along = dx * math.cos(heading) + dy * math.sin(heading)
            speed = other.speed_mps * math.cos(other.heading - heading)
            found.append((other, first + index + along - self.along, float(across), speed))
        return found

    def _may_pass(
        self,
        other: TrafficCar,
        at: float,
        across: float,
        speed: float,
        near: list[tuple[TrafficCar, float, float, float]],
    ) -> bool:
        """Whether a parked car can be passed: no junction too near, the other lane free for long enough."""
        if not other.is_parked or speed > 3.0 or other.lane.is_through:
            return False
        if self.left > across + 1.6 and at < 8.0:
            return True  # already beside it: going on is the shortest way back
        stretch = self.route.stretches[self.route.stretch_at(self.along + max(at, 0.0))]
        if stretch.end_m < self.along + at + 12.0 or self.route.stretch_at(self.along) != self.route.stretch_at(
            self.along + max(at, 0.0)
        ):
            return False
        seconds = (max(at, 0.0) + 14.0) / max(self.car.speed_mps, 5.0)
        for _, far, left, along_mps in near:
            reach = max(at, 0.0) + 12.0 + max(-along_mps, 6.0) * seconds
            if 1.6 < left < 6.0 and -4.0 < far < reach and along_mps < 1.0:
                return False
        return True

    def _junction_limit(self) -> float:
        """Stop at the line while somebody who has the right of way crosses."""
        route, simulation = self.route, self.simulation
        first = route.stretch_at(self.along)
        for stretch in route.stretches[first : first + 3]:
            lane = simulation.graph.lanes[stretch.lane]
            to_line = stretch.start_m - self.along - CAR_LENGTH_M / 2 - 0.8
            if not lane.is_through or to_line < -1.5 or to_line > 50.0:
                continue
            if simulation.traffic.holds_against(stretch.lane):
                return math.sqrt(2 * BRAKING_MPS2 * max(to_line, 0.0))
        return math.inf

    def pursue(self, left_m: float, look_m: float | None = None) -> float:
        """Curvature of the arc to a point ahead on the route (pure pursuit)."""
        near = min(max(2.2 + 0.5 * self.car.speed_mps, 3.6), 13.0) + 0.5 * min(abs(self.left), 6.0)
        look = near if look_m is None else look_m
        along, _ = self.route.locate(self.x, self.y, self.along)
        x, y = self.route.point_at(along + look)
        heading = self.route.heading_at(along + look)
        dx = x - math.sin(heading) * left_m - self.x
        dy = y + math.cos(heading) * left_m - self.y
        angle = math.remainder(math.atan2(dy, dx) - self.heading, math.tau)
        if abs(angle) > math.pi / 2:
            return math.copysign(1.0, angle)
        return 2.0 * math.sin(angle) / max(math.hypot(dx, dy), 1.0)

    def recover(self, curvature: float, limit_mps: float, gear: _Gear) -> Controls:
        """Get back to the route: along the arc that is free and leads there, or backwards if none is."""
        speed = self.car.speed_mps
        lock = full_lock_curvature(max(abs(speed), 1.0))
        free_A, end_A3 = self._arcs(ARCS * lock, 1.0)
        wanted = clip(curvature / lock)
        cost_A = np.abs(ARCS - wanted) + 0.45 * np.maximum(0.0, 6.0 - free_A) + 0.05 * self._misses(end_A3)
        best = int(cost_A.argmin())
        free = 0.0 if self._is_held_fast(1.0) else float(free_A[best])
        back = None if self._is_held_fast(-1.0) else self._reverse(lock)
        if back is None and free == 0.0 and abs(speed) < 0.3:
            return self._rock()
        if gear.is_reverse(self.car, self.simulation.time_s, free, back is not None) and back is not None:
            return back
        arc = float(ARCS[best])
        if free >= 6.0 and abs(wanted - arc) < 0.2:
            arc = wanted
        cap = min(limit_mps, 5.5, math.sqrt(2 * 3.0 * max(free - 0.5, 0.1)))
        return Controls(steer=-arc, throttle=reach_speed(speed, cap))

    def _reverse(self, lock: float) -> Controls | None:
        """Go backwards along the arc that is free and turns the nose towards the route; None if there is none."""
        free_A, end_A3 = self._arcs(ARCS * lock, -1.0)
        cost_A = 0.5 * np.maximum(0.0, 4.0 - free_A) + 0.1 * self._misses(end_A3)
        best = int(cost_A.argmin())
        free = float(free_A[best])
        if free == 0.0:
            return None
        speed = self.car.speed_mps
        fastest = min(3.0, math.sqrt(2 * 2.0 * free))
        throttle = 0.6 if speed < -fastest - 0.5 else 0.0 if speed < -fastest else -1.0
        return Controls(steer=-float(ARCS[best]), throttle=throttle)

    def _is_held_fast(self, way: float) -> bool:
        """Whether the car, at rest, cannot move at all with the wheel as it is; the arcs may miss a corner."""
        car = self.car
        if abs(car.speed_mps) > 0.1:
            return False
        turn = -car.steer * full_lock_curvature(0.1) * 0.002 * way
        x, y = car.x + math.cos(car.heading) * 0.002 * way, car.y + math.sin(car.heading) * 0.002 * way
        heading = car.heading + turn
        return self.simulation.ground.hit(x, y, heading) != FREE or self._touches_car(x, y, heading)

    def _rock(self) -> Controls:
        """Rock to and fro with the wheel turned this way and that, when no arc seems free at all."""
        phase = int(self.simulation.time_s / 0.7) % 6
        return Controls(steer=(-1.0, 0.0, 1.0)[phase % 3], throttle=-1.0 if phase % 2 else 1.0)

    def _misses(self, end_A3: FloatArray) -> FloatArray:
        """How badly poses (x, y, heading) fit the route: metres beside it and radians away from it."""
        along, _ = self.route.locate(self.car.x, self.car.y, self.along)
        target_x, target_y = self.route.point_at(along + 12.0)
        bearing_A = np.arctan2(target_y - end_A3[:, 1], target_x - end_A3[:, 0])
        off_A = np.abs(np.remainder(bearing_A - end_A3[:, 2] + np.pi, 2 * np.pi) - np.pi)
        far_A = np.hypot(target_x - end_A3[:, 0], target_y - end_A3[:, 1])
        return np.asarray(6.0 * off_A + far_A)

    def _arcs(self, curvature_A: FloatArray, way: float) -> tuple[FloatArray, FloatArray]:
        """Follow arcs forwards (way 1) or backwards (-1): how far each is free, and the pose where it ends."""
        car = self.car
        steps_S = ARC_STEPS_M if way > 0 else ARC_STEPS_M[ARC_STEPS_M < 5.0]
        half_AS = curvature_A[:, None] * steps_S[None, :] * (way / 2)
        chord_AS = steps_S * way * np.sinc(half_AS / np.pi)  # numpy's sinc has pi in it
        x_AS = car.x + np.cos(car.heading + half_AS) * chord_AS
        y_AS = car.y + np.sin(car.heading + half_AS) * chord_AS
        heading_AS = car.heading + 2 * half_AS
        margin_AS = np.broadcast_to(np.minimum(0.3, 0.15 * steps_S), x_AS.shape)
        blocked_AS = self.simulation.ground.hits(x_AS, y_AS, heading_AS, margin_AS)
        blocked_AS |= self._meets_car(x_AS, y_AS, heading_AS)
        first_A = np.where(blocked_AS.any(axis=1), blocked_AS.argmax(axis=1), len(steps_S))
        free_A = np.concatenate([[0.0], steps_S])[first_A]
        last_A = np.maximum(first_A - 1, 0)
        rows_A = np.arange(len(curvature_A))
        end_A3 = np.stack([x_AS[rows_A, last_A], y_AS[rows_A, last_A], heading_AS[rows_A, last_A]], axis=1)
        return free_A, end_A3

    def _meets_car(self, x_AS: FloatArray, y_AS: FloatArray, heading_AS: FloatArray) -> BoolArray:
        """Whether poses come too near to standing cars; what is near already only blocks coming nearer."""
        met_AS = np.zeros(x_AS.shape, dtype=np.bool_)
        for along in (-1.5, 0.0, 1.5):
            px_AS, py_AS = x_AS + np.cos(heading_AS) * along, y_AS + np.sin(heading_AS) * along
            turned = self.car.heading
            here = (self.car.x + math.cos(turned) * along, self.car.y + math.sin(turned) * along)
            for x, y in self._circles:
                near_m = min(CAR_WIDTH_M + 0.1, math.dist(here, (x, y)) - 0.005)
                met_AS |= np.hypot(px_AS - x, py_AS - y) < near_m
        return met_AS


def speed_profile(route: Route) -> list[float]:
    """Allowed speed at each metre of a route: limits of its lanes, sideways acceleration in bends, braking."""
    limits_N = np.empty(len(route.xs))
    for stretch in route.stretches:
        lane = route.graph.lanes[stretch.lane]
        limits_N[int(stretch.start_m) : int(stretch.end_m) + 2] = 25.0 if lane.is_through else lane.limit_mps
    curvature_N = np.abs(np.gradient(route.headings_N))
    curvature_N = np.convolve(np.pad(curvature_N, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    speeds_N = np.minimum(limits_N, np.sqrt(LATERAL_MPS2 / np.maximum(curvature_N, 1e-4)))
    for index in range(len(speeds_N) - 2, -1, -1):
        speeds_N[index] = min(speeds_N[index], math.sqrt(speeds_N[index + 1] ** 2 + 2 * BRAKING_MPS2))
    return [float(speed) for speed in speeds_N]


def follow(gap_m: float, leader_mps: float, braking_mps2: float = 0.8 * BRAKING_MPS2) -> float:
    """The speed at which one can still stop behind a leader who brakes as hard as oneself."""
    if gap_m <= 0.0:
        return max(0.0, leader_mps - 1.0 + gap_m)
    return math.sqrt(leader_mps**2 + 2 * braking_mps2 * gap_m)


def reach_speed(speed_mps: float, wanted_mps: float) -> float:
    """How much to accelerate (positive) or brake (negative) to reach a speed."""
    if wanted_mps < 0.3 and speed_mps < 0.5:
        return 0.0 if speed_mps < 0.1 else -0.5
    error = wanted_mps - speed_mps
    hold = (ROLLING_MPS2 + DRAG_PER_M * speed_mps**2) / ENGINE_MPS2
    if error > -0.25:
        return max(0.0, min(1.0, 0.6 * error + hold))
    return -min(1.0, 0.35 * (-error - 0.15))


def clip(value: float, limit: float = 1.0) -> float:
    """Keep a value within a limit to both sides of 0."""
    return max(-limit, min(limit, value))
