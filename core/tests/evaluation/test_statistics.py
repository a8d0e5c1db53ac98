"""Intervals cover the truth as often as they say, and the table says what was driven."""

from __future__ import annotations

import math

import numpy as np
import pytest

from playhead.evaluation.statistics import (
    Episode,
    ScoreTable,
    bootstrap_mean,
    bootstrap_ratio,
    number,
    shown,
    student_t_mean,
)
from playhead.game import Measure


def test_the_interval_covers_the_true_mean_about_95_times_in_100():
    random = np.random.default_rng(3)
    covered = {"bootstrap": 0, "student": 0}
    for trial in range(60):
        values = random.normal(0.7, 0.1, 16)
        for name, estimate in (
            ("bootstrap", bootstrap_mean(values, seed=trial)),
            ("student", student_t_mean(values)),
        ):
            covered[name] += estimate.low <= 0.7 <= estimate.high
    assert 50 <= covered["bootstrap"] <= 60
    assert 53 <= covered["student"] <= 60


def test_student_t_by_hand():
    estimate = student_t_mean(np.array([1.0, 2.0, 3.0]))
    assert estimate.mean == 2.0
    assert estimate.high - 2.0 == pytest.approx(4.303 / math.sqrt(3), rel=1e-6)


def test_pairing_the_seeds_narrows_the_ratio():
    expert = np.array([0.2, 0.5, 0.9, 1.0, 0.4])
    ratio = bootstrap_ratio(0.8 * expert, expert)
    assert ratio.mean == pytest.approx(0.8)
    assert ratio.high - ratio.low < 1e-9


def test_few_seeds_are_honest():
    assert math.isnan(bootstrap_mean(np.array([0.5])).low)
    assert math.isnan(bootstrap_mean(np.array([])).mean)
    assert math.isnan(bootstrap_ratio(np.array([1.0]), np.array([0.0])).mean)
    assert math.isnan(bootstrap_ratio(np.array([1.0, 2.0]), np.array([-3.0, 1.0])).mean)
    assert bootstrap_mean(np.array([1.0, math.nan, 3.0])).n == 2


class TestScoreTable:
    def table(self) -> ScoreTable:
        scores = {"expert": (1.0, 0.8), "network": (0.5, 0.8)}
        episodes = [
            Episode(driver=driver, seed=7 + k, measures={"route": value, "steps": 10.0})
            for driver, values in scores.items()
            for k, value in enumerate(values)
        ]
        return ScoreTable(episodes=episodes, measures=(Measure(name="route", title="route completed"),))

    def test_json_has_mean_low_high_of_every_measure(self):
        data = self.table().to_json()
        assert data["drivers"]["network"]["route"]["mean"] == 0.65
        assert data["drivers"]["network"]["route"]["low"] == 0.5
        assert data["drivers"]["network"]["route"]["n"] == 2
        assert data["drivers"]["expert"]["steps"] == {"mean": 10, "low": 10, "high": 10, "n": 2}
        assert data["ratios_to_expert"]["network"]["route"]["mean"] == pytest.approx(0.65 / 0.9, abs=1e-6)
        assert data["seeds"] == [7, 8]

    def test_text_shows_what_the_game_states(self):
        text = self.table().to_text()
        assert "route completed" in text
        assert "steps" not in text
        assert "network / expert" in text

    def test_without_an_expert_there_are_no_ratios(self):
        table = ScoreTable(episodes=self.table().episodes[2:], measures=())
        assert table.ratio("network", "route") is None
        assert table.to_json()["ratios_to_expert"] == {}
        assert "steps" in table.to_text()

    def test_a_missing_drive_is_not_zero(self):
        table = ScoreTable(episodes=self.table().episodes[:-1], measures=())
        assert math.isnan(table.values("network", "route")[1])
        assert table.estimate("network", "route").n == 1


def test_numbers_read_well():
    assert [number(v) for v in (0.7421, 3.14159, 31.23, 1204.4, math.nan)] == [
        "0.742",
        "3.14",
        "31.2",
        "1,204",
        "–",
    ]
    assert shown(bootstrap_mean(np.array([0.5]))) == "0.500"
