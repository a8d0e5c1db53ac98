"""Weights on disk: safetensors, written whole or not at all, loaded strictly. Never pickle."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

import msgspec
import torch
from msgspec import Meta
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from playhead.decoding import decode_json
from playhead.errors import Damaged, Mismatch, listed
from playhead.models.network import Network

MOST_HEADER_BYTES = 16 * 2**20
_SIZE = 8  # bytes of a safetensors file that say how long its header is


class _TensorJson(msgspec.Struct):
    shape: Annotated[list[Annotated[int, Meta(ge=0, le=2**40)]], Meta(max_length=16)]
    dtype: str


Shapes = dict[str, tuple[int, ...]]


def weight_bytes(weights: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> bytes:
    """Return tensors as a safetensors file."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    return save(tensors, dict(metadata) if metadata else None)


def shapes_in(data: bytes, *, where: str) -> Shapes:
    """Return the shapes that a safetensors file says it holds, with nothing of it allocated. Raises Damaged."""
    length = int.from_bytes(data[:_SIZE], "little")
    if not 0 < length <= min(MOST_HEADER_BYTES, len(data) - _SIZE):
        raise Damaged(f"{where} cannot be read: it is no safetensors file, or was cut short. Train again.")
    header = decode_json(data[_SIZE : _SIZE + length], dict[str, msgspec.Raw], where=where, then="Train again.")
    header.pop("__metadata__", None)
    return {
        name: tuple(decode_json(bytes(entry), _TensorJson, where=where, then="Train again.").shape)
        for name, entry in header.items()
    }


def read_tensors(data: bytes, *, where: str) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file. Raises Damaged, also for numbers that are none."""
    shapes_in(data, where=where)
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise Damaged(f"{where} cannot be read: {error}. Train again.") from error
    check_finite(tensors, where=where)
    return tensors


def check_finite(tensors: Mapping[str, Tensor], *, where: str) -> None:
    """Raise Damaged naming the first tensor that holds a number that is none."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            count = int((~tensor.isfinite()).sum())
            raise Damaged(
                f"{where} cannot be used: {count:,} of the {tensor.numel():,} numbers of {name} are none (NaN or "
                "infinite). Train again, with a lower learning rate."
            )


OLDER = "The run was made by another version of its network. Train again."


def check_shapes(wanted: Shapes, found: Shapes, *, whose: str, then: str = OLDER) -> None:
    """Raise Mismatch naming the weights that are missing, extra or of another shape; `whose` has those found."""
    missing, extra = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    if missing:
        raise Mismatch(f"{whose} has no weights for {listed(missing)}. {then}")
    if extra:
        raise Mismatch(f"{whose} has weights that the network does not use: {listed(extra)}. {then}")
    for name, shape in wanted.items():
        if shape != found[name]:
            raise Mismatch(f"{whose} has {name} of shape {found[name]}, the network needs {shape}. {then}")


def shapes_of(network: torch.nn.Module) -> Shapes:
    """Return the shapes of a network's weights."""
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def numbers_in(shapes: Shapes) -> int:
    """Return how many numbers tensors of these shapes hold."""
    return sum(math.prod(shape) for shape in shapes.values())


def load_weights(network: torch.nn.Module, files: Mapping[str, bytes], *, run: str) -> None:
    """Load the weights of safetensors files strictly; each is said by its name where it cannot be used.

    Raises:  Mismatch, or Damaged for what is no number.
    """
    check_shapes(shapes_of(network), all_shapes(files), whose=f"Run {run}")
    tensors: dict[str, Tensor] = {}
    for where, data in files.items():
        tensors |= read_tensors(data, where=where)
    network.load_state_dict(tensors, strict=True)


def all_shapes(files: Mapping[str, bytes]) -> Shapes:
    """Return the shapes that several safetensors files hold together, as `shapes_in`."""
    return {name: shape for where, data in files.items() for name, shape in shapes_in(data, where=where).items()}


def learned_weights(network: torch.nn.Module) -> dict[str, Tensor]:
    """Return the weights of a network without those of parts that never learn."""
    frozen = frozen_weights(network)
    return {name: value for name, value in network.state_dict().items() if name not in frozen}


def frozen_weights(network: torch.nn.Module) -> dict[str, Tensor]:
    """Return the weights of the parts of a network that never learn."""
    if not isinstance(network, Network):
        return {}
    return {name: value for name, value in network.state_dict().items() if network.is_frozen(name)}
