import math
import subprocess
import sys

import numpy as np
import pytest

from playhead_streets.ground import CAR_LENGTH_M, cars_overlap
from playhead_streets.physics import Controls
from playhead_streets.simulation import TELEMETRY, Simulation
from playhead_streets.town import FREE

FORWARD = Controls(throttle=1.0)
REST = Controls(throttle=0.0)

DRIVE = """
from playhead_streets.physics import Controls
from playhead_streets.simulation import Simulation
simulation = Simulation(11, "test")
for tick in range(1600):
    simulation.step(Controls(steer=((tick // 40) % 3 - 1) * 0.3, throttle=0.6))
print(simulation.state_hash())
"""


def test_two_processes_end_in_the_same_state() -> None:
    found = {
        subprocess.run([sys.executable, "-c", DRIVE], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(found) == 1
    assert len(found.pop().strip()) == 64


def test_another_seed_and_another_action_give_another_state() -> None:
    first, again, other, idle = (Simulation(seed) for seed in (1, 1, 2, 1))
    for _ in range(40):
        for simulation in (first, again, other):
            simulation.step(FORWARD)
        idle.step(REST)
    assert first.state_hash() == again.state_hash()
    assert len({first.state_hash(), other.state_hash(), idle.state_hash()}) == 3


def test_the_route_is_500_metres_of_smooth_road() -> None:
    for seed in range(4):
        simulation = Simulation(seed, traffic=0)
        route = simulation.route
        assert len(route.points_N2) == 501
        steps_N = np.hypot(*np.diff(route.line_N2, axis=0).T)
        assert 0.9 < steps_N.min() <= steps_N.max() < 1.1
        assert np.abs(np.diff(route.headings_N)).max() < 0.4
        assert all(simulation.ground.is_road(x, y) for x, y in route.points_N2.tolist())
        assert route.waypoint_2 == pytest.approx(route.points_N2[-1], abs=0.01)


def test_locating_points_of_the_route_gives_their_place_and_side() -> None:
    route = Simulation(3, traffic=0).route
    for along in range(10, 480, 23):
        x, y = route.point_at(along)
        heading = route.heading_at(along)
        found, left = route.locate(x - math.sin(heading) * 1.5, y + math.cos(heading) * 1.5, along + 4.0)
        assert found == pytest.approx(along, abs=0.8)
        assert left == pytest.approx(1.5, abs=0.25)


def test_telemetry_has_its_names_and_tells_the_state() -> None:
    simulation = Simulation(0)
    for _ in range(160):
        simulation.step(FORWARD)
    telemetry = simulation.telemetry()
    assert tuple(telemetry) == TELEMETRY
    assert telemetry["time_s"] == pytest.approx(2.0)
    assert telemetry["x_m"] == simulation.car.x
    assert telemetry["speed_mps"] == simulation.car.speed_mps > 3.0
    assert telemetry["route_progress"] > 0.0
    assert telemetry["off_road"] == 0.0


def test_the_purpose_leads_to_the_waypoint_from_where_the_car_is_and_looks() -> None:
    simulation = Simulation(0)
    for along, turn in ((10.0, 0.0), (60.0, 0.5), (120.0, -2.5)):
        simulation.place(along, turn=turn)
        told, car = simulation.telemetry(), simulation.car
        way = car.heading + told["purpose_rad"]
        there = (
            car.x + told["purpose_m"] * math.cos(way),
            car.y + told["purpose_m"] * math.sin(way),
        )
        assert there == pytest.approx(simulation.route.waypoint_2)
        assert abs(told["purpose_rad"]) <= math.pi


def test_an_obstacle_stops_the_car_and_counts_once() -> None:
    simulation = Simulation(0, "train", "stuck", traffic=0)
    simulation.score.grace_s = 0.0
    for _ in range(80):
        simulation.step(FORWARD)
        assert simulation.ground.hit(*simulation.car.pose()) == FREE
    assert simulation.score.obstacle_collisions == 1
    assert simulation.car.speed_mps < 0.4


def test_a_car_in_the_way_stops_the_car_and_counts_as_a_collision() -> None:
    simulation = Simulation(0, traffic=1)
    other = simulation.traffic.cars[0]
    x, y = simulation.route.point_at(12.0)
    for _ in range(240):
        # The other car is held where the route passes, whatever its own lane is.
        other.x, other.y, other.heading, other.speed_mps = x, y, simulation.route.heading_at(12.0), 0.0
        other.rest_s = 5.0
        simulation.step(FORWARD)
    assert simulation.score.car_collisions == 1
    assert simulation.along_m < 12.0 - CAR_LENGTH_M + 0.5


def test_leaving_the_route_counts_once_and_puts_the_car_back_6_metres_ahead() -> None:
    simulation = Simulation(4, traffic=0)
    simulation.place(100.0)
    simulation.step(REST)
    along = simulation.along_m
    simulation.place(100.0, left_m=12.6)
    for _ in range(8):
        simulation.step(REST)
    assert simulation.score.stuck_events == 1
    assert simulation.along_m == pytest.approx(along + 6.0, abs=0.7)
    assert abs(simulation.off_route_m) < 0.1
    assert simulation.measures()["route_completion"] <= along / 500.0 + 1e-6


@pytest.mark.parametrize("seed", [0, 1])
def test_traffic_moves_and_never_drives_into_itself_or_into_a_car_at_rest(seed: int) -> None:
    simulation = Simulation(seed, "test", traffic=20)
    assert len(simulation.traffic.cars) == 20
    start = [(car.x, car.y) for car in simulation.traffic.cars]
    overlaps = 0
    for tick in range(80 * 40):
        simulation.score._since_progress_s = 0.0  # the car shall rest where it is
        simulation.step(REST)
        if tick % 20 == 0:
            poses = [(car.x, car.y, car.heading) for car in simulation.traffic.cars]
            overlaps += sum(
                cars_overlap(pose, other) for index, pose in enumerate(poses) for other in poses[:index]
            )
    assert simulation.score.car_collisions == 0
    assert overlaps == 0
    moved = [math.dist(there, (car.x, car.y)) for there, car in zip(start, simulation.traffic.cars, strict=True)]
    assert np.median(moved) > 40.0


def test_a_race_can_start_against_a_barrier() -> None:
    simulation = Simulation(3, "train", "barrier", traffic=0)
    before = simulation.car.pose()
    for _ in range(160):
        simulation.step(Controls(throttle=1.0))
    assert math.dist(before[:2], simulation.car.pose()[:2]) < 0.5, "the nose is against it"
    assert simulation.score.stuck_events == 0
    for _ in range(160):
        simulation.step(Controls(throttle=-1.0))
    assert math.dist(before[:2], simulation.car.pose()[:2]) > 1.5, "there is room behind"
