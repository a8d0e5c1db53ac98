"""The named situations a drive can start in."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, replace

import numpy as np

from playhead_streets.ground import Ground
from playhead_streets.physics import CarState
from playhead_streets.route import ROUTE_M, Route
from playhead_streets.town import FREE

START_M = 38.0  # along the route: how far a drive may begin from its start (Simulation looks for it within 40)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One kind of drive.

    Units:  padding_s at the beginning of a recording are only there to fill the first windows: no labels are
            taken from them. Penalties are counted from grace_s on. time_limit_s ends the drive. laps of a circuit,
            also parts of one; 0 is a route through a town, route_m long.
    """

    name: str
    summary: str
    time_limit_s: float = 80.0
    padding_s: float = 0.0
    grace_s: float = 0.0
    route_m: float = ROUTE_M
    prefers_turns: bool = False
    starts_stuck: bool = False
    laps: float = 0.0


STUCK = Scenario(
    name="stuck",
    summary="The car starts with its nose against an obstacle beside the road and must get free first.",
    time_limit_s=90.0,
    padding_s=1.5,
    grace_s=12.0,
    starts_stuck=True,
)
RACE = Scenario(name="race", summary="Two laps of a circuit from rest.", time_limit_s=240.0, laps=2.0)

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(name="regular", summary="A route through the town, starting in its lane."),
        Scenario(
            name="turns",
            summary="A route that turns at nearly every junction.",
            time_limit_s=90.0,
            prefers_turns=True,
        ),
        Scenario(
            name="arrival",
            summary="A short route: half a minute that ends at the waypoint, often round a corner.",
            time_limit_s=30.0,
            route_m=100.0,
            prefers_turns=True,
        ),
        STUCK,
        RACE,
        replace(
            STUCK,
            name="barrier",
            summary="A race that starts with the nose against a barrier: the car must get free first.",
            time_limit_s=RACE.time_limit_s,
            laps=RACE.laps,
        ),
        Scenario(name="stage", summary="From rest to a finish most of a lap away.", time_limit_s=120.0, laps=0.8),
    )
}


def find_scenario(name: str) -> Scenario:
    """Look up a scenario. Raises: ValueError, with the nearest name, for an unknown one."""
    if name in SCENARIOS:
        return SCENARIOS[name]
    near = difflib.get_close_matches(name, SCENARIOS, n=1)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    raise ValueError(f'There is no scenario "{name}".{hint} Scenarios: {", ".join(SCENARIOS)}.')


def start_on_route(route: Route) -> CarState:
    """Put the car in its lane at the start of the route, at rest."""
    x, y = route.point_at(0.0)
    return CarState(x=x, y=y, heading=math.remainder(route.heading_at(0.0), math.tau))


def start_stuck(route: Route, ground: Ground, rng: np.random.Generator) -> CarState:
    """Put the car beside the road with an obstacle right before its nose; in its lane if no place is found."""
    for attempt in range(800):
        along = float(rng.uniform(0.0, 25.0 if attempt < 400 else START_M))
        x, y = route.point_at(along)
        heading = route.heading_at(along) + float(rng.uniform(-1.9, 1.9))
        for _step in range(24):
            if ground.hit(x, y, heading) != FREE:
                break
            nose = ground.hit(x + 0.35 * math.cos(heading), y + 0.35 * math.sin(heading), heading)
            _, off_route_m = route.locate(x, y, along)
            if nose != FREE and 1.5 < abs(off_route_m) < 9.0 and _can_reverse(ground, x, y, heading):
                return CarState(x=x, y=y, heading=math.remainder(heading, math.tau))
            x, y = x + 0.35 * math.cos(heading), y + 0.35 * math.sin(heading)
    return start_on_route(route)


def _can_reverse(ground: Ground, x: float, y: float, heading: float) -> bool:
    """Whether there are five metres to back out, so that a way out exists."""
    return all(
        ground.hit(x - back * math.cos(heading), y - back * math.sin(heading), heading) == FREE
        for back in (0.5, 1.5, 2.5, 3.5, 4.5)
    )
