"""Writes what a loop shows: each frame with its label, and every event with its own time and origin.

A frame is written one tick late, so that everything pressed up to its time has been heard by then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from playhead.capture import FrameArray
from playhead.clock import NS_PER_S
from playhead.control.drivers import Annotation, Annotator
from playhead.control.loop import Tick
from playhead.errors import listed
from playhead.events import PLAYED, Event, Origin
from playhead.game import Game
from playhead.labelling import HeldLabels, Row
from playhead.names import LONGEST_BYTES, visible
from playhead.storage.pacing import Say, say_on_stderr


class Writer(Protocol):
    """What is needed of storage.writer.RecordingWriter."""

    def append(
        self, frame_HWC: FrameArray, time_ns: int, labels: Mapping[str, Row], origin: Origin,
        telemetry: Mapping[str, float] = ..., dropped: int = 0, columns: Mapping[str, Any] | None = ...,
        cameras: Mapping[str, FrameArray] | None = ...,
    ) -> None:  # fmt: skip
        """Take one frame."""
        ...

    def add_events(self, events: Iterable[Event]) -> None:
        """Take events, in order."""
        ...


class Recorder:
    """A watcher of the loop that feeds a writer.

    `label_device` says whose events are the labels. `more_events` brings what the loop cannot see: what a
    teacher would have pressed. `label_origin` is asked about every frame, by its time. Only the columns named in
    `telemetry` and the `cameras` named are written. With `annotator` the labels are what it says of each frame,
    not what was pressed. Where keys are labels, a frame up to whose end a key of nobody's (origin NONE) was held
    has none.
    """

    def __init__(
        self, writer: Writer, game: Game, *, label_device: str = PLAYED, label_origin: Callable[[int], Origin],
        telemetry: Collection[str] = (), cameras: Collection[str] = (),
        more_events: Callable[[], list[Event]] = list, annotator: Annotator | None = None,
        say: Say = say_on_stderr,
    ) -> None:  # fmt: skip
        self._writer = writer
        self._held = HeldLabels(game.schema, game.controls, device=label_device)
        self._label_device = label_device if annotator is None else ""
        self._nobodys: set[str] = set()  # keys of nobody's that are held
        self._label_origin = label_origin
        self._telemetry = frozenset(telemetry)
        self._cameras = tuple(cameras)
        self._known_cameras = set(cameras)
        self._known = set(telemetry)
        self._say = say
        self._more_events = more_events
        self._annotator = annotator
        self._annotation: Annotation | None = None
        self._waiting: deque[Event] = deque()
        self._tick: Tick | None = None
        self._tick_dropped = 0
        self._drops = Drops()
        self._origin = Origin.NONE
        self._interval_ns = NS_PER_S  # from the last frame to the one before it
        self.frames = 0

    def saw(self, tick: Tick) -> None:
        """Take a tick: write the frame before it, whose label is known for certain now."""
        self._take(tick.events)
        self._drops.late += tick.dropped
        if self._tick is not None and tick.captured.time_ns <= self._tick.captured.time_ns:
            return  # the source has shown nothing new since: a picture is stored once
        self._write(tick.captured.time_ns)
        self._tick = tick
        self._tick_dropped = self._drops.take(tick.captured.number)
        self._origin = self._label_origin(tick.captured.time_ns)
        self._annotation = self._annotator.annotation() if self._annotator is not None else None

    def ended(self, events: Sequence[Event]) -> None:
        """Write the last frame and the releases at the end."""
        self._take(events)
        self._write(None)

    def _take(self, events: Sequence[Event]) -> None:
        events = [*events, *self._more_events()]
        if events:
            events.sort(key=_time)
            self._writer.add_events(events)
            self._waiting.extend(events)

    def _write(self, next_ns: int | None) -> None:
        """Write the frame that waits; `next_ns` is the time of the one after it."""
        if self._tick is None:
            return
        captured, self._tick = self._tick.captured, None  # once, also where a sink refuses it
        self._interval_ns = next_ns - captured.time_ns if next_ns is not None else self._interval_ns
        moving = self._held.moving(self._waiting, captured.time_ns, captured.time_ns + self._interval_ns)
        while self._waiting and self._waiting[0].time_ns <= captured.time_ns:
            event = self._waiting.popleft()
            if event.is_motion:
                continue
            self._held.advance(event)
            if self._is_nobodys(event):
                (self._nobodys.add if event.value else self._nobodys.discard)(event.code)
        is_nobodys = bool(self._nobodys) or any(
            self._is_nobodys(event) for event in self._waiting if next_ns is None or event.time_ns <= next_ns
        )
        if not captured.telemetry.keys() <= self._known:
            self._tell_late(captured.telemetry.keys() - self._known)
        if not captured.cameras.keys() <= self._known_cameras:
            self._tell_late_cameras(captured.cameras.keys() - self._known_cameras)
        told = {name: value for name, value in captured.telemetry.items() if name in self._telemetry}
        labels = {**self._held.rows(), **moving} if self._annotation is None else self._annotation.labels
        more: dict[str, Any] = {} if self._annotation is None else {"columns": self._annotation.columns}
        if self._cameras:  # named by the writer where a frame lacks one
            more["cameras"] = {name: captured.cameras[name] for name in self._cameras if name in captured.cameras}
        self._writer.append(
            captured.frame_HWC, captured.time_ns, labels, Origin.NONE if is_nobodys else self._origin, told,
            self._tick_dropped, **more,
        )  # fmt: skip
        self.frames += 1

    def _is_nobodys(self, event: Event) -> bool:
        return event.device == self._label_device and event.origin is Origin.NONE and not event.is_motion

    def _tell_late(self, names: set[str]) -> None:
        """Say once which telemetry is not kept, because the first frame did not have it and nobody named it."""
        self._known |= names
        late = sorted(filter(is_telemetry_name, names))
        if late:
            self._say(
                f"Warning: the telemetry {listed(late)} came after the first frame and is not recorded. The "
                'device must name it before: its option "telemetry", or telemetry_names of its capture.'
            )

    def _tell_late_cameras(self, names: set[str]) -> None:
        self._known_cameras |= names
        self._say(
            f"Warning: the camera {', '.join(sorted(names))} was not named before the first frame and is not "
            'recorded. The device must name it: its option "cameras", or cameras of its capture.'
        )


def is_telemetry_name(name: str) -> bool:
    """Whether a recording can keep an array of that name."""
    is_plain = visible(name) == name and "/" not in name and not name.startswith((".", "__"))
    return is_plain and 0 < len(name.encode()) <= LONGEST_BYTES and name != "zarr.json"


class Drops:
    """Counts what was lost: frames a source showed and nobody took, or, where that is more, deadlines passed over.

    Both by their sums and not one by one. A loop that is late and a number that is missing are mostly the same
    drop, a tick apart; and numbers that come from rounded times stand still once and then jump by two.
    """

    def __init__(self) -> None:
        self.late = 0
        self._first: int | None = None
        self._taken = 0
        self._counted = 0

    def take(self, number: int) -> int:
        """Take the number of the next frame; return how many were lost since the one before."""
        if self._first is None:
            self._first = number
        lost = max(self.late, number - self._first - self._taken)
        self._taken += 1
        more = max(0, lost - self._counted)
        self._counted += more
        return more


def _time(event: Event) -> int:
    return event.time_ns
