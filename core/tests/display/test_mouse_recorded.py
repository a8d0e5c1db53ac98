"""A mouse's path in a window that shows where it was heard: recorded by raw counts, replayed to the pixel."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from playhead.labelling import head_labels
from playhead.storage.reader import Recording, open_recording
from playhead.testing.display import WAIT_S, VirtualDisplay, XPerson, eventually, run_on
from playhead.testing.shown import ShownWorld

STEPS, PAUSE_S = 120, 0.012


def told(shown: ShownWorld) -> dict[str, float]:
    """Return what the world tells with its newest picture."""
    return dict(shown.lines("picture")[-1]["telemetry"])


def draw(person: XPerson) -> dict[str, float]:
    """Move in a curve that is no line, click twice, turn the wheel; return where that leads."""
    x = y = 0
    for step in range(STEPS):
        right, down = round(9 * np.cos(step / 9)) + 1, round(7 * np.sin(step / 5))
        person.move(right, down)
        x, y = x + right, y - down
        if step in (30, 60):
            person.button(1, 1)
        if step in (40, 75):
            person.button(1, 0)
        time.sleep(PAUSE_S)
    person.roll(3)
    person.roll(-1)
    return {"x": x, "y": y, "wheel": 2, "clicks": 2}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def playhead(xvfb: VirtualDisplay, pointing: dict[str, str], home: Path, *asked: str) -> subprocess.Popen[str]:
    return run_on(xvfb, [sys.executable, "-m", "playhead", *asked, "--home", str(home)], **pointing)


def show(xvfb: VirtualDisplay, person: XPerson, pointing: dict[str, str], log: Path) -> ShownWorld:
    shown = ShownWorld.start(xvfb, "pointing", log, "--at", "60,50", environment=pointing)
    window = shown.window(person)
    left, top, width, height = window.box()
    person.point_at(left + width // 2, top + height // 2)
    window.focus()
    time.sleep(1.0)  # to be put somewhere is told as a move, too, and begins nothing
    return shown


def recorded(
    xvfb: VirtualDisplay, person: XPerson, pointing: dict[str, str], tmp_path: Path, home: Path
) -> tuple[Recording, dict[str, float]]:
    with show(xvfb, person, pointing, tmp_path / "log") as shown:
        recording = playhead(
            xvfb, pointing, home, "record", "pointing", "--on", "screen", "--set", "mouse.sensitivity=1"
        )
        try:
            eventually("it records", lambda: list(home.glob("recordings/pointing/*/frames/c")))
            before = told(shown)
            leads = draw(person)
            eventually("all is heard", lambda: told(shown)["wheel"] - before["wheel"] == leads["wheel"])
            time.sleep(0.3)
            went = {name: value - before[name] for name, value in told(shown).items()}
        finally:
            recording.send_signal(signal.SIGINT)
            said = recording.communicate(timeout=WAIT_S)[1]
    assert recording.returncode == 0, said
    assert went == leads  # the window itself heard every count
    (place,) = home.glob("recordings/pointing/*")
    return open_recording(place), leads


def test_a_recorded_path_is_exact_and_lands_there_again(
    xvfb: VirtualDisplay, person: XPerson, pointing: dict[str, str], tmp_path: Path, home: Path
) -> None:
    recording, leads = recorded(xvfb, person, pointing, tmp_path, home)
    events = recording.events
    for code, name in (("mouse_x", "x"), ("mouse_y", "y"), ("mouse_wheel", "wheel")):
        assert events["value"][events["code"] == code].sum() == leads[name]
    assert (events["code"] == "mouse_left").sum() == 4
    settings = recording.header.input
    assert settings["sensitivity"] == 1
    assert settings["system"] == "x11"
    assert "acceleration" in settings
    times_ns = np.asarray(recording.frame_time_ns)
    for head in ("x", "y", "wheel"):
        axes = recording.header.schema[head]
        labels_T = recording.labels[head][:, 0].astype(np.float64)
        from_events_T = head_labels(recording, head, axes).at(times_ns)[:, 0]
        assert np.abs(labels_T - from_events_T).max() < 0.02  # but for what was heard a moment late
        way = (from_events_T[:-1] * np.diff(times_ns) / 1e9).sum() * axes.full_per_s
        assert way == pytest.approx(leads[head], abs=1.5)
    with show(xvfb, person, pointing, tmp_path / "again") as shown:
        before = told(shown)
        replaying = playhead(xvfb, pointing, home, "replay", f"pointing/{recording.name}", "--json")
        out, said = replaying.communicate(timeout=4 * WAIT_S)
        assert replaying.returncode == 0, said
        (made,) = json.loads(out)
        eventually("all arrived", lambda: told(shown)["wheel"] == leads["wheel"])
        time.sleep(0.2)
        lands = {name: value - before[name] for name, value in told(shown).items()}
        assert not shown.held()
        assert not person.are_buttons_down
    assert abs(lands["x"] - leads["x"]) <= 1
    assert abs(lands["y"] - leads["y"]) <= 1
    assert lands["clicks"] == 2
    assert made["sent"] == made["due"]
    assert made["held_back"] == 0
    assert made["delay_ms"]["p50"] < 200, made["delay_ms"]


@pytest.mark.parametrize("x_server", ["openbox"], indirect=True)
def test_a_touch_ends_a_replay_and_lets_go(
    xvfb: VirtualDisplay, person: XPerson, pointing: dict[str, str], tmp_path: Path, home: Path
) -> None:
    recording, _ = recorded(xvfb, person, pointing, tmp_path, home)
    with show(xvfb, person, pointing, tmp_path / "again") as shown:
        replaying = playhead(xvfb, pointing, home, "replay", f"pointing/{recording.name}", "--json")
        eventually("the button is down", lambda: person.are_buttons_down)
        person.move(30, 0)
        out, said = replaying.communicate(timeout=4 * WAIT_S)
        assert replaying.returncode == 0, said
        (made,) = json.loads(out)
        assert made["report"]["ending"] == "stopped"
        assert "touched" in made["report"]["because"]
        assert not person.are_buttons_down
        assert not shown.held()
