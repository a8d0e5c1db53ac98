"""Baselines are what they say, and the change score sees through the copycat."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.evaluation.baselines import baseline_predictions
from playhead.evaluation.metrics import score_head
from playhead.evaluation.predictions import HeadPredictions
from playhead.labels import Axes, Choice, Keys

TRUTH = np.array([[1, 0], [1, 0], [1, 1], [1, 0], [0, 0], [1, 0]])
SEGMENT = np.zeros(6, dtype=np.int64)


def baselines(head, truth):
    truth_NA = np.asarray(truth, dtype=float)
    return baseline_predictions(
        HeadPredictions(
            head=head,
            truth_NA=truth_NA,
            predictions_NO=np.zeros((len(truth_NA), head.outputs)),
            previous_NA=np.concatenate([truth_NA[:1], truth_NA[:-1]]),
        )
    )


TIMES = np.arange(6, dtype=np.int64) * 100_000_000


def test_keys_by_hand():
    said = {name: a.predictions_NO.tolist() for name, a in baselines(Keys("w", "a"), TRUTH).items()}
    assert said["majority"] == [[1, 0]] * 6
    assert said["always_forward"] == [[1, 0]] * 6
    assert said["repeat_last"] == [[1, 0], [1, 0], [1, 0], [1, 1], [1, 0], [0, 0]]
    assert sorted(said["prior_random"]) == sorted(TRUTH.tolist())


def test_idle_data_still_has_a_main_key():
    truth = np.array([[0, 0], [0, 0], [0, 1]])
    predictions = baselines(Keys("w", "a"), truth)
    assert predictions["majority"].predictions_NO[0].tolist() == [0, 0]
    assert predictions["always_forward"].predictions_NO[0].tolist() == [0, 1]


def test_repeating_the_last_action_scores_nothing_where_it_changes():
    copycat = baselines(Keys("w", "a"), TRUTH)["repeat_last"]
    scores = score_head(copycat, TIMES, SEGMENT)
    assert scores.summary["exact_match"] == pytest.approx(2 / 6)
    assert scores.summary["change_exact"] == 0.0


def test_choice_and_axes():
    classes = baselines(Choice("a", "b", "c"), np.array([[1], [1], [2]]))
    assert classes["majority"].predictions_NO.tolist() == [[0, 1, 0]] * 3
    assert "always_forward" not in classes
    axes = baselines(Axes("steer", deltas=(-0.1, 0.1)), np.array([[0.0], [0.2], [0.9]]))
    assert axes["majority"].predictions_NO.tolist() == [[0.2]] * 3
    assert axes["repeat_last"].predictions_NO.tolist() == [[0.0]] * 3


def test_nothing_recorded_has_no_baselines():
    assert baselines(Keys("w"), np.zeros((0, 1))) == {}
