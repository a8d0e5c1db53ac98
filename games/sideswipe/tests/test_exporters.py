"""Recordings go out in the original's layout and come back as they were; nothing is overwritten or left half."""

from __future__ import annotations

import errno
import sqlite3
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from originals import Original, jpeg, row_of, uuid_of

from playhead.cli import run
from playhead.errors import BadValue, Mismatch, StorageFull
from playhead.events import Origin
from playhead.storage.importing import find, import_all
from playhead.storage.reader import Recording, open_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter
from playhead_sideswipe.exporters import write_pictures
from playhead_sideswipe.exporting import export_all
from playhead_sideswipe.game import SIDESWIPE
from playhead_sideswipe.loadout import COLUMNS, NO_BODY, ROTATIONS, Loadout


def record(folder: Path, loadouts: Sequence[Loadout], rotations: int = ROTATIONS, first: int = 0) -> Recording:
    """Record loadouts as a phone would: bodies that are no class without a label."""
    header = RecordingHeader(
        game=SIDESWIPE.to_json(), schema=SIDESWIPE.schema, frame=SIDESWIPE.frame, rate_hz=10, device="android",
        driver="garage", columns=COLUMNS,
    )  # fmt: skip
    with RecordingWriter(folder, header) as writer:
        for number in range(len(loadouts) * rotations):
            loadout = loadouts[number // rotations]
            is_class = loadout.body in SIDESWIPE.labels["car"].names
            columns = {
                "uuid": uuid_of(first + number), "loadout": loadout.key, "car": loadout.body,
                "model": loadout.model if is_class else NO_BODY, "team": loadout.team,
                "primary_color": loadout.primary, "secondary_color": loadout.secondary, "hat": loadout.hat,
                "skin": loadout.sticker, "wheel": loadout.wheel, "x_rotation": number % rotations, "y_rotation": 0,
            }  # fmt: skip
            labels, origin = ({"car": [loadout.model]}, Origin.SCRIPT) if is_class else ({}, Origin.NONE)
            writer.append_encoded(jpeg(number), number * 10**8, labels, origin, columns=columns)
    return open_recording(folder)


def back(place: Path, out: Path) -> Recording:
    (row,) = import_all(find(SIDESWIPE, "", [place], {}), out)
    assert row.left_out == 0
    return open_recording(out / row.name)


def assert_same(one: Recording, other: Recording) -> None:
    assert [one.read_encoded(n) for n in range(one.length)] == [other.read_encoded(n) for n in range(other.length)]
    for name in COLUMNS:
        assert one.columns[name].tolist() == other.columns[name].tolist(), name
    assert one.labels["car"].tolist() == other.labels["car"].tolist()
    assert one.label_origin.tolist() == other.label_origin.tolist()
    assert one.frame_time_ns.tolist() == other.frame_time_ns.tolist()


def rows(database: Path, table: str) -> list[tuple[Any, ...]]:
    opened = sqlite3.connect(database)
    found = opened.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
    opened.close()
    return found


colour = st.floats(0, 1, width=32)
LOADOUTS = st.lists(
    st.builds(
        Loadout,
        body=st.sampled_from(["octane", "aftershock", "werewolf", "breakout", "dominus", "a-b"]),
        team=st.integers(0, 1), primary=colour, secondary=colour,
        hat=st.integers(0, 22), sticker=st.integers(0, 3), wheel=st.integers(0, 22),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@pytest.mark.parametrize("name", ["set", "set.zip"])
@settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(loadouts=LOADOUTS)
def test_what_goes_out_comes_back_byte_for_byte(
    name: str, loadouts: list[Loadout], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("round")
    recording = record(place / "r", loadouts, rotations=2)
    done = export_all(write_pictures, SIDESWIPE, [recording], place / name)
    assert (done.frames, done.left_out) == (recording.length, 0)
    assert_same(recording, back(place / name, place / "out"))


def test_a_data_set_of_the_original_survives_being_imported_and_exported(tmp_path: Path) -> None:
    original = Original.of(20)
    original.rows = [(*row[:3], 0.1 * (n % 10), *row[4:]) for n, row in enumerate(original.rows)]
    original.names = {
        "models": [(0, "octane", "x"), (1, "aftershock", ""), (2, "werewolf", ""), (3, "breakout", "")],
        "hats": [(n, f"hat of {n}", "red") for n in range(23)],
        "wheels": [(4, "Helicoprion", None)],
        "skins": [(1, "Kana", "", 2)],
    }
    place = original.folder(tmp_path / "set")
    (row,) = import_all(find(SIDESWIPE, "", [place], {}), tmp_path / "out")
    export_all(write_pictures, SIDESWIPE, [open_recording(tmp_path / "out" / row.name)], tmp_path / "again")
    assert {file.name: file.read_bytes() for file in (tmp_path / "again").glob("*.jpg")} == original.pictures
    for table in ("models", "hats", "wheels", "skins"):
        assert rows(tmp_path / "again" / "dataset.db", table) == original.names[table]
    found = rows(tmp_path / "again" / "dataset.db", "data")
    assert [values[:3] + values[4:] for values in found] == [values[:3] + values[4:] for values in original.rows]
    assert np.allclose([values[3] for values in found], [values[3] for values in original.rows], atol=0, rtol=1e-7)


def test_every_number_gets_a_name_and_every_reference_leads_somewhere(tmp_path: Path) -> None:
    worn = [Loadout(body="octane", sticker=2), Loadout(body="breakout", sticker=3, hat=7), Loadout(body="dominus")]
    export_all(write_pictures, SIDESWIPE, [record(tmp_path / "r", worn, 1)], tmp_path / "set")
    file = tmp_path / "set" / "dataset.db"
    assert rows(file, "models") == [
        (0, "octane", ""), (1, "aftershock", ""), (2, "werewolf", ""), (3, "breakout", ""), (4, "dominus", ""),
    ]  # fmt: skip
    assert rows(file, "hats") == [(0, "hat 0", ""), (7, "hat 7", "")]
    assert rows(file, "skins") == [(0, "sticker 0", "", None), (2, "sticker 2", "", 0), (3, "sticker 3", "", 3)]
    opened = sqlite3.connect(file)
    assert opened.execute("PRAGMA foreign_key_check").fetchall() == []
    assert opened.execute("SELECT model FROM data").fetchall() == [(0,), (3,), (4,)]
    opened.close()


def test_several_recordings_become_one_data_set_and_doubles_are_told(tmp_path: Path) -> None:
    first = record(tmp_path / "a", [Loadout(body="octane")])
    second = record(tmp_path / "b", [Loadout(body="octane"), Loadout(body="werewolf")], first=5)
    done = export_all(write_pictures, SIDESWIPE, [first, second], tmp_path / "set.zip")
    assert (done.frames, done.left_out) == (25, 5)
    assert done.listed_in is not None
    assert done.listed_in.read_text().splitlines()[0] == f"frame 0 of b: {uuid_of(5)} is there already"
    with zipfile.ZipFile(tmp_path / "set.zip") as packed:
        assert packed.namelist()[-1] == "index.db"
        assert len(packed.namelist()) == 26
        assert packed.testzip() is None


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    recording = record(tmp_path / "r", [Loadout(body="octane")], 1)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    (tmp_path / "set.zip").write_text("mine")
    for name, then in (("full", "Choose another folder"), ("set.zip", "Choose another name")):
        with pytest.raises(BadValue, match=then):
            export_all(write_pictures, SIDESWIPE, [recording], tmp_path / name)
    assert (tmp_path / "full" / "thesis.txt").read_text() == (tmp_path / "set.zip").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    assert export_all(write_pictures, SIDESWIPE, [recording], tmp_path / "empty").frames == 1


@pytest.mark.parametrize("name", ["set", "set.zip"])
def test_an_interrupted_export_leaves_nothing_and_a_killed_one_is_called_unfinished(
    name: str, tmp_path: Path
) -> None:
    recording = record(tmp_path / "r", [Loadout(body="octane")], 3)

    def interrupt(done: int, total: int) -> None:
        assert (tmp_path / f"{name}.unfinished").exists()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_all(write_pictures, SIDESWIPE, [recording], tmp_path / name, progress=interrupt)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r"]
    (tmp_path / f"{name}.unfinished").mkdir()
    with pytest.raises(BadValue, match="Delete it, then export again"):
        export_all(write_pictures, SIDESWIPE, [recording], tmp_path / name)


@pytest.mark.parametrize("name", ["set", "set.zip"])
def test_a_full_disk_leaves_nothing_of_an_export(name: str, tmp_path: Path) -> None:
    recording = record(tmp_path / "r", [Loadout(body="octane")], 3)

    def fill(done: int, total: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageFull, match=r"is removed again\. Free some space, or export to another"):
        export_all(write_pictures, SIDESWIPE, [recording], tmp_path / name, progress=fill)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r"]
    assert export_all(write_pictures, SIDESWIPE, [recording], tmp_path / name).frames == 3


def test_recordings_that_say_nothing_of_their_pictures_are_refused(tmp_path: Path) -> None:
    header = RecordingHeader(
        game=SIDESWIPE.to_json(), schema=SIDESWIPE.schema, frame=SIDESWIPE.frame, rate_hz=10, device="screen",
        driver="human",
    )  # fmt: skip
    with RecordingWriter(tmp_path / "r", header) as writer:
        writer.append_encoded(jpeg(0), 0)
    with pytest.raises(Mismatch, match="r does not say of its pictures what is on them: it has no uuid, loadout"):
        export_all(write_pictures, SIDESWIPE, [open_recording(tmp_path / "r")], tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_the_command_exports_what_the_command_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    original = Original.of(12)
    home = ["--home", str(tmp_path / "home")]
    assert run(["import", "sideswipe", str(original.folder(tmp_path / "in")), *home]) == 0
    assert run(["sideswipe-export", str(tmp_path / "out.zip"), *home]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{tmp_path / 'out.zip'}: 12 pictures of 1 recording"
    with zipfile.ZipFile(tmp_path / "out.zip") as packed:
        assert {name: packed.read(name) for name in packed.namelist() if name != "index.db"} == original.pictures
    assert run(["sideswipe-export", str(tmp_path / "x"), "--recordings", "nobody", *home]) == 1
    assert row_of(0)[0] == uuid_of(0)
