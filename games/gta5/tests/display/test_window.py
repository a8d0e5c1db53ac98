"""The town in a real window of 800x600: the expert's keys drive it. Runs are measured by benchmarks/window.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from playhead.capture.desktop import GameWindow
from playhead.capture.screen import open_capture
from playhead.devices import DeviceSession
from playhead.testing.display import VirtualDisplay, XPerson, eventually
from playhead.testing.shown import Chauffeur, ShownWorld, f1
from playhead_gta5.game import GTA5
from playhead_streets.env import StreetsEnv

BARE = pytest.mark.parametrize("x_server", ["bare"], indirect=True)
HELD_S = 1.0  # what a busy machine may take to hand a key on


@BARE
def test_the_experts_keys_drive_it_and_it_looks_like_the_world_in_memory(
    xvfb: VirtualDisplay, person: XPerson, tmp_path: Path
) -> None:
    with ShownWorld.start(xvfb, "gta5", tmp_path / "log", "--hint", "expert", "--wait", "--seed", "3") as shown:
        window = shown.window(person)
        window.focus()
        assert window.box()[2:] == (800, 600)
        session = DeviceSession(game=GTA5, name="screen", device=GTA5.device("screen"), options={"rate_hz": 10})
        capture = open_capture(session)
        try:
            assert GameWindow.of(session).title == "Grand Theft Auto V"
            seen = capture.look()
        finally:
            capture.close()
            session.close()
        assert seen is not None
        assert unlikeness(seen.frame_HWC, first_picture(seed=3)) < 6
        chauffeur = Chauffeur(xvfb, shown)
        chauffeur.start()
        eventually("it gets somewhere", lambda: shown.lines("picture")[-1]["telemetry"]["route_progress"] > 0.03)
        chauffeur.stop()
        eventually("the world lets go", lambda: not shown.held())
        person.tap("esc")
        measures = shown.end()["measures"]
    assert f1(chauffeur.strokes, shown.events(), round(HELD_S * 1e9)) == 1.0
    assert measures["route_completion"] > 0.03
    assert measures["car_collisions"] + measures["obstacle_collisions"] == 0


def first_picture(seed: int) -> Any:
    """Return what the world shows first, as frames of the size that networks train on."""
    env = StreetsEnv(render_mode="rgb_array", width=GTA5.frame.width, height=GTA5.frame.height)
    env.reset(seed=seed)
    picture_HWC = env.render()
    env.close()
    return picture_HWC


def unlikeness(first_HWC: Any, second_HWC: Any) -> float:
    """Return how far two pictures are apart in the mean, when looked at coarsely."""
    coarse = [
        cv2.resize(one, (60, 45), interpolation=cv2.INTER_AREA).astype(float) for one in (first_HWC, second_HWC)
    ]
    return float(np.abs(coarse[0] - coarse[1]).mean())
