"""What a network answered beside what was right, for many windows at once. Plain numpy, nothing of torch.

Shape legend: N windows, A label columns, O network outputs, T frames of a window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from playhead import agreement
from playhead.agreement import HELD
from playhead.errors import Mismatch
from playhead.labels import Choice, Head, Keys

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadPredictions:
    """Truth and predictions of one head.

    Shapes:  truth_NA (N, columns): keys held or shares of time held, class numbers, values of axes or their
             changes; predictions_NO (N, outputs): probabilities of keys, classes or deltas, values of axes;
             previous_NA (N, columns): the true state just before, which no network is told; known_N (N,) whether
             anybody knows the truth, None where all of it is known.
    """

    head: Head
    truth_NA: FloatArray
    predictions_NO: FloatArray
    previous_NA: FloatArray
    known_N: BoolArray | None = None

    def take(self, rows: IntArray | BoolArray) -> HeadPredictions:
        """Return those of these windows."""
        return replace(
            self, truth_NA=self.truth_NA[rows], predictions_NO=self.predictions_NO[rows],
            previous_NA=self.previous_NA[rows], known_N=None if self.known_N is None else self.known_N[rows],
        )  # fmt: skip

    def __post_init__(self) -> None:
        wanted = (self.head.columns, self.head.outputs)
        got = (self.truth_NA.shape[1], self.predictions_NO.shape[1])
        if got != wanted or len(self.truth_NA) != len(self.predictions_NO):
            raise Mismatch(
                f"{len(self.truth_NA)} labels of {got[0]} columns and {len(self.predictions_NO)} predictions of "
                f"{got[1]} do not fit a head of {wanted[0]} columns and {wanted[1]} outputs."
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """All heads over the same windows, in order of time within each recording.

    Shapes:  time_ns_N (N,) when the label of each window holds; recording_N (N,) number of its recording in
             `recordings`; window_N (N,) the window's number in the index it came from.
    """

    heads: Mapping[str, HeadPredictions]
    time_ns_N: npt.NDArray[np.int64]
    recording_N: npt.NDArray[np.int64]
    window_N: npt.NDArray[np.int64]
    recordings: Sequence[str]

    def __len__(self) -> int:
        return len(self.time_ns_N)

    def known(self, head: str) -> Predictions:
        """Return the windows of which the truth of a head is known."""
        known_N = self.heads[head].known_N
        return self if known_N is None or known_N.all() else self.take(np.flatnonzero(known_N))

    def take(self, rows: IntArray) -> Predictions:
        """Return those of these windows."""
        return replace(
            self, heads={name: pair.take(rows) for name, pair in self.heads.items()},
            time_ns_N=self.time_ns_N[rows], recording_N=self.recording_N[rows], window_N=self.window_N[rows],
        )  # fmt: skip

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


def decided(head: Head, predictions_NO: FloatArray) -> FloatArray:
    """Turn predictions into labels: keys held from a half on, the likeliest class or change, axes as they are.

    Shapes:  predictions_NO (N, outputs); returns (N, columns).
    """
    if isinstance(head, Keys):
        return np.asarray(predictions_NO >= HELD, dtype=np.float64)
    if isinstance(head, Choice):
        return np.asarray(predictions_NO.argmax(1)[:, None], dtype=np.float64)
    if not head.deltas:
        return np.clip(predictions_NO, -1.0, 1.0)
    chosen_NA = predictions_NO.reshape(len(predictions_NO), len(head.names), len(head.deltas)).argmax(2)
    return np.asarray(np.asarray(head.deltas)[chosen_NA])


def states(head: Head, truth_NA: FloatArray) -> FloatArray:
    """Return the truth as states that can be compared: shares of a key become held or not."""
    return np.asarray(agreement.states(head, truth_NA), dtype=np.float64)


def changed(predictions: HeadPredictions) -> BoolArray:
    """Say for each window whether its true label differs from the state just before. Shape (N,)."""
    return np.asarray(agreement.changed(predictions.head, predictions.truth_NA, predictions.previous_NA).any(1))
