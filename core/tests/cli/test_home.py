"""A home that cannot be used is said in one sentence by every command; one bad folder stops nobody."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from playhead.cli import run
from playhead.events import Origin
from playhead.game import Frame
from playhead.home import Home, claim_folder
from playhead.labels import Choice, LabelSchema
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

COMMANDS = ("data list", "data check", "data repair gta5", "data trim gta5", "data info x", "data balance gta5",
            "record gta5 --on world --seconds 1", "train gta5 --steps 1", "evaluate gta5", "import gta5 .",
            "play gta5 --on world --record --seconds 1", "doctor gta5", "show gta5")  # fmt: skip


def said_one_sentence(error: str) -> bool:
    lines = [line for line in error.splitlines() if line.startswith("Error: ")]
    return len(lines) == 1 and "Traceback" not in error and "does not know" not in error


@pytest.mark.parametrize("command", COMMANDS)
def test_a_home_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for home in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "circle", tmp_path / ("a" * 300)):
        monkeypatch.setenv("PLAYHEAD_HOME", str(home))
        assert run(command.split()) == 1
        error = capsys.readouterr().err
        assert said_one_sentence(error), error
        assert "Choose another home: --home FOLDER." in error


def record(folder: Path) -> Path:
    header = RecordingHeader(
        game={"name": folder.parent.name},
        schema=LabelSchema.of({"gear": Choice("low", "high")}),
        frame=Frame(width=16, height=16, rate_hz=20),
        rate_hz=20.0,
        device="world",
        driver="expert",
    )
    with RecordingWriter(folder, header) as writer:
        for number in range(30):
            writer.append(np.zeros((16, 16, 3), np.uint8), number * 50_000_000, {"gear": [0]}, Origin.HUMAN)
    return folder


@pytest.fixture
def bad_between_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A game whose first, third and fifth recordings are whole, and others are anything else."""
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path))
    pong = tmp_path / "recordings" / "pong"
    for name in "ace":
        record(pong / name)
    (pong / "b").symlink_to("/")
    (record(pong / "d") / "zarr.json").write_bytes(b"\0" * 100)
    (pong / "f").mkdir()
    (pong / "g").symlink_to(pong / "g")
    (record(pong / "h") / "frames/c/0/0/0/0").write_bytes(b"")
    (tmp_path / "recordings" / "notes").write_text("no game")
    (tmp_path / "recordings" / "circle").symlink_to(tmp_path / "recordings")
    return pong


@pytest.mark.parametrize("command", ["check pong", "repair pong --dry-run", "trim pong --dry-run", "repair pong"])
def test_the_next_recording_has_its_turn(
    bad_between_good: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert run(["data", *command.split()]) == 1
    said = capsys.readouterr()
    assert said_one_sentence(said.err), said.err
    for name in "bdfh":
        assert any(line.startswith(f"{name}") for line in (said.out + said.err).splitlines()), (name, said)
    if "check" not in command:
        for name in "ace":
            assert f"{name}: " in said.out


def test_all_of_them_are_listed(bad_between_good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "list"]) == 0
    capsys.readouterr()
    assert run(["data", "list", "pong", "--json"]) == 0
    listed = {info["name"]: info for info in json.loads(capsys.readouterr().out)}
    assert set(listed) == set("abcdefh")
    assert {name for name, info in listed.items() if not info["problems"]} == set("ace")


def test_a_game_folder_that_is_none_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "pong").write_text("x")
    assert run(["data", "list", "pong", "--home", str(tmp_path)]) == 1
    assert said_one_sentence(capsys.readouterr().err)


def test_folders_are_claimed_one_after_another(tmp_path: Path) -> None:
    home = Home.find(tmp_path / "new")
    assert [claim_folder(home.recordings("pong"), "r").name for _ in range(2)] == ["r-1", "r-2"]
