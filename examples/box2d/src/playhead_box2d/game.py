"""Everything playhead needs to know about LunarLander (with keys, and with axes) and BipedalWalker.

They are recorded from the pictures that they render: the numbers that gymnasium observes are seen by nobody but
the scripted drivers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playhead.game import Device, Frame, Game, World
from playhead.hookspecs import hookimpl
from playhead.labels import Axes, Keys


def _game(
    name: str, title: str, policy: str, head: Keys | Axes, rate_hz: float, options: Mapping[str, Any]
) -> Game:
    """Return one of the environments, which all make 50 steps a second."""
    return Game(
        name=name,
        title=title,
        devices={"world": Device(capture="environment", input="environment", options=options)},
        frame=Frame(width=300, height=200, rate_hz=rate_hz, codec="lossless"),  # half of what is rendered
        labels={"drive": head},
        controls={control: control for control in head.names},
        world=World(
            environment=options["environment"],
            policies={"expert": f"playhead_box2d.policy:{policy}"},
            expert="expert",
        ),
        settings="Nothing to set: gymnasium draws it.",
    )


LANDER = "LunarLander-v3"
LUNAR_LANDER = _game(
    "lunarlander",
    "LunarLander with keys",
    "Lander",
    Keys("main", "left", "right", opposites=(("left", "right"),)),
    25,
    {"environment": LANDER, "actions": {"": 0, "left": 1, "main": 2, "right": 3}},
)
LUNAR_LANDER_AXES = _game(
    "lunarlander_axes",
    "LunarLander with axes",
    "Lander",
    Axes("main", "side"),
    25,
    {"environment": LANDER, "arguments": {"continuous": True}, "codes": ("main", "side")},
)
JOINTS = ("hip_1", "knee_1", "hip_2", "knee_2")
BIPEDAL_WALKER = _game(
    "bipedalwalker",
    "BipedalWalker",
    "Walker",
    Axes(*JOINTS),
    50,
    {"environment": "BipedalWalker-v3", "codes": JOINTS},
)


@hookimpl
def playhead_games() -> list[Game]:
    """Return the three games this package teaches."""
    return [LUNAR_LANDER, LUNAR_LANDER_AXES, BIPEDAL_WALKER]
