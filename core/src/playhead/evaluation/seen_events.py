"""Presses and releases scored one by one, those that can be seen and all of them (replays.py says which).

A press that shows nowhere can be placed by nobody, and whoever answers a hold says some moment for it. So what is
said near one that cannot be seen counts neither for nor against, where only those that can are scored; nor does
what is said of a key near the press of another that would have shown the same.
Shape legend: N frames, K keys, E true events, S events said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.agreement import f1, held_over_time
from playhead.clock import NS_PER_S
from playhead.data.source import Source
from playhead.errors import BadValue, Damaged, DeviceFailed, Mismatch
from playhead.evaluation.estimates import number
from playhead.evaluation.job import EvaluationJob
from playhead.evaluation.metrics import event_pairs
from playhead.evaluation.predictions import Predictions
from playhead.evaluation.replays import Hold, seen_holds
from playhead.evaluation.statistics import aligned
from playhead.evaluation.verdicts import Verdict
from playhead.labels import Keys

FRAMES = 2  # that an event may be early or late
NEAR_S = 0.3  # of one that cannot be seen: somewhat more than a step takes
LEAST_RECALL, FEWEST = 0.05, 5  # of holds of a key that can be seen: less of so many is none at all
KINDS = ("press", "release")

Times = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class SeenScores:
    """How well the presses and releases of a head are answered; `counts` by kind of event and key."""

    head: str
    keys: Sequence[str]
    holds: int
    holds_seen: int
    counts: Mapping[tuple[str, str], Counter[str]]

    def summed(self, kind: str) -> dict[str, float]:
        """Return shares and scores of all keys together."""
        return _scores(sum((self.counts[kind, key] for key in self.keys), Counter()))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        kinds = {
            kind: {**self.summed(kind), "keys": {key: _scores(self.counts[kind, key]) for key in self.keys}}
            for kind in KINDS
        }
        return {"holds": self.holds, "holds_seen": self.holds_seen, "within_frames": FRAMES, **kinds}

    def to_text(self) -> str:
        """Return a table: a row for presses and releases, then one a key with its recall."""
        rows = [["", "F1 of those seen", "F1 of all", "recall of those seen", "events", "seen"]]
        for kind in KINDS:
            rows.append([f"{self.head}, {kind}", *_cells(self.summed(kind))])
            rows += [[f"  {key}", *_cells(_scores(self.counts[kind, key]))] for key in self.keys]
        share = number(self.holds_seen / max(1, self.holds))
        said = f"Of {self.holds:,} holds {share} show when they are left out; events count within {FRAMES} frames."
        return "\n".join([aligned(rows), said])

    def verdict(self) -> Verdict:
        """Say whether any key that can be seen is never answered."""
        seen = {key: _scores(self.counts["press", key]) for key in self.keys}
        never = [key for key, one in seen.items() if one["seen"] >= FEWEST and one["recall"] < LEAST_RECALL]
        sentence = (
            f"Presses of {', '.join(never)} can be seen and are hardly ever answered."
            if never
            else "Of every key some presses that can be seen are answered."
        )
        return Verdict(name=f"seen keys: {self.head}", passed=not never, sentence=sentence)


def judge_seen(job: EvaluationJob, predictions: Predictions, notes: list[str]) -> list[SeenScores]:
    """Replay the job's recordings and score every head of keys; what cannot be replayed is left out, and noted."""
    found, heads = [], [name for name, pair in predictions.heads.items() if isinstance(pair.head, Keys)]
    for head in heads:
        holds: dict[int, Sequence[Hold]] = {}
        with job.watch.part(f"replays: {head}", None) as advance:
            for place, recording in enumerate(job.recordings):
                try:
                    holds[place] = seen_holds(job.plugins, job.game, recording, head, job.options, advance)
                except (BadValue, Damaged, DeviceFailed, Mismatch) as problem:
                    notes.append(f"Not replayed: {problem}")
        if holds:
            found.append(score_seen(predictions, head, job.recordings, holds))
    return found


