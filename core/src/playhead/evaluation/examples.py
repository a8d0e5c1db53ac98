"""Chooses the windows worth a look and draws them: the most wrong, the most right, where the network
looks, and what training makes of them.

Shape legend: N windows, T frames of a window, O outputs.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np
import numpy.typing as npt

from playhead.agreement import HELD
from playhead.clock import NS_PER_S
from playhead.data.assembly import LABELLED, Assembly
from playhead.data.augment import Augmenter
from playhead.data.windows import WindowIndex
from playhead.evaluation.metrics import window_losses
from playhead.evaluation.offline import read_windows, shown_input
from playhead.evaluation.pictures import Example, encode, side_by_side
from playhead.evaluation.predictions import FloatArray, HeadPredictions, Predictions
from playhead.labels import Axes, Choice, Head
from playhead.models.attribution import heat_maps
from playhead.models.network import Network
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.playing.overlay import with_heat
from playhead.plugins import Plugins

APART_S = 2.0  # neighbouring windows look alike: two examples are at least this far apart
SHOWN_FRAMES = 4  # of a window; of longer ones the oldest, the newest and some between
VARIANTS = 8  # of each picture in the preview of augmentations
OUTPUTS_SHOWN = 12  # of a head with very many classes: those answered or true most often


def total_losses(predictions: Predictions) -> FloatArray:
    """Return the loss of each window, all heads together. Shape (N,)."""
    return np.asarray(sum(_known_losses(pair) for pair in predictions.heads.values()))


def _known_losses(pair: HeadPredictions) -> FloatArray:
    losses_N = window_losses(pair)
    return losses_N if pair.known_N is None else np.where(pair.known_N, losses_N, 0.0)


def ranked_apart(
    score_N: FloatArray, time_ns_N: npt.NDArray[np.int64], recording_N: npt.NDArray[np.int64], count: int
) -> npt.NDArray[np.int64]:
    """Return the windows of highest score, best first, no two of a recording nearer than APART_S seconds."""
    chosen: list[int] = []
    for row in np.argsort(-score_N, kind="stable"):
        near = [
            other
            for other in chosen
            if recording_N[other] == recording_N[row]
            and abs(int(time_ns_N[other]) - int(time_ns_N[row])) < APART_S * NS_PER_S
        ]
        if not near:
            chosen.append(int(row))
        if len(chosen) == count:
            break
    return np.array(chosen, dtype=np.int64)


def window_examples(
    run: Run, index: WindowIndex, predictions: Predictions, rows: npt.NDArray[np.int64], losses_N: FloatArray
) -> list[Example]:
    """Draw the frames of these windows side by side, with what was true and what was answered."""
    if not shown_input(run) or len(rows) == 0:
        return []
    frames_BTHWC = read_windows(run, index, rows)[shown_input(run)]
    steps = np.unique(np.linspace(0, frames_BTHWC.shape[1] - 1, SHOWN_FRAMES).astype(np.int64))
    return [
        Example(
            picture=encode(side_by_side(frames_THWC[steps])),
            caption=f"{place(index, predictions, row)}, loss {losses_N[row]:.2f}",
            rows=answer_rows(predictions, row),
        )
        for row, frames_THWC in zip(rows, frames_BTHWC, strict=True)
    ]


def place(index: WindowIndex, predictions: Predictions, row: int) -> str:
    """Say where a window is: its recording and the seconds since its first frame."""
    recording = index.recordings[index.recording_N[row]]
    seconds = (predictions.time_ns_N[row] - recording.frame_time_ns[0]) / NS_PER_S
    return f"{recording.name} at {seconds:.1f} s"


def answer_rows(predictions: Predictions, row: int) -> list[tuple[str, float, float]]:
    """Return (name, true, answered) for every output of every head, as shares of 1."""
    several = len(predictions.heads) > 1
    rows = []
    for name, pair in predictions.heads.items():
        for label, true, said in zip(output_names(pair.head), *_shares(pair, row), strict=True):
            if (
                not isinstance(pair.head, Choice)
                or len(pair.head.names) <= OUTPUTS_SHOWN
                or max(true, said) > 0.05
            ):
                rows.append((f"{name}: {label}" if several else label, float(true), float(said)))
    return rows


def output_names(head: Head) -> list[str]:
    """Return a name for every output of a head."""
    if isinstance(head, Axes) and head.deltas:
        return [f"{name} {delta:+g}" for name in head.names for delta in head.deltas]
    return list(head.names)


def _shares(pair: HeadPredictions, row: int) -> tuple[FloatArray, FloatArray]:
    """Return truth and answer of one window by output, each from 0 to 1; axes are moved there from [-1, 1]."""
    head, true_A, said_O = pair.head, pair.truth_NA[row], pair.predictions_NO[row]
    if isinstance(head, Choice):
        return np.eye(len(head.names))[int(true_A[0])], said_O
    if not isinstance(head, Axes):
        return true_A, said_O
    if not head.deltas:
        return (true_A + 1) / 2, (said_O + 1) / 2
    nearest_A = np.abs(true_A[:, None] - np.asarray(head.deltas)).argmin(1)
    return np.eye(len(head.deltas))[nearest_A].ravel(), said_O


def attention_examples(
    predictor: Predictor, run: Run, index: WindowIndex, predictions: Predictions, *, but: Container[str] = (),
    each: int = 2,
) -> list[Example]:  # fmt: skip
    """Draw where the network looks for every output of every head but some, on windows in which it answers so.

    For each output the windows are those that it answers most surely; an output it never answers shows the
    windows that come nearest, and one that is never true is left out.
    """
    examples: list[Example] = []
    if not shown_input(run):
        return examples
    for name, pair in predictions.heads.items():
        for output, label in enumerate(output_names(pair.head)):
            if name in but or not _occurs(pair, output):
                continue
            said_N = (
                np.abs(pair.predictions_NO[:, output]) if _is_axis(pair.head) else pair.predictions_NO[:, output]
            )
            rows = ranked_apart(said_N, predictions.time_ns_N, predictions.recording_N, each)
            inputs = read_windows(run, index, rows)
            heat_BHW = heat_maps(predictor, run.spec, inputs, name, output)
            for row, frames_THWC, heat_HW in zip(rows, inputs[shown_input(run)], heat_BHW, strict=True):
                true = _shares(pair, row)[0][output]
                examples.append(
                    Example(
                        picture=encode(with_heat(frames_THWC[-1], heat_HW)),
                        caption=f"{name} {label}: answered {pair.predictions_NO[row, output]:.2f}, true "
                        f"{true * 2 - 1 if _is_axis(pair.head) else true:.2g}; {place(index, predictions, row)}",
                    )
                )
    return examples


def _occurs(pair: HeadPredictions, output: int) -> bool:
    """Whether a key or class is ever true; of an axis there is always something to see."""
    if isinstance(pair.head, Axes):
        return True
    true_N = pair.truth_NA[:, 0] == output if isinstance(pair.head, Choice) else pair.truth_NA[:, output] >= HELD
    return bool((true_N if pair.known_N is None else true_N & pair.known_N).any())


def _is_axis(head: Head) -> bool:
    return isinstance(head, Axes) and not head.deltas


def best_and_worst(
    run: Run, index: WindowIndex, predictions: Predictions, *, count: int = 6
) -> tuple[Sequence[Example], Sequence[Example]]:
    """Draw the windows of lowest loss among those where the action changes, and of highest loss among all.

    Where nothing changes, the lowest loss is an open road: it shows nothing.
    """
    losses_N = total_losses(predictions)
    changes_N = index.changes()
    easy_N = np.where(changes_N, -losses_N, -losses_N - losses_N.max() - 1) if changes_N.any() else -losses_N
    best = ranked_apart(easy_N, predictions.time_ns_N, predictions.recording_N, count)
    worst = ranked_apart(losses_N, predictions.time_ns_N, predictions.recording_N, count)
    return (
        window_examples(run, index, predictions, best, losses_N),
        window_examples(run, index, predictions, worst, losses_N),
    )


def augmentation_rows(
    run: Run, network: Network, index: WindowIndex, plugins: Plugins, *, pictures: int = 4, seed: int = 0
) -> list[tuple[bytes, list[bytes]]]:
    """Show some windows as they are and as training sees them: changed by chance, and as small as the network
    looks at them.

    Shapes:  returns (the frame, VARIANTS pictures of the network's first view) for each window.
    """
    augmenter = Augmenter.of(run.recipe.augment, index.schema, run.frame, run.spec.regions, plugins)
    if augmenter is None or not shown_input(run) or not len(index):
        return []
    assembly = Assembly(
        index=index,
        prepare=network.prepare_input,
        augmenter=augmenter,
        augment_views=run.recipe.augment_on == "views",
        seed=seed,
    )
    shown = []
    for number, row in enumerate(np.linspace(0, len(index) - 1, pictures).astype(np.int64).tolist()):
        batch = assembly(number, np.full(VARIANTS, row))
        views = [name for name, view in batch.items() if name not in LABELLED and view.ndim == 5]
        frame_HWC = read_windows(run, index, np.array([row]))[shown_input(run)][0, -1]
        shown.append((encode(frame_HWC), [encode(view[-1].numpy()) for view in batch[views[0]]]))
    return shown
