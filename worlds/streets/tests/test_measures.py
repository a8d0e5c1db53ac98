import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead_streets.measures import (
    CAR_FACTOR,
    OBSTACLE_FACTOR,
    OFF_ROAD_FACTOR,
    STUCK_AFTER_S,
    STUCK_FACTOR,
    Happening,
    Scorekeeper,
)

DT_S = 1 / 80


def drive(
    score: Scorekeeper,
    seconds: float,
    *,
    from_m: float = 0.0,
    to_m: float = 0.0,
    off_route_m: float = 0.0,
    touched_car: bool = False,
    touched_obstacle: bool = False,
    is_off_road: bool = False,
    is_waiting: bool = False,
) -> int:
    """Feed a stretch with steady progress; returns the number of stuck events."""
    ticks = round(seconds / DT_S)
    return sum(
        score.update(
            Happening(
                dt_s=DT_S,
                along_m=from_m + (to_m - from_m) * (tick + 1) / ticks,
                off_route_m=off_route_m,
                travelled_m=abs(to_m - from_m) / ticks,
                touched_car=touched_car,
                touched_obstacle=touched_obstacle,
                is_off_road=is_off_road,
                is_waiting=is_waiting,
            )
        )
        for tick in range(ticks)
    )


def test_a_clean_drive_scores_one() -> None:
    score = Scorekeeper(route_m=500.0)
    drive(score, 50.0, to_m=500.0)
    measures = score.measures()
    assert measures["route_completion"] == measures["driving_score"] == 1.0
    assert measures["mean_speed_mps"] == pytest.approx(10.0)
    assert measures["off_road_share"] == 0.0


def test_half_the_route_with_one_of_each_penalty() -> None:
    score = Scorekeeper(route_m=500.0)
    drive(score, 5.0, to_m=50.0)
    drive(score, 1.0, from_m=50.0, to_m=60.0, touched_car=True)
    drive(score, 1.0, from_m=60.0, to_m=70.0, touched_obstacle=True)
    drive(score, 1.0, from_m=70.0, to_m=80.0, is_off_road=True)
    drive(score, 5.0, from_m=80.0, to_m=250.0)
    assert drive(score, STUCK_AFTER_S + DT_S, from_m=250.0, to_m=250.0) >= 1
    assert score.stuck_events >= 1
    assert score.route_completion == 0.5
    expected = 0.5 * CAR_FACTOR * OBSTACLE_FACTOR * OFF_ROAD_FACTOR * STUCK_FACTOR**score.stuck_events
    assert score.driving_score == pytest.approx(expected)


def test_touching_again_within_two_seconds_is_the_same_collision() -> None:
    score = Scorekeeper(route_m=500.0)
    for _ in range(3):
        drive(score, 0.1, touched_car=True)
        drive(score, 1.5)
    assert score.car_collisions == 1
    drive(score, 1.0)
    drive(score, 0.1, touched_car=True)
    assert score.car_collisions == 2


def test_only_off_road_stretches_of_more_than_half_a_second_count() -> None:
    score = Scorekeeper(route_m=500.0)
    drive(score, 0.4, is_off_road=True)
    drive(score, 0.1)
    assert score.off_road_stretches == 0
    drive(score, 3.0, is_off_road=True)
    assert score.off_road_stretches == 1
    assert score.off_road_s == pytest.approx(3.4)


def test_skipped_metres_and_metres_beside_the_route_do_not_count() -> None:
    score = Scorekeeper(route_m=100.0)
    drive(score, 2.0, to_m=20.0)
    score.put_back(26.0)
    assert score.route_completion == pytest.approx(0.20)
    drive(score, 1.0, from_m=26.0, to_m=36.0)
    assert score.route_completion == pytest.approx(0.30)
    drive(score, 1.0, from_m=36.0, to_m=46.0, off_route_m=5.0)
    assert score.route_completion == pytest.approx(0.30)


def test_going_back_is_no_progress_and_does_not_lose_any() -> None:
    score = Scorekeeper(route_m=100.0)
    drive(score, 2.0, to_m=20.0)
    drive(score, 2.0, from_m=20.0, to_m=0.0)
    drive(score, 2.0, to_m=20.0)
    assert score.route_completion == pytest.approx(0.20)


def test_stuck_after_seven_seconds_or_at_once_when_lost() -> None:
    score = Scorekeeper(route_m=100.0)
    assert drive(score, STUCK_AFTER_S - 0.1) == 0
    assert drive(score, 0.2) >= 1
    score.put_back(6.0)
    assert drive(score, STUCK_AFTER_S - 0.1, from_m=6.0, to_m=6.0) == 0
    assert drive(score, DT_S, from_m=6.0, to_m=6.0, off_route_m=12.5) == 1


def test_waiting_for_others_is_not_being_stuck_until_four_times_as_long() -> None:
    score = Scorekeeper(route_m=100.0)
    assert drive(score, 4 * STUCK_AFTER_S - 0.1, is_waiting=True) == 0
    assert drive(score, 0.2, is_waiting=True) >= 1


def test_nothing_but_progress_counts_in_the_grace_period() -> None:
    score = Scorekeeper(route_m=100.0, grace_s=12.0)
    assert drive(score, 11.0, to_m=10.0, touched_obstacle=True, is_off_road=True, off_route_m=3.0) == 0
    assert score.driving_score == pytest.approx(0.1)


@given(st.lists(st.tuples(st.floats(0, 200), st.booleans(), st.booleans(), st.booleans()), max_size=60))
def test_the_driving_score_never_exceeds_the_route_completion(
    ticks: list[tuple[float, bool, bool, bool]],
) -> None:
    score = Scorekeeper(route_m=150.0)
    before = 0.0
    for along, car, obstacle, off in ticks:
        score.update(
            Happening(
                dt_s=0.5,
                along_m=along,
                off_route_m=0.0,
                travelled_m=1.0,
                touched_car=car,
                touched_obstacle=obstacle,
                is_off_road=off,
            )
        )
        assert before <= score.route_completion <= 1.0
        assert 0.0 <= score.driving_score <= score.route_completion
        before = score.route_completion
