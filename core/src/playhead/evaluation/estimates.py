"""Means, differences and ratios of a few drives with 95 % intervals that hold from FEWEST drives on.

    values of unknown range        -> Student's t
    shares and scores from 0 to 1  -> Agresti and Coull's interval, of as many drives as their spread is worth
    two drivers on the same seeds  -> Student's t of the differences, signs, of shares their own intervals joined;
                                      Fieller's interval of the ratio

Resampling the drives does not hold with few: what is drawn from five drives never leaves their span. How often
each holds is measured by `benchmarks/intervals.py` (docs/intervals.md). Shape legend: S seeds, R draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from playhead.evaluation.predictions import FloatArray

FEWEST = 3  # drives; of fewer nothing can be said: two values tell their spread to a factor of thirty
FEWEST_ALIKE = 6  # equal values before chance is excluded: five lie on one side of the truth 6 times in 100
ROUNDING = 1e-9  # what differs by less, relative to itself, is equal
FLIPS = 4096  # ways to draw signs; more changes what is said in none of a thousand tables
Z_95 = 1.959964  # two-sided 95 % quantile of the normal distribution

# Two-sided 95 % quantiles of Student's t by degrees of freedom (any table of the distribution); beyond, a series.
_T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean and the ends of its 95 % interval over `n` seeds; NaN where so few, or such, have none."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def has_interval(self) -> bool:
        """Whether anything can be said of what other seeds would give."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def to_json(self) -> dict[str, float | int | None]:
        """Return plain data; NaN becomes null."""
        return {"mean": _plain(self.mean), "low": _plain(self.low), "high": _plain(self.high), "n": self.n}


def _plain(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


def _estimate(mean: float, low: float, high: float, n: int) -> Estimate:
    """Return an estimate in which whatever went beyond all numbers is not known."""
    known = [float(value) if math.isfinite(value) else math.nan for value in (mean, low, high)]
    return Estimate(mean=known[0], low=known[1], high=known[2], n=n)


def student_t_95(degrees: int) -> float:
    """Return the two-sided 95 % quantile of Student's t, by Cornish and Fisher's series where no table has it."""
    if degrees <= len(_T_95):
        return _T_95[degrees - 1]
    return Z_95 + (Z_95**3 + Z_95) / (4 * degrees)


def mean_interval(values_S: FloatArray, *, is_share: bool = False) -> Estimate:
    """Return the mean with its interval. Values that are no numbers are left out.

    `is_share` says that no drive can have less than 0 or more than 1: then the interval stays inside, and holds
    although most drives are equal, as where nearly all succeed. Otherwise equal values have an interval, a point,
    from FEWEST_ALIKE on.
    """
    values_S = np.asarray(values_S, dtype=np.float64)
    values_S = values_S[np.isfinite(values_S)]
    count = len(values_S)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values_S.mean()) if count else math.nan
        if count < FEWEST or (not is_share and count < FEWEST_ALIKE and are_alike(values_S)):
            return _estimate(mean, math.nan, math.nan, count)
        if is_share:
            return _share_interval(values_S)
        half = student_t_95(count - 1) * float(values_S.std(ddof=1)) / math.sqrt(count)
        return _estimate(mean, mean - half, mean + half, count)


def are_alike(values_S: FloatArray) -> bool:
    """Whether values differ by no more than rounding."""
    return bool(np.ptp(values_S) <= ROUNDING * np.abs(values_S).max())


def _share_interval(values_S: FloatArray) -> Estimate:
    """Return the mean of values in [0, 1] as a share of so many successes as would be known as well.

    Successes and failures vary by mean (1 - mean). What varies less is worth more drives; how much less is known
    from the drives themselves (hence Student's t), and as if a part of 1 / S of one more had varied fully: three
    equal scores do not show that all would be.

    Source:  Agresti and Coull 1998, which Brown, Cai and DasGupta 2001 found to hold for any share.
    """
    count, mean = len(values_S), float(values_S.mean())
    size, z, fully = float(count), Z_95, mean * (1 - mean)
    if np.abs(values_S - values_S.round()).max() > ROUNDING:  # else successes and failures: known to vary fully
        varied = (float(((values_S - mean) ** 2).sum()) + fully / count) / (count - 1 + 1 / count)
        size, z = count * fully / varied, student_t_95(count - 1)
    middle = (mean * size + z**2 / 2) / (size + z**2)
    half = z * math.sqrt(middle * (1 - middle) / (size + z**2))
    return _estimate(mean, max(0.0, middle - half), min(1.0, middle + half), count)


