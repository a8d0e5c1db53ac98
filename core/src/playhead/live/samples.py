"""Samples: the frames of one window and what its label takes, cut out of a drive; sets of them, as recordings.

Frames of a strip that no picture input looks at keep their numbers, and are black: they are there for past
actions, telemetry and the label's time. In a set's recording strips stand one behind another, a pause apart. A
column says at which frame the moment of each sample is, and only that can be learned from: those before it are
nobody's.

Shape legend: T frames of a strip, A label columns.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import BadValue
from playhead.events import Event, Origin
from playhead.inputs import FRAMES
from playhead.live.drives import MemoryDrive
from playhead.names import fault_of, visible
from playhead.storage.pictures import coder_of
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter
from playhead.windows import TOLERANCE_INTERVALS, interval_of

PAUSE_NS = 10 * NS_PER_S  # between two strips: longer than a pause, and than any window looks
# What a set's recording says of each frame. `moment` is the number of a sample from 1 on, 0 beside one.
COLUMNS = {"moment": "int32", "buffer": "S64", "bin": "S64", "drive": "int64", "drive_ns": "int64"}
MOST_SHOWN = 200  # letters of what a set is and should be
THEN = "Start its collector again with the options of this live system."
Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One window with what labels it. `buffer` and `bin` say what it was taken for.

    Shapes:  time_ns (T,); pictures T, empty where nothing looks; labels head -> (T, A); telemetry name -> (T,).
    `held` is what was down before the first frame, as events; `moment` is the number of the window's frame.
    """

    time_ns: npt.NDArray[np.int64]
    pictures: Sequence[bytes]
    labels: Mapping[str, Array]
    origin: npt.NDArray[np.uint8]
    telemetry: Mapping[str, Array]
    events: Sequence[Event]
    held: Sequence[Event]
    moment: int
    drive: int
    buffer: str = ""
    bin: str = ""


@dataclass(frozen=True, kw_only=True)
class SampleSet:
    """What a collector sends in one call. `name` is given once in the world; `alone` as in the balancing."""

    name: str
    header: RecordingHeader
    samples: Sequence[Sample]
    is_held_out: bool = False
    alone: bool = False
    seen: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    sent: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    wished: Sequence[str] = ()


class Cutter:
    """Cuts samples out of one drive. `index` are its windows, found as a training finds them."""

    def __init__(self, drive: MemoryDrive, index: WindowIndex) -> None:
        self._drive, self._index = drive, index
        self._times = drive.frame_time_ns
        self._interval_ns = interval_of(self._times, drive.header.rate_hz)
        self._labels, self._telemetry, self._origin = drive.labels, drive.telemetry, drive.label_origin
        self._events = sorted(drive.told, key=lambda one: one.time_ns)
        self._event_ns = np.array([one.time_ns for one in self._events], np.int64)
        spec = index.spec
        self._after_ns = round((spec.latency_s + spec.label_over_s + max(0.0, *spec.positions_s)) * NS_PER_S)

    def cut(self, row: int) -> Sample:
        """Cut the sample of one window of the index."""
        moment = int(self._index.frame_N[row])
        places = {
            name: set(self._index.places(name, np.array([row]))[0].tolist())
            for name in self._index.spec.named_inputs
        }
        first = min([moment, *(place for frames in places.values() for place in frames)])
        last = self._last(moment)
        looked = set[int]()
        for name, one in self._index.spec.named_inputs.items():
            looked |= places[name] if one.is_pictures else set()
        frames = slice(first, last + 1)
        origin = self._origin[frames].copy()
        origin[: moment - first] = int(Origin.NONE)
        begin = int(np.searchsorted(self._event_ns, self._times[first], "left"))
        end = int(np.searchsorted(self._event_ns, self._times[last] + self._after_ns, "right"))
        return Sample(
            time_ns=self._times[frames],
            pictures=[self._drive.pictures[n] if n in looked else b"" for n in range(first, last + 1)],
            labels={name: rows[frames] for name, rows in self._labels.items()},
            origin=origin,
            telemetry={name: values[frames] for name, values in self._telemetry.items()},
            events=self._events[begin:end],
            held=_held(self._events[:begin]),
            moment=moment - first,
            drive=self._drive.header.seed or 0,
        )

    def _last(self, moment: int) -> int:
        """Return the last frame that a label takes: with one more the next frame would have one, too."""
        end_ns = self._times[moment] + self._after_ns - round(TOLERANCE_INTERVALS * self._interval_ns)
        return max(moment, int(np.searchsorted(self._times, end_ns, "left")) - 1)


def _held(events: Iterable[Event]) -> list[Event]:
    """Return the presses that nobody has let go of."""
    held: dict[tuple[str, str, bool], Event] = {}
    for one in events:
        held.pop(_hand(one), None)
        if one.value:
            held[_hand(one)] = one
    return list(held.values())


def _hand(one: Event) -> tuple[str, str, bool]:
    return one.device, one.code, one.origin is Origin.HUMAN


def window_spec(spec: WindowSpec) -> WindowSpec:
    """Return a recipe's windows without those at a beginning, which a strip would not tell from others."""
    return replace(spec, beginnings=False)


