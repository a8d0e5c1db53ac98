"""Numbers that say how well a head is answered. Pure functions on arrays; nothing of torch, runs or recordings.

A number that is undefined (the precision of a key that was never pressed) is NaN, shown as a dash. torchmetrics
says 0 there, keeps no bins of a calibration, and needs torch and as long again as a third of it to be imported.
Shape legend: N windows, A label columns, K keys, C classes, B bins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from playhead.agreement import f1
from playhead.clock import NS_PER_S
from playhead.evaluation.predictions import (
    BoolArray,
    FloatArray,
    HeadPredictions,
    IntArray,
    changed,
    decided,
    states,
)
from playhead.labels import Choice, Head, Keys

DEFAULT_TOLERANCE_S = 0.1  # a press within a frame of a 10 Hz recording counts as on time


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """How often the network is right when it is so sure.

    Shapes:  all (B,) over equal bins of probability from 0 to 1; an empty bin has count 0 and NaN elsewhere.
    """

    count_B: IntArray
    stated_B: FloatArray
    observed_B: FloatArray

    @property
    def error(self) -> float:
        """Expected calibration error: |stated - observed|, weighted by how many windows lie in the bin."""
        filled_B = self.count_B > 0
        if not filled_B.any():
            return float("nan")
        gap_B = np.abs(self.stated_B - self.observed_B)[filled_B]
        return float(np.average(gap_B, weights=self.count_B[filled_B]))


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadScores:
    """The numbers of one head.

    `summary` are named numbers of the whole head; `rows` the numbers of each key, class or axis.
    Shapes:  confusion_CC (true class, answered class) counts, of choices only.
    """

    head: Head
    windows: int
    changes: int
    summary: Mapping[str, float]
    rows: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    confusion_CC: IntArray | None = None
    calibration: Calibration | None = None


def score_head(
    predictions: HeadPredictions,
    time_ns_N: npt.NDArray[np.int64],
    segment_N: IntArray,
    *,
    tolerance_s: float = DEFAULT_TOLERANCE_S,
) -> HeadScores:
    """Score one head by its kind, over all windows and over those where the true action changes.

    Units:  tolerance_s seconds that a press or release may be early or late.
    """
    head, truth_NA = predictions.head, states(predictions.head, predictions.truth_NA)
    said_NA, changed_N = decided(head, predictions.predictions_NO), changed(predictions)
    if isinstance(head, Keys):
        on_time = event_f1(truth_NA > 0, said_NA > 0, time_ns_N, segment_N, tolerance_s=tolerance_s)
        return _keys_scores(predictions, truth_NA > 0, said_NA > 0, changed_N, on_time)
    if isinstance(head, Choice):
        return _choice_scores(predictions, truth_NA, said_NA, changed_N)
    return _axes_scores(head, truth_NA, said_NA, changed_N)


def _keys_scores(
    predictions: HeadPredictions, truth_NK: BoolArray, said_NK: BoolArray, changed_N: BoolArray, on_time: float
) -> HeadScores:
    """Score keys: each by itself, all right at once, and what is stated of them."""
    columns = zip(predictions.head.names, truth_NK.T, said_NK.T, strict=True)
    rows = {name: _prf(int((t & s).sum()), int(s.sum()), int(t.sum())) for name, t, s in columns}
    bins = calibration(predictions.predictions_NO.ravel(), truth_NK.ravel())
    right_N = (truth_NK == said_NK).all(1)
    summary = {
        "exact_match": _mean(right_N),
        "hamming": _mean(truth_NK != said_NK),
        "macro_f1": _mean_of(rows, "f1"),
        "change_exact": _mean(right_N[changed_N]),
        "event_f1": on_time,
        "calibration_error": bins.error,
    }
    return HeadScores(
        head=predictions.head, windows=len(truth_NK), changes=int(changed_N.sum()), summary=summary, rows=rows,
        calibration=bins,
    )  # fmt: skip


def _choice_scores(
    predictions: HeadPredictions, truth_NA: FloatArray, said_NA: FloatArray, changed_N: BoolArray
) -> HeadScores:
    """Score classes: each by itself, and all by accuracy and by its mean over the classes that occur."""
    names = predictions.head.names
    true_N, said_N = truth_NA[:, 0].astype(np.int64), said_NA[:, 0].astype(np.int64)
    table_CC, is_right_N = confusion(true_N, said_N, len(names)), true_N == said_N
    sums = zip(names, np.diag(table_CC), table_CC.sum(0), table_CC.sum(1), strict=True)
    rows = {name: _prf(int(both), int(said), int(true)) for name, both, said, true in sums}
    bins = calibration(predictions.predictions_NO.max(1, initial=0.0), is_right_N)
    summary = {
        "accuracy": _mean(is_right_N),
        "balanced_accuracy": _mean_of(rows, "recall"),
        "macro_f1": _mean_of(rows, "f1"),
        "change_accuracy": _mean(is_right_N[changed_N]),
        "calibration_error": bins.error,
    }
    return HeadScores(
        head=predictions.head, windows=len(truth_NA), changes=int(changed_N.sum()), summary=summary, rows=rows,
        confusion_CC=table_CC, calibration=bins,
    )  # fmt: skip


SIGN_FROM = 0.05  # an axis nearer to the centre than this has no sign


def _axes_scores(head: Head, truth_NA: FloatArray, said_NA: FloatArray, changed_N: BoolArray) -> HeadScores:
    """Score axes. R2 is NaN for an axis that never moved; signs are compared where the truth has one."""
    rows = {}
    for name, true_N, said_N in zip(head.names, truth_NA.T, said_NA.T, strict=True):
        spread = float(((true_N - true_N.mean()) ** 2).sum()) if len(true_N) else 0.0
        signed_N = np.abs(true_N) >= SIGN_FROM
        rows[name] = {
            "mae": _mean(np.abs(true_N - said_N)),
            "r2": 1.0 - float(((true_N - said_N) ** 2).sum()) / spread if spread > 0 else float("nan"),
            "sign_agreement": _mean(np.sign(true_N[signed_N]) == np.sign(said_N[signed_N])),
            "support": float(signed_N.sum()),
        }
    summary = {measure: _mean_of(rows, measure) for measure in ("mae", "r2", "sign_agreement")}
    summary["change_mae"] = _mean(np.abs(truth_NA - said_NA)[changed_N])
    return HeadScores(head=head, windows=len(truth_NA), changes=int(changed_N.sum()), summary=summary, rows=rows)


def _mean(values: npt.ArrayLike) -> float:
    array = np.asarray(values, dtype=np.float64)
    return float(array.mean()) if array.size else float("nan")


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _mean_of(rows: Mapping[str, Mapping[str, float]], measure: str) -> float:
    """Return the mean of a measure over the keys, classes or axes of which it is known."""
    return _mean([row[measure] for row in rows.values() if not np.isnan(row[measure])])


def _prf(both: int, said: int, true: int) -> dict[str, float]:
    return {
        "precision": _share(both, said),
        "recall": _share(both, true),
        "f1": f1(both, said, true),
        "support": float(true),
    }


def confusion(true_N: IntArray, said_N: IntArray, classes: int) -> npt.NDArray[np.int64]:
    """Count the windows of each true class (rows) by what was answered (columns)."""
    table = np.bincount(true_N * classes + said_N, minlength=classes * classes)
    return table.reshape(classes, classes).astype(np.int64)


def key_combinations(
    names: tuple[str, ...], truth_NK: BoolArray, said_NK: BoolArray, *, at_most: int = 8
) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Return keys held together as classes, most frequent first, and their confusion matrix.

    Combinations beyond `at_most` are one class, "other".
    """
    weights_K = 1 << np.arange(truth_NK.shape[1])
    true_N, said_N = truth_NK @ weights_K, said_NK @ weights_K
    codes, counts = np.unique(np.concatenate([true_N, true_N, said_N]), return_counts=True)
    kept = [int(code) for code in codes[np.argsort(-counts, kind="stable")][:at_most]]
    labels = ["+".join(n for k, n in enumerate(names) if code >> k & 1) or "none" for code in kept]
    labels += ["other"] if len(codes) > len(kept) else []
    place = {code: number for number, code in enumerate(kept)}
    true_C, said_C = (
        np.array([place.get(int(code), len(kept)) for code in column], dtype=np.int64)
        for column in (true_N, said_N)
    )
    return tuple(labels), confusion(true_C, said_C, len(labels))


