import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead_streets.ground import CAR_LENGTH_M, CAR_WIDTH_M, cars_overlap
from playhead_streets.physics import (
    LATERAL_LIMIT_MPS2,
    REVERSE_LIMIT_MPS,
    STEERING_LAG_S,
    TICK_S,
    CarState,
    Controls,
    advance,
    full_lock_curvature,
)

COAST = Controls()
FULL = Controls(throttle=1.0)
BRAKE = Controls(throttle=-1.0)


def drive(car: CarState, controls: Controls, seconds: float, is_off_road: bool = False) -> CarState:
    for _ in range(round(seconds / TICK_S)):
        advance(car, controls, is_off_road)
    return car


def at(speed_mps: float) -> CarState:
    return CarState(x=0.0, y=0.0, heading=0.0, speed_mps=speed_mps)


def test_opposite_keys_cancel() -> None:
    assert Controls.from_keys(w=True, a=True, s=True, d=True) == COAST
    assert Controls.from_keys(w=True, a=False, s=False, d=True) == Controls(steer=1.0, throttle=1.0)


def test_the_car_coasts_for_a_long_way_and_comes_to_rest() -> None:
    car = drive(at(10.0), COAST, 5.0)
    assert 5.0 < car.speed_mps < 9.5
    assert drive(car, COAST, 60.0).speed_mps == 0.0


def test_braking_is_much_shorter_than_coasting() -> None:
    car = at(12.0)
    while car.speed_mps > 0:
        advance(car, BRAKE, False)
    assert 6.0 < car.x < 12.0


def test_off_road_slows_the_car_down() -> None:
    assert drive(at(10.0), COAST, 2.0, is_off_road=True).speed_mps < drive(at(10.0), COAST, 2.0).speed_mps - 1.5


def test_s_reverses_from_rest_and_steering_then_turns_the_other_way() -> None:
    car = drive(at(0.0), Controls(steer=1.0, throttle=-1.0), 6.0)
    assert car.x != 0.0
    assert -REVERSE_LIMIT_MPS - 0.1 <= car.speed_mps < -2.0
    forward = drive(at(0.0), Controls(steer=1.0, throttle=1.0), 1.0)
    assert forward.heading < 0  # d turns right
    assert drive(at(0.0), Controls(steer=1.0, throttle=-1.0), 1.0).heading > 0


def tapped(share_of_10: int) -> CarState:
    """Three seconds of S at rest, held for a share of every tenth of a second."""
    car = at(0.0)
    for tick in range(240):
        held = tick % 8 < round(share_of_10 * 0.8)
        advance(car, Controls(throttle=-1.0 if held else 0.0), False)
    return car


def test_taps_of_s_at_rest_do_not_reverse_but_nearly_holding_it_does() -> None:
    assert tapped(4).x == 0.0
    assert tapped(9).speed_mps < -1.0


def test_steering_lags_by_its_time_constant() -> None:
    car = drive(at(10.0), Controls(steer=1.0), STEERING_LAG_S)
    assert car.steer == pytest.approx(1 - math.exp(-1), abs=0.03)


def test_the_mean_of_pulses_is_the_steering() -> None:
    car = at(10.0)
    for tick in range(400):
        advance(car, Controls(steer=1.0 if tick % 8 < 2 else 0.0, throttle=0.3), False)
    assert car.steer == pytest.approx(0.25, abs=0.08)


@given(st.floats(0.5, 40.0))
def test_full_lock_never_asks_for_more_than_the_grip(speed_mps: float) -> None:
    assert full_lock_curvature(speed_mps) * speed_mps**2 <= LATERAL_LIMIT_MPS2 + 1e-9


@given(st.floats(-6.0, 25.0), st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_nothing_blows_up(speed_mps: float, steer: float, throttle: float) -> None:
    car = drive(at(speed_mps), Controls(steer=steer, throttle=throttle), 3.0)
    assert -REVERSE_LIMIT_MPS - 1.0 < car.speed_mps < 30.0
    assert abs(car.heading) <= math.pi


@given(st.floats(-3, 3), st.floats(-10, 10), st.floats(-10, 10))
def test_overlap_is_mutual_and_needs_nearness(turn: float, x: float, y: float) -> None:
    first, second = (0.0, 0.0, 0.4), (x, y, turn)
    assert cars_overlap(first, second) == cars_overlap(second, first)
    if math.hypot(x, y) < CAR_WIDTH_M - 0.01:
        assert cars_overlap(first, second)
    if math.hypot(x, y) > math.hypot(CAR_LENGTH_M, CAR_WIDTH_M) + 0.01:
        assert not cars_overlap(first, second)
