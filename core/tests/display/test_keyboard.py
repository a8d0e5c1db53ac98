"""Real keys on a virtual display: pressed by us, heard from a person, and never left pressed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from playhead.clock import SystemClock
from playhead.events import Event, Origin
from playhead.input.keyboard import Keyboard
from playhead.input.keyboard_x11 import X11Keyboard
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
    eventually("the window saw both", lambda: [key.is_press for key in window.seen()][-1:] == [False])
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