def event_pairs(true_M: IntArray, said_M: IntArray, tolerance: int) -> list[tuple[int, int]]:
    """Return as many pairs (true, said) of places as can be at most `tolerance` apart, each used once.

    Both are sorted times. Pairing the earliest two that are near enough, in order, is optimal on a line: any
    best pairing can be turned into this one by exchanging partners.
    """
    pairs, i, j = [], 0, 0
    while i < len(true_M) and j < len(said_M):
        apart = int(true_M[i]) - int(said_M[j])
        if abs(apart) <= tolerance:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif apart < 0:
            i += 1
        else:
            j += 1
    return pairs


def event_f1(
    truth_NK: BoolArray,
    said_NK: BoolArray,
    time_ns_N: npt.NDArray[np.int64],
    segment_N: IntArray,
    *,
    tolerance_s: float = DEFAULT_TOLERANCE_S,
) -> float:
    """Return the F1 of press and release events, matched one to one in time, per key and kind, then pooled.

    A press is the first held window after one that is not, within an unbroken stretch; a release the reverse.
    Repeating the last action is late by one window, so with a tolerance of a window or more it scores 1 here:
    it is judged on the windows where the action changes (`change_exact`), where it scores 0.
    """
    tolerance_ns = round(tolerance_s * NS_PER_S)
    pairs = true_events = said_events = 0
    for segment in np.unique(segment_N):
        inside_N = segment_N == segment
        times = time_ns_N[inside_N]
        for column in range(truth_NK.shape[1]):
            true_step = np.diff(truth_NK[inside_N, column].astype(np.int8))
            said_step = np.diff(said_NK[inside_N, column].astype(np.int8))
            for kind in (1, -1):
                true_times, said_times = times[1:][true_step == kind], times[1:][said_step == kind]
                pairs += len(event_pairs(true_times, said_times, tolerance_ns))
                true_events += len(true_times)
                said_events += len(said_times)
    return f1(pairs, said_events, true_events)


