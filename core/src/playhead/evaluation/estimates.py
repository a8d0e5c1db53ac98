"""Means of a few drives with 95 % intervals that hold from FEWEST drives on (two drivers: paired.py).

    numbers of unknown range       -> Student's t
    amounts from 0 on              -> Student's t below, more above: a long tail is seldom seen whole
    shares from 0 to 1, counts     -> Agresti and Coull's and the score interval, of as many drives as their spread
                                      is worth

Resampling the drives does not hold with few: what is drawn from five drives never leaves their span. How often
each holds is measured by `benchmarks/intervals.py` (docs/intervals.md). Shape legend: S seeds.
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

    @classmethod
    def known(cls, mean: float, low: float, high: float, n: int) -> Estimate:
        """Return an estimate in which whatever went beyond all numbers is not known."""
        finite = [float(value) if math.isfinite(value) else math.nan for value in (mean, low, high)]
        return cls(mean=finite[0], low=finite[1], high=finite[2], n=n)

    def to_json(self) -> dict[str, float | int | None]:
        """Return plain data; NaN becomes null."""
        return {"mean": _plain(self.mean), "low": _plain(self.low), "high": _plain(self.high), "n": self.n}


def _plain(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


def student_t_95(degrees: int) -> float:
    """Return the two-sided 95 % quantile of Student's t, by Cornish and Fisher's series where no table has it."""
    if degrees <= len(_T_95):
        return _T_95[degrees - 1]
    return Z_95 + (Z_95**3 + Z_95) / (4 * degrees)


def mean_interval(values_S: FloatArray, *, kind: str = "number") -> Estimate:
    """Return the mean with its interval. Values that are no numbers are left out; the others are of this kind.

    The interval stays inside what a measure of the kind can be (`Measure.kind`).
    Shares and counts have one although all drives are equal, as where nearly all succeed. Otherwise equal values
    have an interval, a point, from FEWEST_ALIKE on; an amount that was 0 each time has none.
    """
    values_S = np.asarray(values_S, dtype=np.float64)
    values_S = values_S[np.isfinite(values_S)]
    count = len(values_S)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values_S.mean()) if count else math.nan
        if count >= FEWEST and kind in ("share", "count"):
            return _share_interval(values_S) if kind == "share" else _count_interval(values_S)
        is_nothing = kind == "amount" and mean == 0  # also where it is too small to be told from 0
        if count < FEWEST or is_nothing or (count < FEWEST_ALIKE and are_alike(values_S)):
            return Estimate.known(mean, math.nan, math.nan, count)
        half = student_t_95(count - 1) * float(values_S.std(ddof=1)) / math.sqrt(count)
        if kind == "amount":
            return Estimate.known(mean, max(0.0, mean - half), mean * _tail(half / mean), count)
        return Estimate.known(mean, mean - half, mean + half, count)


def _tail(half: float) -> float:
    """Return the upper end of an amount's interval for a half width of Student's t, both in means.

    Where spread grows with the mean, the values at hand come from a mean of up to 1 / (1 - half) of theirs, which
    is beyond all numbers with few; this agrees up to half squared, and stays finite. exp(half), the interval of
    the logarithm, misses the mean of a log-normal measure 10 times in 100, this 7 times.
    """
    return math.exp(half) * (1 + half**2 / 2)


def are_alike(values_S: FloatArray) -> bool:
    """Whether values differ by no more than rounding."""
    return bool(np.ptp(values_S) <= ROUNDING * np.abs(values_S).max())


def _share_interval(values_S: FloatArray) -> Estimate:
    """Return the mean of values in [0, 1] as a share of so many successes as would be known as well.

    Source:  Agresti and Coull 1998, which Brown, Cai and DasGupta 2001 found to hold for any share.
    """
    mean, size, z = float(values_S.mean()), float(len(values_S)), Z_95
    if np.abs(values_S - values_S.round()).max() > ROUNDING:  # else successes and failures: known to vary fully
        size, z = _worth(values_S, mean * (1 - mean)), student_t_95(len(values_S) - 1)
    middle = (mean * size + z**2 / 2) / (size + z**2)
    half = z * math.sqrt(middle * (1 - middle) / (size + z**2))
    return Estimate.known(mean, max(0.0, middle - half), min(1.0, middle + half), len(values_S))


def _count_interval(values_S: FloatArray) -> Estimate:
    """Return the mean of counts with the score interval of so many Poisson counts as would be known as well.

    Source:  Rao 1948; of Poisson counts compared by Barker 2002.
    """
    mean, size, z = float(values_S.mean()), float(len(values_S)), Z_95
    if mean > 0:  # else nothing is known of how they vary
        size, z = _worth(values_S, mean), student_t_95(len(values_S) - 1)
    middle = mean + z**2 / (2 * size)
    half = z * math.sqrt(mean / size + (z / (2 * size)) ** 2)
    return Estimate.known(mean, max(0.0, middle - half), middle + half, len(values_S))


def _worth(values_S: FloatArray, fully: float) -> float:
    """Return of how many drives that vary fully a mean is known as well.

    Successes vary by mean (1 - mean), counts of chance by their mean. What varies less is worth more drives; how
    much less is known from the drives themselves (hence Student's t), and as if one more had varied fully: three
    equal scores do not show that all would be.
    """
    return len(values_S) ** 2 * fully / (float(((values_S - values_S.mean()) ** 2).sum()) + fully)


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
