"""Everything playhead needs to know about two scenarios of ViZDoom, health gathering and deadly corridor.

Doom counts 35 tics a second; every second one is looked at. The scripted players ask for the labels of what is
drawn, which makes ViZDoom's rendered picture one of two parts: the screen alone is in the observation.
"""

from __future__ import annotations

import os

from playhead.game import Device, Frame, Game, World
from playhead.hookspecs import hookimpl
from playhead.labels import Keys

TICS = 2
RATE_HZ = 35 / TICS
SETTINGS = os.devnull  # of the engine: it would read them from the working folder, and write them there at the end


def _game(name: str, title: str, policy: str, buttons: tuple[str, ...], keys: Keys) -> Game:
    """Return a scenario: its buttons in the order of its configuration, and the keys that are learned."""
    environment = f"vizdoom.gymnasium_wrapper:Vizdoom{policy}-MultiBinary-v1"
    return Game(
        name=name,
        title=title,
        devices={
            "world": Device(
                capture="environment",
                input="environment",
                options={
                    "environment": environment,
                    "arguments": {
                        "frame_skip": TICS,
                        "labels_buffer_enabled": True,
                        "doom_config_path": SETTINGS,
                    },
                    "codes": buttons,
                    "frames": "observation/screen",
                    "step_hz": RATE_HZ,
                },
            )
        },
        frame=Frame(width=160, height=120, rate_hz=RATE_HZ),
        labels={"drive": keys},
        controls={key: key for key in keys.names},
        world=World(
            environment=environment, policies={"expert": f"playhead_doom.policy:{policy}"}, expert="expert"
        ),
        settings="Nothing to set: ViZDoom brings Freedoom and the scenarios.",
    )


HEALTH_GATHERING = _game(
    "healthgathering",
    "Doom: health gathering",
    "HealthGathering",
    ("left", "right", "forward"),
    Keys("forward", "left", "right", opposites=(("left", "right"),), mirror=(("left", "right"),)),
)
DEADLY_CORRIDOR = _game(
    "deadlycorridor",
    "Doom: deadly corridor",
    "DeadlyCorridor",
    ("step_left", "step_right", "fire", "forward", "back", "left", "right"),
    Keys(
        "forward", "back", "left", "right", "step_left", "step_right", "fire",
        opposites=(("forward", "back"), ("left", "right"), ("step_left", "step_right")),
    ),
)  # fmt: skip


@hookimpl
def playhead_games() -> list[Game]:
    """Return the two games this package teaches."""
    return [HEALTH_GATHERING, DEADLY_CORRIDOR]
