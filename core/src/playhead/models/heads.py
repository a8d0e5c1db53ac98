"""From features to logits of every head of a schema, and from logits to what a player can use."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from playhead.labels import Axes, Choice, Head, Keys, LabelSchema
from playhead.models.named import NamedModules


class Heads(nn.Module):
    """One linear layer a head.

    Shapes:  forward takes (B, features) and returns head -> (B, outputs); of several positions of a window
             (B, L, features) it returns (B, L, outputs).
    """

    def __init__(self, schema: LabelSchema, features: int) -> None:
        super().__init__()
        self.layers = NamedModules({name: nn.Linear(features, head.outputs) for name, head in schema.items()})

    def begin_at(self, logits: Mapping[str, Tensor]) -> None:
        """Have these heads answer about so (outputs,), whatever they see, until they have learned better."""
        for name, logits_O in logits.items():
            if name in self.layers:
                with torch.no_grad():
                    self.layers[name].get_parameter("bias").copy_(logits_O)

    def forward(self, features_BF: Tensor) -> dict[str, Tensor]:
        """Return the logits of every head."""
        return {name: layer(features_BF) for name, layer in self.layers.items()}


def probabilities(schema: LabelSchema, logits: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Turn logits into predictions: shares of 1 for keys, classes and deltas, values for axes.

    Shapes:  as the logits are, (B, outputs) or (B, L, outputs).
    """
    return {name: _predictions(head, logits[name]) for name, head in schema.items()}


def _predictions(head: Head, logits: Tensor) -> Tensor:
    if isinstance(head, Keys):
        return logits.sigmoid()
    if isinstance(head, Choice):
        return logits.softmax(-1)
    return axis_deltas(head, logits).softmax(-1).flatten(-2) if head.deltas else logits.clamp(-1, 1)


def axis_deltas(head: Axes, logits: Tensor) -> Tensor:
    """Return the logits of a head with deltas, the outputs as two axes: (..., axes, deltas)."""
    return logits.reshape(*logits.shape[:-1], len(head.names), len(head.deltas))
