"""Reads a recording: parses each shard's index once, then decodes exactly the frames that are asked for.

Shape legend: T frames, N frames asked for, H height, W width, C channels, A columns of a head, E events.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import tee
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import google_crc32c
import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.errors import BadValue, Damaged, NotFound
from playhead.events import Origin
from playhead.inputs import CAMERAS, FRAMES
from playhead.storage.declarations import (
    RowKind,
    Rows,
    read_document,
    read_header,
    rows_declared,
    tables_of,
    then_repair,
)
from playhead.storage.dropped import dropped
from playhead.storage.files import EVENT_KINDS, PICTURE_CHECKSUMS, RECORDED_CHECKSUMS, checksums_of, row_kinds
from playhead.storage.local import is_remote, local_path
from playhead.storage.marks import MARK
from playhead.storage.picture_array import PictureArray
from playhead.storage.pictures import FrameArray
from playhead.storage.schema import ROWS, RecordingHeader
from playhead.storage.sources import FileSource, FolderSource
from playhead.storage.values import what_is_wrong, what_is_wrong_with_events

if TYPE_CHECKING:
    from playhead.storage.layers import Layer

Array = npt.NDArray[Any]
Thing = TypeVar("Thing")


def open_recording(where: Path | str) -> Recording:
    """Open a recording of this machine, by its folder or `file:` URL; others are opened by places.py.

    Raises:  NotFound when nothing is there, Damaged with the file that is missing or torn,
             Mismatch for another format version.
    """
    folder = local_path(str(where))
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}. See what there is with: playhead data list.")
    return Recording(FolderSource(folder), folder.resolve().name)


class Lazy(Mapping[str, Thing]):
    """Things by name, each read on first use and kept."""

    def __init__(self, kind: str, names: Sequence[str], read: Callable[[str], Thing]) -> None:
        self._kind = kind
        self._names = tuple(names)
        self._read = read
        self._things: dict[str, Thing] = {}

    def __getitem__(self, name: str) -> Thing:
        if name not in self._things:
            if name not in self._names:
                raise KeyError(f"no {self._kind} {name!r}; known: {', '.join(self._names) or 'none'}")
            self._things.setdefault(name, self._read(name))
        return self._things[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


LazyArrays = Lazy[Array]


class Recording:
    """One recording, open for reading. All methods may be called from several threads.

    Shapes:  frame_time_ns (T,) int64; labels[head] (T, A); label_origin (T,) uint8, events.Origin;
             telemetry[name] (T,) float32; columns[name] (T,); dropped_before (T,) uint32; cameras[name].
    """

    def __init__(self, source: FileSource, name: str) -> None:
        self._source = source
        self.place = source.place
        self.name = name
        self.header, self.is_complete = read_header(source, self.place)
        self._frames = self._open_pictures(FRAMES)
        self.length = self._frames.length
        self._shape = self._frames.shape
        self.cameras = Lazy("camera", list(self.header.cameras), self._open_camera)
        self.labels = LazyArrays("label head", list(self.header.schema), self._reader("labels"))
        self.telemetry = LazyArrays("telemetry", self.header.telemetry, self._reader("telemetry"))
        self.columns = LazyArrays("column", list(self.header.columns), self._read_column)
        self._kinds = row_kinds(self.header)
        own = ["frame_time_ns", "label_origin", "dropped", *map(checksums_of, self.header.pictures)]
        own += [RECORDED_CHECKSUMS] * bool(self.header.transcodings)
        self._own = LazyArrays("array", own, self._reader(""))
        self._events: Array | None = None

    def _open_pictures(self, key: str, length: int | None = None) -> PictureArray:
        return PictureArray(
            self._source, self.place, self.header, key,
            checksums=lambda: self._own[checksums_of(key)], length=length,
        )  # fmt: skip

    def _open_camera(self, name: str) -> PictureArray:
        return self._open_pictures(f"{CAMERAS}{name}", self.length)

    def __len__(self) -> int:
        return self.length

    def __repr__(self) -> str:
        return f"<Recording {self.name}: {self.length} frames>"

    @property
    def is_imported(self) -> bool:
        """Whether it was made from files of others, and says so (marks.py)."""
        try:
            return self._source.size(MARK) is not None
        except Damaged:  # it says so, whatever it says besides
            return True

    def bytes_taken(self) -> int:
        """Return what it takes up where it lies."""
        return self._source.bytes_taken()

    @property
    def path(self) -> Path:
        """The folder of a local recording. Raises BadValue for one that lies elsewhere."""
        if is_remote(self.place):
            raise BadValue(
                f"{self.place} lies in no folder of this machine. Copy it into one: playhead data copy."
            )
        return local_path(self.place)

    @property
    def frame_time_ns(self) -> npt.NDArray[np.int64]:
        """When each frame was taken, (T,) monotonic nanoseconds."""
        return self._own["frame_time_ns"]

    @cached_property
    def label_origin(self) -> npt.NDArray[np.uint8]:
        """Who labelled each frame, (T,) numbers of events.Origin; NONE for the seconds that a person dropped."""
        origin_T = self._own["label_origin"]
        is_dropped_T = dropped(self)
        return np.where(is_dropped_T, np.uint8(Origin.NONE), origin_T) if is_dropped_T.any() else origin_T

    @property
    def dropped_before(self) -> npt.NDArray[np.uint32]:
        """How many frames were lost right before each frame, (T,)."""
        return self._own["dropped"]

    @property
    def dropped(self) -> int:
        """How many frames were lost in all."""
        return int(self.dropped_before.sum())

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame to the last."""
        times = self.frame_time_ns
        return float(times[-1] - times[0]) / NS_PER_S if len(times) else 0.0

    @property
    def events(self) -> Array:
        """All events in the order they were added, (E,): time_ns, device, code, value, origin."""
        if self._events is None:
            self._events = self._read_events()
        return self._events

    def read_frames(self, indices: npt.ArrayLike, out: FrameArray | None = None) -> FrameArray:
        """Decode the frames with these numbers, in this order; negative ones count from the end.

        Shapes:  indices (N,); out and the answer (N, H, W, C) uint8.
        Raises:  BadValue for a number outside the recording, Damaged for a picture that cannot be decoded.
        """
        wanted = np.atleast_1d(np.asarray(indices, dtype=np.int64))
        frames_NHWC = np.empty((len(wanted), *self._shape), np.uint8) if out is None else out
        if frames_NHWC.shape != (len(wanted), *self._shape):
            raise BadValue(f"{len(wanted)} frames of {self._shape} do not fit into {frames_NHWC.shape}.")
        for row, index in enumerate(wanted.tolist()):
            self.read_frame_into(index, frames_NHWC[row])
        return frames_NHWC

    def read_frame_into(self, index: int, out_HWC: FrameArray) -> None:
        """Decode one frame into `out_HWC`. Raises as `read_frames`."""
        self._frames.read_into(index, out_HWC)

    def read_encoded(self, index: int) -> bytes:
        """Return one frame as it is stored: JPEG, zstd, or the video that holds it. Raises as `read_frames`."""
        return self._frames.read_encoded(index)

    @cached_property
    def layers(self) -> Lazy[Layer]:
        """How it was labelled again, by name: see layers.py."""
        from playhead.storage.layers import layers_of  # which reads its arrays as this module does

        return layers_of(self._source, self.place, self.header, lambda: self.frame_time_ns)

    @property
    def picture_checksums(self) -> Array | None:
        """CRC-32C of each picture as it was recorded, None in a recording that was written without. Shape (T,)."""
        kept = RECORDED_CHECKSUMS if self.header.transcodings else PICTURE_CHECKSUMS
        return self._own[kept] if self.header.checksums else None

    def recorded_checksum(self, frame: int) -> int:
        """Return the CRC-32C of a picture as it was recorded; 0 where pictures were not encoded anew since."""
        return int(self._own[RECORDED_CHECKSUMS][frame]) if self.header.transcodings else 0

    def stored_column(self, name: str) -> Array:
        """Return a column as it is stored, text as UTF-8 behind which zeros fill the row. Not kept.

        Shapes:  (T,), of text (T, bytes) uint8.
        """
        return self._reader("columns")(name)

    def check_rows(self) -> None:
        """Read everything small that training needs. Raises Damaged where some of it is."""
        for arrays in (self._own, self.labels, self.telemetry, self.columns):
            for name in arrays:
                if self.header.checksums or not name.startswith("checksums/"):
                    _ = arrays[name]
        for camera in self.cameras:
            _ = self.cameras[camera]
        _ = self.events

    def close(self) -> None:
        """Close its files. Reading again opens them again."""
        self._source.close()

    def _reader(self, group: str) -> Callable[[str], Array]:
        def read(name: str) -> Array:
            key = f"{group}/{name}" if group else name
            kind = self._kinds[key]
            if not self.length:  # arrays come into being with the first frames
                return np.zeros((0, *kind[1]), kind[0])
            rows = read_rows(self._source, key, self.place, self.header, kind)
            if len(rows) < self.length:
                raise Damaged(
                    f"{self.place}/{key} has {len(rows)} rows for {self.length} frames. {then_repair(self.place)}"
                )
            wrong = what_is_wrong(key, rows[: self.length], self.header)
            if wrong:
                raise Damaged(f"{self.place}/{key}: {wrong}. {then_repair(self.place)}")
            return rows[: self.length]

        return read

    def _read_column(self, name: str) -> Array:
        rows = self.stored_column(name)
        dtype = np.dtype(self.header.columns[name])
        if dtype.kind != "S":
            return rows
        texts = np.ascontiguousarray(rows).view(dtype).reshape(-1)
        try:
            return cast(Array, np.char.decode(texts, "utf-8"))
        except UnicodeDecodeError as error:
            raise Damaged(f"{self.place}/columns/{name} holds text that is no UTF-8.") from error

    def _read_events(self) -> Array:
        names = list(EVENT_KINDS)
        if not self.length and any(self._source.read(f"events/{name}/zarr.json") is None for name in names):
            return np.zeros(
                0, dtype=[(name, "U1" if name in ("code", "device") else EVENT_KINDS[name]) for name in names]
            )
        rows, codes, devices = read_events(self._source, self.place, self.header)
        wrong = what_is_wrong_with_events(rows, len(codes), len(devices))
        if wrong:
            raise Damaged(f"{self.place}/events: {wrong}. {then_repair(self.place)}")
        fields = dict(rows)
        for name, table in (("device", devices), ("code", codes)):
            fields[name] = np.array(table or [""], dtype=np.str_)[rows[name]]
        events = np.empty(len(rows["time_ns"]), dtype=[(name, fields[name].dtype) for name in names])
        for name in names:
            events[name] = fields[name]
        return events


