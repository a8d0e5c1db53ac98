"""Boxes around things in a picture: what a detector finds, and what a world tells by name in its telemetry.

Shape legend: N boxes; corners are left, top, right, bottom, as shares of the picture from its upper left corner.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FIELDS = ("class", "left", "top", "right", "bottom")
MOST_BOXES = 256

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Boxes:
    """Boxes of one picture. Shapes: corners_N4 (N, 4); classes_N (N,) numbers of classes; scores_N (N,) 0 to 1."""

    corners_N4: FloatArray
    classes_N: npt.NDArray[np.int64]
    scores_N: FloatArray

    def __len__(self) -> int:
        return len(self.corners_N4)

    def only(self, chosen_N: npt.NDArray[np.bool_]) -> Boxes:
        """Return those that are chosen."""
        return Boxes(
            corners_N4=self.corners_N4[chosen_N], classes_N=self.classes_N[chosen_N],
            scores_N=self.scores_N[chosen_N],
        )  # fmt: skip


def column_of(number: int, field: str) -> str:
    """Return the telemetry that tells a field of a box, as box_0_left."""
    return f"box_{number}_{field}"


def boxes_told(names: Mapping[str, object] | tuple[str, ...] | list[str]) -> int:
    """Return how many boxes telemetry of these names tells: counted from 0 on, each with all its fields."""
    number = 0
    while number < MOST_BOXES and all(column_of(number, field) in names for field in FIELDS):
        number += 1
    return number


def told_boxes(telemetry: Mapping[str, float]) -> Boxes:
    """Return the boxes that telemetry tells; what is none, or lies outside the picture, is left out."""
    count = boxes_told(telemetry)
    return boxes_of(np.array([[telemetry[column_of(n, field)] for field in FIELDS] for n in range(count)]))


def boxes_of(rows: npt.NDArray[np.floating]) -> Boxes:
    """Return the boxes of rows (N, 5) with FIELDS; rows that say none are left out."""
    rows_N5 = np.asarray(rows, dtype=np.float64).reshape(-1, len(FIELDS))
    with np.errstate(invalid="ignore"):
        is_class_N = (rows_N5[:, 0] >= 0) & (rows_N5[:, 0] < MOST_BOXES) & (rows_N5[:, 0] % 1 == 0)
    kept_N5 = rows_N5[is_class_N]
    return boxes_inside(kept_N5[:, 1:], kept_N5[:, 0].astype(np.int64), np.ones(len(kept_N5), np.float32))


def boxes_inside(
    corners_N4: npt.NDArray[np.floating], classes_N: npt.NDArray[np.int64], scores_N: FloatArray
) -> Boxes:
    """Return the boxes that have an area and lie in the picture; others, and what is no number, are left out."""
    with np.errstate(over="ignore", invalid="ignore"):
        rounded_N4 = np.asarray(corners_N4, dtype=np.float32)  # first, as sides may become equal by it
        is_box_N = ((rounded_N4 >= 0) & (rounded_N4 <= 1)).all(1)
        is_box_N &= (rounded_N4[:, 2:] > rounded_N4[:, :2]).all(1)
    return Boxes(corners_N4=rounded_N4, classes_N=classes_N, scores_N=scores_N).only(np.asarray(is_box_N))


def overlaps(ours_N4: FloatArray, theirs_M4: FloatArray) -> FloatArray:
    """Return the intersection over union of each box with each other. Shapes: returns (N, M)."""
    first_N1, other_1M = ours_N4[:, None], theirs_M4[None]
    low, high = np.maximum(first_N1[..., :2], other_1M[..., :2]), np.minimum(first_N1[..., 2:], other_1M[..., 2:])
    shared_NM = np.clip(high - low, 0, None).prod(-1)
    union_NM = _areas(ours_N4)[:, None] + _areas(theirs_M4)[None] - shared_NM
    return np.asarray(shared_NM / np.maximum(union_NM, 1e-12), np.float32)


def average_precision(found: list[Boxes], truth: list[Boxes], number: int, *, least: float = 0.5) -> float:
    """Return the area under precision over recall of one class, over pictures; no number where there is none.

    A box counts as found by the likeliest answer that overlaps it by `least` of their union, once.
    Source:  PASCAL VOC 2010 (Everingham et al.): every recall counts, precision made to fall with it.
    """
    wanted = sum(int((one.classes_N == number).sum()) for one in truth)
    if not wanted:
        return math.nan
    scores, hits = [np.empty(0, np.float32)], [np.empty(0, bool)]
    for ours, theirs in zip(found, truth, strict=True):
        ours, theirs = ours.only(ours.classes_N == number), theirs.only(theirs.classes_N == number)
        scores.append(ours.scores_N)
        hits.append(_hits(ours, theirs, least))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    right = np.cumsum(np.concatenate(hits)[order])
    recall, precision = right / wanted, right / np.arange(1, len(order) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def _hits(ours: Boxes, theirs: Boxes, least: float) -> npt.NDArray[np.bool_]:
    """Say of each box of ours whether it is the first, by its score, to find one of theirs."""
    hits_N, is_taken_M = np.zeros(len(ours), bool), np.zeros(len(theirs), bool)
    shared_NM = overlaps(ours.corners_N4, theirs.corners_N4)
    for row in np.argsort(-ours.scores_N, kind="stable") if len(theirs) else ():
        best = int(np.where(is_taken_M, -1.0, shared_NM[row]).argmax())
        if not is_taken_M[best] and shared_NM[row, best] >= least:
            hits_N[row] = is_taken_M[best] = True
    return hits_N


def _areas(corners_N4: FloatArray) -> FloatArray:
    return np.asarray((corners_N4[:, 2:] - corners_N4[:, :2]).prod(-1))
