"""Several heads that each say a part of the keys are played together."""

from __future__ import annotations

import numpy as np
import pytest
from live.lessons import GAME, SCHEMA

from playhead.playing.controllers import open_controller
from playhead.playing.derived import PlayedHeads


def test_steering_and_pedals_are_pressed_together_in_proportion() -> None:
    answers = {"steer": np.array([-0.25], np.float32), "pedals": np.array([0.75], np.float32)}
    told = PlayedHeads(SCHEMA, GAME)(answers)
    assert told["drive"].tolist() == [0.75, 0.25, 0.0, 0.0]
    controller = open_controller(GAME, {"proportional": ["w", "a", "s", "d"]})
    assert controller.act(told, 0.1) == pytest.approx({"w": 0.75, "a": 0.25, "s": 0.0, "d": 0.0}, abs=1e-6)
