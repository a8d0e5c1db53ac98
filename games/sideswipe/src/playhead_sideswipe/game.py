"""Everything playhead needs to know about Rocket League Sideswipe.

Source:  Tocard-Inc/Deep-Learning: pictures of the garage, 400x150, cut from the screen of a phone.
"""

from __future__ import annotations

from playhead.game import Device, Frame, Game, Window
from playhead.hookspecs import hookimpl
from playhead_sideswipe.labels import CAR

SETTINGS = """
    The garage open, in the start menu; do not disturb switched on; brightness steady.
    The car seen from the side, nothing in front of it.
"""

SIDESWIPE = Game(
    name="sideswipe",
    title="Rocket League Sideswipe",
    devices={
        "screen": Device(capture="screen", input="none", window=Window(title="Sideswipe")),
    },
    frame=Frame(width=400, height=150, rate_hz=10),
    labels={"car": CAR},
    settings=SETTINGS,
)


@hookimpl
def playhead_games() -> list[Game]:
    """Return the one game this package teaches."""
    return [SIDESWIPE]
