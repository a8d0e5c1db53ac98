"""A head that chooses one of several classes, studied: how sure its score is, what its mistakes share, what it
does out of distribution.

    windows to choose by (validation) -> temperature, OOD score
    windows to judge (test)           -> shares with intervals, mistakes, calibration, AUROC
    windows of no class               -> AUROC
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.data.ood import kinds_of
from playhead.data.windows import WindowIndex
from playhead.evaluation.classification.activations import Activations, Asked
from playhead.evaluation.classification.clusters import Units, grouped_share, shares_of_classes
from playhead.evaluation.classification.error_slices import ErrorSlice, columns_of, error_slices
from playhead.evaluation.classification.intervals import Share
from playhead.evaluation.classification.ood_detection import OodDetection, judge_ood_detection
from playhead.evaluation.classification.temperature import Temperature, judge_temperature
from playhead.evaluation.metrics import confusion
from playhead.evaluation.pictures import Example, HeatRow
from playhead.evaluation.predictions import IntArray
from playhead.labels import Choice
from playhead.models.feature_bank import FeatureBank

MISTAKES_KEPT = 1000  # in scores.json; their number is told in any case


@dataclass(kw_only=True, eq=False)
class OodStudy:
    """What a head does with pictures of no class: how they are detected, what it takes them for, and some of them.

    `taken_for` counts, by kind, what each class was answered for.
    """

    detection: OodDetection
    taken_for: Mapping[str, Mapping[str, int]]
    least_ood: Sequence[Example] = ()
    most_ood: Sequence[Example] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as plain data."""
        taken = {kind: dict(counts) for kind, counts in self.taken_for.items()}
        return {**self.detection.to_json(), "taken_for": taken}


