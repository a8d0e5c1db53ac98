"""Real keys on a virtual display: pressed by us, heard from a person, and never left pressed."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import time
from collections.abc import Iterator

import pytest
from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xinput
from Xlib.protocol import rq

from playhead.clock import SystemClock
from playhead.errors import DeviceFailed
from playhead.events import Event, Origin
from playhead.input.keyboard import Keyboard
from playhead.input.keyboard_x11 import X11Keyboard
from playhead.input.watchdog import Watchdog
from playhead.testing.display import VirtualDisplay, XPerson, XWindow, eventually

CODES = {"w": "w", "a": "a", "left": "left", "shift": "shift", "f9": "f9"}
MS = 1_000_000


class Attention:
    """A window whose focus a test decides."""

    is_there = True

    def is_focused(self) -> bool:
        return self.is_there


@pytest.fixture
def attention() -> Attention:
    return Attention()


@pytest.fixture
def keyboard(xvfb: VirtualDisplay, attention: Attention) -> Iterator[Keyboard]:
    opened = Keyboard(X11Keyboard(xvfb.name), SystemClock(), CODES, window=attention)
    opened.listen()
    yield opened
    opened.close()


@pytest.fixture
def window(person: XPerson) -> XWindow:
    return person.open_window("game", left=100, top=100, width=300, height=200)


def heard(keyboard: Keyboard, count: int) -> list[Event]:
    """Listen until that many events were heard."""
    events: list[Event] = []

    def listen() -> bool:
        events.extend(keyboard.listen())
        return len(events) >= count

    eventually(f"{count} events are heard", listen)
    return events


def pairs(events: list[Event]) -> list[tuple[str, float]]:
    return [(event.code, event.value) for event in events]


def test_a_key_sent_reaches_the_window_and_is_not_heard(
    keyboard: Keyboard, person: XPerson, window: XWindow
) -> None:
    keyboard.send("left", 1)
    eventually("it arrives", lambda: person.is_held("left"))
    keyboard.send("left", 0)
    eventually("it is let go", lambda: not person.held())
    eventually("the window saw both", lambda: [key.is_press for key in window.seen()] == [True, False])
    assert window.seen()[0].keycode == person.keycode("left")
    person.tap("w")
    assert pairs(heard(keyboard, 2)) == [("w", 1.0), ("w", 0.0)]


def test_a_persons_keys_are_heard(keyboard: Keyboard, person: XPerson, window: XWindow) -> None:
    for code, act in [("w", person.press), ("a", person.press), ("w", person.release), ("a", person.release)]:
        act(code)
    events = heard(keyboard, 4)
    assert pairs(events) == [("w", 1.0), ("a", 1.0), ("w", 0.0), ("a", 0.0)]
    assert all(event.origin is Origin.HUMAN for event in events)


def test_times_are_those_of_the_press_however_late_one_listens(
    keyboard: Keyboard, person: XPerson, window: XWindow
) -> None:
    began_ns = time.perf_counter_ns()
    pressed_ns = person.press("w")
    time.sleep(0.3)
    let_go_ns = time.perf_counter_ns()
    released_ns = person.release("w")
    down, up = heard(keyboard, 2)
    assert began_ns - MS <= down.time_ns <= pressed_ns + MS
    assert let_go_ns - MS <= up.time_ns <= released_ns + MS


def test_a_held_key_is_heard_once(keyboard: Keyboard, person: XPerson, window: XWindow) -> None:
    person.press("w")
    eventually("the server repeats it", lambda: len(window.seen()) > 4)
    assert pairs(heard(keyboard, 1)) == [("w", 1.0)]
    assert keyboard.listen() == []
    person.release("w")
    assert pairs(heard(keyboard, 1)) == [("w", 0.0)]


def test_the_person_is_heard_while_we_hold_keys_of_our_own(
    keyboard: Keyboard, person: XPerson, window: XWindow
) -> None:
    for value in (1, 0, 1):
        keyboard.send("w", value)
        keyboard.send("shift", value)
    person.tap("a")
    keyboard.send("w", 0)
    keyboard.send("shift", 0)
    assert pairs(heard(keyboard, 2)) == [("a", 1.0), ("a", 0.0)]
    eventually("ours are let go", lambda: not person.held())
    person.tap("w")
    assert pairs(heard(keyboard, 2)) == [("w", 1.0), ("w", 0.0)]


def test_what_is_typed_elsewhere_is_not_heard(
    keyboard: Keyboard, person: XPerson, window: XWindow, attention: Attention
) -> None:
    attention.is_there = False
    person.press("w")
    person.tap("a")
    person.tap("x")
    eventually("the keys arrive", lambda: person.is_held("w") and len(window.seen()) >= 5)
    assert keyboard.listen() == []
    attention.is_there = True
    person.release("w")
    person.tap("x")
    person.tap("a")
    assert pairs(heard(keyboard, 2)) == [("a", 1.0), ("a", 0.0)]


def test_a_key_let_go_elsewhere_is_let_go(
    keyboard: Keyboard, person: XPerson, window: XWindow, attention: Attention
) -> None:
    person.press("w")
    assert pairs(heard(keyboard, 1)) == [("w", 1.0)]
    attention.is_there = False
    person.release("w")
    assert pairs(heard(keyboard, 1)) == [("w", 0.0)]


def test_nothing_is_pressed_without_the_focus_and_what_was_is_let_go(
    keyboard: Keyboard, person: XPerson, window: XWindow, attention: Attention
) -> None:
    keyboard.send("w", 1)
    eventually("it is held", lambda: person.is_held("w"))
    attention.is_there = False
    keyboard.send("a", 1)
    keyboard.listen()
    eventually("all is let go", lambda: not person.held())
    assert keyboard.refused == 1


def test_what_is_held_when_listening_begins_is_heard(
    xvfb: VirtualDisplay, person: XPerson, window: XWindow
) -> None:
    person.press("w")
    keyboard = Keyboard(X11Keyboard(xvfb.name), SystemClock(), CODES)
    person.tap("a")
    assert pairs(heard(keyboard, 3)) == [("w", 1.0), ("a", 1.0), ("a", 0.0)]
    keyboard.close()
    assert person.is_held("w")  # it is theirs


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_keys_that_a_game_has_grabbed_are_heard(keyboard: Keyboard, person: XPerson, window: XWindow) -> None:
    window.window.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
    person.tap("w")
    assert pairs(heard(keyboard, 2)) == [("w", 1.0), ("w", 0.0)]


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_keys_repeat_again_after_we_let_go(keyboard: Keyboard, person: XPerson, window: XWindow) -> None:
    before = person.display.get_keyboard_control().auto_repeats
    keyboard.send("w", 1)
    keyboard.send("shift", 1)
    eventually("w does not repeat", lambda: person.display.get_keyboard_control().auto_repeats != before)
    keyboard.close()
    assert person.display.get_keyboard_control().auto_repeats == before


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_an_unplugged_keyboard_is_said(keyboard: Keyboard, xvfb: VirtualDisplay, window: XWindow) -> None:
    plugged = PluggedKeyboard(xvfb.name)
    plugged.tap("w")
    assert pairs(heard(keyboard, 2)) == [("w", 1.0), ("w", 0.0)]
    plugged.unplug()
    with pytest.raises(DeviceFailed, match=r"unplugged.* Plug it in"):
        heard(keyboard, 1)


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # python-xlib leaves its socket open
def test_a_display_that_goes_away_is_said() -> None:
    display = VirtualDisplay.start()
    keyboard = Keyboard(X11Keyboard(display.name), SystemClock(), CODES)
    keyboard.send("w", 1)
    display.stop()
    with pytest.raises(DeviceFailed, match=f"{display.name} went away"):
        heard(keyboard, 1)
    with pytest.raises(DeviceFailed, match="went away"):
        keyboard.send("a", 1)
    keyboard.release_all()
    keyboard.close()
    with pytest.raises(DeviceFailed, match=f"{display.name} cannot be used"):
        X11Keyboard(display.name)


def test_keys_are_let_go_after_an_interrupt_inside_any_question(
    keyboard: Keyboard, person: XPerson, window: XWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C may come while the answer to a request is waited for; python-xlib never answers again then."""
    keyboard.send("w", 1.0)
    eventually("w is down", lambda: person.is_held("w"))
    waits = select.select

    def interrupted(*sets: object) -> object:
        monkeypatch.setattr("Xlib.protocol.display.select.select", waits)
        raise KeyboardInterrupt

    monkeypatch.setattr("Xlib.protocol.display.select.select", interrupted)
    with pytest.raises(KeyboardInterrupt):
        keyboard._system.held()
    keyboard.release_all()
    eventually("w is up", lambda: not person.is_held("w"))


