"""Everything playhead needs to know about CarRacing-v3, an environment that nobody here wrote.

The environment is its own stand-in: it is recorded from a scripted driver, learned from its picture of 96x96
pixels, and driven with four keys that become its three-number action.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from playhead.game import Device, Frame, Game, World
from playhead.hookspecs import hookimpl
from playhead.labels import Keys
from playhead.regions import Region
from playhead.training.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

ENVIRONMENT = "CarRacing-v3"

# Full throttle spins the rear-driven car out of every bend and full brakes lock its wheels.
GAS, BRAKE = 0.6, 0.5


def action(held: Mapping[str, float]) -> npt.NDArray[np.float32]:
    """Return the environment's (steer, gas, brake) for the keys held: 0, 1 or a share of the interval."""
    import numpy as np  # `playhead --help` imports this module, and needs no arrays

    steer = held.get("right", 0.0) - held.get("left", 0.0)
    return np.array([steer, GAS * held.get("gas", 0.0), BRAKE * held.get("brake", 0.0)], dtype=np.float32)


CARRACING = Game(
    name="carracing",
    title="CarRacing-v3",
    devices={
        "world": Device(
            capture="environment",
            input="environment",
            options={
                "environment": ENVIRONMENT,
                "action": "playhead_carracing.game:action",
                "frames": "observation",
            },
        )
    },
    frame=Frame(width=96, height=96, rate_hz=10),  # of the 50 steps a second that the environment makes
    regions={"dashboard": Region(x=0, y=84, width=96, height=12)},
    labels={
        "drive": Keys(
            "left", "right", "gas", "brake",
            opposites=(("left", "right"), ("gas", "brake")), mirror=(("left", "right"),),
        )
    },
    controls={"left": "left", "right": "right", "gas": "gas", "brake": "brake"},
    recipes={
        # Two frames show the speed. The driver holds keys for shares of a frame's interval, and so do networks.
        "default": Recipe(
            length=2, stride_s=0.1, label_over_s=0.1, steps=1500,
            controller={"proportional": ["left", "right", "gas", "brake"]},
        ),
    },
    world=World(
        environment=ENVIRONMENT,
        policies={"expert": "playhead_carracing.policy:Expert"},
        expert="expert",
    ),
    settings="Nothing to set: gymnasium draws it.",
)  # fmt: skip


@hookimpl
def playhead_games() -> list[Game]:
    """Return the one game this package teaches."""
    return [CARRACING]
