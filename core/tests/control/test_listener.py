"""When a device is asked how things are: at the start, after a stall, and when the guard sees a change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from doubles import HOTKEYS, FakeWindow, pressed

from playhead.control.authority import ControlAuthority
from playhead.control.guard import AlwaysSafe
from playhead.control.hotkeys import HotkeyFilter
from playhead.control.listener import Listener
from playhead.control.loop import Loop, Pace, Tick
from playhead.events import Event, Origin

MS = 1_000_000
Maker = Callable[..., Any]


class Asked:
    """An input or a capture around another, which counts how often it was asked."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.times = 0
        self.then: list[Event] = []

    def ask_again(self) -> None:
        self.times += 1

    def listen(self) -> list[Event]:
        then, self.then = self.then, []
        return [*then, *self._inner.listen()]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@pytest.fixture
def fake(fake_device: Maker) -> Any:
    made = fake_device()
    made.keys, made.pictures = Asked(made.input), Asked(made.capture)
    made.device = replace(made.device, input=HotkeyFilter(made.keys, HOTKEYS), capture=made.pictures)
    return made


def test_both_are_asked_at_the_start_and_after_a_stall_only(fake: Any) -> None:
    times_ns = iter([0, 10 * MS, 240 * MS, 500 * MS, 510 * MS])
    listener = Listener(fake.device, AlwaysSafe(), lambda: next(times_ns))
    asked = []
    for _ in range(5):
        listener.listen()
        asked.append((fake.keys.times, fake.pictures.times))
    assert asked == [(1, 1), (1, 1), (1, 1), (2, 2), (2, 2)]


def test_every_change_of_control_asks_once(fake: Any) -> None:
    window = FakeWindow()
    authority = ControlAuthority("human", HOTKEYS, window=window)
    listener = Listener(fake.device, authority, lambda: 0)

    def asks(**changes: Any) -> int:
        before = fake.keys.times
        window.__dict__.update(changes)
        for _ in range(3):
            authority.may_send(0, listener.listen())
        return int(fake.keys.times - before)

    assert asks() == 1, "the start"
    assert asks() == 0
    assert asks(focused=False) == 1
    assert asks(minimised=True) == 1
    assert asks(focused=True, minimised=False) == 1
    assert asks(handle=9) == 2, "gone, and there again"
    fake.input.heard = pressed((0, "f9", 1.0))
    assert asks() == 1, "a pause"
    fake.input.heard = pressed((0, "f8", 1.0))
    assert asks() == 1, "its end"


class Watching:
    def __init__(self) -> None:
        self.ticks: list[Tick] = []

    def saw(self, tick: Tick) -> None:
        self.ticks.append(tick)

    def ended(self, events: Any) -> None:
        pass


class Still:
    origin = Origin.MODEL

    def decide(self, captured: Any) -> None:
        return None


def test_what_is_held_at_the_start_belongs_to_the_first_frame(fake: Any) -> None:
    (held,) = pressed((0.001, "key w", 1.0))  # asked for after the picture was taken, and before it was handed out
    fake.keys.then = [held]
    watching = Watching()
    Loop(device=fake.device, driver=Still(), pace=Pace(rate_hz=10, duration_s=0.3), watchers=[watching]).run()
    assert replace(held, time_ns=0) in watching.ticks[0].events
    assert fake.keys.times == 1


def test_a_backend_that_cannot_be_asked_is_left_alone(fake_device: Maker) -> None:
    made = fake_device()
    assert Listener(made.device, AlwaysSafe()).listen() == []
