import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead_streets.disturbance import Disturbance
from playhead_streets.expert import Expert
from playhead_streets.physics import Controls
from playhead_streets.pulse import Pulse
from playhead_streets.simulation import Simulation

FORWARD = {"w": True, "a": False, "s": False, "d": False}


def finish(simulation: Simulation, ticks_per_decision: int, disturbance: Disturbance | None = None) -> None:
    expert = Expert(simulation)
    keys = FORWARD
    while not (simulation.is_finished or simulation.is_out_of_time):
        if simulation.ticks % ticks_per_decision == 0:
            keys = expert.decide()
        held = disturbance.apply(keys, simulation.time_s) if disturbance else keys
        simulation.step(Controls.from_keys(**held))


@pytest.mark.parametrize(("seed", "ticks"), [(100, 1), (101, 8), (102, 8), (103, 8)])
def test_the_expert_finishes_routes_without_a_scratch(seed: int, ticks: int) -> None:
    simulation = Simulation(seed, "test")
    finish(simulation, ticks)
    assert simulation.measures()["driving_score"] > 0.95


def test_the_expert_turns_where_turning_is_difficult() -> None:
    simulation = Simulation(104, "test", "turns")
    finish(simulation, 8)
    assert simulation.measures()["driving_score"] > 0.95


def test_an_arrival_is_a_short_route_to_its_waypoint() -> None:
    simulation = Simulation(105, "test", "arrival")
    finish(simulation, 8)
    assert simulation.route.length_m == 100
    assert simulation.is_finished
    assert simulation.time_s < 20
    assert simulation.measures()["driving_score"] > 0.95


def test_holding_w_scores_next_to_nothing() -> None:
    scores = []
    for seed in range(100, 104):
        simulation = Simulation(seed, "test")
        while not (simulation.is_finished or simulation.is_out_of_time):
            simulation.step(Controls(throttle=1.0))
        scores.append(simulation.measures()["driving_score"])
    assert sum(scores) / len(scores) < 0.08


@pytest.mark.parametrize("seed", [100, 101, 102])
def test_the_expert_gets_free_when_it_starts_stuck(seed: int) -> None:
    simulation = Simulation(seed, "train", "stuck")
    expert = Expert(simulation)
    padding_s = simulation.scenario.padding_s
    start = simulation.car.pose()
    keys = FORWARD
    reversed_ticks = 0
    while simulation.score.progress_m < 60.0 and simulation.time_s < 40.0:
        if simulation.ticks % 8 == 0:
            keys = expert.decide()
        if simulation.time_s < padding_s - 0.1:
            assert keys == FORWARD
            assert simulation.car.pose() == pytest.approx(start, abs=0.6)
        simulation.step(Controls.from_keys(**keys))
        reversed_ticks += simulation.car.speed_mps < -0.3
    assert simulation.score.stuck_events == 0
    assert reversed_ticks > 20
    assert simulation.score.progress_m >= 60.0


@pytest.mark.parametrize(
    ("left_m", "turn", "speed_mps"), [(8.0, 0.0, 0.0), (-5.0, 1.0, 5.0), (0.0, -1.0, 9.0), (5.0, 1.0, 9.0)]
)
def test_the_expert_gets_back_to_the_route_from_anywhere(left_m: float, turn: float, speed_mps: float) -> None:
    simulation = Simulation(106, "test", traffic=0)
    simulation.place(150.0, left_m, turn, speed_mps)
    expert = Expert(simulation)
    keys = FORWARD
    for tick in range(80 * 10):
        if tick % 8 == 0:
            keys = expert.decide()
        simulation.step(Controls.from_keys(**keys))
    assert simulation.score.stuck_events == 0
    assert abs(simulation.off_route_m) < 1.0
    assert abs(simulation.telemetry()["lane_heading_rad"]) < 0.3


def test_a_disturbed_expert_still_arrives() -> None:
    completions = []
    for seed in range(100, 103):
        simulation = Simulation(seed, "test")
        finish(simulation, 8, Disturbance(seed))
        completions.append(simulation.measures()["route_completion"])
    assert min(completions) > 0.8


def test_the_expert_wants_a_simulation() -> None:
    with pytest.raises(TypeError, match="call reset"):
        Expert(type("Empty", (), {"simulation": None})()).decide()


@given(st.floats(-1.0, 1.0), st.sampled_from([1, 2, 4, 8]))
@settings(max_examples=60)
def test_the_mean_of_the_pulses_is_the_wish(wish: float, ticks: int) -> None:
    pulse = Pulse()
    held = []
    for tick in range(80 * 20 // ticks):
        held.append(pulse.press(wish, tick * ticks / 80))
    assert sum(held) / len(held) == pytest.approx(wish, abs=0.06)


@given(st.integers(0, 10_000))
@settings(max_examples=30)
def test_a_disturbance_is_short_rare_and_follows_its_seed(seed: int) -> None:
    first, again = Disturbance(seed), Disturbance(seed)
    changed = []
    for tick in range(80 * 60):
        keys = first.apply(FORWARD, tick / 80)
        assert keys == again.apply(FORWARD, tick / 80)
        assert set(keys) == set(FORWARD)
        changed.append(keys != FORWARD)
    assert 0.02 < sum(changed) / len(changed) < 0.35
    starts = sum(now and not before for before, now in itertools.pairwise(changed))
    assert 8 <= starts <= 50
