"""A studied head of classes as text, and the cells of its confusion matrix, which the page shows too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playhead.evaluation.classification.intervals import Share, told, told_ends
from playhead.evaluation.classification.study import ChoiceStudy
from playhead.evaluation.predictions import IntArray
from playhead.evaluation.statistics import aligned
from playhead.names import visible


def study_text(study: ChoiceStudy) -> list[str]:
    """Return the study as paragraphs for the terminal: the confusion matrix, and what follows from it."""
    return [confusion_text(study), "\n".join(map(visible, summary_lines(study)))]


def summary_lines(study: ChoiceStudy) -> list[str]:
    """Return the study as lines of text for the terminal."""
    accuracy = study.accuracy
    of_groups = f" ({study.units.count:,} groups by {study.units.name})" if study.units.count else ""
    lines = [f"accuracy {percent(accuracy)}: {study.wrong:,} of {accuracy.whole:,} wrong{of_groups}"]
    if study.not_judged:
        lines.append(study.not_judged)
    if study.temperature is not None:
        fit = study.temperature
        lines.append(
            f"calibration error {fit.before.error:.4f}, {fit.after.error:.4f} at temperature {fit.value:.2f}"
        )
    for value in [value for value in study.slices if value.is_clear][:5]:
        ends = told_ends(*value.lift_interval, 1, between=", ")
        lines.append(
            f"wrong {value.lift:.1f} times as often [{ends}] where {value.column} is {value.value} "
            f"({value.wrong.part} of {value.wrong.whole:,}, p {value.p:.2g} corrected)"
        )
    if study.ood is not None:
        found = study.ood.detection
        ends = told_ends(found.overall.low, found.overall.high, 3, between=", ")
        lines.append(
            f"out-of-distribution: AUROC {told(found.overall.value, 3)} [{ends}] over "
            f"{len(found.ood_N):,} pictures of {len(found.by_kind)} kinds by {found.chosen}; "
            f"{found.rejected:.1%} rejected where {found.kept:.1%} of the known are kept"
        )
    return lines


def percent(share: Share, digits: int = 2) -> str:
    """Return a share as `99.68 % [99.62, 99.73]`."""
    if not share.whole:
        return "–"
    low, high = 100 * share.low, 100 * share.high
    return f"{100 * share.value:.{digits}f} % [{told_ends(low, high, digits, between=', ')}]"


def confusion_text(study: ChoiceStudy) -> str:
    """Return the confusion matrix as text: rows answered, columns true, totals and shares."""
    rows = [[cell.text for cell in row] for row in confusion_cells(study.table_CC)]
    names = study.head.names
    table = [["answered \\ true", *names, "total"]]
    table += [[name, *row] for name, row in zip([*names, "total"], rows, strict=True)]
    return aligned(table)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a confusion matrix: a count, its share of the whole, and for totals the share that is right."""

    count: int
    share: float
    right: float | None = None
    is_right: bool = False

    @property
    def text(self) -> str:
        """The cell in a few characters."""
        shown = self.share if self.right is None else self.right
        return f"{self.count:,} ({100 * shown:.2f} %)" if self.count else "0"


def confusion_cells(table_CC: IntArray) -> list[list[Cell]]:
    """Return the cells of a confusion matrix, rows answered and columns true, with a row and a column of totals.

    The totals say how much of them is right: precision at the end of a row, recall at the end of a column,
    accuracy in the corner.
    Shapes:  table_CC (true class, answered class).
    Source:  Tocard-Inc/Deep-Learning lays it out in this way: answered down, true across.
    """
    whole = max(1, int(table_CC.sum()))
    answered_CC, right_C = table_CC.T, np.diag(table_CC)
    rows = [
        [Cell(count=int(count), share=int(count) / whole, is_right=r == c) for c, count in enumerate(row)]
        for r, row in enumerate(answered_CC)
    ]
    for number, row in enumerate(rows):
        row.append(_total(int(right_C[number]), int(answered_CC[number].sum()), whole))
    last = [_total(int(right_C[c]), int(answered_CC[:, c].sum()), whole) for c in range(len(right_C))]
    return [*rows, [*last, _total(int(right_C.sum()), whole, whole)]]


def _total(right: int, count: int, whole: int) -> Cell:
    return Cell(count=count, share=count / whole, right=right / count if count else 0.0)
