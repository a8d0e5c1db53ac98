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
    Estimate,
    are_alike,
    difference_interval,
    mean_interval,
    ratio_interval,
    shown,
)  # fmt: skip
from playhead.evaluation.predictions import FloatArray
from playhead.game import Measure
from playhead.names import visible

# Values of all drivers, all from 0 to 1, before a measure is taken to have no others: of a count that is 1 on
# average so many do in 3 tables of 100.
ENOUGH = 12
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
    """All episodes and what they say of each driver. `expert` names the driver ratios are taken to, or is "".

    `failed` says of each rollout that failed who drove which seed and why; it is none of the episodes.
    """

    episodes: Sequence[Episode]
    measures: Sequence[Measure]
    expert: str = "expert"
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

    def is_share(self, driver: str, measure: str) -> bool:
        """Whether no drive can have less than 0 or more than 1, as far as the drives of everybody show."""
        mine, everybody = self.values(driver, measure), [self.values(one, measure) for one in self.drivers]
        mine, values = mine[np.isfinite(mine)], np.concatenate(everybody)
        values = values[np.isfinite(values)]
        is_seen = len(values) >= ENOUGH or (len(mine) >= FEWEST_ALIKE and are_alike(mine))
        return bool(is_seen and (values >= 0).all() and (values <= 1).all())

    def estimate(self, driver: str, measure: str) -> Estimate:
        """Return the mean of a measure with its interval."""
        return mean_interval(self.values(driver, measure), is_share=self.is_share(driver, measure))

    def difference(self, driver: str, rival: str, measure: str) -> Estimate:
        """Return by how much a measure is more than a rival's on the same seeds: clearly so where `low` is."""
        is_share = self.is_share(driver, measure) and self.is_share(rival, measure)
        return difference_interval(self.values(driver, measure), self.values(rival, measure), is_share=is_share)

    def ratio(self, driver: str, measure: str) -> Estimate | None:
        """Return a measure as a ratio to the expert on the same seeds, or None without an expert."""
        if self.expert not in self.drivers:
            return None
        is_share = self.is_share(driver, measure) and self.is_share(self.expert, measure)
        ours_S, theirs_S = self.values(driver, measure), self.values(self.expert, measure)
        return ratio_interval(ours_S, theirs_S, is_share=is_share)

    def to_json(self) -> dict[str, Any]:
        """Return what scores.json holds: drivers by measure, ratios to the expert, every episode."""
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
            for driver in self.drivers
            if driver != self.expert
        }
        return {
            "drivers": scores,
            "ratios_to_expert": ratios if self.expert in self.drivers else {},
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
        """Return the table as text: a row a driver, mean and interval."""
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


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Lay rows of cells out in columns two spaces apart; a cell stays in its row, whatever a name in it holds."""
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in shown) for column in range(len(shown[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown
    )
