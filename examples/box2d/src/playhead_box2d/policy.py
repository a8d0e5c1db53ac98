"""Gymnasium's own heuristics as scripted drivers: they know the state, which no network sees."""

from __future__ import annotations

from typing import Any

import gymnasium
from gymnasium.envs.box2d.bipedal_walker import BipedalWalkerHeuristics
from gymnasium.envs.box2d.lunar_lander import heuristic

HEURISTIC: Any = heuristic  # has no types
ENGINES = ("", "left", "main", "right")  # by the number of the action


class Lander:
    """Lands between the flags, with keys or with axes. Deciding 25 times a second it lands as well as with 50."""

    decide_hz = 25.0

    def __init__(self, environment: gymnasium.Env[Any, Any]) -> None:
        self._environment: Any = environment

    def decide(self) -> dict[str, float]:
        """Return what is held now."""
        environment = self._environment
        action = HEURISTIC(environment, environment.observation)
        if environment.unwrapped.continuous:
            return {"main": float(action[0]), "side": float(action[1])}
        return {ENGINES[action]: 1.0} if action else {}


class Walker:
    """Walks, and falls in about half of its walks: its authors call it suboptimal. It must decide at each step.

    It remembers which leg is to move, and how far it is with that: two pictures show most of it.
    """

    decide_hz = 50.0

    def __init__(self, environment: gymnasium.Env[Any, Any]) -> None:
        self._environment: Any = environment
        self._heuristics: Any = BipedalWalkerHeuristics()

    def decide(self) -> dict[str, float]:
        """Return the torque of each joint."""
        torques = self._heuristics.step_heuristic(self._environment.observation)
        return dict(zip(("hip_1", "knee_1", "hip_2", "knee_2"), map(float, torques), strict=True))
