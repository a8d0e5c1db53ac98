"""Keys that are common and almost never answered are said, with what to set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from doubles import small_game

from playhead.agreement import held_over_time, seldom_answered, seldom_at_ends
from playhead.labels import Axes, Choice, Keys

KEYS = Keys("up", "left", "right", opposites=(("left", "right"),))
GAME = small_game({"move": KEYS})


def tapped() -> tuple[np.ndarray, np.ndarray]:
    """`up` is held .43 of the time in taps that nothing shows, `right` as it is answered, `left` never."""
    rng = np.random.default_rng(0)
    labels, said = rng.random((1000, 3)), np.zeros((1000, 3))
    labels = (labels < [0.43, 0.0, 0.2]).astype(np.float32)
    said[:, 0] = rng.uniform(0.36, 0.46, 1000)
    said[:, 2] = labels[:, 2] * 0.9
    return labels, said


def test_a_common_key_below_its_threshold_is_said_with_the_threshold_that_would_do() -> None:
    labels, said = tapped()
    (sentence,) = [found.advice for found in seldom_answered(GAME, KEYS, labels, said, {})]
    assert sentence.startswith("up is held 44% of the time, but its answer reaches the threshold 0.5 in 0.0%")
    assert "--set controller.proportional=up" in sentence
    threshold = float(sentence.split("controller.thresholds.up=")[1].split(",")[0])
    assert (said[:, 0] >= threshold).mean() == pytest.approx(labels[:, 0].mean(), abs=0.06)
    assert seldom_answered(GAME, KEYS, labels, said, {"thresholds": {"up": threshold}}) == []
    assert seldom_answered(GAME, KEYS, labels, said, {"threshold": 0.4}) == []


def test_keys_in_proportion_rare_ones_and_controllers_of_a_games_own_are_not_said() -> None:
    labels, said = tapped()
    for proportional in (["up"], "left,up"):
        assert seldom_answered(GAME, KEYS, labels, said, {"proportional": proportional}) == []
    said[:, 2] = 0
    assert len(seldom_answered(GAME, KEYS, labels, said, {"proportional": ["left"]})) == 1  # right joins left
    assert seldom_answered(GAME, KEYS, labels * (np.arange(1000) < 30)[:, None], said, {}) == []
    assert seldom_answered(replace(GAME, controller="own:controller"), KEYS, labels, said, {}) == []
    assert seldom_answered(GAME, Choice("x", "y"), labels, said, {}) == []
    assert seldom_answered(GAME, KEYS, labels[:0], said[:0], {}) == []


def test_an_axis_that_is_at_its_ends_and_answered_in_between_is_said() -> None:
    axes, rng = Axes("main", "side", "still"), np.random.default_rng(0)
    labels = np.stack([rng.choice([-1, 1], 1000), rng.choice([-1, 0, 0, 0, 1], 1000), np.zeros(1000)], 1)
    said = labels * [0.99, 0.25, 0.0]
    (found,) = seldom_at_ends(GAME, axes, labels, said)
    assert str(found).startswith("side is at an end 39% of the time, but its answer in 0.0%")
    assert seldom_at_ends(GAME, axes, labels, labels) == []
    assert seldom_at_ends(GAME, axes, labels * 0.5, said) == []
    assert seldom_at_ends(GAME, axes, labels, labels * 0.6) == []  # sure enough
    assert seldom_at_ends(GAME, axes, labels, labels * 0.03) == []  # knows hardly anything
    assert seldom_at_ends(replace(GAME, controller="own:controller"), axes, labels, said) == []
    assert seldom_at_ends(GAME, KEYS, labels, said) == []
    assert seldom_at_ends(GAME, axes, labels[:0], said[:0]) == []


def test_a_key_is_held_from_a_sure_answer_on_until_another() -> None:
    said_NK = np.array([[0.6, 0.1], [0.4, 0.6], [0.1, 0.65], [0.6, 0.9], [0.65, 0.4], [0.6, 0.2]])
    held_NK = held_over_time(said_NK, np.array([0, 0, 0, 0, 0, 1]))
    assert held_NK.T.tolist() == [
        [True, True, False, False, False, True],
        [False, False, False, True, True, False],
    ]
