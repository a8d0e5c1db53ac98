"""What was pressed or let go where nobody was heard is asked for: labels are right from the first frame on."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from Xlib import X

from playhead.capture.desktop import open_desktop
from playhead.clock import SystemClock
from playhead.errors import PlayheadError
from playhead.events import Origin
from playhead.input.keyboard import Keyboard
from playhead.input.keyboard_x11 import X11Keyboard
from playhead.storage.reader import Recording, open_recording
from playhead.testing.display import WAIT_S, VirtualDisplay, XPerson, eventually, run_on
from playhead.testing.shown import ShownWorld

CODES = {"w": "w", "a": "a", "f9": "f9"}
BARE = pytest.mark.parametrize("x_server", ["bare"], indirect=True)


@pytest.fixture
def system(xvfb: VirtualDisplay) -> Iterator[X11Keyboard]:
    opened = X11Keyboard(xvfb.name)
    yield opened
    opened.close()


@pytest.fixture
def keyboard(system: X11Keyboard) -> Keyboard:
    opened = Keyboard(system, SystemClock(), CODES, momentary=["f9"])
    opened.listen()
    return opened


def told(keyboard: Keyboard, *wanted: tuple[str, float]) -> None:
    """Listen until exactly this was told."""
    heard: list[tuple[str, float]] = []

    def has_come() -> bool:
        heard.extend((event.code, event.value) for event in keyboard.listen())
        return len(heard) >= len(wanted)

    eventually(f"{wanted} is told", has_come)
    assert heard == [*wanted]


@BARE
def test_our_keys_and_a_persons_are_told_apart(system: X11Keyboard, keyboard: Keyboard, person: XPerson) -> None:
    w, a = person.keycode("w"), person.keycode("a")
    keyboard.send("w", 1)
    person.press("a")
    held = system.held_apart({w})
    assert (held.own, held.others) == ({w}, {a})
    person.release("w")  # somebody lets go of ours
    held = system.held_apart({w})
    assert (held.own, held.others) == (set(), {a})
    eventually("we know", lambda: keyboard.listen() is not None and keyboard.has_let_go())
    keyboard.send("w", 1)
    eventually("it is pressed anew", lambda: person.is_held("w"))
    keyboard.close()
    assert person.held() == {a}


@BARE
def test_another_layout_is_followed(keyboard: Keyboard, person: XPerson) -> None:
    w, a = person.keycode("w"), person.keycode("a")
    maps = {number: [list(person.display.get_keyboard_mapping(number, 1)[0])] for number in (w, a)}
    try:
        person.display.change_keyboard_mapping(w, maps[a])
        person.display.change_keyboard_mapping(a, maps[w])
        person.display.sync()
        eventually("it is known", lambda: keyboard.listen() == [] and keyboard._codes[a] == "w")
        person.display.xtest_fake_input(X.KeyPress, a)
        person.display.xtest_fake_input(X.KeyRelease, a)
        person.display.sync()
        told(keyboard, ("w", 1.0), ("w", 0.0))
    finally:
        for number, mapped in maps.items():
            person.display.change_keyboard_mapping(number, mapped)
        person.display.sync()


@BARE
def test_a_connection_that_was_lost_is_made_again_and_what_is_held_asked(
    system: X11Keyboard, keyboard: Keyboard, person: XPerson
) -> None:
    keyboard.send("a", 1)
    for display in (system._in, system._out):
        display.display.socket.shutdown(socket.SHUT_RDWR)
    person.press("w")
    told(keyboard, ("w", 1.0))
    keyboard.send("a", 0)
    eventually("a is let go", lambda: person.held() == {person.keycode("w")})
    person.release("w")
    told(keyboard, ("w", 0.0))


@BARE
def test_a_desktop_that_was_disconnected_is_asked_again(xvfb: VirtualDisplay, person: XPerson) -> None:
    window = person.open_window("game", left=100, top=100, width=300, height=200)
    desktop = open_desktop()
    assert desktop.is_focused(window.handle)
    desktop._display.display.socket.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]
    assert desktop.is_focused(window.handle)
    assert desktop.box(window.handle) is not None
    desktop.close()


def recordings(home: Path) -> list[Recording]:
    """Return the recordings with frames on the disk, oldest first."""
    made = []
    for folder in sorted(home.glob("recordings/signals/*"), key=lambda folder: int(folder.name.split("-")[-1])):
        try:
            made.append(open_recording(folder))
        except PlayheadError:  # it begins
            continue
    return [recording for recording in made if len(recording)]


def rows(recording: Recording) -> set[tuple[int, ...]]:
    return {tuple(row) for row in recording.labels["drive"].tolist()}


def test_labels_are_right_from_the_first_frame_on_whatever_happened_before(
    xvfb: VirtualDisplay, person: XPerson, signals: dict[str, str], tmp_path: Path
) -> None:
    """Held before the recorder starts, let go while the window is not in focus, pressed there."""
    home = tmp_path / "home"
    options = ("--at", "60,50")
    with ShownWorld.start(xvfb, "signals", tmp_path / "log", *options, environment=signals) as shown:
        window = shown.window(person)
        window.focus()
        person.press("w")
        command = [sys.executable, "-m", "playhead", "record", "signals", "--on", "screen", "--home", str(home)]
        recorder = run_on(xvfb, command, **signals)
        try:
            for number, change in enumerate((("w", "a"), ("a", "d"), ("d", ""), ("", ""))):
                eventually("it records", lambda number=number: len(recordings(home)) == number + 1)
                if change == ("", ""):
                    break
                person.open_window(f"other {number}", left=700, top=500)
                eventually("it pauses", lambda number=number: recordings(home)[number].is_complete)
                person.release(change[0])
                if change[1]:
                    person.press(change[1])
                window.focus()
        finally:
            recorder.send_signal(signal.SIGINT)
            said = recorder.communicate(timeout=WAIT_S)[1]
    assert recorder.returncode == 0, said
    made = recordings(home)
    names = list(made[0].header.schema["drive"].names)
    wanted = [{tuple(int(name == held) for name in names)} for held in ("w", "a", "d", "")]
    assert [rows(recording) for recording in made] == wanted
    assert {int(row["origin"]) for recording in made for row in recording.events} <= {int(Origin.HUMAN)}


@BARE
def test_a_recorder_that_was_stopped_knows_what_happened_meanwhile(
    xvfb: VirtualDisplay, person: XPerson, signals: dict[str, str], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with ShownWorld.start(xvfb, "signals", tmp_path / "log", "--at", "60,50", environment=signals) as shown:
        shown.window(person).focus()
        command = [sys.executable, "-m", "playhead", "record", "signals", "--on", "screen", "--home", str(home)]
        recorder = run_on(xvfb, command, **signals)
        try:
            eventually("it records", lambda: recordings(home))
            recorder.send_signal(signal.SIGSTOP)
            person.press("w")
            recorder.send_signal(signal.SIGCONT)
            before = len(recordings(home)[0])
            eventually("it goes on", lambda: len(recordings(home)[0]) > before + 50)
        finally:
            recorder.send_signal(signal.SIGINT)
            said = recorder.communicate(timeout=WAIT_S)[1]
    assert recorder.returncode == 0, said
    (made,) = recordings(home)
    assert made.labels["drive"][-1].sum() == 1
