"""The console in a real window: a person's keys play it, and the screen device sees what it shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from playhead.capture.screen import open_capture
from playhead.devices import DeviceSession
from playhead.testing.display import VirtualDisplay, XPerson, eventually
from playhead.testing.shown import ShownWorld
from playhead_pokemon.game import POKEMON
from playhead_pokemon.memory import Mode

BARE = pytest.mark.parametrize("x_server", ["bare"], indirect=True)


@BARE
@pytest.mark.usefixtures("has_core")
def test_a_persons_keys_play_it_and_the_screen_shows_what_the_console_does(
    xvfb: VirtualDisplay, person: XPerson, tmp_path: Path
) -> None:
    options = ("--scenario", "free", "--size", "480x320", "--seed", "3")
    with ShownWorld.start(xvfb, "pokemon", tmp_path / "log", *options) as shown:
        shown.window(person).focus()

        def told(name: str) -> float:
            return float(shown.lines("picture")[-1]["telemetry"][name])

        person.press("left")
        eventually("it walks", lambda: told("steps") >= 1)
        person.release("left")
        eventually("it stands", lambda: told("moving") == 0)
        person.tap("enter")
        eventually("the menu is open", lambda: told("mode") == Mode.MENU)
        session = DeviceSession(
            game=POKEMON, name="screen", device=POKEMON.device("screen"), options={"rate_hz": 10}
        )
        capture = open_capture(session)
        try:
            seen = capture.look()
        finally:
            capture.close()
            session.close()
        assert seen is not None
        assert seen.frame_HWC.shape == (160, 240, 3)
        paper = np.abs(seen.frame_HWC[16:80, 152:232].astype(int) - (255, 255, 239)).max(2) < 24
        assert paper.mean() > 0.5  # of the menu
        person.tap("z")
        eventually("the menu is closed", lambda: told("mode") == Mode.WALK)
        person.tap("esc")
        assert shown.end()["measures"]["steps"] >= 1
