"""A disk that is full before a training costs nothing, one that fills meanwhile no weights."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from doubles import bright_side_drives, small_game

from playhead.errors import DeviceFailed, StorageFull
from playhead.models import run as run_module
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.progress import Progress
from playhead.training import checkpoint, room
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

SMALL = {"channels": [8, 8, 8, 8], "features": 16, "hidden": 16}
RECIPE = Recipe(steps=4, eval_every=2, batch_size=8, warmup_steps=1, model_options=SMALL)


def job_in(folder: Path, **more: Any) -> TrainingJob:
    drives = [bright_side_drives(small_game(), seed=seed) for seed in range(2)]
    return TrainingJob(game=small_game(), recipe=RECIPE, recordings=drives, out=folder, plugins=Plugins(), **more)


def full(*args: object, **more: object) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


class FullFrom(Progress):
    """Lets the disk be full from a step on."""

    def __init__(self, step: int, fill: Callable[[], None]) -> None:
        self._step, self._fill = step, fill

    def step(self, step: int, steps: int, loss: float) -> None:
        if step == self._step:
            self._fill()


def test_without_room_nothing_is_learned_and_nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class SmallFile(io.FileIO):
        def write(self, data: Any) -> int:
            return full() if self.tell() >= 2**20 else super().write(data)

    monkeypatch.setattr(Path, "open", lambda self, mode: SmallFile(self, mode))
    watch = FullFrom(1, lambda: pytest.fail("a step was taken"))
    with pytest.raises(
        StorageFull, match=r"The disk is full, while .*run was written .* Nothing was learned yet\."
    ):
        train(job_in(tmp_path / "run", progress=watch))
    assert list((tmp_path / "run").iterdir()) == []


def test_a_disk_that_fills_meanwhile_has_room_for_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = tmp_path / "run" / room.FILE
    write_bytes, notes = Path.write_bytes, list[str]()

    def fill() -> None:
        assert taken.stat().st_size > room.SPARE_BYTES
        # Full for whoever writes while the room is taken.
        monkeypatch.setattr(
            Path, "write_bytes", lambda self, *a: full() if taken.exists() else write_bytes(self, *a)
        )
        monkeypatch.setattr(checkpoint, "write_whole", full)

    watch = FullFrom(1, fill)
    monkeypatch.setattr(watch, "note", notes.append)
    train(job_in(tmp_path / "run", progress=watch, checkpoint_s=0))
    run = Run.open(tmp_path / "run")
    assert [metrics["step"] for metrics in run.history()] == [2, 4]
    assert run.load_model(Plugins()) is not None
    assert not taken.exists()
    said = [note for note in notes if "could not be written" in note]
    assert len(said) == 4
    assert "The checkpoint of step 1 could not be written (No space left on device). Training goes on" in said[0]


def test_a_run_that_cannot_be_written_after_all_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "write_whole", full)
    with pytest.raises(StorageFull, match=r"The run was not kept\. Free some space, and go on from"):
        train(job_in(tmp_path / "run"))
    assert {file.name for file in (tmp_path / "run").iterdir()} == {"checkpoint", "curves"}
    monkeypatch.undo()
    kept = checkpoint.read_checkpoint(tmp_path / "run")
    assert train(job_in(tmp_path / "run", resume=kept)).metrics["steps"] == 4


def test_a_folder_that_cannot_be_written_says_so_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object, **more: object) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(room, "_fill", refused)
    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(DeviceFailed, match="cannot be written"):
        train(job_in(tmp_path))
