"""What is known of every frame of some recordings, one recording after another: times, labels, inputs' numbers.

Windows overlap, so what they share is kept once a frame and not once a window; a window is then one number, the
place of its frame. Reads no pixel.

Shape legend: F frames of all recordings, R recordings, A label columns, N windows, T moments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.data.cameras import camera_of
from playhead.data.source import Source, lacks, seconds_by_rate
from playhead.inputs import ACTIONS, COLUMNS, Input
from playhead.labelling import action_numbers, head_labels, held_labels, label_dtype
from playhead.labels import Axes, Choice, Head, Keys, LabelSchema
from playhead.windows import (
    TOLERANCE_INTERVALS,
    BoolArray,
    IndexArray,
    TimeArray,
    interval_of,
    is_near,
    nearest,
    segments_of,
)

if TYPE_CHECKING:
    from playhead.data.windows import WindowSpec

LabelTable = dict[str, npt.NDArray[Any]]
NumberArray = npt.NDArray[np.float32]

_LONGEST_NS = 10**16  # of a recording, four months: so that many can stand one after another in 64 bits


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameTable:
    """All frames of some recordings.

    Shapes:  first_R (R + 1,) place of each recording's first frame; recording_F (F,) the recording that a frame is
             of; time_ns_F, clock_ns_F (F,) when it was taken, on its recording's clock and on one that all share;
             segment_F (F,) its stretch without a pause, of stills each by itself; is_still_F (F,);
             labels[head], previous[head] (F, A) what a window at that frame should answer, and the state one frame
             interval before; known[head] (F,) whether that is known; numbers[source] (F,) or (F, columns).
    Recordings of several rates are compared by the longest of their intervals, `slowest_ns`: so far back is the
    state before in all of them. It is 0 where they have one rate, and each goes by its own interval.
    """

    first_R: IndexArray
    interval_ns_R: IndexArray
    time_ns_F: TimeArray
    clock_ns_F: TimeArray
    segment_F: IndexArray
    is_still_F: BoolArray
    labels: LabelTable = field(repr=False)
    previous: LabelTable = field(repr=False)
    known: dict[str, BoolArray] = field(repr=False)
    numbers: dict[str, NumberArray] = field(repr=False)
    slowest_ns: int = 0
    recording_F: npt.NDArray[np.int32] = field(init=False, repr=False)

    @classmethod
    def of(cls, recordings: Sequence[Source], schema: LabelSchema, spec: WindowSpec) -> FrameTable:
        """Read what recordings know of their frames. Raises Mismatch where one lacks an input of the spec."""
        inputs = {one.source: one for one in spec.named_inputs.values() if not one.is_pictures}
        offsets_s = [*(o for one in spec.named_inputs.values() for o in one.offsets_s), *spec.positions_s]
        apart_ns = round((max(map(abs, offsets_s)) + 1) * NS_PER_S)
        slowest_ns = 0
        if len(seconds_by_rate(recordings)) > 1:
            slowest_ns = max(interval_of(_times(recording), recording.header.rate_hz) for recording in recordings)
        tables = [cls._of_one(recording, schema, spec, inputs, slowest_ns) for recording in recordings]
        ends_ns = np.cumsum([0, *(int(one.clock_ns_F[-1]) + apart_ns if len(one) else apart_ns for one in tables)])
        segments = np.cumsum([0, *(int(one.segment_F[-1]) + 1 if len(one) else 0 for one in tables)])
        empty = {name: np.empty((0, head.columns), label_dtype(head)) for name, head in schema.items()}
        return cls(
            first_R=np.cumsum([0, *map(len, tables)]).astype(np.int64),
            interval_ns_R=_joined([one.interval_ns_R for one in tables], np.int64),
            time_ns_F=_joined([one.time_ns_F for one in tables], np.int64),
            clock_ns_F=_joined(
                [one.clock_ns_F + end for one, end in zip(tables, ends_ns, strict=False)], np.int64
            ),
            segment_F=_joined([one.segment_F + n for one, n in zip(tables, segments, strict=False)], np.int64),
            is_still_F=_joined([one.is_still_F for one in tables], np.bool_),
            labels={name: np.concatenate([*(one.labels[name] for one in tables), empty[name]]) for name in schema},
            previous={
                name: np.concatenate([*(one.previous[name] for one in tables), empty[name]]) for name in schema
            },
            known={name: _joined([one.known[name] for one in tables], np.bool_) for name in schema},
            numbers={name: _joined([one.numbers[name] for one in tables], np.float32) for name in inputs},
            slowest_ns=slowest_ns,
        )

    @classmethod
    def _of_one(
        cls, recording: Source, schema: LabelSchema, spec: WindowSpec, inputs: dict[str, Input], slowest_ns: int
    ) -> FrameTable:
        """Read what one recording knows; its clock begins at its first frame."""
        times = _times(recording)
        interval_ns = interval_of(times, recording.header.rate_hz)
        segments = segments_of(times, interval_ns) if len(times) else np.empty(0, np.int64)
        if recording.header.are_stills:
            segments = np.arange(len(times), dtype=np.int64)
        labelled = {
            name: _labelled(recording, name, head, spec, segments, interval_ns, slowest_ns or interval_ns)
            for name, head in schema.items()
        }
        return cls(
            first_R=np.array([0, len(times)]),
            interval_ns_R=np.array([interval_ns]),
            time_ns_F=times,
            clock_ns_F=np.minimum(times - times[:1], _LONGEST_NS),
            segment_F=segments,
            is_still_F=np.full(len(times), recording.header.are_stills),
            labels={name: one[0] for name, one in labelled.items()},
            previous={name: one[1] for name, one in labelled.items()},
            known={name: one[2] for name, one in labelled.items()},
            numbers={name: numbers_of(recording, one, schema) for name, one in inputs.items()},
        )

    def __len__(self) -> int:
        return len(self.time_ns_F)

    def __post_init__(self) -> None:
        numbers = np.arange(len(self.interval_ns_R), dtype=np.int32)
        object.__setattr__(self, "recording_F", np.repeat(numbers, np.diff(self.first_R)))

    def picked(self, place_N: IndexArray, offsets_ns: Sequence[int]) -> tuple[IndexArray, BoolArray]:
        """Return the frame nearest to each offset from the time of each frame, and whether it may count as there.

        That is no further than half an interval (and TOLERANCE_INTERVALS) away, without a pause between.
        Shapes:  both (N, T). Where nothing is near, the nearest of the same recording stands in.
        """
        if len(place_N) == 0:
            return np.empty((0, len(offsets_ns)), np.int64), np.empty((0, len(offsets_ns)), bool)
        recording_N1 = self.recording_F[place_N][:, None]
        wanted_NT = self.clock_ns_F[place_N][:, None] + np.array(offsets_ns, np.int64)[None]
        picked_NT = nearest(self.clock_ns_F, wanted_NT)
        picked_NT = np.clip(picked_NT, self.first_R[recording_N1], self.first_R[recording_N1 + 1] - 1)
        picked_NT = np.where(np.array(offsets_ns)[None] == 0, place_N[:, None], picked_NT)
        is_there_NT = is_near(self.clock_ns_F[picked_NT] - wanted_NT, self.interval_ns_R[recording_N1])
        is_there_NT &= self.segment_F[picked_NT] == self.segment_F[place_N][:, None]
        return np.asarray(picked_NT), is_there_NT

    def picked_from_begin(self, place_N: IndexArray, offsets_ns: Sequence[int]) -> tuple[IndexArray, BoolArray]:
        """Return frames as `picked` does, but before a stretch without a pause its first frame, which is there.

        So whoever plays looks at a beginning, too (playing/history.py).
        """
        picked_NT, is_there_NT = self.picked(place_N, offsets_ns)
        first_N1 = self._begins[self.segment_F[place_N]][:, None]
        wanted_NT = self.clock_ns_F[place_N][:, None] + np.array(offsets_ns, np.int64)[None]
        is_before_NT = wanted_NT < self.clock_ns_F[first_N1]
        return np.where(is_before_NT, first_N1, picked_NT), is_there_NT | is_before_NT

    @cached_property
    def _begins(self) -> IndexArray:
        """The first frame of each stretch without a pause."""
        return np.flatnonzero(np.diff(self.segment_F, prepend=-1)).astype(np.int64)


def _times(recording: Source) -> TimeArray:
    return np.asarray(recording.frame_time_ns, dtype=np.int64)[: recording.length]


def _joined(parts: Sequence[npt.NDArray[Any]], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    return np.concatenate(parts).astype(dtype, copy=False) if parts else np.empty(0, dtype)


def _labelled(
    recording: Source, name: str, head: Head, spec: WindowSpec, segments: IndexArray, interval_ns: int,
    before_ns: int,
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], BoolArray]:  # fmt: skip
    """Return label, state `before_ns` before, and whether the label is known, of every frame for one head.

    What a recording does not say is unknown: a head that it lacks, and a value that cannot be.
    """
    times = recording.frame_time_ns[: len(segments)]
    if name not in recording.labels or len(times) == 0:
        nothing = np.zeros((len(times), head.columns), label_dtype(head))
        return nothing, nothing, np.zeros(len(times), bool)
    start_ns = times + round(spec.latency_s * NS_PER_S)
    end_ns = start_ns + round(spec.label_over_s * NS_PER_S)
    if recording.header.are_stills:  # what follows, or was before, is another picture's
        start_ns, end_ns, before_ns = times, times, 0
    told = head_labels(recording, name, head)
    labels, before = told.mean(start_ns, end_ns), told.at(times - before_ns)
    trusted_T = np.isin(told.origin_T, spec.trusted(name))
    known = _is_value(head, labels) & _is_trusted(trusted_T, recording, segments, start_ns, end_ns, interval_ns)
    if isinstance(head, Axes) and head.deltas:
        labels = labels - told.at(times)
        known &= np.isfinite(labels).all(1) & (not recording.header.are_stills)
    before = np.where(_is_value(head, before)[:, None], before, labels)  # nobody knows of a change there
    return np.where(known[:, None], labels, 0), np.where(known[:, None], before, 0), known


def _is_value(head: Head, states_NA: npt.NDArray[Any]) -> BoolArray:
    """Say which states are some that the head can have."""
    if isinstance(head, Choice):
        return np.asarray(((states_NA >= 0) & (states_NA < len(head.names))).all(1))
    if isinstance(head, Keys):
        return np.asarray((np.abs(states_NA - 0.5) < 0.501).all(1))  # means of shares are off by roundings
    return np.asarray(np.isfinite(states_NA).all(1))


def _is_trusted(
    trusted_T: BoolArray, recording: Source, segments: IndexArray, start_ns: TimeArray, end_ns: TimeArray,
    interval_ns: int,
) -> BoolArray:  # fmt: skip
    """Say for each frame whether its label's time was recorded without a pause, trusted, and no padding."""
    times = recording.frame_time_ns[: len(segments)]
    ends = np.concatenate([np.flatnonzero(np.diff(segments)), [len(times) - 1]])
    known_until_ns = times[ends[segments]] + round((1 + TOLERANCE_INTERVALS) * interval_ns)
    first = np.searchsorted(times, start_ns, side="right") - 1
    last = np.searchsorted(times, end_ns, side="right") - 1
    labelled = end_ns <= known_until_ns
    untrusted = np.concatenate([[0], np.cumsum(~trusted_T)])
    labelled &= untrusted[first] == untrusted[last + 1]
    labelled &= first >= recording.header.padding_frames
    return np.asarray(labelled)


