"""Foreign files become recordings under their names, all or nothing, whatever the importer."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playhead.errors import BadValue, Damaged, NotFound
from playhead.events import Origin
from playhead.game import Device, Frame, Game
from playhead.labels import Keys, LabelSchema
from playhead.progress import OnProgress
from playhead.storage import trim
from playhead.storage.idle import Idle
from playhead.storage.importing import Importable, Imported, digest_of_file, find, import_all
from playhead.storage.repair import repair_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

HEADER = RecordingHeader(
    game={"name": "pong", "controls": {"a": "key a"}}, schema=LabelSchema.of({"keys": Keys("a")}),
    frame=Frame(width=16, height=8, rate_hz=10), rate_hz=10, device="screen", driver="human",
)  # fmt: skip


def game(**importers: Callable[..., Any]) -> Game:
    return Game(
        name="pong",
        title="Pong",
        devices={"screen": Device(capture="screen", input="keyboard")},
        frame=Frame(width=8, height=8, rate_hz=10),
        labels={"paddle": Keys("up", "down")},
        importers=importers,
    )


def from_text(game: Game, path: Path, options: Mapping[str, str]) -> Iterator[Importable]:
    """An importer of text files: a file that says "bad" is damaged."""

    def fill(folder: Path, progress: OnProgress, *, source: Path) -> None:
        (folder / "half").write_text("begun")
        progress(1, 2)
        if source.read_text() == "bad":
            raise Damaged(f"{source} is bad.")
        (folder / "whole").write_text(source.read_text() + options.get("ending", ""))

    for source in sorted(path.rglob("*.txt")) if path.is_dir() else [path]:
        name = f"{source.parent.name}: {source.stem}"
        yield Importable(name=name, source=source, fill=lambda f, p, s=source: fill(f, p, source=s))


PONG = game(text=from_text)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, text in (("a", "good"), ("b", "bad"), ("c", "good")):
        (folder / f"{name}.txt").write_text(text)
    return folder


def outcomes(rows: Iterator[Imported]) -> list[tuple[str, str]]:
    return [(row.name, row.outcome) for row in rows]


def test_names_become_names_of_folders_and_options_arrive(sources: Path, tmp_path: Path) -> None:
    found = find(PONG, "", [sources / "a.txt"], {"ending": "!"})
    assert outcomes(import_all(found, tmp_path / "out")) == [("in_a", "imported")]
    assert (tmp_path / "out" / "in_a" / "whole").read_text() == "good!"


def test_a_damaged_file_stops_the_import_and_leaves_what_was_whole(sources: Path, tmp_path: Path) -> None:
    rows = import_all(find(PONG, "text", [sources], {}), tmp_path / "out")
    assert next(rows).outcome == "imported"
    with pytest.raises(Damaged, match=r"b\.txt is bad"):
        next(rows)
    assert [folder.name for folder in (tmp_path / "out").iterdir()] == ["in_a"]


def test_a_damaged_file_is_skipped_by_choice_and_tried_again_next_time(sources: Path, tmp_path: Path) -> None:
    found = find(PONG, "", [sources], {})
    rows = list(import_all(found, tmp_path / "out", skip_damaged=True))
    assert [(row.name, row.outcome) for row in rows] == [
        ("in_a", "imported"), ("in_b", "skipped"), ("in_c", "imported"),
    ]  # fmt: skip
    assert "b.txt is bad" in rows[1].reason
    (sources / "b.txt").write_text("mended")
    assert outcomes(import_all(found, tmp_path / "out")) == [
        ("in_a", "already there"), ("in_b", "imported"), ("in_c", "already there"),
    ]  # fmt: skip


def test_what_a_killed_import_left_is_no_recording_and_is_replaced(sources: Path, tmp_path: Path) -> None:
    def killed(folder: Path, progress: OnProgress) -> None:
        (folder / "junk").write_text("begun")
        os._exit(9)

    one = next(from_text(PONG, sources / "a.txt", {}))
    child = os.fork()
    if child == 0:
        list(import_all([replace(one, fill=killed)], tmp_path / "out"))
    assert os.waitpid(child, 0)[1] == 9 << 8
    (left,) = (tmp_path / "out").glob(".importing-*[!k]")
    assert [file.name for file in left.iterdir()] == ["junk"]
    assert outcomes(import_all(find(PONG, "", [sources / "a.txt"], {}), tmp_path / "out")) == [
        ("in_a", "imported")
    ]
    assert sorted(file.name for file in (tmp_path / "out" / "in_a").glob("[!.]*")) == ["half", "whole"]
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["in_a"]


def a_recording(
    source: Path, text: str, meanwhile: Callable[[], object] = lambda: None, brightness: int = 40
) -> Importable:
    """Return a recording of a source; `meanwhile` is called while it is made."""
    source.write_text(text)

    def fill(folder: Path, progress: OnProgress) -> None:
        with RecordingWriter(folder, HEADER) as writer:
            for number in range(4):
                shown = np.full((8, 16, 3), brightness + number, np.uint8)
                writer.append(shown, number * 100_000_000, {"keys": [number % 2]}, Origin.HUMAN)
        meanwhile()

    return Importable(name=source.stem, source=source, fill=fill)


class Other:
    """Another process, which imports when it is told to begin."""

    def __init__(self, one: Importable, out: Path) -> None:
        begun, self._begin = os.pipe()
        said, say = os.pipe()
        self.pid = os.fork()  # before anything is locked: what is open then is open in both
        if self.pid == 0:
            os.read(begun, 1)
            with os.fdopen(say, "w") as sys.stderr:
                print(outcomes(import_all([one], out)), file=sys.stderr)
            os._exit(0)
        os.close(begun)
        os.close(say)
        self.said = os.fdopen(said)

    def begin(self) -> None:
        os.write(self._begin, b"!")
        os.close(self._begin)

    def join(self) -> int:
        self.said.close()
        return os.waitpid(self.pid, 0)[1]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no fork")
@pytest.mark.parametrize(("name", "told"), [("s0", ("s0", "already there")), ("s0 (1)", ("s0_1", "left out"))])
def test_a_source_that_another_command_is_importing_is_waited_for(
    name: str, told: tuple[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    other = Other(a_recording(tmp_path / f"{name}.h5", "one"), out)

    def meanwhile() -> None:
        other.begin()
        assert other.said.readline().startswith("Another playhead command is importing")

    one = a_recording(tmp_path / "s0.h5", "one", meanwhile)
    assert outcomes(import_all([one], out)) == [("s0", "imported")]
    assert other.said.readline() == f"{[told]}\n"
    assert other.join() == 0
    assert [file.name for file in out.iterdir()] == ["s0"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no fork")
@pytest.mark.parametrize(("brightness", "told"), [(40, ("s0", "left out")), (90, ("s0-2", "imported"))])
def test_another_command_may_import_the_same_name_or_content(
    brightness: int, told: tuple[str, str], tmp_path: Path
) -> None:
    out, place = tmp_path / "out", tmp_path / "other"
    place.mkdir()
    other = Other(a_recording(place / "s0.h5", "other bytes"), out)

    def meanwhile() -> None:
        other.begin()
        assert other.said.readline() == "[('s0', 'imported')]\n"

    one = a_recording(tmp_path / "s0.h5", "one", meanwhile, brightness=brightness)
    assert outcomes(import_all([one], out)) == [told]
    assert other.join() == 0
    assert {file.name for file in out.iterdir()} == {"s0", told[0]}


def test_a_repaired_or_trimmed_recording_counts_as_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loss is made good when the source is there again; nothing is there twice."""
    out, one = tmp_path / "out", a_recording(tmp_path / "s0.h5", "one")
    list(import_all([one], out))
    with (out / "s0" / "frames/c/0/0/0/0").open("r+b") as shard:
        shard.seek(4004 + 20)
        shard.write(b"\xff" * 40)
    assert repair_recording(out / "s0").frames_after == 3
    copy = a_recording(tmp_path / "s0 (1).h5", "other bytes")
    assert outcomes(import_all([copy], out)) == [("s0_1", "left out")]
    (anew,) = import_all([one], out)
    assert (anew.name, anew.outcome) == ("s0", "imported anew")
    assert anew.kept_in is not None
    assert anew.kept_in.is_relative_to(out / ".replaced")
    assert (anew.kept_in / "zarr.json").is_file()
    (out / "s0" / "zarr.json").write_bytes((out / "s0" / "zarr.json").read_bytes().replace(b"human", b"humam"))
    assert not repair_recording(out / "s0").is_less
    assert outcomes(import_all([one], out)) == [("s0", "already there")]
    monkeypatch.setattr(trim, "kept_spans", lambda *args: [(0, 1), (2, 4)])
    assert len(trim.trim_recording(out / "s0", Idle()).pieces) == 2
    assert {row.outcome for row in import_all([one, copy], out)} == {"left out"}


