"""`playhead record sideswipe --on world`: the drawn phone and the garage itself, by command."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playhead import cli
from playhead.events import Origin
from playhead.storage.reader import Recording, open_recording
from playhead_sideswipe.labels import BODIES
from playhead_sideswipe.loadout import ROTATIONS
from playhead_sideswipe.walk import Walk

FEW = ["record", "sideswipe", "--on", "world", "--set", "sample=3"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path))
    return tmp_path


def recorded(home: Path) -> list[Recording]:
    return [open_recording(folder) for folder in sorted((home / "recordings" / "sideswipe").iterdir())]


def column(home: Path, name: str) -> list[Any]:
    return [value for recording in recorded(home) for value in recording.columns[name].tolist()]


def test_a_phone_that_disconnects_in_the_middle_of_a_drag_is_gone_on_with(home: Path, capsys: Any) -> None:
    assert cli.run([*FEW, "--set", "disconnect_after=115"]) == 1
    told = capsys.readouterr().err
    assert "it was disconnected while it was being touched. Connect it again. " in told
    taken = len(column(home, "uuid"))
    assert 0 < taken < 3 * ROTATIONS
    assert f"{taken} pictures are kept in {recorded(home)[0].name}. The same command goes on" in told

    assert cli.run([*FEW, "--seed", "3"]) == 0  # the phone is in another state meanwhile
    shown = list(zip(column(home, "loadout"), column(home, "x_rotation"), strict=True))
    wanted = [(loadout.key, turn) for loadout in Walk(sample=3).loadouts() for turn in range(ROTATIONS)]
    assert sorted(shown) == sorted(wanted)
    assert len(set(column(home, "uuid"))) == 3 * ROTATIONS
    assert all(recording.is_complete for recording in recorded(home))


def test_what_is_recorded_is_labelled_and_differs(home: Path) -> None:
    assert cli.run(FEW) == 0
    (recording,) = recorded(home)
    assert recording.labels["car"][:, 0].tolist() == recording.columns["model"].tolist()
    assert [BODIES[number] for number in recording.columns["model"]] == recording.columns["car"].tolist()
    assert set(recording.label_origin.tolist()) == {Origin.SCRIPT}
    pictures = recording.read_frames(range(ROTATIONS)).astype(int)
    differences = [np.abs(a - b).mean() for a, b in pairwise(pictures)]
    assert min(differences) > 2  # each a tenth of a turn on


def test_a_menu_that_does_not_open_ends_it_with_its_name(capsys: Any) -> None:
    assert cli.run([*FEW, "--set", "stuck_menu=wheel"]) == 1
    assert 'Error: The page "wheel" did not open after 4 tries. Look at the phone' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("wheel=3", 'No option of the collector garage is called "wheel". Did you mean "wheels"?'),
        ("bodies=octan", 'No car in the garage is called "octan". Did you mean "octane"?'),
        ("hats=0-99", "hats=23 lies outside of 0 to 22"),
        ("split=valid", 'split=valid is neither "train" nor "test"'),
        ("angles=odd", 'angles=odd is neither "tenths", the same ten for each car, nor "any"'),
        ("rooms=same", 'rooms=same is neither "each", a room for each picture, nor "kept"'),
        ("lost_taps=some", "An option of the drawn phone is no number"),
        ("lost_taps=1", "lost_taps=1 is no share of the taps"),
        ("stuck_menu=hats", 'No menu of the drawn phone is called "hats". Did you mean "hat"?'),
        ("crop=[0,0,900,150]", "lies outside the screen of 2000x1000"),
    ],
)
def test_options_that_are_none_are_named(given: str, told: str, capsys: Any) -> None:
    assert cli.run(["record", "sideswipe", "--on", "world", "--set", given]) == 1
    assert told in capsys.readouterr().err


def test_a_device_that_is_only_looked_at_cannot_be_collected_from(
    capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playhead.capture.screen.open_capture", lambda session: Window())
    assert cli.run(["record", "sideswipe", "--on", "screen"]) == 1
    assert "The device screen of sideswipe can only be looked at, not touched" in capsys.readouterr().err


class Window:
    def close(self) -> None:
        pass
