"""Which windows of which recordings may be learned from, and what each should answer. Reads no pixel.

A window is picked by time: its last frame at t, the others nearest to t - stride, t - 2 stride, ...; its label is
the state `latency_s` after t, because acting takes that long, or the mean over the `label_over_s` that follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.data.source import Source
from playhead.errors import not_found
from playhead.events import Origin
from playhead.labelling import HeadLabels, TimeArray, head_labels, label_dtype
from playhead.labels import Axes, Choice, Head, Keys, LabelSchema

if TYPE_CHECKING:
    from playhead.training.recipe import Recipe

# Capture times jitter: a frame counts as "at" a moment up to half an interval away, and this much more.
TOLERANCE_INTERVALS = 0.1
# Longer than this without a frame is a pause: what lies before has nothing to do with what comes after.
PAUSE_INTERVALS = 4.0

BoolArray = npt.NDArray[np.bool_]
IndexArray = npt.NDArray[np.int64]
LabelTable = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class WindowSpec:
    """How windows are picked and labelled; a part of every recipe.

    With `is_unlabelled` the windows are instead those that nobody labelled; what they say as labels means nothing.
    """

    length: int = 1  # frames
    stride_s: float = 0.25
    latency_s: float = 0.0
    label_over_s: float = 0.0
    origins: tuple[str, ...] = ("human", "script")
    inputs: tuple[str, ...] = ("frames",)  # of telemetry, only windows in which it is a number
    is_unlabelled: bool = False

    @classmethod
    def of(cls, recipe: Recipe) -> WindowSpec:
        """Take what a recipe says about windows."""
        return cls(
            length=recipe.length,
            stride_s=recipe.stride_s,
            latency_s=recipe.latency_s,
            label_over_s=recipe.label_over_s,
            origins=recipe.origins,
            inputs=recipe.inputs,
        )

    @property
    def trusted(self) -> tuple[int, ...]:
        """The numbers of the origins whose labels count. Raises NotFound for an unknown origin."""
        if self.is_unlabelled:
            return (int(Origin.NONE),)
        known = {origin.name.lower(): origin for origin in Origin if origin is not Origin.NONE}
        for name in self.origins:
            if name not in known:
                raise not_found("origin of labels", name, known)
        return tuple(int(known[name]) for name in self.origins)


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowIndex:
    """Every window of some recordings that may be learned from, as columns.

    Shapes:  recording_N which recording; frames_NT frame numbers, oldest first; labels[head] and
             previous[head] (N, columns): what to answer, and the state one frame interval before the last frame.
    The label of an axis with deltas is its change since the last frame.
    """

    recordings: Sequence[Source]
    schema: LabelSchema
    spec: WindowSpec
    recording_N: IndexArray
    frames_NT: IndexArray
    labels: LabelTable = field(repr=False)
    previous: LabelTable = field(repr=False)

    @classmethod
    def of(cls, recordings: Sequence[Source], schema: LabelSchema, spec: WindowSpec) -> WindowIndex:
        """Find all windows of these recordings."""
        parts = [_windows_of(recording, schema, spec) for recording in recordings]
        numbers = [np.full(len(part.frames_NT), number) for number, part in enumerate(parts)]
        return cls(
            recordings=tuple(recordings),
            schema=schema,
            spec=spec,
            recording_N=np.concatenate([*numbers, np.empty(0)]).astype(np.int64),
            frames_NT=np.concatenate([*(part.frames_NT for part in parts), np.empty((0, spec.length), np.int64)]),
            labels=_joined(schema, [part.labels for part in parts]),
            previous=_joined(schema, [part.previous for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.recording_N)

    def take(self, rows: IndexArray | BoolArray) -> WindowIndex:
        """Return the index of these windows only; recordings keep their numbers."""
        return WindowIndex(
            recordings=self.recordings,
            schema=self.schema,
            spec=self.spec,
            recording_N=self.recording_N[rows],
            frames_NT=self.frames_NT[rows],
            labels={name: values[rows] for name, values in self.labels.items()},
            previous={name: values[rows] for name, values in self.previous.items()},
        )

    def changes(self) -> BoolArray:
        """Say for each window whether any head answers something else than the state before. Shape (N,)."""
        changed_N = np.zeros(len(self), dtype=bool)
        for name, head in self.schema.items():
            changed_N |= _differs(head, self.labels[name], self.previous[name]).any(1)
        return changed_N

    def telemetry(self, name: str, rows: IndexArray) -> npt.NDArray[np.float32]:
        """Return a telemetry column at the frames of these windows. Shape (len(rows), T)."""
        values_BT = np.empty((len(rows), self.spec.length), dtype=np.float32)
        for number in np.unique(self.recording_N[rows]):
            mine = self.recording_N[rows] == number
            values_BT[mine] = self.recordings[number].telemetry[name][self.frames_NT[rows[mine]]]
        return values_BT


def _differs(head: Head, label_NA: npt.NDArray[Any], previous_NA: npt.NDArray[Any]) -> BoolArray:
    if isinstance(head, Keys):
        return np.asarray((label_NA >= 0.5) != (previous_NA >= 0.5))
    if isinstance(head, Choice):
        return np.asarray(label_NA != previous_NA)
    # An axis moves all the time; 0.1 of its range of 2 is a change worth learning.
    moved_NA = label_NA if head.deltas else label_NA - previous_NA
    return np.asarray(np.abs(moved_NA) >= 0.1)


@dataclass(frozen=True)
class _Part:
    frames_NT: IndexArray
    labels: LabelTable
    previous: LabelTable


def _joined(schema: LabelSchema, tables: Sequence[LabelTable]) -> LabelTable:
    empty = {name: np.empty((0, head.columns), label_dtype(head)) for name, head in schema.items()}
    return {name: np.concatenate([*(table[name] for table in tables), empty[name]]) for name in schema}


def _windows_of(recording: Source, schema: LabelSchema, spec: WindowSpec) -> _Part:
    times = np.asarray(recording.frame_time_ns, dtype=np.int64)
    interval_ns = round(NS_PER_S / recording.header.rate_hz)
    if len(times) == 0:
        return _Part(np.empty((0, spec.length), np.int64), _joined(schema, []), _joined(schema, []))
    frames_TT, found = frames_at(times, spec.length, round(spec.stride_s * NS_PER_S), interval_ns)
    segments = np.concatenate([[0], np.cumsum(np.diff(times) > PAUSE_INTERVALS * interval_ns)])
    start_ns = times + round(spec.latency_s * NS_PER_S)
    end_ns = start_ns + round(spec.label_over_s * NS_PER_S)
    usable = found & (segments[frames_TT[:, 0]] == segments)
    usable &= _is_labelled(recording, spec, segments, start_ns, end_ns, interval_ns)
    usable &= _are_numbers(recording, spec.inputs)[frames_TT].all(1)
    rows = np.flatnonzero(usable)
    heads = {name: head_labels(recording, name, head) for name, head in schema.items()}
    labels = {name: _labels(told, times[rows], start_ns[rows], end_ns[rows]) for name, told in heads.items()}
    previous = {name: told.at(times[rows] - interval_ns) for name, told in heads.items()}
    known = np.ones(len(rows), dtype=bool)
    for table in (labels, previous):
        for values in table.values():
            known &= np.isfinite(values).all(1)
    if known.all():
        return _Part(frames_TT[rows], labels, previous)
    labels, previous = ({name: values[known] for name, values in table.items()} for table in (labels, previous))
    return _Part(frames_TT[rows[known]], labels, previous)


def unusable(recording: Source, inputs: Sequence[str]) -> dict[str, int]:
    """Count the frames in which a telemetry column among the inputs is no number, by its name."""
    columns = {name: recording.telemetry[name] for name in inputs if name in recording.telemetry}
    counts = {name: int((~np.isfinite(values)).sum()) for name, values in columns.items()}
    return {name: count for name, count in counts.items() if count}


def _are_numbers(recording: Source, inputs: Sequence[str]) -> BoolArray:
    """Say of each frame whether all telemetry among the inputs is a number. Shape (T,)."""
    known = np.ones(recording.length, dtype=bool)
    for name in inputs:
        if name in recording.telemetry:
            known &= np.isfinite(recording.telemetry[name])
    return known


def frames_at(times: TimeArray, length: int, stride_ns: int, interval_ns: int) -> tuple[IndexArray, BoolArray]:
    """Find for every frame the frames of the window that ends with it, and whether all of them exist.

    The nearest frame to each moment is taken, of two equally near the newer. It exists when it is at most half
    an interval (and TOLERANCE_INTERVALS) away.

    Shapes:  times (frames,) rising; returns (frames, length), oldest first, and (frames,).
    """
    wanted = times[:, None] - stride_ns * np.arange(length - 1, -1, -1, dtype=np.int64)[None, :]
    after = np.minimum(np.searchsorted(times, wanted, side="left"), len(times) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(times[after] - wanted) <= np.abs(times[before] - wanted), after, before)
    nearest[:, -1] = np.arange(len(times))
    away = np.abs(times[nearest] - wanted)
    found = np.all(away <= (0.5 + TOLERANCE_INTERVALS) * interval_ns, axis=1)
    return nearest.astype(np.int64), np.asarray(found)


def _is_labelled(
    recording: Source, spec: WindowSpec, segments: IndexArray, start_ns: TimeArray, end_ns: TimeArray,
    interval_ns: int,
) -> BoolArray:  # fmt: skip
    """Say for each frame whether its label's time was recorded without a pause, trusted, and no padding."""
    times = recording.frame_time_ns
    known_until_ns = _last_of_segment(times, segments) + round((1 + TOLERANCE_INTERVALS) * interval_ns)
    first = np.searchsorted(times, start_ns, side="right") - 1
    last = np.searchsorted(times, end_ns, side="right") - 1
    is_trusted = np.isin(recording.label_origin, spec.trusted)
    labelled = end_ns <= known_until_ns
    labelled &= is_trusted[first] & is_trusted[last]
    labelled &= first >= recording.header.padding_frames
    return np.asarray(labelled)


def _last_of_segment(times: TimeArray, segments: IndexArray) -> TimeArray:
    ends = np.concatenate([np.flatnonzero(np.diff(segments)), [len(times) - 1]])
    return np.asarray(times[ends[segments]])


def _labels(told: HeadLabels, now_ns: TimeArray, start_ns: TimeArray, end_ns: TimeArray) -> npt.NDArray[Any]:
    """Return what windows whose last frame is at `now_ns` should answer. Shape (N, columns)."""
    states = told.mean(start_ns, end_ns)
    if isinstance(told.head, Axes) and told.head.deltas:
        states = states - told.at(now_ns)
    return states


def windows_by_recording(index: WindowIndex) -> list[int]:
    """Count the windows of each recording."""
    counts: list[int] = np.bincount(index.recording_N, minlength=len(index.recordings)).tolist()
    return counts
