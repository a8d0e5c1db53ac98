"""What the page shows of a head of classes, made ready for its template (choice.html.jinja)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from playhead.evaluation.classification.error_slices import ErrorSlice
from playhead.evaluation.classification.intervals import Auroc, told, told_ends
from playhead.evaluation.classification.ood_scores import TITLES
from playhead.evaluation.classification.plots import ood_plot
from playhead.evaluation.classification.study import ChoiceStudy, OodStudy
from playhead.evaluation.classification.temperature import Temperature
from playhead.evaluation.classification.text import confusion_cells, percent
from playhead.evaluation.metrics import HeadScores
from playhead.evaluation.plots import calibration_plot

SLICES_SHOWN = 12
SHORTEST_SCALE, LONGEST_SCALE = 2, 10  # of bars of lifts: what is wrong more often than that is as long


def choice_view(study: ChoiceStudy, scores: HeadScores) -> dict[str, Any]:
    """Return everything that the template shows of a head."""
    shown = shown_slices(study.slices)
    scale = lift_scale(shown)
    return {
        "name": study.name,
        "names": study.head.names,
        "study": study,
        "tiles": tiles(study, scores),
        "confusion": confusion_rows(study),
        "classes": class_rows(study, scores),
        "reliability": _reliability(study.temperature) if study.temperature else "",
        "slices": [slice_row(value, scale) for value in shown],
        "scale": scale,
        "outstanding": sum(value.is_clear for value in study.slices),
        "tested": len(study.slices),
        "ood": ood_view(study.ood, study.head.names) if study.ood else None,
    }


def _reliability(fit: Temperature) -> str:
    return calibration_plot({"as it is": fit.before, f"temperature {fit.value:.2f}": fit.after})


def tiles(study: ChoiceStudy, scores: HeadScores) -> list[tuple[str, str, str]]:
    """Return the few numbers that matter most: (what, value, beside it)."""
    accuracy = study.accuracy
    found = [
        ("accuracy", _percent(accuracy.value), f"{_ends(accuracy.low, accuracy.high)}, {study.wrong:,} wrong"),
        ("balanced accuracy", _percent(scores.summary["balanced_accuracy"]), "mean recall of the classes"),
    ]
    recalls = {name: share for name, share in study.recall.items() if share.whole}
    if recalls:
        worst = min(recalls, key=lambda name: recalls[name].value)
        share = recalls[worst]
        found.append(("lowest recall", _percent(share.value), f"{worst}, {_ends(share.low, share.high)}"))
    if study.temperature is not None:
        fit = study.temperature
        beside = f"{fit.after.error:.4f} at temperature {fit.value:.2f}"
        found.append(("calibration error", f"{fit.before.error:.4f}", beside))
    if study.ood is not None:
        overall = study.ood.detection.overall
        found.append(("out-of-distribution AUROC", *_auroc(overall)))
    return found


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.2f} %"


def _ends(low: float, high: float) -> str:
    ends = told_ends(100 * low, 100 * high, 2)
    return f"{ends} %" if math.isfinite(low) and math.isfinite(high) else ends


def confusion_rows(study: ChoiceStudy) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the confusion matrix as rows of (answered class, cells): text, share and how strongly to colour."""
    rows = []
    totals = study.table_CC.sum(1)  # of each true class
    for name, cells in zip([*study.head.names, "total"], confusion_cells(study.table_CC), strict=True):
        shown = []
        for column, cell in enumerate(cells):
            is_total = cell.right is not None
            of_class = cell.count / max(1, int(totals[column])) if column < len(totals) else 0.0
            strength = 0.0 if is_total else of_class if cell.is_right else min(1.0, 3.5 * math.sqrt(of_class))
            share = cell.right if cell.right is not None else cell.share
            shown.append({
                "count": f"{cell.count:,}", "share": f"{100 * share:.2f} %" if cell.count else "",
                "kind": "total" if is_total else "right" if cell.is_right else "wrong",
                "strength": f"{100 * strength * (0.62 if cell.is_right else 0.5):.0f}%",
            })  # fmt: skip
        rows.append((name, shown))
    return rows