def calibration(stated: npt.ArrayLike, is_right: npt.ArrayLike, bins: int = 10) -> Calibration:
    """Put stated probabilities into equal bins and compare their mean with how often they were right.

    Shapes:  stated (M,) in [0, 1]; is_right (M,) bool.
    """
    stated_M = np.clip(np.asarray(stated, dtype=np.float64), 0.0, 1.0)
    right_M = np.asarray(is_right, dtype=np.float64)
    bin_M = np.minimum((stated_M * bins).astype(np.int64), bins - 1)
    count_B = np.bincount(bin_M, minlength=bins)
    with np.errstate(invalid="ignore"):
        stated_B = np.bincount(bin_M, weights=stated_M, minlength=bins) / count_B
        observed_B = np.bincount(bin_M, weights=right_M, minlength=bins) / count_B
    return Calibration(count_B=count_B, stated_B=stated_B, observed_B=observed_B)


def window_losses(predictions: HeadPredictions) -> FloatArray:
    """Return the loss of each window: cross-entropy of keys and classes, squared error of axes.

    Shapes:  returns (N,).
    """
    head, truth_NA = predictions.head, predictions.truth_NA.astype(np.float64)
    likely_NO = np.clip(predictions.predictions_NO.astype(np.float64), 1e-6, 1 - 1e-6)
    if isinstance(head, Keys):
        entropy_NK = -(truth_NA * np.log(likely_NO) + (1 - truth_NA) * np.log1p(-likely_NO))
        return np.asarray(entropy_NK.sum(1))
    if isinstance(head, Choice):
        return np.asarray(-np.log(likely_NO[np.arange(len(truth_NA)), truth_NA[:, 0].astype(np.int64)]))
    said_NA = decided(head, predictions.predictions_NO)
    return np.asarray(((truth_NA - said_NA) ** 2).sum(1))


def measure_title(measure: str) -> str:
    """Return a measure's name as it is shown."""
    return MEASURE_TITLES.get(measure, measure.replace("_", " "))


MEASURE_TITLES = {
    "exact_match": "all keys right",
    "hamming": "share of wrong keys",
    "f1": "F1",
    "macro_f1": "mean F1",
    "change_exact": "all keys right at changes",
    "event_f1": "press and release F1",
    "calibration_error": "calibration error",
    "change_accuracy": "accuracy at changes",
    "mae": "mean absolute error",
    "change_mae": "mean absolute error at changes",
    "r2": "R²",
}

PRIMARY = {"keys": "macro_f1", "choice": "balanced_accuracy", "axes": "mae"}
CHANGE = {"keys": "change_exact", "choice": "change_accuracy", "axes": "change_mae"}


def is_better(kind: str, ours: float, theirs: float) -> bool:
    """Whether a primary or change score beats another: errors of axes are better when smaller."""
    if np.isnan(ours):
        return False
    return bool(np.isnan(theirs) or (ours < theirs if kind == "axes" else ours > theirs))
