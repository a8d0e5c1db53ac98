"""The files of one recording while it is written, and the order that keeps it valid at every moment.

pictures -> shard        append(): behind the last one, seen by nobody
index                    publish(): 1. names the pictures, checksum and all, in place, within one page
rows of small arrays                2. behind the last row
their shapes                        3. zarr.json replaced, one array after the other
shapes of pictures                  4. that of frames last: so a recording is as long as it says, all else is there
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import numpy.typing as npt

from playhead.decoding import encode_json
from playhead.events import Event, Origin
from playhead.inputs import FRAMES
from playhead.storage.disk import replace_json, write_json
from playhead.storage.picture_files import PictureFiles
from playhead.storage.rows import RowFile
from playhead.storage.schema import RecordingHeader, column_dtype, group_json
from playhead.storage.seals import ATTRIBUTE, CRC32C, Json

PICTURE_CHECKSUMS = f"checksums/{FRAMES}"
RECORDED_CHECKSUMS = "checksums/recorded"
_GROUPS = ("labels", "telemetry", "columns", "checksums")
_GROUPS_OF_CAMERAS = ("cameras", "checksums/cameras")
EVENT_KINDS: dict[str, np.dtype[Any]] = {
    "time_ns": np.dtype(np.int64),
    "device": np.dtype(np.uint8),
    "code": np.dtype(np.uint16),
    "value": np.dtype(np.float32),
    "origin": np.dtype(np.uint8),
}


@dataclass(frozen=True, kw_only=True)
class FrameRow:
    """What is stored of one moment beside its pictures.

    Shapes:  labels head -> (columns,). Units: time_ns; dropped frames lost right before this one;
    recorded: the CRC-32C of the picture as it was recorded, where it was encoded anew since.
    """

    time_ns: int
    labels: Mapping[str, npt.NDArray[np.generic]]
    origin: Origin
    telemetry: Mapping[str, float] = field(default_factory=dict)
    columns: Mapping[str, Any] = field(default_factory=dict)
    dropped: int = 0
    recorded: int = 0


class EventFiles:
    """The group `events`: one row an event, codes and devices as numbers into tables in its attributes."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self._folder = folder
        self._tables: dict[str, dict[str, int]] = {"codes": {}, "devices": {}}
        self._published: Json = self._attributes()
        folder.mkdir()
        write_json(folder / "zarr.json", group_json(self._published))
        self._rows = {
            name: RowFile(folder / name, scratch.with_name(f"{scratch.name}.events.{name}"), dtype)
            for name, dtype in EVENT_KINDS.items()
        }

    def _attributes(self) -> Json:
        return {name: list(table) for name, table in self._tables.items()}

    def add(self, events: Iterable[Event]) -> None:
        """Keep events until they are published."""
        for event in events:
            row = {
                "time_ns": event.time_ns,
                "device": self._number("devices", event.device),
                "code": self._number("codes", event.code),
                "value": event.value,
                "origin": int(event.origin),
            }
            for name, value in row.items():
                self._rows[name].append(value)

    def _number(self, table: str, name: str) -> int:
        return self._tables[table].setdefault(name, len(self._tables[table]))

    def write(self) -> None:
        """Write the events kept so far."""
        for rows in self._rows.values():
            rows.write()

    def publish(self, scratch: Path) -> None:
        """Make them part of the recording: the tables first, so that every number has its name."""
        attributes = self._attributes()
        if attributes != self._published:
            replace_json(self._folder / "zarr.json", group_json(attributes), scratch)
            self._published = attributes
        for rows in self._rows.values():
            rows.publish(scratch)


