"""A drive without pictures: town, driven car, traffic, route and score, advanced in ticks of 1/80 s.

Everything follows from the seed: the same seed and the same controls give the same state in every process.
"""

from __future__ import annotations

import hashlib
import math
import struct
from functools import lru_cache

import numpy as np

from playhead_streets.circuits import make_circuit
from playhead_streets.generate import Split, make_town, town_seed
from playhead_streets.ground import Ground, cars_overlap
from playhead_streets.lanes import LaneGraph
from playhead_streets.measures import Happening, Scorekeeper
from playhead_streets.physics import TICK_S, CarState, Controls, advance
from playhead_streets.route import Route, make_laps, make_route
from playhead_streets.scenarios import Scenario, find_scenario, start_on_route, start_stuck
from playhead_streets.town import FREE, CarPose, Town, Weather
from playhead_streets.traffic import ALL_WAYS, UPDATE_S, Ego, Traffic

TICKS_PER_UPDATE = round(UPDATE_S / TICK_S)
PUT_BACK_AHEAD_M = 6.0
TOUCH_MPS = 0.3  # slower than this a touch is leaning, not a collision
EGO_COLOUR = 0

TELEMETRY = (
    "speed_mps",
    "x_m",
    "y_m",
    "heading_rad",
    "steer",
    "route_progress",
    "lane_distance_m",
    "lane_heading_rad",
    "off_road",
    "car_collisions",
    "obstacle_collisions",
    "stuck_events",
    "time_s",
    "purpose_m",
    "purpose_rad",
)


