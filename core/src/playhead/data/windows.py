"""Which windows of which recordings may be learned from, and what each should answer. Reads no pixel.

A window is at the moment of one frame. Each of its inputs is looked at by time, at offsets from that moment
(playhead/windows.py says which frame that is). What it should answer holds at one or many positions, which are
offsets too: the state `latency_s` after the frame there, because acting takes that long, or the mean over the
`label_over_s` that follow.

Shape legend: N windows, B some of them, T moments of an input, L positions of labels, A label columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from playhead.agreement import changed
from playhead.data.frame_table import FrameTable, LabelTable, NumberArray
from playhead.data.source import Source
from playhead.errors import not_found
from playhead.events import Origin
from playhead.inputs import ACTIONS, FRAMES, NS_PER_S, Input, check_no_answer, main_input, named_inputs, nearest_to
from playhead.labels import LabelSchema
from playhead.windows import BoolArray, IndexArray

if TYPE_CHECKING:
    from playhead.training.recipe import Recipe

Pick = Callable[[IndexArray, Sequence[int]], tuple[IndexArray, BoolArray]]


@dataclass(frozen=True, kw_only=True)
class WindowSpec:
    """How windows are picked and labelled; a part of every recipe.

    With `is_unlabelled` the windows are instead those that nobody labelled; what they say as labels means nothing.
    """

    length: int = 1  # of inputs that are names alone
    stride_s: float = 0.25
    latency_s: float = 0.0
    label_over_s: float = 0.0
    origins: tuple[str, ...] = ("human", "script")
    inputs: tuple[str, ...] | Mapping[str, Input] = (FRAMES,)  # only windows in which all their numbers are some
    positions_s: tuple[float, ...] = (0.0,)
    is_unlabelled: bool = False
    beginnings: bool = True  # whether windows at a beginning count, which is looked at as in play

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
            positions_s=recipe.positions_s,
        )

    @property
    def named_inputs(self) -> dict[str, Input]:
        """All inputs by name."""
        return named_inputs(self.inputs, self.length, self.stride_s)

    @property
    def positions_ns(self) -> tuple[int, ...]:
        """Where labels are wanted, in nanoseconds from the moment of a window."""
        return tuple(round(position * NS_PER_S) for position in self.positions_s)

    @property
    def nearest_position(self) -> int:
        """The number of the position nearest to the moment of a window: what its answer stands for elsewhere."""
        return nearest_to(self.positions_s)

    @property
    def has_beginnings(self) -> bool:
        """Whether windows may begin before the first frame, which stands in for what is not there, as in play.

        Not where answers are wanted at several positions, or what comes later is looked at, or past actions are:
        what was held before the first frame nobody knows.
        """
        inputs = self.named_inputs.values()
        looks_back = all(one.offsets_ns[-1] <= 0 and one.source != ACTIONS for one in inputs)
        return self.beginnings and looks_back and len(self.positions_s) == 1 and self.positions_s[0] >= 0

    def trusted(self, head: str) -> tuple[int, ...]:
        """Return the numbers of the origins whose labels of a head count. Raises NotFound for an unknown one."""
        if self.is_unlabelled:
            return (int(Origin.NONE),)
        known = {origin.name.lower(): origin for origin in Origin if origin is not Origin.NONE}
        said = [one.rpartition(":")[::2] for one in self.origins]
        for _, name in said:
            if name not in known:
                raise not_found("origin of labels", name, known)
        own = [name for of, name in said if of == head]
        return tuple(int(known[name]) for name in own or [name for of, name in said if not of])


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowIndex:
    """Every window of some recordings that may be learned from: one number each, beside a table of their frames.

    So a million windows take megabytes, however many frames each looks at; those are picked when it is drawn.
    Shapes:  place_N (N,) the frame whose moment a window has, numbered through all recordings; recording_N and
             frame_N (N,) the same as a recording and a frame of it.
    The label of an axis with deltas is its change since the frame.
    """

    recordings: Sequence[Source]
    schema: LabelSchema
    spec: WindowSpec
    table: FrameTable = field(repr=False)
    place_N: IndexArray
    recording_N: IndexArray = field(init=False)
    frame_N: IndexArray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "recording_N", self.table.recording_F[self.place_N].astype(np.int64))
        object.__setattr__(self, "frame_N", self.place_N - self.table.first_R[self.recording_N])

    @classmethod
    def of(cls, recordings: Sequence[Source], schema: LabelSchema, spec: WindowSpec) -> WindowIndex:
        """Find all windows: all their inputs are there, and a label of some head at some position is known."""
        for of in (one.rpartition(":")[0] for one in spec.origins):
            if of:
                schema.head(of)
        table = FrameTable.of(recordings, schema, spec)
        for interval_ns in np.unique(table.interval_ns_R).tolist():
            check_no_answer(spec.named_inputs, spec.positions_s, spec.latency_s, interval_ns / NS_PER_S)
        return cls(
            recordings=tuple(recordings), schema=schema, spec=spec, table=table,
            place_N=np.flatnonzero(_is_usable(table, spec)),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.place_N)

    def take(self, rows: IndexArray | BoolArray) -> WindowIndex:
        """Return the index of these windows only; recordings keep their numbers."""
        return WindowIndex(
            recordings=self.recordings,
            schema=self.schema,
            spec=self.spec,
            table=self.table,
            place_N=self.place_N[rows],
        )

    @property
    def frames_NT(self) -> IndexArray:  # noqa: N802, named as an array
        """The frames that each window's main input looks at, in their recording. Shape (N, T)."""
        inputs = self.spec.named_inputs
        return (
            self.places(main_input(inputs), np.arange(len(self))) - self.table.first_R[self.recording_N][:, None]
        )

    def places(self, name: str, rows: IndexArray) -> IndexArray:
        """Return the frames that an input looks at, numbered through all recordings. Shape (B, T)."""
        pick = self.table.picked_from_begin if self.spec.has_beginnings else self.table.picked
        return pick(self.place_N[rows], self.spec.named_inputs[name].offsets_ns)[0]

    def numbers(self, name: str, rows: IndexArray) -> NumberArray:
        """Return what an input that is no picture says. Shape (B, T), or (B, T, columns) for past actions."""
        values: NumberArray = self.table.numbers[self.spec.named_inputs[name].source][self.places(name, rows)]
        return values

    @cached_property
    def labels(self) -> LabelTable:
        """What each window answers at the position nearest to its moment, by head. Shape (N, A)."""
        return {name: values[self._nearest[0]] for name, values in self.table.labels.items()}

    @cached_property
    def previous(self) -> LabelTable:
        """The state one frame interval (of the slowest recording) before that position's frame, by head (N, A)."""
        return {name: values[self._nearest[0]] for name, values in self.table.previous.items()}

    @cached_property
    def known(self) -> dict[str, BoolArray]:
        """Whether the label there is known, by head. Shape (N,)."""
        return {name: known[self._nearest[0]] & self._nearest[1] for name, known in self.table.known.items()}

    def positions(self, rows: IndexArray) -> tuple[IndexArray, BoolArray]:
        """Return the frames at which labels are wanted, through all recordings, and which are there (B, L)."""
        return self.table.picked(self.place_N[rows], self.spec.positions_ns)

    def labelled(self, rows: IndexArray) -> tuple[LabelTable, LabelTable, dict[str, BoolArray]]:
        """Return labels and the states before (B, L, A), and which labels are known (B, L), all by head."""
        place_BL, is_there_BL = self.positions(rows)
        labels, previous = (
            {name: values[place_BL] for name, values in table.items()}
            for table in (self.table.labels, self.table.previous)
        )
        return labels, previous, {name: known[place_BL] & is_there_BL for name, known in self.table.known.items()}

    def at_frames(self, place_N: IndexArray) -> WindowIndex:
        """Return windows at other frames, each with the label of its frame alone, whatever else it looks at."""
        return replace(self, spec=replace(self.spec, positions_s=(0.0,)), place_N=place_N)

    @cached_property
    def _nearest(self) -> tuple[IndexArray, BoolArray]:
        offset_ns = self.spec.positions_ns[self.spec.nearest_position]
        if offset_ns == 0:
            return self.place_N, np.ones(len(self), bool)
        place_N1, is_there_N1 = self.table.picked(self.place_N, (offset_ns,))
        return place_N1[:, 0], is_there_N1[:, 0]

    @cached_property
    def time_N(self) -> npt.NDArray[np.float64]:  # noqa: N802, named as an array
        """What time each window stands for: 1 in the slowest recording, in all where they have one rate (N,)."""
        if not self.table.slowest_ns:
            return np.ones(len(self))
        return np.asarray((self.table.interval_ns_R / self.table.slowest_ns)[self.recording_N])

    def by_time(self) -> WindowIndex:
        """Return windows that are as far apart in all recordings as in the slowest: of one rate all of them."""
        if not self.table.slowest_ns:
            return self
        return self.take(np.diff(np.floor(np.cumsum(self.time_N) + 1e-6), prepend=0.0) > 0)

    def changes(self) -> BoolArray:
        """Say for each window whether any head answers something else than the state before. Shape (N,)."""
        changed_N = np.zeros(len(self), dtype=bool)
        for name, head in self.schema.items():
            changed_N |= self.known[name] & changed(head, self.labels[name], self.previous[name]).any(1)
        return changed_N


