"""What a network answered beside what was right, for many windows at once. Plain numpy, nothing of torch.

Shape legend: N windows, A label columns, O network outputs, T frames of a window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from playhead.errors import Mismatch
from playhead.labels import Axes, Choice, Head, Keys

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]
BoolArray = npt.NDArray[np.bool_]

HELD = 0.5  # a key counts as held from this share or probability on


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadAnswers:
    """Truth and answers of one head.

    Shapes:  truth_NA (N, columns) as stored; answers_NO (N, outputs): probabilities of keys, classes or deltas,
             values of axes.
    """

    head: Head
    truth_NA: FloatArray
    answers_NO: FloatArray

    def __post_init__(self) -> None:
        wanted = (self.head.columns, self.head.outputs)
        got = (self.truth_NA.shape[1], self.answers_NO.shape[1])
        if got != wanted or len(self.truth_NA) != len(self.answers_NO):
            raise Mismatch(
                f"{len(self.truth_NA)} labels of {got[0]} columns and {len(self.answers_NO)} answers of {got[1]} "
                f"do not fit a head of {wanted[0]} columns and {wanted[1]} outputs."
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """All heads over the same windows, in order of time within each recording.

    Shapes:  time_ns_N (N,) when the label of each window holds; recording_N (N,) number of its recording in
             `recordings`; window_N (N,) the window's number in the index it came from.
    """

    heads: Mapping[str, HeadAnswers]
    time_ns_N: npt.NDArray[np.int64]
    recording_N: npt.NDArray[np.int64]
    window_N: npt.NDArray[np.int64]
    recordings: Sequence[str]

    def __len__(self) -> int:
        return len(self.time_ns_N)

    @cached_property
    def segments(self) -> npt.NDArray[np.int64]:
        """Shape (N,): the unbroken stretch of each window, a new one with each recording and after each gap."""
        return number_segments(self.time_ns_N, self.recording_N)


def number_segments(time_ns_N: npt.NDArray[np.int64], recording_N: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Number the unbroken stretches: a gap is more than 1.5 times the usual time between two windows."""
    if len(time_ns_N) < 2:
        return np.zeros(len(time_ns_N), dtype=np.int64)
    step_ns = np.diff(time_ns_N)
    is_new = np.diff(recording_N) != 0
    inside_ns = step_ns[~is_new]
    usual_ns = float(np.median(inside_ns)) if len(inside_ns) else 0.0
    breaks = is_new | (step_ns > 1.5 * usual_ns) | (step_ns < 0)
    return np.concatenate([[0], np.cumsum(breaks)]).astype(np.int64)


def previous_truth(truth_NA: FloatArray, segment_N: IntArray) -> tuple[FloatArray, BoolArray]:
    """Return the true label one window earlier, and whether there is one: not at the start of a stretch.

    A window without an earlier one gets its own label, so that it never counts as a change.
    """
    previous_NA = truth_NA.copy()
    previous_NA[1:] = truth_NA[:-1]
    has_N = np.zeros(len(truth_NA), dtype=np.bool_)
    has_N[1:] = segment_N[1:] == segment_N[:-1]
    previous_NA[~has_N] = truth_NA[~has_N]
    return previous_NA, has_N


def decided(head: Head, answers_NO: FloatArray, previous_NA: FloatArray | None = None) -> FloatArray:
    """Turn answers into labels: keys held from a half on, the likeliest class, axes as they are.

    Axes with deltas add the likeliest change to the value before (`previous_NA`), within [-1, 1].
    Shapes:  answers_NO (N, outputs); previous_NA (N, columns); returns (N, columns) float.
    """
    if isinstance(head, Keys):
        return np.asarray(answers_NO >= HELD, dtype=np.float64)
    if isinstance(head, Choice):
        return np.asarray(answers_NO.argmax(1)[:, None], dtype=np.float64)
    if not head.deltas:
        return np.clip(answers_NO, -1.0, 1.0)
    if previous_NA is None:
        raise Mismatch("Axes that are learned as changes cannot be decided without the values before.")
    chosen_NA = answers_NO.reshape(len(answers_NO), len(head.names), len(head.deltas)).argmax(2)
    return np.asarray(np.clip(previous_NA + np.asarray(head.deltas)[chosen_NA], -1.0, 1.0))


def states(head: Head, truth_NA: FloatArray) -> FloatArray:
    """Return the truth as states that can be compared: shares of a key become held or not."""
    if isinstance(head, Keys):
        return np.asarray(truth_NA >= HELD, dtype=np.float64)
    return np.asarray(truth_NA, dtype=np.float64)


AXIS_MOVE = 0.05  # an axis has moved when its value changed by more than this


def changed(head: Head, truth_NA: FloatArray, segment_N: IntArray) -> BoolArray:
    """Say for each window whether its true label differs from the one before it in the same stretch."""
    now_NA = states(head, truth_NA)
    before_NA, _ = previous_truth(now_NA, segment_N)
    limit = AXIS_MOVE if isinstance(head, Axes) else 0.0
    return np.asarray((np.abs(now_NA - before_NA) > limit).any(1))
