"""The live system's collectors in the world: what a drive of theirs tells, and how drives differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from playhead.home import Home
from playhead.live.collector import Collector, Kind
from playhead.live.drives import MemoryDrive
from playhead.live.settings import Live, LiveSettings
from playhead.plugins import Plugins
from playhead_gta5.game import GTA5
from playhead_gta5.recipes import SMALL

SETTINGS = LiveSettings(
    game="gta5", name="one", device="world", width=48, height=36, rate_hz=30.0, recipe_name="small",
    recipe=SMALL.to_json(), drive_s=1.0,
)  # fmt: skip


def test_drives_differ_in_place_weather_and_traffic_and_tell_speed_and_purpose(tmp_path: Path) -> None:
    live = Live.of(SETTINGS, Plugins.installed().with_game(GTA5))
    collector = Collector(live, 0, home=Home(tmp_path, "test"))
    drives = [collector.drive(number, Kind("regular", has_noise=False))[0] for number in range(3)]
    assert len({traffic_of(one) for one in drives}) > 1
    assert len({(one.telemetry["x_m"][0], one.telemetry["y_m"][0]) for one in drives}) == len(drives)
    for one in drives:
        assert np.diff(one.frame_time_ns).mean() == pytest.approx(1e9 / 30, rel=1e-3)
        assert one.telemetry["speed_mps"][-1] > 1.0
        assert one.telemetry["purpose_m"][-1] < one.telemetry["purpose_m"][0] + 20
    again = Collector(live, 0, home=Home(tmp_path, "test")).drive(1, Kind("regular", has_noise=False))[0]
    assert again.pictures == drives[1].pictures, "the same drive of the same collector is the same again"


def traffic_of(one: MemoryDrive) -> int:
    return int(one.header.options["reset"]["traffic"])
