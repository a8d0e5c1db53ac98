"""Batches from anywhere: a loader, a list, a generator that a live system feeds.

A batch is a dict of tensors or numpy arrays: the network's inputs by name (`frames` whole, (B, T, H, W, C) uint8,
or what its `prepare` makes of them), `labels` head -> (B, columns) or (B, positions, columns), and where known
`mask` head -> (B, positions). A validation also wants `previous`, like
labels: the action before, by which a network is told from one that repeats it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import nn

from playhead.data.assembly import Batch
from playhead.data.loader import Loader
from playhead.errors import BadValue, NothingToTrain
from playhead.inputs import view_key
from playhead.labels import Choice, LabelSchema
from playhead.models.network import Network
from playhead.progress import Progress


@runtime_checkable
class Seekable(Protocol):
    """Batches that can be gone on with from any step, as those of a loader."""

    def seek(self, step: int) -> None:
        """Have the next iteration begin with the batch that follows `step` others."""
        ...


def batches_left(
    training: Iterable[Batch], network: nn.Module, step: int, steps: int, progress: Progress
) -> Generator[Batch, None, None]:
    """Yield the batches of the steps that are left: never one more, for a live source would be waited for.

    What cannot seek goes on with what comes next, and that is said.
    Raises:  NothingToTrain when there is none.
    """
    if isinstance(training, Seekable):
        training.seek(step)
    elif step:
        progress.note(
            f"The batches after step {step:,} are others than they would have been: where they come from, nothing "
            "can be skipped."
        )
    batches = iter(training)
    first = list(islice(batches, 1 if step < steps else 0))
    if not first and not step:
        raise NothingToTrain("There is not one batch to learn from: what was handed in gives none.")
    try:
        for batch in islice(chain(first, batches), steps - step):
            yield batch if isinstance(training, Loader) else as_made(batch, network)
    finally:
        if isinstance(batches, Generator):
            batches.close()


def as_made(batch: Mapping[str, Any], network: nn.Module) -> Batch:
    """Return a batch as a loader makes it: tensors, whole frames prepared, a number a window.

    Labels may be as a recording has them, whole numbers too; what is no number is not known.
    Raises:  BadValue naming the first thing that it lacks or that cannot be.
    """
    if not isinstance(batch, Mapping):
        raise BadValue(f"A batch is a mapping of inputs and labels, no {type(batch).__name__}.")
    taken: Batch = {name: _as_tensor(value) for name, value in batch.items()}
    if isinstance(network, Network):
        # What is no whole frame was prepared already.
        pictures = [name for name, one in network.spec.named_inputs.items() if one.is_pictures and name in taken]
        whole = [name for name in pictures if taken[name].shape[2:] == network.spec.frame.shape]
        frames = {name: taken.pop(name).cpu().numpy() for name in whole}
        taken |= {name: _as_tensor(value) for name, value in network.prepare_windows(frames).items()}
        _check_inputs(taken, network, whole)
        if isinstance(taken.get("labels"), Mapping):
            _take_labels(taken, network.spec.schema)
    labels = next(iter(taken.get("labels", {}).values()), None)
    if "rows" not in taken and labels is not None:
        taken["rows"] = torch.arange(len(labels))
    return taken


def _check_inputs(taken: Batch, network: Network, whole: Sequence[str]) -> None:
    """Raise BadValue for an input that is not there, or pictures that are neither whole frames nor prepared."""
    shape = network.spec.frame.shape
    for name, one in network.spec.named_inputs.items():
        wanted = [name]
        if one.is_pictures and name not in whole:
            wanted = [
                view_key(name, view) for view in network.prepare_input(name, np.zeros((1, *shape), np.uint8))
            ]
        if name not in whole and any(key not in taken for key in wanted):
            there = f"pictures of {tuple(taken[name].shape[2:])}" if name in taken else "none"
            frames = f"whole frames (windows, {one.steps}, {', '.join(map(str, shape))})"
            what = frames if one.is_pictures else f"({one.steps} numbers a window)"
            raise BadValue(f"A batch needs the input {name}, {what}; it has {there}.")


def _take_labels(taken: Batch, schema: LabelSchema) -> None:
    """Have labels as losses want them: numbers with a fraction, known where they are numbers. Raises BadValue."""
    for part in ("labels", "previous"):
        table = taken.get(part, {})
        for name, head in schema.items():
            if name not in table:
                continue
            labels = table[name]
            if labels.ndim not in (2, 3) or labels.shape[-1] != head.columns:
                wanted = f"(windows, {head.columns}) or (windows, positions, {head.columns})"
                raise BadValue(f"The {part} of {name} in a batch are {tuple(labels.shape)}; {wanted} is wanted.")
            table[name] = labels if labels.is_floating_point() else labels.float()
    mask = taken["mask"] = dict(taken.get("mask") or {})
    for name, head in schema.items():
        if name not in taken["labels"]:
            continue
        labels = taken["labels"][name]
        is_number = labels.isfinite().all(-1)
        known = torch.as_tensor(mask.get(name, is_number)).bool()
        if known.numel() != is_number.numel():
            shapes = f"{tuple(known.shape)}; {tuple(is_number.shape)}"
            raise BadValue(f"The mask of {name} in a batch is {shapes}, windows and positions, is wanted.")
        mask[name] = known.reshape(is_number.shape) & is_number
        taken["labels"][name] = labels = labels.nan_to_num(0.0, 0.0, 0.0)
        classes = labels[mask[name]]
        if isinstance(head, Choice) and len(classes) and not 0 <= classes.min() <= classes.max() < head.outputs:
            raise BadValue(
                f"A batch has the classes {classes.min():g} to {classes.max():g} of {name}; it knows 0 to "
                f"{head.outputs - 1}. Say with its mask what is not known."
            )


def _as_tensor(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _as_tensor(inner) for name, inner in value.items()}
    return torch.from_numpy(np.ascontiguousarray(value)) if isinstance(value, np.ndarray) else value


def check_batch(batch: Mapping[str, Any], schema: LabelSchema, *, is_validation: bool = False) -> None:
    """Raise BadValue naming the first thing that a batch lacks."""
    for part in ("labels", "previous") if is_validation else ("labels",):
        table = batch.get(part)
        missing = [name for name in schema if not isinstance(table, Mapping) or name not in table]
        if missing:
            what = "a batch of a validation" if is_validation else "a batch"
            raise BadValue(
                f"There are no {part} of {missing[0]} in {what}: it holds {', '.join(batch) or 'nothing'}. "
                f'Give it {part}={{"{missing[0]}": ...}}.'
            )


def parts_of(batch: Batch, parts: int) -> Iterator[tuple[Batch, float]]:
    """Yield a batch in so many parts of nearly equal size, each with its share of all windows; none is empty."""
    count = len(next(iter(batch["labels"].values())))
    size = -(-count // parts)
    for start in range(0, count, size):
        yield _rows(batch, start, start + size), (min(start + size, count) - start) / count


def _rows(value: Any, start: int, end: int) -> Any:
    if isinstance(value, Mapping):
        return {name: _rows(inner, start, end) for name, inner in value.items()}
    return value[start:end]


def checked_validation(validation: Iterable[Batch] | None) -> Iterable[Batch] | None:
    """Return the batches of a validation. Raises BadValue for what can be gone through only once."""
    if isinstance(validation, Iterator):
        raise BadValue("The batches of a validation are gone through again and again. Hand in a list of them.")
    return validation
