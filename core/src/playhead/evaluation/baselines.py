"""Answers that need no network: what any network must beat on the very same windows.

They are fitted on the labels they are judged on, which flatters them. `repeat_last` also knows the true action
one window earlier, which no network is told.
Shape legend: N windows, A label columns, O outputs.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from playhead.evaluation.answers import FloatArray, HeadAnswers, states
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


def baseline_answers(answers: HeadAnswers, *, seed: int = 0) -> Mapping[str, HeadAnswers]:
    """Return the answers of every baseline that makes sense for this kind of head, over the same windows.

    A baseline answers with certainty: probability 1 for what it says. Changes of axes are judged by value, so
    there it answers values, and repeating the last action is no change.
    """
    truth_NA, previous_NA = states(answers.head, answers.truth_NA), states(answers.head, answers.previous_NA)
    if len(truth_NA) == 0:
        return {}
    head, is_change = answers.head, isinstance(answers.head, Axes) and bool(answers.head.deltas)
    said = {
        "majority": np.repeat(majority_state(head, truth_NA)[None], len(truth_NA), 0),
        "repeat_last": np.zeros_like(truth_NA) if is_change else previous_NA,
    }
    if isinstance(head, Keys):
        said["always_forward"] = np.repeat(main_key_state(truth_NA)[None], len(truth_NA), 0)
    said["prior_random"] = np.random.default_rng(seed).permutation(truth_NA)
    return {name: _certain(answers, truth_NA, said_NA) for name, said_NA in said.items()}


def _certain(answers: HeadAnswers, truth_NA: FloatArray, said_NA: FloatArray) -> HeadAnswers:
    head = Axes(*answers.head.names) if isinstance(answers.head, Axes) else answers.head
    return HeadAnswers(
        head=head,
        truth_NA=truth_NA,
        answers_NO=as_answers(head, said_NA),
        previous_NA=answers.previous_NA,
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


def as_answers(head: Head, said_NA: FloatArray) -> FloatArray:
    """Turn labels into answers given with certainty. Shapes: said_NA (N, columns); returns (N, outputs)."""
    if isinstance(head, Choice):
        return np.eye(len(head.names))[said_NA[:, 0].astype(np.int64)]
    return said_NA.astype(np.float64)
