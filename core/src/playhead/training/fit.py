"""The loop of steps: on one device, to the bit the same however often it is interrupted.

    batch -> loss -> gradients, clipped -> step -> validation every so many -> checkpoint every minute, at a signal

Lightning's Fabric brings devices and precisions. Its Trainer is left out: what it keeps between steps cannot be
written down whole without pickle, and it ends a training that is terminated without a word.
"""

from __future__ import annotations

import math
import os
import signal
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

from playhead.data.assembly import Batch
from playhead.data.loader import Loader
from playhead.decoding import plain
from playhead.errors import BadValue, Collapsed, NotANumber
from playhead.models.engine import torch_device
from playhead.models.full_memory import saying_what_to_lower
from playhead.models.run_file import HISTORY_FILE
from playhead.models.run_history import history_bytes
from playhead.models.weights import check_shapes, learned_weights, shapes_of
from playhead.stopping import stopped_by_interrupt
from playhead.training.beginning import begin, known_labels
from playhead.training.checkpoint import (
    Asked,
    Checkpoint,
    Learning,
    optimizer_tensors,
    random_states,
    remove_checkpoints,
    restore_optimizer,
    restore_random,
    write_checkpoint,
)
from playhead.training.curves import Curves
from playhead.training.early import EarlyWatch
from playhead.training.handed import as_made, batches_left, check_batch, checked_validation, parts_of
from playhead.training.job import StepTold, TrainingJob
from playhead.training.module import SupervisedModule, stood_still
from playhead.training.numbers import (
    check_gradients,
    check_losses,
    check_validation,
    check_weights,
)
from playhead.training.recipe import Recipe

Weights = dict[str, Tensor]


@dataclass
class Learned:
    """What a training has come to so far; `last` are the metrics of the last validation.

    `good_weights` are the newest that were looked at and found to be numbers. `ended_by` is the signal that ended
    it before its time, 0 without one; `broken` says which number was none, or that it looks at nothing.
    `kept_step` is the last checkpoint's.
    """

    steps: int = 0
    seconds: float = 0.0
    best_step: int = 0
    best_loss: float = math.inf
    best_weights: Weights | None = field(default=None, repr=False)
    good_step: int = 0
    good_weights: Weights | None = field(default=None, repr=False)
    last: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    ended_by: int = 0
    broken: NotANumber | Collapsed | None = None
    kept_step: int | None = None

    def end(self, number: int) -> None:
        """Have it end after the present step, as by this signal; one that came before counts."""
        self.ended_by = self.ended_by or number


def fit(
    job: TrainingJob, module: SupervisedModule, training: Iterable[Batch], validation: Iterable[Batch] | None,
    accelerator: str, asked: Asked,
) -> Learned:  # fmt: skip
    """Train for the recipe's steps, or until a signal or a number that is none, and return what it came to.

    Batches may come from anywhere (handed.py); those of a validation are gone through each time.
    """
    with _silence(), _deterministic(accelerator):
        fitting = Fitting(job, module, training, validation, accelerator, asked)
        with stopped_by_interrupt(told=fitting.learned.end), closing(fitting.curves):
            try:
                with saying_what_to_lower(_less_memory(job.recipe)):
                    fitting.run()
            except (NotANumber, Collapsed) as problem:
                fitting.learned.broken = problem
            except Exception:
                if not fitting.learned.steps and job.resume is None:  # nothing was learned to go on from
                    remove_checkpoints(job.out)
                raise
    return fitting.learned


def _less_memory(recipe: Recipe) -> str:
    """Say what makes a step need less memory, the same weights first."""
    parts = min(2 * recipe.accumulate, recipe.batch_size)
    ways = [f"--set accumulate={parts} (the same, in parts)"] if parts > recipe.accumulate else []
    if recipe.batch_size > 1:
        ways.append(f"--set batch_size={recipe.batch_size // 2}")
    return f"Take {' or '.join([*ways, 'a smaller network, or --device cpu'])}."


def chosen_accelerator(job: TrainingJob) -> str:
    """Return Lightning's name of the device: "auto" takes a GPU when there is one. Raises BadValue."""
    named = {"gpu": "cuda"}.get(job.device, job.device)  # as it was called before
    device = "gpu" if torch_device(named) == "cuda" else "cpu"
    if device == "cpu" and job.recipe.precision == "16-mixed":
        raise BadValue("precision=16-mixed needs a GPU. Take --set precision=32-true or bf16-mixed.")
    return device


