"""What an interrupted training goes on from, to the bit: whole files, written by time and at every signal.

    checkpoint/STEP.safetensors   weights, best weights, optimiser, random numbers of torch
    checkpoint/STEP.json          step, schedule, other random numbers, history, what was asked for; and digests

The two newest are kept: a torn one is passed over. Never pickle: what is read is decoded as strictly as a run.
"""

from __future__ import annotations

import hashlib
import math
import random
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import torch
from msgspec import Meta
from torch import Tensor

from playhead.data.source import Source
from playhead.decoding import convert, decode_json, digest, encode_json, plain, read_bytes
from playhead.errors import Damaged, NotFound, PlayheadError
from playhead.models import Colours
from playhead.models.run_file import MOST_BYTES, FileSeal, read_sealed, write_whole
from playhead.models.weights import read_tensors, weight_bytes

FOLDER = "checkpoint"
KEPT = 2
_UNFIT = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
FORMAT_VERSION = 1
SAMPLED_FRAMES = 16  # of a recording, for its fingerprint

Json = dict[str, Any]
Tensors = dict[str, Tensor]
_Count = Annotated[int, Meta(ge=0, le=2**53)]


class Learning(msgspec.Struct, kw_only=True):
    """Where a training is: plain data; what is large lies beside it as tensors."""

    step: _Count
    seconds: float
    train_loss: float
    best_step: _Count
    best_loss: float | None  # None before any validation
    history: list[Json]
    last: Json
    groups: list[Json]  # of the optimiser
    scaler: Json
    python_random: list[Any]
    numpy_random: list[Any]
    colours: Colours | None = None  # of the network


class Asked(msgspec.Struct, kw_only=True):
    """What the training was asked for: enough to begin it again in the same way.

    `recordings` are paths with fingerprints, by name. `order` counts the trainings of a game that were begun.
    """

    game: str
    recipe_name: str
    recipe: Json
    recordings: dict[str, tuple[str, str]]
    start_from: str = ""
    rate_hz: float | None = None
    device: str = "auto"
    command: str = ""
    playhead: str = ""
    git_revision: str = ""
    left_out: list[str] = []
    order: _Count = 0


class _FileJson(msgspec.Struct, kw_only=True):
    format_version: int
    learning: Learning
    asked: Asked
    tensors: FileSeal


@dataclass(kw_only=True)
class Checkpoint:
    """One checkpoint, read and checked."""

    folder: Path
    learning: Learning
    asked: Asked
    tensors: Tensors = field(repr=False)

    def part(self, prefix: str) -> Tensors:
        """Return the tensors below a prefix, by the rest of their names."""
        start = f"{prefix}/"
        return {name[len(start) :]: value for name, value in self.tensors.items() if name.startswith(start)}


def write_checkpoint(folder: Path, learning: Learning, asked: Asked, tensors: Mapping[str, Tensor]) -> None:
    """Write a checkpoint of a run's folder, whole or not at all, and let go of all but the newest ones.

    Raises:  OSError for a disk that does not take it; the ones before are as they were.
    """
    home = folder / FOLDER
    home.mkdir(parents=True, exist_ok=True)
    data = weight_bytes(tensors)
    told = {
        "format_version": FORMAT_VERSION,
        "learning": msgspec.to_builtins(learning),
        "asked": msgspec.to_builtins(asked),
        "tensors": msgspec.to_builtins(FileSeal.of(data)),
    }
    name = f"{learning.step:012d}"
    write_whole(home / f"{name}.safetensors", data)
    write_whole(home / f"{name}.json", encode_json({**told, "digest": digest(told)}))
    for old in _names(folder)[KEPT:]:
        (home / f"{old}.json").unlink(missing_ok=True)
        (home / f"{old}.safetensors").unlink(missing_ok=True)


def _names(folder: Path) -> list[str]:
    """Return the checkpoints of a run's folder, the newest first."""
    home = folder / FOLDER
    return sorted((file.stem for file in home.glob("*.json")), reverse=True) if home.is_dir() else []


def read_checkpoint(folder: Path) -> Checkpoint:
    """Return the newest checkpoint of a run's folder that is whole.

    Raises:  NotFound without any, Damaged when none is whole, saying what is wrong with the newest.
    """
    first: PlayheadError | None = None
    for name in _names(folder):
        try:
            return _read(folder, name)
        except PlayheadError as problem:
            first = first or problem
        except FileNotFoundError as gone:
            first = first or Damaged(f"The checkpoint {folder / FOLDER / name} has lost a file: {gone.filename}.")
    if first is None:
        raise NotFound(f"{folder} holds no unfinished training. Begin one: playhead train GAME.")
    raise Damaged(f"No checkpoint of {folder} can be gone on from: {first} Train again.") from first


def read_asked(folder: Path) -> Asked:
    """Return what an unfinished training was asked for. Raises as `read_checkpoint`."""
    for name in _names(folder):
        try:
            return _read_json(folder, name).asked
        except (PlayheadError, FileNotFoundError):
            continue
    return read_checkpoint(folder).asked


def _read_json(folder: Path, name: str) -> _FileJson:
    file = folder / FOLDER / f"{name}.json"
    raw = decode_json(read_bytes(file, MOST_BYTES), dict[str, Any], where=str(file))
    if raw.pop("digest", None) != digest(raw):
        raise Damaged(f"{file} was changed since it was written: its digest is another one.")
    told = convert(raw, _FileJson, where=str(file))
    if told.format_version != FORMAT_VERSION:
        raise Damaged(f"{file} has format_version {told.format_version}, this playhead reads {FORMAT_VERSION}.")
    return told


