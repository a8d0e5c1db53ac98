"""The measures of a drive, defined once.

**route_completion** = metres of progress along the route / length of the route, within the time limit. Metres
made more than 4 m beside the route do not count, nor those skipped by being put back on it.

**driving_score** = route_completion
    x 0.60 for each collision with a car
    x 0.65 for each collision with a building, pole or tree
    x 0.85 for each off-road stretch (longer than 0.5 s without a break, the middle of the car not on a road)
    x 0.70 for each stuck event (no progress for 7 s, or more than 12 m off the route; the car is then put back on
      the route, 6 m ahead). Standing behind another car, or before one that crosses, counts a quarter of the time.

Touching the same kind of thing again within 2 s is the same collision.

**pace_mps** = metres of progress that count / seconds. Of a circuit also **laps**, those driven whole, **lap_s**,
the seconds that one takes at that pace, and **sector_1_s** to **sector_3_s**, the best time through each third of
it, at that pace where none was driven whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

CAR_FACTOR = 0.60
OBSTACLE_FACTOR = 0.65
OFF_ROAD_FACTOR = 0.85
STUCK_FACTOR = 0.70
DEBOUNCE_S = 2.0
OFF_ROAD_STRETCH_S = 0.5
STUCK_AFTER_S = 7.0
LOST_M = 12.0
ON_ROUTE_M = 4.0
WAITING_SHARE = 0.25
PROGRESS_M = 0.5  # less than this is no progress
SECTORS = 3  # of a lap, all of one length
SLOWEST_MPS = 0.1  # so that a car at rest has a lap time too


@dataclass(kw_only=True, slots=True)
class Happening:
    """What one tick brought. Units: along_m is the place on the route, off_route_m the distance to it."""

    dt_s: float
    along_m: float
    off_route_m: float
    travelled_m: float
    touched_car: bool = False
    touched_obstacle: bool = False
    is_off_road: bool = False
    is_waiting: bool = False


@dataclass(kw_only=True)
class Scorekeeper:
    """Counts what happens on a drive, tick by tick, and says when the car must be put back on the route.

    Units:  nothing but progress is counted before grace_s, for drives that start in trouble. lap_m of a circuit.
    """

    route_m: float
    grace_s: float = 0.0
    lap_m: float = math.inf
    time_s: float = 0.0
    travelled_m: float = 0.0
    progress_m: float = 0.0
    skipped_m: float = 0.0
    car_collisions: int = 0
    obstacle_collisions: int = 0
    off_road_stretches: int = 0
    off_road_s: float = 0.0
    stuck_events: int = 0
    _off_road_now_s: float = 0.0
    _since_car_s: float = DEBOUNCE_S
    _since_obstacle_s: float = DEBOUNCE_S
    _since_progress_s: float = 0.0
    _noted_m: float = 0.0
    _passed_s: list[float] = field(default_factory=lambda: [0.0])  # when each sector began

    def update(self, tick: Happening) -> bool:
        """Take in one tick; returns whether this is a stuck event."""
        self.time_s += tick.dt_s
        self.travelled_m += tick.travelled_m
        gained_m = max(0.0, tick.along_m - self.progress_m)
        self.progress_m += gained_m
        if self.progress_m >= len(self._passed_s) * self.lap_m / SECTORS:
            self._passed_s.append(self.time_s)
        if self.time_s < self.grace_s:
            return False
        self.skipped_m += gained_m if tick.off_route_m > ON_ROUTE_M else 0.0
        self._count_collisions(tick)
        self._count_off_road(tick)
        self._since_progress_s += tick.dt_s * (WAITING_SHARE if tick.is_waiting else 1.0)
        if self.progress_m >= self._noted_m + PROGRESS_M:
            self._noted_m, self._since_progress_s = self.progress_m, 0.0
        is_stuck = self._since_progress_s >= STUCK_AFTER_S or tick.off_route_m > LOST_M
        self.stuck_events += is_stuck
        return is_stuck

    def put_back(self, along_m: float) -> None:
        """Note that the car was put on the route at `along_m`: the metres skipped do not count as progress."""
        self.skipped_m += max(0.0, along_m - self.progress_m)
        self.progress_m = self._noted_m = max(self.progress_m, along_m)
        self._since_progress_s = self._off_road_now_s = 0.0

    def _count_collisions(self, tick: Happening) -> None:
        self._since_car_s += tick.dt_s
        self._since_obstacle_s += tick.dt_s
        if tick.touched_car:
            self.car_collisions += self._since_car_s >= DEBOUNCE_S
            self._since_car_s = 0.0
        if tick.touched_obstacle:
            self.obstacle_collisions += self._since_obstacle_s >= DEBOUNCE_S
            self._since_obstacle_s = 0.0

    def _count_off_road(self, tick: Happening) -> None:
        if not tick.is_off_road:
            self._off_road_now_s = 0.0
            return
        before = self._off_road_now_s
        self._off_road_now_s += tick.dt_s
        self.off_road_s += tick.dt_s
        self.off_road_stretches += before <= OFF_ROAD_STRETCH_S < self._off_road_now_s

    @property
    def route_completion(self) -> float:
        """Share of the route driven, 0 to 1."""
        return min(1.0, max(0.0, (self.progress_m - self.skipped_m) / self.route_m))

    @property
    def driving_score(self) -> float:
        """Route completion times the penalty factors of all that went wrong."""
        return (
            self.route_completion
            * CAR_FACTOR**self.car_collisions
            * OBSTACLE_FACTOR**self.obstacle_collisions
            * OFF_ROAD_FACTOR**self.off_road_stretches
            * STUCK_FACTOR**self.stuck_events
        )

    def measures(self) -> dict[str, float]:
        """All measures so far; km_between_collisions is the distance travelled where there was none."""
        collisions = self.car_collisions + self.obstacle_collisions
        seconds = max(self.time_s, 1e-9)
        return self.lap_measures() | {
            "pace_mps": self.pace_mps,
            "collisions": float(collisions),
            "route_completion": self.route_completion,
            "driving_score": self.driving_score,
            "off_road_share": self.off_road_s / seconds,
            "mean_speed_mps": self.travelled_m / seconds,
            "car_collisions": float(self.car_collisions),
            "obstacle_collisions": float(self.obstacle_collisions),
            "off_road_stretches": float(self.off_road_stretches),
            "stuck_events": float(self.stuck_events),
            "km_between_collisions": self.travelled_m / 1000 / max(collisions, 1),
            "km_travelled": self.travelled_m / 1000,
            "time_s": self.time_s,
        }

    @property
    def pace_mps(self) -> float:
        """Metres of progress that count, a second."""
        return max(0.0, self.progress_m - self.skipped_m) / max(self.time_s, 1e-9)

    def lap_measures(self) -> dict[str, float]:
        """The measures that only circuits have."""
        if math.isinf(self.lap_m):
            return {}
        lap_s = self.lap_m / max(self.pace_mps, SLOWEST_MPS)
        taken_s = [later - before for before, later in pairwise(self._passed_s)]
        sectors = {
            f"sector_{number + 1}_s": min(taken_s[number::SECTORS], default=lap_s / SECTORS)
            for number in range(SECTORS)
        }
        return {"laps": float(self.progress_m // self.lap_m), "lap_s": lap_s, **sectors}
