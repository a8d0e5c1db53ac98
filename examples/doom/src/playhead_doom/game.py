"""Everything playhead needs to know about three scenarios of ViZDoom: health gathering and deadly corridor,
which are played with keys, and defend the center, which is played with a mouse.

Doom counts 35 tics a second; every second one is looked at. The scripted players ask for the labels of what is
drawn, which makes ViZDoom's rendered picture one of two parts: the screen alone is in the observation.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from playhead.conversions import axis_choice_conversions
from playhead.game import Device, Frame, Game, Window, World
from playhead.hookspecs import hookimpl
from playhead.labels import Axes, Keys
from playhead.training.recipe import Recipe

TICS = 2
RATE_HZ = 35 / TICS
SIZES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.6, 1.0)  # of turns; 1 is 14 degrees a step, a tenth of the picture
SHORT: dict[str, Any] = {"length": 1, "steps": 1500, "batch_size": 64}
SETTINGS = os.devnull  # of the engine: it would read them from the working folder, and write them there at the end


FRAME = Frame(width=160, height=120, rate_hz=RATE_HZ)
NOTHING_TO_SET = "Nothing to set: ViZDoom brings Freedoom and the scenarios."


def _device(policy: str, arguments: Mapping[str, Any], options: Mapping[str, Any]) -> Device:
    """Return the device of a scenario."""
    engine = {"frame_skip": TICS, "labels_buffer_enabled": True, "doom_config_path": SETTINGS}
    return Device(
        capture="environment",
        input="environment",
        options={
            "environment": _environment(policy),
            "arguments": {**engine, **arguments},
            "frames": "observation/screen",
            "step_hz": RATE_HZ,
            **options,
        },
    )


def _environment(policy: str) -> str:
    return f"vizdoom.gymnasium_wrapper:Vizdoom{policy}-MultiBinary-v1"


def _world(policy: str) -> World:
    policies = {"expert": f"playhead_doom.policy:{policy}"}
    return World(environment=_environment(policy), policies=policies, expert="expert")


def _game(name: str, title: str, policy: str, buttons: tuple[str, ...], keys: Keys) -> Game:
    """Return a scenario: its buttons in the order of its configuration, and the keys that are learned."""
    return Game(
        name=name,
        title=title,
        devices={"world": _device(policy, {}, {"codes": buttons})},
        frame=FRAME,
        labels={"drive": keys},
        controls={key: key for key in keys.names},
        world=_world(policy),
        settings=NOTHING_TO_SET,
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

TURN = Axes("turn", mirror=("turn",), full_per_s=2500)  # 250 degrees a second
TO_CLASSES, TO_AXIS = axis_choice_conversions("turn", TURN, ("turn", "turn_classes"), SIZES)
DEFEND_CENTER = Game(
    name="defendcenter",
    title="Doom: defend the center",
    devices={
        "screen": Device(capture="screen", input="keyboard", window=Window(title="Doom: defend the center")),
        "world": _device(
            "DefendCenter",
            {"available_buttons": ["TURN_LEFT_RIGHT_DELTA", "ATTACK"]},
            {"action": "playhead_doom.mouse:to_action"},
        ),
    },
    frame=FRAME,
    labels={"turn": TURN, "fire": Keys("fire")},
    controls={"turn": "mouse_x", "fire": "mouse_left"},
    conversions=(TO_CLASSES, TO_AXIS),
    recipes={
        "turn": Recipe(**SHORT),
        "classes": Recipe(heads=("turn_classes", "fire"), **SHORT),
    },
    world=_world("DefendCenter"),
    settings=NOTHING_TO_SET,
)


@hookimpl
def playhead_games() -> list[Game]:
    """Return the three games this package teaches."""
    return [HEALTH_GATHERING, DEADLY_CORRIDOR, DEFEND_CENTER]
