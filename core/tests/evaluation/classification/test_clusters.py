"""Intervals and tests of windows that are right or wrong together: how often they hold is counted."""

from __future__ import annotations

import numpy as np
import pytest
from doubles import recording
from shapes import GAME, pictures

from playhead.data.windows import WindowIndex, WindowSpec
from playhead.evaluation.classification.clusters import FEWEST, Units, grouped_share, more_than_moved, units_of
from playhead.evaluation.classification.error_slices import error_slices
from playhead.evaluation.classification.intervals import auroc, more_than_chance, wilson

SIZE = 10  # windows in a group


def drawn(random: np.random.Generator, groups: int, share: float, alike: float) -> np.ndarray:
    """Return which windows are wrong: a beta-binomial, `alike` is the correlation within a group."""
    scale = (1 - alike) / alike
    own_G = random.beta(share * scale, (1 - share) * scale, groups)
    return random.random((groups, SIZE)) < own_G[:, None]


def holds(groups: int, share: float, alike: float, *, grouped: bool, times: int = 400) -> float:
    """Return how often the interval has the true share in it."""
    random, group_N, held = np.random.default_rng(0), np.repeat(np.arange(groups), SIZE), 0
    for _ in range(times):
        found = grouped_share(drawn(random, groups, share, alike).reshape(-1), group_N if grouped else None)
        held += found.low <= share <= found.high
    return held / times


class TestShare:
    @pytest.mark.parametrize(
        ("groups", "share", "alike"),
        [
            (200, 0.01, 0.3),
            (200, 0.1, 0.1),
            (60, 0.3, 0.7),
            (40, 0.02, 0.2),
            (400, 0.003, 0.5),
            (FEWEST, 0.1, 0.3),
        ],
    )
    def test_the_interval_holds_as_often_as_it_says(self, groups: int, share: float, alike: float) -> None:
        assert holds(groups, share, alike, grouped=True) >= 0.93

    def test_without_groups_it_does_not(self) -> None:
        assert holds(60, 0.3, 0.7, grouped=False) < 0.65

    def test_independent_windows_lose_hardly_anything(self) -> None:
        random = np.random.default_rng(1)
        is_wrong_N = random.random(4000) < 0.05
        grouped, plain = grouped_share(is_wrong_N, np.repeat(np.arange(400), 10)), grouped_share(is_wrong_N, None)
        assert plain == wilson(int(is_wrong_N.sum()), 4000)
        assert (grouped.high - grouped.low) < 1.15 * (plain.high - plain.low)

    def test_groups_all_wrong_or_right_count_once(self) -> None:
        is_wrong_N = np.repeat(np.arange(100) < 20, 10)
        found, once = grouped_share(is_wrong_N, np.repeat(np.arange(100), 10)), wilson(20, 100)
        assert found.value == once.value
        assert found.independent == pytest.approx(100, rel=0.06)
        assert found.low == pytest.approx(once.low, abs=0.005)

    def test_without_a_mistake_each_group_counts_once(self) -> None:
        found, sizes = grouped_share(np.ones(4000, bool), np.repeat(np.arange(400), 10)), np.array([30, *[1] * 10])
        assert (found.low, found.high) == (wilson(400, 400).low, 1.0)
        unequal = grouped_share(np.ones(40, bool), np.repeat(np.arange(11), sizes))
        assert unequal.independent == pytest.approx(40**2 / (30**2 + 10))  # the large one is most of what there is

    def test_one_mistake_says_little_more_than_none(self) -> None:
        one = grouped_share(np.arange(4000) > 0, np.repeat(np.arange(400), 10))
        assert one.independent == 400
        many = grouped_share(np.arange(4000) % 100 > 0, np.repeat(np.arange(400), 10))
        assert many.independent > 3500

    def test_a_share_is_never_worth_more_than_its_windows(self) -> None:
        is_wrong_N = np.tile(np.arange(10) == 0, 50)  # exactly one in each group: more even than chance
        assert grouped_share(is_wrong_N, np.repeat(np.arange(50), 10)).independent <= 500

    def test_nothing_has_no_share(self) -> None:
        assert grouped_share(np.empty(0, bool), np.empty(0, np.int64)).to_json()["value"] is None


