"""One page that shows an evaluation: no network, no other file, light and dark, readable on a phone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from playhead.agreement import HELD
from playhead.clock import NS_PER_S
from playhead.decoding import json_text
from playhead.evaluation import plots
from playhead.evaluation.baselines import TITLES, HeadResult
from playhead.evaluation.classification import baseline_accuracy, choice_view, history_plots
from playhead.evaluation.estimates import ends, number
from playhead.evaluation.metrics import PRIMARY, key_combinations, measure_title
from playhead.evaluation.pages import render
from playhead.evaluation.predictions import Predictions, decided
from playhead.evaluation.results import Evaluation, head_rows
from playhead.evaluation.statistics import ScoreTable
from playhead.game import Measure
from playhead.judgement import Judgement
from playhead.models.run_file import write_whole
from playhead.models.tolerance import KEPT
from playhead.storage.disk import saying_what_failed

PAGE, SCORES = "index.html", "scores.json"
TIMELINE_S = 30.0
TIMELINE_WINDOWS = 1200


def write_report(found: Judgement, folder: Path) -> Path:
    """Write index.html and scores.json into `folder`, each whole or not at all; returns the page's path.

    Raises:  StorageFull, or DeviceFailed for a folder that cannot be written.
    """
    with saying_what_failed(folder, "Free some space, or write the page elsewhere: --out."):
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / SCORES, (json_text(found.to_json()) + "\n").encode())
        page = render_page(found) if isinstance(found, Evaluation) else found.to_page()
        write_whole(folder / PAGE, page.encode())
    return folder / PAGE


def render_page(evaluation: Evaluation) -> str:
    """Return the page as text."""
    scores = {result.name: result.scores for result in evaluation.heads}
    return render(
        "report.html.jinja",
        evaluation=evaluation,
        score_rows=_score_rows(evaluation.table),
        has_ratios=evaluation.table is not None and bool(evaluation.table.compared()),
        seed_plots=_seed_plots(evaluation.table),
        tolerance_plot=_tolerance_plot(evaluation),
        tolerated=number(KEPT),
        history_plot=_history(evaluation),
        heads=[_head(result, evaluation) for result in evaluation.heads],
        choices=[choice_view(study, scores[study.name]) for study in evaluation.choices],
    )


def _score_rows(table: ScoreTable | None) -> list[list[list[str]]]:
    """Return the score table as rows of cells of lines: mean, interval, and ratio to the expert."""
    if table is None:
        return []
    measures = [table.measure(name) for name in table.shown_names()]
    rows = [[[""], *([f"{m.title} ({m.unit})" if m.unit else m.title] for m in measures)]]
    for driver in table.drivers:
        cells = [_score_cell(table, driver, measure) for measure in measures]
        rows.append([[driver.replace("_", " ")], *cells])
    return rows


def _score_cell(table: ScoreTable, driver: str, measure: Measure) -> list[str]:
    estimate = table.estimate(driver, measure.name)
    lines = [line for line in (number(estimate.mean), ends(estimate, "{} to {}")) if line]
    ratio = table.ratio(driver, measure.name) if driver != table.expert and measure.better == "higher" else None
    if ratio is not None and not math.isnan(ratio.mean):
        lines.append(f"{100 * ratio.mean:.0f} {ends(ratio, '({} to {})', _percent)} % of expert")
    return lines


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


def _seed_plots(table: ScoreTable | None) -> list[str]:
    return [] if table is None else [plots.seeds_plot(table, name) for name in table.shown_names()[:3]]


def _tolerance_plot(evaluation: Evaluation) -> str:
    """Draw the score over the delays and over the shares left out; nothing where neither was measured."""
    disturbed = evaluation.disturbed
    if disturbed is None:
        return ""
    delayed = [(1000 * one.delay_s, disturbed.estimate(one)) for one in disturbed.policies if not one.drops]
    rarer = [(100 * one.drops, disturbed.estimate(one)) for one in disturbed.policies if not one.delay_s]
    lines = {"added delay, ms": delayed, "decisions left out, %": rarer}
    return plots.tolerance_plot(
        {name: points for name, points in lines.items() if len(points) > 1},
        disturbed.table.measure(disturbed.measure).title,
        KEPT,
    )


HISTORY_SCORES = ("change_f1", "accuracy")


def _history(evaluation: Evaluation) -> str:
    """Draw the training curves beside what needs no network, or nothing without a history."""
    rows = evaluation.history
    if not evaluation.is_acting and len(evaluation.choices) == 1:
        head = evaluation.heads[0]
        return history_plots(
            rows, head.name, baseline=baseline_accuracy(head.baselines), steps_an_epoch=evaluation.steps_an_epoch
        )
    score = next((name for name in HISTORY_SCORES if any(name in row for row in rows)), "")
    return plots.history_plot(rows, score, history_baselines(rows[-1], score)) if rows and score else ""


def history_baselines(row: Mapping[str, Any], score: str) -> dict[str, float]:
    """Return the baselines' score from a line of the history, the mean over its heads."""
    heads = row.get("heads", {}).values()
    found = {who: [head[who][score] for head in heads if score in head.get(who, {})] for who in TITLES}
    return {TITLES[who]: float(np.mean(values)) for who, values in found.items() if values}


