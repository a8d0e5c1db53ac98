"""A data folder is an address: recordings go there, are learned from and measured there, and come back."""

from __future__ import annotations

import filecmp
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from brightside import GAME, load_plugins
from bucket import Bucket, bucket
from doubles import bright_side_drives
from zarr.storage import MemoryStore

from playhead.cli import run
from playhead.cli.context import Desk
from playhead.events import Origin
from playhead.hookspecs import hookimpl
from playhead.storage.writer import RecordingWriter

__all__ = ["bucket"]

Told = Callable[..., Any]


class Shelf:
    """A plugin that keeps recordings in memory, under a scheme of its own."""

    def __init__(self) -> None:
        self.folders: dict[str, dict[str, Any]] = {}

    @hookimpl
    def playhead_storages(self) -> dict[str, Any]:
        return {"shelf": self.open_store}

    def open_store(self, url: str) -> MemoryStore:
        parent, _, name = url.rpartition("/")
        if parent in self.folders:
            found = self.folders[parent].items()
            return MemoryStore({key.removeprefix(f"{name}/"): held for key, held in found if key.startswith(name)})
        return MemoryStore(self.folders.setdefault(url, {}))


@pytest.fixture(params=["shelf", "file", "s3"])
def far(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bucket: Bucket) -> str:
    """The address of an empty folder of recordings, under each scheme."""
    plugins = load_plugins()
    plugins.add("shelf", Shelf())
    assert not plugins.broken
    monkeypatch.setattr(Desk, "plugins", plugins)
    return {"shelf": "shelf://a/toy", "file": (tmp_path / "far").as_uri(), "s3": "s3://bucket/data/toy"}[
        request.param
    ]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Run a command that succeeds, and return its JSON."""
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path / "home"))

    def command(*words: str) -> Any:
        code = run([*words, "--json"])
        out, err = capsys.readouterr()
        assert code == 0, err
        return json.loads(out)

    return command


def write(folder: Path, seed: int) -> None:
    lesson = bright_side_drives(GAME, seed=seed, count=40)
    with RecordingWriter(folder, lesson.header) as writer:
        for frame, time_ns, held in zip(
            lesson.frames_THWC, lesson.frame_time_ns, lesson.labels["drive"], strict=True
        ):
            writer.append(frame, int(time_ns), {"drive": held}, Origin.SCRIPT)


QUICK = ["--steps", "2", "--set", "batch_size=4", "--set", "model_options.channels=[4,4]", "--set",
         "model_options.features=4", "--set", "model_options.hidden=4"]  # fmt: skip


def test_recordings_are_used_where_they_lie(far: str, told: Told, tmp_path: Path) -> None:
    here, back = tmp_path / "home/recordings/toy", tmp_path / "back"
    names = [f"r{seed}" for seed in range(3)]
    for seed, name in enumerate(names):
        write(here / name, seed)
    assert [one["was_there"] for one in told("data", "copy", "toy", far)] == [False] * 3
    assert [one["was_there"] for one in told("data", "copy", "toy", far)] == [True] * 3
    here.rename(tmp_path / "kept")

    listed = told("data", "list", "toy", "--dir", far)
    assert [info["name"] for info in listed] == names
    assert all(info["frames"] and not info["problems"] for info in listed)
    assert [one["problems"] for one in told("data", "check", far)] == [[], [], []]
    assert told("data", "info", f"{far}/{names[0]}")["frames"] == listed[0]["frames"]
    assert told("data", "balance", "toy", "--data", far)["recordings"] == 3

    trained = told("train", "toy", "--data", far, *QUICK)
    assert {one["name"] for one in trained["data"]["recordings"]} == set(names)
    measured = told("evaluate", "toy", "--data", far, "--on", "none", "--recordings", names[0])
    assert measured

    told("data", "copy", far, str(back))
    for name in names:
        compared = filecmp.dircmp(tmp_path / "kept" / name, back / name)
        assert not compared.left_only + compared.right_only + compared.diff_files
    shutil.rmtree(back)
    assert told("data", "copy", f"{far}/{names[1]}", "toy")[0]["place"] == str(here / names[1])