@dataclass(kw_only=True, eq=False)
class ChoiceStudy:
    """Everything about one head of classes beyond its scores. Pictures are filled in later (gallery.py).

    `judged_apart` says that temperature and OOD score were chosen on a validation part and not on half of
    the windows judged. `wrong_ones` say where mistakes are found again. `slices` lists what was tested; the clear
    ones are over-represented among the mistakes. `units` are what intervals and tests count as independent.
    """

    name: str
    head: Choice
    table_CC: IntArray
    accuracy: Share
    recall: Mapping[str, Share]
    precision: Mapping[str, Share]
    units: Units
    temperature: Temperature | None = None
    judged_apart: bool = False
    slices: Sequence[ErrorSlice] = ()
    ood: OodStudy | None = None
    wrong_ones: Sequence[Mapping[str, Any]] = ()
    mistakes: Sequence[Example] = ()
    heat: Sequence[HeatRow] = ()

    @property
    def wrong(self) -> int:
        """How many windows were answered wrongly."""
        return self.accuracy.whole - self.accuracy.part

    @property
    def not_judged(self) -> str:
        """Say which classes no window shows, so that nothing is known of them; empty when each has some."""
        shown = [name for name, share in self.recall.items() if share.whole]
        missing = [name for name in self.recall if name not in shown]
        if not missing:
            return ""
        alone = f" With {shown[0]} alone there is nothing to tell apart." if len(shown) == 1 else ""
        return f"No window shows {' or '.join(missing)}: of that nothing is measured.{alone}"

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as plain data."""
        return {
            "accuracy": self.accuracy.to_json(),
            "recall": {name: share.to_json() for name, share in self.recall.items()},
            "precision": {name: share.to_json() for name, share in self.precision.items()},
            "independent": {"unit": self.units.name, "groups": self.units.count, "said": self.units.sentence},
            "confusion_axes": "rows true, columns answered",
            "temperature": self.temperature.to_json() if self.temperature else None,
            "chosen_on": "validation" if self.judged_apart else "every second window",
            "mistakes": list(self.wrong_ones),
            "error_slices": [one.to_json() for one in self.slices if one.wrong.part],
            "ood": self.ood.to_json() if self.ood else None,
        }


def study_choice(
    name: str, head: Choice, judged: Asked, chosen_on: Asked | None, ood: Asked | None, bank: FeatureBank | None
) -> ChoiceStudy:
    """Study one head on windows that were answered, with those of no class, and what the run remembers.

    Without windows to choose by, every second one chooses, and the others judge what was chosen.
    """
    true_N, said_N = judged.truth(name), judged.likely(name).argmax(1)
    table_CC = confusion(true_N, said_N, len(head.names))
    is_right_N, units = true_N == said_N, judged.units
    study = ChoiceStudy(
        name=name,
        head=head,
        table_CC=table_CC,
        accuracy=grouped_share(is_right_N, units.group_N),
        recall=shares_of_classes(head.names, true_N, is_right_N, units),
        precision=shares_of_classes(head.names, said_N, is_right_N, units),
        units=units,
        judged_apart=chosen_on is not None,
        wrong_ones=_wrong_ones(name, head, judged),
        slices=error_slices(~is_right_N, sliceable_columns(judged.index, name, head), units.group_N),
    )
    choosing, judging = chosen_on, judged
    if choosing is None:
        choosing, judging = (judged.take(np.arange(first, len(judged), 2)) for first in (0, 1))
    if len(choosing) and len(judging):
        fitted_on = (chosen_on.likely(name), chosen_on.truth(name)) if chosen_on is not None else None
        study.temperature = judge_temperature(fitted_on, (judged.likely(name), true_N))
        if ood is not None and len(ood):
            known = choosing.activations[name], judging.activations[name]
            study.ood = study_ood(name, head, known, ood, bank)
    return study


def _wrong_ones(name: str, head: Choice, asked: Asked) -> list[dict[str, Any]]:
    """Return where the mistakes are, the surest first: recording, frame, classes, and columns of text."""
    index, true_N, likely_NC = asked.index, asked.truth(name), asked.likely(name)
    told = {column: values_N for column, values_N in columns_of(index).items() if values_N.dtype.kind == "U"}
    return [
        {
            "recording": index.recordings[index.recording_N[row]].name,
            "frame": int(index.frame_N[row]),
            "true": head.names[true_N[row]],
            "answered": head.names[int(likely_NC[row].argmax())],
            "probability": round(float(likely_NC[row].max()), 4),
            **{column: str(values_N[row]) for column, values_N in told.items()},
        }
        for row in mistaken(asked, name)[:MISTAKES_KEPT].tolist()
    ]


def study_ood(
    name: str, head: Choice, known: tuple[Activations, Activations], ood: Asked, bank: FeatureBank | None
) -> OodStudy:
    """Study what a head does with pictures of no class; `known` are windows to choose by and to judge on."""
    kinds, said_N = kinds_of(ood.index, name), ood.likely(name).argmax(1)
    kind_N, taken_for = np.array(kinds), {}
    for kind in dict.fromkeys(kinds):
        counts = np.bincount(said_N[kind_N == kind], minlength=len(head.names))
        taken_for[kind] = dict(zip(head.names, counts.tolist(), strict=True))
    detection = judge_ood_detection(*known, ood.activations[name], kinds, bank)
    return OodStudy(detection=detection, taken_for=taken_for)


def sliceable_columns(index: WindowIndex, name: str, head: Choice) -> dict[str, Any]:
    """Return the true class and every column that is not just its number, each (N,)."""
    true_N = index.labels[name][:, 0].astype(np.int64)
    columns = {
        column: values_N
        for column, values_N in columns_of(index).items()
        if not (np.array_equal(values_N, true_N) if values_N.dtype.kind in "iuf" else column == name)
    }
    return {f"true {name}": np.array(head.names)[true_N], **columns}


def mistaken(asked: Asked, name: str) -> npt.NDArray[np.int64]:
    """Return the windows answered wrongly, those it was surest of first."""
    likely_NC = asked.likely(name)
    said_N = likely_NC.argmax(1)
    rows = np.flatnonzero(said_N != asked.truth(name))
    return np.asarray(rows[np.argsort(-likely_NC[rows, said_N[rows]], kind="stable")])
