"""Each check on fakes: what is ok, what is not, and what to do then."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doubles import FakeWindow, small_game

from playhead.capabilities import Capabilities
from playhead.capture import CapturedFrame
from playhead.capture.desktop import Box
from playhead.clock import FakeClock
from playhead.devices import DeviceSession
from playhead.doctor.chain import Brain, check_chain, measure_chain
from playhead.doctor.changes import check_changes
from playhead.doctor.disk import check_disk
from playhead.doctor.finding import attempt
from playhead.doctor.geometry import check_geometry
from playhead.doctor.hotkeys import Watched, check_hotkeys
from playhead.doctor.keys import check_keys
from playhead.doctor.rate import check_rate
from playhead.doctor.watching import Sample, watch
from playhead.errors import DeviceFailed, Mismatch, NotFound, NoWindow
from playhead.game import Frame
from playhead.home import Home
from playhead.input.codes import key_of
from playhead.input.hotkeys import Hotkeys
from playhead.input.keys import HeardKey
from playhead.models.conv_lstm import build
from playhead.models.network_part import NetworkPart, model_spec
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.training.recipe import Recipe

GAME = small_game()
NS_PER_MS = 1_000_000


@dataclass
class FakeKeyboard:
    """Hears what it sends, unless it is deaf."""

    is_deaf: bool = False
    down: set[int] = field(default_factory=set)
    sent: list[tuple[int, bool]] = field(default_factory=list)
    waiting: list[HeardKey] = field(default_factory=list)
    lacks: str = ""
    is_closed: bool = False
    echo_s: float = 0.1

    def numbers(self, code: str) -> tuple[int, ...]:
        if code == self.lacks:
            raise DeviceFailed(f"This layout has no {code}. Choose another.")
        return key_of(code).scan_codes

    def send(self, number: int, is_press: bool) -> None:
        self.sent.append((number, is_press))
        if not self.is_deaf:
            self.waiting.append(HeardKey(time_ns=0, number=number, is_press=is_press, may_be_own=True))

    def heard(self) -> list[HeardKey]:
        heard, self.waiting = self.waiting, []
        return heard

    def held(self) -> set[int]:
        return self.down

    def close(self) -> None:
        self.is_closed = True


def test_a_key_is_pressed_heard_and_let_go() -> None:
    keyboard = FakeKeyboard()
    found = check_keys(("w", "a"), open_keyboard=lambda: keyboard)
    assert (found.status, found.unit) == ("ok", "ms")
    assert "shift pressed and heard" in found.says
    assert "all 2 keys" in found.says
    assert keyboard.sent == [(42, True), (42, False)] * 3
    assert keyboard.is_closed


def test_a_key_that_the_game_uses_or_a_person_holds_is_not_taken() -> None:
    assert "ctrl pressed" in check_keys(("shift",), open_keyboard=FakeKeyboard).says
    assert "ctrl pressed" in check_keys((), open_keyboard=lambda: FakeKeyboard(down={42})).says
    found = check_keys((), open_keyboard=lambda: FakeKeyboard(down={42, 29}))
    assert (found.status, found.then) == ("not ok", "Let go of them and try again.")


@pytest.mark.parametrize(("platform", "words"), [("win32", "administrator"), ("linux", "holds the keyboard")])
def test_a_deaf_keyboard_is_said_and_nothing_stays_pressed(
    platform: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playhead.doctor.keys.PATIENCE_S", 0.002)
    monkeypatch.setattr(sys, "platform", platform)
    keyboard = FakeKeyboard(is_deaf=True)
    found = check_keys((), open_keyboard=lambda: keyboard)
    assert found.is_fatal
    assert words in found.then
    assert keyboard.sent[-1] == (42, False)


def test_a_key_that_the_layout_lacks_is_said() -> None:
    found = attempt("keys", lambda: check_keys(("w",), open_keyboard=lambda: FakeKeyboard(lacks="w")))
    assert (found.status, found.says, found.then) == ("not ok", "This layout has no w", "Choose another.")


def sample(**change: Any) -> Sample:
    return Sample(**{"frames": 20, "pictures": 20, "brightest": 200, "elapsed_s": 2.0, "wall_s": 0.1} | change)


def test_a_rate_that_is_reached_and_one_that_is_not() -> None:
    assert check_rate(sample(), 10, waits=False).status == "ok"
    slow = check_rate(sample(frames=12), 10, waits=False)
    assert slow.is_fatal
    assert slow.value == pytest.approx(6)
    assert "rate_hz=6" in slow.then
    assert check_rate(sample(frames=12), 10, waits=True).value == pytest.approx(120)


def test_frames_that_stay_the_same_or_black_are_not_ok() -> None:
    assert check_changes(sample(), 10).status == "ok"
    assert "Leave the menu" in check_changes(sample(pictures=0), 10).then
    assert "exclusive full screen" in check_changes(sample(pictures=0, brightest=0), 10).then
    assert check_changes(sample(pictures=0), 10).is_fatal


def test_a_world_that_waits_may_wait_for_a_key_but_is_not_black() -> None:
    found = check_changes(sample(pictures=0), 10, waits=True)
    assert (found.status, found.is_fatal) == ("not ok", False)
    assert "wait for a key" in found.then
    assert check_changes(sample(pictures=0, brightest=0), 10, waits=True).is_fatal


def test_few_new_pictures_are_said_though_enough_are_grabbed() -> None:
    found = check_changes(sample(pictures=7), 10)
    assert (found.status, found.says, found.is_fatal) == ("not ok", "3.5 new pictures/s of 10 asked", False)
    assert "--rate 4" in found.then
    assert check_changes(sample(pictures=7), 10, waits=True).status == "ok"


@dataclass
class Played:
    """A game that moves all the time, and turns its camera when one of these keys is pressed."""

    keyboard: FakeKeyboard
    keys: tuple[str, ...]
    window: FakeWindow = field(default_factory=FakeWindow)
    ending: str = ""
    looks: int = 0

    def look(self) -> CapturedFrame:
        self.looks += 1
        pressed = {number for number, is_press in self.keyboard.sent if is_press}
        turned = sum(key_of(code).scan_codes[0] in pressed for code in self.keys)
        frame_HWC = np.full((24, 32, 3), 40 + self.looks % 7, np.uint8)
        frame_HWC[:, : 8 * turned] = 250
        return CapturedFrame(frame_HWC=frame_HWC, time_ns=self.looks, number=self.looks)


@pytest.mark.parametrize("keys", [(), ("f9",), ("f4", "f10")])
def test_hotkeys_that_the_game_uses_too_are_found(keys: tuple[str, ...]) -> None:
    keyboard = FakeKeyboard()
    capture: Any = Played(keyboard, keys)
    found = check_hotkeys(
        Watched(capture=capture, clock=FakeClock()), Hotkeys().codes, open_keyboard=lambda: keyboard
    )
    assert found.status == ("not ok" if keys else "ok")
    assert not found.is_fatal
    assert all(key in found.says for key in keys)
    assert ("hotkeys.pause=KEY for f9" in found.then) == ("f9" in keys)
    assert len(keyboard.sent) == 10
    assert keyboard.is_closed


def test_hotkeys_are_pressed_nowhere_else() -> None:
    keyboard = FakeKeyboard()
    capture: Any = Played(keyboard, (), window=FakeWindow(focused=False))
    found = check_hotkeys(Watched(capture=capture, clock=FakeClock()), Hotkeys().codes)
    assert found.status == "left out"
    assert "did not get the focus" in found.says
    assert not keyboard.sent


def test_looking_counts_frames_and_pictures_that_differ(fake_device: Callable[..., Any]) -> None:
    device = fake_device()
    device.capture.shows_again = {3, 4}
    seen = watch(device.device.session, device.capture, 1.0)
    assert (seen.frames, seen.pictures) == (8, 8)
    assert seen.elapsed_s == pytest.approx(1.0)
    with pytest.raises(DeviceFailed, match="Nothing was seen"):
        watch(device.device.session, fake_device(ends_after=1).capture, 1.0)


@dataclass
class Placed(FakeWindow):
    """A window of a size on a monitor."""

    place: Box = field(default_factory=lambda: Box(left=0, top=0, width=64, height=48))
    scale: float = 1.5

    def box(self) -> Box | None:
        return None if self.closed else self.place


def geometry(monkeypatch: pytest.MonkeyPatch, *, on_screen: float = 1.0, **window: Any) -> Any:
    monkeypatch.setattr("playhead.doctor.geometry.share_on_screen", lambda box: on_screen)
    session = DeviceSession(game=GAME, name="world", device=GAME.device("world"), clock=FakeClock())
    session.share("window", lambda: Placed(**window))
    return attempt("geometry", lambda: check_geometry(session))


@pytest.mark.parametrize(
    ("window", "words"),
    [
        ({"minimised": True}, "minimised"),
        ({"on_screen": 0.75}, "25 % of the window lie outside"),
        ({"place": Box(left=0, top=0, width=20, height=15)}, "smaller than the frame"),
        ({"place": Box(left=0, top=0, width=160, height=90)}, "squeezed"),
        ({"closed": True}, "closed"),
    ],
)
def test_windows_that_cannot_be_recorded_well(
    monkeypatch: pytest.MonkeyPatch, window: dict[str, Any], words: str
) -> None:
    found = geometry(monkeypatch, **window)
    assert found.status == "not ok"
    assert words in found.says
    assert found.then


def test_the_scale_of_the_monitor_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = geometry(monkeypatch)
    assert (found.status, found.value, found.unit) == ("ok", 150, "%")


def test_a_disk_is_timed_and_left_clean(tmp_path: Path) -> None:
    found = check_disk(tmp_path / "home", GAME.frame, 10, now_s=count(step=2).__next__)
    assert (found.status, found.value, found.unit) == ("ok", 16, "MiB/s")
    assert not list((tmp_path / "home").iterdir())
    slow = check_disk(tmp_path, Frame(width=800, height=600, rate_hz=80), 80, now_s=count(step=2).__next__)
    assert slow.is_fatal
    assert "27.5 MiB/s are needed" in slow.then
    (tmp_path / "file").touch()
    assert "--home" in attempt("disk", lambda: check_disk(tmp_path / "file", None, 0)).then


def test_what_a_window_lacks_is_said_with_what_to_do() -> None:
    def fail() -> Any:
        raise NoWindow("no display", "Log in.")

    found = attempt("display", fail, is_needed=False)
    assert (found.says, found.then, found.is_fatal) == ("no display", "Log in.", False)


def test_the_chain_is_timed_without_a_run(fake_device: Callable[..., Any], tmp_path: Path) -> None:
    device = fake_device(game=fake_game())
    home, session = Home(tmp_path, "test"), device.device.session
    brain = Brain.of(home, Plugins(), session)
    assert brain.name == "an untrained network"
    ticks = count(step=NS_PER_MS)
    chain = measure_chain(session, device.capture, brain, seconds=0.5, key_ms=0.4, now_ns=lambda: next(ticks))
    assert chain.sections_ms == {"capture": 0.0, "prepare": 1.0, "network": 1.0, "key": 0.4}
    assert chain.delay_s == pytest.approx(0.0024)
    assert check_chain(chain, 10).status == "ok"
    assert "dropped" in check_chain(chain, 600).then
    assert not device.input.sent
    in_world = measure_chain(
        session, device.capture, brain, seconds=0.5, pressed=device.input, now_ns=lambda: next(ticks)
    )
    assert in_world.sections_ms["key"] == 1.0
    assert device.input.is_free


def fake_game() -> Any:
    options = {"channels": [4, 4, 4, 4], "features": 8, "hidden": 8}
    recipes = {"default": Recipe(length=1, model_options=options)}
    return replace(GAME, recipes=recipes, devices={"fake": GAME.device("world")})


def test_a_run_that_is_named_and_missing_is_said(fake_device: Callable[..., Any], tmp_path: Path) -> None:
    session = fake_device(game=fake_game()).device.session
    with pytest.raises(NotFound, match='run is called "best"'):
        Brain.of(Home(tmp_path, "test"), Plugins(), session, "best")


def test_a_window_is_looked_at_as_often_as_the_run_wants(fake_device: Callable[..., Any], tmp_path: Path) -> None:
    game = fake_game()
    run = Run(
        path=tmp_path / "runs/toy/default/one", game=game.to_json(), recipe_name="default",
        recipe=game.recipes["default"], network=NetworkPart(schema=game.schema, frame=game.frame, rate_hz=5),
    )  # fmt: skip
    run.save(build(model_spec(run.game, run.schema, run.frame, run.recipe)))
    home, plugins = Home(tmp_path, "test"), Plugins()
    session = fake_device(game=game).device.session
    session.capabilities = Capabilities(has_window=True)
    assert Brain.of(home, plugins, session).rate_hz == 5
    session.options = {"rate_hz": 20}
    with pytest.raises(Mismatch, match="--rate 5"):
        Brain.of(home, plugins, session)
