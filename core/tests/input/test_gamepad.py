"""Gamepads on fakes of pads, of evdev, of XInput and of vgamepad. No pad was touched."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from playhead.clock import FakeClock
from playhead.dead_zones import DeadZone
from playhead.devices import DeviceSession
from playhead.errors import BadValue, DeviceFailed, NotFound
from playhead.game import Device, Frame, Game
from playhead.input import gamepad, gamepad_evdev, gamepad_xinput
from playhead.input.gamepad import Gamepad, open_input
from playhead.input.gamepad_evdev import EvdevPad, UinputPad
from playhead.input.gamepad_xinput import State, VirtualPad, XInputPad
from playhead.input.pads import CONTROLS, Moved
from playhead.labels import Axes

DRIVING = {"steer": "left_x", "pedals": "triggers", "horn": "button_a"}
HALVES = {"a": "left_x-", "d": "left_x+"}


class FakePad:
    """Both kinds of pad at once."""

    def __init__(self) -> None:
        self.moves: list[Moved] = []
        self.played: dict[str, float] = {}
        self.held: dict[str, float] = {}
        self.is_closed = False

    def move(self, control: str, position: float) -> None:
        self.moves.append(Moved(time_ns=7, control=control, position=position))

    def heard(self) -> list[Moved]:
        moves, self.moves = self.moves, []
        return moves

    def stands(self) -> list[Moved]:
        return [Moved(time_ns=9, control=control, position=position) for control, position in self.held.items()]

    def send(self, control: str, position: float) -> None:
        self.played[control] = position

    def close(self) -> None:
        self.is_closed = True


class Attention:
    is_there = True

    def is_focused(self) -> bool:
        return self.is_there


def pad_of(controls: dict[str, str], **options: Any) -> tuple[Gamepad, FakePad]:
    fake = FakePad()
    return Gamepad(FakeClock(), controls, heard=fake, played=fake, **options), fake


def heard(pad: Gamepad) -> list[tuple[str, float]]:
    return [(event.code, round(event.value, 3)) for event in pad.listen()]


def test_what_a_person_moves_is_what_the_game_makes_of_it() -> None:
    pad, fake = pad_of(DRIVING, zones={"left_x": DeadZone(size=0.25, gain=0.8), "triggers": DeadZone(size=0.25)})
    fake.move("left_x", 0.1)
    fake.move("left_x", -1.0)
    fake.move("right_trigger", 1.0)
    fake.move("left_trigger", 1.0)
    fake.move("button_a", 1.0)
    fake.move("right_y", 1.0)
    assert heard(pad) == [("steer", -0.8), ("pedals", 1.0), ("pedals", 0.0), ("horn", 1.0)]


def test_what_a_network_wants_is_moved_against_the_dead_zone() -> None:
    pad, fake = pad_of(DRIVING, zones={"left_x": DeadZone(size=0.25, gain=0.8), "triggers": DeadZone(size=0.25)})
    pad.send("steer", 0.4)
    pad.send("pedals", -1.0)
    pad.send("horn", 1.0)
    assert fake.played == pytest.approx(
        {"left_x": 0.625, "right_trigger": 0.0, "left_trigger": 1.0, "button_a": 1.0}
    )
    pad.close()
    assert not any(fake.played.values())
    assert fake.is_closed


def test_half_a_stick_is_a_key() -> None:
    pad, fake = pad_of(HALVES)
    fake.move("left_x", -1.0)
    fake.move("left_x", 1.0)
    assert heard(pad) == [("a", 1.0), ("a", 0.0), ("d", 1.0)]
    pad.send("a", 1.0)
    assert fake.played["left_x"] == -1.0
    pad.send("d", 1.0)
    assert fake.played["left_x"] == 0.0
    pad.send("a", 0.0)
    assert fake.played["left_x"] == 1.0


def test_a_trembling_stick_says_nothing() -> None:
    pad, fake = pad_of(DRIVING)
    for tremble in range(20):
        fake.move("left_x", 0.5 + tremble / 10_000)
    assert len(heard(pad)) == 1


def test_without_the_focus_nothing_is_heard_or_moved_but_let_go() -> None:
    window = Attention()
    pad, fake = pad_of(DRIVING, window=window)
    pad.send("steer", 1.0)
    fake.move("button_a", 1.0)
    assert heard(pad) == [("horn", 1.0)]
    window.is_there = False
    fake.move("right_trigger", 1.0)
    fake.move("button_a", 0.0)
    assert heard(pad) == [("horn", 0.0)]
    assert not any(fake.played.values())
    pad.send("horn", 1.0)
    assert pad.refused == 1
    assert not any(fake.played.values())


def test_codes_and_controls_that_are_not_there() -> None:
    with pytest.raises(NotFound, match='Did you mean "left_x"'):
        pad_of({"steer": "leftx"})
    pad, _ = pad_of(DRIVING)
    with pytest.raises(NotFound, match="No control of this device"):
        pad.send("brake", 1)
    unplayable = Gamepad(FakeClock(), DRIVING, heard=FakePad(), played=None, why_not="No driver.")
    with pytest.raises(DeviceFailed, match=r"No driver\."):
        unplayable.send("steer", 1)


def session(**options: Any) -> DeviceSession:
    game = Game(
        name="padded",
        title="Padded",
        devices={"pad": Device(capture="environment", input="gamepad", options={"map": {"steer": "left_x"}})},
        frame=Frame(width=32, height=24, rate_hz=10),
        labels={"drive": Axes("steer")},
        controls={"steer": "steer"},
    )
    device = game.device("pad")
    return DeviceSession(game=game, name="pad", device=device, options={**device.options, **options})


def failing(sentence: str) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise DeviceFailed(sentence)

    return fail


def test_opening_needs_one_kind_of_pad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gamepad, "open_system_keyboard", failing("no keyboard"))
    monkeypatch.setattr(gamepad, "open_heard_pad", failing("No gamepad is plugged in."))
    monkeypatch.setattr(gamepad, "open_played_pad", failing("No virtual gamepad."))
    with pytest.raises(DeviceFailed, match=r"No gamepad is plugged in\. No virtual gamepad\."):
        open_input(session())
    monkeypatch.setattr(gamepad, "open_played_pad", FakePad)
    opened = open_input(session(dead_zones={"left_x": {"size": 0.5}}))
    assert not opened.hears
    opened.send("steer", 0.5)
    opened.close()


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"map": {}}, NotFound, r"No control of a gamepad is called .steer.*map\.steer=right_trigger"),
        ({"dead_zones": {"left_xx": {}}}, NotFound, 'Did you mean "left_x"'),
        ({"dead_zones": {"left_x": {"size": 2}}}, BadValue, r"dead_zones\.left_x\.size=0\.25"),
        ({"dead_zones": {"left_x": 0.25}}, BadValue, r"dead_zones\.left_x\.size=0\.25"),
    ],
)
def test_wrong_options_are_said(options: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        open_input(session(**options))


def test_a_stick_that_is_held_at_the_start_is_told() -> None:
    pad, fake = pad_of(DRIVING)
    fake.held = {"left_x": -1.0, "button_a": 1.0, "right_trigger": 0.0}
    assert heard(pad) == [("steer", -1.0), ("horn", 1.0)]
    fake.held = {"left_x": 0.0, "button_a": 1.0}
    assert heard(pad) == []
    pad.ask_again()
    assert heard(pad) == [("steer", 0.0)]


def test_a_stick_moved_elsewhere_is_told_with_the_focus() -> None:
    window = Attention()
    pad, fake = pad_of(DRIVING, window=window)
    assert heard(pad) == []
    window.is_there = False
    fake.held = {"left_x": 1.0}
    fake.move("left_x", 1.0)
    assert heard(pad) == []
    window.is_there = True
    pad.ask_again()
    assert heard(pad) == [("steer", 1.0)]


def test_a_pad_without_a_person_is_not_asked() -> None:
    pad, _ = pad_of({})
    assert isinstance(pad._pad, FakePad)
    pad._pad = None
    pad.ask_again()
    assert pad.listen() == []


# --- Linux


@dataclass
class FakeEvdevDevice:
    path: str
    name: str = "Pad"
    queue: list[Any] = field(default_factory=list)
    is_unplugged: bool = False
    is_closed: bool = False
    keys: list[int] = field(default_factory=list)
    axes: dict[int, int] = field(default_factory=dict)

    def active_keys(self) -> list[int]:
        if self.is_unplugged:
            raise OSError(19, "No such device")
        return self.keys

    def absinfo(self, code: int) -> SimpleNamespace:
        return SimpleNamespace(value=self.axes.get(code, 0))

    def capabilities(self) -> dict[int, list[Any]]:
        if self.name == "Mouse":
            return {1: [0x110], 2: [0, 1]}
        stick, trigger = SimpleNamespace(min=-32768, max=32767), SimpleNamespace(min=0, max=1023)
        return {1: [0x130], 3: [(0, stick), (1, stick), (2, trigger), (5, trigger), (16, stick)]}

    def read(self) -> Iterator[Any]:
        if self.is_unplugged:
            raise OSError(19, "No such device")
        if not self.queue:
            raise BlockingIOError
        events, self.queue = self.queue[:64], self.queue[64:]
        return iter(events)

    def event(self, kind: int, code: int, value: int, age_s: float = 0.0) -> None:
        stamp = time.time() - age_s
        self.queue.append(SimpleNamespace(type=kind, code=code, value=value, timestamp=lambda: stamp))

    def close(self) -> None:
        self.is_closed = True


class FakeUInputError(Exception):
    pass


@dataclass
class FakeEvdev:
    names: list[str]
    devices: dict[str, FakeEvdevDevice] = field(default_factory=dict)
    written: list[tuple[int, int, int]] = field(default_factory=list)
    has_uinput: bool = True
    UInputError = FakeUInputError

    def list_devices(self) -> list[str]:
        return self.names

    def InputDevice(self, path: str) -> FakeEvdevDevice:  # noqa: N802
        return self.devices.setdefault(path, FakeEvdevDevice(path, name=path))

    def AbsInfo(self, **limits: int) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(**limits)

    def UInput(self, events: Any, **options: Any) -> Any:  # noqa: N802
        if not self.has_uinput:
            raise FakeUInputError('"/dev/uinput" does not exist')
        assert options["name"] == gamepad_evdev.NAME
        return SimpleNamespace(
            write=lambda *event: self.written.append(event), syn=lambda: None, close=lambda: None
        )


@pytest.fixture
def evdev(monkeypatch: pytest.MonkeyPatch) -> FakeEvdev:
    fake = FakeEvdev(["Mouse", gamepad_evdev.NAME, "Pad"])
    monkeypatch.setattr(gamepad_evdev, "_evdev", lambda: fake)
    return fake


def test_evdev_hears_the_first_pad_that_is_not_ours(evdev: FakeEvdev) -> None:
    pad = EvdevPad(time.perf_counter_ns)
    device = evdev.devices["Pad"]
    for kind, code, value in [(3, 0, 32767), (3, 1, 32767), (3, 5, 1023), (3, 16, -1), (1, 0x130, 1), (3, 40, 9)]:
        device.event(kind, code, value)
    moved = [(one.control, round(one.position, 2)) for one in pad.heard()]
    assert moved == [
        ("left_x", 1.0), ("left_y", -1.0), ("right_trigger", 1.0), ("dpad_left", 1.0), ("dpad_right", 0.0),
        ("button_a", 1.0),
    ]  # fmt: skip
    assert pad.heard() == []
    assert evdev.devices["Mouse"].is_closed
    assert evdev.devices[gamepad_evdev.NAME].is_closed


def test_evdev_tells_when_it_happened(evdev: FakeEvdev) -> None:
    pad = EvdevPad(time.perf_counter_ns)
    evdev.devices["Pad"].event(1, 0x130, 1, age_s=0.5)
    (moved,) = pad.heard()
    assert time.perf_counter_ns() - moved.time_ns == pytest.approx(5e8, abs=1e8)


def test_an_unplugged_pad_is_said(evdev: FakeEvdev) -> None:
    pad = EvdevPad(time.perf_counter_ns)
    evdev.devices["Pad"].is_unplugged = True
    with pytest.raises(DeviceFailed, match=r'"Pad" was unplugged.*Plug it in'):
        pad.heard()
    evdev.names = ["Mouse"]
    with pytest.raises(DeviceFailed, match=r"No gamepad is plugged in.*usermod"):
        EvdevPad(time.perf_counter_ns)


def test_uinput_moves_every_control(evdev: FakeEvdev) -> None:
    pad = UinputPad()
    whole = [control for control in CONTROLS if control[-1] not in "-+" and control != "triggers"]
    for control in whole:
        pad.send(control, 1.0)
    assert len(evdev.written) == len(whole)
    assert {(3, 0, 32767), (3, 1, -32767), (3, 5, 255), (3, 16, -1), (3, 16, 1), (1, 0x130, 1)} <= set(
        evdev.written
    )
    evdev.has_uinput = False
    with pytest.raises(DeviceFailed, match="modprobe uinput"):
        UinputPad()


def test_missing_packages_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(gamepad_evdev.importlib, "import_module", missing)
    for opening in (UinputPad, VirtualPad):
        with pytest.raises(DeviceFailed, match=r"pip install playhead\[gamepad\]"):
            opening()


def test_the_kernel_is_asked_when_it_had_more_to_say_than_it_could_keep(evdev: FakeEvdev) -> None:
    pad = EvdevPad(time.perf_counter_ns)
    device = evdev.devices["Pad"]
    device.event(1, 0x130, 1)
    device.queue.append(SimpleNamespace(type=0, code=3, value=0, timestamp=lambda: 0.0))
    device.keys, device.axes = [0x131], {0: -32768, 5: 1023, 16: 1}
    positions = {moved.control: moved.position for moved in pad.heard()}
    assert (positions["button_a"], positions["button_b"]) == (0.0, 1.0)
    assert (positions["left_x"], positions["right_trigger"], positions["dpad_right"]) == (-1.0, 1.0, 1.0)


def test_everything_the_kernel_kept_is_read_at_once(evdev: FakeEvdev) -> None:
    pad = EvdevPad(time.perf_counter_ns)
    for _ in range(100):
        evdev.devices["Pad"].event(1, 0x130, 1)
        evdev.devices["Pad"].event(1, 0x130, 0)
    assert len(pad.heard()) == 200


# --- Windows


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> dict[int, State]:
    plugged: dict[int, State] = {1: State()}

    def get_state(index: int, out: Any) -> int:
        if index not in plugged:
            return 1167  # ERROR_DEVICE_NOT_CONNECTED
        ctypes.memmove(out, ctypes.byref(plugged[index]), ctypes.sizeof(State))
        return 0

    monkeypatch.setattr(gamepad_xinput, "_get_state", lambda: get_state)
    return plugged


def test_xinput_tells_what_stands_elsewhere(states: dict[int, State]) -> None:
    assert ctypes.sizeof(State) == 16
    pad = XInputPad(lambda: 5)
    assert pad.heard() == []
    states[1] = State(packet=1, buttons=0x1001, right_trigger=255, left_x=-32768, left_y=32767)
    moved = {one.control: one.position for one in pad.heard()}
    assert moved == {"button_a": 1.0, "dpad_up": 1.0, "right_trigger": 1.0, "left_x": -1.0, "left_y": 1.0}
    assert pad.heard() == []
    states.clear()
    with pytest.raises(DeviceFailed, match="unplugged"):
        pad.heard()
    with pytest.raises(DeviceFailed, match="No gamepad is plugged in"):
        XInputPad(lambda: 5)


class FakeX360:
    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *values: self.calls.append((name, *values))


def test_vgamepad_moves_every_control(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeX360()
    package = SimpleNamespace(VX360Gamepad=lambda: fake)
    monkeypatch.setattr(gamepad_xinput.importlib, "import_module", lambda name: package)
    pad = VirtualPad()
    for control, position in [("left_x", 0.5), ("left_y", -1.0), ("right_trigger", 0.2), ("button_b", 1.0),
                              ("button_b", 0.0)]:  # fmt: skip
        pad.send(control, position)
    assert [call for call in fake.calls if call != ("update",)] == [
        ("left_joystick_float", 0.5, 0.0), ("left_joystick_float", 0.5, -1.0), ("right_trigger_float", 0.2),
        ("press_button", 0x2000), ("release_button", 0x2000),
    ]  # fmt: skip
    assert fake.calls.count(("update",)) == 5


def test_vgamepad_without_its_driver_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("Error: VIGEM_ERROR_BUS_NOT_FOUND")

    monkeypatch.setattr(gamepad_xinput.importlib, "import_module", lambda name: SimpleNamespace(VX360Gamepad=fail))
    with pytest.raises(DeviceFailed, match=r"BUS_NOT_FOUND.*ViGEmBus"):
        VirtualPad()
