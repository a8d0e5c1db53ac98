"""Intervals hold from three drives on, and say so where they cannot."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from playhead.evaluation.estimates import (
    Estimate,
    ends,
    mean_interval,
    number,
    shown,
    student_t_95,
)
from playhead.evaluation.paired import difference_interval, ratio_interval

Values = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Values]
DRIVES = (3, 5, 8, 12, 20)
TRIALS, PAIRS = 800, 300
CHANCE = 0.023  # 99 of 100 runs of a method that holds exactly miss at most so much more in so many trials


def successes(share: float) -> Draw:
    """Return what draws so many successes, else failures."""
    return lambda random, n: (random.random(n) < share).astype(float)


def poisson(mean: float) -> Draw:
    """Return what draws counts of chance."""
    return lambda random, n: random.poisson(mean, n).astype(float)


# What drivers score in one seed: name -> draws, true mean, kind, and the coverage to be had at least.
DRAWS: dict[str, tuple[Draw, float, str, float]] = {
    "normal": (lambda random, n: random.normal(5, 2, n), 5, "number", 0.95),
    "normal amounts": (lambda random, n: random.normal(60, 12, n), 60, "amount", 0.95),
    "exponential": (lambda random, n: random.exponential(1, n), 1, "amount", 0.95),
    "log-normal .5": (lambda random, n: random.lognormal(0, 0.5, n), math.exp(0.125), "amount", 0.95),
    "log-normal 1": (lambda random, n: random.lognormal(0, 1, n), math.exp(0.5), "amount", 0.92),
    "mostly 0": (lambda random, n: random.lognormal(0, 1, n) * (random.random(n) < 0.3),
                 0.3 * math.exp(0.5), "amount", 0.95),
    "counts .25": (poisson(0.25), 0.25, "count", 0.95),
    "counts 1": (poisson(1), 1, "count", 0.95),
    "counts 4": (poisson(4), 4, "count", 0.95),
    "clustered counts": (lambda random, n: random.poisson(random.gamma(0.5, 2, n)).astype(float), 1, "count",
                         0.93),
    "scores": (lambda random, n: random.beta(5, 1, n), 5 / 6, "share", 0.95),
    "scores near 1": (lambda random, n: random.beta(20, 1, n), 20 / 21, "share", 0.95),
    "mostly 1": (lambda random, n: random.beta(0.9, 0.1, n), 0.9, "share", 0.93),
    "penalties": (lambda random, n: 0.6 ** random.poisson(0.7, n), math.exp(-0.28), "share", 0.95),
    "successes .5": (successes(0.5), 0.5, "share", 0.92),
    "successes .9": (successes(0.9), 0.9, "share", 0.915),
}  # fmt: skip
LEAST = {"number": -math.inf, "amount": 0, "count": 0, "share": 0}


@pytest.mark.parametrize("name", DRAWS)
def test_the_interval_of_a_mean_holds_the_true_one_and_what_can_be(name: str) -> None:
    draw, true, kind, at_least = DRAWS[name]
    for drives in DRIVES:
        random = np.random.default_rng(drives)
        found = [mean_interval(draw(random, drives), kind=kind) for _ in range(TRIALS)]
        missed = np.mean([e.has_interval and not e.low <= true <= e.high for e in found])
        assert missed <= 1 - at_least + CHANCE, drives
        known = [e for e in found if e.has_interval]
        assert len(known) > (0.6 if name == "mostly 0" else 0.9) * TRIALS
        assert all(LEAST[kind] <= e.low <= e.mean <= e.high for e in known)
        assert kind != "share" or max(e.high for e in known) <= 1


def test_a_long_tail_is_missed_twice_as_often_by_student_s_t() -> None:
    draw, true, _, _ = DRAWS["log-normal 1"]
    drawn = [draw(np.random.default_rng(seed), 8) for seed in range(TRIALS)]
    missed = {k: np.mean([mean_interval(v, kind=k).high < true for v in drawn]) for k in ("number", "amount")}
    assert missed["number"] > 1.7 * missed["amount"] > 0


@pytest.mark.parametrize("name", DRAWS)
def test_of_equal_drivers_one_is_seldom_said_to_be_more(name: str) -> None:
    draw, _, kind, _ = DRAWS[name]
    for drives in (3, 5, 8, 20):
        random, more = np.random.default_rng(drives), 0
        for _ in range(PAIRS):
            seeds = np.ones(drives) if kind == "count" else random.uniform(0.2, 1, drives)  # easy and hard ones
            ours, theirs = seeds * draw(random, drives), seeds * draw(random, drives)
            is_more = difference_interval(ours, theirs, kind=kind).low > 0
            more += is_more
            if drives == 5:
                assert is_more or not ratio_interval(ours, theirs, kind=kind).low > 1
        assert more / PAIRS <= 0.025 + CHANCE, drives


@pytest.mark.parametrize("name", [name for name, (_, _, kind, _) in DRAWS.items() if kind != "number"])
def test_none_is_often_said_to_differ_from_a_rival_that_always_scores_its_mean(name: str) -> None:
    draw, true, kind, at_least = DRAWS[name]
    for drives in (3, 5, 8, 12):
        random, rival = np.random.default_rng(drives), np.full(drives, true)
        found = [difference_interval(draw(random, drives), rival, kind=kind) for _ in range(PAIRS)]
        differ = np.mean([one.low > 0 or one.high < 0 for one in found])
        assert differ <= 1 - at_least + (0.045 if name == "mostly 0" else 0.025)  # 0 each time is taken for 0


def test_what_is_clearly_more_is_said_to_be_at_eight_and_twelve_drives() -> None:
    random = np.random.default_rng(0)
    for drives, at_least in ((8, 0.75), (12, 0.95)):
        pairs = [(random.beta(8, 1, drives), random.beta(3, 2, drives)) for _ in range(300)]
        for kind in ("number", "share"):
            assert np.mean([difference_interval(*pair, kind=kind).low > 0 for pair in pairs]) > at_least
    seeds = random.uniform(0.5, 1, 12)  # hard ones are hard for both, so that a little more shows
    assert difference_interval(0.9 * seeds + 0.05, 0.9 * seeds, kind="share").low > 0


def test_differences_of_one_size_are_told_from_chance_from_six_on() -> None:
    random = np.random.default_rng(0)
    for drives in (3, 4, 5, 6, 7, 8):
        coins = np.sign(random.random((PAIRS, drives)) - 0.5)
        assert np.mean([difference_interval(row, 0 * row).low > 0 for row in coins]) <= 0.025 + 0.01
    assert not difference_interval(np.full(5, 36.0), np.zeros(5)).low > 0
    assert difference_interval(np.full(6, 36.0), np.zeros(6)).low == 36


@pytest.mark.parametrize(
    ("name", "at_most"),
    [("normal", 1.2), ("exponential", 1.6), ("counts 4", 1.2), ("scores", 1.4), ("successes .5", 1.2),
     ("successes .9", 1.45)],
)  # fmt: skip
def test_with_many_drives_it_is_hardly_wider_than_by_resampling(name: str, at_most: float) -> None:
    draw, _, kind, _ = DRAWS[name]
    random = np.random.default_rng(1)
    for drives in (20, 32):
        ours = resampled = 0.0
        for _ in range(60):
            values = draw(random, drives)
            estimate = mean_interval(values, kind=kind)
            low, high = np.percentile(random.choice(values, (500, drives)).mean(1), [2.5, 97.5])
            ours, resampled = ours + estimate.high - estimate.low, resampled + high - low
        assert 0.9 * resampled < ours < at_most * resampled


def test_student_t_by_hand() -> None:
    estimate = mean_interval(np.array([1.0, 2.0, 3.0]))
    assert estimate.mean == 2.0
    assert estimate.high - 2.0 == pytest.approx(4.303 / math.sqrt(3), rel=1e-6)
    assert student_t_95(60) == pytest.approx(2.000, abs=1e-3)


def test_a_share_by_hand_and_inside_its_bounds() -> None:
    half = mean_interval(np.array([1.0] * 8 + [0.0] * 2), kind="share")  # Agresti and Coull's textbook form
    assert (half.low, half.high) == (pytest.approx(0.4793, abs=1e-4), pytest.approx(0.9541, abs=1e-4))
    assert mean_interval(np.ones(3), kind="share").low == pytest.approx(0.382, abs=1e-3)
    for values in ([1.0, 1.0, 1.0], [0.0] * 40, [0.99, 1.0, 1.0], [1 - 1e-16, 1.0, 1.0], [5e-324, 0.0, 0.0]):
        estimate = mean_interval(np.array(values), kind="share")
        assert 0 <= estimate.low <= estimate.mean <= estimate.high <= 1


def test_counts_by_hand_and_not_below_0() -> None:
    none = mean_interval(np.zeros(3), kind="count")
    assert (none.low, none.high) == (0, pytest.approx(1.959964**2 / 3))
    once = mean_interval(np.array([1.0, 0, 0, 0]), kind="count")
    dispersion = (0.75 + 0.25) / 0.25 / 4  # squares about the mean and one more drive's variance, over the mean
    for end in (once.low, once.high):  # the score interval's ends: as far as so many deviations of theirs
        assert (end - 0.25) ** 2 == pytest.approx(3.182**2 * dispersion * end / 4)
    assert 0 < once.low < 0.25 < once.high


def test_amounts_by_hand_and_not_below_0() -> None:
    amounts = mean_interval(np.array([0.0, 0.0, 3.0]), kind="amount")
    half = 4.303  # the standard error is the mean itself
    assert (amounts.low, amounts.high) == (0, pytest.approx(math.exp(half) * (1 + half**2 / 2)))
    laps = mean_interval(np.array([60.0, 61, 62, 61]), kind="amount")
    assert laps.high - 61 == pytest.approx(61 - laps.low, rel=0.05)
    assert shown(mean_interval(np.zeros(20), kind="amount")) == "0.000 (no interval)"
    too_small = np.array([5e-324, 0, 0, 0])  # whose mean is 0
    assert shown(mean_interval(too_small, kind="amount")) == "0.000 (no interval)"


def test_what_cannot_be_is_no_end_of_a_difference_nor_of_a_ratio() -> None:
    ones, some = np.array([1, 1, 1, 0.0]), np.array([0, 0, 0.5, 0])
    assert difference_interval(ones, some, kind="share").high == 1
    ours, theirs = np.array([0.1, 3, 0.2, 0.1]), np.array([4.0, 5, 6, 4])
    assert ratio_interval(ours, theirs).low < 0
    assert ratio_interval(ours, theirs, kind="amount").low == 0


def test_fieller_by_hand() -> None:
    ours, theirs = np.array([4.0, 5.0, 7.0, 6.0]), np.array([5.0, 6.0, 7.0, 8.0])
    ratio = ratio_interval(ours, theirs)
    assert ratio.mean == pytest.approx(22 / 26)
    for end in (ratio.low, ratio.high):  # exactly where Student's t begins to tell ours from so many times theirs
        beside = ours - end * theirs
        assert abs(beside.mean()) == pytest.approx(3.182 * beside.std(ddof=1) / 2)


def test_pairing_the_seeds_narrows_the_ratio() -> None:
    expert = np.array([0.2, 0.5, 0.9, 1.0, 0.4, 0.7])
    ratio = ratio_interval(0.8 * expert, expert)
    assert ratio.mean == pytest.approx(0.8)
    assert ratio.high - ratio.low < 1e-9


def test_what_was_nothing_each_time_is_not_known_to_be_no_part_of_the_other() -> None:
    for kind in ("count", "share", "amount"):
        assert shown(ratio_interval(np.zeros(8), np.array([1.0] + [0.0] * 7), kind=kind)) == "0.000 (no interval)"


def test_too_few_drives_have_no_interval_and_say_so() -> None:
    for values in ([], [0.5], [0.5, 0.7], [1.0, math.nan, 3.0]):
        assert not mean_interval(np.array(values), kind="share").has_interval
    assert mean_interval(np.array([1.0, math.nan, 3.0])).n == 2
    assert shown(mean_interval(np.array([0.5, 0.7]))) == "0.600 (too few)"
    assert shown(mean_interval(np.full(5, 42.0))) == "42.0 (no interval)"
    assert shown(mean_interval(np.full(6, 42.0))) == "42.0 [42.0, 42.0]"
    assert ends(mean_interval(np.array([])), "{} to {}") == ""
    assert shown(ratio_interval(np.array([1.0, 2.0]), np.array([1.0, 4.0]))) == "0.600 (too few)"


def test_a_ratio_to_what_may_be_nothing_has_no_interval() -> None:
    assert math.isnan(ratio_interval(np.array([1.0]), np.array([0.0])).mean)
    assert math.isnan(ratio_interval(np.array([1.0, 2.0]), np.array([-3.0, 1.0])).mean)
    unsure = ratio_interval(np.array([1.0, 2.0, 3.0]), np.array([-3.0, 1.0, 4.0]))
    assert unsure.mean == pytest.approx(3)
    assert not unsure.has_interval


def test_what_runs_away_is_not_known() -> None:
    huge = np.array([1e100, -1e100, 3e99, 1e100])
    for estimate in (mean_interval(huge * 1e208), ratio_interval(huge, np.array([1e-100, 0, 0, 0]))):
        assert not estimate.has_interval
    assert ratio_interval(np.full(3, 1e100), np.array([1e100, 2e100, 3e99])).has_interval in (True, False)


def test_numbers_read_well() -> None:
    values = (0.7421, 3.14159, 31.23, 1204.4, math.nan)
    assert [number(v) for v in values] == ["0.742", "3.14", "31.2", "1,204", "–"]
    assert shown(Estimate(mean=math.nan, low=math.nan, high=math.nan, n=0)) == "–"