def write_set(folder: Path, one: SampleSet, tags: Mapping[str, str]) -> int:
    """Write a set as a recording and return its bytes. Raises StorageFull or DeviceFailed from the disk."""
    header = replace(one.header, columns=dict(COLUMNS), cameras={}, padding_frames=0, tags=dict(tags), seed=None)
    black = coder_of(header.codecs_of(FRAMES), where=one.name).encode(np.zeros(header.frame.shape, np.uint8))
    start_ns, before = PAUSE_NS, list[Event]()
    with RecordingWriter(folder, header, sync_s=math.inf) as writer:  # worth nothing until it is whole
        # What was held before the first frame of a recording nobody knows: so that one belongs to no sample.
        writer.append_encoded(black, 0)
        for number, sample in enumerate(one.samples, start=1):
            shift_ns = start_ns - int(sample.time_ns[0])
            writer.add_events(_transition(before, sample.held, start_ns - 1))
            writer.add_events(_shifted(sample.events, shift_ns))
            for picture, time_ns, labels, origin, telemetry, columns in _frames(sample, number, shift_ns, black):
                writer.append_encoded(picture, time_ns, labels, origin, telemetry, columns=columns)
            before = _held([*sample.held, *sample.events])
            start_ns += int(sample.time_ns[-1] - sample.time_ns[0]) + PAUSE_NS
        summary = writer.close()
    return summary.bytes


def _frames(sample: Sample, number: int, shift_ns: int, black: bytes) -> Iterator[tuple[Any, ...]]:
    """Yield what a writer takes of each frame."""
    for place, picture in enumerate(sample.pictures):
        is_moment = place == sample.moment
        origin = Origin(int(sample.origin[place]))
        labels = {} if origin is Origin.NONE else {name: rows[place] for name, rows in sample.labels.items()}
        columns = {
            "moment": number if is_moment else 0,
            "buffer": sample.buffer if is_moment else "",
            "bin": sample.bin if is_moment else "",
            "drive": sample.drive,
            "drive_ns": int(sample.time_ns[place]),
        }
        telemetry = {name: float(values[place]) for name, values in sample.telemetry.items()}
        time_ns = int(sample.time_ns[place]) + shift_ns
        yield picture or black, time_ns, labels, origin, telemetry, columns


def _transition(before: Sequence[Event], after: Sequence[Event], time_ns: int) -> list[Event]:
    """Return the events by which what was held at the end of a strip becomes what is held before the next."""
    was, becomes = ({_hand(one): one for one in events} for events in (before, after))
    released = [replace(one, value=0.0, time_ns=time_ns) for hand, one in was.items() if hand not in becomes]
    pressed = [one for hand, one in becomes.items() if hand not in was or was[hand].value != one.value]
    return released + [replace(one, time_ns=time_ns) for one in pressed]


def _shifted(events: Iterable[Event], shift_ns: int) -> list[Event]:
    return [replace(one, time_ns=one.time_ns + shift_ns) for one in events]


def check_set(one: SampleSet, wanted: RecordingHeader) -> None:
    """Raise BadValue for a set of another game, schema or picture than are wanted, or that holds nonsense."""
    fault = fault_of(one.name) or ("holds a space" if " " in one.name else "")
    if fault:
        raise BadValue(f'A set is refused: its name, "{visible(str(one.name))[:80]}", {fault}. {THEN}')
    ours, theirs = _identity(wanted), _identity(one.header)
    for what in ours:
        if ours[what] != theirs[what]:
            raise BadValue(
                f"The set {one.name} is refused: its {what} is {str(theirs[what])[:MOST_SHOWN]}, "
                f"{str(ours[what])[:MOST_SHOWN]} is wanted. {THEN}"
            )
    for number, sample in enumerate(one.samples, start=1):
        if fault := _fault_of_sample(sample, one.header):
            raise BadValue(f"The set {one.name} is refused: of its sample {number} {fault}. {THEN}")


def _fault_of_sample(sample: Sample, header: RecordingHeader) -> str:
    """Return in a few words what is wrong with a sample that was sent; "" where nothing is."""
    frames = len(sample.pictures)
    rows = {**sample.labels, **sample.telemetry, "times": sample.time_ns, "origins": sample.origin}
    if sample.labels.keys() != header.schema.keys() or not sample.telemetry.keys() <= {*header.telemetry}:
        return "labels or telemetry are others than its header says"
    wrong = next((name for name, values in rows.items() if len(values) != frames), "")
    if wrong:
        return f"there are {frames} pictures and {len(rows[wrong])} of {wrong}"
    if not 0 <= sample.moment < frames:
        return f"the moment is frame {sample.moment} of {frames}"
    return "" if np.all(np.diff(sample.time_ns) > 0) else "the times do not rise"


def _identity(header: RecordingHeader) -> dict[str, Any]:
    frame = header.frame
    return {
        "game": header.game.get("name"),
        "picture": f"{frame.width}x{frame.height} {frame.colour}",
        "rate": f"{header.rate_hz:g} Hz",
        "schema": header.schema.to_json(),
        "version": header.tool_version,
    }
