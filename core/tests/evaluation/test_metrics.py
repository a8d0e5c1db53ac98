"""Metrics against hand-computed cases and brute force."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead.errors import Mismatch
from playhead.evaluation.metrics import (
    calibration,
    confusion,
    event_f1,
    event_pairs,
    score_head,
    window_losses,
)
from playhead.evaluation.predictions import HeadPredictions, changed, decided, number_segments
from playhead.labels import Axes, Choice, Keys

TENTH_NS = 100_000_000


def every_tenth(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.int64) * TENTH_NS


def one_segment(count: int) -> np.ndarray:
    return np.zeros(count, dtype=np.int64)


def made(head, truth, predictions, previous=None):
    truth_NA = np.array(truth, dtype=float)
    before = np.concatenate([truth_NA[:1], truth_NA[:-1]]) if previous is None else np.array(previous, float)
    return HeadPredictions(
        head=head, truth_NA=truth_NA, predictions_NO=np.array(predictions, dtype=float), previous_NA=before
    )


def score(head, truth, predictions, tolerance_s=0.1):
    pair = made(head, truth, predictions)
    return score_head(pair, every_tenth(len(truth)), one_segment(len(truth)), tolerance_s=tolerance_s)


class TestKeys:
    head = Keys("w", "a")
    truth = ((1, 0), (1, 0), (1, 1), (0, 1))
    predictions = ((0.9, 0.1), (0.4, 0.2), (0.8, 0.7), (0.6, 0.9))

    def test_counts_by_hand(self):
        scores = score(self.head, self.truth, self.predictions)
        assert scores.rows["w"] == pytest.approx({"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "support": 3})
        assert scores.rows["a"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 2.0}
        assert scores.summary["exact_match"] == 0.5  # frames 0 and 2
        assert scores.summary["hamming"] == pytest.approx(2 / 8)
        assert scores.summary["macro_f1"] == pytest.approx((2 / 3 + 1) / 2)

    def test_only_change_frames_count_for_the_change_score(self):
        scores = score(self.head, self.truth, self.predictions)
        assert scores.changes == 2  # frames 2 and 3
        assert scores.summary["change_exact"] == 0.5

    def test_a_key_never_pressed_has_no_precision(self):
        scores = score(self.head, [(1, 0), (1, 0)], [(0.9, 0.1), (0.9, 0.1)])
        assert np.isnan(scores.rows["a"]["precision"])
        assert scores.summary["macro_f1"] == 1.0

    def test_shares_count_as_held_from_a_half_on(self):
        scores = score(Keys("w"), [[0.5], [0.4]], [[0.9], [0.1]])
        assert scores.summary["exact_match"] == 1.0

    def test_a_wrong_number_of_columns_is_refused(self):
        with pytest.raises(Mismatch, match="2 columns"):
            made(self.head, np.zeros((3, 1)), np.zeros((3, 2)))


class TestChoice:
    head = Choice("cat", "dog", "owl")

    def test_counts_by_hand(self):
        predictions = [(0.8, 0.1, 0.1), (0.2, 0.7, 0.1), (0.1, 0.8, 0.1), (0.1, 0.8, 0.1)]
        scores = score(self.head, [[0], [0], [1], [1]], predictions)
        assert scores.confusion_CC is not None
        assert scores.confusion_CC.tolist() == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]
        assert scores.summary["accuracy"] == 0.75
        assert scores.summary["balanced_accuracy"] == 0.75
        assert scores.rows["dog"]["precision"] == pytest.approx(2 / 3)
        assert scores.summary["change_accuracy"] == 1.0  # frame 2

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30))
    def test_confusion_is_a_count(self, pairs):
        true, said = np.array([p[0] for p in pairs], int), np.array([p[1] for p in pairs], int)
        table = confusion(true, said, 4)
        assert all(table[t, s] == pairs.count((t, s)) for t in range(4) for s in range(4))


class TestAxes:
    def test_by_hand(self):
        scores = score(Axes("steer"), [[-1.0], [0.0], [1.0]], [[-0.5], [0.0], [-0.5]])
        assert scores.rows["steer"] == pytest.approx(
            {"mae": 2 / 3, "r2": 1 - (0.25 + 2.25) / 2, "sign_agreement": 0.5, "support": 2}
        )
        assert scores.summary["change_mae"] == pytest.approx(0.75)  # frames 1 and 2

    def test_an_axis_that_never_moves_has_no_r2(self):
        assert np.isnan(score(Axes("steer"), [[0.5], [0.5]], [[0.5], [0.4]]).rows["steer"]["r2"])

    def test_learned_as_changes(self):
        head = Axes("steer", "gas", deltas=(-0.1, 0.0, 0.1))
        predictions = np.array([[0.1, 0.2, 0.7, 0.9, 0.1, 0.0], [0.1, 0.8, 0.1, 0.1, 0.8, 0.1]])
        assert decided(head, predictions).tolist() == [[0.1, -0.1], [0.0, 0.0]]
        pair = made(head, [[0.1, -0.1], [0.0, 0.05]], predictions, previous=[[0.9, 0.9], [0.5, 0.5]])
        assert changed(pair).tolist() == [True, False]


class TestSegments:
    def test_a_new_recording_and_a_gap_begin_a_stretch(self):
        time_ns = np.array([0, 1, 2, 9, 10, 0, 1], dtype=np.int64) * TENTH_NS
        recording = np.array([0, 0, 0, 0, 0, 1, 1])
        assert number_segments(time_ns, recording).tolist() == [0, 0, 0, 1, 1, 2, 2]


def brute_force_matches(true: list[int], said: list[int], tolerance: int) -> int:
    """Try every pairing."""
    for size in range(min(len(true), len(said)), 0, -1):
        for some in combinations(true, size):
            for others in permutations(said, size):
                if all(abs(t - s) <= tolerance for t, s in zip(some, others, strict=True)):
                    return size
    return 0


class TestEvents:
    times = st.lists(st.integers(0, 12), max_size=5).map(sorted)

    @given(times, times, st.integers(0, 3))
    @settings(max_examples=200, deadline=None)
    def test_matching_is_as_good_as_trying_every_pairing(self, true, said, tolerance):
        matched = len(event_pairs(np.array(true, int), np.array(said, int), tolerance))
        assert matched == brute_force_matches(true, said, tolerance)

    def states(self, text: str) -> np.ndarray:
        return np.array([[letter == "x"] for letter in text])

    def f1(self, truth: str, said: str, tolerance_s: float) -> float:
        count = len(truth)
        return event_f1(
            self.states(truth),
            self.states(said),
            every_tenth(count),
            one_segment(count),
            tolerance_s=tolerance_s,
        )

    def test_by_hand(self):
        assert self.f1("..xxx..", "..xxx..", 0.0) == 1.0
        assert self.f1("..xxx..", "...xxx.", 0.0) == 0.0
        assert self.f1("..xxx..", "...xxx.", 0.1) == 1.0
        assert self.f1("..xxx..", "..xxxxx", 0.1) == pytest.approx(2 / 3)  # the release is missing
        assert np.isnan(self.f1(".......", ".......", 0.1))

    def test_a_gap_is_no_press(self):
        segment = np.array([0, 0, 1, 1])
        held = np.array([[False], [False], [True], [True]])
        assert np.isnan(event_f1(held, held, every_tenth(4), segment))


class TestCalibration:
    def test_by_hand(self):
        bins = calibration([0.05, 0.95, 0.95, 1.0], [False, True, False, True])
        assert bins.count_B.tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 3]
        assert bins.observed_B[9] == pytest.approx(2 / 3)
        assert bins.error == pytest.approx((0.05 * 1 + abs(2.9 / 3 - 2 / 3) * 3) / 4)

    def test_nothing_to_judge_is_not_a_number(self):
        assert np.isnan(calibration([], []).error)


def test_losses_rank_windows():
    assert window_losses(made(Keys("w"), [[1], [1]], [[0.9], [0.1]])) == pytest.approx(-np.log([0.9, 0.1]))
    assert window_losses(made(Choice("a", "b"), [[1]], [[0.25, 0.75]])) == pytest.approx(-np.log([0.75]))
    assert window_losses(made(Axes("x"), [[0.5]], [[-0.5]])) == pytest.approx([1.0])
