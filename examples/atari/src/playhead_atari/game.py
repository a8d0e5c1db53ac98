"""Everything playhead needs to know about three games of the Atari 2600, as the package ale-py emulates it.

The console makes 60 pictures a second. It is asked every fourth, as everybody does, where there is a paddle every
second: held for four it moves by its own height. One time in four it goes on with the action before
(`repeat_action_probability` of the v5 environments), so no two drives are alike.
"""

from __future__ import annotations

from collections.abc import Mapping

from playhead.game import Device, Frame, Game, World
from playhead.hookspecs import hookimpl
from playhead.labels import Keys

CONSOLE_HZ = 60


def _game(name: str, title: str, keys: Keys, actions: Mapping[str, int], rate_hz: int) -> Game:
    """Return a game of the console: its keys, and the number of the action that keys held together are."""
    environment = f"ale_py:ALE/{name.title()}-v5"
    return Game(
        name=name,
        title=title,
        devices={
            "world": Device(
                capture="environment",
                input="environment",
                options={
                    "environment": environment,
                    "arguments": {"frameskip": CONSOLE_HZ // rate_hz},
                    "actions": actions,
                    "frames": "observation",
                    "step_hz": rate_hz,  # the environment's own 30 is neither the console's 60 nor always ours
                },
            )
        },
        frame=Frame(width=160, height=210, rate_hz=rate_hz, codec="lossless"),  # a ball has 8 pixels
        labels={"drive": keys},
        controls={key: key for key in keys.names},
        world=World(
            environment=environment,
            policies={"expert": f"playhead_atari.policy:{name.title()}"},
            expert="expert",
        ),
        settings="Nothing to set: ale-py brings the console and the game.",
    )


ENDURO = _game(
    "enduro",
    "Enduro",
    Keys("gas", "left", "right", "brake", opposites=(("left", "right"), ("gas", "brake"))),
    {
        "": 0, "gas": 1, "right": 2, "left": 3, "brake": 4, "brake+right": 5, "brake+left": 6, "gas+right": 7,
        "gas+left": 8,
    },
    rate_hz=15,
)  # fmt: skip
PONG = _game(
    "pong", "Pong", Keys("up", "down", opposites=(("up", "down"),)), {"": 0, "up": 2, "down": 3}, rate_hz=30
)
BREAKOUT = _game(
    "breakout",
    "Breakout",
    Keys("fire", "left", "right", opposites=(("left", "right"),)),
    {"": 0, "fire": 1, "right": 2, "left": 3},
    rate_hz=30,
)


@hookimpl
def playhead_games() -> list[Game]:
    """Return the games this package teaches."""
    return [BREAKOUT, ENDURO, PONG]
