"""A person beside the network: any touch takes over at once, only a hotkey gives back, nothing stays pressed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doubles import HOTKEYS, FakeWindow, pressed

from playhead.capture import CapturedFrame
from playhead.control.drivers import Action
from playhead.control.hotkeys import HotkeyFilter
from playhead.control.loop import Loop, Pace
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.events import HOTKEY, Origin
from playhead.input.watchdog import IN_VAIN, LOOK_S
from playhead.playing.takeover import TakeoverAuthority
from playhead.recording.segments import record_segments
from playhead.recording.session import RecordingRequest
from playhead.storage.reader import open_recording

MS = 1_000_000
Maker = Callable[..., Any]


class Network:
    """Holds w all the time, and a half of it."""

    origin = Origin.MODEL

    def decide(self, captured: CapturedFrame) -> Action:
        return {"key w": 1.0, "key a": 0.5}


class Session:
    """A fake device with a hotkey filter, a window, and everything that was said."""

    def __init__(self, fake: Any) -> None:
        self.fake = fake
        self.window = FakeWindow()
        self.said: list[str] = []
        filtered = HotkeyFilter(fake.input, HOTKEYS)
        self.device = replace(fake.device, input=filtered)
        self.authority = TakeoverAuthority(fake.game, HOTKEYS, window=self.window, say=self.said.append)
        self.free_ms: dict[int, bool] = {}
        self.at: dict[int, Callable[[], None]] = {}
        fake.capture.before_look = self._before_look

    def _before_look(self, number: int) -> None:
        now_ms = self.fake.clock.now_ns() // MS
        self.free_ms[now_ms] = self.fake.input.is_free
        self.at.pop(now_ms, lambda: None)()

    def play(self, seconds: float) -> Any:
        pace = Pace(rate_hz=10, duration_s=seconds)
        loop = Loop(
            device=self.device,
            driver=Network(),
            pace=pace,
            guard=self.authority,
            stop=lambda: self.authority.is_over,
        )
        return loop.run()

    def released_ms(self, code: str) -> list[int]:
        """When everything was let go of while this code was held."""
        return [ns // MS for ns, held in self.fake.input.releases if code in held]

    def presses_ms(self) -> list[int]:
        return sorted({ns // MS for ns, _, value in self.fake.input.sent if value})


@pytest.fixture
def session(fake_device: Maker) -> Session:
    return Session(fake_device())


@pytest.mark.parametrize("code", ["key w", "key s", "key h"])
def test_any_key_of_the_game_takes_over_until_the_hotkey(session: Session, code: str) -> None:
    session.fake.input.heard = pressed((250, code, 1.0), (350, code, 0.0), (650, "f8", 1.0), (660, "f8", 0.0))
    session.play(1.0)
    assert session.presses_ms() == [0, 100, 200, 700, 800, 900]
    released_ms = session.released_ms("key w")
    assert released_ms[0] == 250, "at once, and not with the next frame"
    assert all(session.free_ms[ms] for ms in (300, 400, 500, 600, 700))
    assert [text.split(".")[0] for text in session.said] == [
        "The network drives", "You drive", "The network drives",
    ]  # fmt: skip
    assert "F8 gives control back" in session.said[1]


def test_a_stick_that_trembles_takes_nothing_over(session: Session) -> None:
    session.fake.input.heard = pressed((150, "axis x", 0.05), (250, "axis x", -0.9))
    session.play(0.5)
    assert session.presses_ms() == [0, 100, 200]


def test_letting_go_and_other_keys_take_nothing_over(session: Session) -> None:
    session.fake.input.heard = pressed((150, "key d", 0.0), (160, "q", 1.0), (170, "f7", 1.0))
    report = session.play(0.5)
    assert report.blocked == 0


def test_a_pause_lasts_until_the_hotkey_that_resumes(session: Session) -> None:
    session.fake.input.heard = pressed((150, "f9", 1.0), (350, "f9", 1.0), (450, "key w", 1.0), (550, "f8", 1.0))
    session.play(0.8)
    assert session.presses_ms() == [0, 100, 600, 700]
    assert session.authority.who == "model"


def test_a_slow_network_comes_round_often_enough_for_the_watchdog(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a second for an answer, at five frames a second and at one every other second."""
    listened_ms: list[int] = []
    listen = session.fake.input.listen

    def noted() -> Any:
        listened_ms.append(session.fake.clock.now_ns() // MS)
        return listen()

    monkeypatch.setattr(session.fake.input, "listen", noted)
    monkeypatch.setattr(Network, "decide", lambda *_: session.fake.clock.advance(0.5) or {"key w": 1.0})
    for rate_hz in (5, 0.5):
        pace = Pace(rate_hz=rate_hz, duration_s=6)
        Loop(device=session.device, driver=Network(), pace=pace, guard=session.authority).run()
    gaps_ms = np.diff(listened_ms)
    assert 500 <= gaps_ms.max() < 600 < 1000 * LOOK_S * IN_VAIN


def test_the_stop_hotkey_ends_it_with_everything_released(session: Session) -> None:
    session.fake.input.heard = pressed((250, "f10", 1.0))
    report = session.play(60)
    assert (report.ending, report.captured) == ("stopped", 3)
    assert session.presses_ms() == [0, 100, 200]
    assert session.fake.input.is_free


def test_without_the_focus_nothing_goes_out(session: Session) -> None:
    session.at = {
        200: lambda: setattr(session.window, "focused", False),
        400: lambda: setattr(session.window, "focused", True),
        500: lambda: setattr(session.window, "minimised", True),
        600: lambda: setattr(session.window, "closed", True),
    }
    session.play(0.8)
    assert session.presses_ms() == [0, 100, 400]
    assert [text.partition(",")[0] for text in session.said] == [
        "The network drives. Any key of the game takes over", '"Toy" is not in focus',
        "The network drives. Any key of the game takes over", '"Toy" is minimised', '"Toy" is gone',
    ]  # fmt: skip


def test_a_focus_that_comes_back_gives_nobody_control(session: Session) -> None:
    session.fake.input.heard = pressed((150, "key w", 1.0))
    session.at = {
        300: lambda: setattr(session.window, "focused", False),
        400: lambda: setattr(session.window, "focused", True),
    }
    session.play(0.8)
    assert session.presses_ms() == [0, 100]
    assert session.authority.who == "human"


def test_a_key_held_while_giving_control_back_takes_nothing_over(session: Session, tmp_path: Path) -> None:
    session.fake.input.heard = pressed(
        (150, "key w", 1.0), (350, "f9", 1.0), (550, "f8", 1.0), (850, "key w", 0.0), (1090, "f10", 1.0)
    )  # fmt: skip
    folders = iter([tmp_path / "one", tmp_path / "two"])
    request = RecordingRequest(driver=Network(), driver_name="run r")
    first, second = record_segments(session.device, lambda: next(folders), request, session.authority)
    assert first.report.ending == second.report.ending == "stopped"
    later = open_recording(second.recording.path)
    assert set(later.label_origin.tolist()) == {int(Origin.MODEL)}
    assert later.labels["drive"].tolist() == [[1, 1, 0, 0]] * len(later)


def take_over(session: Session, folder: Path) -> Any:
    """Record two seconds in which a person drives from .8 s to 1.5 s, steering where the network does not.

    At the take-over the person presses w, which the network holds too, and holds it all the time.
    """
    session.fake.input.heard = pressed(
        (800, "key w", 1.0), (820, "key d", 1.0), (1130, "key d", 0.0), (1500, "f8", 1.0), (1720, "key w", 0.0)
    )
    request = RecordingRequest(driver=Network(), driver_name="run r", duration_s=2.0)
    (made,) = record_segments(session.device, lambda: folder, request, session.authority)
    return open_recording(made.recording.path)


def test_a_picture_from_before_the_take_over_is_nobodys_though_it_is_looked_at_after(session: Session) -> None:
    authority = session.authority
    assert authority.may_send(100 * MS, [])
    assert authority.label_origin(Origin.MODEL, 99 * MS) is Origin.MODEL
    assert not authority.may_send(200 * MS, pressed((190, "key d", 1.0)))
    assert not authority.may_send(210 * MS, [])
    assert authority.label_origin(Origin.MODEL, 195 * MS) is Origin.NONE
    assert authority.label_origin(Origin.MODEL, 205 * MS) is Origin.HUMAN


def test_a_recorded_take_over_has_the_persons_keys_as_labels(session: Session, tmp_path: Path) -> None:
    recording = take_over(session, tmp_path / "one")
    human, model, nobody = int(Origin.HUMAN), int(Origin.MODEL), int(Origin.NONE)
    origins = recording.label_origin.tolist()
    # Frames 8 and 15 are those at which control changed hands: both hold keys then, so nobody labels them.
    assert origins == [model] * 8 + [nobody] + [human] * 6 + [nobody] + [model] * 4
    w, a, s, d = recording.labels["drive"][9:15].T.tolist()
    assert (w, a, s, d) == ([1] * 6, [0] * 6, [0] * 6, [1, 1, 1, 0, 0, 0])
    assert recording.labels["drive"][16:].tolist() == [[1, 1, 0, 0]] * 4, "the person let go of w, the network not"
    told = [(int(row["time_ns"]) // MS, row["code"]) for row in recording.events if row["device"] == HOTKEY]
    assert told == [(1500, "resume")]


def test_training_learns_only_from_the_person(session: Session, tmp_path: Path) -> None:
    recording = take_over(session, tmp_path / "one")
    game = session.fake.game
    index = WindowIndex.of([recording], game.schema, WindowSpec(length=2, stride_s=0.1))
    times_ms = recording.frame_time_ns[index.frames_NT[:, -1]] // MS
    assert times_ms.tolist() == [900, 1000, 1100, 1200, 1300, 1400]
    assert np.array_equal(index.labels["drive"], [[1, 0, 0, 1]] * 3 + [[1, 0, 0, 0]] * 3)

    late = WindowIndex.of([recording], game.schema, WindowSpec(latency_s=0.04, label_over_s=0.05))
    times_ms = recording.frame_time_ns[late.frames_NT[:, -1]] // MS
    assert times_ms.tolist() == [900, 1000, 1100, 1200, 1300, 1400]
    # From 1,140 ms on d is up; until 1,130 of 1,040 to 1,090 it is down.
    assert late.labels["drive"][:, 3].tolist() == pytest.approx([1, 1, 0, 0, 0, 0])
    assert late.labels["drive"][:, 0].tolist() == pytest.approx([1] * 6)
