"""The keyboard of Windows on fakes of the package and of the system's calls. No Windows was asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from playhead.clock import SystemClock
from playhead.errors import DeviceFailed, NotFound
from playhead.input import keyboard_windows
from playhead.input.codes import EXTENDED
from playhead.input.keyboard import Keyboard
from playhead.input.keyboard_windows import WindowsKeyboard
from playhead.input.keys import Held

UP = 72 | EXTENDED


@dataclass
class FakeEvent:
    """What the package hands to a hook."""

    scan_code: int
    event_type: str
    name: str = ""
    is_keypad: bool = False
    time: float = field(default_factory=time.time)


@dataclass
class FakePackage:
    """Has keys sent come back to the hook, as Windows does."""

    done: list[tuple[str, int]] = field(default_factory=list)
    hooks: list[Callable[[FakeEvent], object]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refuses: bool = False

    def press(self, number: int) -> None:
        self._send(number, "down")

    def release(self, number: int) -> None:
        self._send(number, "up")

    def _send(self, number: int, kind: str) -> None:
        if self.refuses:
            raise OSError("access is denied")
        self.done.append((kind, number))
        self.person(number, kind)

    def person(self, number: int, kind: str, **more: Any) -> None:
        for hook in self.hooks:
            hook(FakeEvent(number, kind, **more))

    def hook(self, callback: Callable[[FakeEvent], object]) -> None:
        self.hooks.append(callback)

    def unhook(self, callback: Callable[[FakeEvent], object]) -> None:
        self.hooks.remove(callback)

    def key_to_scan_codes(self, name: str) -> tuple[int, ...]:
        self.asked.append(name)
        return (30,)


@dataclass
class FakeUser32:
    """Virtual keys are scan codes here."""

    sent: list[tuple[int, int, int, int]] = field(default_factory=list)
    down: set[int] = field(default_factory=set)

    def keybd_event(self, key: int, scan_code: int, flags: int, extra: int) -> None:
        self.sent.append((key, scan_code, flags, extra))

    def MapVirtualKeyW(self, number: int, kind: int) -> int:  # noqa: N802
        assert kind == 3
        return number

    def GetAsyncKeyState(self, key: int) -> int:  # noqa: N802
        return -32768 if key in self.down else 0


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> FakePackage:
    fake = FakePackage()
    monkeypatch.setattr(keyboard_windows, "_keyboard_package", lambda: fake)
    return fake


@pytest.fixture
def user32(monkeypatch: pytest.MonkeyPatch) -> FakeUser32:
    fake = FakeUser32()
    monkeypatch.setattr(keyboard_windows, "_user32", lambda: fake)
    return fake


@pytest.fixture
def keyboard(package: FakePackage, user32: FakeUser32) -> Keyboard:
    return Keyboard(WindowsKeyboard(), SystemClock(), {code: code for code in ("w", "up", "shift", "num8")})


def heard(keyboard: Keyboard) -> list[tuple[str, float]]:
    return [(event.code, event.value) for event in keyboard.listen()]


def test_keys_go_out_by_scan_code_and_their_echo_is_not_heard(keyboard: Keyboard, package: FakePackage) -> None:
    keyboard.send("w", 1)
    keyboard.send("w", 1)
    keyboard.send("shift", 1)
    keyboard.send("w", 0)
    keyboard.close()
    assert package.done == [("down", 17), ("down", 42), ("up", 17), ("up", 42)]
    assert heard(keyboard) == []
    assert package.hooks == []


def test_arrows_go_out_as_extended_keys(keyboard: Keyboard, package: FakePackage, user32: FakeUser32) -> None:
    keyboard.send("up", 1)
    keyboard.send("up", 0)
    assert user32.sent == [(0xE048, 72, 1, 0), (0xE048, 72, 3, 0)]
    assert package.done == []


def test_a_person_is_heard_without_repeats(keyboard: Keyboard, package: FakePackage) -> None:
    for kind in ("down", "down", "down", "up"):
        package.person(17, kind)
    package.person(45, "down")  # x: no key of the game
    assert heard(keyboard) == [("w", 1.0), ("w", 0.0)]


def test_twins_are_told_apart(keyboard: Keyboard, package: FakePackage) -> None:
    package.person(72, "down", name="up")
    package.person(72, "up", name="8", is_keypad=True)
    package.person(72, "down", name="8", is_keypad=True)
    package.person(54, "down", name="right shift")
    assert heard(keyboard) == [("up", 1.0), ("num8", 1.0), ("shift", 1.0)]


def test_a_person_who_touches_a_key_that_we_hold_is_heard_at_its_next_repeat(
    keyboard: Keyboard, package: FakePackage
) -> None:
    keyboard.send("w", 1)
    package.person(17, "down")
    assert heard(keyboard) == [("w", 1.0)]


def test_times_are_those_of_the_key(keyboard: Keyboard, package: FakePackage) -> None:
    before_ns = time.perf_counter_ns()
    package.person(17, "down", time=time.time() - 0.5)
    (event,) = keyboard.listen()
    assert abs(event.time_ns - (before_ns - 500_000_000)) < 100_000_000


def test_what_is_held_at_the_start_is_heard(package: FakePackage, user32: FakeUser32) -> None:
    user32.down = {17, 0xE048}
    keyboard = Keyboard(WindowsKeyboard(), SystemClock(), {"w": "w", "up": "up", "num8": "num8"})
    assert sorted(heard(keyboard)) == [("up", 1.0), ("w", 1.0)]


def test_a_refusal_says_what_to_do(keyboard: Keyboard, package: FakePackage) -> None:
    package.refuses = True
    with pytest.raises(DeviceFailed, match=r"cannot be pressed.*access is denied.*administrator"):
        keyboard.send("w", 1)
    keyboard.close()


def test_who_only_presses_listens_to_nothing(package: FakePackage, user32: FakeUser32) -> None:
    system = WindowsKeyboard(hears=False)
    system.send(17, False)
    system.close()
    assert (package.hooks, package.asked, package.done) == ([], ["a"], [("up", 17)])


def test_an_unknown_key_has_its_nearest_named(package: FakePackage, user32: FakeUser32) -> None:
    with pytest.raises(NotFound, match='Did you mean "shift"'):
        Keyboard(WindowsKeyboard(), SystemClock(), {"w": "shft"})


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError("No module named 'keyboard'")

    monkeypatch.setattr(keyboard_windows.importlib, "import_module", missing)
    with pytest.raises(DeviceFailed, match="pip install keyboard"):
        WindowsKeyboard()


def test_what_is_held_is_asked_and_what_was_just_sent_counts_as_it_was_sent(
    package: FakePackage, user32: FakeUser32, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [100.0]
    monkeypatch.setattr(keyboard_windows.time, "monotonic", lambda: now_s[0])
    system = WindowsKeyboard()
    w, a, d = 17, 30, 32
    system.send(w, True)
    user32.down = {d}
    assert system.held_apart({w}) == Held(own={w}, others={d}), "it has not arrived yet"
    now_s[0] += 1
    assert system.held_apart({w}) == Held(own=set(), others={d})
    user32.down = {w, a}
    assert system.held_apart({w}) == Held(own={w}, others={a})
    system.send(w, False)
    assert system.held_apart(()) == Held(own=set(), others={a}), "nor has the release"
    now_s[0] += 1
    assert system.held_apart(()) == Held(own=set(), others={w, a})
    assert not system.has_changed()
    assert system.repeating() == set()
