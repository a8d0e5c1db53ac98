"""Differences and ratios of two drivers on the same seeds, with 95 % intervals in which easy seeds stay paired.

    difference -> Student's t, unless signs by chance or, where a range is known, the two own intervals deny it
    ratio      -> Fieller's interval; of the way from one driver to another too

Shape legend: S seeds, R draws.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from playhead.evaluation.estimates import (
    FEWEST,
    FEWEST_ALIKE,
    ROUNDING,
    Estimate,
    mean_interval,
    student_t_95,
)
from playhead.evaluation.predictions import FloatArray

FLIPS = 4096  # ways to draw signs; more changes what is said in none of a thousand tables


def ratio_interval(ours_S: FloatArray, theirs_S: FloatArray, *, kind: str = "number") -> Estimate:
    """Return mean(ours) / mean(theirs) on the same seeds with Fieller's interval, in which easy seeds stay paired.

    The ratio of means, not the mean of ratios: one seed on which the other nearly fails cannot decide it. It is
    NaN where the other has nothing, or less than nothing, as a return can be; and without an interval where the
    other's mean might be so: then any ratio might.

    Source:  Fieller 1954: all r for which Student's t does not tell the mean of ours - r theirs from 0.
    """
    ours_S, theirs_S = np.asarray(ours_S, dtype=np.float64), np.asarray(theirs_S, dtype=np.float64)
    known_S = np.isfinite(ours_S) & np.isfinite(theirs_S)
    ours_S, theirs_S = ours_S[known_S], theirs_S[known_S]
    count = len(ours_S)
    with np.errstate(over="ignore", invalid="ignore"):
        if count == 0 or theirs_S.mean() <= 0:
            return Estimate(mean=math.nan, low=math.nan, high=math.nan, n=count)
        ratio = ours_S.mean() / theirs_S.mean()
        beside = difference_interval(ours_S, theirs_S, kind=kind)
        ours_S, theirs_S = ours_S / theirs_S.mean(), theirs_S / theirs_S.mean()
        is_point = np.abs(ours_S - ratio * theirs_S).max() <= ROUNDING * np.abs(ours_S).max()
        if count < FEWEST or is_point:
            is_known = count >= FEWEST_ALIKE and (ratio != 0 or kind == "number")  # 0 each time shows no tail
            end = ratio if is_known else math.nan
            return Estimate.known(ratio, end, end, count)
        (own, both), (_, other) = np.cov(ours_S, theirs_S) * student_t_95(count - 1) ** 2 / count
        if not other < 1:
            return Estimate.known(ratio, math.nan, math.nan, count)
        half = np.sqrt(np.maximum(0, (ratio - both) ** 2 - (1 - other) * (ratio**2 - own)))
        low, high = (ratio - both - half) / (1 - other), (ratio - both + half) / (1 - other)
    low = low if kind == "number" else np.maximum(low, 0)
    if not (beside.low > 0 or beside.high < 0):  # then neither is known to be more, and no ratio says so
        low, high = np.minimum(low, 1), np.maximum(high, 1)
    return Estimate.known(ratio, low, high, count)


def way_interval(ours_S: ArrayLike, theirs_S: ArrayLike, start_S: ArrayLike, goal_S: ArrayLike) -> Estimate:
    """Return by how much ours is ahead of theirs, in shares of the way from start to goal, on the same seeds.

    Where theirs is the start, it is where ours is on that way: 0 as the start, 1 as the goal.
    """
    return ratio_interval(np.subtract(ours_S, theirs_S), np.subtract(goal_S, start_S))


def difference_interval(ours_S: FloatArray, theirs_S: FloatArray, *, kind: str = "number") -> Estimate:
    """Return mean(ours - theirs) on the same seeds with its interval; where that lies above 0, ours is more.

    Student's t alone is taken in by differences of few sizes: of seven that are +1 or -1 by chance it finds six
    alike, 12 times in 100, to be clear. So 0 is left out only if the mean seldom gets as far with signs by chance
    (asked from FEWEST_ALIKE on, where these can tell). Of all but plain numbers only if what each mean may be says
    so too: eight successes of eight do not show that none would fail.

    Source:  randomisation by signs: Fisher 1935; joined intervals of two means: Newcombe 1998.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        ours_S, theirs_S = np.asarray(ours_S, np.float64), np.asarray(theirs_S, np.float64)
        known_S = np.isfinite(ours_S - theirs_S)
        beside_S = (ours_S - theirs_S)[known_S]
        found = mean_interval(beside_S)
        low, high = found.low, found.high
        if found.has_interval and not low <= 0 <= high:
            more, less = (ours_S, theirs_S) if found.mean > 0 else (theirs_S, ours_S)
            is_known = kind == "number" or _means_differ(more[known_S], less[known_S], kind)
            if not is_known or (found.n >= FEWEST_ALIKE and _by_chance(beside_S) > 0.05 / 2):
                low, high = min(low, 0.0), max(high, 0.0)
        if kind == "share":
            low, high = max(low, -1.0), min(high, 1.0)
    return Estimate.known(found.mean, low, high, found.n)


def _means_differ(more_S: FloatArray, less_S: FloatArray, kind: str) -> bool:
    """Whether the intervals of two means say that one is more, as far as seeds are not hard for both.

    What has no interval, as a rival that always scores the same, is taken for what it scored.
    """
    more, less = mean_interval(more_S, kind=kind), mean_interval(less_S, kind=kind)
    down = more.mean - more.low if more.has_interval else 0.0
    up = less.high - less.mean if less.has_interval else 0.0
    spread = float(more_S.std() * less_S.std())
    both = max(0.0, float(np.mean((more_S - more.mean) * (less_S - less.mean))) / spread) if spread > 0 else 0.0
    return more.mean - less.mean > math.sqrt(max(0.0, down**2 + up**2 - 2 * both * down * up))


def _by_chance(beside_S: FloatArray) -> float:
    """Return how often a sum is as far from 0, on its side, with signs by chance: all of them, or FLIPS drawn."""
    scaled_S = beside_S / np.abs(beside_S).max()
    sums_R = np.sign(scaled_S.sum()) * (_signs(len(beside_S)) @ scaled_S)
    return float(np.mean(sums_R >= abs(scaled_S.sum()) - ROUNDING))


@lru_cache(maxsize=8)
def _signs(count: int) -> FloatArray:
    """Return rows of `count` signs."""
    if 2**count <= FLIPS:
        flipped_RS = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    else:
        flipped_RS = np.random.default_rng(0).integers(0, 2, (FLIPS, count))
    return 1.0 - 2.0 * flipped_RS
