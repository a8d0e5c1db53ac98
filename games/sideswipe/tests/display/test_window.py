"""A window that shows a picture of the garage is watched from the screen, by the run that ships."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from playhead.capture.desktop import open_desktop
from playhead.testing.display import WAIT_S, VirtualDisplay, XPerson, eventually, run_on
from playhead_sideswipe.loadout import Loadout
from playhead_sideswipe.world import Garage

BARE = pytest.mark.parametrize("x_server", ["bare"], indirect=True)
BESIDE = (820, 800)  # where the window that shows the answers does not come
SHOWN = f"""
import sys, cv2
from playhead.clock import SystemClock
from playhead.showing.window import Window
window, clock = Window("Sideswipe", []), SystemClock()
window.open(400, 150, {BESIDE})
picture = cv2.imread(sys.argv[1])[..., ::-1]
while True:
    window.show(picture)
    list(window.happenings(clock, clock.now_ns() + 50_000_000))
"""


@BARE
def test_what_a_window_shows_is_answered_beside_where_it_looks(
    xvfb: VirtualDisplay, person: XPerson, tmp_path: Path
) -> None:
    with Garage() as garage:
        picture_HWC = garage.draw(Loadout(body="werewolf", hat=2, wheel=3), 2, seed=31)
    cv2.imwrite(str(tmp_path / "car.png"), picture_HWC[..., ::-1])
    game = run_on(xvfb, [sys.executable, "-c", SHOWN, str(tmp_path / "car.png")])
    desktop = open_desktop()
    try:
        eventually("the game is there", lambda: any(one.title == "Sideswipe" for one in desktop.windows()))
        command = [sys.executable, "-m", "playhead", "play", "sideswipe", "--on", "screen", "--json"]
        watching = run_on(xvfb, [*command, "--seconds", "3", "--home", str(tmp_path)])
        out, said = watching.communicate(timeout=2 * WAIT_S)
    finally:
        game.kill()
        game.communicate()
        desktop.close()
    assert watching.returncode == 0, said
    told = json.loads(out)
    assert told["share"]["car"] == {"werewolf": 1.0}
    assert told["heats"] > 0
    assert told["loop"]["acted"] == 0


@BARE
def test_without_the_game_it_says_which_windows_there_are(xvfb: VirtualDisplay, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "playhead", "play", "sideswipe", "--on", "screen", "--home", str(tmp_path)]
    ended: subprocess.Popen[str] = run_on(xvfb, [*command, "--seconds", "1"])
    _, said = ended.communicate(timeout=2 * WAIT_S)
    assert ended.returncode == 1
    assert 'Error: No window titled "Sideswipe". Start the game.' in said
