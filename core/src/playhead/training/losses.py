"""How wrong an answer is, by kind of head."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from playhead.errors import Mismatch
from playhead.labels import Axes, Choice, Head, Keys, LabelSchema
from playhead.models.heads import axis_deltas


def losses(
    schema: LabelSchema,
    logits: Mapping[str, Tensor],
    labels: Mapping[str, Tensor],
    class_weights: Mapping[str, Tensor] | None = None,
    mask: Mapping[str, Tensor] | None = None,
) -> dict[str, Tensor]:
    """Return the mean loss of every head over the labels that are known; 0 where none is.

    Shapes:  logits head -> (B, outputs) or (B, L, outputs); labels head -> (B, L, columns), shares of 1 allowed
             for keys; class_weights head -> (outputs,): of each class of a choice, of the positive side of each
             key; mask head -> (B, L) says which labels are known, all of them without it.
    """
    found: dict[str, Tensor] = {}
    for name, head in schema.items():
        logits_KO, labels_KA = known_only(logits[name], labels[name], None if mask is None else mask[name])
        weight_O = None if class_weights is None else class_weights.get(name)
        found[name] = head_loss(head, logits_KO, labels_KA, weight_O) if len(labels_KA) else logits[name].sum() * 0
    return found


def known_only(values: Tensor, labels: Tensor, mask_BL: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return what a network gave and the labels of all positions of a batch, one after another, that are known.

    Shapes:  values (B, O) or (B, L, O); labels (B, L, A), or (B, A) for one position; returns (K, O) and (K, A).
    Raises:  Mismatch for a network that answers at another number of positions than there are labels for.
    """
    if labels.ndim == 2:
        labels = labels[:, None]
    if values.ndim == 2:
        values = values[:, None]
    if values.shape[1] != labels.shape[1]:
        raise Mismatch(
            f"The network answers at {values.shape[1]} positions of a window, labels are wanted at "
            f"{labels.shape[1]}. Take a network that answers at each, or --set positions=now."
        )
    values_KO, labels_KA = values.flatten(0, 1), labels.flatten(0, 1)
    if mask_BL is None or bool(mask_BL.all()):
        return values_KO, labels_KA
    known_K = mask_BL.flatten()
    return values_KO[known_K], labels_KA[known_K]


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


def axis_errors(
    schema: LabelSchema, logits: Mapping[str, Tensor], labels: Mapping[str, Tensor],
    mask: Mapping[str, Tensor] | None = None,
) -> dict[str, float]:  # fmt: skip
    """Return how far off the answers are on average, of every head of axes that are not told as changes."""
    found: dict[str, float] = {}
    for name, head in schema.items():
        if not isinstance(head, Axes) or head.deltas:
            continue
        answers_KO, labels_KA = known_only(logits[name], labels[name], None if mask is None else mask[name])
        if len(labels_KA):
            found[name] = float((answers_KO.detach() - labels_KA).abs().mean())
    return found


def nearest_delta(head: Axes, change_BA: Tensor) -> Tensor:
    """Return the number of the delta nearest to each change. Shape (B, axes)."""
    deltas_D = torch.tensor(head.deltas, dtype=change_BA.dtype, device=change_BA.device)
    return (change_BA[:, :, None] - deltas_D).abs().argmin(2)
