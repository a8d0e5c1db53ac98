"""The original's data sets become recordings, byte for byte; what cannot be taken over is named and left out."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import stat
import zipfile
from contextlib import closing
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from originals import TABLES, Original, jpeg, row_of, uuid_of

from playhead.cli import run
from playhead.errors import Damaged, Mismatch, NotFound, StorageFull
from playhead.events import Origin
from playhead.storage.importing import Imported, find, import_all
from playhead.storage.reader import Recording, open_recording
from playhead_sideswipe import importers
from playhead_sideswipe.game import SIDESWIPE
from playhead_sideswipe.loadout import COLUMNS, Loadout


def imported(place: Path, out: Path, **options: str) -> list[Imported]:
    return list(import_all(find(SIDESWIPE, "", [place], options), out))


def only(place: Path, tmp_path: Path, **options: str) -> tuple[Imported, Recording, list[str]]:
    (row,) = imported(place, tmp_path / "out", **options)
    listed = row.listed_in.read_text().splitlines() if row.listed_in else []
    assert len(listed) == row.left_out
    return row, open_recording(tmp_path / "out" / row.name), listed


def stored(recording: Recording) -> dict[str, bytes]:
    return {str(uuid): recording.read_encoded(n) for n, uuid in enumerate(recording.columns["uuid"])}


@pytest.mark.parametrize("kind", ["folder", "zip", "database"])
def test_pictures_arrive_byte_for_byte_with_all_that_is_known_of_them(kind: str, tmp_path: Path) -> None:
    original = Original.of(25)
    if kind == "zip":
        place = original.zip(tmp_path / "rocket.zip")
    else:
        folder = original.folder(tmp_path / "rocket")
        place = folder if kind == "folder" else folder / "dataset.db"
    row, recording, _ = only(place, tmp_path)
    assert (row.name, row.outcome, row.left_out) == ("rocket-001", "imported", 0)
    assert {f"{uuid}.jpg": data for uuid, data in stored(recording).items()} == original.pictures
    assert list(recording.columns) == list(COLUMNS)
    kept = [name for name in COLUMNS if name not in ("loadout", "car")]
    assert [tuple(recording.columns[name][n].item() for name in kept) for n in range(25)] == original.rows
    assert recording.labels["car"][:, 0].tolist() == [values[1] for values in original.rows]
    assert set(recording.label_origin.tolist()) == {Origin.SCRIPT}
    assert recording.header.rate_hz == 10
    assert np.diff(recording.frame_time_ns).tolist() == [100_000_000] * 24
    assert "holds no times: they are made up" in recording.header.notes
    wears = Loadout(body="breakout", team=1, primary=0.0, secondary=0.0, hat=3, sticker=1, wheel=4)
    assert row_of(30)[1:8] == (3, 1, 0.0, 0.0, 3, 1, 4)
    assert len(set(recording.columns["loadout"].tolist())) == 3
    big = only(Original.of(40).folder(tmp_path / "big"), tmp_path / "b")[1]
    assert set(big.columns["loadout"][30:].tolist()) == {wears.key}


def test_the_pictures_may_lie_in_folders_and_the_database_may_have_any_name(tmp_path: Path) -> None:
    original = Original.of(4)
    original.pictures = {
        f"images/{n % 2}/{name}": data for n, (name, data) in enumerate(original.pictures.items())
    }
    original.pictures["readme.txt"] = b"hello"
    row, recording, _ = only(original.folder(tmp_path / "set", database="images/whatever"), tmp_path)
    assert (recording.length, row.left_out) == (4, 0)


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_what_cannot_be_taken_over_is_counted_named_and_listed(kind: str, tmp_path: Path) -> None:
    original = Original.of(12)
    del original.pictures[f"{uuid_of(0)}.jpg"]
    original.pictures["stranger.jpg"] = jpeg(0)
    original.pictures[f"{uuid_of(1)}.jpg"] = jpeg(1)[:-100]
    original.pictures[f"{uuid_of(2)}.jpg"] = jpeg(2, width=200)
    original.pictures[f"{uuid_of(3)}.jpg"] = b""
    original.pictures[f"{uuid_of(4)}.jpg"] = b"\0" * 5000
    original.pictures[f"{uuid_of(5)}.jpg"] = jpeg(5) + b"\xff" * 2**20
    original.rows[6] = (*row_of(6)[:1], 9, *row_of(6)[2:])
    original.rows[7] = (*row_of(7)[:5], "a hat", *row_of(7)[6:])
    original.rows[8] = ("../../etc/passwd", *row_of(8)[1:])
    place = original.folder(tmp_path / "set") if kind == "folder" else original.zip(tmp_path / "set.zip")
    row, recording, listed = only(place, tmp_path)
    assert [str(uuid) for uuid in recording.columns["uuid"]] == [uuid_of(n) for n in (9, 10, 11)]
    assert recording.frame_time_ns.tolist() == [900_000_000, 1_000_000_000, 1_100_000_000]
    wanted = {
        "picture stranger.jpg": "no row says what it shows",
        f"row 1 {uuid_of(0)}": "it has no picture",
        f"picture {uuid_of(1)}": "it is cut short, its end is missing",
        f"picture {uuid_of(2)}": "it is 200x150, not 400x150",
        f"picture {uuid_of(3)}": "",
        f"picture {uuid_of(4)}": "",
        f"picture {uuid_of(5)}": "more than" if kind == "folder" else "unpacks to",
        f"row 7 {uuid_of(6)}": "model 9 is not in the table models",
        f"row 8 {uuid_of(7)}": "a value cannot be what it should be",
        "row 9 ../../etc/passwd": "a value cannot be what it should be",
        f"picture {uuid_of(8)}.jpg": "no row says what it shows",
    }
    for what, why in wanted.items():
        (line,) = (line for line in listed if line.startswith(f"{what}: "))
        assert why in line
    assert len(listed) == len(wanted) == row.left_out
    assert len(row.examples) == 3


def test_the_command_says_what_was_left_out_and_where_it_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original = Original.of(6)
    del original.pictures[f"{uuid_of(0)}.jpg"]
    place = original.folder(tmp_path / "set")
    command = ["import", "sideswipe", str(place), "--home", str(tmp_path / "home")]
    assert run(command) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("imported      set-001, 1 left out, listed in ")
    assert told[1].strip() == f"row 1 {uuid_of(0)}: it has no picture"
    assert run(command) == 0
    assert capsys.readouterr().out.startswith("already there set-001, 1 left out, listed in ")


def test_decoding_finds_what_the_ends_of_a_picture_do_not_show(tmp_path: Path) -> None:
    original = Original.of(3)
    whole = jpeg(1)
    original.pictures[f"{uuid_of(1)}.jpg"] = whole[:-300] + b"\xff\xc4" + whole[-298:]
    place = original.folder(tmp_path / "set")
    assert only(place, tmp_path / "quick")[1].length == 3
    _, recording, listed = only(place, tmp_path / "slow", check="decode")
    assert recording.length == 2
    assert listed[0].startswith(f"picture {uuid_of(1)}: ")
    with pytest.raises(NotFound, match='Did you mean "decode"'):
        imported(place, tmp_path, check="decod")
    with pytest.raises(NotFound, match='Did you mean "check"'):
        imported(place, tmp_path, chek="decode")


def test_a_zip_notices_every_changed_byte_by_its_checksum(tmp_path: Path) -> None:
    file = Original.of(5).zip(tmp_path / "set.zip")
    data = bytearray(file.read_bytes())
    data[data.index(jpeg(2)) + 500] ^= 1
    file.write_bytes(data)
    _, recording, listed = only(file, tmp_path)
    assert recording.length == 4
    assert "Bad CRC-32" in listed[0]


@pytest.mark.parametrize(
    "name",
    [
        "../{}.jpg",
        "a/../../{}.jpg",
        "/{}.jpg",
        "C:/{}.jpg",
        "C:{}.jpg",
        "..\\{}.jpg",
        "\\\\host\\{}.jpg",
        "//host/{}.jpg",
    ],
)
def test_a_zip_with_path_tricks_writes_nothing_outside_and_says_so(name: str, tmp_path: Path) -> None:
    original = Original.of(3)
    trick = name.format(uuid_of(0))
    data = original.pictures.pop(f"{uuid_of(0)}.jpg")
    place = original.zip(tmp_path / "in" / "deep" / "set.zip", {trick: data})
    before = sorted(tmp_path.rglob("*"))
    _, recording, listed = only(place, tmp_path)
    assert recording.length == 2
    assert any("its path leads out of the zip" in line for line in listed)
    after = [file for file in tmp_path.rglob("*") if tmp_path / "out" not in [file, *file.parents]]
    assert sorted(after) == before


def test_links_encrypted_and_twofold_pictures_in_a_zip_are_left_out(tmp_path: Path) -> None:
    original = Original.of(4)
    link = zipfile.ZipInfo(f"{uuid_of(0)}.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    del original.pictures[link.filename]
    place = original.zip(tmp_path / "set.zip", {link: b"/etc/passwd", f"again/{uuid_of(1)}.jpg": jpeg(1)})
    _, recording, listed = only(place, tmp_path)
    assert recording.length == 3
    assert any(line.endswith("it is a link") for line in listed)
    assert f"picture {uuid_of(1)}: there are two pictures of this name" in listed


def test_a_database_that_unpacks_to_far_too_much_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playhead_sideswipe.bundle.archive.MOST_DATABASE_BYTES", 1000)
    with pytest.raises(Damaged, match="unpacks to, more than 1,000 bytes"):
        imported(Original.of(2).zip(tmp_path / "set.zip"), tmp_path / "out")


@pytest.mark.parametrize("table", ["data", "models", "hats", "wheels", "skins"])
def test_a_database_without_a_table_is_refused(table: str, tmp_path: Path) -> None:
    original = Original([], {}, {}, tables=TABLES.replace(f"TABLE {table}(", f"TABLE no{table}("))
    with pytest.raises(Damaged, match=f"has no table {table}"):
        imported(original.folder(tmp_path / "set"), tmp_path / "out")


def test_a_database_without_a_column_is_refused(tmp_path: Path) -> None:
    original = Original([], {}, {}, tables=TABLES.replace("x_rotation", "rotation"))
    with pytest.raises(Damaged, match=r"table data of .* has no column x_rotation; it has uuid, model"):
        imported(original.folder(tmp_path / "set"), tmp_path / "out")


def test_numbers_that_no_table_names_are_left_out_once_the_table_has_rows(tmp_path: Path) -> None:
    original = Original.of(30)
    original.names = {
        "hats": [(0, "none", ""), (2, "Rasta", "red")],
        "wheels": [(4, "Helicoprion", "")],
        "skins": [(1, "Kana", "", 2)],
    }
    _, recording, listed = only(original.folder(tmp_path / "set"), tmp_path)
    assert recording.length == 20
    assert listed[0] == f"row 11 {uuid_of(10)}: hat 1 is not in the table hats"
    assert recording.header.legends["hat"][1] == {"id": 2, "name": "Rasta", "color": "red"}


def test_a_body_that_is_no_class_but_has_a_name_is_kept_without_a_label(tmp_path: Path) -> None:
    original = Original.of(2)
    original.rows[1] = (*row_of(1)[:1], 7, *row_of(1)[2:])
    original.names = {"models": [(0, "Octane", ""), (7, "dominus", "")]}
    _, recording, _ = only(original.folder(tmp_path / "set"), tmp_path)
    assert recording.label_origin.tolist() == [Origin.SCRIPT, Origin.NONE]
    assert str(recording.columns["loadout"][1]).startswith("dominus-")


@pytest.mark.parametrize("names", [[(0, "werewolf", "")], [(9, "octane", "")]])
def test_cars_in_another_order_are_refused(names: list[tuple[int, str, str]], tmp_path: Path) -> None:
    original = Original.of(2)
    original.names = {"models": names}
    with pytest.raises(Mismatch, match="Mend its table models"):
        imported(original.folder(tmp_path / "set"), tmp_path / "out")


@pytest.mark.parametrize("kind", ["none", "two", "empty", "no pictures", "all damaged", "torn", "nothing known"])
def test_what_is_no_data_set_is_told_in_a_sentence(kind: str, tmp_path: Path) -> None:
    original = Original.of(3)
    if kind == "empty":
        original.rows.clear()
    if kind in ("no pictures", "empty"):
        original.pictures.clear()
    if kind == "all damaged":
        original.pictures = dict.fromkeys(original.pictures, b"\xff\xd8")
    folder = original.folder(tmp_path / "set")
    if kind == "none":
        (folder / "dataset.db").unlink()
    if kind == "two":
        original.write_database(folder / "index.db")
    if kind == "torn":
        (folder / "dataset.db").write_bytes((folder / "dataset.db").read_bytes()[:5000])
    if kind == "nothing known":
        folder = tmp_path / "a.txt"
        folder.write_text("hello")
    message = {
        "none": "no sqlite file",
        "two": "2 sqlite files",
        "empty": "is empty",
        "no pictures": rf"None of the 3 rows .*\(the first: row 1 {uuid_of(0)}: it has no picture\)",
        "all damaged": "None of 3 pictures",
        "torn": "cannot be read by sqlite",
        "nothing known": "is no folder, no zip",
    }[kind]
    with pytest.raises((Damaged, NotFound), match=message):
        imported(folder, tmp_path / "out")


def test_a_zip_that_is_cut_short_is_told_in_a_sentence(tmp_path: Path) -> None:
    file = Original.of(3).zip(tmp_path / "set.zip")
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(Damaged, match=r"set\.zip begins as a zip, but its end is missing: .* Copy it again\."):
        imported(file, tmp_path / "out")


def test_a_full_disk_ends_an_import_that_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importers, "PART_ROWS", 10)
    place, out = Original.of(25).folder(tmp_path / "set"), tmp_path / "out"
    is_full = False

    class SmallFile(FileIO):
        def write(self, data: Any) -> int:
            if is_full and (out / "set-001").exists():
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    for module in ("disk", "rows", "shard"):
        monkeypatch.setattr(f"playhead.storage.{module}.FileIO", SmallFile)
    monkeypatch.delattr("os.pwritev", raising=False)  # so that every write is one of SmallFile
    is_full = True
    with pytest.raises(StorageFull, match=r"while .* was written .* type the same command again"):
        imported(place, out)
    assert sorted(path.name for path in out.iterdir()) == ["set-001"]
    is_full = False
    assert [row.outcome for row in imported(place, out)] == ["already there", "imported", "imported"]


def test_an_interrupted_import_goes_on_within_the_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importers, "PART_ROWS", 10)
    place = Original.of(35).folder(tmp_path / "set")
    rows = import_all(find(SIDESWIPE, "", [place], {}), tmp_path / "out")
    assert [next(rows).name, next(rows).name] == ["set-001", "set-002"]
    rows.close()  # as by Ctrl-C
    again = imported(place, tmp_path / "out")
    assert [row.outcome for row in again] == ["already there", "already there", "imported", "imported"]
    numbers = [
        int(str(u)[:8], 16) for row in again for u in open_recording(tmp_path / "out" / row.name).columns["uuid"]
    ]
    assert numbers == list(range(35))


def test_a_data_set_that_has_grown_or_was_mended_is_imported_without_doubles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importers, "PART_ROWS", 10)
    lacking = Original.of(15)
    del lacking.pictures[f"{uuid_of(3)}.jpg"]
    place = lacking.folder(tmp_path / "set")
    assert [row.outcome for row in imported(place, tmp_path / "out")] == ["imported"] * 2
    Original.of(25).folder(place)
    rows = imported(Original.of(25).zip(tmp_path / "packed" / "set.zip"), tmp_path / "out")
    assert [row.outcome for row in rows] == ["imported anew", "imported anew", "imported"]
    assert sum(open_recording(tmp_path / "out" / row.name).length for row in rows) == 25
    assert not list((tmp_path / "out").glob("*.left-out.txt"))
    assert len(list((tmp_path / "out" / ".replaced").iterdir())) == 2
    assert [row.outcome for row in imported(place, tmp_path / "out")] == ["already there"] * 3


@pytest.mark.parametrize(("lost", "left"), [("frames/c/0/0/0/0", 6000), (".imported-from", 0)])
def test_what_a_power_failure_shortened_is_imported_anew(lost: str, left: int, tmp_path: Path) -> None:
    place = Original.of(5).folder(tmp_path / "set")
    imported(place, tmp_path / "out")
    file = tmp_path / "out" / "set-001" / lost
    file.write_bytes(file.read_bytes()[:left])
    assert [row.outcome for row in imported(place, tmp_path / "out")] == ["imported anew"]


def test_pictures_are_counted_by_body_and_never_trimmed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(tmp_path / "home")]
    assert run(["import", "sideswipe", str(Original.of(80).folder(tmp_path / "set")), *home]) == 0
    assert run(["data", "check", "sideswipe", *home]) == 0
    capsys.readouterr()
    assert run(["data", "balance", "sideswipe", *home]) == 0
    told = capsys.readouterr().out
    assert told.startswith("1 recording, 80 frames; octane 25 %  aftershock 25 %  werewolf 25 %  breakout 25 %\n")
    assert "idle" not in told
    assert run(["data", "trim", "sideswipe", *home]) == 1
    assert "nothing in it is idle, and nothing is trimmed" in capsys.readouterr().err


def test_the_database_is_left_as_it_is(tmp_path: Path) -> None:
    place = Original.of(3).folder(tmp_path / "set")
    before = {file.name: file.read_bytes() for file in place.iterdir()}
    imported(place, tmp_path / "out")
    assert {file.name: file.read_bytes() for file in place.iterdir()} == before


def test_a_link_to_itself_stops_no_import(tmp_path: Path) -> None:
    place = Original.of(3).folder(tmp_path / "set")
    (place / "circle.jpg").symlink_to("circle.jpg")
    row, recording, _ = only(place, tmp_path)
    assert row.outcome == "imported"
    assert len(recording) == 3


def test_pictures_that_no_row_can_name_are_counted_and_a_mac_is_known(tmp_path: Path) -> None:
    original = Original.of(3)
    named = f"{uuid_of(0)} (1).jpg", f"sub/{{{uuid_of(1)}}}.JPG", f"{uuid_of(2)}.jfif"
    for name, other in zip(list(original.pictures), named, strict=True):
        original.pictures[other] = original.pictures.pop(name)
    original.pictures |= {f"__MACOSX/._{uuid_of(2)}.jpg": b"\0\5\26\7", "my map.png": b"x", "Thumbs.db": b"x"}
    folder = original.folder(tmp_path / "set")
    (folder / "gone.jpg").symlink_to("nowhere")
    _, recording, listed = only(folder, tmp_path)
    assert recording.length == 1
    assert sorted(listed) == [
        f"picture {named[0]}: no row can name it: pictures are called UUID.jpg",
        "picture gone.jpg: it is no plain file, or a link that leads nowhere",
        "picture my map.png: it is no JPEG; convert it",
        f"picture {named[1]}: no row can name it: pictures are called UUID.jpg",
        f"row 1 {uuid_of(0)}: it has no picture",
        f"row 2 {uuid_of(1)}: it has no picture",
    ]


@pytest.mark.parametrize("kind", ["folder", "zip", "link"])
def test_rows_that_lie_in_a_journal_alone_arrive_too(kind: str, tmp_path: Path) -> None:
    original = Original.of(3)
    last = original.rows.pop()
    folder = original.folder(tmp_path / "set")
    with closing(sqlite3.connect(folder / "dataset.db")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"INSERT INTO data VALUES({','.join('?' * len(last))})", last)
        database.commit()
        place = shutil.copytree(folder, tmp_path / "copy")  # as a program that was killed leaves it
    (place / "dataset.db-shm").unlink()
    if kind == "zip":
        place = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", place))
    if kind == "link":
        (tmp_path / "elsewhere").mkdir()
        for file in list(place.glob("dataset.db*")):
            file.rename(tmp_path / "elsewhere" / file.name)
        (place / "index.db").symlink_to(tmp_path / "elsewhere" / "dataset.db")
        place = place / "index.db"
    row, recording, _ = only(place, tmp_path)
    assert (recording.length, row.left_out) == (3, 0), row.examples


def test_names_of_rows_that_are_no_names_and_columns_in_capitals_are_told_and_read(tmp_path: Path) -> None:
    original = Original.of(3)
    original.rows = [(f"{row[0]}.jpg", *row[1:]) for row in original.rows]
    with pytest.raises(Damaged, match=r"None of the 3 rows .* a value cannot be what it should be"):
        imported(original.folder(tmp_path / "named"), tmp_path / "out")
    original = Original.of(3)
    original.tables = TABLES.replace("uuid", "UUID").replace("team", "Team")
    assert only(original.folder(tmp_path / "capitals"), tmp_path)[1].length == 3