def ratio_interval(ours_S: FloatArray, theirs_S: FloatArray, *, is_share: bool = False) -> Estimate:
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
        beside = difference_interval(ours_S, theirs_S, is_share=is_share)
        ours_S, theirs_S = ours_S / theirs_S.mean(), theirs_S / theirs_S.mean()
        is_point = np.abs(ours_S - ratio * theirs_S).max() <= ROUNDING * np.abs(ours_S).max()
        if count < FEWEST or is_point:
            end = ratio if count >= FEWEST_ALIKE else math.nan
            return _estimate(ratio, end, end, count)
        (own, both), (_, other) = np.cov(ours_S, theirs_S) * student_t_95(count - 1) ** 2 / count
        if not other < 1:
            return _estimate(ratio, math.nan, math.nan, count)
        half = np.sqrt(np.maximum(0, (ratio - both) ** 2 - (1 - other) * (ratio**2 - own)))
        low, high = (ratio - both - half) / (1 - other), (ratio - both + half) / (1 - other)
    if not (beside.low > 0 or beside.high < 0):  # then neither is known to be more, and no ratio says so
        low, high = np.minimum(low, 1), np.maximum(high, 1)
    return _estimate(ratio, low, high, count)


def difference_interval(ours_S: FloatArray, theirs_S: FloatArray, *, is_share: bool = False) -> Estimate:
    """Return mean(ours - theirs) on the same seeds with its interval; where that lies above 0, ours is more.

    Student's t alone is taken in by differences of few sizes: of seven that are +1 or -1 by chance it finds six
    alike, 12 times in 100, to be clear. So 0 is left out only if the mean seldom gets as far with signs by chance
    (asked from FEWEST_ALIKE on, where these can tell). Of values in [0, 1] only if what each mean may be says so
    too: eight successes of eight do not show that none would fail.

    Source:  randomisation by signs: Fisher 1935; joined intervals of two means: Newcombe 1998.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        ours_S, theirs_S = np.asarray(ours_S, np.float64), np.asarray(theirs_S, np.float64)
        known_S = np.isfinite(ours_S - theirs_S)
        beside_S = (ours_S - theirs_S)[known_S]
        found = mean_interval(beside_S)
        if not found.has_interval or found.low <= 0 <= found.high:
            return found
        more, less = (ours_S, theirs_S) if found.mean > 0 else (theirs_S, ours_S)
        is_known = not is_share or _shares_differ(more[known_S], less[known_S])
        if is_known and (found.n < FEWEST_ALIKE or _by_chance(beside_S) <= 0.05 / 2):
            return found
    return _estimate(found.mean, min(found.low, 0.0), max(found.high, 0.0), found.n)


def _shares_differ(more_S: FloatArray, less_S: FloatArray) -> bool:
    """Whether the intervals of two means in [0, 1] say that one is more, as far as seeds are not hard for both."""
    more, less = mean_interval(more_S, is_share=True), mean_interval(less_S, is_share=True)
    down, up = more.mean - more.low, less.high - less.mean
    spread = float(more_S.std() * less_S.std())
    both = max(0.0, float(np.mean((more_S - more.mean) * (less_S - less.mean))) / spread) if spread > 0 else 0.0
    return more.mean - less.mean > math.sqrt(max(0.0, down**2 + up**2 - 2 * both * down * up))


def _by_chance(beside_S: FloatArray) -> float:
    """Return how often a sum is as far from 0, on its side, with signs by chance: all of them, or FLIPS drawn."""
    count = len(beside_S)
    if 2**count <= FLIPS:
        flipped_RS = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    else:
        flipped_RS = np.random.default_rng(0).integers(0, 2, (FLIPS, count))
    scaled_S = beside_S / np.abs(beside_S).max()
    sums_R = np.sign(scaled_S.sum()) * ((1 - 2 * flipped_RS) @ scaled_S)
    return float(np.mean(sums_R >= abs(scaled_S.sum()) - ROUNDING))


def shown(estimate: Estimate) -> str:
    """Return `0.74 [0.68, 0.80]`, or a dash for what is not known."""
    return " ".join(filter(None, (number(estimate.mean), ends(estimate, "[{}, {}]"))))


def ends(estimate: Estimate, form: str, as_text: Callable[[float], str] | None = None) -> str:
    """Return the ends of an interval as text, or why there are none; nothing where there is no mean."""
    if not math.isfinite(estimate.mean):
        return ""
    if estimate.has_interval:
        return form.format(*((as_text or number)(end) for end in (estimate.low, estimate.high)))
    return "(too few)" if estimate.n < FEWEST else "(no interval)"


def number(value: float) -> str:
    """Return a number with as many digits as a reader wants: 0.742, 31.2, 1,204; a dash for what is none."""
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"