def _head(result: HeadResult, evaluation: Evaluation) -> dict[str, Any]:
    """Return what the template shows of one head; of one that is studied elsewhere, only the table."""
    is_studied = any(study.name == result.name for study in evaluation.choices)
    return {
        "name": result.name,
        "kind": result.kind,
        "windows": result.scores.windows,
        "changes": result.scores.changes,
        "rows": head_rows(result),
        "is_studied": is_studied,
        "plots": [] if is_studied else _head_plots(result, evaluation.predictions),
        "primary": measure_title(PRIMARY[result.kind]),
    }


def _head_plots(result: HeadResult, predictions: Predictions | None) -> list[tuple[str, str]]:
    """Return (heading, SVG) of every plot that this kind of head has."""
    found: list[tuple[str, str]] = []
    head, pair = result.predictions.head, result.predictions
    if result.scores.windows == 0:
        return found
    if result.kind == "axes":
        values = plots.axes_plot(pair.truth_NA, decided(head, pair.predictions_NO), head.names)
        return [("Answered over true", values)]
    table_CC = result.scores.confusion_CC
    chance = {name: row["f1"] for name, row in result.baselines["prior_random"].rows.items()}
    found.append(("By name", plots.score_bars(result.scores.rows, chance, TITLES["prior_random"])))
    if result.kind == "keys":
        names, table_CC = key_combinations(head.names, pair.truth_NA >= HELD, pair.predictions_NO >= HELD)
        true_K, said_K = (pair.truth_NA >= HELD).mean(0), (pair.predictions_NO >= HELD).mean(0)
        found.append(("Keys held together", plots.confusion_plot(table_CC, names)))
    elif table_CC is not None:
        said_K, true_K = (table_CC.sum(axis) / max(1, int(table_CC.sum())) for axis in (0, 1))
        found.append(("Confusion", plots.confusion_plot(table_CC, head.names)))
    found.append(("Balance", plots.balance_plot(head.names, true_K, said_K)))
    if result.scores.calibration is not None:
        found.append(("Calibration", plots.calibration_plot({result.name: result.scores.calibration})))
    if result.kind == "keys" and predictions is not None:
        found.append(("A stretch of a recording", _timeline(result, predictions.known(result.name))))
    return found


def _timeline(result: HeadResult, predictions: Predictions) -> str:
    """Draw the stretch of TIMELINE_S seconds in which the action changes most often."""
    time_s_N = predictions.time_ns_N / NS_PER_S
    held_NK = result.predictions.truth_NA >= HELD
    longest = predictions.segments == np.bincount(predictions.segments).argmax()
    places = np.flatnonzero(longest)
    end_N = np.searchsorted(time_s_N[places], time_s_N[places] + TIMELINE_S)
    changes_N = np.concatenate([[0], np.cumsum((np.diff(held_NK[places].astype(np.int8), axis=0) != 0).any(1))])
    start = int((changes_N[np.minimum(end_N, len(places)) - 1] - changes_N).argmax())
    shown_rows = places[start : min(int(end_N[start]), start + TIMELINE_WINDOWS)]
    return plots.timeline_plot(
        time_s_N[shown_rows] - time_s_N[shown_rows[0]],
        held_NK[shown_rows],
        result.predictions.predictions_NO[shown_rows],
        result.predictions.head.names,
    )
