"""A training in a process of its own, small enough to be killed often; touchy about every number that is drawn."""

from __future__ import annotations

import os
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from doubles import bright_side_drives, small_game

from playhead.plugins import Plugins
from playhead.progress import Progress
from playhead.training.checkpoint import FOLDER, read_checkpoint
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

RECIPE = Recipe(
    steps=24, eval_every=5, batch_size=8, warmup_steps=4, augment={"flip": 0.5, "colour": 0.5}, balance="labels",
    model_options={"channels": [4, 4, 4, 4], "features": 8, "hidden": 8, "dropout": 0.3},
)  # fmt: skip


class Telling(Progress):
    """Tells another process of every step and sentence."""

    def __init__(self, told: Connection) -> None:
        self._told = told

    def note(self, sentence: str) -> None:
        self._told.send(sentence)

    def step(self, step: int, steps: int, loss: float) -> None:
        self._told.send(step)


def job_in(folder: Path, **more: Any) -> TrainingJob:
    game = small_game()
    drives = [bright_side_drives(game, seed=seed, count=30) for seed in range(3)]
    kept = read_checkpoint(folder) if any((folder / FOLDER).glob("*.json")) else None
    settings = {"recipe": RECIPE, "resume": kept, "checkpoint_s": 0, **more}
    return TrainingJob(game=game, recordings=drives, out=folder, plugins=Plugins(), **settings)


def train_or_go_on(folder: Path, told: Connection, checkpoint_s: float) -> None:
    """Train in a folder, or go on with what was begun there; the exit code is that of the command line."""
    try:
        train(job_in(folder, progress=Telling(told), checkpoint_s=checkpoint_s))
    except Exception as error:
        told.send(str(error))
        os._exit(getattr(error, "code", 1))
