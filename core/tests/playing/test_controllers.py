"""From probabilities to presses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import BadValue, NotFound, PlayheadError
from playhead.game import Device, Frame, Game
from playhead.labels import Axes, Choice, Keys
from playhead.playing.controllers import Controller, default_controller

GAME = Game(
    name="tested",
    title="Tested",
    devices={"fake": Device(capture="fake", input="fake")},
    frame=Frame(width=8, height=6, rate_hz=10),
    labels={
        "drive": Keys("w", "a", "s", "d", "horn", opposites=(("w", "s"), ("a", "d"))),
        "gear": Choice("low", "high", "none"),
        "look": Axes("pan", "tilt"),
        "zoom": Axes("zoom", deltas=(-0.3, 0.0, 0.3)),
    },
    controls={"w": "W", "a": "A", "s": "S", "d": "D", "low": "1", "high": "2", "pan": "X", "zoom": "Z"},
)


def controller(**settings: Any) -> Controller:
    return default_controller(GAME, settings)


def drive(made: Controller, *probabilities: float) -> dict[str, float]:
    answer = np.array([*probabilities, 0.0], dtype=np.float32)
    return {code: round(share, 4) for code, share in made.act({"drive": answer}, 0.1).items()}


def test_keys_are_held_from_the_threshold_on() -> None:
    assert drive(controller(), 0.5, 0.6, 0.1, 0.2) == {"W": 1, "A": 1, "S": 0, "D": 0}
    assert drive(controller(threshold=0.7), 0.6, 0.8, 0.1, 0.2) == {"W": 0, "A": 1, "S": 0, "D": 0}
    assert drive(controller(thresholds={"w": 0.1}), 0.2, 0.2, 0.1, 0.1) == {"W": 1, "A": 0, "S": 0, "D": 0}


def test_of_opposites_the_stronger_is_pressed() -> None:
    assert drive(controller(), 0.6, 0.0, 0.9, 0.0) == {"W": 0, "A": 0, "S": 1, "D": 0}
    assert drive(controller(), 0.9, 0.0, 0.9, 0.0)["W"] + drive(controller(), 0.9, 0.0, 0.9, 0.0)["S"] == 1


def test_proportional_keys_are_held_for_their_difference() -> None:
    made = controller(proportional=["a"])
    assert drive(made, 0.9, 0.2, 0.1, 0.7) == {"W": 1, "A": 0, "S": 0, "D": 0.5}
    assert drive(made, 0.9, 0.7, 0.1, 0.2) == {"W": 1, "A": 0.5, "S": 0, "D": 0}


def test_a_key_with_a_floor_is_held_at_least_so_long_but_never_beside_its_opposite() -> None:
    made = controller(floors={"w": 0.3})
    assert drive(made, 0.2, 0.9, 0.1, 0.0) == {"W": 0.3, "A": 1, "S": 0, "D": 0}
    assert drive(made, 0.8, 0.9, 0.1, 0.0)["W"] == 1
    assert drive(made, 0.2, 0.0, 0.9, 0.0) == {"W": 0, "A": 0, "S": 1, "D": 0}
    made = controller(floors={"w": 0.3}, proportional=["w"])
    assert [drive(made, w, 0.0, 0.2, 0.0)["W"] for w in (0.3, 0.6, 0.1)] == [0.3, 0.4, 0]


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=50), st.floats(1, 3))
def test_a_proportional_axis_is_at_an_end_or_in_the_middle_and_right_on_average(
    said: list[float], gain: float
) -> None:
    made = controller(proportional=["pan"], gains={"pan": gain})
    held = [made.act({"look": np.array([one, 0.4], dtype=np.float32)}, 0.1)["X"] for one in said]
    assert {*held} <= {-1.0, 0.0, 1.0}
    wanted = sum(max(-1.0, min(1.0, gain * one)) for one in said)
    assert sum(held) == pytest.approx(wanted, abs=0.5 + 1e-4)


def test_what_an_axis_is_owed_is_forgotten_at_a_reset() -> None:
    made = controller(proportional="pan")
    answer = {"look": np.array([0.4, 0.0], dtype=np.float32)}
    assert [made.act(answer, 0.1)["X"] for _ in range(2)] == [0, 1]
    made.reset({})
    assert made.act(answer, 0.1)["X"] == 0


def test_proportional_throttle_too() -> None:
    assert drive(controller(proportional="a,w"), 0.6, 0.0, 0.2, 0.0) == {"W": 0.4, "A": 0, "S": 0, "D": 0}


def test_proportional_presses_are_capped_scaled_and_cut() -> None:
    assert drive(controller(proportional=["a"], cap=0.6), 0, 0.9, 0, 0)["A"] == 0.6
    assert drive(controller(proportional=["a"], gain=1.5), 0, 0.4, 0, 0)["A"] == 0.6
    doubled = controller(proportional=["w", "a"], gains={"s": 2.0})
    assert drive(doubled, 0.1, 0.2, 0.3, 0.0) == {"W": 0, "A": 0.2, "S": 0.4, "D": 0}
    with pytest.raises(NotFound, match="Did you mean"):
        controller(gains={"hron": 2.0})
    assert drive(controller(proportional=["a"], least=0.03), 0, 0.02, 0, 0)["A"] == 0


probability = st.floats(0, 1, width=32)


@given(probability, probability, probability, probability, st.sampled_from(["", "a", "w", "a,w"]))
def test_opposites_are_never_pressed_together(w: float, a: float, s: float, d: float, names: str) -> None:
    action = drive(controller(proportional=names), w, a, s, d)
    assert not (action["W"] and action["S"])
    assert not (action["A"] and action["D"])
    assert all(0 <= share <= 1 for share in action.values())


def test_a_choice_presses_its_likeliest_class_alone() -> None:
    made = controller()
    assert made.act({"gear": np.array([0.2, 0.5, 0.3])}, 0.1) == {"1": 0, "2": 1}
    assert made.act({"gear": np.array([0.2, 0.3, 0.5])}, 0.1) == {"1": 0, "2": 0}


def test_axes_go_through_their_dead_zones() -> None:
    made = controller(dead_zones={"pan": {"size": 0.25, "gain": 0.8}, "zoom": {"size": 0.4}})
    assert made.act({"look": np.array([-0.625, 0.9])}, 0.1) == pytest.approx({"X": -0.4})
    assert made.act({"look": np.array([0.2, 0.0])}, 0.1) == {"X": 0.0}
    up = np.array([0.1, 0.2, 0.7])
    values = [made.act({"zoom": up}, 0.1)["Z"] for _ in range(3)]
    assert values == pytest.approx([0.0, 1 / 3, 5 / 6]), "what moves is the axis, and not what comes of it"


def test_deltas_move_an_axis_within_its_range() -> None:
    made = controller()
    up, still = np.array([0.1, 0.2, 0.7]), np.array([0.1, 0.8, 0.1])
    values = [made.act({"zoom": answer}, 0.1)["Z"] for answer in (up, up, still, up, up)]
    assert values == pytest.approx([0.3, 0.6, 0.6, 0.9, 1.0])


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"treshold": 0.3}, NotFound, 'Did you mean "threshold"'),
        ({"threshold": "high"}, BadValue, "threshold=high is not a number"),
        ({"threshold": True}, BadValue, "not a number"),
        ({"cap": 1.5}, BadValue, "outside 0 to 1"),
        ({"proportional": ["x"]}, NotFound, '"x"'),
        ({"proportional": 3}, BadValue, "list of labels"),
        ({"thresholds": 0.3}, BadValue, "thresholds.w=0.4"),
        ({"thresholds": {"q": 0.3}}, NotFound, '"q"'),
        ({"floors": {"q": 0.3}}, NotFound, '"q"'),
        ({"floors": {"w": 0.3, "s": 0.1}}, BadValue, "w and s at once"),
        ({"dead_zones": 0.25}, BadValue, r"dead_zones\.\w+\.size=0\.25"),
        ({"dead_zones": {"pen": {"size": 0.25}}}, NotFound, 'Did you mean "pan"'),
        ({"dead_zones": {"pan": {"size": 1}}}, BadValue, "lets nothing through"),
        ({"dead_zones": {"pan": 0.3}}, BadValue, r"dead_zones\.pan\.size=0\.25"),
    ],
)
def test_wrong_settings_are_said(settings: dict[str, Any], error: type[PlayheadError], says: str) -> None:
    with pytest.raises(error, match=says):
        default_controller(GAME, settings)
