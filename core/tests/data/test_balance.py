from __future__ import annotations

import json

import numpy as np
import pytest
from doubles import mixed_heads, recording, small_game

from playhead.data.balance import CHANGE_WEIGHT, combinations, prefer, report, weights
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import NotFound
from playhead.labels import Choice

GAME = small_game()
W, WA, NONE = [1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]


def index_of(rows: list[list[int]]) -> WindowIndex:
    return WindowIndex.of([recording(GAME, {"drive": np.array(rows, np.uint8)})], GAME.schema, WindowSpec())


def test_the_report_counts_what_was_held() -> None:
    told = report(index_of([W] * 5 + [WA] * 2 + [NONE] * 3))
    assert told.keys == {"drive": {"w": 0.7, "a": 0.2, "s": 0.0, "d": 0.0}}
    assert told.combinations == {"w": 0.5, "none": 0.3, "w+a": 0.2}
    assert (told.idle_share, told.change_share) == (0.3, 0.2)
    assert told.longest_idle_s == pytest.approx(0.2)
    assert told.line() == "1 recording, 10 frames; w 70 %  a 20 %  s 0 %  d 0 %  none 30 %"
    assert json.loads(json.dumps(told.to_json()))["frames"] == 10


def test_the_report_of_other_heads() -> None:
    cars = small_game({"car": Choice("octane", "werewolf")})
    made = recording(cars, {"car": np.array([[1], [0], [1], [1]], np.uint16)})
    told = report(WindowIndex.of([made], cars.schema, WindowSpec()))
    assert told.line() == "1 recording, 4 frames; octane 25 %  werewolf 75 %"
    assert told.idle_share == 0
    mixed = small_game(mixed_heads())
    zeros = {name: np.zeros((3, head.columns), head.dtype) for name, head in mixed_heads().items()}
    told = report(WindowIndex.of([recording(mixed, zeros)], mixed.schema, WindowSpec()))
    assert told.combinations == {"none, reverse": 1.0}
    assert "steer mean +0.00" in told.line()


def test_a_report_of_nothing_is_all_zero() -> None:
    told = report(WindowIndex.of([], GAME.schema, WindowSpec()))
    assert (told.frames, told.idle_share, told.longest_idle_s) == (0, 0.0, 0.0)


def test_combinations_are_drawn_alike() -> None:
    index = index_of([W] * 80 + [NONE] * 15 + [WA] * 5)
    weight_N = weights(index, "labels")
    said = combinations(index)
    assert [weight_N[said == word].sum() for word in ("w", "none", "w+a")] == pytest.approx([1 / 3] * 3)


def test_a_very_rare_combination_does_not_fill_the_batches() -> None:
    index = index_of([W] * 999 + [WA])
    assert weights(index, "labels")[-1] == pytest.approx(1 / (10 + 1) / 1, rel=0.2)


def test_changes_are_drawn_more_often() -> None:
    weight_N = weights(index_of([W, W, WA, WA]), "changes")
    assert weight_N.sum() == pytest.approx(1)
    assert weight_N[2] / weight_N[0] == pytest.approx(CHANGE_WEIGHT)


def test_none_is_even_and_an_unknown_way_is_named() -> None:
    assert np.ptp(weights(index_of([W, WA]), "none")) == 0
    with pytest.raises(NotFound, match='Did you mean "changes"'):
        weights(index_of([W]), "change")


def test_new_windows_are_preferred_to_a_share() -> None:
    weight_N = prefer(np.full(10, 0.1), np.arange(10) < 2, 0.5)
    assert weight_N[:2].sum() == pytest.approx(0.5)
    assert weight_N.sum() == pytest.approx(1)
    even = np.full(4, 0.25)
    for chosen, share in ((np.ones(4, bool), 0.5), (np.zeros(4, bool), 0.5), (np.arange(4) < 2, 0.0)):
        assert prefer(even, chosen, share) is even
