"""Weights on disk: safetensors, written whole or not at all, loaded strictly. Never pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from playhead.errors import Damaged, Mismatch


def save_weights(file: Path, weights: Mapping[str, Tensor]) -> None:
    """Write weights as safetensors, whole or not at all."""
    part = file.with_suffix(".part")
    # As bytes, since safetensors' own writing to a file maps it, and says what failed in words of its own.
    data = save({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()})
    try:
        part.write_bytes(data)
        part.replace(file)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def read_weights(file: Path, *, run: str) -> dict[str, Tensor]:
    """Return the tensors of a file. Raises Damaged."""
    try:
        return load_file(file)
    except (SafetensorError, OSError) as error:
        raise Damaged(f"The weights of run {run}, {file}, cannot be read: {error}. Train again.") from error


def load_weights(network: torch.nn.Module, file: Path, *, run: str) -> None:
    """Load weights strictly. Raises Mismatch naming what is missing, extra or of another shape."""
    then = "The run was made by another version of its network. Train again."
    weights = read_weights(file, run=run)
    wanted = network.state_dict()
    missing, extra = sorted(wanted.keys() - weights.keys()), sorted(weights.keys() - wanted.keys())
    if missing:
        raise Mismatch(f"Run {run} has no weights for {_some(missing)}. {then}")
    if extra:
        raise Mismatch(f"Run {run} has weights that the network does not use: {_some(extra)}. {then}")
    for name, tensor in wanted.items():
        if tensor.shape != weights[name].shape:
            raise Mismatch(
                f"Run {run} has {name} of shape {tuple(weights[name].shape)}, "
                f"the network needs {tuple(tensor.shape)}. {then}"
            )
    network.load_state_dict(weights, strict=True)


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
