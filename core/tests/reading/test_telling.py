"""What is read joins the telemetry of every device that is opened, and nobody else's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from drawn import Drawn

from playhead.capture import CapturedFrame, FrameArray
from playhead.capture.regions import RegionCutter
from playhead.control.drivers import Driver
from playhead.devices import OpenDevice, open_device
from playhead.errors import BadValue, Mismatch, NotFound, PlayheadError, PluginError
from playhead.game import Device, Frame, Game
from playhead.inputs import Input
from playhead.labels import Keys
from playhead.playing.history import History
from playhead.plugins import Plugins
from playhead.readings import Reading
from playhead.recording.session import RecordingRequest, record
from playhead.regions import Region
from playhead.storage.reader import open_recording


class Shining(Drawn):
    """Shows how often it was stepped as the light of a corner, twice as large as the frame."""

    action_space = gymnasium.spaces.MultiBinary(1)

    def info(self) -> dict[str, Any]:
        return {"count": self.steps}

    def step(self, action: Any) -> tuple[int, float, bool, bool, dict[str, Any]]:
        self.steps += 1
        return self.steps, 0.0, False, False, self.info()

    def render(self) -> Any:
        shown = np.zeros((40, 60, 3), dtype=np.uint8)
        shown[20:, 40:] = self.steps
        return shown


gymnasium.register("playhead-test/Shining-v0", Shining)


class Light:
    """Reads how light a region is; dark is nothing. `seen` are the sizes it was shown."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.times = float(options.get("times", 1))
        self.seen: list[tuple[int, ...]] = []

    def read(self, picture_HWC: FrameArray) -> tuple[float, float]:
        self.seen.append(picture_HWC.shape)
        value = float(picture_HWC.mean())
        return (value * self.times, 0.9) if value else (math.nan, 0.0)


def game_of(reader: Any = Light, name: str = "light") -> Game:
    return Game(
        name="shining",
        title="Shining",
        devices={
            "world": Device(
                capture="environment", input="environment",
                options={"environment": "playhead-test/Shining-v0", "codes": ["x"]},
            )
        },
        frame=Frame(width=30, height=20, rate_hz=10),
        regions={"corner": Region(x=20, y=10, width=10, height=10)},
        readings={name: Reading(region="corner", reader=reader, scale=2.0)},
        labels={"press": Keys("x")},
        controls={"x": "x"},
    )  # fmt: skip


def opened(game: Game, **options: Any) -> OpenDevice:
    return open_device(Plugins(), game, "world", options=options)


class Nobody(Driver):
    def decide(self, captured: CapturedFrame) -> dict[str, float]:
        return {}


def test_a_reading_is_telemetry_beside_what_the_device_tells() -> None:
    with opened(game_of()) as device:
        first = device.capture.look()
        device.clock.sleep_until(300_000_000)
        later = device.capture.look()
        names = device.capture.telemetry_names
    assert first is not None
    assert later is not None
    assert math.isnan(first.telemetry["light"])
    assert first.telemetry["light_confidence"] == 0
    assert later.telemetry == {"count": 3, "light": 6, "light_confidence": 0.9}
    assert list(names or ()) == ["count", "light", "light_confidence"]


def test_a_region_is_read_as_large_as_the_source_shows_it_and_a_frame_once() -> None:
    light = Light({})
    with opened(game_of(lambda options: light)) as device:
        looked = [device.capture.look() for _ in range(2)]
    assert light.seen == [(20, 20, 3), (20, 20, 3)]
    assert looked[0] is not looked[1]


def test_a_source_that_gives_no_regions_has_them_read_off_the_frame() -> None:
    frame_HWC = np.zeros((20, 30, 3), dtype=np.uint8)
    frame_HWC[10:, 20:] = 7
    shown = RegionCutter.of(game_of()).shown(CapturedFrame(frame_HWC=frame_HWC, time_ns=0, number=0))
    assert shown["corner"].shape == (10, 10, 3)
    assert (shown["corner"] == 7).all()


def test_grabbed_pixels_become_rgb() -> None:
    bgra_HWC = np.zeros((40, 60, 4), dtype=np.uint8)
    bgra_HWC[20:, 40:] = (1, 2, 3, 4)
    cut = RegionCutter.of(game_of()).cut(bgra_HWC, is_bgr=True)["corner"]
    assert cut[0, 0].tolist() == [3, 2, 1]
    assert cut.shape == (20, 20, 3)


def test_it_is_recorded_and_a_network_looks_at_it_as_at_any_telemetry(tmp_path: Path) -> None:
    game = game_of()
    with opened(game) as device:
        request = RecordingRequest(driver=Nobody(), driver_name="nobody", duration_s=0.5)
        record(device, lambda: tmp_path / "one", request)
    told = open_recording(tmp_path / "one").telemetry
    assert np.array(told["light"]).tolist()[1:] == [2, 4, 6, 8]
    assert np.isnan(told["light"][0])
    history = History({"light": Input("light", (-0.1, 0.0))}, rate_hz=10)
    with opened(game) as device:
        for number in range(1, 4):
            device.clock.sleep_until(number * 100_000_000)
            history.add(device.capture.look())  # type: ignore[arg-type]
    assert history.window()["light"].tolist() == [4, 6]


def test_options_of_the_device_change_a_reader_or_leave_a_reading_out() -> None:
    game = game_of()
    with opened(game, readings={"light": {"times": 5}}) as device:
        device.clock.sleep_until(100_000_000)
        frame = device.capture.look()
    assert frame is not None
    assert frame.telemetry["light"] == 10
    with opened(game, readings={"light": False}) as device:
        assert device.capture.telemetry_names == ("count",)


class Failing:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def read(self, picture_HWC: FrameArray) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("game", "options", "error", "says"),
    [
        (game_of(), {"readings": {"lihgt": {}}}, NotFound, 'Did you mean "light"'),
        (game_of(), {"readings": {"light": 3}}, BadValue, "readings.light=false"),
        (game_of(), {"readings": 3}, BadValue, "readings.NAME.OPTION"),
        (game_of(name="count"), {}, Mismatch, "tells count itself"),
        (
            game_of(lambda options: Failing(ValueError("no"))),
            {},
            PluginError,
            "The reader of light could not read",
        ),
        (game_of(lambda options: Failing("x")), {}, PluginError, "a number and how sure"),
        (game_of(lambda options: 1 / 0), {}, PluginError, "could not be opened"),
    ],
)
def test_what_cannot_be_is_said(
    game: Game, options: dict[str, Any], error: type[PlayheadError], says: str
) -> None:
    with pytest.raises(error, match=says), opened(game, **options) as device:
        device.capture.look()


def test_a_reading_of_no_region_and_two_of_one_name_are_refused() -> None:
    game = game_of()
    with pytest.raises(NotFound, match='Did you mean "corner"'):
        replace(game, readings={"light": Reading(region="conrer")})
    two = {"light": Reading(region="corner"), "light_confidence": Reading(region="corner")}
    with pytest.raises(BadValue, match="light_confidence"):
        replace(game, readings=two)
