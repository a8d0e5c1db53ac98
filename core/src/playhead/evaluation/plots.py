"""Plots as SVG text for the page: one quiet style whose ink follows the page's light or dark theme.

Shape legend: N windows, K keys, C classes.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes as Plot
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from playhead.evaluation.estimates import Estimate, are_alike
from playhead.evaluation.metrics import Calibration
from playhead.evaluation.predictions import BoolArray, FloatArray, IntArray
from playhead.evaluation.statistics import ScoreTable
from playhead.names import visible

BLUE, ORANGE, GREEN, RED, GREY = "#4285d6", "#d98324", "#3c9e63", "#cf5252", "#8d939c"
# Who drives has one colour everywhere; what else is told apart on the page is told apart by others.
DRIVERS = {"expert": BLUE, "network": ORANGE, "always_forward": GREEN, "random": RED, "idle": GREY}
NETWORK = DRIVERS["network"]
OTHERS = ("#8a6fc9", "#3aa6a6", "#b5853d", "#c76aa5")
COLOURS = (BLUE, ORANGE, GREEN, RED, *OTHERS)
_INK, _RULE = "#010203", "#040506"  # replaced by the page's own colours in the SVG text
_WIDTH_IN = 6.4
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: sharp, small and searchable
    "svg.hashsalt": "playhead",  # the same plot is the same text
    "text.parse_math": False,  # a name with two dollars is no formula
    "font.family": "sans-serif",
    "font.size": 10.5,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _RULE,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "grid.color": _RULE,
    "grid.linewidth": 0.6,
    "xtick.color": _RULE,
    "ytick.color": _RULE,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}


class Drawing:
    """A figure being drawn; `svg` is there once the drawing is finished."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.svg = ""


@contextmanager
def drawing_of(height_in: float, width_in: float = _WIDTH_IN) -> Iterator[Drawing]:
    """Yield a figure to draw on in the page's style. Units: inches, as matplotlib counts them."""
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # Text stays text, so the browser's fonts draw it, not matplotlib's, which lacks many letters.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        drawing = Drawing(Figure(figsize=(width_in, height_in), layout="constrained"))
        yield drawing
        drawing.svg = _svg(drawing.figure)


def _svg(figure: Figure) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = visible(out.getvalue(), keep="\n")  # names are in it as they are
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    # A tenth of a point is enough for a line, and half the size.
    text = re.sub(r'(?<= d=")[^"]+', lambda path: re.sub(r"(\.\d)\d+", r"\1", path[0]), text)
    text = text.replace("'sans-serif'", "inherit").replace("sans-serif", "inherit")
    return text.replace(_INK, "currentColor").replace(_RULE, "var(--rule, #999)")


def history_plot(history: Sequence[Mapping[str, Any]], score: str, baselines: Mapping[str, float]) -> str:
    """Draw the loss and one score of validation over the training steps; baselines are dashed lines.

    `history` rows hold `step`, `train_loss` and `loss` of validation, and the score by its name.
    """
    with drawing_of(2.9) as drawing:
        losses, scores = drawing.figure.subplots(1, 2)
        draw_losses(losses, history)
        draw_history(scores, history, lambda row: row.get(score), NETWORK, "network")
        for number, (name, value) in enumerate(baselines.items()):
            scores.axhline(value, color=GREY, linestyle=("--", ":", "-.")[number % 3], label=name)
        scores.set(title=score.replace("_", " "), xlabel="step", ylim=(0, None))
        drawing.figure.legend(
            *scores.get_legend_handles_labels(), loc="outside lower right", ncols=3, fontsize=8.5
        )
    return drawing.svg


def draw_losses(plot: Plot, history: Sequence[Mapping[str, Any]]) -> None:
    """Draw both losses over the steps, on a scale of powers of ten where they fell far."""
    values = [row[name] for row in history for name in ("train_loss", "loss") if row.get(name)]
    fell_far = bool(values) and min(values) > 0 and max(values) > 20 * min(values)
    draw_history(plot, history, lambda row: row.get("train_loss"), GREY, "training")
    draw_history(plot, history, lambda row: row.get("loss"), NETWORK, "validation")
    plot.set(title="loss", xlabel="step", yscale="log" if fell_far else "linear")
    if fell_far:
        _plain_numbers_on(plot)
    plot.legend(fontsize=8.5)


