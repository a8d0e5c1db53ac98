"""How wrong an answer is, by kind of head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from playhead.agreement import AXIS_MOVE
from playhead.errors import Mismatch
from playhead.labels import Axes, Choice, Head, Keys, LabelSchema
from playhead.models.heads import axis_deltas

NEAR = 2  # positions of a window, by which an event may be said early or late (evaluation/seen_events.py)


def losses(
    schema: LabelSchema,
    logits: Mapping[str, Tensor],
    labels: Mapping[str, Tensor],
    class_weights: Mapping[str, Tensor] | None = None,
    mask: Mapping[str, Tensor] | None = None,
    position_weights: Mapping[str, Tensor] | None = None,
) -> dict[str, Tensor]:
    """Return the mean loss of every head over the labels that are known; 0 where none is.

    Shapes:  logits head -> (B, outputs) or (B, L, outputs); labels head -> (B, L, columns), shares of 1 allowed
             for keys; class_weights head -> (outputs,): of each class of a choice, of the positive side of each
             key; mask head -> (B, L) says which labels are known, all of them without it; position_weights head ->
             (B, L) what each counts for in the mean.
    """
    found: dict[str, Tensor] = {}
    for name, head in schema.items():
        mask_BL = None if mask is None else mask[name]
        logits_KO, labels_KA = known_only(logits[name], labels[name], mask_BL)
        if not len(labels_KA):
            found[name] = logits[name].sum() * 0
            continue
        weight_O, counts_K = None if class_weights is None else class_weights.get(name), None
        if position_weights is not None:
            counts_K = known_only(logits[name], position_weights[name][..., None], mask_BL)[1][:, 0]
        found[name] = head_loss(head, logits_KO, labels_KA, weight_O, counts_K)
    return found


def change_weights(
    schema: LabelSchema, labels: Mapping[str, Tensor], previous: Mapping[str, Tensor], weight: float
) -> dict[str, Tensor]:
    """Return what each label counts for (B, L): `weight` within NEAR positions of a change, else 1.

    What is held goes on for long, so nearly all labels are as those before; when it begins and ends is in few.
    Shapes:  labels and previous head -> (B, L, A), the state at and just before each position.
    """
    found: dict[str, Tensor] = {}
    for name, head in schema.items():
        moved_BLA = labels[name].float()
        if not isinstance(head, Axes) or not head.deltas:  # a delta is the change itself
            moved_BLA = moved_BLA - previous[name].float()
        least = AXIS_MOVE if isinstance(head, Axes) else 0.5
        is_change_BL = (moved_BLA.abs() >= least).any(-1).float()
        near_BL = functional.max_pool1d(is_change_BL[:, None], 2 * NEAR + 1, 1, NEAR)[:, 0]
        found[name] = 1 + (weight - 1) * near_BL
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


def head_loss(
    head: Head,
    logits_BO: Tensor,
    labels_BA: Tensor,
    weight_O: Tensor | None = None,
    counts_B: Tensor | None = None,
) -> Tensor:
    """Binary cross-entropy for keys, cross-entropy for choices and deltas, smooth L1 for axes.

    `counts_B` are what labels count for in the mean; without it all count alike.
    """
    if counts_B is None:
        return _loss(head, logits_BO, labels_BA, weight_O, "mean")
    each = _loss(head, logits_BO, labels_BA, weight_O, "none")
    each_BR = each.reshape(len(labels_BA), -1)
    by_class: Tensor | float = 1.0
    if weight_O is not None and isinstance(head, Choice):  # whose mean is by these weights, too
        by_class = weight_O[labels_BA[:, 0].long()]
    return (each_BR.mean(1) * counts_B).sum() / (counts_B * by_class).sum()


def _loss(
    head: Head, logits_BO: Tensor, labels_BA: Tensor, weight_O: Tensor | None, reduction: Literal["mean", "none"]
) -> Tensor:
    if isinstance(head, Keys):
        return functional.binary_cross_entropy_with_logits(
            logits_BO, labels_BA, pos_weight=weight_O, reduction=reduction
        )
    if isinstance(head, Choice):
        return functional.cross_entropy(logits_BO, labels_BA[:, 0].long(), weight=weight_O, reduction=reduction)
    if head.deltas:
        logits_BAD = axis_deltas(head, logits_BO)
        nearest_BA = nearest_delta(head, labels_BA)
        return functional.cross_entropy(logits_BAD.flatten(0, 1), nearest_BA.flatten(), reduction=reduction)
    # Axes reach 2 apart: squared below a tenth of that, so that a rare full lock does not drown the rest.
    return functional.smooth_l1_loss(logits_BO, labels_BA, beta=0.2, reduction=reduction)


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
