"""What a training method is given, and the check that recordings fit before anything is learned."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import torch
from torch import nn

import playhead
from playhead.data.assembly import Batch
from playhead.data.frame_table import check_inputs
from playhead.data.groups import unwanted
from playhead.data.relabelled import relabelled
from playhead.data.source import Source, identity
from playhead.errors import Mismatch, NothingToTrain, listed
from playhead.game import Game
from playhead.labels import LabelSchema
from playhead.models.network_part import NetworkPart, check_frame
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.progress import Progress
from playhead.training.checkpoint import Checkpoint
from playhead.training.recipe import Recipe
from playhead.version import git_revision, utc_now

OWN = "playhead"  # the plugin of what is built in


def _unheard(step: int, network: nn.Module) -> None:
    """Hand out nothing."""


@dataclass(frozen=True, kw_only=True)
class StepTold:
    """What one step came to: its loss, that of each head, the mean absolute error of axes, the learning rate."""

    number: int
    loss: float
    by_head: Mapping[str, float]
    errors: Mapping[str, float]
    lr: float


@dataclass(kw_only=True)
class TrainingJob:
    """One training: what to learn, from which recordings, and where the run goes.

    `out` is the folder that the run fills, made if missing. `start_from` is a run whose weights to go on with.
    `rate_hz` is the rate all recordings must have; without it they may have any, and are learned from by time.
    `skip_bad` leaves recordings that do not fit out, by name, where they would be an error.
    `resume` is where an interrupted training goes on; the rest is then what that one was asked for.
    `batches` take the place of recordings: any iterable of what a loader makes, a batch a step, and `validation`
    likewise (handed.py says what is in one). `on_step` is called after each step with its number and the network,
    whose weights it may copy, as for a player; they change again when it returns.
    `stop` ends it after a step, as Ctrl-C does; `leave` leaves it there, with a checkpoint to go on from.
    `on_loss` hears of each step what it came to.
    Units:  checkpoint_s seconds between two checkpoints; checkpoint_every steps, 0 for by time alone.
    """

    game: Game
    recipe: Recipe
    out: Path
    plugins: Plugins
    recordings: Sequence[Source] = ()
    batches: Iterable[Batch] | None = None
    validation: Iterable[Batch] | None = None
    on_step: Callable[[int, nn.Module], object] = _unheard
    recipe_name: str = "default"
    start_from: Run | None = None
    resume: Checkpoint | None = None
    on_loss: Callable[[StepTold], object] = lambda told: None
    checkpoint_s: float = 60.0
    checkpoint_every: int = 0
    rate_hz: float | None = None
    skip_bad: bool = False
    device: str = "auto"
    command: str = ""
    progress: Progress = field(default_factory=Progress)
    stop: Event = field(default_factory=Event)
    leave: Event = field(default_factory=Event)
    left_out: list[str] = field(default_factory=list)

    @property
    def schema(self) -> LabelSchema:
        """The heads to learn: those the recipe names, in the game's order, or all recorded. Raises NotFound."""
        schema = self.game.learnable
        for name in self.recipe.heads:
            schema.head(name)
        return schema.only(self.recipe.heads or tuple(self.game.schema))

    def run(
        self, *, network: NetworkPart | None = None, metrics: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None, parameters: int = 0, device: str = "",
    ) -> Run:  # fmt: skip
        """Return the run that this job fills, not saved yet: who made it, and from what, is said already."""
        recordings = [{"name": recording.name, "frames": recording.length} for recording in self.recordings]
        runs = {"runs": [self.start_from.name]} if self.start_from is not None else {}
        return Run(
            path=self.out,
            game=self.game.to_json(),
            recipe_name=self.recipe_name,
            recipe=self.recipe,
            network=network,
            device=device,
            parameters=parameters,
            metrics=dict(metrics or {}),
            made_with=made_with(self),
            data={"recordings": recordings, **runs} if data is None else data,
        )


