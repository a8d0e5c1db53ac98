"""Boxes told and compared: what is none is left out, and average precision is what its definition says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from playhead.models.boxes import Boxes, average_precision, boxes_of, boxes_told, column_of, overlaps, told_boxes


def found(*rows: tuple[float, ...], scores: tuple[float, ...] = ()) -> Boxes:
    boxes = boxes_of(np.array(rows).reshape(-1, 5))
    return Boxes(
        corners_N4=boxes.corners_N4, classes_N=boxes.classes_N, scores_N=np.array(scores or [1.0] * len(rows))
    )


CAR, OTHER = (0, 0.1, 0.1, 0.3, 0.3), (0, 0.6, 0.6, 0.8, 0.9)


def test_boxes_are_told_by_name_and_what_is_none_is_left_out() -> None:
    nan = math.nan
    rows = [CAR, (nan,) * 5, (0.5, *CAR[1:]), (-1, *CAR[1:]), (0, 0.3, 0.1, 0.1, 0.3), (1, 0.2, 0.2, 1.4, 0.5)]
    fields = ("class", "left", "top", "right", "bottom")
    telemetry = {column_of(n, f): v for n, row in enumerate(rows) for f, v in zip(fields, row, strict=True)}
    assert boxes_told({**telemetry, "speed": 3.0}) == len(rows)
    assert boxes_told(["box_1_class", "speed"]) == 0
    told = told_boxes(telemetry)
    assert told.corners_N4.tolist() == [pytest.approx(CAR[1:])]
    assert told.classes_N.tolist() == [0]


def test_overlap_is_intersection_over_union() -> None:
    one = np.array([[0.0, 0.0, 0.4, 0.4]], np.float32)
    others = np.array([[0.0, 0.0, 0.4, 0.4], [0.2, 0.0, 0.6, 0.4], [0.5, 0.5, 0.6, 0.6]], np.float32)
    assert overlaps(one, others)[0].tolist() == [pytest.approx(1.0), pytest.approx(1 / 3), 0.0]


def test_average_precision_of_answers_that_are_right_wrong_and_twice() -> None:
    truth = [found(CAR, OTHER), found()]
    assert average_precision([found(CAR, OTHER), found()], truth, 0) == 1.0
    assert average_precision([found(CAR), found()], truth, 0) == 0.5
    assert average_precision([found(), found()], truth, 0) == 0.0
    assert math.isnan(average_precision([found(), found()], truth, 1))
    twice = found(CAR, CAR, OTHER, scores=(0.9, 0.8, 0.7))  # the second is wrong: precision 1, then 2 of 3
    assert average_precision([twice, found()], truth, 0) == pytest.approx(0.5 + 0.5 * 2 / 3)
    surely_wrong = [found(CAR, OTHER, scores=(0.5, 0.4)), found(CAR, scores=(0.9,))]
    assert average_precision(surely_wrong, truth, 0) == pytest.approx(2 / 3)


def test_a_box_that_is_little_off_counts_only_by_the_overlap_asked_for() -> None:
    moved = (0, 0.15, 0.1, 0.35, 0.3)  # three fifths of the union
    assert average_precision([found(moved)], [found(CAR)], 0, least=0.5) == 1.0
    assert average_precision([found(moved)], [found(CAR)], 0, least=0.7) == 0.0
