"""Numbers that are none stop a training with a sentence; what was good before is kept, or nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from doubles import bright_side_drives, mixed_heads, recording, small_game

from playhead.errors import NotANumber
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.progress import Progress
from playhead.training import module
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

SMALL = {"channels": [8, 8, 8, 8], "features": 16, "hidden": 16}
QUICK = Recipe(steps=8, eval_every=3, batch_size=8, warmup_steps=2, model_options=SMALL)


def job_in(folder: Path, recipe: Recipe = QUICK, **more: Any) -> TrainingJob:
    lessons = [bright_side_drives(small_game(), seed=seed) for seed in range(3)]
    asked = {"game": small_game(), "recordings": lessons, "plugins": Plugins(), **more}
    return TrainingJob(recipe=recipe, out=folder / "toy" / "default" / "run", **asked)


def broken_from(call: int, monkeypatch: pytest.MonkeyPatch, value: float, heads: tuple[str, ...] = ()) -> None:
    """Have the loss of some heads, or of all, be no number from a step on."""
    calls, losses = [0], module.losses

    def broken(*args: Any) -> dict[str, torch.Tensor]:
        calls[0] += 1
        found = losses(*args)
        bad = heads or tuple(found)
        return {name: loss * value if calls[0] >= call and name in bad else loss for name, loss in found.items()}

    monkeypatch.setattr(module, "losses", broken)


@pytest.mark.parametrize("lr", [1e30, 1e15])
def test_a_rate_that_is_far_too_high_leaves_no_run(tmp_path: Path, lr: float) -> None:
    job = job_in(tmp_path, replace(QUICK, lr=lr, warmup_steps=0, eval_every=100))
    with pytest.raises(NotANumber, match=r"no numbers? .*step \d.*Lower the learning rate: --set lr="):
        train(job)
    assert not list(job.out.glob("*.json*"))
    assert not (job.out / "checkpoint").exists()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_was_good_before_is_kept_as_a_run_that_is_not_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    job = job_in(tmp_path)
    whole = train(replace(job, out=job.out.with_name("whole"), recipe=replace(QUICK, steps=3)))
    broken_from(8 * 3, monkeypatch, value)  # in the second stretch of steps, after a validation
    with pytest.raises(NotANumber, match=r"loss of drive was no number .*is kept as toy/default/run"):
        train(job)
    run = Run.open(job.out)
    assert run.sequence == 0 < whole.sequence
    assert run.metrics["stopped_early"]
    assert "no number" in run.metrics["stopped_because"]
    assert all(bool(value.isfinite().all()) for value in run.load_model(Plugins()).state_dict().values())
    assert run.history()


def test_the_head_is_named_whose_loss_is_no_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    game = small_game(mixed_heads())
    rng = np.random.default_rng(0)
    labels = {
        "drive": rng.integers(0, 2, (40, 4)).astype(np.uint8),
        "gear": rng.integers(0, 3, (40, 1)).astype(np.uint16),
        "wheel": rng.uniform(-1, 1, (40, 2)).astype(np.float32),
        "nudge": rng.uniform(-1, 1, (40, 1)).astype(np.float32),
    }
    broken_from(2, monkeypatch, float("nan"), ("gear",))
    job = job_in(tmp_path, game=game, recordings=[recording(game, labels, name=name) for name in ("r1", "r2")])
    with pytest.raises(NotANumber, match=r"the loss of gear was no number \(nan\) at step 2"):
        train(job)


def test_windows_with_telemetry_that_is_no_number_are_left_out_and_counted(tmp_path: Path) -> None:
    lessons = [bright_side_drives(small_game(), seed=seed) for seed in range(3)]
    for lesson in lessons:
        lesson.telemetry = {"speed": np.linspace(0, 30, lesson.length, dtype=np.float32)}
    lessons[1].telemetry["speed"][10:15] = [np.nan, np.inf, -np.inf, np.nan, np.nan]  # type: ignore[index]
    notes: list[str] = []
    watch = Progress()
    watch.note = notes.append  # type: ignore[method-assign]
    recipe = replace(QUICK, inputs=("frames", "speed"))
    run = train(job_in(tmp_path, recipe, recordings=lessons, progress=watch))
    assert any("Recording lesson-1: speed is no number in 5 of 60 frames" in note for note in notes)
    counts = {
        entry["name"]: entry["train_windows"] + entry["validation_windows"] for entry in run.data["recordings"]
    }
    assert counts["lesson-1"] < counts["lesson-0"] == counts["lesson-2"]


def test_telemetry_that_is_no_number_in_several_recordings_is_said_once(tmp_path: Path) -> None:
    lessons = [bright_side_drives(small_game(), seed=seed) for seed in range(3)]
    for lesson in lessons:
        lesson.telemetry = {"speed": np.linspace(0, 30, lesson.length, dtype=np.float32)}
        lesson.telemetry["speed"][10:15] = np.nan  # type: ignore[index]
    notes: list[str] = []
    watch = Progress()
    watch.note = notes.append  # type: ignore[method-assign]
    train(job_in(tmp_path, replace(QUICK, inputs=("frames", "speed")), recordings=lessons, progress=watch))
    said = [note for note in notes if "is no number in" in note]
    assert len(said) == 1
    assert said[0].startswith("3 recordings, the first lesson-0: speed is no number in 15 of 180 frames")


def test_labels_that_are_no_numbers_are_left_out(tmp_path: Path) -> None:
    game = small_game({"wheel": mixed_heads()["wheel"]})
    labels = np.random.default_rng(0).uniform(-1, 1, (40, 2)).astype(np.float32)
    labels[20:22] = np.nan
    made = [
        recording(game, {"wheel": labels}, name="r1"),
        recording(game, {"wheel": labels[::-1].copy()}, name="r2"),
    ]
    run = train(job_in(tmp_path, game=game, recordings=made))
    assert np.isfinite(run.metrics["loss"])
