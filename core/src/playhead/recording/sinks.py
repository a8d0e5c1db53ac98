"""Where the frames of a drive go: a recording on the disk, a buffer, a list of a test, or several of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from playhead.capture import FrameArray
from playhead.errors import BadValue
from playhead.events import Event, Origin
from playhead.labelling import Row
from playhead.storage.pacing import Say, say_on_stderr
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter, Summary

HOME = "home"  # as a sink: a recording in the home folder


class Sink(Protocol):
    """Takes frames as `playhead.storage.writer.RecordingWriter` does, which is one.

    A sink that has `add_events` as well is told what was pressed and released, in order.
    """

    def append(
        self, frame_HWC: FrameArray, time_ns: int, labels: Mapping[str, Row], origin: Origin,
        telemetry: Mapping[str, float], dropped: int, columns: Mapping[str, Any] | None = None,
        cameras: Mapping[str, FrameArray] | None = None,
    ) -> object:  # fmt: skip
        """Take one frame, which is its own; `columns` and `cameras` only where there are some."""
        ...

    def close(self) -> object:
        """Take notice that nothing more comes."""
        ...


NewSink = Callable[[RecordingHeader], Sink]
AnySink = str | Sink | NewSink | Sequence[str | Sink | NewSink]


class Sinks:
    """Several sinks as one that a recording goes into; a context manager. `kept` are not closed by it."""

    def __init__(self, own: Sequence[Sink], kept: Sequence[Sink] = ()) -> None:
        self._own = own
        self._all = [*own, *kept]
        self._writers = [sink for sink in own if isinstance(sink, RecordingWriter)]
        # The one place that asks a sink what else it has: others write them.
        self._events = [sink.add_events for sink in self._all if hasattr(sink, "add_events")]

    @property
    def name(self) -> str:
        """What the recording is called, or what kind of sink there is without one."""
        return next((one.name for one in self._writers), type(self._all[0]).__name__)

    @property
    def bytes_taken(self) -> int:
        """Bytes that went to the disk."""
        return sum(one.bytes_taken for one in self._writers)

    @property
    def dropped(self) -> int:
        """Frames lost so far."""
        return max((one.dropped for one in self._writers), default=0)

    def __enter__(self) -> Sinks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as closing:  # whatever one of them says, the others are closed
            for sink in self._own:
                if isinstance(sink, RecordingWriter):
                    closing.callback(sink.__exit__, kind, error, trace)
                else:
                    closing.callback(sink.close)

    def append(self, frame_HWC: FrameArray, *rest: Any, **more: Any) -> None:
        """Give one frame to each, a copy to those that are no recording."""
        for sink in self._all:
            if isinstance(sink, RecordingWriter):  # which copies
                sink.append(frame_HWC, *rest, **more)
                continue
            if cameras := more.get("cameras"):
                more = {**more, "cameras": {name: picture_HWC.copy() for name, picture_HWC in cameras.items()}}
            sink.append(frame_HWC.copy(), *rest, **more)

    def add_events(self, events: Iterable[Event]) -> None:
        """Give events to those that want them."""
        taken = list(events)
        for add_events in self._events:
            add_events(taken)

    def add_measures(self, measures: Mapping[str, float]) -> None:
        """Tell recordings what the drive is scored by."""
        for one in self._writers:
            one.add_measures(measures)

    def close(self) -> Summary | None:
        """Return what the recording holds, if one of them is one."""
        return next((one.close() for one in self._writers), None)


class SinkOpener:
    """Opens what a session was asked to record into, for one recording after another.

    `sink` is "home" (a recording in a new folder), a sink, which gets all of them and is closed with the opener,
    or a function that makes one of a recording's header; or several of these.
    """

    def __init__(self, sink: AnySink, new_folder: Callable[[], Path], say: Say = say_on_stderr) -> None:
        asked = list(sink) if isinstance(sink, Sequence) and not isinstance(sink, str) else [sink]
        wrong = [one for one in asked if not _is_sink(one)]
        if wrong or not asked:
            raise BadValue(
                f'A sink is "{HOME}", something with append and close, or a function of a header; not '
                f"{wrong[0] if wrong else 'nothing'!r}."
            )
        self._asked = asked
        self._kept: list[Any] = [one for one in asked if one != HOME and hasattr(one, "append")]
        self._new_folder = new_folder
        self._say = say

    def open(self, header: RecordingHeader, *, drop_when_full: bool) -> RecordingWriter | Sinks:
        """Open all sinks for a recording of this header."""
        own: list[Any] = []
        try:
            for one in self._asked:
                if one == HOME:
                    folder = self._new_folder()
                    own.append(RecordingWriter(folder, header, drop_when_full=drop_when_full, say=self._say))
                elif callable(one) and not hasattr(one, "append"):
                    own.append(one(header))
        except BaseException:
            Sinks(own).__exit__(*sys.exc_info())
            raise
        return own[0] if self._asked == [HOME] else Sinks(own, self._kept)

    def close(self) -> None:
        """Close the sinks that took all recordings."""
        with ExitStack() as closing:
            for sink in self._kept:
                closing.callback(sink.close)


def _is_sink(one: object) -> bool:
    return one == HOME or callable(one) or (hasattr(one, "append") and hasattr(one, "close"))