class Simulation:
    """One drive from start to waypoint.

    `car`, `route`, `traffic`, `town`, `ground`, `score` and `scenario` are there to be read by experts and tools.
    """

    def __init__(
        self, seed: int, split: Split = "train", scenario: str | Scenario = "regular", traffic: int = 20
    ) -> None:
        self.seed = seed
        self.scenario = find_scenario(scenario) if isinstance(scenario, str) else scenario
        is_race = self.scenario.laps > 0
        self.town, self.ground, self.graph = _grow(town_seed(seed, split), is_race)
        route_rng, traffic_rng, weather_rng = (
            np.random.default_rng([self.town.seed, stream]) for stream in (1, 2, 3)
        )
        self.route: Route = (
            make_laps(self.graph, route_rng, self.scenario.laps)
            if is_race
            else make_route(self.graph, route_rng, self.scenario.route_m, self.scenario.prefers_turns)
        )
        self.car: CarState = (
            start_stuck(self.route, self.ground, route_rng)
            if self.scenario.starts_stuck
            else start_on_route(self.route)
        )
        self.weather = _draw_weather(weather_rng)
        self.score = Scorekeeper(
            route_m=self.route.length_m, grace_s=self.scenario.grace_s, lap_m=self.route.lap_m
        )
        self.ticks = 0
        self.along_m, self.off_route_m = self.route.locate(self.car.x, self.car.y, 0.0, ahead_m=40)
        self.is_off_road = not self.ground.is_road(self.car.x, self.car.y)
        self._is_braking = False
        self.traffic = Traffic(self.graph, traffic_rng, traffic, self._ego())

    @property
    def time_s(self) -> float:
        """Simulated time since the start."""
        return self.ticks * TICK_S

    @property
    def is_finished(self) -> bool:
        """Whether the waypoint is reached."""
        return self.score.progress_m >= self.route.length_m

    @property
    def is_out_of_time(self) -> bool:
        """Whether the time limit has passed."""
        return self.time_s >= self.scenario.time_limit_s

    def step(self, controls: Controls) -> None:
        """Advance everything by one tick of 1/80 s."""
        if self.ticks % TICKS_PER_UPDATE == 0:
            self.traffic.update(self._ego())
        self.ticks += 1
        before = self.car.pose()
        speed = self.car.speed_mps
        self._is_braking = controls.throttle < 0 and speed > 0
        advance(self.car, controls, self.is_off_road)
        touched_car, touched_obstacle = self._collide(before)
        self.along_m, self.off_route_m = self.route.locate(
            self.car.x, self.car.y, self.along_m, behind_m=3, ahead_m=4 if self.ticks % 8 else 14
        )
        self.is_off_road = not self.ground.is_road(self.car.x, self.car.y)
        hard = abs(speed) > TOUCH_MPS
        is_stuck = self.score.update(
            Happening(
                dt_s=TICK_S,
                along_m=self.along_m,
                off_route_m=math.dist(self.route.point_at(self.along_m), (self.car.x, self.car.y)),
                travelled_m=abs(self.car.speed_mps) * TICK_S,
                touched_car=touched_car and hard,
                touched_obstacle=touched_obstacle and hard,
                is_off_road=self.is_off_road,
                is_waiting=self._is_waiting(),
            )
        )
        if is_stuck:
            self.put_back()

    def put_back(self) -> None:
        """Put the car on the route, 6 m ahead of where it got to, at rest."""
        along = min(self.score.progress_m + PUT_BACK_AHEAD_M, self.route.length_m)
        self.place(along)
        self.score.put_back(along)
        self.traffic.clear(self._ego(), 12.0)

    def place(self, along_m: float, left_m: float = 0.0, turn: float = 0.0, speed_mps: float = 0.0) -> None:
        """Put the car anywhere near the route, as tests and teachers do. Units: turn in radians, left positive."""
        x, y = self.route.point_at(along_m)
        heading = self.route.heading_at(along_m)
        self.car.x, self.car.y = x - math.sin(heading) * left_m, y + math.cos(heading) * left_m
        self.car.heading = math.remainder(heading + turn, math.tau)
        self.car.speed_mps, self.car.steer = speed_mps, 0.0
        # At once: with the old place one departure would count again at every tick until the next look-up.
        self.along_m, self.off_route_m = self.route.locate(self.car.x, self.car.y, along_m)
        self.is_off_road = not self.ground.is_road(self.car.x, self.car.y)

    def ego_pose(self) -> CarPose:
        """Where the driven car is, for drawing."""
        return CarPose(
            x=self.car.x,
            y=self.car.y,
            heading=self.car.heading,
            speed_mps=self.car.speed_mps,
            colour=EGO_COLOUR,
            is_braking=self._is_braking,
        )

    def traffic_poses(self) -> list[CarPose]:
        """Where the other cars are now, for drawing."""
        return self.traffic.poses(self.ticks % TICKS_PER_UPDATE * TICK_S)

    def telemetry(self) -> dict[str, float]:
        """What a dashboard would show, by the names in TELEMETRY."""
        car, score = self.car, self.score
        turned = math.remainder(car.heading - self.route.heading_at(self.along_m), math.tau)
        values = (
            car.speed_mps,
            car.x,
            car.y,
            car.heading,
            car.steer,
            score.progress_m / self.route.length_m,
            self.off_route_m,
            turned,
            float(self.is_off_road),
            float(score.car_collisions),
            float(score.obstacle_collisions),
            float(score.stuck_events),
            self.time_s,
            *self._purpose(),
        )
        return dict(zip(TELEMETRY, values, strict=True))

    def _purpose(self) -> tuple[float, float]:
        """How far the waypoint is as the crow flies, and in which direction: as it turns, 0 straight ahead."""
        car, (x, y) = self.car, self.route.waypoint_2
        away_m = math.dist((car.x, car.y), (x, y))
        return away_m, math.remainder(math.atan2(y - car.y, x - car.x) - car.heading, math.tau)

    def measures(self) -> dict[str, float]:
        """The running measures; see measures.py for their definitions."""
        return self.score.measures()

    def state_hash(self) -> str:
        """Digest of everything that moves: equal states have equal digests, to the last bit."""
        values = [float(self.ticks), *self.car.pose(), self.car.speed_mps, self.car.steer, self.along_m]
        values += [part for car in self.traffic.cars for part in (car.x, car.y, car.heading, car.speed_mps)]
        values += self.measures().values()
        return hashlib.sha256(struct.pack(f"{len(values)}d", *values)).hexdigest()

    def _collide(self, before: tuple[float, float, float]) -> tuple[bool, bool]:
        """Stop the car at whatever it ran into; returns whether that was a car, whether it was an obstacle."""
        car = self.car
        touched_car = self._touches_car(before)
        touched_obstacle = self.ground.hit(car.x, car.y, car.heading) != FREE
        # A car that already touches something (it was put there) may always move out of it.
        if touched_obstacle and self.ground.hit(*before) != FREE:
            touched_obstacle = self.ground.clearance_m(car.x, car.y) < self.ground.clearance_m(*before[:2])
        if touched_car or touched_obstacle:
            car.x, car.y, car.heading = before
            car.speed_mps = 0.0
        return touched_car, touched_obstacle

    def _touches_car(self, before: tuple[float, float, float]) -> bool:
        pose = self.car.pose()
        x, y = pose[0], pose[1]
        for other in self.traffic.cars:
            if abs(other.x - x) > 5.0 or abs(other.y - y) > 5.0:
                continue
            if cars_overlap(pose, (other.x, other.y, other.heading)):
                now = math.hypot(other.x - x, other.y - y)
                if now <= math.hypot(other.x - before[0], other.y - before[1]):
                    return True
        return False

    def _is_waiting(self) -> bool:
        """Whether the car rests, as it must, behind another one or before one that crosses."""
        if abs(self.car.speed_mps) > 0.3:
            return False
        for other in self.traffic.cars:
            if abs(other.x - self.car.x) < 14.0 and abs(other.y - self.car.y) < 14.0:
                at, across = self.route.locate(other.x, other.y, self.along_m, behind_m=0, ahead_m=14)
                if at > self.along_m + 2.0 and abs(across) < 2.2:
                    return True
        number = self.route.stretch_at(self.along_m)
        for stretch in self.route.stretches[number : number + 2]:
            if self.graph.lanes[stretch.lane].is_through and -2.0 < stretch.start_m - self.along_m < 8.0:
                return bool(self.traffic.holds_against(stretch.lane))
        return False

    def _ego(self) -> Ego:
        car = self.car
        return Ego(x=car.x, y=car.y, heading=car.heading, speed_mps=car.speed_mps, claims=self._claims())

    def _claims(self) -> dict[int, int]:
        """The way through a junction that the car is on or about to take; all ways if it strays through one."""
        if abs(self.off_route_m) > 3.0:
            return {
                number: ALL_WAYS
                for number, junction in enumerate(self.town.junctions)
                if math.hypot(junction.x - self.car.x, junction.y - self.car.y) < junction.radius_m + 4.0
            }
        claims = {}
        # Early enough that others seldom cross right before it: a picture shows too late who will.
        reach = max(45.0, 7.0 * self.car.speed_mps)
        at = self.route.stretch_at(max(0.0, self.along_m - 5.0))
        for stretch in self.route.stretches[at : at + 4]:
            lane = self.graph.lanes[stretch.lane]
            if lane.is_through and stretch.start_m - self.along_m < reach and self._is_first(stretch.start_m):
                claims[lane.junction] = lane.index
        return claims

    def _is_first(self, line_m: float) -> bool:
        """Whether no other car stands between this one and the stop line at `line_m` on its lane."""
        if self.ticks == 0 or line_m <= self.along_m:
            return True
        lane = self.route.stretches[self.route.stretch_at(line_m - 0.5)].lane
        to_line = line_m - self.along_m
        return not any(
            other.lane.index == lane and 0 < other.lane.length_m - other.reach_m < to_line - 2.0
            for other in self.traffic.cars
        )


@lru_cache(maxsize=2)
def _grow(seed: int, is_race: bool) -> tuple[Town, Ground, LaneGraph]:
    """Grow a town or a circuit with what follows from it; no drive changes it, so it is grown once."""
    town = make_circuit(seed) if is_race else make_town(seed)
    return town, Ground(town), LaneGraph(town)


def _draw_weather(rng: np.random.Generator) -> Weather:
    rain = float(rng.uniform(0.2, 0.8)) if rng.random() < 0.2 else 0.0
    return Weather(
        brightness=float(rng.uniform(0.75, 1.0) - 0.15 * rain), rain=rain, haze=float(rng.uniform(0.0, 0.4))
    )
