"""What is measured at each validation, beside what needs no network: repeating the last action, the majority."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from playhead.agreement import (
    LITTLE,
    TAPPED,
    Seldom,
    SeldomAtEnds,
    changed,
    explained,
    f1,
    seldom_answered,
    seldom_at_ends,
)
from playhead.data.assembly import Batch
from playhead.game import Game
from playhead.labels import Axes, Choice, Head, Keys, LabelSchema
from playhead.models.heads import axis_deltas
from playhead.training.losses import known_only, nearest_delta

ClassArray = npt.NDArray[np.int64]

LEAST_VARIANCE = 0.01  # an axis that moves by a tenth: of less nothing is said
LEAST_HELD = 5  # windows in which a key is held, however rare that is: a game may need it to go on


class Scores:
    """Collects predictions, labels and losses of a validation; `metrics` sums them up.

    Everything is compared as classes: a key 0 or 1, a choice its class, a delta its number, and an axis
    -1, 0 or 1: left of, at, or right of rest (a tenth of its range).
    """

    def __init__(self, schema: LabelSchema) -> None:
        self.schema = schema
        self._loss_sums: dict[str, float] = dict.fromkeys(schema, 0.0)
        self._windows = 0
        self._known: dict[str, int] = dict.fromkeys(schema, 0)  # labels
        self._predictions: dict[str, list[ClassArray]] = {name: [] for name in schema}
        self._truths: dict[str, list[ClassArray]] = {name: [] for name in schema}
        self._repeats: dict[str, list[ClassArray]] = {name: [] for name in schema}
        self._changed: dict[str, list[npt.NDArray[np.bool_]]] = {name: [] for name in schema}
        # Labels, and probabilities of keys or values of axes.
        self._answers: dict[str, list[tuple[Tensor, Tensor]]] = {name: [] for name in schema}

    def add(self, logits: Mapping[str, Tensor], batch: Batch, losses: Mapping[str, Tensor]) -> None:
        """Count one batch."""
        self._windows += len(next(iter(batch["labels"].values())))
        for name, head in self.schema.items():
            mask = batch["mask"][name] if "mask" in batch else None
            _, previous = known_only(logits[name], batch["previous"][name], mask)
            logits_KO, labels = known_only(logits[name], batch["labels"][name], mask)
            own, labels, previous = logits_KO.detach().float().cpu(), labels.cpu(), previous.cpu()
            self._known[name] += len(labels)
            self._loss_sums[name] += float(losses[name]) * len(labels)
            self._changed[name].append(np.asarray(changed(head, labels.numpy(), previous.numpy()).any(1)))
            self._predictions[name].append(_as_numpy(answered(head, own)))
            self._truths[name].append(_as_numpy(as_classes(head, labels)))
            self._repeats[name].append(_as_numpy(repeated(head, previous)))
            if isinstance(head, Keys):
                self._answers[name].append((labels, own.sigmoid()))
            if isinstance(head, Axes) and not head.deltas:
                self._answers[name].append((labels, own.clamp(-1, 1)))

    def metrics(self) -> dict[str, Any]:
        """Return loss, and by head F1 of each name, accuracy, and F1 where the action changes.

        Each head also has `repeat_last` and `majority` with accuracy and change-frame F1.
        """
        if self._windows == 0:
            return {}
        heads = {name: self._head_metrics(name, head) for name, head in self.schema.items() if self._known[name]}
        return {
            "loss": sum(head["loss"] for head in heads.values()),
            "windows": self._windows,
            "change_f1": float(np.mean([head["change_f1"] for head in heads.values()])),
            "accuracy": float(np.mean([head["accuracy"] for head in heads.values()])),
            "heads": heads,
        }

    def tapped(self, game: Game, controller: Mapping[str, Any]) -> list[Seldom]:
        """Return common keys that reach the threshold they are played with far less often than they are held."""
        found = []
        for name, labels_NA, said_NA in self._answered():
            found += seldom_answered(game, self.schema[name], labels_NA, said_NA, controller, TAPPED)
        return found

    def seldom_at_ends(self, game: Game) -> list[SeldomAtEnds]:
        """Return axes that are often at an end and hardly ever answered there."""
        found = []
        for name, labels_NA, said_NA in self._answered():
            found += seldom_at_ends(game, self.schema[name], labels_NA, said_NA)
        return found

    def hardly_learned(self) -> dict[str, float]:
        """Return keys and axes whose answers hardly follow their labels: the share of the variance they explain.

        Only those beside others of their head that are learned: of these the loss of the head does not tell.
        """
        found: dict[str, float] = {}
        for name, labels_NA, said_NA in self._answered():
            differing = {
                key: max(0.0, explained(label_N, said_N))
                for key, label_N, said_N in zip(self.schema[name].names, labels_NA.T, said_NA.T, strict=True)
                if _is_told(self.schema[name], label_N)
            }
            if any(share >= LITTLE for share in differing.values()):
                found |= {key: share for key, share in differing.items() if share < LITTLE}
        return found

    def _answered(self) -> Iterator[tuple[str, npt.NDArray[Any], npt.NDArray[Any]]]:
        for name, parts in self._answers.items():
            if parts:
                labels_NA, said_NA = (torch.cat(part).float().numpy() for part in zip(*parts, strict=True))
                yield name, labels_NA, said_NA

    def _head_metrics(self, name: str, head: Head) -> dict[str, Any]:
        answer, truth = np.concatenate(self._predictions[name]), np.concatenate(self._truths[name])
        repeat, changed_N = np.concatenate(self._repeats[name]), np.concatenate(self._changed[name])
        majority = np.broadcast_to([_most_common(column) for column in truth.T], truth.shape)
        result = {
            "loss": self._loss_sums[name] / self._known[name],
            **_scored(head, answer, truth, changed_N),
            "f1": f1_by_name(head, answer, truth),
            "change_share": float(changed_N.mean()),
            "repeat_last": _scored(head, repeat, truth, changed_N),
            "majority": _scored(head, majority, truth, changed_N),
        }
        if self._answers[name] and isinstance(head, Axes):
            errors_KA = torch.cat([(said - labels).abs() for labels, said in self._answers[name]])
            result["mean_error"] = dict(zip(head.names, errors_KA.mean(0).tolist(), strict=True))
        return result


def _is_told(head: Head, label_N: npt.NDArray[Any]) -> bool:
    """Whether there is enough of a key or an axis to say whether it is learned."""
    if isinstance(head, Keys):
        return LEAST_HELD <= float(label_N.sum()) <= len(label_N) - LEAST_HELD
    return float(label_N.var()) >= LEAST_VARIANCE


def answered(head: Head, logits_BO: Tensor) -> Tensor:
    """Return the classes that logits stand for. Shape (B, columns)."""
    if isinstance(head, Keys):
        return (logits_BO >= 0).long()
    if isinstance(head, Choice):
        return logits_BO.argmax(1, keepdim=True)
    return axis_deltas(head, logits_BO).argmax(2) if head.deltas else _side(logits_BO)


def as_classes(head: Head, labels_BA: Tensor) -> Tensor:
    """Return the classes that labels stand for. Shape (B, columns)."""
    if isinstance(head, Keys):
        return (labels_BA >= 0.5).long()
    if isinstance(head, Choice):
        return labels_BA.long()
    return nearest_delta(head, labels_BA) if head.deltas else _side(labels_BA)


def repeated(head: Head, previous_BA: Tensor) -> Tensor:
    """Return the classes of going on as before; for deltas that is no change. Shape (B, columns)."""
    if isinstance(head, Axes) and head.deltas:
        return nearest_delta(head, torch.zeros_like(previous_BA))
    return as_classes(head, previous_BA)


def _side(values_BA: Tensor) -> Tensor:
    return (values_BA > 0.1).long() - (values_BA < -0.1).long()


def _as_numpy(classes: Tensor) -> ClassArray:
    array: ClassArray = classes.numpy()
    return array


def _most_common(column_N: ClassArray) -> int:
    values, counts = np.unique(column_N, return_counts=True)
    return int(values[counts.argmax()])


def _scored(
    head: Head, answer: ClassArray, truth: ClassArray, changed_N: npt.NDArray[np.bool_]
) -> dict[str, float]:
    """Return the share of windows that are right in every column, and F1 where the action changes."""
    on_change = f1_by_name(head, answer[changed_N], truth[changed_N]).values()
    return {
        "accuracy": float((answer == truth).all(1).mean()),
        "change_f1": float(np.mean(list(on_change))) if on_change else 0.0,
    }


def f1_by_name(head: Head, answer_NA: ClassArray, truth_NA: ClassArray) -> dict[str, float]:
    """Return F1 of every key, class or axis that occurs in the truth or the predictions.

    For keys the positive side counts; for an axis the mean over its classes.
    """
    if isinstance(head, Keys):
        pairs = {n: (answer_NA[:, i] == 1, truth_NA[:, i] == 1) for i, n in enumerate(head.names)}
    elif isinstance(head, Choice):
        pairs = {n: (answer_NA[:, 0] == i, truth_NA[:, 0] == i) for i, n in enumerate(head.names)}
    else:
        return {n: _mean_f1(answer_NA[:, i], truth_NA[:, i]) for i, n in enumerate(head.names)}
    return {name: _f1(said, true) for name, (said, true) in pairs.items() if said.any() or true.any()}


def _mean_f1(answer_N: ClassArray, truth_N: ClassArray) -> float:
    classes = np.union1d(answer_N, truth_N)
    return float(np.mean([_f1(answer_N == c, truth_N == c) for c in classes])) if len(classes) else 0.0


def _f1(said_N: npt.NDArray[np.bool_], true_N: npt.NDArray[np.bool_]) -> float:
    return f1(int((said_N & true_N).sum()), int(said_N.sum()), int(true_N.sum()))
