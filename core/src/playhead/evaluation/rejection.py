"""Scores that say "this is none of the classes I know", and the honest choice of one of them.

A score is high for what was trained on. None was trained for this: all are read off the network.
Shape legend: N windows, P known and Q unseen ones, F features, C classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from playhead.evaluation.answers import BoolArray, FloatArray, IntArray
from playhead.evaluation.intervals import Auroc, auroc

BLOCK = 1024  # windows whose distances are computed at once: they are (windows, classes, features)

TITLES = {
    "max_softmax": "largest probability",
    "max_logit": "largest logit",
    "energy": "energy of the logits",
    "class_mean": "distance to the nearest class mean",
    "relative": "distance to the nearest class mean, less that to all pictures",
    "neighbour": "distance to what was learned nearby",
    "together": "largest logit, relative distance and neighbours together",
}
TOGETHER = ("max_logit", "relative", "neighbour")  # each sees something that the others do not
NEIGHBOUR = 5  # the distance to the fifth nearest of what was learned: the nearest alone may be a stray one


class Memory(Protocol):
    """Where the features of what was learned lie (models/memory.py). Legend: B windows, F features, C classes."""

    def distances(self, features_BF: torch.Tensor) -> torch.Tensor:
        """Return the distance to each class (B, C)."""
        ...

    def strangeness(self, features_BF: torch.Tensor) -> torch.Tensor:
        """Return how much nearer features are to everything at once than to any class (B,)."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Thoughts:
    """What a network thought of some windows. Shapes: logits_NC (N, C), features_NF (N, F)."""

    logits_NC: FloatArray
    features_NF: FloatArray

    def __len__(self) -> int:
        return len(self.logits_NC)

    def take(self, rows: IntArray | BoolArray) -> Thoughts:
        """Return those of these windows."""
        return Thoughts(logits_NC=self.logits_NC[rows], features_NF=self.features_NF[rows])


@dataclass(frozen=True, kw_only=True, eq=False)
class Learned:
    """What is known of windows that were learned from: where classes lie, and what was thought of some."""

    memory: Memory | None = None
    thoughts: Thoughts | None = None


def familiarity(thoughts: Thoughts, learned: Learned | None = None) -> dict[str, FloatArray]:
    """Return every score of every window, high for the familiar.

    Distances to classes where the run remembers features, to neighbours where windows it learned are there.

    Shapes:  each (N,).
    Source:  largest probability: Hendrycks and Gimpel 2017; largest logit: Hendrycks et al. 2022; energy: Liu et
             al. 2020; distance: Lee et al. 2018; relative distance: Ren et al. 2021;
             neighbours of normalised features: Sun et al. 2022.
    """
    memory, near = (learned.memory, learned.thoughts) if learned is not None else (None, None)
    logits_NC = thoughts.logits_NC.astype(np.float64)
    top_N = logits_NC.max(1)
    energy_N = top_N + np.log(np.exp(logits_NC - top_N[:, None]).sum(1))
    # The logarithm of the largest probability: near 1 the probability itself is rounded to 1.
    found = {"max_softmax": top_N - energy_N, "max_logit": top_N, "energy": energy_N}
    if memory is not None:
        features_NF = torch.from_numpy(thoughts.features_NF)
        blocks = torch.split(features_NF, BLOCK)
        found["class_mean"] = -torch.cat([memory.distances(block).amin(1) for block in blocks]).double().numpy()
        found["relative"] = -torch.cat([memory.strangeness(block) for block in blocks]).double().numpy()
    if near is not None and len(near) >= NEIGHBOUR:
        found["neighbour"] = -_to_neighbours(thoughts.features_NF, near.features_NF)
    return found


def _to_neighbours(features_NF: FloatArray, learned_KF: FloatArray) -> FloatArray:
    """Return the distance of each window to the NEIGHBOURth nearest of those learned, by direction. Shape (N,)."""
    found, unit_KF = np.empty(len(features_NF)), _normalised(learned_KF)
    for start in range(0, len(features_NF), BLOCK):
        alike_BK = _normalised(features_NF[start : start + BLOCK]) @ unit_KF.T
        nth_B = -np.partition(-alike_BK, NEIGHBOUR - 1, axis=1)[:, NEIGHBOUR - 1]
        found[start : start + BLOCK] = np.sqrt(np.maximum(2 - 2 * nth_B, 0))
    return found


def _normalised(features_NF: FloatArray) -> FloatArray:
    exact_NF = features_NF.astype(np.float64)
    unit_NF: FloatArray = exact_NF / np.maximum(np.linalg.norm(exact_NF, axis=1, keepdims=True), 1e-12)
    return unit_NF


