"""The town in a real window of 800x600: the expert's keys drive it, and the run that ships plays it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import mean
from typing import Any

import cv2
import numpy as np
import pytest

from playhead.capture.desktop import GameWindow
from playhead.capture.screen import open_capture
from playhead.devices import DeviceSession
from playhead.testing.display import VirtualDisplay, XPerson, eventually, run_on
from playhead.testing.shown import Chauffeur, ShownWorld, f1
from playhead_gta5.game import GTA5
from playhead_streets.env import StreetsEnv

BARE = pytest.mark.parametrize("x_server", ["bare"], indirect=True)
SEEDS = 4
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


@BARE
@pytest.mark.slow  # drives in real time: some six minutes
def test_the_shipped_run_drives_the_window_nearly_as_well_as_the_world_in_memory(
    xvfb: VirtualDisplay, person: XPerson, tmp_path: Path
) -> None:
    home = ["--home", str(tmp_path)]
    options = ("--unseen", "--wait", "--drives", str(SEEDS), "--json")
    with ShownWorld.start(xvfb, "gta5", tmp_path / "log", *options) as shown:
        shown.window(person).focus()
        playing = run_on(xvfb, [sys.executable, "-m", "playhead", "play", "gta5", "--on", "screen", *home])
        said = playing.communicate(timeout=600)[1]
        assert playing.returncode == 0, said
        output, said = shown.process.communicate(timeout=60)
        assert shown.process.returncode == 0, said
        in_window = json.loads(output)
    command = [
        sys.executable,
        "-m",
        "playhead",
        "play",
        "gta5",
        "--on",
        "world",
        "--episodes",
        str(SEEDS),
        "--json",
    ]
    in_memory = json.loads(subprocess.run([*command, *home], check=True, capture_output=True, text=True).stdout)
    assert [drive["ending"] for drive in in_window] == ["over"] * SEEDS
    assert completed(in_window) >= 0.9 * completed(in_memory)


def completed(drives: list[dict[str, Any]]) -> float:
    """Return the mean share of the routes that was driven."""
    return mean(drive["measures"]["route_completion"] for drive in drives)