def numbers_of(recording: Source, one: Input, schema: LabelSchema) -> NumberArray:
    """Return what an input that is no picture says at every frame; no number where it is unknown.

    Past actions are what was held just before the frame, a class as one column a name.
    Shapes:  (frames,) or (frames, columns). Raises: Mismatch where the recording has no such thing.
    """
    if one.source == ACTIONS:
        return _held_before(recording, schema)
    return np.asarray(_column(recording, one), dtype=np.float32)[: recording.length]


def check_inputs(recording: Source, inputs: Mapping[str, Input], then: str) -> None:
    """Raise Mismatch, saying `then`, where a recording lacks the source of an input."""
    for one in inputs.values():
        if one.is_pictures:
            camera_of(recording, one.source, then)
        elif one.source != ACTIONS:
            _column(recording, one, then)


def _column(recording: Source, one: Input, then: str = "") -> npt.NDArray[Any]:
    kind, name, known = "telemetry", one.source, recording.telemetry
    if one.source.startswith(COLUMNS):
        kind, name = "column of numbers", one.source.removeprefix(COLUMNS)
        known = {column: values for column, values in recording.columns.items() if values.dtype.kind in "biuf"}
    if name in known:
        return known[name]
    raise lacks(recording, kind, name, known, then)


def _held_before(recording: Source, schema: LabelSchema) -> NumberArray:
    before_ns = _times(recording) - 1
    states: dict[str, npt.NDArray[Any]] = {}
    is_known = len(before_ns) and not recording.header.are_stills
    for name, head in schema.items():
        held = held_labels(recording, name, head) if is_known else None
        states[name] = np.full((len(before_ns), head.columns), np.nan) if held is None else held.at(before_ns)
    return action_numbers(schema, states)