def together(scores: Mapping[str, FloatArray], known: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return scores with the sum of several, each in units of how it spreads over known windows."""
    if not all(name in scores for name in TOGETHER):
        return dict(scores)
    parts = [(scores[name] - known[name].mean()) / max(float(known[name].std()), 1e-12) for name in TOGETHER]
    return {**scores, "together": np.sum(parts, axis=0)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Rejection:
    """How well each score tells known from unseen, which one was chosen, and how it does where it was not chosen.

    `all_scores` are measured on the windows judged, for comparison; `chosen` was chosen on other windows, and by
    other kinds where there are several (`chosen_by_kind`). `by_kind` are of the score chosen without that kind.
    `threshold` keeps KEEP of the known windows that chose; `kept` and `rejected` are measured on the judged.
    Shapes:  known_N, unseen_N: the chosen score of each window judged; kind_N of the unseen.
    """

    all_scores: Mapping[str, Auroc]
    chosen: str
    chosen_by_kind: Mapping[str, str]
    overall: Auroc
    by_kind: Mapping[str, Auroc]
    known_N: FloatArray
    unseen_N: FloatArray
    threshold: float
    kept: float
    rejected: float

    def to_json(self) -> dict[str, object]:
        """Return the numbers as plain data."""
        return {
            "chosen": self.chosen,
            "chosen_without": dict(self.chosen_by_kind),
            "auroc": self.overall.to_json(),
            "auroc_by_kind": {kind: value.to_json() for kind, value in self.by_kind.items()},
            "auroc_of_every_score": {name: value.to_json() for name, value in self.all_scores.items()},
            "known": len(self.known_N),
            "unseen": len(self.unseen_N),
            "threshold": round(self.threshold, 6),
            "known_kept": round(self.kept, 6),
            "unseen_rejected": round(self.rejected, 6),
        }


KEEP = 0.95  # the threshold keeps this share of the known windows it was set on


def judge_rejection(
    choosing: Thoughts, judging: Thoughts, unseen: Thoughts, kinds: Sequence[str], learned: Learned | None = None
) -> Rejection:
    """Choose a score without the windows it is then judged on, and judge it.

    Known windows: `choosing` chooses (validation), `judging` judges (test). Unseen windows: each kind is judged
    by the score that is best on the other kinds; of a single kind, every second window chooses for the others.
    """
    told = [familiarity(one, learned) for one in (choosing, judging, unseen)]
    chooses, judges, unseen_by = (together(scores, told[0]) for scores in told)
    folds = _folds(kinds)
    picked = {fold: _best(chooses, unseen_by, folds != fold) for fold in np.unique(folds).tolist()}
    parts = [(picked[fold], folds == fold) for fold in picked]
    overall, by_kind = _pooled(judges, unseen_by, parts), {}
    kind_N = np.array(kinds)
    for kind in dict.fromkeys(kinds):
        mine = [(name, is_in & (kind_N == kind)) for name, is_in in parts if (is_in & (kind_N == kind)).any()]
        by_kind[kind] = _pooled(judges, unseen_by, mine)
    chosen = _best(chooses, unseen_by, np.ones(len(unseen), dtype=bool))
    thresholds = {name: float(np.quantile(chooses[name], 1 - KEEP)) for name in chooses}
    return Rejection(
        all_scores={name: auroc(judges[name], unseen_by[name]) for name in judges},
        chosen=chosen,
        chosen_by_kind={str(fold): name for fold, name in picked.items()},
        overall=overall,
        by_kind=by_kind,
        known_N=judges[chosen],
        unseen_N=unseen_by[chosen],
        threshold=thresholds[chosen],
        kept=float((judges[chosen] >= thresholds[chosen]).mean()),
        rejected=sum(int((unseen_by[n][used] < thresholds[n]).sum()) for n, used in parts) / len(unseen),
    )


def _folds(kinds: Sequence[str]) -> np.ndarray:
    if len(set(kinds)) > 1:
        return np.array(kinds)
    return np.where(np.arange(len(kinds)) % 2 == 0, "even", "odd")


def _best(known: Mapping[str, FloatArray], unseen: Mapping[str, FloatArray], used: BoolArray) -> str:
    """Return the score that best tells the known from the unseen windows used."""
    values = {name: auroc(known[name], unseen[name][used]).value for name in known}
    return max(values, key=lambda name: values[name])


def _pooled(
    known: Mapping[str, FloatArray], unseen: Mapping[str, FloatArray], parts: Sequence[tuple[str, BoolArray]]
) -> Auroc:
    """Return the AUROC of all parts together, each by its own score.

    Scores of different scales are compared by what share of the known windows lies below them.
    """
    ranks = {name: np.sort(known[name]) for name, _ in parts}
    low_Q = np.concatenate([_share_below(ranks[name], unseen[name][used]) for name, used in parts])
    if len({name for name, _ in parts}) == 1:
        name = parts[0][0]
        return auroc(known[name], np.concatenate([unseen[name][used] for _, used in parts]))
    middle_P = (np.arange(len(next(iter(ranks.values())))) + 0.5) / len(next(iter(ranks.values())))
    return auroc(middle_P, low_Q)


def _share_below(sorted_P: FloatArray, values_Q: FloatArray) -> FloatArray:
    left, right = (np.searchsorted(sorted_P, values_Q, side=side) for side in ("left", "right"))
    middle: FloatArray = (left + right) / 2 / max(1, len(sorted_P))
    return middle
