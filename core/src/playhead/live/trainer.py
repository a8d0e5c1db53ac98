"""The trainer: learns from what the store gives, keeps checkpoints, and hands its weights out as they come.

store --batch, when all buffers are full enough--> training method --every so many--> checkpoint, run, weights
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

import torch
from torch import nn

from playhead.data.assembly import Batch
from playhead.errors import EndedBySignal, Mismatch, NotFound, NothingToTrain
from playhead.home import Home
from playhead.live.curves import PublishedCurves
from playhead.live.settings import Live
from playhead.live.store import HeldOut, SampleStore
from playhead.live.weights import Weights
from playhead.models.network import Network, count_parameters
from playhead.models.network_part import NetworkPart
from playhead.models.run import Run
from playhead.names import command
from playhead.progress import Progress
from playhead.training.checkpoint import read_checkpoint
from playhead.training.job import StepTold, TrainingJob
from playhead.training.method import method_of

CHECKPOINT_S = 60.0  # a checkpoint is kept so often, too, where batches are slow to come
LOOK_S = 0.2  # between two looks whether there is enough to go on
WAITS_SAID_S = 60.0  # the diary hears of waiting and going on once in so long; the page shows it at once
HELD_OUT_FIRST = 16  # samples for validations, before the first batch


@dataclass(kw_only=True)
class TrainerStatus:
    """How the training gets on: plain numbers for whoever looks."""

    batch: int = 0
    loss: float = 0.0
    by_output: Mapping[str, float] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)
    lr: float = 0.0
    waited_s: float = 0.0
    learned_s: float = 0.0
    is_waiting: bool = True
    validation: Mapping[str, Any] = field(default_factory=dict)
    history: list[tuple[int, float]] = field(default_factory=list)  # batch, loss


class Trainer:
    """One training of a live run. `newest` are the weights that were handed out last."""

    def __init__(
        self, live: Live, store: SampleStore, home: Home, *, say: Callable[[str], object] = lambda sentence: None,
        hand_out: Callable[[Weights], object] = lambda weights: None, hand_out_every_s: float = 10.0,
    ) -> None:  # fmt: skip
        self.live, self.store, self.home = live, store, home
        self.status = TrainerStatus()
        self.newest: Weights | None = None
        self.leave = Event()
        self._say, self._hand_out, self._every_s = say, hand_out, hand_out_every_s
        self._handed_s, self._waits_said_s = 0.0, -WAITS_SAID_S
        self._history: list[Mapping[str, Any]] = []

    @property
    def folder(self) -> Path:
        """Where the run goes: `playhead evaluate` and `play` find it there."""
        return self._folders[0]

    @property
    def _folders(self) -> list[Path]:
        parent = self.home.runs(self.live.game.name, self.live.settings.recipe_name)
        return [parent / name for name in self.live.run_names]

    def _earlier(self) -> Run | None:
        """Return the run from which the present one goes on, with other heads; None for the first."""
        for folder in self._folders[1:]:
            with suppress(NotFound):
                return Run.open(folder)
        return None

    @property
    def validations(self) -> list[Mapping[str, Any]]:
        """What the last validations measured."""
        return self._history[-200:]

    def run(self) -> None:
        """Learn until it is left; what was learned is kept, to be gone on with by the next one."""
        job = self._job()
        method = method_of(self.live.plugins, job.recipe.training)
        try:
            try:
                method.train(job)
            except Mismatch as error:
                if job.start_from is None:
                    raise
                self._say(f"The trainer begins with fresh weights: {error}")
                method.train(replace(job, start_from=None))
        except (EndedBySignal, NothingToTrain):  # the latter where not one batch came until it was left
            if not self.leave.is_set():
                raise
        finally:
            self._curves.close()

    def _job(self) -> TrainingJob:
        live = self.live
        try:
            resume = read_checkpoint(self.folder)
        except NotFound:
            resume = None
        batch = resume.learning.step if resume is not None else 0
        self._history = list(resume.learning.history) if resume is not None else []
        self.status.batch = batch
        self._say(f"The trainer goes on from batch {batch:,}." if resume else "The trainer begins.")
        self._curves = PublishedCurves(self.folder, batch)
        progress = _Heard(self)
        return TrainingJob(
            game=live.game,
            recipe=live.recipe,
            recipe_name=live.settings.recipe_name,
            out=self.folder,
            plugins=live.plugins,
            batches=self._batches(),
            validation=HeldOut(self.store),
            on_step=self._stepped,
            on_loss=self._told,
            resume=resume,
            start_from=None if resume is not None else self._earlier(),
            checkpoint_s=CHECKPOINT_S,
            checkpoint_every=live.settings.checkpoint_every,
            rate_hz=live.settings.rate_hz,
            command=command("live", live.game.name, "--name", live.settings.name),
            progress=progress,
            leave=self.leave,
        )

    def _batches(self) -> Iterator[Batch]:
        """Yield batches as long as there are enough samples; wait for more, and end when it is left."""
        began_s = time.monotonic()
        while not self.leave.is_set():
            enough = self.store.held_out >= HELD_OUT_FIRST
            batch = self.store.draw(self.live.recipe.batch_size) if enough else None
            if batch is None:
                self._waits(True)
                self.leave.wait(LOOK_S)
                continue
            self._waits(False)
            self.status.waited_s += time.monotonic() - began_s
            learning_s = time.monotonic()
            yield batch
            began_s = time.monotonic()
            self.status.learned_s += began_s - learning_s

    def _waits(self, is_waiting: bool) -> None:
        if is_waiting != self.status.is_waiting:
            self.status.is_waiting = is_waiting
            if time.monotonic() - self._waits_said_s < WAITS_SAID_S:
                return
            self._waits_said_s = time.monotonic()
            fill = ", ".join(f"{name} {count:,}" for name, count in self.store.fill().items())
            what = "waits for samples" if is_waiting else "learns"
            self._say(f"The trainer {what} at batch {self.status.batch:,} ({fill}).")

    def _told(self, told: StepTold) -> None:
        status = self.status
        status.batch, status.loss, status.lr = told.number, told.loss, told.lr
        status.by_output, status.errors = told.by_head, told.errors
        status.history.append((told.number, round(told.loss, 4)))
        if len(status.history) > 2000:  # what a curve on a page can show
            status.history = status.history[::2]
        self._curves.step(told)

    def _stepped(self, number: int, network: nn.Module) -> None:
        """Hand the weights out every so often, and keep the run with each checkpoint."""
        if number % self.live.settings.checkpoint_every == 0 or not (self.folder / "run.json").exists():
            assert isinstance(network, Network)
            self.snapshot(network)
            self._say(f"Batch {number:,}: checkpoint kept.")
        if time.monotonic() - self._handed_s >= self._every_s:
            self.newest = Weights.of(network, number)
            self._handed_s = time.monotonic()
            self._hand_out(self.newest)

    def snapshot(self, network: Network) -> Run:
        """Save the run as it is, so that players open it and `evaluate` measures it."""
        live = self.live
        recipe = replace(live.recipe, model_options=network.options)
        run = Run(
            path=self.folder,
            game=live.game.to_json(),
            recipe_name=live.settings.recipe_name,
            recipe=recipe,
            network=NetworkPart(
                schema=live.schema, frame=live.game.needed_frame, rate_hz=live.settings.rate_hz,
                colours=network.colours,
            ),
            device=live.settings.device,
            parameters=count_parameters(network),
            metrics={"steps": self.status.batch, "loss": self.status.loss, **self.status.validation},
            made_with={"command": command("live", live.game.name), "live": live.settings.name},
        )  # fmt: skip
        with torch.inference_mode():
            return run.save(network, history=self._history)


class _Heard(Progress):
    """Takes what a training says into the diary and the status."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer

    def note(self, sentence: str) -> None:
        """Hear a sentence."""
        self._trainer._say(sentence)

    def validated(self, step: int, metrics: Mapping[str, Any]) -> None:
        """Hear what a validation measured."""
        self._trainer.status.validation = dict(metrics)
        self._trainer._history.append(metrics)
