"""Everything playhead needs to know about Rocket League Sideswipe.

Source:  Tocard-Inc/Deep-Learning: pictures of the garage, 400x150, cut from the screen of a phone.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from playhead.game import Device, Frame, Game, Window
from playhead.hookspecs import hookimpl
from playhead.references import Reference
from playhead_sideswipe.labels import CAR
from playhead_sideswipe.layout import CROP, STREAM_SIDE
from playhead_sideswipe.recipes import DEFAULT, ORIGINAL, SMALL
from playhead_sideswipe.screen import OPTIONS

SETTINGS = """
    The garage open, in the start menu; do not disturb switched on; brightness steady.
    The car seen from the side, nothing in front of it.
"""

# The game on a phone, and the part of its screen that is kept: 400x150 of a stream 512 pixels wide (systems.md 1).
ANDROID = {
    "app": "com.Psyonix.RL2D/com.epicgames.ue4.SplashActivity",
    "serial": "",
    "host": "",
    "port": 0,
    "png": False,
    "stream": True,
    "crop": list(CROP),
    "crop_side": STREAM_SIDE,
}


def shipped_runs() -> Path:
    """Return the folder of the runs that this package brings along."""
    return Path(str(files("playhead_sideswipe"))) / "runs"


SIDESWIPE = Game(
    name="sideswipe",
    title="Rocket League Sideswipe",
    devices={
        "android": Device(capture="android", input="none", options=ANDROID),
        "screen": Device(capture="screen", input="none", window=Window(title="Sideswipe")),
        "world": Device(capture="garage", input="none", options=OPTIONS),
        "video": Device(capture="video", input="none"),
    },
    frame=Frame(width=400, height=150, rate_hz=10),
    labels={"car": CAR},
    collectors={"garage": "playhead_sideswipe.acquisition:GarageCollector"},
    recipes={"default": DEFAULT, "small": SMALL, "original": ORIGINAL},
    importers={"original": "playhead_sideswipe.importers:find_pictures"},
    shipped_runs="playhead_sideswipe.game:shipped_runs",
    settings=SETTINGS,
)


@hookimpl
def playhead_games() -> list[Game]:
    """Return the one game this package teaches."""
    return [SIDESWIPE]


@hookimpl
def playhead_commands(cli: click.Group) -> None:
    """Add the way out into the original's layout."""
    from playhead_sideswipe.commands import sideswipe_export

    cli.add_command(sideswipe_export)


@hookimpl
def playhead_captures() -> dict[str, Reference]:
    """Return what looks at the drawn phone."""
    return {"garage": "playhead_sideswipe.screen.phone:open_capture"}


@hookimpl
def playhead_models() -> dict[str, Reference]:
    """Return the networks this package brings."""
    return {
        "sideswipe": "playhead_sideswipe.models:build",
        "sideswipe_original": "playhead_sideswipe.models:build_original",
    }
