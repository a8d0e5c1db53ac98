"""TensorBoard's curves of a training, read back."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import resumable
from tensorboardX.proto.event_pb2 import Event

from playhead.training import curves
from playhead.training.curves import CURVES_FOLDER, Curves
from playhead.training.supervised import train


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Read the events of all files, as records of length, sum, data, sum."""
    told: dict[str, list[tuple[int, float]]] = {}
    for file in sorted((folder / CURVES_FOLDER).iterdir()):
        data = file.read_bytes()
        while data:
            length = int.from_bytes(data[:8], "little")
            event, data = Event.FromString(data[12 : 12 + length]), data[16 + length :]
            for value in event.summary.value:
                told.setdefault(value.tag, []).append((event.step, value.simple_value))
    return told


def test_a_training_leaves_its_losses_and_what_was_validated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curves, "EVERY", 1)
    folder = tmp_path / "toy" / "default" / "run"
    run = train(resumable.job_in(folder, checkpoint_s=3600))
    told = scalars(folder)
    steps = resumable.RECIPE.steps
    assert [step for step, _ in told["train/loss"]] == list(range(1, steps + 1))
    assert told["train/lr"][-1][1] < told["train/lr"][0][1] or resumable.RECIPE.warmup_steps
    history = run.history()
    assert told["validation/loss"] == [(line["step"], pytest.approx(line["loss"])) for line in history]
    head = next(iter(history[-1]["heads"]))
    assert f"validation/{head}/loss" in told
    assert not any("windows" in name or "step" in name for name in told)


def test_what_comes_after_a_resume_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    first = Curves(tmp_path)
    first.step(10, 1.0, 0.1)
    first.step(20, 2.0, 0.1)
    first.close()
    again = Curves(tmp_path, step=10)
    again.step(20, 3.0, 0.1)
    again.close()
    files = sorted((tmp_path / CURVES_FOLDER).iterdir())
    assert len(files) == 2
    assert (20, 3.0) in scalars(tmp_path)["train/loss"]


def test_without_the_package_a_training_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    job = resumable.job_in(tmp_path / "toy" / "default" / "run", checkpoint_s=3600)
    train(replace(job, recipe=replace(job.recipe, steps=2)))
    assert not (job.out / CURVES_FOLDER).exists()
