"""Runs Lightning's trainer quietly: no checkpoints, no logger, no words on the screen but ours."""

from __future__ import annotations

import json
import logging
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from playhead.data.loader import Loader
from playhead.errors import BadValue
from playhead.models.run import HISTORY_FILE
from playhead.training.job import TrainingJob
from playhead.training.module import SupervisedModule


@dataclass
class Learned:
    """What a training has come to so far; `last` are the metrics of the last validation."""

    steps: int = 0
    best_step: int = 0
    best_loss: float = float("inf")
    best_weights: dict[str, Tensor] | None = field(default=None, repr=False)
    last: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    stopped: bool = False

    def write_history(self, folder: Path) -> None:
        """Write what every validation measured, whole."""
        lines = "".join(json.dumps(metrics) + "\n" for metrics in self.history)
        (folder / HISTORY_FILE).write_text(lines, encoding="utf-8")


def fit(
    job: TrainingJob, module: SupervisedModule, training: Loader, validation: Loader | None, accelerator: str
) -> Learned:
    """Train for the recipe's steps, or until Ctrl-C, and return what it came to."""
    learned = Learned()
    with _silence(), _determinism_restored():
        trainer = lightning.Trainer(
            accelerator=accelerator,
            devices=1,
            precision=job.recipe.precision,
            max_steps=job.recipe.steps,
            gradient_clip_val=job.recipe.clip_norm or None,
            val_check_interval=min(job.recipe.eval_every, job.recipe.steps) if validation else None,
            check_val_every_n_epoch=None if validation else 1,
            limit_val_batches=None if validation else 0,
            num_sanity_val_steps=0,
            callbacks=[Keeper(job, learned)],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            deterministic="warn" if accelerator == "gpu" else True,
        )
        with _interruptible(trainer, learned):
            trainer.fit(module, training, validation)
            if validation is not None and learned.last.get("step") != learned.steps:
                trainer.validate(module, validation, verbose=False)
    return learned


def chosen_accelerator(job: TrainingJob) -> str:
    """Return Lightning's name of the device: "auto" takes a GPU when there is one. Raises BadValue."""
    device = job.device
    if device == "auto":
        device = "gpu" if torch.cuda.is_available() else "cpu"
    if device == "cpu" and job.recipe.precision == "16-mixed":
        raise BadValue("precision=16-mixed needs a GPU. Take --set precision=32-true or bf16-mixed.")
    return device


class Keeper(Callback):
    """Keeps the best weights, the history, and everybody informed."""

    def __init__(self, job: TrainingJob, learned: Learned) -> None:
        self.job = job
        self.learned = learned

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: lightning.LightningModule, outputs: Any, batch: Any, number: int
    ) -> None:
        """Count a step."""
        assert isinstance(module, SupervisedModule)
        self.learned.steps = trainer.global_step
        self.job.progress.step(trainer.global_step, self.job.recipe.steps, module.train_loss)

    def on_validation_epoch_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Write down what a validation measured, and keep the weights if none were better."""
        assert isinstance(module, SupervisedModule)
        metrics = {"step": trainer.global_step, "train_loss": module.train_loss, **module.scores.metrics()}
        self.learned.last = metrics
        if metrics["loss"] < self.learned.best_loss:
            self.learned.best_loss, self.learned.best_step = metrics["loss"], trainer.global_step
            weights = module.network.state_dict()
            self.learned.best_weights = {name: value.detach().cpu().clone() for name, value in weights.items()}
        self.learned.history.append(metrics)
        with suppress(OSError):  # a disk that is full now has room for it in the end, when it is written again
            self.learned.write_history(self.job.out)
        self.job.progress.validated(trainer.global_step, metrics)


@contextmanager
def _determinism_restored() -> Iterator[None]:
    """Leave torch as it was: Lightning's `deterministic` stays switched on for the whole process."""
    before = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warn_only)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep Lightning's advice and adverts off the screen; errors still come as exceptions."""
    loggers = [logging.getLogger(name) for name in ("lightning", "lightning.pytorch", "lightning.fabric")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextmanager
def _interruptible(trainer: lightning.Trainer, learned: Learned) -> Iterator[None]:
    """Let Ctrl-C end the training after the present step; a second one ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: Any = signal.getsignal(signal.SIGINT)

    def stop(number: int, frame: Any) -> None:
        learned.stopped = True
        trainer.should_stop = True
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
