"""The speed is read off the screen as the world has it, and its digits are learned by a command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import playhead_crew2.game
from playhead.capture import CapturedFrame
from playhead.cli import cli
from playhead.control.loop import Tick
from playhead.control.scripted import scripted_driver
from playhead.devices import open_device
from playhead.playing.policy import open_controller
from playhead.playing.session import play
from playhead.plugins import Plugins

NAME, KMH = "shown_speed_mps", 3.6


class Kept:
    """A watcher that keeps every frame."""

    def __init__(self) -> None:
        self.frames: list[CapturedFrame] = []

    def saw(self, tick: Tick) -> None:
        self.frames.append(tick.captured)

    def ended(self, events: object) -> None:
        pass


@pytest.mark.parametrize(("width", "height"), [(480, 270), (960, 540)])
def test_every_speed_of_a_drive_is_read(width: int, height: int) -> None:
    plugins, kept = Plugins([("crew2", playhead_crew2.game)], strict=True), Kept()
    options: dict[str, Any] = {
        "seed": 5, "reset": {"split": "test"}, "arguments": {"width": width, "height": height},
    }  # fmt: skip
    with open_device(plugins, plugins.game("crew2"), "world", options=options) as device:
        play(device, scripted_driver(device, "expert"), duration_s=6, watchers=[kept])
    read = np.array([frame.telemetry[NAME] for frame in kept.frames])
    true = np.array([frame.telemetry["speed_mps"] for frame in kept.frames])
    assert len(read) == 60
    assert true.max() > 12
    assert np.round(read * KMH).tolist() == np.round(true * KMH).tolist()


def test_a_covered_speed_is_not_read_and_no_wrong_number() -> None:
    game = playhead_crew2.game.CREW2
    reader = game.readings[NAME].reader({})  # type: ignore[operator]
    for covered in (
        np.zeros((14, 33, 3), np.uint8),
        np.random.default_rng(0).integers(0, 256, (14, 33, 3), np.uint8),
    ):
        assert reader.read(covered)[1] < 0.5


def test_a_paced_controller_goes_by_what_the_screen_shows() -> None:
    controller = open_controller(playhead_crew2.game.CREW2, {"kind": "paced"})
    controller.see({NAME: 2.0})
    assert controller.act({"drive": np.zeros(4, np.float32)}, 0.1)["w"] == 1
    controller.see({NAME: float("nan")})
    assert controller.act({"drive": np.zeros(4, np.float32)}, 0.1)["w"] == pytest.approx(1 / 3)


def test_digits_are_learned_by_a_command_and_used(tmp_path: Path) -> None:
    file = tmp_path / "speed.safetensors"
    learn = ["calibrate", "crew2", "--on", "world", "--truth", "speed_mps", "--seconds", "40", "--episodes", "1"]
    desk = CliRunner(env={"PLAYHEAD_HOME": str(tmp_path)})
    found = desk.invoke(cli, [*learn, "--out", str(file)], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    assert "0.0% wrongly" in found.stdout
    assert f"readings.{NAME}.digits={file}" in found.stderr
    use = ["record", "crew2", "--on", "world", "--seconds", "1", "--set", f"readings.{NAME}.digits={file}"]
    recorded = desk.invoke(cli, use, catch_exceptions=False)
    assert recorded.exit_code == 0, recorded.output


def test_show_says_what_is_read_off_the_screen(tmp_path: Path) -> None:
    shown = CliRunner().invoke(cli, ["show", "crew2", "--home", str(tmp_path)])
    assert "reading     shown_speed_mps: a number on the screen, read off the region speed" in shown.output
