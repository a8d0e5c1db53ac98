"""Steering in proportion, throttle and brake by threshold, opposite keys resolved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import NotFound
from playhead_gta5.controller import gta5_controller
from playhead_gta5.game import GTA5

share = st.floats(0, 1, width=32)


def act(w: float = 0, a: float = 0, s: float = 0, d: float = 0, **settings: Any) -> dict[str, float]:
    predictions = {"drive": np.array([w, a, s, d], dtype=np.float32)}
    return dict(gta5_controller(GTA5, settings).act(predictions, 0.1))


def test_steering_is_the_difference_and_at_most_six_tenths() -> None:
    assert act(a=0.5, d=0.2)["a"] == pytest.approx(0.3)
    assert act(a=0.2, d=0.5)["d"] == pytest.approx(0.3)
    assert act(a=1)["a"] == pytest.approx(0.6)
    assert act(a=0.4, d=0.4) == {"w": 0, "a": 0, "s": 0, "d": 0}


def test_throttle_and_brake_are_held_from_a_half_on() -> None:
    assert act(w=0.49)["w"] == 0
    assert act(w=0.51)["w"] == 1
    assert act(s=0.51)["s"] == 1


def test_the_stronger_of_throttle_and_brake_wins() -> None:
    assert (act(w=0.9, s=0.8)["w"], act(w=0.9, s=0.8)["s"]) == (1, 0)
    assert (act(w=0.8, s=0.9)["w"], act(w=0.8, s=0.9)["s"]) == (0, 1)


def test_a_run_changes_the_settings_it_names_and_keeps_the_others() -> None:
    assert act(a=1, cap=0.8)["a"] == pytest.approx(0.8)
    assert act(w=0.2, thresholds={"w": 0.1})["w"] == 1
    assert act(w=0.2, a=1, thresholds={"w": 0.1})["a"] == pytest.approx(0.6)
    with pytest.raises(NotFound, match='Did you mean "cap"'):
        act(capp=0.8)


@given(share, share, share, share)
def test_nothing_is_pressed_against_itself(w: float, a: float, s: float, d: float) -> None:
    pressed = act(w, a, s, d)
    assert not (pressed["w"] and pressed["s"])
    assert not (pressed["a"] and pressed["d"])
    assert max(pressed["a"], pressed["d"]) <= 0.6 + 1e-6


def test_every_recipe_states_settings_that_the_controller_takes() -> None:
    for recipe in GTA5.recipes.values():
        gta5_controller(GTA5, recipe.controller)
