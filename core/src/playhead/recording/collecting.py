"""One session of a collector: what is still missing goes into one recording, whatever interrupts it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any, Literal

from playhead.clock import NS_PER_S
from playhead.devices import DeviceSession
from playhead.errors import BadValue, DeviceFailed, StorageFull, not_found
from playhead.events import Origin
from playhead.recording.collector import Collector, Item, Picture
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter, Summary

ETA_ITEMS = 25  # how many of the last items the time left is judged by; as the original script does


class Eta:
    """How long the rest will take, judged by the last items."""

    def __init__(self) -> None:
        self._durations_s: deque[float] = deque(maxlen=ETA_ITEMS)

    def add(self, duration_s: float) -> None:
        """Take the time that one item took."""
        self._durations_s.append(duration_s)

    def left_s(self, items: int) -> float | None:
        """Return the seconds that so many further items will take; None before the first is done."""
        return fmean(self._durations_s) * items if self._durations_s else None


@dataclass(kw_only=True)
class Collected:
    """What a session of collecting did. `items` were finished now, of `todo`; `recording` None: no picture."""

    todo: int
    items: int = 0
    pictures: int = 0
    ending: Literal["done", "stopped", "time"] = "done"
    recording: Summary | None = None

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        recording = self.recording
        kept = {**vars(recording), "path": str(recording.path), "name": recording.path.name} if recording else {}
        return {**kept, **{name: value for name, value in vars(self).items() if name != "recording"}}


@dataclass(kw_only=True)
class Collecting:
    """One session of a collector on an open device, into one recording.

        items -> those still missing -> script works the device -> picture, label, columns -> writer
                                              ^ first reset to a known state

    `new_writer` is called when the first picture is there; `item_done` after each item. `claim` yields, one after
    the other, those items that nobody else is at.
    Units:  duration_s on the device's clock, 0 for as long as it takes.
    """

    session: DeviceSession
    collector: Collector
    new_writer: Callable[[], RecordingWriter]
    stop: Callable[[], bool] = lambda: False
    duration_s: float = 0.0
    item_done: Callable[[], object] = lambda: None
    claim: Callable[[Sequence[Item]], Iterable[Item]] = lambda todo: todo
    _writer: RecordingWriter | None = field(default=None, init=False)

    def run(self, todo: Sequence[Item]) -> Collected:
        """Collect these items until they are done, somebody stops it or the time is over.

        Raises:  DeviceFailed when the device does, saying what is kept and how to go on; StorageFull likewise.
        """
        collected = Collected(todo=len(todo))
        try:
            with ExitStack() as closing:
                self._collect(todo, collected, closing)
        except DeviceFailed as error:
            raise self._with_what_is_kept(error) from error
        if self._writer is not None:
            collected.recording = self._writer.close()
        return collected

    def _collect(self, todo: Sequence[Item], collected: Collected, closing: ExitStack) -> None:
        clock = self.session.clock
        end_ns = clock.now_ns() + round(self.duration_s * NS_PER_S) if self.duration_s else None
        for item in self.claim(todo):
            for picture in self._pictures(item):
                if self._writer is None:
                    self._writer = closing.enter_context(self.new_writer())
                self._append(self._writer, picture)
                collected.pictures += 1
                if self.stop():
                    break
            else:
                collected.items += 1
                self.item_done()
            if self.stop():
                collected.ending = "stopped"
                return
            if end_ns is not None and clock.now_ns() >= end_ns:
                collected.ending = "time"
                return

    def _pictures(self, item: Item) -> Iterator[Picture]:
        """Yield an item's pictures, each of a part that was asked for, and all of them."""
        collector, wanted = self.collector, {str(part) for part in item.parts}
        for picture in collector.collect(item):
            name, part = picture.columns[collector.item_column], str(picture.columns[collector.part_column])
            if name != item.name or part not in wanted:
                raise BadValue(
                    f'The collector gave "{name}", {part} where "{item.name}" was asked for with the parts '
                    f"{', '.join(sorted(wanted))} still to come. This is a fault of the script."
                )
            wanted.remove(part)
            yield picture
        if wanted:
            raise BadValue(
                f'The collector left out {", ".join(sorted(wanted))} of "{item.name}". '
                "This is a fault of the script."
            )

    @staticmethod
    def _append(writer: RecordingWriter, picture: Picture) -> None:
        origin = Origin.NONE if picture.labels is None else Origin.SCRIPT
        shown, time_ns, labels, columns = picture.picture, picture.time_ns, picture.labels, picture.columns
        if isinstance(shown, bytes):
            writer.append_encoded(shown, time_ns, labels, origin, columns=columns)
        else:
            writer.append(shown, time_ns, labels, origin, columns=columns)

    def _with_what_is_kept(self, error: DeviceFailed) -> DeviceFailed:
        kept = 0
        if self._writer is not None:
            kept = self._writer.close().frames
        there = f"{kept:,} pictures are kept in {self._writer.name}. " if self._writer and kept else ""
        text = f"{error} {there}The same command goes on where it stopped."
        return StorageFull(text) if isinstance(error, StorageFull) else DeviceFailed(text)


def header_of(session: DeviceSession, name: str, collector: Collector, *, notes: str = "") -> RecordingHeader:
    """Say everything about a recording that the collector `name` is about to fill on a device.

    Raises:  NotFound when the columns that tell pictures apart are none of its columns.
    """
    for column in (collector.item_column, collector.part_column):
        if column not in collector.columns:
            raise not_found(f"column of the collector {name}", column, collector.columns)
    header = RecordingHeader.of(session.game, device=session.name, driver=name, rate_hz=session.rate_hz)
    return replace(header, columns=dict(collector.columns), notes=notes)
