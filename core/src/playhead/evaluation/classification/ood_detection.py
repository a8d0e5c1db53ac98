"""Out-of-distribution detection: a score of ood_scores.py, honestly chosen, and how well it tells from the known.

Shape legend: N windows, P known and Q out-of-distribution ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from playhead.evaluation.classification.activations import Activations
from playhead.evaluation.classification.intervals import Auroc, auroc, pooled_auroc
from playhead.evaluation.classification.ood_scores import ood_scores, together
from playhead.evaluation.predictions import BoolArray, FloatArray, IntArray
from playhead.models.feature_bank import FeatureBank


@dataclass(frozen=True, kw_only=True, eq=False)
class OodDetection:
    """How well each score detects, which one was chosen, and how it does where it was not chosen.

    `all_scores` are measured on the windows judged, for comparison; `chosen` was chosen on other windows, and by
    other kinds where there are several (`chosen_by_kind`). `by_kind` are of the score chosen without that kind.
    `threshold` keeps KEEP of the known windows that chose; `kept` and `rejected` are measured on the judged.
    Shapes:  known_N, ood_N: the chosen score of each window judged; kind_N of the latter.
    """

    all_scores: Mapping[str, Auroc]
    chosen: str
    chosen_by_kind: Mapping[str, str]
    overall: Auroc
    by_kind: Mapping[str, Auroc]
    known_N: FloatArray
    ood_N: FloatArray
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
            "ood": len(self.ood_N),
            "threshold": round(self.threshold, 6),
            "known_kept": round(self.kept, 6),
            "ood_rejected": round(self.rejected, 6),
        }


KEEP = 0.95  # the threshold keeps this share of the known windows it was set on


def judge_ood_detection(
    choosing: Activations,
    judging: Activations,
    ood: Activations,
    kinds: Sequence[str],
    bank: FeatureBank | None = None,
) -> OodDetection:
    """Choose a score without the windows it is then judged on, and judge it.

    Known windows: `choosing` chooses (validation), `judging` judges (test). OOD windows: each kind is judged
    by the score that is best on the other kinds; of a single kind, every second window chooses for the others.
    """
    told = [ood_scores(one, bank) for one in (choosing, judging, ood)]
    chooses, judges, ood_by = (together(scores, told[0]) for scores in told)
    folds = _folds(kinds)
    picked = {fold: _best(chooses, ood_by, folds != fold) for fold in np.unique(folds).tolist()}
    parts, groups = [(picked[fold], folds == fold) for fold in picked], (judging.group_N, ood.group_N)
    overall, by_kind = _pooled(judges, ood_by, parts, groups), {}
    kind_N = np.array(kinds)
    for kind in dict.fromkeys(kinds):
        mine = [(name, is_in & (kind_N == kind)) for name, is_in in parts if (is_in & (kind_N == kind)).any()]
        by_kind[kind] = _pooled(judges, ood_by, mine, groups)
    chosen = _best(chooses, ood_by, np.ones(len(ood), dtype=bool))
    thresholds = {name: float(np.quantile(chooses[name], 1 - KEEP)) for name in chooses}
    return OodDetection(
        all_scores={name: auroc(judges[name], ood_by[name], *groups) for name in judges},
        chosen=chosen,
        chosen_by_kind={str(fold): name for fold, name in picked.items()},
        overall=overall,
        by_kind=by_kind,
        known_N=judges[chosen],
        ood_N=ood_by[chosen],
        threshold=thresholds[chosen],
        kept=float((judges[chosen] >= thresholds[chosen]).mean()),
        rejected=sum(int((ood_by[n][used] < thresholds[n]).sum()) for n, used in parts) / len(ood),
    )


def _folds(kinds: Sequence[str]) -> np.ndarray:
    if len(set(kinds)) > 1:
        return np.array(kinds)
    return np.where(np.arange(len(kinds)) % 2 == 0, "even", "odd")


def _best(known: Mapping[str, FloatArray], ood: Mapping[str, FloatArray], used: BoolArray) -> str:
    """Return the score that best tells the known from the OOD windows used."""
    values = {name: auroc(known[name], ood[name][used]).value for name in known}
    return max(values, key=lambda name: values[name])


Groups = tuple[IntArray | None, IntArray | None]  # of known and of out-of-distribution windows


def _pooled(
    known: Mapping[str, FloatArray], ood: Mapping[str, FloatArray], parts: Sequence[tuple[str, BoolArray]],
    groups: Groups,
) -> Auroc:  # fmt: skip
    """Return the AUROC of all parts together, each of the out-of-distribution ones by its own score."""
    known_groups_P, groups_Q = groups
    if groups_Q is not None:
        groups_Q = np.concatenate([groups_Q[used] for _, used in parts])
    pairs = [(known[name], ood[name][used]) for name, used in parts]
    return pooled_auroc(pairs, known_groups_P, groups_Q)
