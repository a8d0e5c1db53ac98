"""The scripted driver really drives, with the action that keys become."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from playhead_carracing.game import BRAKE, CARRACING, GAS, action
from playhead_carracing.policy import Expert


def test_keys_become_the_action_of_the_environment() -> None:
    assert action({}).tolist() == [0, 0, 0]
    assert action({"left": 1, "gas": 1}) == pytest.approx([-1, GAS, 0])
    assert action({"right": 0.5, "brake": 1}) == pytest.approx([0.5, 0, BRAKE])
    assert action({"left": 1, "right": 1}).tolist() == [0, 0, 0]
    assert action(dict.fromkeys(CARRACING.controls.values(), 1)).dtype == np.float32


def test_the_expert_stays_on_the_track() -> None:
    env = gymnasium.make("CarRacing-v3")
    env.reset(seed=1)
    expert = Expert(env)
    total = 0.0
    for step in range(250):
        if step % 5 == 0:  # ten decisions a second, as it is recorded
            held = expert.decide()
        now = {code: float(step % 5 < round(5 * share)) for code, share in held.items()}
        total += float(env.step(action(now))[1])
    visited = sum(tile.road_visited for tile in env.unwrapped.road)  # type: ignore[attr-defined]
    env.close()
    assert visited > 40, "five seconds of driving pass more than 40 tiles"
    assert total > 100