def _plain_numbers_on(plot: Plot) -> None:
    """Label a scale of powers of ten: matplotlib would with formulas, which are no text of a page."""
    plot.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    plot.yaxis.set_minor_formatter(NullFormatter())


def draw_history(
    plot: Plot, history: Sequence[Mapping[str, Any]],
    value_of: Callable[[Mapping[str, Any]], float | None], colour: str, label: str,
) -> None:  # fmt: skip
    """Draw a value over the steps, of those rows of a history that have it."""
    points = [(row["step"], value_of(row)) for row in history if value_of(row) is not None]
    if points:
        steps, values = zip(*points, strict=True)
        marker = "o" if len(points) < 40 else ""
        plot.plot(steps, values, color=colour, label=label, linewidth=1.6, marker=marker, markersize=3)


def confusion_plot(table_CC: IntArray, names: Sequence[str]) -> str:
    """Draw a confusion matrix with counts, shares of the true class, and totals of rows and columns."""
    classes = len(names)
    share_CC = table_CC / np.maximum(table_CC.sum(1, keepdims=True), 1)
    side = min(max(0.62 * (classes + 1) + 1.2, 3.2), 9.0)
    with drawing_of(side, side + 0.6) as drawing:
        plot = drawing.figure.subplots()
        faint = LinearSegmentedColormap.from_list("faint", [BLUE + "08", BLUE + "cc"])
        plot.imshow(share_CC, cmap=faint, vmin=0, vmax=1)
        size = 9.5 if classes <= 9 else 6.5
        for row in range(classes):
            for column in range(classes):
                count = int(table_CC[row, column])
                text = f"{count:,}\n{share_CC[row, column]:.1%}" if count else "0"
                plot.text(column, row, text, ha="center", va="center", fontsize=size)
            plot.text(classes, row, _total(table_CC[row], row), ha="center", va="center", fontsize=size)
            plot.text(row, classes, _total(table_CC[:, row], row), ha="center", va="center", fontsize=size)
        whole, right = int(table_CC.sum()), int(np.diag(table_CC).sum())
        plot.text(classes, classes, f"{whole:,}\n{right / max(whole, 1):.1%}", ha="center", va="center",
                  fontsize=size, fontweight="bold")  # fmt: skip
        plot.set_xlim(-0.5, classes + 0.5)
        plot.set_ylim(classes + 0.5, -0.5)
        ticks = [*names, "total"]
        plot.set_xticks(range(classes + 1), ticks, rotation=0 if classes <= 7 else 60)
        plot.set_yticks(range(classes + 1), ticks)
        plot.set(xlabel="answered", ylabel="true")
        plot.grid(visible=False)
        plot.tick_params(length=0)
    return drawing.svg


def _total(counts_C: IntArray, right: int) -> str:
    whole = int(counts_C.sum())
    return f"{whole:,}\n{counts_C[right] / whole:.1%}" if whole else "0\n–"


def score_bars(rows: Mapping[str, Mapping[str, float]], baseline: Mapping[str, float], baseline_name: str) -> str:
    """Draw precision, recall and F1 of every key or class; a tick marks the baseline's F1."""
    names = list(rows)
    with drawing_of(min(0.7 + 0.62 * len(names), 12)) as drawing:
        plot = drawing.figure.subplots()
        columns = tuple(zip(("precision", "recall", "f1"), OTHERS, ("precision", "recall", "F1"), strict=False))
        series = [(label, colour, [rows[name][measure] for name in names]) for measure, colour, label in columns]
        _draw_bars(plot, series, lambda value: "–" if math.isnan(value) else f"{value:.2f}")
        for place, name in enumerate(names):
            mark = np.nan_to_num(baseline.get(name, math.nan))
            plot.plot([mark, mark], [place - 0.4, place + 0.4], color=_INK, linewidth=2,
                      label=f"F1 of {baseline_name}" if place == 0 else None)  # fmt: skip
        plot.set_yticks(range(len(names)), [f"{name}  ({rows[name]['support']:,.0f})" for name in names])
        plot.set(xlim=(0, 1.08))
        drawing.figure.legend(loc="outside lower center", ncols=4, fontsize=9)
    return drawing.svg


