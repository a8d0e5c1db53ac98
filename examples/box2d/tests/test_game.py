"""LunarLander and BipedalWalker keep playhead's contract."""

from __future__ import annotations

from playhead.testing import GameContract
from playhead_box2d.game import BIPEDAL_WALKER, LUNAR_LANDER, LUNAR_LANDER_AXES


class TestLunarLander(GameContract):
    game = LUNAR_LANDER


class TestLunarLanderWithAxes(GameContract):
    game = LUNAR_LANDER_AXES


class TestBipedalWalker(GameContract):
    game = BIPEDAL_WALKER
