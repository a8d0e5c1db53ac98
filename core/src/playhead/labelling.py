"""What was held when: the state of every head at any time, from events. The one definition, for all who label.

The label of a moment is the state after every event up to and including that moment: in a world in lockstep a
driver sees a frame and presses at the same nanosecond, and that press is the answer to that frame.

    `HeldLabels`     one event after the other, while it is recorded
    `head_labels`    a whole recording at once: at any time, or the mean over a stretch of time

A motion has no state. Its label is a speed: how far it went from a frame to the next, over the time between them.
What happens at the very moment of a frame comes after it, as an answer does.

A person and whatever else plays have a hand each: a key is held as long as either holds it, so that a network that
lets go at a take-over does not let go for the person.

Shape legend: T frames, E events, S steps of one track, N moments asked for, A columns of one head.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.conversions import Conversion
from playhead.events import PLAYED, Event, Origin
from playhead.labels import Axes, Choice, Head, LabelSchema
from playhead.tracks import (
    StateArray,
    Steps,
    TimeArray,
    Track,
    choice_track,
    control_track,
    frame_tracks,
    held_state,
)

Row = npt.NDArray[np.generic]
Array = npt.NDArray[Any]


class HeldLabels:
    """Follows events and says the label row of every head at any moment in between.

    `controls` maps labels to codes. A choice is the class whose code was pressed last and is still held; with
    none held, the first class without a control ("none"), or else the class chosen last.
    """

    def __init__(self, schema: LabelSchema, controls: Mapping[str, str], *, device: str = PLAYED) -> None:
        self._schema = schema
        self._controls = dict(controls)
        self._codes = frozenset(controls.values())
        self._device = device
        self._held: dict[tuple[str, bool], float] = {}
        self._idle = {name: _idle_class(head, controls) for name, head in schema.heads if isinstance(head, Choice)}
        self._chosen = {name: idle or 0 for name, idle in self._idle.items()}
        self._rows: dict[str, Row] | None = None

    def advance(self, event: Event) -> None:
        """Take one event, if it is of the device followed and of a control."""
        if event.device != self._device or event.code not in self._codes:
            return
        hand = event.code, event.origin is Origin.HUMAN
        self._held.pop(hand, None)
        if event.value:
            self._held[hand] = event.value
        self._rows = None
        if None in self._idle.values():  # what is pressed and let go of between two frames stays
            self.rows()

    def moving(self, events: Iterable[Event], start_ns: int, end_ns: int) -> dict[str, Row]:
        """Return the rows of motions from a frame to the next, given everything that happened meanwhile."""
        motions = [(name, head) for name, head in self._schema.heads if isinstance(head, Axes) and head.is_motion]
        if not motions:
            return {}
        mine = [one for one in events if one.device == self._device and one.is_motion]
        edges_ns, told = np.array([start_ns, end_ns]), {}
        for name, head in motions:
            of_axes = [[one for one in mine if one.code == self._controls.get(axis)] for axis in head.names]
            speeds = [_speeds(edges_ns, [e.time_ns for e in of], [e.value for e in of], head) for of in of_axes]
            told[name] = np.concatenate(speeds).astype(head.dtype)
        return told

    def rows(self) -> dict[str, Row]:
        """Return the present label row of every head; of motions the speed held, where events say such.

        Shapes:  each (A,) of the head's dtype.
        """
        if self._rows is None:
            held = self._held_codes()
            self._rows = {name: self._row(name, head, held) for name, head in self._schema.heads}
        return self._rows

    def _held_codes(self) -> dict[str, float]:
        """Return the value of every code that is held, the one pressed last at the end."""
        held: dict[str, float] = {}
        for (code, _), value in self._held.items():
            held.pop(code, None)
            held[code] = value
        return held

    def _row(self, name: str, head: Head, held: Mapping[str, float]) -> Row:
        codes = [self._controls.get(label) for label in head.names]
        if isinstance(head, Choice):
            pressed = [codes.index(code) for code in held if code in codes]
            idle = self._idle[name]
            if pressed or idle is not None:
                self._chosen[name] = pressed[-1] if pressed else idle or 0
            return np.array([self._chosen[name]], dtype=head.dtype)
        values = np.array([held.get(code, 0.0) if code else 0.0 for code in codes], dtype=np.float64)
        return held_state(head, values).astype(head.dtype)


def _speeds(
    edges_ns: TimeArray, times_ns: npt.ArrayLike, ways: npt.ArrayLike, head: Axes
) -> StateArray:  # fmt: skip
    """Return how fast something moved between edges, as a share of the head's full speed.

    Shapes:  edges_ns (T + 1,) rising; times_ns and ways (S,); returns (T,).
    """
    times_ns, ways = np.asarray(times_ns, np.int64), np.asarray(ways, np.float64)
    between_S = np.searchsorted(edges_ns, times_ns, side="right") - 1
    is_inside_S = (between_S >= 0) & (between_S < len(edges_ns) - 1)
    way_T = np.bincount(between_S[is_inside_S], ways[is_inside_S], len(edges_ns) - 1)
    speeds: StateArray = np.clip(way_T / (np.diff(edges_ns) / NS_PER_S) / head.full_per_s, -1, 1)
    return speeds


def _idle_class(head: Choice, controls: Mapping[str, str]) -> int | None:
    """Return the class that is chosen while nothing is held; None where the class chosen last stays."""
    return next((place for place, label in enumerate(head.names) if label not in controls), None)


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadLabels:
    """The labels of one head of one recording at any time, and whose they are.

    Shapes:  tracks one a column; origin_T (T,) numbers of events.Origin, one a frame.
    """

    head: Head
    tracks: Sequence[Track]
    origin_T: npt.NDArray[np.uint8]

    def at(self, time_ns_N: TimeArray) -> Array:
        """Return the state at each moment. Shape (N, A), class numbers int64, all else float32."""
        return np.stack([track.at(time_ns_N) for track in self.tracks], 1).astype(label_dtype(self.head))

    def mean(self, start_ns_N: TimeArray, end_ns_N: TimeArray) -> Array:
        """Return the mean over each stretch of time, of classes the one chosen longest. Shape (N, A)."""
        if len(start_ns_N) == 0 or np.array_equal(start_ns_N, end_ns_N):
            return self.at(start_ns_N)
        over = Track.longest if isinstance(self.head, Choice) else Track.mean
        means = [over(track, start_ns_N, end_ns_N) for track in self.tracks]
        return np.stack(means, 1).astype(label_dtype(self.head))


def label_dtype(head: Head) -> npt.DTypeLike:
    """Return how labels are learned: whole class numbers, shares of keys held, values of axes."""
    return np.int64 if isinstance(head, Choice) else np.float32


class Labelled(Protocol):
    """What is asked of a recording for its labels; see `playhead.data.source.Source`."""

    @property
    def header(self) -> Any: ...  # noqa: D102
    @property
    def frame_time_ns(self) -> TimeArray: ...  # noqa: D102
    @property
    def labels(self) -> Mapping[str, Array]: ...  # noqa: D102
    @property
    def label_origin(self) -> npt.NDArray[np.uint8]: ...  # noqa: D102
    @property
    def events(self) -> Array: ...  # noqa: D102


@runtime_checkable
class LabelsHeads(Protocol):
    """A recording that says the labels of its heads itself, because they are not those that were recorded."""

    def head_labels(self, name: str, head: Head) -> HeadLabels:
        """Return the labels of a head."""
        ...


def head_labels(recording: Labelled, name: str, head: Head) -> HeadLabels:
    """Return the labels of a head of a recording: as it says itself, else as they were recorded.

    They come from the events of the device whose events are the labels, exact to the nanosecond, where there are
    such events and the head's names have controls; of keys and axes all of them, of a choice some. Anything else
    comes from the frames' labels.
    """
    if isinstance(recording, LabelsHeads):
        return recording.head_labels(name, head)
    rows_TA = np.asarray(recording.labels[name], dtype=np.float64)
    controls = dict(recording.header.game.get("controls", {}))
    controlled = [label in controls for label in head.names]
    events = recording.events
    events = events[events["device"] == recording.header.label_device]
    if len(events) and len(rows_TA) and (any if isinstance(head, Choice) else all)(controlled):
        first_ns = int(recording.frame_time_ns[0])
        if isinstance(head, Axes) and head.is_motion:
            tracks = _motion_tracks(events, head, controls, recording.frame_time_ns)
        else:
            tracks = _event_tracks(events, head, controls, first_ns, rows_TA[0])
    else:
        tracks = frame_tracks(recording.frame_time_ns, rows_TA)
    return HeadLabels(head=head, tracks=tracks, origin_T=recording.label_origin)


def held_labels(recording: Labelled, name: str, head: Head) -> HeadLabels | None:
    """Return what was really held of a head, whosever keys are the labels; None where nobody knows."""
    controls = dict(recording.header.game.get("controls", {}))
    controlled = [label in controls for label in head.names]
    if recording.header.label_device == PLAYED:
        return head_labels(recording, name, head) if name in recording.labels else None
    if not (any if isinstance(head, Choice) else all)(controlled):
        return None
    events = recording.events
    first_A = np.zeros(head.columns)
    if isinstance(head, Choice):
        first_A[0] = _idle_class(head, controls) or 0
    played = events[events["device"] == PLAYED]
    if isinstance(head, Axes) and head.is_motion:
        tracks = _motion_tracks(played, head, controls, recording.frame_time_ns)
        return HeadLabels(head=head, tracks=tracks, origin_T=recording.label_origin)
    start_ns = min([int(recording.frame_time_ns[0]), *played["time_ns"][:1].tolist()]) - 1  # nothing is held yet
    tracks = _event_tracks(played, head, controls, start_ns, first_A)
    return HeadLabels(head=head, tracks=tracks, origin_T=recording.label_origin)


def action_numbers(schema: LabelSchema, states: Mapping[str, Array]) -> npt.NDArray[np.float32]:
    """Return states of all heads as one table of numbers: a column a name, a class as 1 among 0.

    Shapes:  states head -> (N, A); returns (N, columns), as `inputs.action_columns` names them.
    """
    columns = []
    for name, head in schema.items():
        if isinstance(head, Choice):
            is_class = np.where(np.isnan(states[name]), np.nan, states[name] == np.arange(len(head.names)))
            columns.append(is_class)
        else:
            columns.append(states[name])
    return np.concatenate(columns, 1).astype(np.float32)


def _event_tracks(
    events: Array, head: Head, controls: Mapping[str, str], start_ns: int, first_A: StateArray
) -> list[Track]:
    if not isinstance(head, Choice):
        of_columns = zip(head.names, first_A.tolist(), strict=True)
        return [control_track(Steps.of(events, [controls[n]]), head, start_ns, first) for n, first in of_columns]
    classes = [place for place, label in enumerate(head.names) if label in controls]
    steps = Steps.of(events, [controls[head.names[place]] for place in classes])
    return [choice_track(steps, classes, _idle_class(head, controls), start_ns, int(first_A[0]))]


def _motion_tracks(
    events: Array, head: Axes, controls: Mapping[str, str], time_ns_T: TimeArray
) -> list[Track]:  # fmt: skip
    """Return the tracks of motions, each from its frame to the next: the last lasts as long as the one before."""
    time_ns_T = np.asarray(time_ns_T, np.int64)
    last_ns = time_ns_T[-1] - time_ns_T[-2] if len(time_ns_T) > 1 else NS_PER_S
    edges_ns = np.append(time_ns_T, time_ns_T[-1] + last_ns)
    of_axes = [events[events["code"] == controls[axis]] for axis in head.names]
    return [Track(time_ns_T, _speeds(edges_ns, of["time_ns"], of["value"], head)) for of in of_axes]


def derived_labels(told: HeadLabels, conversion: Conversion) -> HeadLabels:
    """Return the labels of the head that a conversion derives from another: its state whenever that changes."""
    time_ns_S = np.unique(np.concatenate([track.time_ns_S for track in told.tracks]))
    rows_SA = np.stack([track.at(time_ns_S) for track in told.tracks], 1).astype(told.head.dtype)
    tracks = frame_tracks(time_ns_S, np.asarray(conversion(rows_SA), dtype=np.float64))
    return HeadLabels(head=conversion.target, tracks=tracks, origin_T=told.origin_T)