def _draw_bars(
    plot: Plot, series: Sequence[tuple[str, str, Sequence[float] | FloatArray]], told: Callable[[float], str]
) -> None:
    """Draw bars beside one another for each name, one a series (label, colour, values), with its number."""
    each, count = 0.76 / len(series), len(series[0][2])
    for number, (label, colour, values) in enumerate(series):
        places = np.arange(count) + (number - (len(series) - 1) / 2) * each
        lengths = np.nan_to_num(np.asarray(values, dtype=np.float64))
        plot.barh(places, lengths, 0.88 * each, color=colour, label=label)
        for place, length, value in zip(places, lengths, values, strict=True):
            plot.text(length + 0.006, place, told(value), va="center", fontsize=8)
    plot.set(ylim=(count - 0.5, -0.5))
    plot.grid(visible=False, axis="y")


def calibration_plot(calibrations: Mapping[str, Calibration]) -> str:
    """Draw how often the network is right when it is so sure, one line each, with the counts below."""
    with drawing_of(3.6, 5.2) as drawing:
        upper, lower = drawing.figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        upper.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfect")
        for number, (name, bins) in enumerate(calibrations.items()):
            colour, filled_B = (NETWORK, *OTHERS)[number % 5], bins.count_B > 0
            stated_B, observed_B, label = bins.stated_B[filled_B], bins.observed_B[filled_B], f"{name}, error"
            upper.plot(stated_B, observed_B, "o-", color=colour, markersize=4, label=f"{label} {bins.error:.4f}")
            edges, is_first = np.linspace(0, 1, len(bins.count_B) + 1), number == 0
            alpha = 0.5 if is_first else 1.0
            lower.stairs(np.maximum(bins.count_B, 0.5), edges, color=colour, fill=is_first, alpha=alpha)
        upper.set(ylabel="how often it was so", xlim=(0, 1), ylim=(0, 1.02))
        upper.legend(fontsize=9, loc="lower right")
        lower.set(xlabel="probability stated", ylabel="predictions", yscale="log")
        _plain_numbers_on(lower)
    return drawing.svg


def colour_of(driver: str, drivers: Sequence[str]) -> str:
    """Return the colour of a driver: those of every page have their own, others take what is left, in order."""
    if driver in DRIVERS:
        return DRIVERS[driver]
    others = [one for one in drivers if one not in DRIVERS]
    return OTHERS[others.index(driver) % len(OTHERS)]


def seeds_plot(table: ScoreTable, measure: str) -> str:
    """Draw one measure of every seed as a dot for each driver, with the mean and its 95 % interval."""
    drivers = table.drivers
    with drawing_of(0.8 + 0.42 * len(drivers)) as drawing:
        plot = drawing.figure.subplots()
        jitter = np.random.default_rng(0)
        for place, driver in enumerate(drivers):
            values_S = table.values(driver, measure)
            colour = colour_of(driver, drivers)
            heights = place + jitter.uniform(-0.16, 0.16, len(values_S))
            plot.scatter(values_S, heights, color=colour, alpha=0.4, s=16, linewidths=0)
            estimate = table.estimate(driver, measure)
            if estimate.has_interval:
                plot.plot([estimate.low, estimate.high], [place, place], color=colour, linewidth=3)
            plot.plot([estimate.mean], [place], "D", color=colour, markersize=6)
        plot.set_yticks(range(len(drivers)), [driver.replace("_", " ") for driver in drivers])
        stated = table.measure(measure)
        unit = f" ({stated.unit})" if stated.unit else ""
        known = np.concatenate([table.values(driver, measure) for driver in drivers])
        known = known[np.isfinite(known)]
        is_same = len(known) > 0 and are_alike(known)
        which = "the same of all" if is_same else f"{stated.better} is better"
        plot.set(ylim=(len(drivers) - 0.5, -0.5), xlabel=f"{stated.title}{unit}, {which}")
        plot.grid(visible=False, axis="y")
        low, high = plot.get_xlim()
        if not stated.unit and low > -0.1 and high < 1.2:
            plot.set_xlim(-0.03, 1.03)
    return drawing.svg


def tolerance_plot(lines: Mapping[str, Sequence[tuple[float, Estimate]]], title: str, kept: float) -> str:
    """Draw a score over what disturbs it, with intervals; dashed is the share `kept` of the undisturbed one."""
    with drawing_of(2.9) as drawing:
        for plot, (name, points) in zip(drawing.figure.subplots(1, len(lines), squeeze=False)[0], lines.items(),
                                        strict=True):  # fmt: skip
            values, means = [value for value, _ in points], [score.mean for _, score in points]
            plot.plot(values, means, "o-", color=NETWORK)
            for value, score in points:
                if score.has_interval:
                    plot.plot([value, value], [score.low, score.high], color=NETWORK, alpha=0.5)
            plot.axhline(kept * means[0], color=GREY, linestyle="--")
            plot.set(xlabel=name, ylabel=title, ylim=(min(0, *means), None))
    return drawing.svg


