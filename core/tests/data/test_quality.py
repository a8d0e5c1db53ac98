"""What is said of recordings beside their length: how much can be learned from them, and what is odd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from doubles import DRIVE, recording, small_game

from playhead.clock import NS_PER_S
from playhead.data.quality import odd_recordings, qualities
from playhead.events import Origin
from playhead.labels import Axes, Choice, Head
from playhead.training.recipe import Recipe

COUNT = 100
RECIPE = Recipe(length=2, stride_s=0.1)
MS = NS_PER_S // 1000
NOBODY = np.full(COUNT, int(Origin.NONE), np.uint8)
GAPS = np.cumsum(np.tile([100, 100, 700], COUNT)[:COUNT]) * MS


def of(head: Head = DRIVE, *, held: float = 0.5, **more: Any) -> Any:
    """A recording of COUNT frames in which the first columns change in this share of the frames."""
    game = small_game({"drive": head})
    labels = np.zeros((COUNT, head.columns), head.dtype)
    labels[: round(held * COUNT), 0] = 1
    return game, recording(game, {"drive": labels}, **more)


@pytest.mark.parametrize(
    ("made", "usable", "remark"),
    [
        (of(), 0.99, ""),
        (of(rate_hz=10.0, times_ns=np.arange(COUNT) * 300 * MS), 0.99, "3 of 10 frames/s reached"),
        (of(origin=np.where(np.arange(COUNT) < 40, NOBODY, 3).astype(np.uint8)), 0.6, "40 % not labelled"),
        (of(times_ns=GAPS), 0.67, "33 % lack frames around them"),
        (of(held=0.0), 0.99, "of one action only: none"),
        (of(held=1.0), 0.99, "of one action only: w"),
        (of(held=0.99), 0.99, "of one action only: w"),
        (of(Axes("steer", "gas"), held=1.0), 0.99, "of one action only: steer at +1.00, gas at +0.00"),
        (of(Choice("low", "high"), held=1.0), 0.99, "of one action only: high"),
        (of(Choice("octane", "werewolf"), held=1.0, label_device=""), 0.99, ""),
        (of(Axes("steer")), 0.99, ""),
        (of(times_ns=np.arange(COUNT)), 0, "shorter than a window of 0.1 s"),
    ],
)
def test_a_recording_is_judged(made: Any, usable: float, remark: str) -> None:
    game, one = made
    (quality,) = qualities(game, RECIPE, [one])
    assert quality.usable == pytest.approx(usable, abs=0.011)
    assert list(quality.remarks) == [remark] * bool(remark)


def test_what_does_not_fit_is_unusable_and_says_why() -> None:
    game, one = of()
    (quality,) = qualities(game, Recipe(inputs=("frames", "speed")), [one])
    assert quality.usable == 0
    assert 'no telemetry "speed"' in quality.remarks[0]


def test_only_new_recordings_are_warned_of_and_together() -> None:
    game, _ = of()
    made = [of(held=1.0, name=f"r{number}")[1] for number in range(6)]
    assert odd_recordings(game, RECIPE, made, {"r1", "r2", "r3", "r4"}) == [
        "Warning: r1, r2, r3 and 1 more: of one action only: w."
    ]
    assert odd_recordings(game, RECIPE, [of(name="r7")[1]], {"r7"}) == []