def _is_usable(table: FrameTable, spec: WindowSpec) -> BoolArray:
    """Say of windows at all frames whether every input is there, and any head known at any position (F,).

    Beginnings count in stretches that are long enough for a whole window, and of stills, which are nothing else.
    """
    known_F = np.logical_or.reduce([*table.known.values(), np.zeros(len(table), bool)])
    answered_F = np.zeros(len(table), bool)
    for offset_ns in spec.positions_ns:
        picked_F1, is_there_F1 = table.picked(np.arange(len(table)), (offset_ns,))
        answered_F |= known_F[picked_F1[:, 0]] & is_there_F1[:, 0]
    whole_F = _is_complete(table, spec, table.picked)
    if not spec.has_beginnings or not (whole_F | table.is_still_F).any():
        return answered_F & whole_F
    has_whole_S = np.bincount(table.segment_F[whole_F], minlength=int(table.segment_F[-1]) + 1) > 0
    begins_F = has_whole_S[table.segment_F] | table.is_still_F
    return answered_F & _is_complete(table, spec, table.picked_from_begin) & begins_F


def _is_complete(table: FrameTable, spec: WindowSpec, pick: Pick) -> BoolArray:
    """Say of windows at all frames whether every input is there (F,)."""
    all_F, complete_F = np.arange(len(table)), np.ones(len(table), bool)
    inputs = [(one.offsets_ns, _is_number(table, one)) for one in spec.named_inputs.values()]
    # An offset at a time: all of a million windows of 64 frames at once would take gigabytes.
    for offset_ns in {offset for offsets_ns, _ in inputs for offset in offsets_ns}:
        picked_F1, is_there_F1 = pick(all_F, (offset_ns,))
        for offsets_ns, is_number_F in inputs:
            if offset_ns in offsets_ns:
                complete_F &= is_there_F1[:, 0]
                complete_F &= True if is_number_F is None else is_number_F[picked_F1[:, 0]]
    return complete_F


def _is_number(table: FrameTable, one: Input) -> BoolArray | None:
    """Say of each frame whether an input is a number there; None for pictures. Shape (F,)."""
    if one.is_pictures or not len(table):
        return None
    return np.asarray(np.isfinite(table.numbers[one.source].reshape(len(table), -1)).all(1))


def unusable(index: WindowIndex) -> dict[str, list[int]]:
    """Count the frames of each recording in which an input is no number, by the name of each that has some."""
    table, counts = index.table, {}
    for name, one in index.spec.named_inputs.items():
        is_number_F = _is_number(table, one)
        if is_number_F is not None and not is_number_F.all():
            recording_N = table.recording_F[~is_number_F]
            counts[name] = np.bincount(recording_N, minlength=len(index.recordings)).tolist()
    return counts


def windows_by_recording(index: WindowIndex) -> list[int]:
    """Count the windows of each recording."""
    counts: list[int] = np.bincount(index.recording_N, minlength=len(index.recordings)).tolist()
    return counts
