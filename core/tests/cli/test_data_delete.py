"""`playhead data delete` deletes recordings once somebody said yes, and nothing else."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from doubles import small_game

from playhead.cli import run
from playhead.errors import BadValue
from playhead.events import Origin
from playhead.locks import take
from playhead.storage.changing import BACKUPS
from playhead.storage.deleting import delete_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter


def record(folder: Path) -> Path:
    game = small_game()
    header = RecordingHeader(game={"name": "pong", "title": "Pong"}, schema=game.schema, frame=game.frame,
                             rate_hz=10.0, device="world", driver="expert")  # fmt: skip
    with RecordingWriter(folder, header) as writer:
        for number in range(3):
            picture_HWC = np.zeros((game.frame.height, game.frame.width, 3), np.uint8)
            writer.append(picture_HWC, number * 100_000_000, {"drive": [0] * 4}, Origin.HUMAN, {})
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path))
    for name in ("2026-11-21-1", "2026-11-21-2"):
        record(tmp_path / "recordings/pong" / name)
    return tmp_path


def left(home: Path) -> list[str]:
    return sorted(folder.name for folder in (home / "recordings/pong").iterdir())


def test_nobody_can_answer_so_nothing_is_deleted(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "delete", "2026-11-21-1"]) == 1
    assert "add --yes" in capsys.readouterr().err
    assert left(home) == ["2026-11-21-1", "2026-11-21-2"]


@pytest.mark.parametrize(("answer", "gone"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_it_asks_and_does_as_told(
    home: Path, answer: str, gone: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read, write = os.pipe()
    os.write(write, answer.encode())
    os.close(write)
    with os.fdopen(read) as answers:
        monkeypatch.setattr(answers, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(sys, "stdin", answers)
        assert run(["data", "delete", "pong"]) == 0
    told = capsys.readouterr()
    assert "2 recordings, " in told.err
    assert left(home) == ([] if gone else ["2026-11-21-1", "2026-11-21-2"])
    assert ("Nothing was deleted." in told.out) != gone


def test_the_others_stay_and_nothing_is_left_behind(home: Path) -> None:
    assert run(["data", "delete", "pong/2026-11-21-1", "--yes"]) == 0
    assert left(home) == ["2026-11-21-2"]


def test_a_damaged_one_can_go_and_one_just_begun(home: Path) -> None:
    folder = home / "recordings/pong/2026-11-21-1"
    (folder / "frames/c/0/0/0/0").write_bytes(b"torn")
    (folder / "labels/drive/zarr.json").write_text("{")
    begun = home / "recordings/pong/2026-11-21-3"
    (begun / "frames").mkdir(parents=True)
    assert run(["data", "delete", str(folder), str(begun), "--yes"]) == 0
    assert left(home) == ["2026-11-21-2"]


def test_a_folder_that_is_no_recording_stays(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "letters"
    (mine / "empty").mkdir(parents=True)
    (mine / "zarr.json").write_text('{"attributes": {"theirs": 1}}')
    assert run(["data", "delete", str(mine), str(mine / "empty"), "pong/2026-11-21-1", "--yes"]) == 1
    assert "is no recording" in capsys.readouterr().err
    assert (mine / "zarr.json").is_file()
    assert (mine / "empty").is_dir()
    assert left(home) == ["2026-11-21-2"]


def test_one_that_is_being_recorded_stays(home: Path) -> None:
    folder = home / "recordings/pong/2026-11-21-1"
    with_it = take(folder / "frames/.live")
    assert with_it is not None
    with pytest.raises(BadValue, match="is being recorded right now"):
        delete_recording(folder)
    with_it.release()
    delete_recording(folder)
    assert left(home) == ["2026-11-21-2"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_of_a_link_only_the_link_goes(home: Path, tmp_path: Path) -> None:
    elsewhere = record(tmp_path / "disk/drive")
    (home / "recordings/pong/linked").symlink_to(elsewhere)
    assert run(["data", "delete", "pong/linked", "--yes"]) == 0
    assert (elsewhere / "zarr.json").is_file()
    assert not {BACKUPS, "linked"} & set(left(home))