def class_rows(study: ChoiceStudy, scores: HeadScores) -> list[dict[str, Any]]:
    """Return each class with its windows, precision, recall and F1."""
    return [
        {
            "name": name,
            "windows": f"{study.recall[name].whole:,}",
            "precision": percent(study.precision[name]),
            "recall": percent(study.recall[name]),
            "f1": _percent(scores.rows[name]["f1"]),
        }
        for name in study.head.names
    ]


def shown_slices(slices: Sequence[ErrorSlice]) -> list[ErrorSlice]:
    """Return the values worth a row: the clear ones, and some of those that come next."""
    wrong = [value for value in slices if value.wrong.part]
    clear = [value for value in wrong if value.is_clear]
    others = sorted((value for value in wrong if not value.is_clear), key=lambda value: (value.p, -value.lift))
    return clear[: 2 * SLICES_SHOWN] + others[: max(0, SLICES_SHOWN - len(clear))]


def lift_scale(shown: Sequence[ErrorSlice]) -> int:
    """Return how many times more often the end of a bar is, so that all bars and intervals have room."""
    highest = max((value.lift_interval[1] for value in shown), default=0.0)
    return min(LONGEST_SCALE, max(SHORTEST_SCALE, math.ceil(highest)))


def slice_row(value: ErrorSlice, scale: int) -> dict[str, Any]:
    """Return one value as a row: its lift as a bar with the ends of its interval, up to `scale` times."""
    low, high = value.lift_interval
    place = [f"{100 * min(1.0, end / scale):.1f}%" for end in (value.lift, low, high)]
    return {
        "column": value.column.replace("_", " "),
        "value": value.value,
        "wrong": f"{value.wrong.part:,} of {value.wrong.whole:,}",
        "share": _percent(value.wrong.value),
        "lift": f"{value.lift:.1f}",
        "interval": told_ends(low, high, 1),
        "p": f"{value.p:.2g}" if value.p < 1 else "1",
        "is_clear": value.is_clear,
        "bar": place[0],
        "low": place[1],
        "reach": f"{100 * (min(1.0, high / scale) - min(1.0, low / scale)):.1f}%",
    }


def ood_view(study: OodStudy, names: Sequence[str]) -> dict[str, Any]:
    """Return what the template shows of pictures of no class."""
    found = study.detection
    scores = [(TITLES[name], name == found.chosen, *_auroc(value)) for name, value in found.all_scores.items()]
    return {
        "detection": found,
        "chosen": TITLES[found.chosen],
        "plot": ood_plot(found),
        "scores": scores,
        "kinds": [_kind_row(kind, study, names) for kind in found.by_kind],
        "least_ood": study.least_ood,
        "most_ood": study.most_ood,
    }


def _kind_row(kind: str, study: OodStudy, names: Sequence[str]) -> dict[str, Any]:
    found, taken = study.detection, study.taken_for[kind]
    whole = max(1, sum(taken.values()))
    value, interval = _auroc(found.by_kind[kind])
    chosen = found.chosen_by_kind.get(kind, found.chosen)
    return {
        "kind": kind, "windows": f"{sum(taken.values()):,}", "auroc": value, "interval": interval,
        "chosen": chosen.replace("_", " "), "taken": [f"{100 * taken[name] / whole:.0f} %" for name in names],
    }  # fmt: skip


def _auroc(value: Auroc) -> tuple[str, str]:
    if math.isnan(value.low):
        return told(value.value, 3), ""
    return told(value.value, 3), told_ends(value.low, value.high, 3)


def baseline_accuracy(baselines: Mapping[str, HeadScores]) -> float:
    """Return the accuracy of always answering the most frequent class; 0 when it was not asked."""
    return baselines["majority"].summary["accuracy"] if "majority" in baselines else 0.0
