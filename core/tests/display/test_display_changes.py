"""A screen that changes its size, or goes away, on a display of its own: nobody else's may shrink."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from signals import TITLE

from playhead.capture.desktop import Box, open_desktop
from playhead.capture.grab import Grabber
from playhead.errors import NoWindow
from playhead.storage.reader import Recording, open_recording
from playhead.testing.display import WAIT_S, VirtualDisplay, XPerson, eventually, run_on

BOX = Box(left=700, top=600, width=400, height=300)


class Screen:
    """The size of an X screen, to be changed."""

    def __init__(self, name: str) -> None:
        from Xlib import display
        from Xlib.ext import randr

        self._display = display.Display(name)
        self._root = self._display.screen().root
        self._rotation = randr.Rotate_0

    def resize(self, width: int, height: int) -> None:
        """Turn the one output off and change the size of what lies behind it."""
        told: Any = self._root.xrandr_get_screen_resources()
        for crtc in told.crtcs:
            self._display.xrandr_set_crtc_config(crtc, told.config_timestamp, 0, 0, 0, self._rotation, [])
        self._root.xrandr_set_screen_size(width, height, width, height)
        self._display.sync()

    def close(self) -> None:
        self._display.close()


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, x_server: VirtualDisplay) -> Iterator[VirtualDisplay]:
    """Return a display that a test may spoil, or stop."""
    started = VirtualDisplay.start()
    monkeypatch.setenv("DISPLAY", started.name)
    yield started
    started.stop()


@pytest.fixture
def screen(own: VirtualDisplay) -> Iterator[Screen]:
    opened = Screen(own.name)
    yield opened
    opened.close()


@pytest.fixture
def grabber() -> Iterator[Grabber]:
    opened = Grabber()
    yield opened
    opened.close()


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_a_screen_that_shrinks_and_grows_is_grabbed_on(screen: Screen, grabber: Grabber) -> None:
    with XPerson(os.environ["DISPLAY"]) as person:
        person.open_window("red", left=700, top=600, width=400, height=300).paint((255, 0, 0))
        eventually("it is red all over", lambda: red_part(grabber) == (300, 400))
        screen.resize(1000, 800)
        eventually("what is left of it is red, the rest black", lambda: red_part(grabber) == (200, 300))
        assert grabber.rebuilt >= 1
        screen.resize(1280, 1024)
        person.open_window("larger", left=0, top=0, width=1200, height=1000).paint((255, 0, 0))
        eventually("all of it is red again", lambda: red_part(grabber) == (300, 400))


def red_part(grabber: Grabber) -> tuple[int, int] | None:
    """Return height and width of what is red from the upper left; None when nothing was grabbed."""
    picture_HWC = grabber.grab(BOX)
    if picture_HWC is None:
        return None
    assert picture_HWC.shape == (300, 400, 4)
    red_HW = picture_HWC[:, :, 2] == 255
    return int(red_HW[:, 0].sum()), int(red_HW[0].sum())


@contextmanager
def recording(display: VirtualDisplay, signals: dict[str, str], home: Path) -> Iterator[subprocess.Popen[str]]:
    """Record a window of the game's title, from the first frame on."""
    command = [sys.executable, "-m", "playhead", "record", "signals", "--on", "screen", "--home", str(home)]
    recorder = run_on(display, command, **signals)
    try:
        eventually("it records", lambda: begun(home) or recorder.poll() is not None)
        yield recorder
    finally:
        recorder.kill()
        print(*recorder.communicate())


def begun(home: Path) -> list[Path]:
    """Return the recordings of which there are frames, in their order."""
    folders = [folder.parents[1] for folder in home.glob("recordings/signals/*/frames/c")]
    return sorted(folders, key=lambda folder: int(folder.name.split("-")[-1]))


def made(home: Path) -> list[Recording]:
    return [open_recording(folder) for folder in begun(home)]


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_a_person_records_through_whatever_happens_to_screen_and_window(
    own: VirtualDisplay, screen: Screen, signals: dict[str, str], tmp_path: Path
) -> None:
    place = {"left": 100, "top": 100, "width": 320, "height": 240}
    with XPerson(own.name) as person:
        window = person.open_window(TITLE, **place)
        person.press("w")
        with recording(own, signals, tmp_path) as recorder:
            screen.resize(1000, 800)
            window.minimise()
            eventually("a minimised window ends a recording", lambda: made(tmp_path)[0].is_complete)
            person.release("w")
            window.restore()
            window.focus()
            eventually("one that is back begins another", lambda: len(begun(tmp_path)) == 2)
            again = person.open_window(TITLE, **place)  # before, so that it cannot get the number of the first
            window.close()
            eventually("a game that was started again begins a third", lambda: len(begun(tmp_path)) == 3)
            again.close()
            told, said = recorder.communicate(timeout=WAIT_S)
        assert recorder.returncode == 0, said
        assert f'"{TITLE}" is minimised, so nothing is recorded. Bring it back to go on.' in said
        assert (
            f'"{TITLE}" was closed, which ended this. What was recorded is kept. To go on, start the game' in said
        )
        assert f'ended because "{TITLE}" was minimised' in told
        recordings = made(tmp_path)
        assert all(recording.is_complete and recording.length for recording in recordings)
        assert recordings[0].labels["drive"].tolist() == [[1, 0, 0, 0]] * recordings[0].length
        assert not recordings[1].labels["drive"].any(), "let go in the pause"
        assert not person.held()


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_a_display_that_dies_ends_a_recording_with_everything_kept(
    own: VirtualDisplay, signals: dict[str, str], tmp_path: Path
) -> None:
    with XPerson(own.name) as person:
        person.open_window(TITLE, left=100, top=100, width=320, height=240)
        with recording(own, signals, tmp_path) as recorder:
            own.stop()
            _, said = recorder.communicate(timeout=WAIT_S)
        assert recorder.returncode == 1
        assert "Traceback" not in said
        assert "went away" in said
        assert "again" in said.splitlines()[-1], "what to do"
        (kept,) = made(tmp_path)
        assert f"What was recorded until now is kept: {kept.name}." in said
        assert kept.is_complete
        assert kept.length


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_a_display_that_dies_ends_a_player_and_its_watchdog(own: VirtualDisplay) -> None:
    with XPerson(own.name) as person:
        person.open_window("game", left=100, top=100, width=300, height=200)
        player = run_on(own, [sys.executable, str(Path(__file__).with_name("player.py")), "hold"])
        try:
            eventually("it presses", person.held)
            own.stop()
            _, said = player.communicate(timeout=WAIT_S)  # until nobody holds its output: the watchdog neither
        finally:
            player.kill()
        assert player.returncode == 1
        assert "went away" in said


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_a_display_that_goes_away_is_said(monkeypatch: pytest.MonkeyPatch, x_server: VirtualDisplay) -> None:
    own = VirtualDisplay.start()
    monkeypatch.setenv("DISPLAY", own.name)
    with XPerson(own.name) as person:
        handle = person.open_window("seen", left=0, top=0).handle
        desktop = open_desktop()
        assert desktop.box(handle) is not None
    own.stop()
    assert desktop.box(handle) is None
    assert not desktop.is_focused(handle)
    with pytest.raises(NoWindow, match="The X display went away"):
        desktop.windows()
    desktop.close()
