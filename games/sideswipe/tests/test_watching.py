"""`playhead play sideswipe` with the run that ships: from a video, a phone behind adb, and the drawn one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playhead import cli
from playhead.clock import SystemClock
from playhead.testing.adb import AdbServer
from playhead_sideswipe.labels import BODIES
from playhead_sideswipe.layout import CROP, STREAM_SIDE
from playhead_sideswipe.loadout import Loadout
from playhead_sideswipe.screen.phone import GaragePhone, garage_stock
from playhead_sideswipe.world import Garage

EACH = 4  # pictures of a body


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path))
    monkeypatch.delenv("DISPLAY", raising=False)
    return tmp_path


@pytest.fixture(scope="module")
def garage() -> Iterator[Garage]:
    with Garage() as garage:
        yield garage


def watched(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert cli.run(["play", "sideswipe", "--terminal", "--json", *options]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def film(file: Path, garage: Garage) -> None:
    """Film the four bodies one after another, as a phone's stream shows them."""
    av = pytest.importorskip("av")
    left, top, width, height = CROP
    with av.open(str(file), "w") as video:
        stream = video.add_stream("libx264", rate=Fraction(10), options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = STREAM_SIDE, STREAM_SIDE // 2, "yuv420p"
        for number in range(len(BODIES) * EACH):
            screen_HWC = np.full((STREAM_SIDE // 2, STREAM_SIDE, 3), 40, np.uint8)
            car = Loadout(body=BODIES[number // EACH], hat=3, wheel=2)
            screen_HWC[top : top + height, left : left + width] = garage.draw(car, 2 + number % EACH, seed=number)
            video.mux(stream.encode(av.VideoFrame.from_ndarray(screen_HWC, "rgb24")))
        video.mux(stream.encode(None))


def test_a_video_is_answered_picture_by_picture_and_then_ends(
    tmp_path: Path, garage: Garage, capsys: pytest.CaptureFixture[str]
) -> None:
    film(tmp_path / "garage.mp4", garage)
    crop = json.dumps(list(CROP))
    told = watched(capsys, "--on", "video", "--set", f"path={tmp_path / 'garage.mp4'}", "--set", f"crop={crop}")
    assert told["frames"] == len(BODIES) * EACH
    assert told["share"]["car"] == dict.fromkeys(BODIES, 1 / len(BODIES))


def test_a_phone_behind_adb_is_watched_and_never_touched(
    garage: Garage, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("adbutils")
    phone = GaragePhone(garage, garage_stock(), seed=2, clock=SystemClock())
    shown = phone.screen.on_stage()[0].body
    with AdbServer(phone, front="com.Psyonix.RL2D") as server:
        told = watched(
            capsys, "--on", "android", "--set", f"port={server.port}", "--set", "stream=false", "--seconds", "1"
        )
        assert not [command for command in server.commands if command.startswith("input")]
    assert told["frames"] > 0
    assert shown in told["share"]["car"]
    assert told["loop"]["acted"] == 0


def test_the_drawn_phone_shows_car_after_car(capsys: pytest.CaptureFixture[str]) -> None:
    told = watched(capsys, "--on", "world", "--seconds", "8")
    assert told["frames"] == 80
    assert sum(share > 0 for share in told["share"]["car"].values()) > 1
