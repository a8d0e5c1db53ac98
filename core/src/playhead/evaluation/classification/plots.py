"""Plots of a head of classes as SVG text: out-of-distribution detection, training.

Shape legend: P known windows, Q out-of-distribution ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes as Plot
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from playhead.evaluation.classification.intervals import curve
from playhead.evaluation.classification.ood_detection import OodDetection
from playhead.evaluation.plots import (
    COLOURS,
    GREY,
    NETWORK,
    OTHERS,
    draw_history,
    draw_losses,
    drawing_of,
)

BINS = 60  # of the histograms of an OOD score


def ood_plot(found: OodDetection) -> str:
    """Draw how the chosen score is distributed for known and other windows, and the curve behind its AUROC."""
    with drawing_of(3.0, 7.4) as drawing:
        left, right = drawing.figure.subplots(1, 2, width_ratios=(3, 2))
        both = np.concatenate([found.known_N, found.ood_N])
        low, high = np.quantile(both, [0.002, 0.998]).tolist()
        edges = np.linspace(low, high, BINS + 1)
        for values, colour, label in (
            (found.known_N, OTHERS[1], "known"),
            (found.ood_N, OTHERS[3], "out-of-distribution"),
        ):
            counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
            left.stairs(counts / max(1, len(values)), edges, color=colour, fill=True, alpha=0.45, label=label)
        left.axvline(found.threshold, color=GREY, linestyle="--", linewidth=1, label="threshold")
        left.set(xlabel="score, in distribution to the right", ylabel="share", yticks=())
        left.legend(fontsize=9, loc="upper right")
        false_rate, true_rate = curve(found.known_N, found.ood_N)
        right.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
        right.plot(false_rate, true_rate, color=OTHERS[0], linewidth=1.8)
        right.set(xlabel="out-of-distribution kept", ylabel="known kept", xlim=(-0.02, 1), ylim=(0, 1.02))
    return drawing.svg


def history_plots(
    history: Sequence[Mapping[str, Any]], head: str, *, baseline: float = 0.0, steps_an_epoch: float = 0.0
) -> str:
    """Draw over the steps of training: the losses, the share of validation that is wrong, and F1 of each class.

    What is wrong is drawn on a scale of powers of ten: from 1 % to 0.1 % is as far as from 10 % to 1 %.
    `steps_an_epoch` steps make an epoch; 0 leaves epochs out.
    """
    if len(history) < 2:
        return ""
    with drawing_of(2.9, 9.2) as drawing:
        losses, wrong, by_class = drawing.figure.subplots(1, 3)
        draw_losses(losses, history)
        draw_history(wrong, history, lambda row: _error(row, "accuracy"), NETWORK, "validation")
        if 0 < baseline < 1:
            wrong.axhline(1 - baseline, color=GREY, linestyle="--", linewidth=1, label="most frequent class")
        wrong.set(title="wrong", yscale="log")
        _shares_on(wrong)
        wrong.legend(fontsize=8.5)
        names = list(history[-1].get("heads", {}).get(head, {}).get("f1", {}))
        for number, name in enumerate(names):
            colour = COLOURS[number % len(COLOURS)]
            draw_history(by_class, history, partial(_class_error, head=head, name=name), colour, name)
        by_class.set(title="1 − F1 by class", yscale="log")
        _shares_on(by_class)
        by_class.legend(fontsize=8, ncols=2)
        for plot in (losses, wrong, by_class):
            plot.set_xlabel("step")
            if steps_an_epoch:
                _epochs(plot, steps_an_epoch)
    return drawing.svg


def _shares_on(plot: Plot) -> None:
    """Label a scale of powers of ten with shares: 1 %, 2 %, 5 %, 10 %."""
    plot.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    plot.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    plot.yaxis.set_minor_formatter(NullFormatter())
    plot.tick_params(which="minor", length=0)


FLOOR = 1e-4  # nothing wrong at all has no place on a scale of powers of ten


def _error(row: Mapping[str, Any], name: str) -> float | None:
    value = row.get(name)
    return None if value is None else max(FLOOR, 1 - float(value))


def _class_error(row: Mapping[str, Any], head: str, name: str) -> float | None:
    return _error(row.get("heads", {}).get(head, {}).get("f1", {}), name)


def _epochs(plot: Plot, steps_an_epoch: float) -> None:
    def to_epochs(steps: Any) -> Any:
        return np.asarray(steps) / steps_an_epoch

    def to_steps(epochs: Any) -> Any:
        return np.asarray(epochs) * steps_an_epoch

    above = plot.secondary_xaxis("top", functions=(to_epochs, to_steps))
    above.set_xlabel("epoch", fontsize=8.5)
    above.tick_params(labelsize=8)