class Fitting:
    """One training under way."""

    def __init__(
        self, job: TrainingJob, module: SupervisedModule, training: Iterable[Batch],
        validation: Iterable[Batch] | None, accelerator: str, asked: Asked,
    ) -> None:  # fmt: skip
        self.job, self.module, self.training = job, module, training
        self.validation = checked_validation(validation)
        self.asked = asked
        self.learned = Learned()
        self.watch = EarlyWatch(job.recipe)
        self.curves = Curves(job.out, job.resume.learning.step if job.resume else 0)
        self.fabric = Fabric(accelerator=accelerator, devices=1, precision=job.recipe.precision)
        module.to(self.fabric.device)
        optimizer, self.schedule = module.optimizer_and_schedule()
        self.optimizer: Any = self.fabric.setup_optimizers(optimizer)
        self._inner = optimizer
        self._began_s = self._written_s = time.monotonic()
        self._seconds_before = 0.0
        self.has_converged = False

    def run(self) -> None:
        """Take all steps that are left."""
        recipe, learned = self.job.recipe, self.learned
        if self.job.resume is None:
            self.keep()
        else:
            self.restore(self.job.resume)
        self.module.train()
        with closing(
            batches_left(self.training, self.module.network, learned.steps, recipe.steps, self.job.progress)
        ) as batches:
            for batch in batches:
                check_batch(batch, self.module.schema)
                if learned.steps == 0 and self.job.batches is not None:  # nothing else of them can be looked at
                    labels = {name: known_labels(batch, name) for name in self.module.schema}
                    begin(self.job, self.module.network, labels, self.module.class_weights, [batch])
                self.step(self.fabric.to_device(batch))
                if self.job.stop.is_set():
                    learned.end(signal.SIGINT)
                if self.job.leave.is_set():
                    learned.end(signal.SIGTERM)
                if self.validation is not None and learned.steps % min(recipe.eval_every, recipe.steps) == 0:
                    self.validate()
                self.keep_if_due()
                if learned.ended_by or self.has_converged:
                    break
        if self.job.leave.is_set() and not learned.ended_by:  # while the next batch was waited for
            learned.end(signal.SIGTERM)
            self.keep()
        if self.has_converged and learned.steps < recipe.steps:
            self.job.progress.note(
                f"The validation loss has not fallen for {recipe.patience} validations: training ends at step "
                f"{learned.steps:,} of {recipe.steps:,} (patience={recipe.patience})."
            )
        elif learned.steps < recipe.steps and not learned.ended_by:
            self.job.progress.note(f"The batches ended after step {learned.steps:,} of {recipe.steps:,}.")
        check_weights(self.module.network, recipe, learned.steps)
        if not self.is_left and self.validation is not None and learned.last.get("step") != learned.steps:
            self.validate()
        learned.seconds = self._seconds()

    @property
    def is_left(self) -> bool:
        """Whether this training is only left for now: Ctrl-C ends it, other signals mean the process."""
        return self.learned.ended_by not in (0, signal.SIGINT)

    def step(self, batch: Batch) -> None:
        """Learn from one batch."""
        recipe, number = self.job.recipe, self.learned.steps + 1
        self.optimizer.zero_grad()
        value, by_head = 0.0, dict[str, Tensor]()
        for part, share in parts_of(batch, recipe.accumulate):
            with self.fabric.autocast():
                loss, of_part = self.module.training_step(part)
            value += share * float(loss.detach())
            check_losses(value, of_part, part, self.module.network, recipe, number)
            self.fabric.backward(loss * share)
            by_head = {name: by_head.get(name, 0) + share * one.detach() for name, one in of_part.items()}
        most = recipe.clip_norm or math.inf
        norm = self.fabric.clip_gradients(self.module, self.optimizer, max_norm=most, error_if_nonfinite=False)
        if recipe.precision != "16-mixed":  # there the scaler tries a smaller scale by itself
            check_gradients(float(norm if norm is not None else 0.0), recipe, number)
        self.optimizer.step()
        self.schedule.step()
        self.module.count_loss(value, is_first=number == 1)
        self.learned.steps = number
        lr = float(self.schedule.get_last_lr()[0])
        self.curves.step(number, value, lr)
        told = {name: float(one) for name, one in by_head.items()}
        errors = dict(self.module.axis_errors)
        self.job.on_loss(StepTold(number=number, loss=value, by_head=told, errors=errors, lr=lr))
        self.job.progress.step(number, recipe.steps, self.module.train_loss)
        for sentence in self.watch.saw(number, self.module, batch, by_head):
            self.job.progress.note(sentence)
        self.job.on_step(number, self.module.network)

    def validate(self) -> None:
        """Write down what a validation measures, and keep the weights if none were better."""
        assert self.validation is not None
        module, learned = self.module, self.learned
        module.eval()
        module.begin_validation()
        with torch.inference_mode(), self.fabric.autocast():
            for given in self.validation:
                batch = given if isinstance(self.validation, Loader) else as_made(given, module.network)
                check_batch(batch, module.schema, is_validation=True)
                module.validation_step(self.fabric.to_device(batch))
        module.train()
        measured = module.metrics()
        if not measured:
            raise BadValue("There is not one batch to validate on. Hand in some, or none at all: validation=None.")
        metrics = {"step": learned.steps, "train_loss": module.train_loss, **measured}
        check_validation(metrics, self.job.recipe, learned.steps)
        check_weights(module.network, self.job.recipe, learned.steps)
        learned.last = metrics
        if metrics["loss"] < learned.best_loss:
            learned.best_loss, learned.best_step = metrics["loss"], learned.steps
            learned.best_weights = copied(module.network)
        learned.good_step, learned.good_weights = learned.steps, learned.best_weights
        learned.history.append(metrics)
        self.count_plateaus()
        with suppress(OSError):  # a disk that is full now has room for it in the end, when it is written again
            (self.job.out / HISTORY_FILE).write_bytes(history_bytes(learned.history))
        self.curves.validated(metrics)
        self.job.progress.validated(learned.steps, metrics)

    def count_plateaus(self) -> None:
        """Find how often the validation loss has stood still: that lowers the learning rate, or ends it all."""
        recipe, losses = self.job.recipe, [metrics["loss"] for metrics in self.learned.history]
        self.module.plateaus = stood_still(losses, recipe.plateau_patience)
        self.has_converged = bool(recipe.patience) and stood_still(losses, recipe.patience) > 0

    def keep_if_due(self) -> None:
        """Write a checkpoint when the last one is old, or a signal came."""
        is_due = time.monotonic() - self._written_s >= self.job.checkpoint_s
        is_due |= self.job.checkpoint_every > 0 and self.learned.steps % self.job.checkpoint_every == 0
        if is_due or self.learned.ended_by:
            self.keep()

    def keep(self) -> None:
        """Write a checkpoint; a disk that does not take it is said, and the training goes on."""
        learned, network = self.learned, self.module.network
        check_weights(network, self.job.recipe, learned.steps)
        if learned.steps and learned.best_weights is None:
            learned.good_step, learned.good_weights = learned.steps, copied(network)
        self._written_s = time.monotonic()
        try:
            write_checkpoint(self.job.out, self._learning(), self.asked, self._tensors())
        except OSError as error:
            until = f"step {learned.kept_step:,}" if learned.kept_step is not None else "nothing"
            self.job.progress.note(
                f"The checkpoint of step {learned.steps:,} could not be written ({error.strerror or error}). "
                f"Training goes on; what is kept until now is {until}. Free some space."
            )
        else:
            learned.kept_step = learned.steps

    def _learning(self) -> Learning:
        learned = self.learned
        python_random, numpy_random, _ = random_states()
        return Learning(
            step=learned.steps,
            seconds=self._seconds(),
            train_loss=self.module.train_loss,
            best_step=learned.best_step,
            best_loss=learned.best_loss if math.isfinite(learned.best_loss) else None,
            history=plain(learned.history),
            last=plain(learned.last),
            groups=optimizer_tensors(self._inner)[1],
            scaler=plain(self.fabric.strategy.precision.state_dict()),
            python_random=python_random,
            numpy_random=numpy_random,
            colours=self.module.network.colours,
        )

    def _tensors(self) -> Weights:
        parts = {
            "network": self.module.network.state_dict(),
            "best": self.learned.best_weights or {},
            "optimizer": optimizer_tensors(self._inner)[0],
            "random": {"torch": random_states()[2]},
        }
        if self.fabric.device.type == "cuda":
            parts["random"]["cuda"] = torch.cuda.get_rng_state()
        return {f"{part}/{name}": value for part, tensors in parts.items() for name, value in tensors.items()}

    def restore(self, kept: Checkpoint) -> None:
        """Go back to where a checkpoint was written. Raises Mismatch or Damaged when it is of something else."""
        told, learned, network = kept.learning, self.learned, self.module.network
        weights, best = kept.part("network"), kept.part("best")
        wanted, learned_names = shapes_of(network), learned_weights(network).keys()
        for tensors, names in ((weights, wanted.keys()), *([(best, learned_names)] if best else [])):
            found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
            check_shapes({name: wanted[name] for name in names}, found, whose=f"Run {kept.folder.name}")
        network.load_state_dict(weights)
        if told.colours is not None:
            network.standardise(told.colours)
        restore_optimizer(self._inner, kept.part("optimizer"), told.groups)
        self.schedule.last_epoch = told.step
        self.schedule._step_count = told.step + 1
        if told.scaler:
            self.fabric.strategy.precision.load_state_dict(told.scaler)
        self.module.train_loss = told.train_loss
        learned.steps = learned.kept_step = told.step
        learned.best_step, learned.best_weights = told.best_step, best or None
        learned.best_loss = math.inf if told.best_loss is None else told.best_loss
        learned.good_step, learned.good_weights = told.step, best or copied(network)
        learned.history, learned.last = list(told.history), dict(told.last)
        self.count_plateaus()
        self._seconds_before = told.seconds
        random_tensors = kept.part("random")
        if self.fabric.device.type == "cuda" and "cuda" in random_tensors:
            torch.cuda.set_rng_state(random_tensors["cuda"])
        restore_random(told.python_random, told.numpy_random, random_tensors.get("torch", torch.empty(0)))
        self.job.progress.step(told.step, self.job.recipe.steps, told.train_loss)

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._began_s


def copied(network: torch.nn.Module) -> Weights:
    """Return the weights of a network as they are now, those left out that never change."""
    return {name: value.detach().cpu().clone() for name, value in learned_weights(network).items()}


@contextmanager
def _deterministic(accelerator: str) -> Iterator[None]:
    """Have torch compute the same every time, as far as it can on this device, and leave it as it was."""
    before = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    if accelerator == "gpu":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=accelerator == "gpu")
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warn_only)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep advice of torch and Lightning off the screen; errors still come as exceptions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
