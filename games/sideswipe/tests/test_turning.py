"""Touches that are lost or late: every picture is the one that a phone without faults would have given."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from phones import STOCK, LatePhone, PlainCars, check_truth, collector_on, phone

from playhead import cli
from playhead.errors import DeviceFailed
from playhead.phone import FrameArray
from playhead.storage.reader import open_recording
from playhead_sideswipe.garage import foreground
from playhead_sideswipe.loadout import ROTATIONS, Loadout
from playhead_sideswipe.screen.phone import Faults, GaragePhone
from playhead_sideswipe.turning import LASTING, SURE, difference
from playhead_sideswipe.world import Garage

Key = tuple[str, int]


class OneRoom:
    """The garage's cars in a room that stays: as on a real phone only the car turns, and paper falls before it."""

    def __init__(self, *, seed: int, has_paper: bool = False) -> None:
        self._garage, self._seed, self._has_paper = Garage(), seed, has_paper
        self._paper = Random(seed)

    def draw(self, loadout: Loadout, rotation: float, *, seed: int, clutter: bool = True) -> FrameArray:
        picture_HWC = self._garage.draw(loadout, rotation, seed=self._seed, clutter=clutter)
        if self._has_paper and clutter:
            foreground.throw_confetti(picture_HWC, self._paper)
        return picture_HWC

    def close(self) -> None:
        self._garage.close()


def taken(worked: Any, **options: Any) -> dict[Key, Any]:
    """Collect a sample; return its pictures by loadout and rotation."""
    collector = collector_on(worked, **options)
    pictures = [picture for item in collector.items() for picture in collector.collect(item)]
    found = {(one.columns["loadout"], one.columns["x_rotation"]): one for one in pictures}
    assert len(found) == len(pictures)
    return found


def check_same(pictures: dict[Key, Any], faultless: dict[Key, Any]) -> None:
    assert list(pictures) == list(faultless)
    for key, one in pictures.items():
        other = faultless[key]
        assert {**one.columns, "uuid": ""} == {**other.columns, "uuid": ""}
        assert one.labels == other.labels
        assert np.array_equal(one.picture, other.picture), key


@pytest.mark.parametrize("seed", range(3))
def test_a_phone_that_loses_touches_gives_the_same_pictures(seed: int) -> None:
    walk = {"sample": 12, "sample_seed": seed, "secondary": "0,1"}
    faulty = phone(seed, lost_taps=0.05, lost_drags=0.05)
    check_same(taken(faulty, **walk), taken(phone(seed), **walk))


def test_so_does_one_with_the_cars_of_the_garage_in_a_room_that_stays() -> None:
    def garage_phone(**faults: Any) -> GaragePhone:
        return GaragePhone(OneRoom(seed=11), STOCK, seed=1, faults=Faults(**faults))

    faulty, faultless = garage_phone(lost_taps=0.05, lost_drags=0.2), garage_phone()
    check_same(taken(faulty, sample=3), taken(faultless, sample=3))


def test_paper_that_falls_is_no_turn() -> None:
    worked = GaragePhone(OneRoom(seed=12, has_paper=True), STOCK, seed=2, faults=Faults(lost_drags=0.3))
    turned = _noted_turns(worked)
    assert len(taken(worked, sample=4)) == 4 * ROTATIONS
    assert len(turned) == 4 * ROTATIONS  # each drag that was lost was done again, and no other


def _noted_turns(worked: GaragePhone) -> list[float]:
    """Return a list that grows with each drag in the start menu that turned the car."""
    turned: list[float] = []
    drag = worked.screen.drag

    def noting(start: Any, end: Any) -> None:
        before = worked.screen.turn
        drag(start, end)
        if worked.screen.page == "home" and worked.screen.turn != before:
            turned.append(worked.screen.turn)

    worked.screen.drag = noting  # type: ignore[method-assign]
    return turned


@pytest.mark.parametrize("late_s", [0.15, 0.3, 0.45])
def test_drags_that_are_only_late_are_not_done_twice(late_s: float) -> None:
    late = taken(LatePhone(phone(3), late_s), sample=3)
    check_truth(list(late.values()))
    check_same(late, taken(phone(3), sample=3))


def test_a_car_that_does_not_turn_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    worked = phone()
    collector = collector_on(worked, sample=1)
    (item,) = collector.items()
    pictures = collector.collect(item)
    assert next(pictures).columns["x_rotation"] == 0
    worked._faults = Faults(lost_drags=1.0)
    with pytest.raises(DeviceFailed, match=r"Turning the car had no effect after 4 tries\. Look at the phone"):
        next(pictures)


def test_a_phone_that_feels_no_drag_finds_no_colour() -> None:
    with pytest.raises(DeviceFailed, match="Finding the primary colour of team 0 on its slider had no effect"):
        taken(phone(lost_drags=1.0), sample=1)


def test_what_a_turn_is_and_what_not() -> None:
    loadout = Loadout(body="octane", hat=3, wheel=2, sticker=1)
    dice, missed = Random(0), 0
    with Garage() as garage:
        for seed in range(20):
            before, after = (garage.draw(loadout, turn, seed=seed) for turn in (3, 4))
            papers = [before.copy() for _ in range(4)]
            for paper in papers:
                foreground.throw_confetti(paper, dice)
            assert difference(before, before) == 0
            assert difference(before, np.clip(before * 1.04 + 3, 0, 255).astype(np.uint8)) < LASTING
            missed += difference(*papers) >= LASTING
            assert difference(before, after) >= SURE
    assert missed <= 1  # of 2,500 cars 99 of 100 are below 21.1, and a few above LASTING


def shown(home: Path) -> dict[Key, tuple[dict[str, Any], FrameArray]]:
    (folder,) = (home / "recordings" / "sideswipe").iterdir()
    recording = open_recording(folder)
    names = [name for name in recording.columns if name != "uuid"]
    rows = zip(*(recording.columns[name].tolist() for name in names), strict=True)
    named = [dict(zip(names, row, strict=True)) for row in rows]
    frames = recording.read_frames(range(len(recording)))
    return {(row["loadout"], row["x_rotation"]): (row, frame) for row, frame in zip(named, frames, strict=True)}


def test_so_it_is_in_the_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playhead_sideswipe.world.Garage", lambda split: PlainCars())
    command = ["record", "sideswipe", "--on", "world", "--set", "sample=12"]
    assert cli.run([*command, "--home", str(tmp_path / "faultless")]) == 0
    faults = ["--set", "lost_taps=0.05", "--set", "lost_drags=0.05"]
    assert cli.run([*command, "--home", str(tmp_path / "faulty"), *faults]) == 0
    faultless, faulty = shown(tmp_path / "faultless"), shown(tmp_path / "faulty")
    assert len(faulty) == 120
    assert list(faulty) == list(faultless)
    for key, (columns, frame_HWC) in faulty.items():
        assert columns == faultless[key][0]
        assert np.array_equal(frame_HWC, faultless[key][1])
