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

from playhead.models.network import Network

FloatArray = npt.NDArray[np.float32]


class Probe:
    """A context in which everything that a head's layer takes and gives is kept.

    Shapes:  after leaving, features (N, F) and logits (N, O) of all windows that were answered meanwhile, with an
             axis of positions (N, L, ...) where a network answers at several.
    """

    def __init__(self, network: Network, head: str) -> None:
        self._layer = network.answer_layer(head)
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
    def is_empty(self) -> bool:
        """Whether nothing went through the layer: somebody else than torch answered."""
        return not self._logits

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
