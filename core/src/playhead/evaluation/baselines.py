"""Predictions that need no network: what any network must beat on the very same windows.

They are fitted on the labels they are judged on, which flatters them. `repeat_last` also knows the true action
one window earlier, which no network is told.
Shape legend: N windows, A label columns, O outputs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from playhead.evaluation.metrics import CHANGE, HeadScores, score_head
from playhead.evaluation.predictions import FloatArray, HeadPredictions, Predictions, states
from playhead.labels import Axes, Choice, Head, Keys

TITLES = {
    "majority": "most frequent action",
    "repeat_last": "repeat the last action",
    "always_forward": "always the main key",
    "prior_random": "random, as frequent as in the data",
}


def baseline_title(kind: str, who: str) -> str:
    """Return what a baseline of a kind of head is called; other names stay as they are."""
    return "most frequent class" if (kind, who) == ("choice", "majority") else TITLES.get(who, who)


def baseline_predictions(predictions: HeadPredictions, *, seed: int = 0) -> Mapping[str, HeadPredictions]:
    """Return the predictions of every baseline that makes sense for this kind of head, over the same windows.

    A baseline answers with certainty: probability 1 for what it says. Changes of axes are judged by value, so
    there it answers values, and repeating the last action is no change.
    """
    truth_NA, previous_NA = (
        states(predictions.head, predictions.truth_NA),
        states(predictions.head, predictions.previous_NA),
    )
    if len(truth_NA) == 0:
        return {}
    head, is_change = predictions.head, isinstance(predictions.head, Axes) and bool(predictions.head.deltas)
    said = {
        "majority": np.repeat(majority_state(head, truth_NA)[None], len(truth_NA), 0),
        "repeat_last": np.zeros_like(truth_NA) if is_change else previous_NA,
    }
    if isinstance(head, Keys):
        said["always_forward"] = np.repeat(main_key_state(truth_NA)[None], len(truth_NA), 0)
    said["prior_random"] = np.random.default_rng(seed).permutation(truth_NA)
    return {name: _certain(predictions, truth_NA, said_NA) for name, said_NA in said.items()}


def _certain(predictions: HeadPredictions, truth_NA: FloatArray, said_NA: FloatArray) -> HeadPredictions:
    head = Axes(*predictions.head.names) if isinstance(predictions.head, Axes) else predictions.head
    return HeadPredictions(
        head=head,
        truth_NA=truth_NA,
        predictions_NO=as_predictions(head, said_NA),
        previous_NA=predictions.previous_NA,
    )


def majority_state(head: Head, truth_NA: FloatArray) -> FloatArray:
    """Return the most frequent whole label; of axes the median, which has the least absolute error."""
    if isinstance(head, Axes):
        return np.asarray(np.median(truth_NA, 0))
    rows, counts = np.unique(truth_NA, axis=0, return_counts=True)
    return np.asarray(rows[counts.argmax()])


def main_key_state(truth_NA: FloatArray) -> FloatArray:
    """Return the state in which only the most used key is held; the first key when none ever was."""
    state_A = np.zeros(truth_NA.shape[1])
    state_A[truth_NA.sum(0).argmax()] = 1.0
    return state_A


def as_predictions(head: Head, said_NA: FloatArray) -> FloatArray:
    """Turn labels into predictions given with certainty. Shapes: said_NA (N, columns); returns (N, outputs)."""
    if isinstance(head, Choice):
        return np.eye(len(head.names))[said_NA[:, 0].astype(np.int64)]
    return said_NA.astype(np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadResult:
    """One head's predictions and scores, beside the scores of its baselines on the same windows."""

    name: str
    predictions: HeadPredictions
    scores: HeadScores
    baselines: Mapping[str, HeadScores]

    @property
    def kind(self) -> str:
        """Of its head: keys, choice or axes."""
        return self.predictions.head.kind

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as plain data; NaN becomes null."""
        table = self.scores.confusion_CC
        return {
            "kind": self.kind,
            "windows": self.scores.windows,
            "changes": self.scores.changes,
            "network": _plain(self.scores.summary),
            "by_name": {name: _plain(row) for name, row in self.scores.rows.items()},
            "baselines": {name: _plain(scores.summary) for name, scores in self.baselines.items()},
            **({} if table is None else {"confusion": table.tolist()}),
        }


def _plain(numbers: Mapping[str, float]) -> dict[str, float | None]:
    return {name: round(float(value), 6) if math.isfinite(value) else None for name, value in numbers.items()}


def judge_heads(predictions: Predictions, *, tolerance_s: float, is_acting: bool = True) -> list[HeadResult]:
    """Score every head and its baselines.

    Pictures that have nothing to do with the one before (not `is_acting`) have no changes, and nothing to repeat.
    Units:  tolerance_s seconds a press may be early or late.
    """
    results = []
    for name in predictions.heads:
        known = predictions.known(name)
        head_predictions = known.heads[name]
        if len(predictions) and not len(known):
            continue
        baselines = baseline_predictions(head_predictions)
        if not is_acting:
            baselines = {who: theirs for who, theirs in baselines.items() if who not in ACTING_BASELINES}
        scored = {
            who: score_head(theirs, known.time_ns_N, known.segments, tolerance_s=tolerance_s)
            for who, theirs in {"": head_predictions, **baselines}.items()
        }
        if not is_acting:
            scored = {who: without_changes(scores) for who, scores in scored.items()}
        own = scored.pop("")
        results.append(HeadResult(name=name, predictions=head_predictions, scores=own, baselines=scored))
    return results


ACTING_BASELINES = ("repeat_last", "always_forward")


def without_changes(scores: HeadScores) -> HeadScores:
    """Return scores without those that look at changes of the action."""
    summary = {name: value for name, value in scores.summary.items() if name not in CHANGE.values()}
    return replace(scores, changes=0, summary=summary)
