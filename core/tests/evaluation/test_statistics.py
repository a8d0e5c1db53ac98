"""The table says what was driven, by whom, and how surely."""

from __future__ import annotations

import math

import pytest

from playhead.evaluation.estimates import shown
from playhead.evaluation.statistics import Episode, ScoreTable
from playhead.game import Measure


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
        assert data["drivers"]["network"]["route"]["low"] is None
        assert data["drivers"]["network"]["route"]["n"] == 2
        assert data["drivers"]["expert"]["steps"] == {"mean": 10, "low": None, "high": None, "n": 2}
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

    def test_two_drives_say_too_few(self):
        assert "0.650 (too few)" in self.table().to_text()
        assert "0.722 (too few)" in self.table().to_text()

    def test_scores_from_0_to_1_of_enough_drives_stay_inside(self):
        assert not table_of({"network": [1, 1, 0]}).is_share("network", "score")
        surely = table_of({"network": [1, 1, 1], "expert": [1, 1, 1], "idle": [0, 0, 0], "random": [0, 0.2, 0]})
        assert surely.is_share("network", "score")
        assert surely.estimate("network", "score").low == pytest.approx(0.38, abs=0.01)
        assert surely.estimate("network", "score").high == 1
        assert surely.estimate("idle", "score").low == 0
        counts = table_of({"network": [0, 0, 0], "expert": [0, 0, 0], "idle": [1, 1, 0], "random": [1, 2, 0]})
        assert not counts.is_share("network", "score")
        assert shown(counts.estimate("network", "score")) == "0.000 (no interval)"
        assert table_of({"network": [1] * 8}).is_share("network", "score")

    def test_a_difference_is_taken_seed_by_seed(self):
        table = table_of({"network": [11, 21, 32, 41], "expert": [10, 20, 30, 40]})
        assert table.difference("network", "expert", "score").low > 0
        assert not table.difference("expert", "network", "score").low > 0


def table_of(scores: dict[str, list[float]]) -> ScoreTable:
    """Return a table of these scores, seed by seed."""
    episodes = [
        Episode(driver=driver, seed=seed, measures={"score": value})
        for driver, values in scores.items()
        for seed, value in enumerate(values)
    ]
    return ScoreTable(episodes=episodes, measures=())