def _read(folder: Path, name: str) -> Checkpoint:
    told = _read_json(folder, name)
    file = f"{name}.safetensors"
    data = read_sealed(folder / FOLDER, file, {file: told.tensors})
    tensors = read_tensors(data, where=str(folder / FOLDER / file))
    return Checkpoint(folder=folder, learning=told.learning, asked=told.asked, tensors=tensors)


def remove_checkpoints(folder: Path) -> None:
    """Let go of the checkpoints of a training that is finished."""
    shutil.rmtree(folder / FOLDER, ignore_errors=True)


def unfinished(runs: Path) -> list[Path]:
    """Return the folders of unfinished trainings under the runs of a game, the one begun last first."""
    found = {file.parents[1] for file in runs.glob(f"*/*/{FOLDER}/*.json")} if runs.is_dir() else set()
    return sorted(found, key=_order, reverse=True)


def _order(folder: Path) -> tuple[int, str]:
    try:
        return read_asked(folder).order, folder.name
    except PlayheadError:
        return -1, folder.name


def next_order(runs: Path) -> int:
    """Return the number of a training that begins now: higher than that of any unfinished one."""
    return 1 + max((_order(folder)[0] for folder in unfinished(runs)), default=0)


def fingerprint(source: Source) -> str:
    """Return what a recording is known by, whatever it is called: times, labels, telemetry, and some pictures."""
    told = hashlib.sha256(f"{source.length} {source.header.rate_hz!r}".encode())
    tables = {"labels": source.labels, "telemetry": source.telemetry, "columns": source.columns}
    told.update(np.ascontiguousarray(source.frame_time_ns).tobytes())
    told.update(np.ascontiguousarray(source.label_origin).tobytes())
    for kind, columns in tables.items():
        for name in sorted(columns):
            told.update(f"{kind} {name}".encode() + np.ascontiguousarray(columns[name]).tobytes())
    frame_HWC = np.empty(source.header.frame.shape, np.uint8)
    for number in np.unique(np.linspace(0, max(0, source.length - 1), SAMPLED_FRAMES).astype(int)).tolist():
        if source.length:
            source.read_frame_into(number, frame_HWC)
            told.update(frame_HWC.tobytes())
    return told.hexdigest()


def random_states() -> tuple[list[Any], list[Any], Tensor]:
    """Return where Python's, numpy's and torch's random numbers are."""
    version, numbers, gauss = random.getstate()
    kind, keys, place, has_gauss, cached = np.random.get_state()
    return (
        [version, list(numbers), gauss],
        [kind, np.asarray(keys).tolist(), place, has_gauss, cached],
        torch.get_rng_state(),
    )


def restore_random(python_random: list[Any], numpy_random: list[Any], torch_random: Tensor) -> None:
    """Put all random numbers back where they were. Raises Damaged for what is no such place."""
    try:
        random.setstate((python_random[0], tuple(python_random[1]), python_random[2]))
        np.random.set_state((numpy_random[0], np.array(numpy_random[1], np.uint32), *numpy_random[2:]))
        torch.set_rng_state(torch_random)
    except _UNFIT as error:
        raise Damaged(f"The random numbers of a checkpoint cannot be read: {error}. Train again.") from error


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> tuple[Tensors, list[Json]]:
    """Return an optimiser's state as tensors `NUMBER.NAME`, and its groups as plain data."""
    state = optimizer.state_dict()
    tensors = {
        f"{number}.{name}": torch.as_tensor(value)
        for number, values in state["state"].items()
        for name, value in values.items()
    }
    groups: list[Json] = plain([dict(group) for group in state["param_groups"]])
    return tensors, groups


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Tensors, groups: list[Json]) -> None:
    """Put an optimiser back where it was. Raises Damaged for what is no such place."""
    state: dict[int, Tensors] = {}
    try:
        for name, value in tensors.items():
            number, _, what = name.partition(".")
            state.setdefault(int(number), {})[what] = value
        _check_fits(optimizer, state, groups)
        for group in groups:
            group["betas"] = tuple(group["betas"])
        optimizer.load_state_dict({"state": state, "param_groups": groups})
    except _UNFIT as error:
        raise Damaged(f"The optimiser of a checkpoint cannot be read: {error}. Train again.") from error


def _check_fits(optimizer: torch.optim.Optimizer, state: Mapping[int, Tensors], groups: list[Json]) -> None:
    """Raise ValueError for what the next step would stumble over: torch itself looks at hardly anything."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for number, tensors in state.items():
        for name, tensor in tensors.items():
            if number not in range(len(parameters)) or tensor.shape not in (parameters[number].shape, ()):
                raise ValueError(f"{number}.{name} of shape {tuple(tensor.shape)} belongs to no weight")
    rates = [group["lr"] for group in groups]
    if not all(isinstance(rate, float) and 0 <= rate < math.inf for rate in rates):
        raise ValueError(f"{rates} are no learning rates")
    # All but the rate, which the schedule moves, follows from what was asked for.
    wanted = optimizer_tensors(optimizer)[1]
    if [{**group, "lr": 0} for group in groups] != [{**group, "lr": 0} for group in wanted]:
        raise ValueError("its settings are others than those that were asked for")
