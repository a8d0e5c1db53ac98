"""What the original's rule makes of nine classes and of four keys."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.labels import LabelSchema
from playhead.playing.controllers import Predictions
from playhead.playing.derived import PlayedHeads
from playhead.playing.policy import open_controller
from playhead_crew2.game import CREW2
from playhead_crew2.labels import NINE_CLASSES

THIRD = 1 / 3


def pressed(predictions: Predictions) -> dict[str, float]:
    heads = LabelSchema.of({name: CREW2.learnable[name] for name in predictions})
    told = PlayedHeads(heads, CREW2)(predictions)
    return {code: float(share) for code, share in open_controller(CREW2, {}).act(told, 0.05).items() if share}


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("w", {"w": 1}),
        ("wa", {"w": 1, "a": 1}),
        ("wd", {"w": 1, "d": 1}),
        ("a", {"w": THIRD, "a": 1}),
        ("d", {"w": THIRD, "d": 1}),
        ("nk", {"w": THIRD}),
        ("s", {"s": 1}),
        ("sa", {"s": 1, "a": 1}),
        ("sd", {"s": 1, "d": 1}),
    ],
)
def test_the_likeliest_of_nine_classes_is_pressed_and_the_car_keeps_moving(
    name: str, held: dict[str, float]
) -> None:
    answer = np.full(9, 0.05, dtype=np.float32)
    answer[NINE_CLASSES.names.index(name)] = 0.6
    assert pressed({"classes": answer}) == pytest.approx(held)


def test_four_keys_have_the_same_rule() -> None:
    assert pressed({"drive": np.array([0.2, 0.1, 0.9, 0.3], np.float32)}) == pytest.approx({"w": THIRD, "a": 1})
    assert pressed({"drive": np.array([0.2, 0.8, 0.1, 0.3], np.float32)}) == {"s": 1}