def score_seen(
    predictions: Predictions, head: str, recordings: Sequence[Source], holds: Mapping[int, Sequence[Hold]]
) -> SeenScores:
    """Score the events of a head of keys on the recordings whose holds are known, by their number."""
    known = predictions.known(head)
    pair = known.heads[head]
    keys = pair.head.names
    counts = {(kind, key): Counter[str]() for kind in KINDS for key in keys}
    spans, inside = known.segments, 0
    seen = 0
    for segment in np.unique(spans):
        rows = np.flatnonzero(spans == segment)
        recording = int(known.recording_N[rows[0]])
        if recording not in holds or len(rows) < 2:
            continue
        times_N, first_ns, last_ns = known.time_ns_N[rows], *known.time_ns_N[rows[[0, -1]]]
        times_T = recordings[recording].frame_time_ns
        held_NK = held_over_time(pair.predictions_NO[rows], np.zeros(len(rows), np.int64))
        tolerance_ns = round((FRAMES + 0.5) * NS_PER_S / recordings[recording].header.rate_hz)
        there = [one for one in holds[recording] if first_ns < times_T[one.first] <= last_ns]
        inside, seen = inside + len(there), seen + sum(one.is_seen for one in there)
        for column, key in enumerate(keys):
            mine = [one for one in there if one.key == column]
            twins = [one for one in there if column in one.like]
            steps_N = np.diff(held_NK[:, column].astype(np.int8))
            for kind, step in zip(KINDS, (1, -1), strict=True):
                said_S = times_N[1:][steps_N == step]
                if kind == "press":
                    true = [(int(times_T[one.first]), one.press_seen) for one in mine]
                    alike = [int(times_T[one.first]) for one in twins]
                else:
                    true = [
                        (int(times_T[one.last]), one.release_seen) for one in mine if times_T[one.last] <= last_ns
                    ]
                    alike = [int(times_T[one.last]) for one in twins]
                counts[kind, key] += _counted(true, alike, said_S, tolerance_ns)
    return SeenScores(head=head, keys=keys, holds=inside, holds_seen=seen, counts=counts)


def _counted(
    true: Sequence[tuple[int, bool]], alike: Sequence[int], said_S: Times, tolerance_ns: int
) -> Counter[str]:
    """Count events of one key and kind: true, seen, said, and which of them belong together.

    `alike` are those of other keys that show the same.
    """
    true = sorted(true)
    seen_E = np.array([time for time, is_seen in true if is_seen], np.int64)
    hidden_E = np.array(sorted([*alike, *(time for time, is_seen in true if not is_seen)]), np.int64)
    all_E = np.array([time for time, _ in true], np.int64)
    pairs = event_pairs(seen_E, said_S, tolerance_ns)
    rest_S = np.delete(said_S, [place for _, place in pairs])
    excused = len(event_pairs(hidden_E, rest_S, round(NEAR_S * NS_PER_S)))
    return Counter(
        true=len(true), seen=len(seen_E), said=len(said_S), right=len(event_pairs(all_E, said_S, tolerance_ns)),
        seen_right=len(pairs), seen_said=len(said_S) - excused,
    )  # fmt: skip


def _scores(counts: Counter[str]) -> dict[str, float]:
    return {
        "f1_seen": f1(counts["seen_right"], counts["seen_said"], counts["seen"]),
        "f1_all": f1(counts["right"], counts["said"], counts["true"]),
        "recall": counts["seen_right"] / counts["seen"] if counts["seen"] else float("nan"),
        "events": counts["true"],
        "seen": counts["seen"],
    }


def _cells(scores: Mapping[str, float]) -> list[str]:
    return [*(number(scores[name]) for name in ("f1_seen", "f1_all", "recall")), f"{scores['events']:,}",
            f"{scores['seen']:,}"]  # fmt: skip
