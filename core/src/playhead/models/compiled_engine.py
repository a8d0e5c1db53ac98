"""PyTorch with CUDA, its kernels fused by its own compiler and sent as one graph a window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy.typing as npt
import torch

from playhead.errors import BadValue
from playhead.models.engine import TorchEngine
from playhead.models.network import Arrays, Network


class CompiledEngine(TorchEngine):
    """`torch.compile` over a network, once for every shape it is asked about: the first answer takes a minute.

    For CUDA alone, where a window is many small kernels, and starting them takes the time. A processor took
    10.80 ms for a window of a compiled conv_stack, and 10.78 without.
    """

    compiler, devices = "inductor", ("cuda",)

    def __init__(self, network: Network, device: str = "auto") -> None:
        """Put the network in its place, to be compiled at its first answer. Raises BadValue without CUDA."""
        super().__init__(network, device)
        if self.device not in self.devices:
            raise BadValue("The engine compiled needs CUDA: on a processor it is no quicker. Take torch or onnx.")
        mode = "reduce-overhead" if self.device == "cuda" else None  # CUDA graphs
        self._answer, self._step = (
            torch.compile(asked, backend=self.compiler, mode=mode, dynamic=False)
            for asked in (self._answer, self._step)
        )

    def predict(self, prepared: Mapping[str, npt.NDArray[Any]]) -> Arrays:
        """Return the logits of every head. Raises BadValue for a network that cannot be compiled."""
        with compiling():
            return super().predict(prepared)

    def step(self, prepared: Mapping[str, npt.NDArray[Any]], state: Any) -> tuple[Arrays, Any]:
        """Return the logits for one more frame, and the state after it. Raises BadValue likewise."""
        with compiling():
            return super().step(prepared, state)


@contextmanager
def compiling() -> Iterator[None]:
    """Have what keeps torch from compiling raised as BadValue."""
    try:
        yield
    except torch._dynamo.exc.TorchDynamoException as error:
        said = " ".join(str(error).split("\n")[:2]).rstrip(". ")
        raise BadValue(f"PyTorch cannot compile this network here: {said:.200}. Take the engine torch.") from error