def test_a_source_that_cannot_be_read_is_damaged(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find(PONG, "", [sources], {})
    (sources / "b.txt").write_text("good")
    opened = os.open

    def refuse(path: Any, *args: Any, **options: Any) -> int:
        if str(path).endswith("b.txt"):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    rows = list(import_all(found, tmp_path / "out", skip_damaged=True))
    assert [row.outcome for row in rows] == ["imported", "skipped", "imported"]
    assert "b.txt cannot be read: " in rows[1].reason


def test_two_sources_of_one_name_become_two_recordings_once_each(sources: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "in"
    other.mkdir(parents=True)
    (other / "a.txt").write_text("another")
    found = find(PONG, "", [sources / "a.txt", other], {})
    assert outcomes(import_all(found, tmp_path / "out")) == [("in_a", "imported"), ("in_a-2", "imported")]
    assert (tmp_path / "out" / "in_a-2" / "whole").read_text() == "another"
    again = import_all(list(reversed(found)), tmp_path / "out")
    assert outcomes(again) == [("in_a-2", "already there"), ("in_a", "already there")]


def test_a_source_that_was_moved_is_known_again(sources: Path, tmp_path: Path) -> None:
    list(import_all(find(PONG, "", [sources / "a.txt"], {}), tmp_path / "out"))
    moved = tmp_path / "moved" / "in" / "a.txt"
    moved.parent.mkdir(parents=True)
    (sources / "a.txt").rename(moved)
    assert outcomes(import_all(find(PONG, "", [moved], {}), tmp_path / "out")) == [("in_a", "already there")]


def test_a_recording_of_that_name_that_was_not_imported_is_left_alone(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "in_a").mkdir(parents=True)
    found = find(PONG, "", [sources / "a.txt"], {})
    assert outcomes(import_all(found, tmp_path / "out")) == [("in_a-2", "imported")]
    assert not list((tmp_path / "out" / "in_a").iterdir())


def test_a_game_without_or_with_several_importers_says_which_there_are(sources: Path) -> None:
    with pytest.raises(BadValue, match="Pass --from csv or folders or hdf5 or lerobot or minari or npy or video"):
        find(game(), "", [sources], {})
    with pytest.raises(BadValue, match="Pass --from one or two"):
        find(game(one=from_text, two=from_text), "", [sources], {})
    with pytest.raises(NotFound, match='Did you mean "text"'):
        find(PONG, "txt", [sources], {})


def test_a_source_is_known_by_its_bytes_and_holes_are_not_read(tmp_path: Path) -> None:
    filled, holes, moved, vast = (tmp_path / name for name in ("filled", "holes", "moved", "vast"))
    filled.write_bytes(b"a" * 100 + bytes(5 * 2**20) + b"b")
    for file, place in ((holes, 100 + 5 * 2**20), (moved, 100 + 3 * 2**20)):
        with file.open("wb") as opened:
            opened.write(b"a" * 100)
            opened.seek(place)
            opened.write(b"b")
    os.truncate(moved, filled.stat().st_size)
    vast.write_bytes(b"a" * 100)
    os.truncate(vast, 2**40)
    assert digest_of_file(filled) == digest_of_file(holes)
    assert len({digest_of_file(file) for file in (filled, moved, vast)}) == 3