class TestMoved:
    def test_it_is_the_share_of_moves(self) -> None:
        random = np.random.default_rng(2)
        group_N = np.repeat(np.arange(6), [2, 3, 3, 4, 4, 4])
        is_it_N, is_wrong_N = random.random(20) < 0.4, np.isin(np.arange(20), [2, 3, 8, 12, 13, 14])
        mistakes_E, sizes_G = [2, 1, 3], np.bincount(group_N)
        hits, times = [], 6000
        for _ in range(times):
            hit = 0
            for mistakes in mistakes_E:
                group = random.choice(np.flatnonzero(sizes_G >= mistakes))
                windows = random.choice(np.flatnonzero(group_N == group), mistakes, replace=False)
                hit += int(is_it_N[windows].sum())
            hits.append(hit)
        inside = int((is_wrong_N & is_it_N).sum())
        expected = float((np.array(hits) >= inside).mean())
        assert 0.02 < expected < 0.98
        assert more_than_moved(is_wrong_N, is_it_N, group_N) == pytest.approx(expected, abs=0.02)

    @pytest.mark.parametrize("within", [False, True])
    def test_what_has_nothing_to_do_with_mistakes_is_seldom_clear(self, within: bool) -> None:
        random, group_N, plain, grouped, times = (
            np.random.default_rng(3),
            np.repeat(np.arange(80), SIZE),
            0,
            0,
            300,
        )
        for _ in range(times):
            is_wrong_N = drawn(random, 80, 0.1, 0.5).reshape(-1)
            has_it_GK = random.random((80, SIZE if within else 1)) < 0.2
            is_it_N = np.broadcast_to(has_it_GK, (80, SIZE)).reshape(-1)
            grouped += more_than_moved(is_wrong_N, is_it_N, group_N) < 0.05
            plain += more_than_moved(is_wrong_N, is_it_N, None) < 0.05
        assert grouped <= 0.07 * times
        if not within:
            assert plain > 0.15 * times  # what Fisher's test makes of whole groups that have it

    def test_what_makes_mistakes_is_clear_whole_groups_or_within(self) -> None:
        random, group_N = np.random.default_rng(4), np.repeat(np.arange(200), SIZE)
        hat_N, turn_N = np.repeat(random.integers(0, 10, 200), SIZE), np.tile(np.arange(SIZE), 200)
        is_wrong_N = random.random(2000) < np.where((hat_N == 3) | (turn_N == 7), 0.2, 0.01)
        clear = [value for value in error_slices(is_wrong_N, {"hat": hat_N, "turn": turn_N}, group_N)
                 if value.is_clear]  # fmt: skip
        assert {(value.column, value.value) for value in clear} == {("hat", "3"), ("turn", "7")}

    def test_one_bad_group_is_no_pattern(self) -> None:
        group_N = np.repeat(np.arange(40), SIZE)
        is_wrong_N, hat_N = group_N == 5, group_N // 4  # of hat 1 there are four groups, one of them all wrong
        (first, *_), (grouped, *_) = (
            error_slices(is_wrong_N, {"hat": hat_N}, groups) for groups in (None, group_N)
        )
        assert first.is_clear
        assert not grouped.is_clear
        assert more_than_moved(is_wrong_N, hat_N == 1, group_N) == pytest.approx(0.1)

    def test_without_groups_it_is_fishers(self) -> None:
        is_wrong_N, is_it_N = np.arange(30) < 6, np.arange(30) % 2 == 0
        assert more_than_moved(is_wrong_N, is_it_N, None) == more_than_chance(3, 15, 6, 30)


class TestUnits:
    def test_a_column_is_the_unit_where_it_is_there(self) -> None:
        index = WindowIndex.of([pictures(name="a", seed=1)], GAME.schema, WindowSpec())
        units = units_of(index, "outfit")
        assert units.name == "outfit"
        assert units.count == len(np.unique(index.recordings[0].columns["outfit"]))
        assert f"{units.count} groups of windows with the same outfit" in units.sentence
        assert "(1 by recording)" in units_of(index, "no such column").sentence

    def test_recordings_are_the_unit_when_there_are_enough(self) -> None:
        names = GAME.schema.head("shape").names
        labels = {"shape": np.arange(6, dtype=np.uint8)[:, None] % len(names)}
        made = [recording(GAME, labels, name=f"r{number}") for number in range(FEWEST)]
        index = WindowIndex.of(made, GAME.schema, WindowSpec())
        assert units_of(index, "recording").count == FEWEST
        few = units_of(WindowIndex.of(made[1:], GAME.schema, WindowSpec()), "recording")
        assert few.group_N is None
        assert "9 by recording" in few.sentence

    def test_a_split_window_by_window_has_no_groups(self) -> None:
        index = WindowIndex.of([pictures(name="a", seed=1)], GAME.schema, WindowSpec())
        assert units_of(index, "frame").sentence == Units().sentence


def test_the_interval_of_an_auroc_covers_with_groups() -> None:
    random, true, held, plain = np.random.default_rng(5), 0.7602, 0, 0  # of normals one apart: Phi(1 / sqrt 2)
    group_N = np.repeat(np.arange(30), 8)
    for _ in range(200):
        high_N, low_N = (
            mean + np.sqrt(0.6) * random.normal(0, 1, 30)[group_N] + np.sqrt(0.4) * random.normal(0, 1, 240)
            for mean in (1, 0)
        )
        found, without = auroc(high_N, low_N, group_N, group_N), auroc(high_N, low_N)
        assert found.value == without.value
        held += found.low <= true <= found.high
        plain += without.low <= true <= without.high
    assert held >= 182
    assert plain < 140
