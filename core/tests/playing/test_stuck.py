"""Stillness is noticed, movement is not, and the way out uses the game's own keys."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playhead.capture import CapturedFrame
from playhead.control.drivers import Action
from playhead.control.loop import Loop, Pace
from playhead.errors import BadValue, NotFound
from playhead.events import Event, Origin
from playhead.game import Device, Frame, Game
from playhead.labels import Keys
from playhead.playing.stuck import StuckDetector, StuckSettings, Unsticking, manoeuvres
from playhead.recording.session import RecordingRequest, record

MS = 1_000_000
RANDOM = np.random.default_rng(0)
SCENERY = RANDOM.integers(0, 256, (90, 400, 3), dtype=np.uint8).repeat(2, 0).repeat(2, 1)


def frame(number: int, *, shift: int = 0, noise: int = 0, speed: float = 0.0) -> CapturedFrame:
    picture = SCENERY[:, shift : shift + 240]
    if noise:
        picture = np.clip(picture + RANDOM.integers(-noise, noise + 1, picture.shape), 0, 255).astype(np.uint8)
    return CapturedFrame(frame_HWC=picture, time_ns=number * 100 * MS, number=number, telemetry={"way": speed})


def seconds_until_stuck(detector: StuckDetector, **changes: Any) -> float | None:
    for number in range(100):
        moved = {name: change(number) for name, change in changes.items()}
        if detector.is_stuck(frame(number, **moved)):
            return number / 10
    return None


def test_a_still_picture_is_stuck_after_a_while() -> None:
    seconds = seconds_until_stuck(StuckDetector())
    assert seconds is not None
    assert 2.0 <= seconds <= 3.0


def test_noise_is_no_movement() -> None:
    assert seconds_until_stuck(StuckDetector(), noise=lambda number: 8) is not None


def test_a_moving_picture_is_not_stuck() -> None:
    assert seconds_until_stuck(StuckDetector(), shift=lambda number: number * 4) is None


def test_progress_counts_instead_of_the_picture_when_it_is_told() -> None:
    settings = StuckSettings(progress="way")
    assert seconds_until_stuck(StuckDetector(settings), speed=lambda number: 0.5 * number) is None
    moving = {"shift": lambda number: number * 4, "speed": lambda number: 3.0}
    assert seconds_until_stuck(StuckDetector(settings), **moving) is not None


class Forward:
    origin = Origin.MODEL
    frames = 0

    def decide(self, captured: CapturedFrame) -> Action:
        self.frames += 1
        return {"key w": 1.0}


def test_the_way_out_is_back_then_forward_then_the_driver_again(game: Game) -> None:
    forward = Forward()
    driver = Unsticking(forward, game, seed=4)
    actions, origins = [], []
    for number in range(70):
        actions.append(driver.decide(frame(number)))
        origins.append(driver.origin)
    first = origins.index(Origin.SCRIPT)
    out = [action for action, origin in zip(actions, origins, strict=True) if origin is Origin.SCRIPT]
    assert 20 <= first <= 30
    assert "key s" in out[0]
    assert "key w" in out[-1]
    assert len({"key a", "key d"} & set(out[-1])) == 1
    assert 20 <= len(out) <= 40
    assert actions[-1] == {"key w": 1.0}
    assert driver.recoveries == 1
    assert forward.frames == 70, "the network's history must not have holes"


class Pause:
    """A guard that says no for a while. Units: seconds."""

    def __init__(self, from_s: float, until_s: float) -> None:
        self.from_ns, self.until_ns = round(from_s * 1e9), round(until_s * 1e9)

    def may_send(self, time_ns: int, heard: Sequence[Event]) -> bool:
        return not self.from_ns <= time_ns < self.until_ns


def backing_s(fake: Any) -> list[float]:
    """When the way back was pressed, in a picture that hardly changes."""
    return [time_ns / 1e9 for time_ns, code, value in fake.input.sent if (code, value) == ("key s", 1.0)]


@pytest.mark.parametrize("pause", [Pause(0.0, 4.0), Pause(1.5, 4.0)])
def test_standing_still_counts_only_while_the_driver_drives(
    fake_device: Callable[..., Any], game: Game, pause: Pause
) -> None:
    fake = fake_device()
    driver = Unsticking(Forward(), game)
    Loop(device=fake.device, driver=driver, pace=Pace(rate_hz=10, duration_s=7.5), guard=pause).run()
    assert len(backing_s(fake)) == 1
    assert 6.0 <= backing_s(fake)[0] <= 7.0, "as long after the pause as after any beginning"


def test_a_way_out_that_was_interrupted_is_not_gone_on_with(fake_device: Callable[..., Any], game: Game) -> None:
    fake = fake_device()
    driver = Unsticking(Forward(), game, seed=4)
    Loop(device=fake.device, driver=driver, pace=Pace(rate_hz=10, duration_s=4.5), guard=Pause(3.0, 3.2)).run()
    assert len(backing_s(fake)) == 1
    assert 2.0 <= backing_s(fake)[0] < 3.0
    pressed = {code for time_ns, code, value in fake.input.sent if value and time_ns >= 3.2e9}
    assert pressed == {"key w"}


def test_nothing_is_remembered_from_one_recording_to_the_next(
    fake_device: Callable[..., Any], game: Game, tmp_path: Path
) -> None:
    fake = fake_device()
    driver = Unsticking(Forward(), game)
    for number in range(3):
        request = RecordingRequest(driver=driver, driver_name="run r", duration_s=1.8)
        record(fake.device, lambda number=number: tmp_path / str(number), request)
        fake.clock.advance(0.3)
    assert driver.recoveries == 0


def test_there_are_four_ways_out(game: Game) -> None:
    ways = manoeuvres(game)
    assert len(ways) == 4
    assert all("key s" in back and "key w" in forth for back, forth in ways)


def test_a_game_without_opposites_cannot_be_driven_out() -> None:
    game = Game(
        name="pong",
        title="Pong",
        devices={"fake": Device(capture="fake", input="fake")},
        frame=Frame(width=8, height=6, rate_hz=10),
        labels={"paddle": Keys("up", "down", opposites=(("up", "down"),))},
        controls={"up": "w", "down": "s"},
    )
    with pytest.raises(BadValue, match="opposites"):
        manoeuvres(game)


def test_a_speed_that_is_told_says_sooner_than_the_picture_that_it_stands() -> None:
    settings = StuckSettings(speed="way", slow_mps=1.0, over_s=1.5)
    moving = {"shift": lambda number: number * 4}
    seconds = seconds_until_stuck(StuckDetector(settings), **moving, speed=lambda number: 0.3)
    assert seconds is not None
    assert seconds <= 2.0
    assert seconds_until_stuck(StuckDetector(settings), speed=lambda number: 5.0) is None


def test_while_the_speed_is_unknown_the_picture_says_it() -> None:
    settings = StuckSettings(speed="way")
    unknown = {"speed": lambda number: float("nan")}
    assert seconds_until_stuck(StuckDetector(settings), **unknown) is not None
    assert seconds_until_stuck(StuckDetector(settings), **unknown, shift=lambda number: number * 4) is None


def on_a_way(detector: StuckDetector, way: Callable[[float], tuple[float, float]]) -> list[bool]:
    """Whether each of 10 s is called stuck on a way, seconds -> metres."""
    told = []
    for number in range(100):
        x_m, y_m = way(number / 10)
        seen = replace(frame(number, shift=number % 40 * 4), telemetry={"x_m": x_m, "y_m": y_m})
        told.append(detector.is_stuck(seen))
    return told


def test_circles_are_a_way_by_their_path_and_standing_still_from_end_to_end() -> None:
    def circles(time_s: float) -> tuple[float, float]:  # 2.5 s around, 3 m wide: 8 m/s
        return 3 * math.cos(time_s * math.tau / 2.5), 3 * math.sin(time_s * math.tau / 2.5)

    by_path = StuckDetector(StuckSettings(position="x_m,y_m"))
    assert not any(on_a_way(by_path, circles))
    assert by_path.calls["path"] == 0
    assert by_path.calls["ends"] >= 1, "counted side by side"
    by_ends = StuckDetector(StuckSettings(position="x_m,y_m", way="ends"))
    assert any(on_a_way(by_ends, circles))
    standing = StuckDetector(StuckSettings(position="x_m,y_m"))
    assert any(on_a_way(standing, lambda time_s: (1.0, 2.0)))
    assert standing.calls == {"path": 1, "ends": 1}
    assert not any(on_a_way(StuckDetector(StuckSettings(position="x_m,y_m")), lambda time_s: (8 * time_s, 0.0)))


def test_a_device_that_does_not_tell_the_speed_is_said() -> None:
    with pytest.raises(NotFound, match=r"stuck\.speed=NAME"):
        seconds_until_stuck(StuckDetector(StuckSettings(speed="speed_mps")))


def test_a_game_states_when_it_stands_and_how_long_a_way_out_is(game: Game) -> None:
    stated = replace(game, stuck={"over_s": 1.0, "shortest_s": 3.0, "longest_s": 3.0})
    driver = Unsticking(Forward(), stated, seed=4)
    origins = []
    for number in range(80):
        driver.decide(frame(number))
        origins.append(driver.origin)
    assert 8 <= origins.index(Origin.SCRIPT) <= 14
    assert origins.count(Origin.SCRIPT) == 60


@pytest.mark.parametrize(
    ("stuck", "says"),
    [
        ({"over": 2}, 'Did you mean "over_s"'),
        ({"over_s": "long"}, "is no number"),
        ({"speed": 3}, "name of telemetry"),
        ({"over_s": -1}, "outside 0"),
        ({"way": "back"}, "none of path, ends"),
        ({"shortest_s": 3}, "less than shortest_s"),
    ],
)
def test_wrong_settings_are_said(stuck: dict[str, Any], says: str) -> None:
    with pytest.raises((BadValue, NotFound), match=says):
        StuckSettings.parse(stuck)