def balance_plot(names: Sequence[str], true_K: FloatArray, said_K: FloatArray) -> str:
    """Draw how often each key or class is true, and how often it is answered."""
    return shares_plot({"": (names, true_K, said_K)}, ("true", "answered"))


Shares = tuple[Sequence[str], Sequence[float] | FloatArray, Sequence[float] | FloatArray]  # names, twice a share


def shares_plot(parts: Mapping[str, Shares], told: tuple[str, str]) -> str:
    """Draw two shares of each name beside one another, a plot for each part; `told` says what they are."""
    counts = [len(names) for names, _, _ in parts.values()]
    with drawing_of(min(0.8 * len(parts) + 0.36 * sum(counts), 10 * len(parts))) as drawing:
        plots = drawing.figure.subplots(len(parts), squeeze=False, height_ratios=counts)[:, 0]
        for plot, (title, (names, first_K, second_K)) in zip(plots, parts.items(), strict=True):
            _draw_bars(plot, [(told[0], GREY, first_K), (told[1], NETWORK, second_K)], "{:.1%}".format)
            plot.set_yticks(range(len(names)), list(names))
            longest = max(0.1, float(max(*first_K, *second_K)))
            plot.set(xlim=(0, min(1.1, longest * 1.12)), title=title)
        plots[-1].set(xlabel="share of windows")
        drawing.figure.legend(
            *plots[0].get_legend_handles_labels(), loc="outside upper right", ncols=2, fontsize=9
        )
    return drawing.svg


def axes_plot(truth_NA: FloatArray, said_NA: FloatArray, names: Sequence[str], *, at_most: int = 1500) -> str:
    """Draw the answered value of each axis over the true one, for some windows; right ones are on the line."""
    rows = np.unique(np.linspace(0, len(truth_NA) - 1, min(len(truth_NA), at_most)).astype(np.int64))
    with drawing_of(3.2, min(3.0 * len(names) + 0.4, 9.0)) as drawing:
        plots = drawing.figure.subplots(1, len(names), squeeze=False)[0]
        for column, (plot, name) in enumerate(zip(plots, names, strict=True)):
            both = np.concatenate([truth_NA[:, column], said_NA[:, column]])
            low, high = both.min(), both.max()
            plot.plot([low, high], [low, high], color=GREY, linestyle="--", linewidth=1)
            plot.scatter(
                truth_NA[rows, column], said_NA[rows, column], color=NETWORK, alpha=0.35, s=8, linewidths=0
            )
            plot.set(title=name, xlabel="true", ylabel="answered" if column == 0 else "")
    return drawing.svg


MOST_ROWS = 20


def timeline_plot(
    time_s_N: npt.NDArray[np.float64], true_NK: BoolArray, likely_NK: FloatArray, names: Sequence[str]
) -> str:
    """Draw when each key was truly held (filled) and how probable the network found it (line).

    Of many keys only the MOST_ROWS that are held most: each is a plot of its own, and takes its time.
    Shapes:  time_s_N (N,); true_NK (N, K); likely_NK (N, K) in [0, 1].
    """
    shown = np.sort(np.argsort(-(true_NK.mean(0) + likely_NK.mean(0)), kind="stable")[:MOST_ROWS])
    with drawing_of(0.7 + 0.6 * len(shown), 8.2) as drawing:
        plots = drawing.figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
        for plot, column in zip(plots, shown, strict=True):
            name = names[column]
            held_N = true_NK[:, column].astype(np.float64)
            plot.fill_between(time_s_N, 0, held_N, step="mid", color=GREY, alpha=0.35, linewidth=0)
            plot.plot(time_s_N, likely_NK[:, column], color=NETWORK, linewidth=1.1)
            plot.set(ylim=(-0.05, 1.05), yticks=(0, 0.5, 1), yticklabels=("", name, ""))
            plot.spines["bottom"].set_visible(False)
            plot.margins(x=0)
        most = "" if len(shown) == len(names) else f"the {len(shown)} of {len(names)} held most; "
        plots[-1].set_xlabel(f"seconds; {most}filled: truly held, line: probability")
    return drawing.svg
