"""However a player ends, or hangs, the X server must not hold a key for it afterwards."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from playhead.testing.display import WAIT_S, VirtualDisplay, XPerson, eventually

PLAYER = Path(__file__).with_name("player.py")
HELD = ("w", "shift", "left")
Start = Callable[[str], subprocess.Popen[str]]

# way -> the signal that ends it (None: it ends by itself), and the exit code
ENDINGS = {
    "time": (None, 0),
    "interrupt": (signal.SIGINT, 0),
    "interrupt unheeded": (signal.SIGINT, 0),  # the loop itself heeds it
    "terminate": (signal.SIGTERM, 0),
    "terminate unheeded": (signal.SIGTERM, -signal.SIGTERM),
    "exception": (None, 1),
    "exit": (None, 3),
    "kill": (signal.SIGKILL, -signal.SIGKILL),
}


@pytest.fixture
def start(xvfb: VirtualDisplay, person: XPerson) -> Iterator[Start]:
    players: list[subprocess.Popen[str]] = []

    def start_player(way: str) -> subprocess.Popen[str]:
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        command = [sys.executable, str(PLAYER), way]
        player = subprocess.Popen(command, env=xvfb.environment(), text=True, **pipes)
        players.append(player)
        assert player.stdout is not None
        line = player.stdout.readline()
        assert line == "holding\n", line + player.communicate()[1]
        eventually("it holds all keys", lambda: all(person.is_held(code) for code in HELD) or way == "time")
        return player

    yield start_player
    for player in players:
        player.kill()
        player.communicate()


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
@pytest.mark.parametrize("way", ENDINGS)
def test_no_key_stays_pressed(way: str, start: Start, person: XPerson) -> None:
    person.open_window("game", left=100, top=100, width=300, height=200)
    player = start(way)
    number, code = ENDINGS[way]
    if number is not None:
        player.send_signal(number)
    told, error = player.communicate("\n", timeout=WAIT_S)
    assert player.returncode == code, told + error
    eventually("every key is released", lambda: not person.held(), timeout_s=20)
    person.press("w")
    person.release("w")


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_a_player_that_hangs_holds_nothing_until_it_wakes_up(start: Start, person: XPerson) -> None:
    person.open_window("game", left=100, top=100, width=300, height=200)
    player = start("terminate")
    for _ in range(2):
        player.send_signal(signal.SIGSTOP)
        eventually("every key is released", lambda: not person.held(), timeout_s=20)
        player.send_signal(signal.SIGCONT)
        eventually("it presses anew", lambda: all(person.is_held(code) for code in HELD))
    player.send_signal(signal.SIGTERM)
    told, error = player.communicate(timeout=WAIT_S)
    assert player.returncode == 0, told + error
    assert not person.held()


def test_a_window_that_takes_the_focus_receives_no_key(start: Start, person: XPerson) -> None:
    person.open_window("game", left=100, top=100, width=300, height=200)
    start("hold")
    other = person.open_window("other", left=600, top=400)
    eventually("every key is released", lambda: not person.held(), timeout_s=20)
    assert not [key for key in other.seen() if key.is_press]
