"""A world that can be told to go wrong: its rewards, measures and telemetry become no numbers."""

from __future__ import annotations

import math
from typing import Any

import gymnasium
import numpy as np

from playhead.game import Device, Frame, Game, World
from playhead.labels import Keys
from playhead.plugins import Plugins
from playhead.training.recipe import Recipe

BEGINS_AT = 8  # the step from which on something is wrong
STEPS = 20


class Odd(gymnasium.Env[Any, Any]):
    """Brighter with every step; the number of its seed decides what goes wrong only in some drives."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(self, render_mode: str | None = None, fault: str = "") -> None:
        self.render_mode = render_mode
        self.fault = fault
        self.action_space = gymnasium.spaces.MultiBinary(2)
        self.observation_space = gymnasium.spaces.Box(0, 255, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.k, self.seed = 0, seed or 0
        return np.zeros(1, np.float32), {"speed": 1.0}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        self.k += 1
        is_wrong = self.k >= BEGINS_AT
        fault = self.fault if is_wrong else ""
        if fault.startswith("some ") and self.seed % 2:
            fault = ""
        fault = fault.removeprefix("some ")
        reward = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf, "none": None, "text": "1", "huge": 1e308,
                  "array": np.array([1.0, 2.0])}.get(fault, 1.0)  # fmt: skip
        info: dict[str, Any] = {"speed": math.nan if fault == "telemetry" else 3.0}
        if self.fault.endswith("measures"):
            info["measures"] = {"score": 0.5, "odd": 1.0}
            if fault == "text measures":
                info["measures"]["odd"] = "good"
            if fault == "missing measures":
                del info["measures"]["odd"]
            if fault == "no measures":
                info["measures"] = {}
        observation = np.array([math.nan if fault == "observation" else 0.0], np.float32)
        return observation, reward, False, self.k >= STEPS, info

    def render(self) -> Any:
        return np.full((24, 32, 3), (self.k * 9 + self.seed * 31) % 256, np.uint8)


class Expert:
    decide_hz = 10

    def __init__(self, env: Any) -> None:
        self._env = env.unwrapped

    def decide(self) -> dict[str, float]:
        return {"l": float(self._env.k % 10 < 4), "r": float(self._env.k % 10 > 6)}


gymnasium.register("Oddly-v0", entry_point="oddly:Odd")
OPTIONS = {"environment": "oddly:Oddly-v0", "codes": ["l", "r"]}
SMALL = {"channels": [4, 4], "features": 8, "hidden": 8}
GAME = Game(
    name="oddly",
    title="Odd",
    devices={"world": Device(capture="environment", input="environment", options=OPTIONS)},
    frame=Frame(width=32, height=24, rate_hz=10),
    labels={"move": Keys("l", "r")},
    controls={"l": "l", "r": "r"},
    world=World(environment="oddly:Oddly-v0", policies={"expert": "oddly:Expert"}, expert="expert"),
    recipes={"default": Recipe(length=2, stride_s=0.1, steps=4, batch_size=8, eval_every=2, model_options=SMALL,
                               inputs=("frames", "speed"))},
)  # fmt: skip


def load_plugins() -> Plugins:
    plugins = Plugins()
    plugins._games["oddly"] = ("test", GAME)
    return plugins
