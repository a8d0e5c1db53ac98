"""A memory that does not suffice for a training or an answer is a sentence with what to lower."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from doubles import bright_side_drives, small_game

from playhead.errors import OutOfMemory
from playhead.models.engine import TorchEngine
from playhead.models.full_memory import saying_what_to_lower
from playhead.plugins import Plugins
from playhead.training import module
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

SMALL = {"channels": [8, 8, 8, 8], "features": 16, "hidden": 16}
QUICK = Recipe(steps=4, eval_every=2, batch_size=8, warmup_steps=1, model_options=SMALL)
ON_GPU = (
    "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 5.80 GiB of which 1 is free."
)


def too_much(*args: Any) -> Any:
    return torch.empty(2**50)  # this machine's own refusal


def on_a_gpu(*args: Any) -> Any:
    raise torch.OutOfMemoryError(ON_GPU)


@pytest.mark.parametrize(
    ("refused", "recipe", "said"),
    [
        (too_much, QUICK, r"The machine has no memory left .* Take --set accumulate=2 .* or --set batch_size=4"),
        (on_a_gpu, QUICK, r"The GPU has no memory left \(20\.00 GiB more were asked for\)\. Take"),
        (on_a_gpu, replace(QUICK, accumulate=8), r"Take --set batch_size=4 or a smaller network, or --device cpu"),
        (on_a_gpu, replace(QUICK, batch_size=1), r"Take a smaller network, or --device cpu"),
    ],
)  # fmt: skip
def test_a_training_says_what_to_lower_and_leaves_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Any, recipe: Recipe, said: str
) -> None:
    drives = [bright_side_drives(small_game(), seed=seed) for seed in range(2)]
    job = TrainingJob(game=small_game(), recipe=recipe, recordings=drives, out=tmp_path / "run", plugins=Plugins())
    monkeypatch.setattr(module.SupervisedModule, "training_step", refused)
    with pytest.raises(OutOfMemory, match=said):
        train(job)
    assert not (tmp_path / "run" / "checkpoint").exists()


class Greedy(torch.nn.Module):
    """Stands for a network that asks for more than there is."""

    has_cacheable = False
    step = None

    def forward(self, inputs: Any) -> Any:
        return too_much()


def test_whoever_asks_a_network_is_told_where_else_to_ask() -> None:
    engine = TorchEngine(Greedy())  # type: ignore[arg-type]
    with pytest.raises(OutOfMemory, match=r"no memory left .*--device cpu"):
        engine.predict({"frames": np.zeros(1, np.float32)})


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="sizes do not fit") as found, saying_what_to_lower("Lower it."):
        raise RuntimeError("sizes do not fit")
    assert not isinstance(found.value, OutOfMemory)
