"""A player that is killed together with its watchdog: the next command on that display lets go, and says so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from playhead.input.leftovers import note_of
from playhead.testing.display import WAIT_S, VirtualDisplay, XPerson, eventually, run_on

PLAYER = Path(__file__).with_name("player.py")
HELD = ("w", "shift", "left")
pytestmark = pytest.mark.parametrize("x_server", ["bare"], indirect=True)


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def player(xvfb: VirtualDisplay, person: XPerson, runtime: Path) -> Iterator[subprocess.Popen[str]]:
    """Return a player that holds keys."""
    person.open_window("game", left=100, top=100, width=300, height=200)
    started = run_on(xvfb, [sys.executable, str(PLAYER), "hold"])
    assert started.stdout is not None
    assert started.stdout.readline() == "holding\n"
    eventually("it holds all keys", lambda: all(person.is_held(code) for code in HELD))
    yield started
    started.kill()
    started.communicate()


def command(xvfb: VirtualDisplay, *words: str) -> str:
    """Run a command on the display and return what it said."""
    running = run_on(xvfb, [sys.executable, "-m", "playhead", *words])
    _, said = running.communicate(timeout=WAIT_S)
    assert running.returncode == 0, said
    return said


def note(player: subprocess.Popen[str]) -> Path:
    file = note_of(player.pid)
    assert file is not None
    return file


def kill_both(player: subprocess.Popen[str]) -> None:
    """Kill a player and its watchdog so that neither can do anything any more."""
    watchdog = json.loads(note(player).read_bytes())["watchdog"]["pid"]
    player.send_signal(signal.SIGSTOP)
    os.kill(watchdog, signal.SIGKILL)
    player.kill()
    player.communicate()


def test_what_both_left_pressed_is_released_and_repeats_again(
    xvfb: VirtualDisplay, person: XPerson, player: subprocess.Popen[str]
) -> None:
    muted = list(person.display.get_keyboard_control().auto_repeats)
    kill_both(player)
    assert all(person.is_held(code) for code in HELD), "nobody is there to let go"
    said = command(xvfb, "games")
    assert f"process {player.pid}) left w, shift and left pressed" in said
    assert "w and left without auto-repeat; it is on again" in said
    assert not person.held()
    repeats = list(person.display.get_keyboard_control().auto_repeats)
    w = person.keycode("w")
    assert not muted[w // 8] >> w % 8 & 1
    assert repeats[w // 8] >> w % 8 & 1
    assert not note(player).exists()
    assert "left" not in command(xvfb, "games"), "it is said once"


def test_a_player_that_lives_keeps_its_keys(
    xvfb: VirtualDisplay, person: XPerson, player: subprocess.Popen[str]
) -> None:
    assert "left" not in command(xvfb, "games")
    assert all(person.is_held(code) for code in HELD)
    player.send_signal(signal.SIGINT)
    player.communicate(timeout=WAIT_S)
    assert not note(player).exists(), "a clean end leaves nothing"


def test_the_watchdog_removes_the_note_of_a_player_it_let_go_for(
    xvfb: VirtualDisplay, person: XPerson, player: subprocess.Popen[str]
) -> None:
    player.kill()
    eventually("every key is released", lambda: not person.held())
    eventually("the note is gone", lambda: not note(player).exists())


def test_a_number_that_was_given_again_is_not_mistaken(
    xvfb: VirtualDisplay, person: XPerson, player: subprocess.Popen[str]
) -> None:
    told = json.loads(note(player).read_bytes())
    kill_both(player)
    told["player"] |= {"pid": os.getpid(), "began": "1"}
    note(player).write_text(json.dumps(told))
    assert "left w, shift and left pressed" in command(xvfb, "games")
    assert not person.held()


def test_what_somebody_else_pressed_stays_pressed(
    xvfb: VirtualDisplay, person: XPerson, player: subprocess.Popen[str]
) -> None:
    person.press("a")
    kill_both(player)
    command(xvfb, "games")
    assert person.held() == {person.keycode("a")}


def test_a_note_of_a_display_that_has_ended_is_put_aside(
    xvfb: VirtualDisplay, person: XPerson, player: subprocess.Popen[str]
) -> None:
    kill_both(player)
    told = json.loads(note(player).read_bytes())
    assert told["display"], "a display on this machine has a socket"
    note(player).write_text(json.dumps({**told, "display": "1/1"}), encoding="utf-8")
    assert "left" not in command(xvfb, "games")
    assert person.is_held("w"), "who holds it now is somebody else"
    assert not note(player).exists()
