"""What a network thinks before it answers: the logits of a head, and the features they are made from.

Shape legend: N windows, F features, O outputs.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from playhead.errors import Mismatch
from playhead.models.heads import Heads

FloatArray = npt.NDArray[np.float32]


def answer_layer(network: nn.Module, head: str, outputs: int) -> nn.Module:
    """Return the layer that makes a head's logits of features.

    A network may say so itself with a method of this name; else it is the head's layer in its Heads, else the
    last linear layer of that many outputs. Raises: Mismatch when there is none.
    """
    own = getattr(network, "answer_layer", None)
    if callable(own):
        layer: nn.Module = own(head)
        return layer
    for module in network.modules():
        if isinstance(module, Heads) and head in module.layers:
            return module.layers[head]
    fitting = [m for m in network.modules() if isinstance(m, nn.Linear) and m.out_features == outputs]
    if not fitting:
        raise Mismatch(
            f"{type(network).__name__} has no linear layer of {outputs} outputs that could answer {head}. "
            "Give it a method answer_layer(head)."
        )
    return fitting[-1]


class Probe:
    """A context in which everything that a head's layer takes and gives is kept.

    Shapes:  after leaving, features (N, F) and logits (N, O) of all windows that were answered meanwhile, with an
             axis of positions (N, L, ...) where a network answers at several.
    """

    def __init__(self, network: nn.Module, head: str, outputs: int) -> None:
        self._layer = answer_layer(network, head, outputs)
        self._features: list[FloatArray] = []
        self._logits: list[FloatArray] = []
        self._hook: Any = None

    def __enter__(self) -> Probe:
        self._hook = self._layer.register_forward_hook(self._keep)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hook.remove()

    @property
    def features(self) -> FloatArray:
        """What the layer took."""
        return np.concatenate(self._features)

    @property
    def logits(self) -> FloatArray:
        """What it gave."""
        return np.concatenate(self._logits)

    def _keep(self, layer: nn.Module, taken: tuple[Tensor, ...], given: Tensor) -> None:
        with torch.no_grad():
            self._features.append(taken[0].detach().flatten(given.ndim - 1).float().cpu().numpy())
            self._logits.append(given.detach().float().cpu().numpy())
