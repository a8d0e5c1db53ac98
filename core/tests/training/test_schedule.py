"""When a learning rate falls, when a training ends before its steps, and steps learned in parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from doubles import bright_side_drives, small_game
from safetensors.torch import load_file

from playhead.errors import EndedBySignal
from playhead.plugins import Plugins
from playhead.progress import Progress
from playhead.training.checkpoint import read_checkpoint
from playhead.training.job import TrainingJob
from playhead.training.module import SupervisedModule, lr_factor, stood_still
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

SMALL = {"channels": [4, 4], "features": 8, "hidden": 8}
QUICK = Recipe(steps=12, eval_every=1, batch_size=8, warmup_steps=2, model_options=SMALL)


class Notes(Progress):
    def __init__(self) -> None:
        self.said: list[str] = []
        self.losses: list[float] = []

    def note(self, text: str) -> None:
        self.said.append(text)

    def validated(self, step: int, metrics: Any) -> None:
        self.losses.append(metrics["loss"])


@pytest.fixture
def lessons() -> list[Any]:
    return [bright_side_drives(small_game(), seed=seed) for seed in range(4)]


def learned(lessons: list[Any], out: Path, recipe: Recipe, **more: Any) -> dict[str, torch.Tensor]:
    job = TrainingJob(game=small_game(), recipe=recipe, recordings=lessons, out=out, plugins=Plugins(), **more)
    train(job)
    return load_file(out / "model.safetensors")


@pytest.mark.parametrize(
    ("losses", "plateaus"),
    [
        ([], 0),
        ([3, 2, 1], 0),
        ([3, 3, 3], 1),
        ([3, 4, 5, 6, 7], 2),
        ([3, 4, 2, 3, 1], 0),
        ([1, 2, 2, 0.5, 2, 2, 2, 2], 3),
    ],
)
def test_a_loss_stands_still_where_none_is_lower(losses: Sequence[float], plateaus: int) -> None:
    assert stood_still(losses, 2) == plateaus


def test_a_plateau_lowers_the_rate_down_to_the_least() -> None:
    recipe = Recipe(schedule="plateau", plateau_factor=0.1, lr=1e-2, final_lr=5e-4, warmup_steps=2)
    assert [lr_factor(recipe, step) for step in (0, 1, 2, 2999)] == [0.5, 1.0, 1.0, 1.0]
    assert [lr_factor(recipe, 100, plateaus) for plateaus in (1, 2, 3)] == pytest.approx([0.1, 0.05, 0.05])


def test_training_ends_where_validation_has_stood_still(lessons: list[Any], tmp_path: Path) -> None:
    progress = Notes()
    recipe = replace(QUICK, steps=200, patience=3, lr=1e-12)
    learned(lessons, tmp_path / "run", recipe, progress=progress)
    ended = len(progress.losses)
    assert ended == 4
    assert min(progress.losses[-3:]) >= min(progress.losses[:-3])
    assert stood_still(progress.losses[:-1], 3) == 0
    assert any(f"training ends at step {ended} of 200 (patience=3)" in text for text in progress.said)


def test_a_plateau_is_remembered_when_a_training_is_gone_on_with(
    lessons: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(QUICK, schedule="plateau", plateau_patience=1, lr=0.03, final_lr=1e-4)
    rates: list[int] = []
    step = SupervisedModule.training_step

    def watched(module: SupervisedModule, batch: Any) -> Any:
        rates.append(module.plateaus)
        if len(rates) == 9:
            raise KeyboardInterrupt
        return step(module, batch)

    whole = learned(lessons, tmp_path / "whole", recipe)
    monkeypatch.setattr(SupervisedModule, "training_step", watched)
    with pytest.raises((KeyboardInterrupt, EndedBySignal)):
        learned(lessons, tmp_path / "left", recipe, checkpoint_s=0.0)
    before = rates[-1]
    assert before > 0
    again = learned(lessons, tmp_path / "left", recipe, resume=read_checkpoint(tmp_path / "left"))
    assert rates[9] == before
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_steps_learned_in_parts_come_to_the_same(lessons: list[Any], tmp_path: Path) -> None:
    # With plain gradient descent in mind: Adam makes much of a difference in the last bit where a gradient is 0.
    one = learned(lessons, tmp_path / "one", replace(QUICK, steps=3))
    parts = learned(lessons, tmp_path / "parts", replace(QUICK, steps=3, accumulate=3))
    begun = learned(lessons, tmp_path / "begun", replace(QUICK, steps=1))
    moved = max(float((one[name] - begun[name]).abs().max()) for name in one)
    for name in one:
        assert float((one[name] - parts[name]).abs().max()) < moved / 50, name


def test_a_part_is_never_empty(lessons: list[Any], tmp_path: Path) -> None:
    learned(lessons, tmp_path / "run", replace(QUICK, steps=2, accumulate=1000))
