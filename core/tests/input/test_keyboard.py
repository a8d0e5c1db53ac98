"""Opening the keyboard for a game: its controls, their map, and what goes wrong before a key is pressed."""

from __future__ import annotations

from typing import Any

import pytest

from playhead.devices import DeviceSession
from playhead.errors import BadValue, DeviceFailed, NotFound
from playhead.game import Device, Frame, Game
from playhead.input import keyboard
from playhead.input.codes import key_of
from playhead.input.keyboard import open_input
from playhead.input.keys import HeardKey
from playhead.labels import Keys


class FakeSystem:
    echo_s = 1.0

    def __init__(self) -> None:
        self.sent: list[tuple[int, bool]] = []
        self.typed: list[HeardKey] = []
        self.is_closed = False

    def numbers(self, code: str) -> tuple[int, ...]:
        return key_of(code).scan_codes

    def send(self, number: int, is_press: bool) -> None:
        self.sent.append((number, is_press))

    def heard(self) -> list[HeardKey]:
        typed, self.typed = self.typed, []
        return typed

    def held(self) -> set[int]:
        return set()

    def close(self) -> None:
        self.is_closed = True


class FakeWatchdog:
    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.beats = 0
        self.lets_go = False
        self.is_closed = False

    def beat(self) -> None:
        self.beats += 1

    def has_let_go(self) -> bool:
        lets_go, self.lets_go = self.lets_go, False
        return lets_go

    def pressed(self, number: int) -> None:
        self.told.append(("pressed", number))

    def released(self, number: int) -> None:
        self.told.append(("released", number))

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> FakeSystem:
    fake = FakeSystem()
    monkeypatch.setattr(keyboard, "open_system_keyboard", lambda now_ns: fake)
    return fake


@pytest.fixture
def watchdog(monkeypatch: pytest.MonkeyPatch) -> FakeWatchdog:
    fake = FakeWatchdog()
    monkeypatch.setattr(keyboard.Watchdog, "start", lambda: fake)
    return fake


def session(controls: dict[str, str] | None = None, **options: Any) -> DeviceSession:
    game = Game(
        name="typed",
        title="Typed",
        devices={"here": Device(capture="environment", input="keyboard")},
        frame=Frame(width=32, height=24, rate_hz=10),
        labels={"drive": Keys("w", "a")},
        controls=controls or {"w": "w", "a": "a"},
    )
    return DeviceSession(game=game, name="here", device=game.device("here"), options=options)


def test_the_watchdog_knows_before_a_key_goes_down_and_after_it_is_up(
    system: FakeSystem, watchdog: FakeWatchdog
) -> None:
    opened = open_input(session())
    opened.send("w", 1)
    opened.send("a", 1)
    opened.send("w", 0)
    opened.send("w", 0)
    opened.close()
    opened.close()
    assert system.sent == [(17, True), (30, True), (17, False), (30, False)]
    assert watchdog.told == [("pressed", 17), ("pressed", 30), ("released", 17), ("released", 30)]
    assert system.is_closed
    assert watchdog.is_closed


def test_only_listening_is_a_sign_of_life(system: FakeSystem, watchdog: FakeWatchdog) -> None:
    opened = open_input(session())
    opened.send("w", 1)
    opened.release_all()
    opened.has_let_go()
    assert watchdog.beats == 0
    opened.listen()
    assert watchdog.beats == 1


def test_what_the_watchdog_let_go_of_is_held_no_more_and_pressed_anew(
    system: FakeSystem, watchdog: FakeWatchdog
) -> None:
    opened = open_input(session())
    opened.send("w", 1)
    assert not opened.has_let_go()
    watchdog.lets_go = True
    assert opened.has_let_go()
    assert not opened.has_let_go()
    opened.send("w", 1)
    # Released here too: what was stopped halfway through a press presses after the watchdog has released.
    assert system.sent == [(17, True), (17, False), (17, True)]
    assert watchdog.told == [("pressed", 17), ("released", 17), ("pressed", 17)]


def test_a_map_presses_and_hears_another_key_for_a_code(system: FakeSystem, watchdog: FakeWatchdog) -> None:
    opened = open_input(session(map={"w": "up"}))
    opened.send("w", 1)
    number = key_of("up").scan_codes[0]
    assert system.sent == [(number, True)]
    system.typed = [HeardKey(time_ns=10**18, number=number, is_press=True, may_be_own=False)]
    assert [event.code for event in opened.listen()] == ["w"]


def test_hotkeys_are_heard(system: FakeSystem, watchdog: FakeWatchdog) -> None:
    opened = open_input(session(hotkeys={"pause": "f6"}))
    system.typed = [
        HeardKey(time_ns=5, number=key_of(name).scan_codes[0], is_press=True, may_be_own=True)
        for name in ("f6", "f9", "f10")
    ]
    assert [event.code for event in opened.listen()] == ["f6", "f10"]


@pytest.mark.parametrize(
    ("opening", "error", "says"),
    [
        ({"controls": {"w": "uup"}}, NotFound, 'Did you mean "up"'),
        ({"map": {"w": "uup"}}, NotFound, 'Did you mean "up"'),
        ({"map": {"x": "up"}}, NotFound, 'No control of typed is called "x"'),
        ({"map": "up"}, BadValue, "no mapping"),
        ({"map": {"w": "a"}}, BadValue, "the key a for w and for a"),
        ({"map": {"w": "f9"}}, BadValue, "which the game itself needs"),
    ],
)
def test_wrong_names_are_said_before_anything_is_opened(
    opening: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        open_input(session(**opening))


def test_a_code_that_the_game_does_not_have_is_not_sent(system: FakeSystem, watchdog: FakeWatchdog) -> None:
    opened = open_input(session())
    with pytest.raises(NotFound, match="No key of this device"):
        opened.send("s", 1)


def test_without_a_watchdog_no_keyboard(monkeypatch: pytest.MonkeyPatch, system: FakeSystem) -> None:
    def failing() -> None:
        raise DeviceFailed("it ended at once")

    monkeypatch.setattr(keyboard.Watchdog, "start", failing)
    with pytest.raises(DeviceFailed, match="at once"):
        open_input(session())
    assert system.is_closed


def test_systems_without_a_backend_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from playhead.input import keys

    monkeypatch.setattr(keys.sys, "platform", "darwin")
    with pytest.raises(DeviceFailed, match=r"macOS.*--on world"):
        keys.open_system_keyboard()
