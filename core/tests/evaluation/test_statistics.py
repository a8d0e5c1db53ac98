"""The table says what was driven, by whom, and how surely."""

from __future__ import annotations

import math
from dataclasses import replace

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
        assert table_of({"network": [1, 1, 0]}).kind("score", "network") == "number"
        surely = table_of({"network": [1, 1, 1], "expert": [1, 1, 1], "idle": [0, 0, 0], "random": [0, 0.2, 0]})
        assert surely.kind("score", "network") == "share"
        assert surely.estimate("network", "score").low == pytest.approx(0.38, abs=0.01)
        assert surely.estimate("network", "score").high == 1
        assert surely.estimate("idle", "score").low == 0
        counts = table_of({"network": [0, 0, 0], "expert": [0, 0, 0], "idle": [1, 1, 0], "random": [1, 2, 0]})
        assert counts.kind("score", "network") == "number"
        assert shown(counts.estimate("network", "score")) == "0.000 (no interval)"
        assert table_of({"network": [1] * 8}).kind("score", "network") == "share"

    def test_what_a_measure_cannot_be_is_not_known_and_said(self):
        table = table_of({"network": [1, 2, 0, 2.5, -1], "expert": [0, 0, 0, 0, 1]}, kind="count")
        assert table.kind("score", "network") == "count"
        assert table.estimate("network", "score").n == 3
        assert table.unknown() == ["score was no count in 2 of 5 rollouts of network."]
        shares = table_of({"network": [0.5, 1 + 1e-12, 1.1]}, kind="share")
        assert shares.values("network", "score").tolist() == pytest.approx([0.5, 1, math.nan], nan_ok=True)
        assert shares.values("network", "score")[1] == 1
        assert shares.unknown() == ["score was no share from 0 to 1 in 1 of 3 rollouts of network."]

    def test_a_measure_without_bounds_is_no_share_by_chance(self):
        assert table_of({"network": [1] * 8}, kind="number").kind("score", "network") == "number"

    def test_a_difference_is_taken_seed_by_seed(self):
        table = table_of({"network": [11, 21, 32, 41], "expert": [10, 20, 30, 40]})
        assert table.difference("network", "expert", "score").low > 0
        assert not table.difference("expert", "network", "score").low > 0


SCORES = {
    "expert": [10, 20, 30, 20],
    "network": [6, 12.5, 16, 11],
    "random": [0, 5, 0, 1],
    "idle": [-5, 5, 0, 1],
}


class TestTheWayFromRandomToTheExpert:
    def test_the_headline_is_the_score_or_the_first_that_is_better_when_higher(self):
        measures = (Measure(name="crashes", title="crashes", better="lower"), Measure(name="score", title="score"))
        table = replace(table_of(SCORES), measures=measures)
        episodes = [replace(e, measures={**e.measures, "crashes": 1.0}) for e in table.episodes]
        assert replace(table, episodes=episodes).headline == "score"
        assert replace(table, episodes=episodes, score="crashes").headline == "crashes"
        assert replace(table, episodes=episodes, measures=measures[:1]).headline == ""

    def test_is_0_as_random_and_1_as_the_expert_with_an_interval(self):
        ways = table_of(SCORES).ways()
        assert list(ways) == ["network", "idle"]
        assert ways["network"].mean == pytest.approx((45.5 - 6) / (80 - 6))
        assert 0 < ways["network"].low < ways["network"].mean < ways["network"].high < 1
        assert ways["idle"].mean == pytest.approx(-5 / 74)

    def test_is_the_same_where_less_is_better(self):
        turned = {driver: [-value for value in values] for driver, values in SCORES.items()}
        lower = Measure(name="score", title="score", better="lower")
        ways = replace(table_of(turned), measures=(lower,), score="score").ways()
        assert ways == table_of(SCORES).ways()

    def test_is_told_in_text_and_json(self):
        table = table_of(SCORES)
        sentence = "Of the way from random to expert (score): network 0.534 [0.490, 0.621], idle -0.068"
        assert sentence in table.to_text()
        assert table.to_json()["way_to_expert"]["network"]["mean"] == pytest.approx(39.5 / 74, abs=1e-6)

    @pytest.mark.parametrize("missing", ["expert", "random"])
    def test_is_not_told_without_both_ends(self, missing):
        table = table_of({driver: values for driver, values in SCORES.items() if driver != missing})
        assert table.ways() == {}
        assert "way" not in table.to_text()
        assert "way_to_expert" not in table.to_json()

    def test_is_not_told_where_the_expert_is_no_better_than_random(self):
        table = table_of({"expert": [1, 2, 3], "network": [2, 3, 4], "random": [1, 2, 3]})
        assert math.isnan(table.ways()["network"].mean)
        assert table.way_sentence() == ""


def table_of(scores: dict[str, list[float]], kind: str = "") -> ScoreTable:
    """Return a table of these scores, seed by seed."""
    episodes = [
        Episode(driver=driver, seed=seed, measures={"score": value})
        for driver, values in scores.items()
        for seed, value in enumerate(values)
    ]
    measure = Measure(name="score", title="score", kind=kind)
    return ScoreTable(episodes=episodes, measures=(measure,) if kind else ())
