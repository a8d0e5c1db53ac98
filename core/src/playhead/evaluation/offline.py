"""Asks a run about windows, batch by batch: frames are never all in memory.

Shape legend: N windows, T frames of a window, A label columns, O outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.data.assembly import LABELLED, Assembly
from playhead.data.cache import view_caches
from playhead.data.loader import Loader
from playhead.data.sampling import rows_in_order
from playhead.data.windows import WindowIndex
from playhead.errors import Mismatch, NotANumber
from playhead.evaluation.predictions import HeadPredictions, Predictions
from playhead.inputs import main_input
from playhead.models.predictor import Predictor
from playhead.models.run import Run

BATCH, MOST_FRAMES = 64, 512  # windows and frames that are asked about together


def ask(
    predictor: Predictor, run: Run, index: WindowIndex, *, progress: Callable[[int], object] = lambda count: None,
    cached_bytes: int = 0,
) -> Predictions:  # fmt: skip
    """Answer every window of an index, in order, and judge every frame of them that has a label once.

    `progress` hears after each batch how many windows were answered. What the network looks at of a frame is kept
    for the windows that share it, up to `cached_bytes`.
    """
    caches = view_caches(run.recipe.named_inputs, index.recordings, cached_bytes)
    assembly = Assembly(index=index, prepare=predictor.network.prepare_input, caches=caches)
    loader = Loader(assemble=assembly, rows=rows_in_order(len(index), batch_of(run)), workers=run.recipe.workers)
    said: dict[str, list[npt.NDArray[np.float32]]] = {name: [] for name in run.schema}
    for batch in loader:
        inputs = {name: value for name, value in batch.items() if name not in LABELLED}
        for name, values in predictor.predict_prepared(inputs).items():
            said[name].append(values)
        progress(len(batch["rows"]))
    all_said = {name: np.concatenate(parts) for name, parts in said.items()}
    return as_predictions(run, judged_frames(index), all_said)


def batch_of(run: Run) -> int:
    """Return how many windows are asked about together: fewer where each has many frames."""
    steps = max(one.steps for one in run.recipe.named_inputs.values())
    return max(1, min(BATCH, MOST_FRAMES // steps))


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """The frames that windows are judged by, each once, and which answer stands for it.

    Shapes:  `index` has M windows, each at the frame of its label; window_M the window asked in its place,
             position_M the position of the answer in it.
    """

    index: WindowIndex
    window_M: npt.NDArray[np.int64]
    position_M: npt.NDArray[np.int64]
    positions: int

    def chosen(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return of answers (N, ...) or (N, L, ...) of all windows those that count (M, ...).

        Raises:  Mismatch for another number of positions.
        """
        by_position = values if values.ndim == 3 else values[:, None]
        if by_position.shape[1] != self.positions:
            raise Mismatch(
                f"The network answers at {by_position.shape[1]} positions, {self.positions} are wanted."
            )
        return np.asarray(by_position[self.window_M, self.position_M])


def judged_frames(index: WindowIndex) -> Judged:
    """Choose for each frame at which labels are wanted the answer that is nearest to its window's moment.

    So the frames of overlapping windows count once, and a window that is answered at its moment by its own answer.
    """
    count = len(index.spec.positions_ns)
    if index.spec.positions_ns == (0,):
        nothing_M = np.zeros(len(index), np.int64)
        return Judged(index=index, window_M=np.arange(len(index)), position_M=nothing_M, positions=count)
    place_NL, is_there_NL = index.positions(np.arange(len(index)))
    known_F = np.logical_or.reduce(list(index.table.known.values()))
    window_K, position_K = np.nonzero(is_there_NL & known_F[place_NL])
    place_K, away_K = place_NL[window_K, position_K], np.abs(index.spec.positions_s)[position_K]
    order_K = np.lexsort((away_K, place_K))
    place_M, first_M = np.unique(place_K[order_K], return_index=True)
    rows_M = order_K[first_M]
    chosen = index.at_frames(place_M)
    return Judged(index=chosen, window_M=window_K[rows_M], position_M=position_K[rows_M], positions=count)


def as_predictions(run: Run, judged: Judged, said: Mapping[str, npt.NDArray[Any]]) -> Predictions:
    """Put predictions, as a network gave them, beside the truth of the frames judged."""
    index, said = judged.index, {name: judged.chosen(values) for name, values in said.items()}
    check_predictions(said)
    heads = {
        name: HeadPredictions(
            head=head,
            truth_NA=index.labels[name].astype(np.float64),
            predictions_NO=said[name].astype(np.float64),
            previous_NA=index.previous[name].astype(np.float64),
            known_N=index.known[name],
        )
        for name, head in run.schema.items()
    }
    return Predictions(
        heads=heads,
        time_ns_N=label_times(run, index),
        recording_N=index.recording_N,
        window_N=judged.window_M,
        recordings=[recording.name for recording in index.recordings],
    )


def check_predictions(said: Mapping[str, npt.NDArray[Any]]) -> None:
    """Raise NotANumber naming the heads whose predictions are none, and in how many windows."""
    bad = {name: int((~np.isfinite(values)).any(1).sum()) for name, values in said.items()}
    told = [f"the answer of {name} was no number in {count:,} of {len(said[name]):,} windows"
            for name, count in bad.items() if count]  # fmt: skip
    if told:
        raise NotANumber(f"{' and '.join(told)}. The weights of the run are out of all bounds. Train again.")


def label_times(run: Run, index: WindowIndex) -> npt.NDArray[np.int64]:
    """Return when the label of each window holds. Shape (N,)."""
    times_N: npt.NDArray[np.int64] = index.table.time_ns_F[index.place_N] + round(run.latency_s * NS_PER_S)
    return times_N


def shown_input(run: Run) -> str:
    """Return the name of the input whose pictures are shown; empty for a run that looks at none."""
    inputs = run.recipe.named_inputs
    name = main_input(inputs)
    return name if inputs[name].is_pictures else ""


def read_windows(run: Run, index: WindowIndex, rows: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[Any]]:
    """Read whole windows as the predictor takes them. Shapes: pictures (B, T, H, W, C); numbers (B, T, ...)."""
    return {name: value.numpy() for name, value in Assembly(index=index)(0, rows).items() if name not in LABELLED}
