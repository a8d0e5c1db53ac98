"""The other cars: they keep their lanes and their distance, give way at junctions, and stop by the kerb at times.

Every car runs on rails (a lane and how far along it); it knows the next two lanes it will take. A junction is
entered only with a grant: no other holder may be on a way that crosses one's own, and the driven car's claim comes
first.
Cars that fall far behind the driven car come back on a lane some 150 m away from it, so that 20 cars are enough.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from playhead_streets.ground import CAR_LENGTH_M, cars_overlap
from playhead_streets.lanes import Lane, LaneGraph
from playhead_streets.town import CarPose

UPDATE_S = 1 / 20
SPEED_UP_MPS2 = 2.0
SLOW_DOWN_MPS2 = 3.0
EMERGENCY_MPS2 = 9.0
STANDING_GAP_M = 2.5
STOP_LINE_M = CAR_LENGTH_M / 2 + 1.0  # where the middle of a waiting car is, before the junction
KERB_SHIFT_M = 0.9
GONE_M = 210.0  # farther away than this a car is moved; nothing is drawn beyond 160 m
RETURN_M = (110.0, 190.0)
STOPS_PER_S = 1 / 35
STUCK_S = 25.0

ALL_WAYS = -1  # claims a whole junction


@dataclass(kw_only=True, slots=True, eq=False)
class TrafficCar:
    """One other car. held are the junctions it has a grant for.

    Units:  reach_m along its lane; rest_s is how long it will still stand by the kerb.
    """

    lane: Lane
    reach_m: float
    ahead: list[Lane]
    held: list[int] = field(default_factory=list)
    speed_mps: float = 0.0
    eagerness: float = 1.0
    colour: int = 0
    rest_s: float = 0.0
    shift_m: float = 0.0
    waited_s: float = 0.0
    slowing: bool = False
    x: float = 0.0
    y: float = 0.0
    heading: float = 0.0

    @property
    def is_parked(self) -> bool:
        """Whether it stands, or is about to stand, by the kerb."""
        return self.rest_s > 0.0


@dataclass(kw_only=True, slots=True)
class Ego:
    """What traffic sees of the driven car: its pose and speed, and the ways through junctions that it claims."""

    x: float
    y: float
    heading: float
    speed_mps: float
    claims: dict[int, int] = field(default_factory=dict)


class Traffic:
    """All other cars of a town."""

    def __init__(self, graph: LaneGraph, rng: np.random.Generator, count: int, ego: Ego) -> None:
        self._graph = graph
        self._rng = rng
        self._spots = [(lane, at) for lane in graph.on_roads for at in _spots(graph.lanes[lane])]
        self._spots_K2 = np.array([graph.lanes[lane].pose_at(at)[:2] for lane, at in self._spots])
        self.cars: list[TrafficCar] = []
        self.holders: dict[int, dict[TrafficCar, int]] = defaultdict(dict)  # junction -> who holds which way
        self._waiting: dict[int, dict[TrafficCar, int]] = defaultdict(dict)  # junction -> who waits for which way
        for _ in range(count):
            car = TrafficCar(lane=graph.lanes[0], reach_m=0.0, ahead=[])
            if self._settle(car, ego, (25.0, GONE_M - 20.0)):
                self.cars.append(car)

    def update(self, ego: Ego) -> None:
        """Advance all cars by UPDATE_S."""
        on_lane: dict[int, list[TrafficCar]] = defaultdict(list)
        for car in self.cars:
            on_lane[car.lane.index].append(car)
        for queue in on_lane.values():
            queue.sort(key=lambda car: -car.reach_m)
        for car in self.cars:
            self._drive(car, on_lane, ego)
        for car in self.cars:
            self._move(car, ego)

    def poses(self, later_s: float) -> list[CarPose]:
        """Where the cars are `later_s` after the last update, for drawing."""
        return [
            CarPose(
                x=car.x + math.cos(car.heading) * car.speed_mps * later_s,
                y=car.y + math.sin(car.heading) * car.speed_mps * later_s,
                heading=car.heading,
                speed_mps=car.speed_mps,
                colour=car.colour,
                is_braking=car.slowing,
            )
            for car in self.cars
        ]

    def holds_against(self, way: int) -> list[TrafficCar]:
        """The cars that are on, or about to enter, ways that cross `way`."""
        crossing = self._graph.conflicts(way)
        holders = self.holders[self._graph.lanes[way].junction]
        return [car for car, held in holders.items() if held in crossing]

    def clear(self, ego: Ego, radius_m: float) -> None:
        """Take cars away from around a place, for a car that is put there."""
        for car in self.cars:
            if math.hypot(car.x - ego.x, car.y - ego.y) < radius_m:
                self._settle(car, ego, RETURN_M)

    # Deciding ---------------------------------------------------------------------------------------------------

    def _drive(self, car: TrafficCar, on_lane: dict[int, list[TrafficCar]], ego: Ego) -> None:
        """Choose the speed of the next step."""
        to_end = car.lane.length_m - car.reach_m
        wanted = car.lane.limit_mps * car.eagerness
        wanted = min(wanted, _slowing_to(car.ahead[0].limit_mps, to_end))
        gap, leader_speed = self._leader(car, on_lane, to_end)
        is_near = not car.lane.is_through and to_end < 8.0 + car.speed_mps**2 / 4
        if is_near and not self._may_enter(car, on_lane, ego, gap > to_end):
            wanted = min(wanted, _slowing_to(0.0, to_end - STOP_LINE_M))
        wanted = min(wanted, _slowing_to(leader_speed, gap - STANDING_GAP_M))
        wanted = min(wanted, self._kerb_speed(car, ego))
        hard = SLOW_DOWN_MPS2 + 2.0
        far = math.hypot(ego.x - car.x, ego.y - car.y)
        if far < 45.0:
            ego_gap, ego_speed = _gap_to_ego(car, ego)
            allowed = _slowing_to(ego_speed, ego_gap - STANDING_GAP_M)
            if allowed < wanted:
                wanted, hard = allowed, EMERGENCY_MPS2
        before = car.speed_mps
        car.speed_mps = min(max(wanted, before - hard * UPDATE_S), before + SPEED_UP_MPS2 * UPDATE_S)
        car.speed_mps = max(car.speed_mps, 0.0)
        car.slowing = car.speed_mps < before - 0.01 or (car.speed_mps < 0.1 and not car.is_parked)

    def _leader(self, car: TrafficCar, on_lane: dict[int, list[TrafficCar]], to_end: float) -> tuple[float, float]:
        """Gap to the next car on the lanes ahead and that car's speed."""
        for other in reversed(on_lane[car.lane.index]):
            if other.reach_m > car.reach_m:
                return other.reach_m - car.reach_m - CAR_LENGTH_M, other.speed_mps
        reach = to_end
        for lane in car.ahead:
            if reach > 45.0:
                break
            if queue := on_lane.get(lane.index):
                return reach + queue[-1].reach_m - CAR_LENGTH_M, queue[-1].speed_mps
            reach += lane.length_m
        return math.inf, 0.0

    def _may_enter(self, car: TrafficCar, on_lane: dict[int, list[TrafficCar]], ego: Ego, is_first: bool) -> bool:
        """Take the grant for the junction ahead if nobody who crosses holds one and there is room behind it."""
        way, junction = car.ahead[0], car.lane.junction
        holders = self.holders[junction]
        if car in holders:
            return True
        if not is_first:
            return False
        crossing = self._graph.conflicts(way.index)
        waiting = self._waiting[junction]
        behind = on_lane.get(car.ahead[1].index)
        if behind and behind[-1].reach_m < 2 * CAR_LENGTH_M and behind[-1].speed_mps < 3.0:
            waiting.pop(car, None)
            return False
        waiting[car] = way.index
        claimed = ego.claims.get(junction)
        if claimed is not None and (claimed == ALL_WAYS or claimed in crossing):
            return False
        if any(held in crossing for held in holders.values()):
            return False
        # Who has waited longest goes first: else a stream on the main road never lets anybody in.
        patience_s = max(car.waited_s, 1.0)
        if any(other.waited_s > patience_s and held in crossing for other, held in waiting.items()):
            return False
        del waiting[car]
        holders[car] = way.index
        car.held.append(junction)
        return True

    def _kerb_speed(self, car: TrafficCar, ego: Ego) -> float:
        """Now and then stop by the kerb for a while; leave only when the driven car is not about to pass."""
        lane = car.lane
        if car.rest_s <= 0.0:
            may_stop = not lane.is_through and not lane.is_highway and 12.0 < car.reach_m < lane.length_m - 32.0
            if may_stop and self._rng.random() < STOPS_PER_S * UPDATE_S:
                car.rest_s = float(self._rng.uniform(3.0, 7.0))
            car.shift_m = max(0.0, car.shift_m - 0.6 * UPDATE_S)
            return math.inf
        car.shift_m = min(KERB_SHIFT_M, car.shift_m + 0.6 * UPDATE_S)
        if car.speed_mps > 0.1:
            return max(0.0, car.speed_mps - 2.5 * UPDATE_S)
        is_passing = math.hypot(ego.x - car.x, ego.y - car.y) < 16.0 and abs(ego.speed_mps) > 1.0
        if car.rest_s > UPDATE_S or not is_passing:
            car.rest_s -= UPDATE_S
        return 0.0

    # Moving -----------------------------------------------------------------------------------------------------

    def _move(self, car: TrafficCar, ego: Ego) -> None:
        step = car.speed_mps * UPDATE_S
        car.waited_s = 0.0 if step > 0.01 or car.is_parked else car.waited_s + UPDATE_S
        dx, dy = car.x - ego.x, car.y - ego.y
        if dx * dx + dy * dy > GONE_M**2 or car.waited_s > STUCK_S:
            self._settle(car, ego, RETURN_M)
            return
        if step == 0.0 and car.shift_m in (0.0, KERB_SHIFT_M):
            return
        before = (car.reach_m, car.x, car.y, car.heading)
        car.reach_m += step
        _place(car)
        ego_pose = (ego.x, ego.y, ego.heading)
        if dx * dx + dy * dy < 36.0 and cars_overlap((car.x, car.y, car.heading), ego_pose):
            car.reach_m, car.x, car.y, car.heading = before
            car.speed_mps = 0.0
            return
        if car.reach_m >= car.lane.length_m:
            self._change_lane(car)
        elif car.held and not car.lane.is_through and car.reach_m > CAR_LENGTH_M:
            self._release(car)

    def _change_lane(self, car: TrafficCar) -> None:
        car.reach_m -= car.lane.length_m
        car.lane = car.ahead.pop(0)
        self._look_ahead(car)

    def _release(self, car: TrafficCar) -> None:
        """Give the junction behind back once the whole car has left it."""
        for junction in [held for held in car.held if held != car.lane.junction]:
            car.held.remove(junction)
            del self.holders[junction][car]

    def _look_ahead(self, car: TrafficCar) -> None:
        """Keep two more lanes planned: the way through the next junction and the road behind it."""
        lane = car.ahead[-1] if car.ahead else car.lane
        while len(car.ahead) < 2:
            options = self._graph.successors[lane.index]
            lane = self._graph.lanes[options[int(self._rng.integers(len(options)))]]
            car.ahead.append(lane)

    def _settle(self, car: TrafficCar, ego: Ego, far_m: tuple[float, float]) -> bool:
        """Put a car on a free spot at some distance from the driven car."""
        for cars in (*self.holders.values(), *self._waiting.values()):
            cars.pop(car, None)
        car.held.clear()
        away_K = np.hypot(*(self._spots_K2 - (ego.x, ego.y)).T)
        choices = np.flatnonzero((away_K > far_m[0]) & (away_K < far_m[1]))
        for choice in self._rng.choice(choices, 12):
            lane, reach = self._spots[choice]
            x, y = self._spots_K2[choice]
            if all(math.hypot(x - other.x, y - other.y) > 14.0 for other in self.cars if other is not car):
                break
        else:
            return False
        car.lane, car.reach_m = self._graph.lanes[lane], reach
        car.ahead = []
        self._look_ahead(car)
        car.eagerness = float(self._rng.uniform(0.75, 1.0))
        car.speed_mps = car.lane.limit_mps * car.eagerness * 0.8
        car.colour = int(self._rng.integers(8))
        car.rest_s = car.shift_m = car.waited_s = 0.0
        _place(car)
        return True


