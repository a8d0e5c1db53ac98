"""Answers that need no network: what any network must beat on the very same windows.

They are fitted on the labels they are judged on, which flatters them. `repeat_last` also knows the true action
one window earlier, which no network is told.
Shape legend: N windows, A label columns, O outputs.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from playhead.evaluation.answers import FloatArray, HeadAnswers, IntArray, previous_truth, states
from playhead.labels import Axes, Choice, Head, Keys

TITLES = {
    "majority": "most frequent action",
    "repeat_last": "repeat the last action",
    "always_forward": "always the main key",
    "prior_random": "random, as frequent as in the data",
}


def baseline_answers(
    head: Head, truth_NA: FloatArray, segment_N: IntArray, *, seed: int = 0
) -> Mapping[str, HeadAnswers]:
    """Return the answers of every baseline that makes sense for this kind of head.

    A baseline answers with certainty: probability 1 for what it says.
    """
    truth_NA = states(head, truth_NA)
    if len(truth_NA) == 0:
        return {}
    said = {
        "majority": np.repeat(majority_state(head, truth_NA)[None], len(truth_NA), 0),
        "repeat_last": previous_truth(truth_NA, segment_N)[0],
        "prior_random": np.random.default_rng(seed).permutation(truth_NA),
    }
    if isinstance(head, Keys):
        forward_A = main_key_state(truth_NA)
        said["always_forward"] = np.repeat(forward_A[None], len(truth_NA), 0)
    return {
        name: HeadAnswers(head=_plain(head), truth_NA=truth_NA, answers_NO=as_answers(_plain(head), said[name]))
        for name in TITLES
        if name in said
    }


def _plain(head: Head) -> Head:
    """Axes learned as changes are judged by value, so baselines answer values."""
    return Axes(*head.names, mirror=head.mirror) if isinstance(head, Axes) and head.deltas else head


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
