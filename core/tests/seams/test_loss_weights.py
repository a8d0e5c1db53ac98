"""A weight a head: twice as much, or nothing of it at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from doubles import mixed_heads, recording, small_game
from safetensors.torch import load_file
from torch import Tensor

from playhead.errors import BadValue, NotFound
from playhead.plugins import Plugins
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe, with_settings
from playhead.training.supervised import build_network, train

SMALL = {"channels": [4, 4, 4, 4], "features": 8, "hidden": 8}
RECIPE = Recipe(steps=2, eval_every=2, batch_size=8, warmup_steps=1, heads=("drive", "wheel"), model_options=SMALL)


def job(folder: Path, **weights: float) -> TrainingJob:
    game, rng = small_game(mixed_heads()), np.random.default_rng(0)
    labels = {name: rng.integers(0, 2, (40, h.columns)).astype(h.dtype) for name, h in mixed_heads().items()}
    drives = [recording(game, labels, name=name) for name in ("r1", "r2")]
    recipe = replace(RECIPE, loss_weights=weights)
    return TrainingJob(game=game, recipe=recipe, recordings=drives, out=folder, plugins=Plugins())


def learned(folder: Path, **weights: float) -> dict[str, Tensor]:
    train(job(folder, **weights))
    return load_file(folder / "model.safetensors")


def test_a_head_of_weight_0_is_not_learned_and_the_others_are(tmp_path: Path) -> None:
    fresh = build_network(job(tmp_path / "fresh")).state_dict()
    weights = learned(tmp_path / "r" / "a", wheel=0.0)
    assert torch.equal(weights["heads.layers.wheel.weight"], fresh["heads.layers.wheel.weight"])
    assert not torch.equal(weights["heads.layers.drive.weight"], fresh["heads.layers.drive.weight"])


def test_weights_of_1_change_nothing_and_others_count_in_the_validation(tmp_path: Path) -> None:
    plain, ones = learned(tmp_path / "r" / "a"), learned(tmp_path / "r" / "b", drive=1.0, wheel=1.0)
    assert all(torch.equal(value, ones[name]) for name, value in plain.items())
    run = train(job(tmp_path / "r" / "c", drive=3.0, wheel=0.0))
    assert run.metrics["loss"] == pytest.approx(3 * run.metrics["heads"]["drive"]["loss"])


def test_a_weight_of_no_head_or_of_nothing_is_refused(tmp_path: Path) -> None:
    assert with_settings(Recipe(), {"loss_weights.drive": "2"}).loss_weights == {"drive": 2.0}
    with pytest.raises(NotFound, match=r'No label head is called "wheell"\. Did you mean "wheel"'):
        train(job(tmp_path / "r" / "a", wheell=1.0))
    with pytest.raises(BadValue, match="loss_weights are 0 for drive, wheel, so nothing is learned"):
        train(job(tmp_path / "r" / "b", drive=0.0, wheel=0.0))
    with pytest.raises(BadValue, match=r"loss_weights\.drive=-1 cannot be negative"):
        Recipe(loss_weights={"drive": -1})
