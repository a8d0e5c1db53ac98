"""A real mouse on a virtual display: heard from a person, moved by us, kept in the window, never left pressed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from Xlib import X
from Xlib.display import Display
from Xlib.ext import xinput

from playhead.clock import SystemClock
from playhead.events import Event, Origin
from playhead.input.keyboard import Keyboard
from playhead.input.mouse import Mouse, MouseOptions
from playhead.input.mouse_x11 import X11Mouse
from playhead.input.watchdog import Watchdog
from playhead.testing.display import VirtualDisplay, XPerson, XWindow, eventually

KEYS = {"w": "w", "fire": "mouse_left", "mouse_right": "mouse_right"}
MOTIONS = {"mouse_x": "mouse_x", "mouse_y": "mouse_y", "mouse_wheel": "mouse_wheel"}
USUAL = MouseOptions()
LEFT, TOP, WIDTH, HEIGHT = 100, 100, 300, 200
INSIDE = LEFT + 150, TOP + 100


@dataclass
class Attention:
    """A real window whose focus a test decides."""

    handle: int
    title: str = "game"
    is_there: bool = True

    def is_focused(self) -> bool:
        return self.is_there


@pytest.fixture
def window(person: XPerson) -> XWindow:
    opened = person.open_window("game", left=LEFT, top=TOP, width=WIDTH, height=HEIGHT)
    person.point_at(*INSIDE)
    return opened


@pytest.fixture
def attention(window: XWindow) -> Attention:
    return Attention(window.handle)


Opens = Callable[..., Keyboard]


@pytest.fixture
def opens(xvfb: VirtualDisplay, attention: Attention) -> Iterator[Opens]:
    opened: list[Keyboard] = []

    def open_mouse(options: MouseOptions = USUAL, watchdog: Watchdog | None = None) -> Keyboard:
        system = X11Mouse(xvfb.name, is_accelerated=options.is_accelerated)
        mouse = Mouse(system, MOTIONS, options=options, window=attention)
        opened.append(Keyboard(system, SystemClock(), KEYS, window=attention, watchdog=watchdog, mouse=mouse))
        opened[-1].listen()
        return opened[-1]

    yield open_mouse
    for one in opened:
        one.close()


@pytest.fixture
def mouse(opens: Opens) -> Keyboard:
    return opens()


def heard(mouse: Keyboard, count: int) -> list[Event]:
    events: list[Event] = []

    def listen() -> bool:
        events.extend(mouse.listen())
        return len(events) >= count

    eventually(f"{count} events are heard", listen)
    return events


def pairs(events: list[Event]) -> list[tuple[str, float]]:
    return [(event.code, event.value) for event in events]


def quiet(mouse: Keyboard, seconds: float = 0.2) -> list[Event]:
    """Return what is heard within a moment."""
    events, until_s = [], time.monotonic() + seconds
    while time.monotonic() < until_s:
        events += mouse.listen()
        time.sleep(0.01)
    return events


def test_a_persons_mouse_is_heard_in_order_and_on_time(mouse: Keyboard, person: XPerson) -> None:
    began_ns = time.perf_counter_ns()
    person.move(7, -3)
    person.button(1, 1)
    person.move(-2, 0)
    person.button(1, 0)
    person.roll(2)
    person.roll(-1)
    done_ns = time.perf_counter_ns()
    events = heard(mouse, 8)
    assert pairs(events) == [
        ("mouse_x", 7), ("mouse_y", 3), ("fire", 1), ("mouse_x", -2), ("fire", 0),
        ("mouse_wheel", 1), ("mouse_wheel", 1), ("mouse_wheel", -1),
    ]  # fmt: skip
    assert all(event.origin is Origin.HUMAN for event in events)
    times_ns = [event.time_ns for event in events]
    assert times_ns == sorted(times_ns)
    assert began_ns - 1_000_000 <= times_ns[0]
    assert times_ns[-1] <= done_ns + 1_000_000


def test_what_we_move_arrives_and_is_not_heard(mouse: Keyboard, person: XPerson) -> None:
    x, y = person.pointer
    mouse.send_all([("mouse_x", 12.0), ("mouse_y", 5.0)])
    mouse.send("mouse_wheel", 2.0)
    eventually("it arrives", lambda: person.pointer == (x + 12, y - 5))
    assert quiet(mouse) == []


def test_a_person_is_heard_between_moves_of_ours(mouse: Keyboard, person: XPerson) -> None:
    theirs: list[Event] = []
    for step in range(40):
        mouse.send_all([("mouse_x", 3.0 if step % 2 else -3.0), ("fire", float(step % 2))])
        person.move(2 if step % 4 < 2 else -2, 0)
        theirs += mouse.listen()
    theirs += quiet(mouse)
    assert [event.value for event in theirs] == [2 if step % 4 < 2 else -2 for step in range(40)]
    assert {event.code for event in theirs} == {"mouse_x"}


def test_sensitivity_goes_both_ways_and_parts_of_counts_add_up(opens: Opens, person: XPerson) -> None:
    mouse = opens(MouseOptions(sensitivity=0.5))
    person.move(8, 0)
    assert pairs(heard(mouse, 1)) == [("mouse_x", 4.0)]
    x, y = person.pointer
    for _ in range(100):
        mouse.send("mouse_x", 0.17)  # 34 counts in all
    eventually("they add up", lambda: person.pointer == (x + 34, y))


def test_nothing_is_moved_beyond_the_edge_of_the_window(mouse: Keyboard, person: XPerson, window: XWindow) -> None:
    left, top, width, _ = window.box()
    for code, way, edge in [("mouse_x", 1, left + width - 1), ("mouse_x", -1, left)]:
        for _ in range(60):
            mouse.send(code, way * 20.0)
        eventually("it is at the edge", lambda edge=edge: person.pointer == (edge, INSIDE[1]))
    for _ in range(60):
        mouse.send("mouse_y", 20.0)
    eventually("it is in the corner", lambda: person.pointer == (left, top))


def test_a_game_that_holds_the_pointer_gets_all_of_a_move(
    xvfb: VirtualDisplay, mouse: Keyboard, person: XPerson, window: XWindow
) -> None:
    game = Display(xvfb.name)
    own = game.create_resource_object("window", window.handle)
    nothing = own.create_pixmap(8, 8, 1)
    nothing.fill_rectangle(nothing.create_gc(foreground=0), 0, 0, 8, 8)
    hidden = nothing.create_cursor(nothing, (0, 0, 0), (0, 0, 0), 0, 0)
    status = own.grab_pointer(True, 0, X.GrabModeAsync, X.GrabModeAsync, own, hidden, X.CurrentTime)
    assert status == X.GrabSuccess
    listener = Display(xvfb.name)
    opcode = listener.display.get_extension_major(xinput.extname)
    xinput.XIQueryVersion(display=listener.display, opcode=opcode, major_version=2, minor_version=2)
    listener.screen().root.xinput_select_events([(xinput.AllMasterDevices, xinput.RawMotionMask)])
    listener.sync()
    for _ in range(10):
        mouse.send("mouse_x", 100.0)
    time.sleep(0.2)
    raw = list(iter(lambda: listener.pending_events() and listener.next_event(), 0))
    assert len(raw) == 10  # which a game reads, however little the pointer can go
    left, _, width, _ = window.box()
    assert person.pointer[0] == left + width - 1
    game.close()
    listener.close()


def test_outside_the_window_nothing_is_heard_moved_or_clicked(
    mouse: Keyboard, person: XPerson, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = person.open_window("other", left=500, top=100, width=200, height=200)
    person.point_at(600, 200)
    person.move(5, 5)
    person.button(1, 1)
    person.button(1, 0)
    assert quiet(mouse) == []
    place, seen = person.pointer, len(foreign.seen())
    mouse.send("mouse_x", 10.0)
    mouse.send("fire", 1)
    assert person.pointer == place
    assert not person.are_buttons_down
    assert len(foreign.seen()) == seen
    assert mouse.refused == 2
    assert capsys.readouterr().err.count('the mouse is outside "game"') == 1


def test_without_the_focus_nothing_is_moved_or_clicked(
    mouse: Keyboard, person: XPerson, attention: Attention
) -> None:
    attention.is_there = False
    place = person.pointer
    mouse.send_all([("mouse_x", 10.0), ("fire", 1.0)])
    person.move(4, 0)
    assert quiet(mouse) == []
    assert person.pointer == (place[0] + 4, place[1])
    assert not person.are_buttons_down


def test_a_lost_focus_lets_go_of_buttons(mouse: Keyboard, person: XPerson, attention: Attention) -> None:
    mouse.send("fire", 1)
    eventually("it is down", lambda: person.are_buttons_down)
    attention.is_there = False
    mouse.listen()
    eventually("it is up", lambda: not person.are_buttons_down)


def test_a_button_that_a_person_holds_is_told_when_asked(
    xvfb: VirtualDisplay, opens: Opens, person: XPerson
) -> None:
    mouse = opens()
    mouse.send("mouse_right", 1)
    eventually("ours is down", lambda: person.are_buttons_down)
    person.button(1, 1)
    assert pairs(heard(mouse, 1)) == [("fire", 1)]
    mouse.ask_again()
    assert mouse.listen() == []
    mouse.release_all()
    person.button(1, 0)
    assert pairs(heard(mouse, 1)) == [("fire", 0)]


DIES = """
import os, sys, time
from playhead.clock import SystemClock
from playhead.input.keyboard import Keyboard
from playhead.input.mouse import Mouse, MouseOptions
from playhead.input.mouse_x11 import X11Mouse
from playhead.input.watchdog import Watchdog
system = X11Mouse()
mouse = Mouse(system, {}, options=MouseOptions())
keyboard = Keyboard(system, SystemClock(), {"fire": "mouse_left"}, watchdog=Watchdog.start(), mouse=mouse)
keyboard.send("fire", 1)
print("holding", flush=True)
time.sleep(60)
"""


def test_a_killed_player_holds_no_button(xvfb: VirtualDisplay, person: XPerson, window: XWindow) -> None:
    player = subprocess.Popen(
        [sys.executable, "-c", DIES], stdout=subprocess.PIPE, env={**os.environ, "DISPLAY": xvfb.name}
    )
    assert player.stdout is not None
    assert player.stdout.readline() == b"holding\n"
    eventually("it holds the button", lambda: person.are_buttons_down)
    player.send_signal(signal.SIGKILL)
    player.communicate()
    eventually("it is let go", lambda: not person.are_buttons_down)


def test_what_the_system_does_with_counts_is_told(opens: Opens, xvfb: VirtualDisplay, window: XWindow) -> None:
    display = Display(xvfb.name)
    (device,) = [one for one in display.xinput_query_device(xinput.AllDevices).devices if one.name == "Xvfb mouse"]
    speed = display.get_atom("libinput Accel Speed")
    display.xinput_change_device_property(device.deviceid, speed, display.get_atom("FLOAT"), 0, (32, [0xBF000000]))
    display.sync()
    settings = opens(MouseOptions(sensitivity=2.5)).settings
    assert settings["sensitivity"] == 2.5
    assert not settings["accelerated"]
    assert settings["acceleration"] == "2/1"
    assert settings["threshold"] == 4
    assert settings["devices"]["Xvfb mouse"] == {"libinput Accel Speed": [-0.5]}
    assert settings["began_at"] == [INSIDE[0] - window.box()[0], INSIDE[1] - window.box()[1]]
    display.close()
