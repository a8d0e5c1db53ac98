from __future__ import annotations

import json

import numpy as np
import pytest
from doubles import mixed_heads, recording, small_game

from playhead.data.balance import report
from playhead.data.windows import WindowIndex, WindowSpec
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
