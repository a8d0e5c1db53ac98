"""A world with a window that shows where the mouse was heard: a dot goes by counts, red while a button is down.

The dot is to reach a cross. Nothing bounds where it can go; the picture shows the middle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from drawn import Drawn

from playhead.conversions import axis_choice_conversions
from playhead.game import Device, Frame, Game, Window, World
from playhead.hookspecs import hookimpl
from playhead.labels import Axes, Keys

STEPS_HZ = 60
FULL = 6000  # counts a second: a step goes 100 at most
HEIGHT, WIDTH = 240, 320
TITLE = "Pointing in a window"
CODES = ("mouse_x", "mouse_y", "mouse_wheel", "mouse_left")


class Pointing(Drawn, steps_hz=STEPS_HZ):
    """Tells where the dot is, how far the wheel went and how often was clicked."""

    action_space = gymnasium.spaces.Box(-np.inf, np.inf, (4,), np.float64)

    def __init__(self, render_mode: str | None = None, bright: int = 60, **said: Any) -> None:
        super().__init__(render_mode)
        self.bright = bright

    def begin(self, options: Mapping[str, Any]) -> None:
        self.cross = self.np_random.integers((-100, -60), (101, 61))
        self.at = np.zeros(2)
        self.wheel = self.clicks = 0.0
        self.is_down = False

    def info(self) -> dict[str, Any]:
        x, y = self.at.tolist()
        return {"x": x, "y": y, "wheel": self.wheel, "clicks": self.clicks}

    def step(self, action: Any) -> tuple[int, float, bool, bool, dict[str, Any]]:
        right, up, notches, button = np.asarray(action).tolist()
        self.at += (right, up)
        self.wheel += notches
        self.clicks += button > 0.5 and not self.is_down
        self.is_down = button > 0.5
        return 0, 0.0, False, False, self.info()

    def render(self) -> Any:
        frame_HWC = np.full((HEIGHT, WIDTH, 3), self.bright, np.uint8)
        for (x, y), colour in ((self.cross, (60, 200, 60)), (self.at, (250, 60 if self.is_down else 250, 60))):
            column, row = int(np.clip(WIDTH / 2 + x, 6, WIDTH - 7)), int(np.clip(HEIGHT / 2 - y, 6, HEIGHT - 7))
            frame_HWC[row - 6 : row + 7, column - 6 : column + 7] = colour
        return frame_HWC


class Expert:
    """Goes to the cross, and clicks there."""

    def __init__(self, env: Any) -> None:
        self.env = env.unwrapped

    def decide(self) -> dict[str, float]:
        right, up = (self.env.cross - self.env.at).tolist()
        return {
            "mouse_x": float(np.clip(right * STEPS_HZ / FULL, -1, 1)),
            "mouse_y": float(np.clip(up * STEPS_HZ / FULL, -1, 1)),
            "mouse_left": float(abs(right) + abs(up) < 1),
        }


gymnasium.register("playhead-test/Pointing-v0", Pointing)

LOOK_X = Axes("look_x", full_per_s=FULL, mirror=("look_x",))
GAME = Game(
    name="pointing",
    title="Pointing",
    devices={
        "screen": Device(capture="screen", input="keyboard", window=Window(title=TITLE)),
        "world": Device(
            capture="environment",
            input="environment",
            options={"environment": "playhead-test/Pointing-v0", "codes": list(CODES)},
        ),
    },
    frame=Frame(width=80, height=60, rate_hz=20, codec="lossless"),
    labels={
        "x": LOOK_X,
        "y": Axes("look_y", full_per_s=FULL),
        "wheel": Axes("wheel", full_per_s=20),
        "click": Keys("click"),
    },
    controls={"look_x": "mouse_x", "look_y": "mouse_y", "wheel": "mouse_wheel", "click": "mouse_left"},
    conversions=axis_choice_conversions("x", LOOK_X, ("x", "x_classes")),
    world=World(environment="playhead-test/Pointing-v0", policies={"expert": Expert}, expert="expert"),
    settings="Nothing to set.",
)


@hookimpl
def playhead_games() -> list[Game]:
    return [GAME]
