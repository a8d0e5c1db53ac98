"""The recipe of a game that states none: by its picture, its rate, and how its keys were pressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from doubles import small_game

from playhead.events import Origin
from playhead.labels import Axes, Keys
from playhead.training import auto
from playhead.training.recipe import Recipe

GAME = small_game({"move": Keys("gas", "left")})
RATE_HZ = 20


def recording(held_s: Sequence[float], origin: Origin = Origin.HUMAN, rate_hz: float = RATE_HZ) -> Any:
    """Ten seconds with gas held throughout and left for these times, pauses between alike."""
    times_s = np.arange(0, 10, 1 / rate_hz)
    labels = np.zeros((len(times_s), 2), np.float32)
    labels[:, 0] = 1
    for number, length_s in enumerate(held_s):
        began_s = (number + 0.5) * 10 / len(held_s)
        labels[(times_s >= began_s) & (times_s < began_s + length_s), 1] = 1
    return SimpleNamespace(
        frame_time_ns=(times_s * 1e9).astype(np.int64),
        label_origin=np.full(len(times_s), origin, np.uint8),
        labels={"move": labels},
        header=SimpleNamespace(rate_hz=rate_hz),
    )


def test_what_a_person_taps_is_learned_and_pressed_as_a_share() -> None:
    recipe, why = auto.recipe_for(GAME, [recording([0.15] * 12)])
    assert recipe.label_over_s == auto.OVER_S
    assert recipe.controller == {"proportional": ["left"]}
    assert "left tapped" in why


@pytest.mark.parametrize(
    "one",
    [
        recording([0.6] * 12),  # held for long
        recording([0.15] * 2),  # hardly ever
        recording([0.15] * 12, Origin.SCRIPT),  # which does it again in the same picture
        recording([]),
    ],
)
def test_other_keys_are_learned_as_they_are_held(one: Any) -> None:
    recipe, why = auto.recipe_for(GAME, [one])
    assert (recipe.label_over_s, recipe.controller) == (0, {})
    assert "tapped" not in why


@pytest.mark.parametrize(("rate_hz", "apart_s"), [(10, 0.1), (15, 0.067), (50, 0.06), (80, 0.06)])
def test_a_window_is_as_long_as_the_game_is_quick(rate_hz: float, apart_s: float) -> None:
    assert auto.recipe_for(GAME, [recording([], rate_hz=rate_hz)])[0].stride_s == apart_s


def test_it_is_the_default_of_a_game_that_states_none() -> None:
    own = replace(GAME, recipes={"default": Recipe(length=1)})
    assert auto.is_asked(GAME, "default")
    assert auto.is_asked(own, "auto")
    assert not auto.is_asked(own, "default")
    assert auto.default_of(own).length == 1
    assert auto.default_of(GAME) == auto.recipe_for(GAME, ())[0]
    axes = small_game({"move": Axes("x")})
    assert auto.recipe_for(axes, [recording([0.15] * 12)])[0].label_over_s == 0
