"""A world whose picture says which keys are right: w always, a when its left half is bright, d when its right is.

Importable by worker processes. Its frames are those of `doubles.bright_side_drives`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
from doubles import small_game
from drawn import Drawn, KeysExpert, keys_of_side

from playhead.game import Device, Game, Measure, Scenario, World
from playhead.hookspecs import hookimpl
from playhead.plugins import Plugins

STEPS_HZ, STEPS = 20, 120


class BrightSide(Drawn, steps_hz=STEPS_HZ):
    """Six seconds. Measures: the share of the time that exactly the right keys were held."""

    action_space = gymnasium.spaces.MultiBinary(4)

    def begin(self, options: Mapping[str, Any]) -> None:
        if options != {"split": "test", "kind": "regular"}:
            raise ValueError(f"not told to test: {options}")
        self.sides = np.repeat(self.np_random.integers(0, 3, STEPS // 10), 10)
        self.right = 0

    @property
    def keys(self) -> list[int]:
        return keys_of_side(self.sides[min(self.steps, STEPS - 1)])

    def step(self, action: Any) -> tuple[int, float, bool, bool, dict[str, Any]]:
        self.right += list(action) == self.keys
        self.steps += 1
        measures = {"right": self.right / self.steps, "steps": self.steps}
        return 0, 1.0, False, self.steps >= STEPS, {"measures": measures}

    def render(self) -> Any:
        frame = self.np_random.integers(60, 100, (24, 32, 3), dtype=np.uint8)
        _, left, _, right = self.keys
        frame[:, :16] += 120 * left
        frame[:, 16:] += 120 * right
        return frame


gymnasium.register("playhead-test/BrightSide-v0", BrightSide)

GAME: Game = replace(
    small_game(),
    devices={
        "world": Device(
            capture="environment",
            input="environment",
            options={"environment": "playhead-test/BrightSide-v0", "codes": ["w", "a", "s", "d"]},
        )
    },
    world=World(
        environment="playhead-test/BrightSide-v0",
        policies={"expert": KeysExpert},
        expert="expert",
        scenarios={"regular": Scenario(options={"kind": "regular"})},
        measures=(Measure(name="right", title="right keys"),),
        test_options={"split": "test"},
    ),
)


@hookimpl
def playhead_games() -> list[Game]:
    return [GAME]


def load_plugins() -> Plugins:
    import brightside

    return Plugins([("brightside", brightside)], strict=True)