def test_a_key_is_let_go_though_the_connection_was_lost(
    keyboard: Keyboard, person: XPerson, window: XWindow
) -> None:
    keyboard.send("w", 1.0)
    eventually("w is down", lambda: person.is_held("w"))
    keyboard._system._out.display.socket.shutdown(socket.SHUT_RDWR)
    keyboard.release_all()
    eventually("w is up", lambda: not person.is_held("w"))


def test_no_display_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(DeviceFailed, match="no X display"):
        X11Keyboard()
    with pytest.raises(DeviceFailed, match=r"ended at once \(code 1\)"):
        Watchdog.start()


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_a_watchdog_that_died_stops_the_pressing(xvfb: VirtualDisplay, person: XPerson) -> None:
    watchdog = Watchdog.start()
    keyboard = Keyboard(X11Keyboard(xvfb.name), SystemClock(), CODES, watchdog=watchdog)
    keyboard.send("w", 1)
    os.kill(watchdog.pid, signal.SIGKILL)
    with pytest.raises(DeviceFailed, match="has ended"):
        eventually("the pipe is broken", lambda: keyboard.send("a", 1) or keyboard.send("a", 0))
    keyboard.close()
    eventually("all is let go", lambda: not person.held())


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_a_watchdog_ends_with_its_pipe_and_by_no_signal(xvfb: VirtualDisplay) -> None:
    watchdog = Watchdog.start()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(watchdog.pid, number)  # as a service manager may, to every process there is
    watchdog.close()
    assert watchdog._process.returncode == 0


