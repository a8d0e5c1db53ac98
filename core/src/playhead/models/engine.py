"""What asks a network: prepared arrays in, logits out, in one place of one machine.

An engine is registered by name (`playhead_engines`) and is called with a Network and a device. Whoever plays or
evaluates goes through a Predictor and never learns which engine it is. One that sets `takes_exported` is called
with what was exported of the run besides (exported.py).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Protocol

import numpy.typing as npt
import torch
from torch import Tensor

from playhead.errors import BadValue
from playhead.models.full_memory import saying_what_to_lower
from playhead.models.network import Arrays, Network
from playhead.models.weights import check_shapes, shapes_of

DEVICES = ("auto", "cpu", "cuda")
_LESS = "Let other programs leave it, or ask elsewhere: --device cpu."
_SWAPPED = "Hand in tensors of this very network, as its state_dict() gives them."


class Engine(Protocol):
    """One network, ready to be asked. `device` is where it computes."""

    device: str

    def predict(self, prepared: Mapping[str, npt.NDArray[Any]]) -> Arrays:
        """Return the logits of every head (B, outputs) for prepared windows (B, T, ...)."""
        ...

    def step(self, prepared: Mapping[str, npt.NDArray[Any]], state: Any) -> tuple[Arrays, Any]:
        """Return the logits for windows of one frame and the state after them; None is the state of a beginning.

        The state is the engine's own: it is kept for it and given back, and nobody looks into it.
        """
        ...

    def swap(self, weights: Mapping[str, Tensor]) -> None:
        """Put other weights in the place of those in use, between two answers. States go on as they are."""
        ...


class TorchEngine:
    """PyTorch, on a processor or with CUDA. Asked by one thread; weights may be swapped by another."""

    def __init__(self, network: Network, device: str = "cpu") -> None:
        """Put the network in its place. Raises BadValue for a device that is not there."""
        self.device = torch_device(device)
        with saying_what_to_lower(_LESS):
            self._network = network.to(device=self.device).eval()
        is_plain = type(network).forward is Network.forward and not network.has_cacheable
        self._answer = network.answer if is_plain else network  # the same; some calls less to go through
        self._step = network.step
        self._between_answers = threading.Lock()

    def predict(self, prepared: Mapping[str, npt.NDArray[Any]]) -> Arrays:
        """Return the logits of every head."""
        with self._between_answers, torch.inference_mode(), saying_what_to_lower(_LESS):
            return _arrays(self._answer(self._tensors(prepared)))

    def step(self, prepared: Mapping[str, npt.NDArray[Any]], state: Any) -> tuple[Arrays, Any]:
        """Return the logits for one more frame, and the state after it."""
        with self._between_answers, torch.inference_mode(), saying_what_to_lower(_LESS):
            tensors = self._tensors(prepared)
            if state is None:
                count = len(next(iter(tensors.values())))
                state = {n: v.to(self.device) for n, v in self._network.initial_state(count).items()}
            logits, state = self._step(tensors, state)
            return _arrays(logits), state

    def swap(self, weights: Mapping[str, Tensor]) -> None:
        """Put other weights in the place of those in use; frozen ones may be left out.

        Raises:  Mismatch for weights of another network, BadValue for what are none; those in use stay.
        """
        for name, value in weights.items():
            if not isinstance(value, Tensor):
                raise BadValue(f"What is to be swapped in has {value!r:.40} for {name}. {_SWAPPED}")
        wanted, found = shapes_of(self._network), {name: tuple(value.shape) for name, value in weights.items()}
        needed = {n: shape for n, shape in wanted.items() if n in found or not self._network.is_frozen(n)}
        check_shapes(needed, found, whose="What is to be swapped in", then=_SWAPPED)
        moved = {name: value.to(self.device) for name, value in weights.items()}  # as long as it takes
        with self._between_answers:
            self._network.load_state_dict(moved, strict=False)

    def _tensors(self, prepared: Mapping[str, npt.NDArray[Any]]) -> dict[str, Tensor]:
        return {name: torch.from_numpy(value).to(self.device) for name, value in prepared.items()}


def _arrays(logits: Mapping[str, Tensor]) -> Arrays:
    return {name: value.float().cpu().numpy() for name, value in logits.items()}


def torch_device(name: str) -> str:
    """Return where torch computes: `auto` takes CUDA where there is any. Raises BadValue where there is none."""
    if name not in DEVICES:
        raise BadValue(f"The device {name} is none that torch computes on here. Take one of {', '.join(DEVICES)}.")
    has_cuda = torch.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise BadValue(
            f"There is no CUDA here: PyTorch {torch.__version__} sees no NVIDIA GPU. Take --device cpu, or see: "
            "playhead doctor."
        )
    return "cuda" if has_cuda and name != "cpu" else "cpu"
