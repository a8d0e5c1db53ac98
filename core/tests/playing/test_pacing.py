"""Throttle and brake by the speed: as fast as the steering allows, never slower than it must."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from doubles import small_game
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import BadValue, NotFound, PlayheadError
from playhead.playing.controllers import Controller, default_controller

GAME = small_game()
W, A, S, D = range(4)


def paced(**pace: Any) -> Controller:
    settings = {"kind": "paced", "pace": {"over_s": 0.0, **pace}, "proportional": ["w", "a"]}
    return default_controller(GAME, settings)


def drive(made: Controller, speed_mps: float, **held: float) -> dict[str, float]:
    made.see({"speed_mps": speed_mps, "x_m": 3.0})
    answer = np.array([held.get(key, 0.0) for key in "wasd"], dtype=np.float32)
    return {code: round(share, 3) for code, share in made.act({"drive": answer}, 0.1).items()}


def test_below_the_floor_the_car_never_coasts_nor_brakes() -> None:
    made = paced(floor_mps=6.0)
    assert drive(made, 2.0) == {"w": 1, "a": 0, "s": 0, "d": 0}
    assert drive(made, 2.0, s=0.9, a=1.0) == {"w": 1, "a": 1, "s": 0, "d": 0}
    assert drive(made, -2.0)["w"] == 1


def test_on_a_straight_it_is_driven_on_unless_the_network_brakes() -> None:
    assert drive(paced(), 20.0, w=0.2)["w"] == 1
    assert drive(paced(eager=0.5), 20.0, w=0.2)["w"] == 0.5
    assert drive(paced(), 20.0, s=0.6) == {"w": 0, "a": 0, "s": 0.6, "d": 0}


def test_in_a_bend_it_is_as_fast_as_the_steering_allows() -> None:
    made = paced(grip=0.8, margin=0.1)
    assert drive(made, 20.0, w=1.0, d=0.4)["w"] == 1, "half the grip is used"
    assert drive(made, 20.0, w=0.3, d=0.75)["w"] == 0.3, "as fast as it safely can: the network goes on"
    assert drive(made, 20.0, w=1.0, d=0.9) == {"w": 0, "a": 0, "s": 0, "d": 0.9}
    assert drive(made, 20.0, w=1.0, d=1.0)["s"] == pytest.approx((math.sqrt(1 / 0.8) - 1) / 0.1 - 1, abs=1e-3)


def test_above_the_top_it_is_not_driven_and_braked_when_far_above() -> None:
    assert drive(paced(top_mps=30.0), 31.0, w=1.0) == {"w": 0, "a": 0, "s": 0, "d": 0}
    assert drive(paced(top_mps=30.0), 40.0, w=1.0)["s"] == 1


def test_while_the_speed_is_unknown_the_network_alone_drives() -> None:
    made = paced()
    assert drive(made, math.nan, w=0.3, s=0.1)["w"] == 0.2
    drive(made, 20.0)
    made.reset({})
    assert made.act({"drive": np.array([0.3, 0, 0.1, 0])}, 0.1)["w"] == pytest.approx(0.2)


def test_steering_counts_as_its_mean() -> None:
    made = paced(over_s=1.0)
    assert drive(made, 20.0, w=1.0, d=1.0)["w"] == 1, "one pulse is no bend"
    for _ in range(30):
        drive(made, 20.0, w=1.0, d=1.0)
    assert drive(made, 20.0, w=1.0, d=1.0)["w"] == 0


@given(st.floats(-50, 120), *[st.floats(0, 1, width=32)] * 4)
def test_it_never_holds_opposites_at_once(speed_mps: float, w: float, a: float, s: float, d: float) -> None:
    action = drive(paced(), speed_mps, w=w, a=a, s=s, d=d)
    assert not (action["w"] and action["s"])
    assert all(0 <= share <= 1 for share in action.values())


def test_a_device_without_the_speed_is_said() -> None:
    with pytest.raises(NotFound, match=r"controller\.pace\.speed=NAME"):
        paced().see({"velocity": 3.0})


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"kind": "fast"}, BadValue, "plain, paced"),
        ({"kind": "paced", "pace": {"flor_mps": 3}}, NotFound, 'Did you mean "floor_mps"'),
        ({"kind": "paced", "pace": {"floor_mps": -1}}, BadValue, "outside 0 to 1000"),
        ({"kind": "paced", "pace": {"grip": 0}}, BadValue, "grip=0"),
        ({"kind": "paced", "pace": {"speed": 3}}, BadValue, "no telemetry"),
        ({"pace": 3}, BadValue, "no mapping"),
    ],
)
def test_wrong_settings_are_said(settings: dict[str, Any], error: type[PlayheadError], says: str) -> None:
    with pytest.raises(error, match=says):
        default_controller(GAME, settings)
