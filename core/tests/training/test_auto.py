"""The recipe of a game that states none: by its picture, its rate, and how its keys were pressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from doubles import MemoryRecording, events_of, recording, small_game

from playhead.clock import NS_PER_S
from playhead.events import Origin
from playhead.game import Game
from playhead.labelling import head_labels
from playhead.labels import Axes, Keys
from playhead.training import auto
from playhead.training.recipe import Recipe

GAME = small_game({"move": Keys("gas", "left")})
RATE_HZ = 20


def recorded(
    held_s: Sequence[float],
    origin: Origin = Origin.HUMAN,
    rate_hz: float = RATE_HZ,
    game: Game = GAME,
) -> MemoryRecording:
    """Ten seconds with gas held throughout and left for these times, pauses between alike."""
    presses_s = [(number + 0.5) * 10 / len(held_s) for number in range(len(held_s))]
    rows = [(0, "gas", 1.0)]
    for began_s, length_s in zip(presses_s, held_s, strict=True):
        rows += [(round(began_s * NS_PER_S), "left", 1.0), (round((began_s + length_s) * NS_PER_S), "left", 0.0)]
    times_ns = np.arange(0, 10 * NS_PER_S, round(NS_PER_S / rate_hz))
    empty = {name: np.zeros((len(times_ns), head.columns), head.dtype) for name, head in game.labels.items()}
    one = recording(game, empty, times_ns=times_ns, origin=origin, rate_hz=rate_hz, events=events_of(rows))
    labels = {name: head_labels(one, name, head).at(times_ns) for name, head in game.labels.items()}
    return replace(one, labels=labels)


def test_what_a_person_taps_is_learned_and_pressed_as_a_share() -> None:
    recipe, why = auto.recipe_for(GAME, [recorded([0.15] * 12)])
    assert recipe.label_over_s == auto.OVER_S
    assert recipe.controller == {"proportional": ["left"]}
    assert "left tapped" in why
    assert recipe.model_options["points_alone"]


@pytest.mark.parametrize(
    "one",
    [
        recorded([0.6] * 12),  # held for long
        recorded([0.15] * 2),  # hardly ever
        recorded([0.15] * 12, Origin.SCRIPT),  # which does it again in the same picture
        recorded([]),
    ],
)
def test_other_keys_are_learned_as_they_are_held(one: MemoryRecording) -> None:
    recipe, why = auto.recipe_for(GAME, [one])
    assert (recipe.label_over_s, recipe.controller) == (0, {})
    assert "tapped" not in why
    assert recipe.model_options == auto.BASE.model_options


@pytest.mark.parametrize("times_ns", [np.zeros(200, np.int64), np.repeat(np.arange(100) * 10**8, 2), np.arange(1)])
def test_frames_of_one_time_say_nothing_of_what_is_between_them(times_ns: np.ndarray) -> None:
    labels = {"move": np.ones((len(times_ns), 2), np.uint8)}
    one = recording(GAME, labels, times_ns=times_ns, origin=Origin.HUMAN, events=events_of([(0, "gas", 1.0)]))
    recipe, _ = auto.recipe_for(GAME, [one])
    assert (recipe.label_over_s, recipe.controller) == (0, {})


@pytest.mark.parametrize(("rate_hz", "apart_s"), [(10, 0.1), (15, 0.067), (50, 0.06), (80, 0.06)])
def test_a_window_is_as_long_as_the_game_is_quick(rate_hz: float, apart_s: float) -> None:
    assert auto.recipe_for(GAME, [recorded([], rate_hz=rate_hz)])[0].stride_s == apart_s


def test_keys_held_for_parts_of_the_time_between_frames_are_learned_as_that_share() -> None:
    recipe, why = auto.recipe_for(GAME, [recorded([0.04] * 50, Origin.SCRIPT, rate_hz=10)])
    assert (recipe.label_over_s, recipe.controller) == (0.1, {"proportional": ["left"]})
    assert "left held for parts of the time between frames: learned as the share of the coming 0.1 s" in why


def test_axes_held_for_parts_are_learned_as_their_mean_and_pressed_as_any() -> None:
    axes = small_game({"move": Axes("gas", "left")})
    recipe, why = auto.recipe_for(axes, [recorded([0.04] * 50, rate_hz=10, game=axes)])
    assert (recipe.label_over_s, recipe.controller) == (0.1, {})
    assert "left held for parts" in why


@pytest.mark.parametrize(("held_s", "balance"), [([0.1], "rare"), ([0.6] * 3, "none"), ([], "none")])
def test_keys_that_are_hardly_ever_held_are_drawn_more_often(held_s: list[float], balance: str) -> None:
    recipe, why = auto.recipe_for(GAME, [recorded(held_s, Origin.SCRIPT), recorded(held_s, Origin.SCRIPT)])
    assert recipe.balance == balance
    assert ("left hardly ever held: drawn more often" in why) == (balance == "rare")


@pytest.mark.parametrize(("frames", "steps"), [(40, 500), (7_200, 2_000), (10_800, 3_000), (100_000, 3_000)])
def test_few_recordings_are_not_learned_by_heart(frames: int, steps: int) -> None:
    assert auto.steps_for(frames) == steps


def test_it_is_the_default_of_a_game_that_states_none() -> None:
    own = replace(GAME, recipes={"default": Recipe(length=1)})
    assert auto.is_asked(GAME, "default")
    assert auto.is_asked(own, "auto")
    assert not auto.is_asked(own, "default")
    assert auto.default_of(own).length == 1
    assert auto.default_of(GAME) == auto.recipe_for(GAME, ())[0]
    axes = small_game({"move": Axes("x")})
    assert auto.recipe_for(axes, [recorded([0.15] * 12)])[0].label_over_s == 0
    assert auto.default_of(axes).model_options["looks"] == 16
