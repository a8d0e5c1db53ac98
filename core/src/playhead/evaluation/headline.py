"""The one sentence that an evaluation begins and ends with: how well the network does, and against what."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from playhead.evaluation.baselines import HeadResult, baseline_title
from playhead.evaluation.classification.text import percent
from playhead.evaluation.estimates import number, shown
from playhead.evaluation.metrics import CHANGE, PRIMARY, is_better, measure_title

if TYPE_CHECKING:
    from playhead.evaluation.classification import ChoiceStudy
    from playhead.evaluation.results import Evaluation
    from playhead.evaluation.statistics import ScoreTable

NETWORK = "network"


def headline(evaluation: Evaluation) -> str:
    """Say what was found in one sentence: of its drives where it drove, else of its classes or labels."""
    if evaluation.table is not None and NETWORK in evaluation.table.drivers and evaluation.table.headline:
        return _drives(evaluation.table)
    if evaluation.choices and not evaluation.is_acting:
        return _classes(evaluation.choices[0], evaluation.is_held_out)
    return _labels(evaluation.heads[0], evaluation.is_held_out) if evaluation.heads else ""


def _drives(table: ScoreTable) -> str:
    measure, seeds = table.measure(table.headline), len(table.seeds)
    unit = f" {measure.unit}" if measure.unit else ""
    found = f"{measure.title.capitalize()}: {shown(table.estimate(NETWORK, table.headline))}{unit}"
    beside = [
        f"{driver.replace('_', ' ')} {number(table.estimate(driver, table.headline).mean)}"
        for driver in table.drivers
        if driver != NETWORK
    ]
    way = table.ways().get(NETWORK)
    share = f", {100 * way.mean:.0f} % of the way from {table.random} to {table.expert}" if way is not None and (
        math.isfinite(way.mean)) else ""  # fmt: skip
    others = f" ({', '.join(beside)})" if beside else ""
    return f"{found} on {seeds:,} unseen seed{'s' if seeds > 1 else ''}{share}{others}."


def _classes(study: ChoiceStudy, is_held_out: bool) -> str:
    whole = study.accuracy.whole
    return f"{study.name.capitalize()}: {percent(study.accuracy)} of {whole:,} {_windows(is_held_out)} are right."


def _labels(result: HeadResult, is_held_out: bool) -> str:
    """Say the score where the action changes if that is known: over all windows, doing nothing scores high too."""
    changes = CHANGE[result.kind]
    is_known = not math.isnan(result.scores.summary.get(changes, math.nan))
    measure, count = (
        (changes, result.scores.changes) if is_known else (PRIMARY[result.kind], result.scores.windows)
    )
    best = ""
    for who, scores in result.baselines.items():
        value = scores.summary.get(measure, math.nan)
        if not math.isnan(value) and (
            not best or is_better(result.kind, value, result.baselines[best].summary[measure])
        ):
            best = who
    beside = (
        f", {baseline_title(result.kind, best)} {number(result.baselines[best].summary[measure])}" if best else ""
    )
    where = " in which the action changes" if is_known else ""
    told = f"{measure_title(measure)} {number(result.scores.summary[measure])}"
    return f"{result.name.capitalize()}: {told} over {count:,} {_windows(is_held_out)}{where}{beside}."


def _windows(is_held_out: bool) -> str:
    return "windows it was not trained on" if is_held_out else "windows it may have been trained on"