def read_events(
    source: FileSource, place: str, header: RecordingHeader
) -> tuple[dict[str, Array], list[str], list[str]]:
    """Return the columns of events, all as long as the shortest, and the names of codes and devices."""
    rows = {
        name: read_rows(source, f"events/{name}", place, header, (dtype, ()))
        for name, dtype in EVENT_KINDS.items()
    }
    key = "events/zarr.json"
    document = read_document(source, key, place, header, otherwise="its events are missing")
    count = min(len(row) for row in rows.values())
    return {name: row[:count] for name, row in rows.items()}, *tables_of(document, f"{place}/{key}")


def read_rows(source: FileSource, key: str, place: str, header: RecordingHeader, kind: RowKind) -> Array:
    """Read a whole small array of that kind, and compare it with its checksums.

    Shapes:  (length, *kind[1]), the length as its zarr.json declares.
    Raises:  Damaged for missing, short or changed files.
    """
    where = f"{place}/{key}/zarr.json"
    document = read_document(source, f"{key}/zarr.json", place, header, otherwise="an array is missing")
    declared = rows_declared(document, kind, where, must_have_checksums=bool(header.checksums))
    dtype = kind[0].newbyteorder("<")
    stored = bytearray()  # takes as much room as there are bytes, whatever is declared
    for data in _chunks(source, key, place, declared, kind):
        stored += data
    array = np.frombuffer(stored, dtype).reshape(declared.length, *kind[1])
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _chunks(source: FileSource, key: str, place: str, declared: Rows, kind: RowKind) -> Iterator[bytes]:
    """Yield the rows that each chunk has, as they are stored, once they are found to be whole."""
    row_bytes = kind[0].itemsize * math.prod(kind[1])
    wanted = (
        (chunk_key(key, first // ROWS, kind), min(ROWS, declared.length - first) * row_bytes)
        for first in range(0, declared.length, ROWS)
    )
    asked, heads = tee(wanted)
    for number, ((file, length), head) in enumerate(zip(asked, source.heads(heads), strict=True)):
        size, data = head or (-1, b"")
        if len(data) < length:
            found = "is missing" if head is None else f"is truncated to {size} bytes"
            raise Damaged(f"{place}/{file} {found}. {then_repair(place)}")
        if declared.checksums is not None and google_crc32c.value(data) != declared.checksums[number]:
            raise Damaged(f"{place}/{file} is damaged: its checksum does not fit. {then_repair(place)}")
        yield data


def chunk_key(key: str, number: int, kind: RowKind) -> str:
    """Return where a chunk of a small array lies in its recording."""
    return "/".join([key, "c", str(number), *("0" for _ in kind[1])])
