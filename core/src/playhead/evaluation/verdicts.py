"""What an evaluation says in words: whether a network beats what needs none, and by how much."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from playhead.evaluation.baselines import HeadResult, baseline_title
from playhead.evaluation.estimates import FEWEST, number, shown
from playhead.evaluation.metrics import CHANGE, PRIMARY, is_better, measure_title
from playhead.evaluation.statistics import ScoreTable


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The outcome of one test: a name, whether it passed, and what was found in a sentence."""

    name: str
    passed: bool
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"name": self.name, "passed": self.passed, "sentence": self.sentence}


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
    wanted, rivals = _should_be_high(table), [name for name in baselines if name in table.drivers]
    if driver not in table.drivers or not rivals:
        return []
    return [_rollout_verdict(table, driver, rivals, name) for name in wanted]


def expert_verdicts(table: ScoreTable, expert: str, constants: Sequence[str]) -> list[Verdict]:
    """Say of a scripted driver that it is no better than one action all the time; nothing where it is."""
    found = rollout_verdicts(table, expert, constants)[:1]
    # Where drives do not vary there is no interval: then the difference itself says enough.
    if not found or found[0].passed or _is_ahead(table, expert, constants, _should_be_high(table)[0]):
        return []
    sentence = f"{found[0].sentence} One action does as well, so {expert} is no teacher: mend it, or the measure."
    return [Verdict(name="expert", passed=False, sentence=sentence)]


def _is_ahead(table: ScoreTable, driver: str, rivals: Sequence[str], name: str) -> bool:
    """Whether a driver is ahead of all others by differences that have no interval, or too few drives for one."""
    differences = [table.difference(driver, rival, name) for rival in rivals if rival in table.drivers]
    return all(one.mean > 0 and (math.isnan(one.low) or one.n < FEWEST) for one in differences)


def _should_be_high(table: ScoreTable) -> list[str]:
    at_most = 2 if table.measures else 1
    return [name for name in table.shown_names() if table.measure(name).better == "higher"][:at_most]


def _rollout_verdict(table: ScoreTable, driver: str, rivals: Sequence[str], name: str) -> Verdict:
    means = {rival: table.estimate(rival, name).mean for rival in rivals}
    best = max(rivals, key=lambda rival: -math.inf if math.isnan(means[rival]) else means[rival])
    difference = table.difference(driver, best, name)
    if math.isnan(difference.mean):
        sentence = f"{table.measure(name).title.capitalize()} cannot be judged: on no seed is it known of both."
        return Verdict(name=f"rollouts: {name}", passed=False, sentence=sentence)
    passed = difference.low > 0
    is_told = difference.n >= FEWEST
    words = "more than" if passed else "not clearly more than" if is_told else "not to be told from"
    told = f"difference {shown(difference)}" if is_told else f"too few drives, {FEWEST} or more tell: --episodes"
    return Verdict(
        name=f"rollouts: {name}",
        passed=passed,
        sentence=f"{table.measure(name).title.capitalize()}: {driver} {shown(table.estimate(driver, name))}, "
        f"{words} {best.replace('_', ' ')} {shown(table.estimate(best, name))} on the same seeds "
        f"({told}).",
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