class PluggedKeyboard:
    """A second keyboard that can be plugged in and out: a pair of master devices with keys of its own."""

    def __init__(self, display_name: str) -> None:
        self._display = Display(display_name)
        self._opcode = self._display.display.get_extension_major(xinput.extname)
        name = b"second"
        self._change(struct.pack("=HHHBB8s", xinput.AddMaster, 4, len(name), 1, 1, name))
        devices = self._display.xinput_query_device(xinput.AllMasterDevices).devices
        self._pointer = next(one.deviceid for one in devices if one.name == "second pointer")
        SetClientPointer(display=self._display.display, opcode=self._opcode, window=0, device=self._pointer)

    def _change(self, change: bytes) -> None:
        ChangeHierarchy(display=self._display.display, opcode=self._opcode, count=1, changes=change)
        self._display.sync()

    def tap(self, code: str) -> None:
        number = self._display.keysym_to_keycode(XK.string_to_keysym(code))
        self._display.xtest_fake_input(X.KeyPress, number)
        self._display.xtest_fake_input(X.KeyRelease, number)
        self._display.sync()

    def unplug(self) -> None:
        self._change(struct.pack("=HHHBxHH", xinput.RemoveMaster, 3, self._pointer, xinput.Floating, 0, 0))
        self._display.close()


class ChangeHierarchy(rq.Request):
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(43), rq.RequestLength(), rq.Card8("count"), rq.Pad(3), rq.Binary("changes")
    )


class SetClientPointer(rq.Request):
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(44), rq.RequestLength(), rq.Card32("window"), rq.Card16("device"), rq.Pad(2)
    )
