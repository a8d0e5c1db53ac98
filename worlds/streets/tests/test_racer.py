import math

import numpy as np
import pytest

from playhead_streets.expert import Expert
from playhead_streets.physics import Controls, acceleration
from playhead_streets.racer import KEPT_M, Racer, racing_line
from playhead_streets.simulation import Simulation


def raced(seed: int, scenario: str, traffic: int) -> Simulation:
    simulation = Simulation(seed, "test", scenario, traffic)
    racer = Racer(simulation)
    while not (simulation.is_finished or simulation.is_out_of_time):
        held = racer.decide()
        simulation.step(Controls.from_keys(held["w"], held["a"], held["s"], held["d"]))
    return simulation


def fastest_mps(simulation: Simulation) -> float:
    """The pace of a car without steering lag that is always as fast as engine, grip and brakes allow."""
    speed, seconds = 0.5, 0.0
    for allowed_mps in racing_line(simulation.route).speed_N[: int(simulation.route.length_m)]:
        speed = min(math.sqrt(speed**2 + 2 * max(acceleration(speed, 1.0, False), 0.05)), allowed_mps)
        seconds += 1 / speed
    return simulation.route.length_m / seconds


def test_it_drives_an_empty_circuit_nearly_as_fast_as_can_be_and_touches_nothing() -> None:
    simulation = raced(2, "race", traffic=0)
    measures = simulation.measures()
    assert simulation.is_finished
    assert measures["collisions"] == measures["off_road_share"] == 0
    assert 0.93 * fastest_mps(simulation) < measures["pace_mps"] < 1.05 * fastest_mps(simulation)
    assert measures["laps"] == 2


def test_in_a_town_it_is_the_expert() -> None:
    town = Simulation(3, "test")
    assert Racer(town).wish() == Expert(town).wish()


def test_it_overtakes() -> None:
    simulation = raced(1, "stage", traffic=12)
    measures = simulation.measures()
    assert simulation.is_finished
    assert measures["collisions"] == 0
    assert measures["pace_mps"] > 1.05 * 12.5  # the limit of the others, none of whom it waited behind


def test_the_line_stays_on_the_road_and_bends_less_than_its_middle() -> None:
    simulation = Simulation(4, "test", "race", 0)
    line = racing_line(simulation.route)
    half_m = simulation.town.roads[0].half_width_m
    assert np.abs(line.left_N).max() <= half_m - KEPT_M + 1e-9
    assert np.abs(line.left_N).max() > 1.0
    middle_N2 = simulation.route.line_N2
    left_N2 = np.stack([-np.sin(simulation.route.headings_N), np.cos(simulation.route.headings_N)], axis=1)
    path_N2 = middle_N2 + left_N2 * np.array(line.left_N)[:, None]
    sharpest = [np.abs(np.diff(path[::8], n=2, axis=0)).max() for path in (path_N2, middle_N2)]
    assert sharpest[0] < 0.9 * sharpest[1]


def test_sectors_are_thirds_of_a_lap_and_laps_take_what_their_pace_says() -> None:
    measures = raced(2, "race", traffic=0).measures()
    sectors_s = [measures[f"sector_{number}_s"] for number in (1, 2, 3)]
    assert sum(sectors_s) == pytest.approx(measures["lap_s"], rel=0.1)
    assert sum(sectors_s) < measures["lap_s"]  # the best of two laps, one of them from rest
    assert "laps" not in Simulation(2).measures()
