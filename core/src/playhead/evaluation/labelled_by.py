"""What a run says of every frame of a recording, as a label layer: by windows slid over it, near their middles.

Shape legend: T frames, M of them that are answered, A label columns, O outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from playhead.agreement import held_over_time
from playhead.data.source import Source
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import NothingToTrain
from playhead.evaluation.held_out import fewest_windows
from playhead.evaluation.metrics import score_head
from playhead.evaluation.offline import ask
from playhead.evaluation.predictions import BoolArray, HeadPredictions, decided, number_segments
from playhead.events import Origin
from playhead.labelling import HeadLabels
from playhead.labels import Axes, Choice, Head, Keys, LabelSchema
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.storage.layer_writer import LayerRows
from playhead.tracks import frame_tracks

AT_ONCE = 4096  # frames of a layer that are written together
MOST_CACHED = 2**27  # bytes of what is looked at: windows overlap by half, and a frame is decoded once

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """What a run says of the frames `frame_M` of a recording of `frames`, and how sure it is.

    Shapes:  said[head] (M, O); time_ns_M (M,).
    """

    schema: LabelSchema
    frames: int
    frame_M: npt.NDArray[np.int64]
    time_ns_M: npt.NDArray[np.int64]
    said: Mapping[str, Array]

    def is_sure(self, head: str, least: float) -> BoolArray:
        """Say of which answers the least likely part is at least so likely: of keys each held or not (M,)."""
        said_MO = self.said[head]
        if isinstance(self.schema[head], Keys):
            return np.asarray(np.maximum(said_MO, 1 - said_MO).min(1) >= least)
        if isinstance(self.schema[head], Choice):
            return np.asarray(said_MO.max(1) >= least)
        return np.ones(len(said_MO), bool)

    def decided(self, head: str) -> Array:
        """Return the labels of a head (M, A): a key is held from a sure answer on until another."""
        if isinstance(self.schema[head], Keys):
            segment_M = number_segments(self.time_ns_M, 0 * self.time_ns_M)
            return held_over_time(self.said[head], segment_M).astype(np.float64)
        return decided(self.schema[head], self.said[head])

    def rows(self, least: float) -> Iterator[LayerRows]:
        """Yield the rows of a layer; frames that are not answered, or not surely, are of nobody."""
        labels, origins, likely = {}, {}, {}
        for name, head in self.schema.items():
            labels[name] = np.zeros((self.frames, head.columns), head.dtype)
            origins[name] = np.zeros(self.frames, np.uint8)
            likely[name] = np.zeros((self.frames, head.outputs), np.float32)
            labels[name][self.frame_M] = self.decided(name)
            origins[name][self.frame_M[self.is_sure(name, least)]] = int(Origin.MODEL)
            likely[name][self.frame_M] = self.said[name]
        for start in range(0, max(1, self.frames), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            yield LayerRows(
                labels={name: one[part] for name, one in labels.items()},
                origins={name: one[part] for name, one in origins.items()},
                probabilities={name: one[part] for name, one in likely.items()},
            )

    def agreement(self, recording: Source) -> dict[str, dict[str, float]]:
        """Return by head how well answers agree with what was recorded, where somebody says; empty without."""
        is_told_M = np.asarray(recording.label_origin)[self.frame_M] != int(Origin.NONE)
        found = {}
        for name, head in self.schema.items():
            if name in recording.labels and is_told_M.any():
                found[name] = self._scored(name, head, recording, np.flatnonzero(is_told_M))
        return found

    def _scored(self, name: str, head: Head, recording: Source, rows: npt.NDArray[np.int64]) -> dict[str, float]:
        answers_MO = self.decided(name) if isinstance(head, Keys) else self.said[name]
        frame_K, labels_TA = self.frame_M[rows], np.asarray(recording.labels[name], np.float64)
        pair = HeadPredictions(
            head=head, truth_NA=labels_TA[frame_K], predictions_NO=answers_MO[rows].astype(np.float64),
            previous_NA=labels_TA[np.maximum(frame_K - 1, 0)],
        )  # fmt: skip
        times_K = self.time_ns_M[rows]
        tolerance_s = 2.5 / recording.header.rate_hz
        scores = score_head(pair, times_K, number_segments(times_K, 0 * times_K), tolerance_s=tolerance_s)
        return dict(scores.summary)


def answers_of(
    predictor: Predictor, run: Run, recording: Source, progress: Callable[[int], object] = lambda count: None
) -> Answers:
    """Ask a run about every frame of a recording. Raises Mismatch or NothingToTrain where it does not fit.

    `progress` hears of windows. The run may look into the future, and answer at many frames of a window.
    """
    bare = cast("Source", _Unlabelled(recording, run.schema))
    spec = replace(WindowSpec.of(run.recipe), is_unlabelled=True, latency_s=0.0, label_over_s=0.0)
    index = fewest_windows(WindowIndex.of([bare], run.schema, spec))
    if len(index) == 0:
        raise NothingToTrain(
            f"Recording {recording.name} is too short to label: {run.name} looks at {run.recipe.window_s:.2g} s."
        )
    predictions = ask(predictor, run, index, progress=progress, cached_bytes=MOST_CACHED)
    frame_M = np.searchsorted(recording.frame_time_ns[: recording.length], predictions.time_ns_N - _late_ns(run))
    return Answers(
        schema=run.schema,
        frames=recording.length,
        frame_M=frame_M.astype(np.int64),
        time_ns_M=predictions.time_ns_N,
        said={name: pair.predictions_NO.astype(np.float32) for name, pair in predictions.heads.items()},
    )


def _late_ns(run: Run) -> int:
    """Return what the times of labels lie behind those of their frames."""
    return round(run.latency_s * 1_000_000_000)


class _Unlabelled:
    """A recording of which nobody says anything, so that all its frames are asked about."""

    def __init__(self, recording: Source, schema: LabelSchema) -> None:
        self._recording, self._schema = recording, schema

    @cached_property
    def labels(self) -> Mapping[str, Array]:
        """Nothing of each head."""
        return {name: np.zeros((self._recording.length, head.columns)) for name, head in self._schema.items()}

    def head_labels(self, name: str, head: Head) -> HeadLabels:
        """Return labels that mean nothing, by nobody."""
        rows_TA = np.zeros((self._recording.length, head.columns))
        times = self._recording.frame_time_ns[: self._recording.length]
        origin_T = np.zeros(len(times), np.uint8)
        return HeadLabels(head=head, tracks=frame_tracks(times, rows_TA), origin_T=origin_T)

    def __getattr__(self, name: str) -> Any:
        """Everything else, as it is."""
        if name == "_recording":
            raise AttributeError(name)
        return getattr(self._recording, name)


def check_labels(run: Run) -> None:
    """Raise NothingToTrain for a run that says nothing of heads with deltas: those tell changes, not states."""
    for name, head in run.schema.items():
        if isinstance(head, Axes) and head.deltas:
            raise NothingToTrain(
                f"Run {run.name} answers by how much {name} changes, which is no label. Take a run that says "
                "where it is."
            )
