"""Intervals, exact tests and the AUROC, against what can be counted by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from playhead.evaluation.classification.intervals import (
    auroc,
    corrected,
    curve,
    more_than_chance,
    told,
    told_ends,
    wilson,
)


def test_wilson_is_as_tabulated() -> None:
    share = wilson(81, 263)  # Brown, Cai and DasGupta's example by many textbooks
    assert (share.low, share.high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))
    assert wilson(0, 50).low == 0.0
    assert wilson(0, 50).high == pytest.approx(0.0713, abs=1e-4)
    assert wilson(50, 50).high == 1.0
    assert math.isnan(wilson(0, 0).value)
    assert wilson(0, 0).to_json()["low"] is None


def test_the_exact_test_counts_all_draws() -> None:
    whole, marked, drawn = 9, 4, 3
    draws = list(itertools.combinations(range(whole), drawn))
    for inside in range(drawn + 1):
        at_least = sum(sum(one < marked for one in draw) >= inside for draw in draws) / len(draws)
        assert more_than_chance(inside, drawn, marked, whole) == pytest.approx(at_least)


def test_a_draw_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="no such draw"):
        more_than_chance(4, 3, 4, 9)


def test_correction_is_holms() -> None:
    assert corrected([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert corrected([0.9, 0.8]) == [1.0, 1.0]


def brute_auroc(high: np.ndarray, low: np.ndarray) -> float:
    return float(np.mean([(one > other) + 0.5 * (one == other) for one in high for other in low]))


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    random = np.random.default_rng(0)
    high, low = random.integers(0, 12, 40) + 2.0, random.integers(0, 12, 30).astype(float)
    found = auroc(high, low)
    assert found.value == pytest.approx(brute_auroc(high, low))
    assert found.low < found.value < found.high
    assert auroc(low, high).value == pytest.approx(1 - found.value)


def test_the_interval_of_an_auroc_covers() -> None:
    random, true, covered = np.random.default_rng(1), 0.7602, 0  # of normals one apart: Phi(1 / sqrt 2)
    for _ in range(200):
        found = auroc(random.normal(1, 1, 60), random.normal(0, 1, 60))
        covered += found.low <= true <= found.high
    assert 180 <= covered <= 200


def test_auroc_of_nothing_is_unknown_and_of_a_clean_cut_is_one() -> None:
    assert math.isnan(auroc(np.array([1.0]), np.array([])).value)
    assert auroc(np.array([2.0, 3.0]), np.array([0.0, 1.0])).value == 1.0


def test_the_curve_encloses_the_auroc() -> None:
    random = np.random.default_rng(2)
    high, low = random.normal(1, 1, 500), random.normal(0, 1, 400)
    false_rate, true_rate = curve(high, low)
    area = float(np.trapezoid(true_rate, false_rate))
    assert area == pytest.approx(auroc(high, low).value, abs=0.01)
    assert (false_rate[-1], true_rate[-1]) == (1.0, 1.0)


def test_what_has_no_interval_is_said_in_words_not_as_nan() -> None:
    assert told_ends(0.25, 0.5, 2) == "0.25 to 0.50"
    for ends in ((math.nan, 1.0), (0.0, math.inf)):
        assert told_ends(*ends, 2) == "too few for an interval"
    assert told(math.nan, 2) == "–"
