"""How often intervals hold, how often equal drivers are told apart, and how wide they are, by simulation.

    python benchmarks/intervals.py [--trials 600]      (some minutes; the tables of docs/intervals.md)

In each cell: ours, and in brackets the percentiles of means of drives drawn again. Pairs share the seeds: both
score what they draw times how easy the seed is, but for counts, which stay whole. Share of trials in percent; a
trial without an interval misses nothing and claims nothing.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.evaluation.estimates import Estimate, mean_interval
from playhead.evaluation.paired import difference_interval, ratio_interval

Values = npt.NDArray[np.floating[Any]]
DRIVES = (3, 5, 8, 12, 20)
RESAMPLES = 200


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What one driver scores: draws, the true mean, and the kind of measure."""

    name: str
    draw: Callable[[np.random.Generator, int], Values]
    mean: float
    kind: str


def poisson(name: str, mean: float) -> Scores:
    """Return counts of chance."""
    return Scores(name=name, draw=lambda random, n: random.poisson(mean, n) * 1.0, mean=mean, kind="count")


def log_normal(sigma: float) -> Scores:
    """Return amounts with a tail, the longer the larger `sigma` is."""
    return Scores(name=f"log-normal {sigma:g}", draw=lambda random, n: random.lognormal(0, sigma, n),
                  mean=math.exp(sigma**2 / 2), kind="amount")  # fmt: skip


def successes(name: str, share: float) -> Scores:
    """Return ones and zeros."""
    return Scores(name=name, draw=lambda random, n: (random.random(n) < share) * 1.0, mean=share, kind="share")


def rarely_nothing(random: np.random.Generator, n: int) -> Values:
    """Return shares of .9 to 1, and of every tenth 0."""
    return np.where(random.random(n) < 0.1, 0.0, random.uniform(0.9, 1, n))


SCORES = (
    Scores(name="normal, any number", draw=lambda random, n: random.normal(5, 2, n), mean=5, kind="number"),
    Scores(name="normal, amounts", draw=lambda random, n: random.normal(60, 12, n), mean=60, kind="amount"),
    Scores(name="exponential", draw=lambda random, n: random.exponential(1, n), mean=1, kind="amount"),
    log_normal(0.5),
    log_normal(1),
    log_normal(1.5),
    Scores(name=".7 are 0, else log-normal 1", mean=0.3 * math.exp(0.5), kind="amount",
           draw=lambda random, n: random.lognormal(0, 1, n) * (random.random(n) < 0.3)),
    poisson("counts, .25 on average", 0.25),
    poisson("counts, 1 on average", 1),
    poisson("counts, 4 on average", 4),
    Scores(name="counts that cluster, 1 on average", mean=1, kind="count",
           draw=lambda random, n: random.poisson(random.gamma(0.5, 2, n)) * 1.0),
    Scores(name="beta(5, 1) in [0, 1]", draw=lambda random, n: random.beta(5, 1, n), mean=5 / 6, kind="share"),
    Scores(name="beta(20, 1) in [0, 1]", draw=lambda random, n: random.beta(20, 1, n), mean=20 / 21,
           kind="share"),
    Scores(name=".6 for each accident", draw=lambda random, n: 0.6 ** random.poisson(0.7, n),
           mean=math.exp(-0.28), kind="share"),
    successes("0 or 1, half succeed", 0.5),
    successes("0 or 1, .9 succeed", 0.9),
    Scores(name="mostly 1, sometimes near 0", mean=0.9, kind="share",
           draw=lambda random, n: random.beta(0.9, 0.1, n)),
    Scores(name=".9 to 1, every tenth 0", mean=0.855, kind="share", draw=rarely_nothing),
)  # fmt: skip


def resampled(
    random: np.random.Generator, values_S: Values, beside_S: Values | None = None
) -> tuple[float, float]:
    """Return the ends of the percentile interval of a mean, or of the ratio of two."""
    drawn_RS = random.integers(0, len(values_S), (RESAMPLES, len(values_S)))
    means_R = values_S[drawn_RS].mean(1)
    if beside_S is not None:
        below_R = beside_S[drawn_RS].mean(1)
        means_R = means_R[below_R > 0] / below_R[below_R > 0]
    low, high = np.percentile(means_R, [2.5, 97.5])
    return float(low), float(high)


def misses(found: Estimate, true: float) -> bool:
    """Whether there is an interval and the truth is not in it, but for rounding."""
    return found.has_interval and not found.low - 1e-9 <= true <= found.high + 1e-9


def means(scores: Scores, drives: int, random: np.random.Generator, trials: int) -> Iterator[list[float]]:
    """Yield of each trial: misses, misses when resampled, width, width when resampled; more than the true mean."""
    for _ in range(trials):
        values = scores.draw(random, drives)
        found, (low, high) = mean_interval(values, kind=scores.kind), resampled(random, values)
        width = found.high - found.low if found.has_interval else math.nan
        missed = not low - 1e-9 <= scores.mean <= high + 1e-9
        rival = np.full(drives, scores.mean)
        above = difference_interval(values, rival, kind=scores.kind).low > 1e-9
        yield [misses(found, scores.mean), missed, width, high - low, above]


def pairs(scores: Scores, drives: int, random: np.random.Generator, trials: int) -> Iterator[list[float]]:
    """Yield of two drivers that are equal: more is said, when resampled; ratio misses 1, when resampled."""
    for _ in range(trials):
        easy = np.ones(drives) if scores.kind == "count" else random.uniform(0.2, 1, drives)
        ours, theirs = easy * scores.draw(random, drives), easy * scores.draw(random, drives)
        ratio = ratio_interval(ours, theirs, kind=scores.kind)
        ends = resampled(random, ours, theirs) if theirs.mean() > 0 else (1.0, 1.0)
        yield [
            difference_interval(ours, theirs, kind=scores.kind).low > 1e-9,
            resampled(random, ours - theirs)[0] > 1e-9,
            misses(ratio, 1.0),
            not ends[0] - 1e-9 <= 1 <= ends[1] + 1e-9,
        ]


def table(title: str, rows: dict[str, list[str]]) -> None:
    """Print a table in Markdown."""
    print(f"\n{title}\n\n| drives | {' | '.join(map(str, DRIVES))} |\n|{'---|' * (len(DRIVES) + 1)}")
    for name, cells in rows.items():
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=600)
    trials = parser.parse_args().trials
    titles = (
        "The interval of a mean misses the true one (claimed: 5)",
        '"More than" is said of two equal drivers (claimed: 2.5)',
        '"More than" is said of what is equal to a rival that always scores the same (claimed: 2.5)',
        "The interval of a ratio of two equal drivers misses 1 (claimed: 5)",
        "Width of the mean's interval over that of drawing again",
    )
    rows: list[dict[str, list[str]]] = [{} for _ in titles]
    for scores in SCORES:
        for drives in DRIVES:
            one = np.array(list(means(scores, drives, np.random.default_rng([drives, 1]), trials)), float)
            two = np.array(list(pairs(scores, drives, np.random.default_rng([drives, 2]), trials)), float)
            p, q = 100 * one.mean(0), 100 * two.mean(0)
            width = np.nanmean(one[:, 2]) / one[:, 3].mean()
            missed, more, ratio = (f"{ours:.1f} ({drawn:.1f})" for ours, drawn in (p[:2], q[:2], q[2:]))
            for mine, cell in zip(rows, (missed, more, f"{p[4]:.1f}", ratio, f"{width:.2f}"), strict=True):
                mine.setdefault(scores.name, []).append(cell)
    for title, mine in zip(titles, rows, strict=True):
        table(title, mine)


if __name__ == "__main__":
    main()