def _spots(lane: Lane) -> list[float]:
    """Where on a lane a car may appear: not near its ends."""
    return [float(at) for at in np.arange(8.0, lane.length_m - 22.0, 6.0)]


def _place(car: TrafficCar) -> None:
    x, y, heading = car.lane.pose_at(car.reach_m)
    car.x = x + math.sin(heading) * car.shift_m
    car.y = y - math.cos(heading) * car.shift_m
    car.heading = heading


def _slowing_to(speed_mps: float, distance_m: float) -> float:
    """The speed from which one still slows down to `speed_mps` within a distance."""
    return math.sqrt(speed_mps * speed_mps + 2 * SLOW_DOWN_MPS2 * max(distance_m, 0.0))


def _gap_to_ego(car: TrafficCar, ego: Ego) -> tuple[float, float]:
    """Free metres on the car's own path up to the driven car, and that car's speed along the path."""
    cosine, sine = math.cos(ego.heading), math.sin(ego.heading)
    circles = [(ego.x + cosine * along, ego.y + sine * along) for along in (-1.5, 0.0, 1.5)]
    lane, reach, rest = car.lane, car.reach_m, list(car.ahead)
    ahead = 0.0
    while ahead < 3.0 + CAR_LENGTH_M + car.speed_mps**2 / (2 * SLOW_DOWN_MPS2) + car.speed_mps:
        ahead += 1.5
        reach += 1.5
        if reach > lane.length_m and rest:
            reach -= lane.length_m
            lane = rest.pop(0)
        x, y, heading = lane.pose_at(reach)
        x, y = x + math.sin(heading) * car.shift_m, y - math.cos(heading) * car.shift_m
        for cx, cy in circles:
            if (x - cx) ** 2 + (y - cy) ** 2 < 4.2:
                along = ego.speed_mps * math.cos(ego.heading - heading)
                return ahead - CAR_LENGTH_M / 2, max(along, 0.0)
    return math.inf, 0.0
