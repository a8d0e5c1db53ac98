"""Means with 95 % intervals over seeds, and the table of scores that every evaluation prints and writes.

All drivers drive the same seeds, so ratios to the expert resample seeds, not rollouts: easy and hard towns stay
paired. Shape legend: S seeds, R resamples.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from playhead.decoding import plain
from playhead.evaluation.predictions import FloatArray
from playhead.game import Measure
from playhead.names import visible

RESAMPLES = 10_000
LOW, HIGH = 2.5, 97.5  # percentiles of a 95 % interval

# Two-sided 95 % quantiles of Student's t by degrees of freedom (any table of the distribution); beyond, a series.
_T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean and the ends of its 95 % interval over `n` seeds; one seed has no interval (NaN)."""

    mean: float
    low: float
    high: float
    n: int

    def to_json(self) -> dict[str, float | int | None]:
        """Return plain data; NaN becomes null."""
        return {"mean": _plain(self.mean), "low": _plain(self.low), "high": _plain(self.high), "n": self.n}


def _plain(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


def _estimate(mean: float, low: float, high: float, n: int) -> Estimate:
    """Return an estimate in which whatever went beyond all numbers is not known."""
    known = [float(value) if math.isfinite(value) else math.nan for value in (mean, low, high)]
    return Estimate(mean=known[0], low=known[1], high=known[2], n=n)


def bootstrap_mean(values_S: FloatArray, *, seed: int = 0) -> Estimate:
    """Return the mean and its bootstrap interval (percentile, seeded). Values that are no numbers are left out."""
    values_S = np.asarray(values_S, dtype=np.float64)
    values_S = values_S[np.isfinite(values_S)]
    count = len(values_S)
    if count < 2:
        mean = float(values_S[0]) if count else math.nan
        return Estimate(mean=mean, low=math.nan, high=math.nan, n=count)
    with np.errstate(over="ignore", invalid="ignore"):
        means_R = values_S[_resampled(count, seed)].mean(1)
        low, high = np.percentile(means_R, [LOW, HIGH])
        return _estimate(values_S.mean(), low, high, count)


def bootstrap_ratio(ours_S: FloatArray, theirs_S: FloatArray, *, seed: int = 0) -> Estimate:
    """Return mean(ours) / mean(theirs) on the same seeds, with a paired bootstrap interval.

    The ratio of means, not the mean of ratios: one seed on which the other nearly fails cannot decide it. It is
    NaN where the other has nothing, or less than nothing, as a return can be.
    """
    ours_S, theirs_S = np.asarray(ours_S, dtype=np.float64), np.asarray(theirs_S, dtype=np.float64)
    known_S = np.isfinite(ours_S) & np.isfinite(theirs_S)
    ours_S, theirs_S = ours_S[known_S], theirs_S[known_S]
    count = len(ours_S)
    if count == 0 or theirs_S.mean() <= 0:
        return Estimate(mean=math.nan, low=math.nan, high=math.nan, n=count)
    with np.errstate(over="ignore", invalid="ignore"):
        ratio = float(ours_S.mean() / theirs_S.mean())
        if count < 2:
            return _estimate(ratio, math.nan, math.nan, count)
        drawn_RS = _resampled(count, seed)
        below_R = theirs_S[drawn_RS].mean(1)
        ratios_R = ours_S[drawn_RS].mean(1)[below_R > 0] / below_R[below_R > 0]
        low, high = np.percentile(ratios_R, [LOW, HIGH]) if len(ratios_R) else (math.nan, math.nan)
        return _estimate(ratio, low, high, count)


def _resampled(count: int, seed: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.random.default_rng(seed).integers(0, count, (RESAMPLES, count))


def student_t_95(degrees: int) -> float:
    """Return the two-sided 95 % quantile of Student's t, by Cornish and Fisher's series where no table has it."""
    if degrees <= len(_T_95):
        return _T_95[degrees - 1]
    z = 1.959964
    return z + (z**3 + z) / (4 * degrees)


def student_t_mean(values_S: FloatArray) -> Estimate:
    """Return the mean and its Student t interval: the check on the bootstrap, wider with few seeds."""
    values_S = np.asarray(values_S, dtype=np.float64)
    values_S = values_S[np.isfinite(values_S)]
    count = len(values_S)
    mean = float(values_S.mean()) if count else math.nan
    if count < 2:
        return Estimate(mean=mean, low=math.nan, high=math.nan, n=count)
    with np.errstate(over="ignore", invalid="ignore"):
        half = student_t_95(count - 1) * float(values_S.std(ddof=1)) / math.sqrt(count)
    return _estimate(mean, mean - half, mean + half, count)


LARGEST = 1e100  # of a measure: what is more has run away, and no mean or plot can hold it


def is_number(values: FloatArray | np.float64) -> Any:
    """Whether values are numbers that can be reckoned with."""
    with np.errstate(invalid="ignore"):
        return np.isfinite(values) & (np.abs(values) <= LARGEST)


@dataclass(frozen=True, kw_only=True)
class Episode:
    """One rollout: who drove which seed, and the measures at its end.

    `unanswered` are the frames on which a network's answer was no number, so that it pressed nothing.
    """

    driver: str
    seed: int
    measures: Mapping[str, float]
    unanswered: int = 0


@dataclass(frozen=True, kw_only=True)
class ScoreTable:
    """All episodes and what they say of each driver. `expert` names the driver ratios are taken to, or is ""."""

    episodes: Sequence[Episode]
    measures: Sequence[Measure]
    expert: str = "expert"
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def drivers(self) -> list[str]:
        """Names of the drivers, in the order they drove."""
        return list(dict.fromkeys(episode.driver for episode in self.episodes))

    @property
    def seeds(self) -> list[int]:
        """Seeds driven, sorted."""
        return sorted({episode.seed for episode in self.episodes})

    @property
    def measure_names(self) -> list[str]:
        """The game's measures first, then whatever else the episodes report."""
        stated = [measure.name for measure in self.measures]
        found = dict.fromkeys(name for episode in self.episodes for name in episode.measures)
        return [name for name in stated if name in found] + [name for name in found if name not in stated]

    def measure(self, name: str) -> Measure:
        """Return what the game says about a measure, or the plain name."""
        stated = {measure.name: measure for measure in self.measures}
        return stated.get(name, Measure(name=name, title=name.replace("_", " ")))

    def values(self, driver: str, measure: str) -> FloatArray:
        """Return one measure of a driver by seed, by the order of `seeds`; NaN where it is not known."""
        by_seed = {e.seed: e.measures.get(measure, math.nan) for e in self.episodes if e.driver == driver}
        values_S = np.array([by_seed.get(seed, math.nan) for seed in self.seeds], dtype=np.float64)
        values_S[~is_number(values_S)] = math.nan
        return values_S

    def unknown(self) -> list[str]:
        """Say which measures were no number or missing, in how many drives of whom: those count in no mean."""
        said = []
        for driver in self.drivers:
            mine = [episode for episode in self.episodes if episode.driver == driver]
            for name in self.measure_names:
                values = [episode.measures[name] for episode in mine if name in episode.measures]
                bad, missing = sum(not is_number(np.float64(value)) for value in values), len(mine) - len(values)
                title = self.measure(name).title
                if bad:
                    said.append(f"{title} was no number in {bad} of {len(mine)} rollouts of {driver}.")
                if missing:
                    said.append(f"{title} was missing in {missing} of {len(mine)} rollouts of {driver}.")
            frames = [episode.unanswered for episode in mine if episode.unanswered]
            if frames:
                said.append(
                    f"The answer of {driver} was no number on {sum(frames):,} frames of {len(frames)} of "
                    f"{len(mine)} rollouts: what it looks at holds none there, and nothing was pressed."
                )
        return said

    def estimate(self, driver: str, measure: str) -> Estimate:
        """Return the mean of a measure with its interval."""
        return bootstrap_mean(self.values(driver, measure))

    def student_t(self, driver: str, measure: str) -> Estimate:
        """Return the mean of a measure with Student's t interval, to check the bootstrap by."""
        return student_t_mean(self.values(driver, measure))

    def ratio(self, driver: str, measure: str) -> Estimate | None:
        """Return a measure as a ratio to the expert on the same seeds, or None without an expert."""
        if self.expert not in self.drivers:
            return None
        return bootstrap_ratio(self.values(driver, measure), self.values(self.expert, measure))

    def to_json(self) -> dict[str, Any]:
        """Return what scores.json holds: drivers by measure, ratios to the expert, every episode."""
        scores = {
            driver: {name: self.estimate(driver, name).to_json() for name in self.measure_names}
            for driver in self.drivers
        }
        check = {
            driver: {name: self.student_t(driver, name).to_json() for name in self.measure_names}
            for driver in self.drivers
        }
        ratios = {
            driver: {
                name: ratio.to_json()
                for name in self.measure_names
                if (ratio := self.ratio(driver, name)) is not None
            }
            for driver in self.drivers
            if driver != self.expert
        }
        return {
            "drivers": scores,
            "ratios_to_expert": ratios if self.expert in self.drivers else {},
            "student_t": check,
            "seeds": self.seeds,
            "settings": dict(self.settings),
            "episodes": [
                {"driver": e.driver, "seed": e.seed, "measures": plain(e.measures)} for e in self.episodes
            ],
            "unknown": self.unknown(),
        }

    def shown_names(self) -> list[str]:
        """The measures worth a column: those the game states, else the first six reported."""
        return [measure.name for measure in self.measures if measure.name in self.measure_names] or (
            self.measure_names[:6]
        )

    def to_text(self) -> str:
        """Return the table as text: a row a driver, mean and half the interval's width."""
        names = self.shown_names()
        head = ["", *(_heading(self.measure(name)) for name in names)]
        rows = [[driver, *(shown(self.estimate(driver, name)) for name in names)] for driver in self.drivers]
        if self.expert in self.drivers:
            for driver in self.drivers:
                if driver != self.expert:
                    ratios = [self.ratio(driver, name) for name in names]
                    rows.append([f"{driver} / {self.expert}", *(shown(r) if r else "" for r in ratios)])
        return aligned([head, *rows])


def _heading(measure: Measure) -> str:
    return f"{measure.title} ({measure.unit})" if measure.unit else measure.title


def shown(estimate: Estimate) -> str:
    """Return `0.74 [0.68, 0.80]`, or a dash for what is not known."""
    if math.isnan(estimate.mean):
        return "–"
    if math.isnan(estimate.low):
        return number(estimate.mean)
    return f"{number(estimate.mean)} [{number(estimate.low)}, {number(estimate.high)}]"


def number(value: float) -> str:
    """Return a number with as many digits as a reader wants: 0.742, 31.2, 1,204; a dash for what is none."""
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Lay rows of cells out in columns two spaces apart; a cell stays in its row, whatever a name in it holds."""
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in shown) for column in range(len(shown[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown
    )
