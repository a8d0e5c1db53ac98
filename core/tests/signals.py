"""A world with a window: its picture says which keys are right.

w is always right, a when the left half is bright, d when the right is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from drawn import Drawn, KeysExpert, keys_of_side

from playhead.game import Device, Frame, Game, Measure, Window, World
from playhead.hookspecs import hookimpl
from playhead.labels import Keys
from playhead.training.recipe import Recipe

STEPS_HZ = 50
HEIGHT, WIDTH = 240, 320
KEYS = ("w", "a", "s", "d")
TITLE = "Signals in a window"


class Signals(Drawn, steps_hz=STEPS_HZ):
    """Measures: the share of the time that exactly the right keys were held. Units: side_s until sides change."""

    action_space = gymnasium.spaces.MultiBinary(4)

    def __init__(self, render_mode: str | None = None, side_s: float = 2.5, seconds: float = 600.0) -> None:
        super().__init__(render_mode)
        self.side_s = side_s
        self.last = round(seconds * STEPS_HZ)

    def begin(self, options: Mapping[str, Any]) -> None:
        # Every side differs from the one before, so that no seed gives a drive without anything to do.
        turns = self.np_random.integers(1, 3, 5000)
        self.sides = np.cumsum(turns) % 3
        self.right = 0
        self.held = [0, 0, 0, 0]

    @property
    def keys(self) -> list[int]:
        return keys_of_side(self.sides[int(self.steps / STEPS_HZ / self.side_s)])

    def step(self, action: Any) -> tuple[int, float, bool, bool, dict[str, Any]]:
        self.held = [int(value) for value in action]
        self.right += self.held == self.keys
        self.steps += 1
        measures = {"right": self.right / self.steps}
        return 0, 1.0, False, self.steps >= self.last, {"measures": measures, "right": self.right}

    def render(self) -> Any:
        frame = np.full((HEIGHT, WIDTH, 3), (70, 80, 90), dtype=np.uint8)
        _, left, _, right = self.keys
        frame[:, : WIDTH // 2] += np.uint8(120 * left)
        frame[:, WIDTH // 2 :] += np.uint8(120 * right)
        return frame


gymnasium.register("playhead-test/Signals-v0", Signals)

GAME = Game(
    name="signals",
    title="Signals",
    devices={
        "screen": Device(capture="screen", input="keyboard", window=Window(title=TITLE)),
        "world": Device(
            capture="environment",
            input="environment",
            options={"environment": "playhead-test/Signals-v0", "codes": list(KEYS)},
        ),
    },
    frame=Frame(width=128, height=96, rate_hz=25),
    labels={"drive": Keys(*KEYS, opposites=(("w", "s"), ("a", "d")))},
    controls={key: key for key in KEYS},
    recipes={
        "default": Recipe(
            length=1, steps=400, eval_every=200, batch_size=16, warmup_steps=2, lr=2.5e-3,
            model_options={"frames_each": 1, "channels": [8, 8, 8, 8], "features": 32, "hidden": 32},
        )
    },
    world=World(
        environment="playhead-test/Signals-v0",
        policies={"expert": KeysExpert},
        expert="expert",
        measures=(Measure(name="right", title="right keys"),),
    ),
)  # fmt: skip


@hookimpl
def playhead_games() -> list[Game]:
    return [GAME]