class RecordingFiles:
    """Everything of one recording on disk. Used by one thread; raises OSError as the disk does."""

    def __init__(self, folder: Path, header: RecordingHeader) -> None:
        self._folder = folder
        self._header = header = replace(header, checksums=CRC32C)  # the header of an older recording has none
        self._scratch = folder / "frames" / ".new"  # an array's folder is never listed for members
        self._frames = 0
        self._published_frames = 0
        self._pictures = {FRAMES: PictureFiles(folder / FRAMES, header, FRAMES)}
        for group in groups_of(header):
            (folder / group).mkdir()
            write_json(folder / group / "zarr.json", group_json({}))
        for key in header.pictures:
            if key != FRAMES:
                self._pictures[key] = PictureFiles(folder / key, header, key)
        self._kinds = row_kinds(header)
        self._rows = {
            key: RowFile(folder / key, self._scratch.with_name(f".new.{key.replace('/', '.')}"), *kind)
            for key, kind in self._kinds.items()
        }
        self._events = EventFiles(folder / "events", self._scratch)
        # Last, and whole at once: now it is a recording.
        replace_json(folder / "zarr.json", self._group(is_complete=False), self._scratch)

    def _group(self, *, is_complete: bool) -> Json:
        written = encode_json(self._header.to_json() | {"is_complete": is_complete})
        return group_json({ATTRIBUTE: json.loads(written)})  # sealed as it will be read: a number as key is text

    @property
    def frames(self) -> int:
        """Frames that are part of the recording by now."""
        return self._published_frames

    def append(self, pictures: Mapping[str, bytes], row: FrameRow) -> None:
        """Add the encoded pictures of one moment by their keys, and its row. Nobody sees them before `publish`."""
        for key, files in self._pictures.items():
            files.append(pictures[key])
        self._rows["frame_time_ns"].append(row.time_ns)
        self._rows["label_origin"].append(int(row.origin))
        self._rows["dropped"].append(row.dropped)
        for key, data in pictures.items():
            self._rows[checksums_of(key)].append(google_crc32c.value(data))
        if self._header.transcodings:
            self._rows[RECORDED_CHECKSUMS].append(row.recorded)
        for head, label_head in self._header.schema.items():
            empty = np.zeros(label_head.columns, label_head.dtype)
            self._rows[f"labels/{head}"].append(row.labels.get(head, empty))
        for name in self._header.telemetry:
            self._rows[f"telemetry/{name}"].append(row.telemetry.get(name, np.nan))
        for name, kind in self._header.columns.items():
            self._rows[f"columns/{name}"].append(_cell(row.columns.get(name), np.dtype(kind)))
        self._frames += 1

    def extend(self, pictures: Sequence[bytes], rows: Mapping[str, npt.NDArray[Any]]) -> None:
        """Add several encoded pictures and, by the key of each small array, their rows: without further cameras.

        Shapes:  rows[key] (len(pictures), ...); arrays without rows get zeros, telemetry NaN.
        """
        self._pictures[FRAMES].extend(pictures)
        rows = {**rows, PICTURE_CHECKSUMS: np.array([google_crc32c.value(data) for data in pictures], np.uint32)}
        for key, (dtype, row_shape) in self._kinds.items():
            missing = np.nan if key.startswith("telemetry/") else 0
            empty = np.full((len(pictures), *row_shape), missing, dtype) if key not in rows else rows[key]
            self._rows[key].extend(empty)
        self._frames += len(pictures)

    def add_events(self, events: Iterable[Event]) -> None:
        """Add events. Nobody sees them before `publish`."""
        self._events.add(events)

    def publish(self, *, durable: bool) -> None:
        """Make all frames and events so far part of the recording, in the order drawn above."""
        for pictures in self._pictures.values():
            pictures.publish(durable=durable)
        for rows in self._rows.values():
            rows.write()
        self._events.write()
        for rows in self._rows.values():
            rows.publish(self._scratch)
        self._events.publish(self._scratch)
        if self._published_frames != self._frames:
            for pictures in reversed(self._pictures.values()):
                pictures.publish_length(self._frames, self._scratch)
            self._published_frames = self._frames

    def complete(self, measures: Mapping[str, float]) -> None:
        """Publish what is left, and mark the recording as properly ended and scored by these."""
        self._header = replace(self._header, measures={**self._header.measures, **measures})
        self.publish(durable=False)
        replace_json(self._folder / "zarr.json", self._group(is_complete=True), self._scratch)

    def close(self) -> None:
        """Close the open shards without publishing."""
        for pictures in self._pictures.values():
            pictures.close()


def groups_of(header: RecordingHeader) -> tuple[str, ...]:
    """Return the keys of the groups of arrays."""
    return _GROUPS + _GROUPS_OF_CAMERAS if header.cameras else _GROUPS


def checksums_of(key: str) -> str:
    """Return the key of the checksums of an array of pictures."""
    return f"checksums/{key}"


def row_kinds(header: RecordingHeader) -> dict[str, tuple[np.dtype[Any], tuple[int, ...]]]:
    """Return dtype and shape of a row of every small array that has one row a frame, by its key."""
    kinds: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {
        "frame_time_ns": (np.dtype(np.int64), ()),
        "label_origin": (np.dtype(np.uint8), ()),
        "dropped": (np.dtype(np.uint32), ()),
    }
    kinds |= {f"labels/{name}": (head.dtype, (head.columns,)) for name, head in header.schema.items()}
    kinds |= {f"telemetry/{name}": (np.dtype(np.float32), ()) for name in header.telemetry}
    for name, kind in header.columns.items():
        dtype = column_dtype(name, kind)
        is_text = dtype.kind == "S"
        kinds[f"columns/{name}"] = (np.dtype(np.uint8), (dtype.itemsize,)) if is_text else (dtype, ())
    if header.checksums:
        kinds |= {checksums_of(key): (np.dtype(np.uint32), ()) for key in header.pictures}
    if header.transcodings:
        kinds[RECORDED_CHECKSUMS] = np.dtype(np.uint32), ()
    return kinds


def _cell(value: Any, dtype: np.dtype[Any]) -> Any:
    """Return a column's value as it is stored: text as zero-padded UTF-8, nothing as zero or NaN."""
    if dtype.kind == "S":
        text = (value or "").encode()
        return np.frombuffer(text.ljust(dtype.itemsize, b"\0"), dtype=np.uint8)
    if value is None:
        return np.nan if dtype.kind == "f" else 0
    return value
