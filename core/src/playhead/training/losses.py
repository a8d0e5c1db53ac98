"""How wrong an answer is, by kind of head."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from playhead.labels import Axes, Choice, Head, Keys, LabelSchema
from playhead.models.heads import axis_deltas


def losses(
    schema: LabelSchema,
    logits: Mapping[str, Tensor],
    labels: Mapping[str, Tensor],
    class_weights: Mapping[str, Tensor] | None = None,
) -> dict[str, Tensor]:
    """Return the mean loss of every head.

    Shapes:  logits head -> (B, outputs); labels head -> (B, columns), shares of 1 allowed for keys;
             class_weights head -> (outputs,): of each class of a choice, of the positive side of each key.
    """
    weights = class_weights or {}
    return {name: head_loss(head, logits[name], labels[name], weights.get(name)) for name, head in schema.items()}


def head_loss(head: Head, logits_BO: Tensor, labels_BA: Tensor, weight_O: Tensor | None = None) -> Tensor:
    """Binary cross-entropy for keys, cross-entropy for choices and deltas, smooth L1 for axes."""
    if isinstance(head, Keys):
        return functional.binary_cross_entropy_with_logits(logits_BO, labels_BA, pos_weight=weight_O)
    if isinstance(head, Choice):
        return functional.cross_entropy(logits_BO, labels_BA[:, 0].long(), weight=weight_O)
    if head.deltas:
        logits_BAD = axis_deltas(head, logits_BO)
        return functional.cross_entropy(logits_BAD.flatten(0, 1), nearest_delta(head, labels_BA).flatten())
    # Axes reach 2 apart: squared below a tenth of that, so that a rare full lock does not drown the rest.
    return functional.smooth_l1_loss(logits_BO, labels_BA, beta=0.2)


def nearest_delta(head: Axes, change_BA: Tensor) -> Tensor:
    """Return the number of the delta nearest to each change. Shape (B, axes)."""
    deltas_D = torch.tensor(head.deltas, dtype=change_BA.dtype, device=change_BA.device)
    return (change_BA[:, :, None] - deltas_D).abs().argmin(2)
