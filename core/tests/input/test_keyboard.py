"""Opening the keyboard for a game: its controls, their map, and what goes wrong before a key is pressed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pytest

from playhead.clock import FakeClock
from playhead.devices import DeviceSession
from playhead.errors import BadValue, DeviceFailed, NotFound
from playhead.events import Origin
from playhead.game import Device, Frame, Game
from playhead.input import keyboard
from playhead.input.codes import key_of
from playhead.input.keyboard import Keyboard, open_input
from playhead.input.keys import HeardKey, Held
from playhead.labels import Keys


class FakeSystem:
    echo_s = 1.0

    def __init__(self) -> None:
        self.sent: list[tuple[int, bool]] = []
        self.typed: list[HeardKey] = []
        self.messages = 0
        self.is_closed = False
        self.down: set[int] = set()  # what was sent and is still down
        self.others: set[int] = set()
        self.changes = False
        self.moved: dict[str, tuple[int, ...]] = {}

    def numbers(self, code: str) -> tuple[int, ...]:
        return self.moved.get(code) or key_of(code).scan_codes

    def send(self, number: int, is_press: bool) -> None:
        self.sent.append((number, is_press))
        (self.down.add if is_press else self.down.discard)(number)

    def send_all(self, changes: Sequence[tuple[int, bool]]) -> None:
        for number, is_press in changes:
            self.send(number, is_press)
        self.messages += 1

    def heard(self) -> list[HeardKey]:
        typed, self.typed = self.typed, []
        return typed

    def held(self) -> set[int]:
        return self.down | self.others

    def held_apart(self, sent: Collection[int]) -> Held:
        return Held(own=self.down & set(sent), others=set(self.others))

    def has_changed(self) -> bool:
        has_changed, self.changes = self.changes, False
        return has_changed

    def repeating(self) -> set[int]:
        return set()

    def let_repeat(self, numbers: Collection[int]) -> None:
        raise AssertionError("nothing was muted")

    def close(self) -> None:
        self.is_closed = True


class FakeWatchdog:
    pid = 1

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

    def pressed(self, *numbers: int) -> None:
        self.told += [("pressed", number) for number in numbers]

    def released(self, *numbers: int) -> None:
        self.told += [("released", number) for number in numbers]

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


def test_what_changes_in_one_moment_is_one_message(system: FakeSystem, watchdog: FakeWatchdog) -> None:
    keyboard = Keyboard(system, FakeClock(), {"w": "w", "a": "a"}, watchdog=watchdog)  # type: ignore[arg-type]
    keyboard.send("w", 1.0)
    system.sent.clear()
    keyboard.send_all([("w", 0.0), ("a", 1.0)])
    (w,), (a,) = key_of("w").scan_codes, key_of("a").scan_codes
    assert (system.sent, system.messages) == ([(w, False), (a, True)], 2)
    assert watchdog.told[1:] == [("pressed", a), ("released", w)], "a press is told before it goes out"
    keyboard.send_all([("w", 0.0), ("a", 1.0)])
    assert system.messages == 2, "so it is already"


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


# --- What is held is asked whenever a change may have been missed

W, A, F9 = (key_of(code).scan_codes[0] for code in ("w", "a", "f9"))
LEFT, RIGHT = key_of("shift").scan_codes


class Attention:
    is_there = True

    def is_focused(self) -> bool:
        return self.is_there


class Desk:
    """A keyboard on a fake system, and what it told."""

    def __init__(self) -> None:
        self.system, self.window, self.clock = FakeSystem(), Attention(), FakeClock(1000)
        keys = {code: code for code in ("w", "a", "shift", "f9")}
        self.keyboard = Keyboard(self.system, self.clock, keys, window=self.window, momentary=["f9"])

    def told(self) -> list[tuple[str, float]]:
        return [(event.code, event.value) for event in self.keyboard.listen()]

    def asked(self) -> list[tuple[str, float]]:
        self.keyboard.ask_again()
        return self.told()

    def type(self, *numbers: int) -> None:
        for number in numbers:
            self.system.typed.append(
                HeardKey(time_ns=900, number=abs(number), is_press=number > 0, may_be_own=False)
            )


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_key_held_from_before_is_told_first_and_as_a_persons(desk: Desk) -> None:
    desk.system.others = {W}
    desk.type(A)
    events = desk.keyboard.listen()
    assert [(event.code, event.time_ns) for event in events] == [("w", 900), ("a", 900)]
    assert {event.origin for event in events} == {Origin.HUMAN}
    assert desk.told() == [], "nothing is asked between"


def test_what_was_missed_is_told_when_it_is_asked(desk: Desk) -> None:
    assert desk.told() == []
    desk.system.others = {W}
    assert desk.told() == []
    assert desk.asked() == [("w", 1.0)]
    desk.system.others = {A}
    assert sorted(desk.asked()) == [("a", 1.0), ("w", 0.0)]
    assert desk.asked() == []


def test_a_key_pressed_elsewhere_is_told_with_the_focus(desk: Desk) -> None:
    desk.told()
    desk.window.is_there = False
    desk.type(W)
    desk.system.others = {W}
    assert desk.asked() == []
    desk.window.is_there = True
    assert desk.asked() == [("w", 1.0)]


def test_what_is_heard_in_the_same_moment_counts_more_than_what_was_asked_before_it(desk: Desk) -> None:
    desk.told()
    desk.system.others = {W}
    desk.type(W, -W)
    assert desk.asked() == [("w", 1.0), ("w", 0.0)]


def test_a_hotkey_means_something_when_it_is_pressed_only(desk: Desk) -> None:
    desk.system.others = {F9}
    assert desk.told() == []
    desk.type(-F9, F9)
    assert desk.told() == [("f9", 0.0), ("f9", 1.0)]


def test_either_shift_is_shift(desk: Desk) -> None:
    desk.type(LEFT, RIGHT, -LEFT)
    assert desk.told() == [("shift", 1.0)]
    desk.type(-RIGHT)
    assert desk.told() == [("shift", 0.0)]


def test_what_somebody_else_let_go_of_is_pressed_anew(desk: Desk) -> None:
    desk.told()
    desk.keyboard.send("w", 1)
    assert not desk.keyboard.has_let_go()
    desk.system.down.clear()  # whoever that was
    desk.asked()
    assert desk.keyboard.has_let_go()
    assert not desk.keyboard.has_let_go()
    desk.keyboard.send("w", 1)
    assert desk.system.down == {W}


def test_that_a_key_of_ours_came_up_is_asked_at_once(desk: Desk) -> None:
    desk.told()
    desk.keyboard.send("w", 1)
    desk.system.down.clear()
    desk.type(-W)
    desk.told()
    desk.told()
    assert desk.keyboard.has_let_go()


def test_what_we_hold_is_not_a_persons(desk: Desk) -> None:
    desk.told()
    desk.keyboard.send("w", 1)
    assert desk.asked() == []
    desk.system.others = {W}
    assert desk.asked() == [("w", 1.0)], "both hold it"
    assert not desk.keyboard.has_let_go()


def test_another_layout_moves_keys_and_lets_go_of_those_that_went(desk: Desk) -> None:
    desk.system.others = {W, A}
    assert sorted(desk.told()) == [("a", 1.0), ("w", 1.0)]
    desk.keyboard.send("shift", 1)
    desk.system.moved, desk.system.changes = {"w": (44,)}, True
    assert desk.told() == [("w", 0.0)]
    assert not desk.system.down, "by the number under which it was pressed"
    assert desk.keyboard.has_let_go()
    desk.system.others = {44, A}
    assert desk.told() == [("w", 1.0)], "asked without being told to"
    desk.keyboard.send("w", 1)
    assert desk.system.down == {44}


def test_a_keyboard_plugged_in_changes_no_numbers_and_lets_go_of_nothing(desk: Desk) -> None:
    desk.told()
    desk.keyboard.send("w", 1)
    desk.system.changes = True
    desk.system.others = {A}
    desk.told()
    assert desk.told() == [("a", 1.0)]
    assert not desk.keyboard.has_let_go()
