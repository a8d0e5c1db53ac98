"""How sure a count of successes is, and whether some are more than chance: Wilson, exact tests, AUROC.

Shape legend: M tests, P scores of what should score high, Q of what should score low.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from playhead.evaluation.estimates import Z_95
from playhead.evaluation.predictions import FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of a whole with the ends of its 95 % interval; NaN of nothing.

    `independent` is how many of the whole the interval counts as independent of one another (clusters.py).
    """

    part: int
    whole: int
    low: float
    high: float
    independent: float

    @property
    def value(self) -> float:
        """The share itself."""
        return self.part / self.whole if self.whole else math.nan

    def to_json(self) -> dict[str, float | int | None]:
        """Return plain data; NaN becomes null."""
        ends = {"value": self.value, "low": self.low, "high": self.high}
        plain = {name: round(end, 6) if math.isfinite(end) else None for name, end in ends.items()}
        return {**plain, "part": self.part, "whole": self.whole, "independent": round(self.independent, 1)}


def told(value: float, digits: int) -> str:
    """Return a number as it is shown, and a dash for what is none."""
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"


def told_ends(low: float, high: float, digits: int, *, between: str = " to ") -> str:
    """Return the ends of an interval as they are shown; of what is too few to have any, just that."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "too few for an interval"
    return f"{low:.{digits}f}{between}{high:.{digits}f}"


def wilson(part: int, whole: int, independent: float | None = None) -> Share:
    """Return a share with its score interval, which stays inside [0, 1] and holds for 0 of n and n of n.

    The width is that of so many `independent` ones; without it, of all.
    Source:  Wilson 1927; recommended over the normal interval by Brown, Cai and DasGupta 2001.
    """
    if whole == 0:
        return Share(part=0, whole=0, low=math.nan, high=math.nan, independent=0)
    size = whole if independent is None else independent
    share, z2 = part / whole, Z_95**2
    middle = (share + z2 / (2 * size)) / (1 + z2 / size)
    half = Z_95 * math.sqrt(share * (1 - share) / size + z2 / (4 * size**2)) / (1 + z2 / size)
    low = 0.0 if part == 0 else middle - half  # the ends meet 0 and 1 exactly, but for rounding
    high = 1.0 if part == whole else middle + half
    return Share(part=part, whole=whole, low=low, high=high, independent=size)


def more_than_chance(inside: int, drawn: int, marked: int, whole: int) -> float:
    """Return how probable it is that at least `inside` of `drawn` are marked, were they drawn blindly.

    One-sided exact test of Fisher: `marked` of `whole` are marked, and `drawn` are taken without putting back.
    """
    if not (0 <= inside <= drawn <= whole and inside <= marked <= whole):
        raise ValueError(f"{inside} of {drawn} drawn, {marked} of {whole} marked: no such draw.")
    counts = np.arange(inside, min(drawn, marked) + 1)
    counts = counts[drawn - counts <= whole - marked]
    logs = [log_choose(marked, int(count)) + log_choose(whole - marked, drawn - int(count)) for count in counts]
    if not logs:
        return 0.0
    return float(min(1.0, np.exp(np.array(logs) - log_choose(whole, drawn)).sum()))


def log_choose(n: int, k: int) -> float:
    """Return the logarithm of how many ways there are to take k of n."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def corrected(p_M: Sequence[float]) -> list[float]:
    """Return p-values for the fact that so many were tested: Holm 1979, valid however the tests depend."""
    order = np.argsort(p_M, kind="stable")
    result, largest = [1.0] * len(p_M), 0.0
    for rank, place in enumerate(order.tolist()):
        largest = max(largest, min(1.0, p_M[place] * (len(p_M) - rank)))
        result[place] = largest
    return result


@dataclass(frozen=True, kw_only=True)
class Auroc:
    """How well scores tell two kinds apart, 0.5 by chance and 1 without a mistake, with its 95 % interval."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float | None]:
        """Return plain data; NaN becomes null."""
        return {name: round(end, 6) if math.isfinite(end) else None for name, end in vars(self).items()}


def auroc(
    high_P: FloatArray, low_Q: FloatArray, group_P: IntArray | None = None, group_Q: IntArray | None = None
) -> Auroc:
    """Return the probability that one of the first scores higher than one of the second, ties counting half.

    The interval is on the logit scale, so that it stays inside [0, 1]. Windows of one group, which must not be on
    both sides, may score alike.
    Source:  DeLong, DeLong and Clarke-Pearson 1988; with groups Obuchowski 1997.
    """
    return pooled_auroc([(high_P, low_Q)], group_P, group_Q)


def pooled_auroc(
    pairs: Sequence[tuple[FloatArray, FloatArray]], group_P: IntArray | None, group_Q: IntArray | None
) -> Auroc:
    """Return the AUROC of several scores together, each of the same first windows and of second ones of its own.

    Shapes:  pairs of (P,) and (Q of this score,); group_Q (Q,) of all scores, in their order.
    """
    p, q = len(pairs[0][0]), sum(len(low_Q) for _, low_Q in pairs)
    if not p or not q:
        return Auroc(value=math.nan, low=math.nan, high=math.nan)
    above_P, below = np.zeros(p), []
    for high_P, low_Q in pairs:
        ranks = _midranks(np.concatenate([high_P, low_Q]))
        above_P += (ranks[:p] - _midranks(high_P)) / q  # share of the second that lies below each of the first
        below.append(1 - (ranks[p:] - _midranks(low_Q)) / p)
    value = float(above_P.mean())
    if p < 2 or q < 2:
        return Auroc(value=value, low=math.nan, high=math.nan)
    variance = _variance_of_mean(above_P, group_P) + _variance_of_mean(np.concatenate(below), group_Q)
    return Auroc(value=value, low=_on_logit(value, variance, -1), high=_on_logit(value, variance, +1))


def _variance_of_mean(values_N: FloatArray, group_N: IntArray | None) -> float:
    """Return the variance of a mean whose groups are independent; NaN of a single group."""
    if group_N is None:
        return float(values_N.var(ddof=1)) / len(values_N)
    _, place_N = np.unique(group_N, return_inverse=True)
    away_G = np.bincount(place_N, weights=values_N - values_N.mean())
    groups = len(away_G)
    return groups / (groups - 1) * float((away_G**2).sum()) / len(values_N) ** 2 if groups > 1 else math.nan


def _on_logit(value: float, variance: float, side: int) -> float:
    if value in (0.0, 1.0):
        return value
    half = Z_95 * math.sqrt(variance) / (value * (1 - value))
    return 1 / (1 + math.exp(-(math.log(value / (1 - value)) + side * half)))


def _midranks(values: npt.NDArray[np.floating]) -> FloatArray:
    """Return the rank of each value from 1 on; equal ones share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle: FloatArray = (last - (counts - 1) / 2.0)[inverse]
    return middle


def curve(high_P: FloatArray, low_Q: FloatArray, points: int = 200) -> tuple[FloatArray, FloatArray]:
    """Return the curve behind an AUROC: false positive rates and true positive rates, both rising from 0 to 1."""
    thresholds = np.quantile(np.concatenate([high_P, low_Q]), np.linspace(1, 0, points))
    true_rate = np.searchsorted(np.sort(-high_P), -thresholds, side="right") / max(1, len(high_P))
    false_rate = np.searchsorted(np.sort(-low_Q), -thresholds, side="right") / max(1, len(low_Q))
    return np.concatenate([[0.0], false_rate]), np.concatenate([[0.0], true_rate])
