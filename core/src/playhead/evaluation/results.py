"""Everything one evaluation found, as data: what scores.json and the page are made from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from playhead.evaluation.baselines import baseline_predictions, baseline_title
from playhead.evaluation.choice import ChoiceStudy
from playhead.evaluation.choice_text import confusion_text, summary_lines
from playhead.evaluation.example import Example
from playhead.evaluation.metrics import CHANGE, PRIMARY, HeadScores, is_better, measure_title, score_head
from playhead.evaluation.predictions import HeadPredictions, Predictions
from playhead.evaluation.sanity_checks import Verdict
from playhead.evaluation.statistics import ScoreTable, aligned, bootstrap_mean, number, shown
from playhead.names import visible


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadResult:
    """One head's predictions and scores, beside the scores of its baselines on the same windows."""

    name: str
    predictions: HeadPredictions
    scores: HeadScores
    baselines: Mapping[str, HeadScores]

    @property
    def kind(self) -> str:
        """Of its head: keys, choice or axes."""
        return self.predictions.head.kind

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as plain data; NaN becomes null."""
        table = self.scores.confusion_CC
        return {
            "kind": self.kind,
            "windows": self.scores.windows,
            "changes": self.scores.changes,
            "network": _plain(self.scores.summary),
            "by_name": {name: _plain(row) for name, row in self.scores.rows.items()},
            "baselines": {name: _plain(scores.summary) for name, scores in self.baselines.items()},
            **({} if table is None else {"confusion": table.tolist()}),
        }


def _plain(numbers: Mapping[str, float]) -> dict[str, float | None]:
    return {name: round(float(value), 6) if math.isfinite(value) else None for name, value in numbers.items()}


def judge_heads(predictions: Predictions, *, tolerance_s: float, is_acting: bool = True) -> list[HeadResult]:
    """Score every head and its baselines.

    Pictures that have nothing to do with the one before (not `is_acting`) have no changes, and nothing to repeat.
    Units:  tolerance_s seconds a press may be early or late.
    """
    results = []
    for name, head_predictions in predictions.heads.items():
        baselines = baseline_predictions(head_predictions)
        if not is_acting:
            baselines = {who: theirs for who, theirs in baselines.items() if who not in ACTING_BASELINES}
        scored = {
            who: score_head(theirs, predictions.time_ns_N, predictions.segments, tolerance_s=tolerance_s)
            for who, theirs in {"": head_predictions, **baselines}.items()
        }
        if not is_acting:
            scored = {who: without_changes(scores) for who, scores in scored.items()}
        own = scored.pop("")
        results.append(HeadResult(name=name, predictions=head_predictions, scores=own, baselines=scored))
    return results


ACTING_BASELINES = ("repeat_last", "always_forward")


def without_changes(scores: HeadScores) -> HeadScores:
    """Return scores without those that look at changes of the action."""
    summary = {name: value for name, value in scores.summary.items() if name not in CHANGE.values()}
    return replace(scores, changes=0, summary=summary)


def baseline_verdicts(result: HeadResult, *, is_acting: bool = True) -> list[Verdict]:
    """Say in words whether a head beats its baselines, over all windows and where the action changes.

    Labels that are not actions, as of pictures that have nothing to do with the one before, are not judged by
    their changes (`is_acting`).
    Repeating the last action is not judged in the first but said beside it: it is told the true action just
    before, which nobody knows while playing, and at many frames a second hardly anything changes.
    """
    kind = result.kind
    verdicts = [_comparison(result, PRIMARY[kind], "baselines", leave_out="repeat_last", say_left_out=is_acting)]
    if is_acting:
        verdicts.append(_comparison(result, CHANGE[kind], "action changes", leave_out=""))
    return [verdict for verdict in verdicts if verdict is not None]


def rollout_verdicts(table: ScoreTable, driver: str, baselines: Sequence[str]) -> list[Verdict]:
    """Say in words whether a driver does better than the baselines on the first two measures that should be high.

    Of measures that the game says nothing about only the first counts. Better means that the interval of the
    difference to the best baseline, on the same seeds, lies above 0.
    """
    at_most = 2 if table.measures else 1
    wanted = [name for name in table.shown_names() if table.measure(name).better == "higher"][:at_most]
    rivals = [name for name in baselines if name in table.drivers]
    if driver not in table.drivers or not rivals:
        return []
    return [_rollout_verdict(table, driver, rivals, name) for name in wanted]


def _rollout_verdict(table: ScoreTable, driver: str, rivals: Sequence[str], name: str) -> Verdict:
    means = {rival: table.estimate(rival, name).mean for rival in rivals}
    best = max(rivals, key=lambda rival: -math.inf if math.isnan(means[rival]) else means[rival])
    with np.errstate(over="ignore"):
        difference = bootstrap_mean(table.values(driver, name) - table.values(best, name))
    if math.isnan(difference.mean):
        sentence = f"{table.measure(name).title.capitalize()} cannot be judged: on no seed is it known of both."
        return Verdict(name=f"rollouts: {name}", passed=False, sentence=sentence)
    passed = difference.low > 0
    words = "more than" if passed else "not clearly more than"
    return Verdict(
        name=f"rollouts: {name}",
        passed=passed,
        sentence=f"{table.measure(name).title.capitalize()}: {driver} {shown(table.estimate(driver, name))}, "
        f"{words} {best.replace('_', ' ')} {shown(table.estimate(best, name))} on the same seeds "
        f"(difference {shown(difference)}).",
    )


def _comparison(
    result: HeadResult, measure: str, name: str, *, leave_out: str, say_left_out: bool = False
) -> Verdict | None:
    kind, ours = result.kind, result.scores.summary[measure]
    theirs = {who: s.summary[measure] for who, s in result.baselines.items() if who != leave_out}
    if math.isnan(ours) or not theirs:
        return None
    best = next(iter(theirs))
    for who in theirs:
        best = who if is_better(kind, theirs[who], theirs[best]) else best
    passed = is_better(kind, ours, theirs[best])
    where = f" on the {result.scores.changes:,} windows where the action changes" if name != "baselines" else ""
    verb = "beats" if passed else "does not beat"
    told = result.baselines.get(leave_out) if say_left_out else None
    who_counts = " that is not told the true last action" if told else ""
    beside = f"; repeating the true last action gets {number(told.summary[measure])}" if told else ""
    sentence = (
        f"{result.name} {verb} every baseline{who_counts}{where}: {measure_title(measure)} {number(ours)}, "
        f"the best baseline ({baseline_title(kind, best)}) {number(theirs[best])}{beside}."
    )
    return Verdict(name=name, passed=passed, sentence=sentence)


@dataclass(kw_only=True)
class Evaluation:
    """What was found. Whatever an evaluation did not do stays empty, and the page leaves it out.

    `is_held_out` says that no window compared was trained on, `is_acting` that predictions are actions, one after
    another. `augmented` are pictures beside themselves as training sees them. `facts` are groups of named facts:
    the run, its data, the settings, the machine. `notes` say what could not be measured, and why.
    """

    title: str
    run: str
    command: str = ""
    facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    is_held_out: bool = True
    is_acting: bool = True
    predictions: Predictions | None = None
    heads: Sequence[HeadResult] = ()
    choices: Sequence[ChoiceStudy] = ()
    augmented: Sequence[tuple[bytes, Sequence[bytes]]] = ()
    verdicts: Sequence[Verdict] = ()
    table: ScoreTable | None = None
    steps_an_epoch: float = 0.0
    history: Sequence[Mapping[str, Any]] = ()
    notes: list[str] = field(default_factory=list)
    attention: Sequence[Example] = ()
    best: Sequence[Example] = ()
    worst: Sequence[Example] = ()
    clip: bytes = b""
    clip_caption: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what scores.json holds: each driver by name, then ratios, offline scores and verdicts."""
        driven = self.table.to_json() if self.table else {}
        drivers = driven.pop("drivers", {})
        return {
            **drivers,
            **driven,
            "run": self.run,
            "command": self.command,
            "offline": {result.name: result.to_json() for result in self.heads},
            **({"choices": {study.name: study.to_json() for study in self.choices}} if self.choices else {}),
            "verdicts": [verdict.to_json() for verdict in self.verdicts],
            "notes": list(self.notes),
            "facts": {group: dict(facts) for group, facts in self.facts.items()},
        }

    def to_text(self) -> str:
        """Return the tables and verdicts as text for the terminal."""
        parts = [self.table.to_text()] if self.table else []
        parts += [head_table(result) for result in self.heads]
        for study in self.choices:
            parts += [confusion_text(study), "\n".join(map(visible, summary_lines(study)))]
        said = [f"{'ok  ' if verdict.passed else 'NO  '} {visible(verdict.sentence)}" for verdict in self.verdicts]
        parts.append("\n".join(said))
        parts.append("\n".join(f"Note: {visible(note)}" for note in self.notes))
        return "\n\n".join(part for part in parts if part)


def head_rows(result: HeadResult) -> list[list[str]]:
    """Return a head's summary as rows of cells: the network and each baseline, a column a measure."""
    measures = list(result.scores.summary)
    rows = [[result.name, *(measure_title(measure) for measure in measures)]]
    for who, scores in {"network": result.scores, **result.baselines}.items():
        rows.append([baseline_title(result.kind, who), *(number(scores.summary[measure]) for measure in measures)])
    return rows


def head_table(result: HeadResult) -> str:
    """Return a head's summary as text."""
    return aligned(head_rows(result))