def made_with(job: TrainingJob) -> dict[str, Any]:
    """Return what made the run: command, plugin, versions, revision, time, and the run it started from."""
    method = job.recipe.training
    plugin = job.plugins.origin("training", method) if method in job.plugins.names("training") else OWN
    return {
        "command": job.command,
        "created_utc": utc_now(),
        "git_revision": git_revision(),
        "playhead": playhead.__version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "started_from": job.start_from.name if job.start_from is not None else "",
        **({} if plugin == OWN else {"plugin": plugin}),
    }


def fitting_recordings(job: TrainingJob) -> list[Source]:
    """Return the recordings that fit the game and the recipe.

    They come in an order that does not depend on which of several processes finished its drive first, with the
    labels of the recipe's layer and of derived heads. One that lacks some heads is learned from for the others.
    Raises:  Mismatch naming the first recording that does not fit and what to type, unless job.skip_bad;
             NothingToTrain when none is left, or none has a head.
    """
    fitting: list[Source] = []
    then = f"Learn other heads: --set heads=NAME. {_then(job)}"
    for recording in job.recordings:
        try:
            check_recording(job, recording)
            told = relabelled(recording, job.schema, job.game.conversions, layer=job.recipe.layer, then=then)
        except Mismatch as problem:
            if not job.skip_bad:
                raise
            job.left_out.append(recording.name)
            job.progress.note(f"Left out: {problem}")
        else:
            fitting.append(told)
    if not fitting:
        raise NothingToTrain(_nothing(job))
    fitting = _wanted(job, fitting)
    _check_heads(job, fitting)
    return sorted(fitting, key=identity)


def _wanted(job: TrainingJob, fitting: list[Source]) -> list[Source]:
    """Return recordings without those whose drives were scored too badly. Raises NothingToTrain for no other."""
    names = unwanted(fitting, job.recipe.leave_out)
    if names:
        job.left_out += sorted(names)
        job.progress.note(f"Left out by {job.recipe.leave_out}: {listed(sorted(names), most=3)}.")
    if len(names) == len(fitting):
        raise NothingToTrain(
            f"leave_out={job.recipe.leave_out} leaves out all {len(fitting)} recordings. See how their drives "
            f"were scored: playhead data list {job.game.name}."
        )
    return [one for one in fitting if one.name not in names]


def _check_heads(job: TrainingJob, recordings: Sequence[Source]) -> None:
    """Note which recordings lack a head. Raises NothingToTrain for one that all lack."""
    for name in job.schema:
        lacking = [recording.name for recording in recordings if name not in recording.labels]
        if len(lacking) == len(recordings):
            has = ", ".join(other for other in job.schema if other != name)
            raise NothingToTrain(
                f"None of the {len(recordings)} recordings of {job.game.name} has the head {name}. Record some "
                f"that do, or learn the others alone: --set heads={has or 'NAME'}."
            )
        if lacking:
            named = listed(lacking, most=3)
            job.progress.note(f"Without {name}, and learned from for the other heads alone: {named}.")


def _nothing(job: TrainingJob) -> str:
    if job.left_out:
        return f"None of the {len(job.left_out)} recordings of {job.game.name} fits; see the notes above."
    return f"{job.game.name} has no recordings. Make some: playhead record {job.game.name}."


def check_recording(job: TrainingJob, recording: Source) -> None:
    """Raise Mismatch unless a recording is of this game and size, has the inputs, and the rate if one is asked."""
    header, where = recording.header, f"Recording {recording.name}"
    then = _then(job)
    if header.game["name"] != job.game.name:
        raise Mismatch(f"{where} is of {header.game['name']}, not of {job.game.name}. {then}")
    check_frame(job.game.needed_frame, header.frame, where=where, then=then)
    wanted = job.rate_hz
    if wanted is not None and abs(header.rate_hz - wanted) > 1e-6 * wanted:
        raise Mismatch(
            f"{where} is {job.game.name} at {header.rate_hz:g} Hz, {wanted:g} Hz are wanted. "
            "Leave --rate out to learn from all rates, or choose others with --recordings."
        )
    check_inputs(recording, job.recipe.named_inputs, then)


def _then(job: TrainingJob) -> str:
    return f"Leave it out: --skip-bad, or choose with --recordings from: playhead data list {job.game.name}."
