"""The table of scores that every evaluation prints and writes.

All drivers drive the same seeds, so differences and ratios are taken seed by seed: easy and hard towns stay
paired. Shape legend: S seeds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from playhead.decoding import plain
from playhead.evaluation.estimates import (
    FEWEST_ALIKE,
    ROUNDING,
    Estimate,
    are_alike,
    mean_interval,
    shown,
)  # fmt: skip
from playhead.evaluation.paired import difference_interval, ratio_interval, way_interval
from playhead.evaluation.predictions import FloatArray
from playhead.game import Measure
from playhead.names import visible

# Values of all drivers, all from 0 to 1, before a measure is taken to have no others: of a count that is 1 on
# average so many do in 3 tables of 100.
ENOUGH = 12
LARGEST = 1e100  # of a measure: what is more has run away, and no mean or plot can hold it


# Of each kind of measure: least and most, and what is said of a value that is none.
KINDS = {
    "": (-LARGEST, LARGEST, "number"),
    "number": (-LARGEST, LARGEST, "number"),
    "amount": (0, LARGEST, "amount from 0 on"),
    "count": (0, LARGEST, "count"),
    "share": (0, 1, "share from 0 to 1"),
}


def is_possible(values: FloatArray | np.float64, kind: str = "") -> Any:
    """Whether values are numbers that can be reckoned with, and such as a measure of this kind has."""
    least, most, _ = KINDS[kind]
    with np.errstate(invalid="ignore"):
        is_inside = np.isfinite(values) & (values >= least - ROUNDING) & (values <= most + ROUNDING)
        return is_inside & (np.abs(values - np.round(values)) <= ROUNDING) if kind == "count" else is_inside


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
    """All episodes and what they say of each driver. `expert` names the driver ratios are taken to, or is "".

    The way from `random` to the expert is that of the `score`, the measure the game says most by.
    `failed` says of each rollout that failed who drove which seed and why; it is none of the episodes.
    """

    episodes: Sequence[Episode]
    measures: Sequence[Measure]
    score: str = ""
    expert: str = "expert"
    random: str = "random"
    settings: Mapping[str, Any] = field(default_factory=dict)
    failed: Sequence[str] = ()

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
        """Return one measure of a driver by the order of `seeds`; NaN where it is not known or cannot be."""
        by_seed = {e.seed: e.measures.get(measure, math.nan) for e in self.episodes if e.driver == driver}
        values_S = np.array([by_seed.get(seed, math.nan) for seed in self.seeds], dtype=np.float64)
        kind = self.measure(measure).kind
        values_S[~is_possible(values_S, kind)] = math.nan
        return values_S.clip(*KINDS[kind][:2])

    def unknown(self) -> list[str]:
        """Say which measures were no number or missing, in how many drives of whom: those count in no mean."""
        said = []
        for driver in self.drivers:
            mine = [episode for episode in self.episodes if episode.driver == driver]
            for name in self.measure_names:
                values = [episode.measures[name] for episode in mine if name in episode.measures]
                title, kind = self.measure(name).title, self.measure(name).kind
                bad, missing = sum(not is_possible(np.float64(v), kind) for v in values), len(mine) - len(values)
                if bad:
                    said.append(f"{title} was no {KINDS[kind][2]} in {bad} of {len(mine)} rollouts of {driver}.")
                if missing:
                    said.append(f"{title} was missing in {missing} of {len(mine)} rollouts of {driver}.")
            frames = [episode.unanswered for episode in mine if episode.unanswered]
            if frames:
                said.append(
                    f"The answer of {driver} was no number on {sum(frames):,} frames of {len(frames)} of "
                    f"{len(mine)} rollouts: what it looks at holds none there, and nothing was pressed."
                )
        return said

    def kind(self, measure: str, *drivers: str) -> str:
        """Return what a measure of these drivers can be: as the game says, or as the drives of everybody show."""
        stated = self.measure(measure).kind
        return stated or ("share" if all(self._is_share(driver, measure) for driver in drivers) else "number")

    def _is_share(self, driver: str, measure: str) -> bool:
        """Whether no drive can have less than 0 or more than 1, as far as the drives of everybody show."""
        mine, everybody = self.values(driver, measure), [self.values(one, measure) for one in self.drivers]
        mine, values = mine[np.isfinite(mine)], np.concatenate(everybody)
        values = values[np.isfinite(values)]
        is_seen = len(values) >= ENOUGH or (len(mine) >= FEWEST_ALIKE and are_alike(mine))
        return bool(is_seen and (values >= 0).all() and (values <= 1).all())

    def estimate(self, driver: str, measure: str) -> Estimate:
        """Return the mean of a measure with its interval."""
        return mean_interval(self.values(driver, measure), kind=self.kind(measure, driver))

    def difference(self, driver: str, rival: str, measure: str) -> Estimate:
        """Return by how much a measure is more than a rival's on the same seeds: clearly so where `low` is."""
        ours_S, theirs_S = self.values(driver, measure), self.values(rival, measure)
        return difference_interval(ours_S, theirs_S, kind=self.kind(measure, driver, rival))

    def ratio(self, driver: str, measure: str) -> Estimate | None:
        """Return a measure as a ratio to the expert on the same seeds, or None without an expert."""
        if self.expert not in self.drivers:
            return None
        ours_S, theirs_S = self.values(driver, measure), self.values(self.expert, measure)
        return ratio_interval(ours_S, theirs_S, kind=self.kind(measure, driver, self.expert))

    def compared(self) -> list[str]:
        """Return who is compared with the expert: all others where the expert drove too."""
        return [driver for driver in self.drivers if driver != self.expert] if self.expert in self.drivers else []

    @property
    def headline(self) -> str:
        """The measure that says best how well a drive went: the score, or the first better when higher, or ""."""
        names = self.shown_names()
        higher = [name for name in names if self.measure(name).better == "higher"]
        return self.score if self.score in names else next(iter(higher), "")

    def ways(self) -> dict[str, Estimate]:
        """Return how far of the way from random to the expert each other driver comes; empty without both."""
        ends = (self.random, self.expert)
        if not self.headline or not set(ends) <= set(self.drivers):
            return {}
        start_S, goal_S = (self.values(end, self.headline) for end in ends)
        others = {driver: self.values(driver, self.headline) for driver in self.drivers if driver not in ends}
        if self.measure(self.headline).better == "lower":
            return {driver: way_interval(start_S, ours_S, goal_S, start_S) for driver, ours_S in others.items()}
        return {driver: way_interval(ours_S, start_S, start_S, goal_S) for driver, ours_S in others.items()}

    def way_sentence(self) -> str:
        """Say how far of the way from random to the expert the others come; nothing where that is not known."""
        told = [
            f"{driver.replace('_', ' ')} {shown(way)}"
            for driver, way in self.ways().items()
            if math.isfinite(way.mean)
        ]
        title = self.measure(self.headline).title
        return f"Of the way from {self.random} to {self.expert} ({title}): {', '.join(told)}." if told else ""

    def to_json(self) -> dict[str, Any]:
        """Return what scores.json holds: drivers by measure, ratios and the way to the expert, every episode."""
        scores = {
            driver: {name: self.estimate(driver, name).to_json() for name in self.measure_names}
            for driver in self.drivers
        }
        ratios = {
            driver: {
                name: ratio.to_json()
                for name in self.measure_names
                if (ratio := self.ratio(driver, name)) is not None
            }
            for driver in self.compared()
        }
        ways = self.ways()
        return {
            "drivers": scores,
            "ratios_to_expert": ratios,
            **({"way_to_expert": {driver: way.to_json() for driver, way in ways.items()}} if ways else {}),
            "seeds": self.seeds,
            "settings": dict(self.settings),
            "episodes": [
                {"driver": e.driver, "seed": e.seed, "measures": plain(e.measures)} for e in self.episodes
            ],
            "unknown": self.unknown(),
            **({"failed": list(self.failed)} if self.failed else {}),
        }

    def shown_names(self) -> list[str]:
        """The measures worth a column: those the game states, else the first six reported."""
        return [measure.name for measure in self.measures if measure.name in self.measure_names] or (
            self.measure_names[:6]
        )

    def to_text(self) -> str:
        """Return the table as text, a row a driver with mean and interval, and the way from random to expert."""
        names = self.shown_names()
        head = ["", *(_heading(self.measure(name)) for name in names)]
        rows = [[driver, *(shown(self.estimate(driver, name)) for name in names)] for driver in self.drivers]
        for driver in self.compared():
            ratios = [self.ratio(driver, name) for name in names]
            rows.append([f"{driver} / {self.expert}", *(shown(r) if r else "" for r in ratios)])
        return "\n\n".join(filter(None, (aligned([head, *rows]), visible(self.way_sentence()))))


def _heading(measure: Measure) -> str:
    return f"{measure.title} ({measure.unit})" if measure.unit else measure.title


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Lay rows of cells out in columns two spaces apart; a cell stays in its row, whatever a name in it holds."""
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in shown) for column in range(len(shown[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown
    )
