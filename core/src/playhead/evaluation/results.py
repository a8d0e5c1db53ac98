"""Everything one evaluation found, as data: what scores.json and the page are made from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from playhead.evaluation.baselines import HeadResult, baseline_title
from playhead.evaluation.classification import ChoiceStudy, study_text
from playhead.evaluation.estimates import number
from playhead.evaluation.headline import headline
from playhead.evaluation.metrics import measure_title
from playhead.evaluation.pictures import Example
from playhead.evaluation.predictions import Predictions
from playhead.evaluation.statistics import ScoreTable, aligned
from playhead.evaluation.verdicts import Verdict
from playhead.judgement import Judgement
from playhead.names import visible

if TYPE_CHECKING:
    from playhead.evaluation.seen_events import SeenScores  # likewise
    from playhead.evaluation.tolerance import Disturbed  # which needs a job, which names an evaluation


@dataclass(kw_only=True)
class Evaluation(Judgement):
    """What was found. Whatever an evaluation did not do stays empty, and the page leaves it out.

    `is_held_out` says that no window compared was trained on, `is_acting` that predictions are actions, one after
    another. `augmented` are pictures beside themselves as training sees them. `facts` are groups of named facts:
    the run, its data, the settings, the machine. `notes` say what could not be measured, and why;
    the drives among it are what `failed`.
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
    seen: Sequence[SeenScores] = ()
    augmented: Sequence[tuple[bytes, Sequence[bytes]]] = ()
    verdicts: Sequence[Verdict] = ()
    table: ScoreTable | None = None
    disturbed: Disturbed | None = None
    steps_an_epoch: float = 0.0
    history: Sequence[Mapping[str, Any]] = ()
    notes: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    attention: Sequence[Example] = ()
    best: Sequence[Example] = ()
    worst: Sequence[Example] = ()
    clip: bytes = b""
    clip_caption: str = ""

    def __repr__(self) -> str:
        return f"Evaluation({self.run}: {len(self.verdicts)} verdicts, page {self.page})"

    def to_json(self) -> dict[str, Any]:
        """Return what scores.json holds: each driver by name, then ratios, offline scores and verdicts."""
        driven = self.table.to_json() if self.table else {}
        drivers = driven.pop("drivers", {})
        return {
            **drivers,
            **driven,
            "headline": self.headline,
            "run": self.run,
            "command": self.command,
            **({"tolerance": self.disturbed.tolerance.to_json()} if self.disturbed else {}),
            "offline": {result.name: result.to_json() for result in self.heads},
            **({"choices": {study.name: study.to_json() for study in self.choices}} if self.choices else {}),
            **({"seen": {one.head: one.to_json() for one in self.seen}} if self.seen else {}),
            "verdicts": [verdict.to_json() for verdict in self.verdicts],
            "notes": list(self.notes),
            "facts": {group: dict(facts) for group, facts in self.facts.items()},
        }

    @property
    def headline(self) -> str:
        """What was found, in one sentence."""
        return headline(self)

    def to_text(self) -> str:
        """Return the tables and verdicts as text for the terminal, what matters most in the last line."""
        parts = [self.table.to_text()] if self.table else []
        parts += [self.disturbed.to_text()] if self.disturbed else []
        parts += [text for result in self.heads for text in (head_table(result), name_table(result))]
        parts += [one.to_text() for one in self.seen]
        parts += [text for study in self.choices for text in study_text(study)]
        said = [f"{'ok  ' if verdict.passed else 'NO  '} {visible(verdict.sentence)}" for verdict in self.verdicts]
        parts.append("\n".join(said))
        parts.append("\n".join(f"Note: {visible(note)}" for note in self.notes))
        parts.append(visible(self.headline))
        return "\n\n".join(part for part in parts if part)


def head_rows(result: HeadResult) -> list[list[str]]:
    """Return a head's summary as rows of cells: the network and each baseline, a column a measure."""
    measures = list(result.scores.summary)
    rows = [[result.name, *(measure_title(measure) for measure in measures)]]
    for who, scores in {"network": result.scores, **result.baselines}.items():
        rows.append([baseline_title(result.kind, who), *(number(scores.summary[measure]) for measure in measures)])
    return rows


BESIDE = ("majority", "repeat_last")  # baselines that each key, class or axis is shown beside


def name_table(result: HeadResult) -> str:
    """Return each key, class or axis of a head as text, beside baselines; "" where nothing of any is known."""
    scored = result.scores.rows
    measures = [name for name in next(iter(scored.values()), {}) if name != "support"]
    main = "mae" if result.kind == "axes" else "f1"
    beside = {who: result.baselines[who].rows for who in BESIDE if who in result.baselines}
    titles = [f"{measure_title(main)}: {baseline_title(result.kind, who)}" for who in beside]
    rows = [[result.name, "windows", *map(measure_title, measures), *titles]]
    for name, row in scored.items():
        if any(math.isfinite(row[measure]) for measure in measures):
            windows = result.scores.windows if result.kind == "axes" else row["support"]
            values = [*(row[measure] for measure in measures), *(of[name][main] for of in beside.values())]
            rows.append([name, f"{windows:,.0f}", *map(number, values)])
    return aligned(rows) if len(rows) > 1 else ""


def head_table(result: HeadResult) -> str:
    """Return a head's summary as text."""
    return aligned(head_rows(result))
