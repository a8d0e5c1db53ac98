"""Writes a recording: `append` hands over and returns, one thread encodes and writes, once a second it counts.

    append() --copy--> queue --encode--> shard --every second--> index, rows, shapes (files.py)

Shape legend: H height, W width, C channels, A columns of a label head.
"""

from __future__ import annotations

import math
import queue
import shutil
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.errors import BadValue, DeviceFailed, Mismatch
from playhead.events import Event, Origin
from playhead.inputs import FRAMES
from playhead.storage.beginnings import hold_recording
from playhead.storage.disk import bytes_on_disk, disk_failed
from playhead.storage.files import FrameRow, RecordingFiles
from playhead.storage.fitting import by_key, check_known, checked_labels, column_rows, fitting
from playhead.storage.pacing import Pace, Say, say_on_stderr
from playhead.storage.pictures import FrameArray, coder_of
from playhead.storage.schema import RecordingHeader

_QUEUE_BYTES = 64 * 2**20  # raw frames that may wait for the disk: 500 of 240x180, 46 of 800x600
_WAITING_BATCHES = 4  # batches of encoded pictures that may wait


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a recording session left. Units: duration_s from the first frame to the last."""

    path: Path
    frames: int
    dropped: int
    bytes: int
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class _Moment:
    pictures: Mapping[str, FrameArray | bytes]
    row: FrameRow
    since_s: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, kw_only=True)
class _Batch:
    pictures: Sequence[bytes]
    rows: Mapping[str, npt.NDArray[Any]]
    since_s: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class _Events:
    events: list[Event]
    since_s: float = field(default_factory=time.monotonic)


class RecordingWriter:
    """One recording being made. A context manager.

    `sync_s`: at most this many seconds of frames are lost when the process is killed; `say` is told once when the
    machine is too slow for that. Infinite where the folder is worth nothing until it is whole, as of an import:
    then nothing waits for the disk.
    `drop_when_full`: when the disk is too slow, count and drop frames (a real game, which does not wait)
    instead of waiting for it (a world in lockstep).
    Raises:  BadValue when the folder is not empty, StorageFull or DeviceFailed from the disk.
    """

    def __init__(
        self, folder: Path, header: RecordingHeader, *, sync_s: float = 1.0, drop_when_full: bool = False,
        say: Say = say_on_stderr,
    ) -> None:  # fmt: skip
        if folder.exists() and any(folder.iterdir()):
            raise BadValue(f"{folder} already holds something. Choose another folder.")
        self.path = folder
        self._header = header
        self._kinds = header.pictures
        self._pictures = {key: coder_of(header.codecs_of(key), where=str(folder)) for key in self._kinds}
        self._pace = Pace(sync_s, folder.name, say)
        self._drop_when_full = drop_when_full
        self._dropped = 0
        self._dropped_since = 0
        self._first_ns: int | None = None
        self._last_ns = 0
        self._error: DeviceFailed | None = None
        self._is_raised = False
        self._is_told = False
        self._is_complete = False
        self._measures: dict[str, float] = {}
        self._summary: Summary | None = None
        self._bytes_taken = 0
        waiting = max(8, _QUEUE_BYTES // sum(int(np.prod(frame.shape)) for frame in self._kinds.values()))
        self._queue: queue.Queue[_Moment | _Batch | _Events | None] = queue.Queue(waiting)
        self._room = threading.Semaphore(_WAITING_BATCHES)
        with ExitStack() as undoing:
            try:
                self._live = undoing.enter_context(hold_recording(folder))
                self._files = RecordingFiles(folder, header)
            except OSError as error:
                shutil.rmtree(folder, ignore_errors=True)  # nothing of worth in it yet
                raise disk_failed(folder, error) from error
            undoing.pop_all()
        self._thread = threading.Thread(target=self._write, name=f"writer {folder.name}", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """What the recording is called."""
        return self.path.name

    @property
    def dropped(self) -> int:
        """Frames lost so far: those that `append` was told of, and those for which the disk was too slow."""
        return self._dropped

    @property
    def bytes_taken(self) -> int:
        """Bytes of encoded pictures that the thread has written so far."""
        return self._bytes_taken

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_raised = self._is_raised or error is not None  # never hide what went wrong first
        self.close()

    def append(
        self,
        frame_HWC: FrameArray,
        time_ns: int,
        labels: Mapping[str, npt.ArrayLike] | None = None,
        origin: Origin = Origin.NONE,
        telemetry: Mapping[str, float] | None = None,
        dropped: int = 0,
        columns: Mapping[str, Any] | None = None,
        cameras: Mapping[str, FrameArray] | None = None,
    ) -> None:
        """Hand one frame over. It is copied, so the caller may draw over it.

        `labels` holds every head, or none for a frame that nobody labelled (origin NONE); `cameras` a picture of
        each further camera.
        Shapes:  frame_HWC (height, width, channels) uint8; labels head -> (A,).
        Units:   time_ns later than the frame before; dropped frames lost right before this one.
        Raises:  Mismatch for a frame of another shape, BadValue for time or labels that cannot be, NotFound
                 for an unknown name, StorageFull or DeviceFailed when the disk refused an earlier one.
        """
        if self._header.is_archived:
            raise BadValue(f"{self.path.name} is archived: it takes whole chunks of video, and no single picture.")
        pictures = by_key(self.path.name, frame_HWC, cameras or {}, self._kinds)
        row = self._row(time_ns, labels or {}, origin, telemetry or {}, dropped, columns or {})
        copies = {key: np.array(picture) for key, picture in pictures.items()}
        self._hand_over(_Moment(pictures=copies, row=row))

    def append_encoded(
        self,
        picture: bytes,
        time_ns: int,
        labels: Mapping[str, npt.ArrayLike] | None = None,
        origin: Origin = Origin.NONE,
        telemetry: Mapping[str, float] | None = None,
        dropped: int = 0,
        columns: Mapping[str, Any] | None = None,
        cameras: Mapping[str, bytes] | None = None,
        *,
        recorded: int = 0,
    ) -> None:
        """Hand over a frame whose pictures are encoded already, stored as they are. Otherwise as `append`.

        Of an archived recording it is handed over as the chunk that holds it, so often as that holds frames.
        `recorded` is the CRC-32C of the picture as it was recorded, of one that was encoded anew since.
        Raises:  Mismatch for bytes that do not decode to a frame of this recording.
        """
        pictures = by_key(self.path.name, picture, cameras or {}, self._kinds)
        for key, data in pictures.items():
            if wrong := self._wrong(data, key):
                raise Mismatch(f"{self.path.name}: this picture cannot be stored as it is, {wrong}.")
        row = self._row(time_ns, labels or {}, origin, telemetry or {}, dropped, columns or {})
        self._hand_over(_Moment(pictures=pictures, row=replace(row, recorded=recorded)))

    def append_many(
        self,
        pictures: Sequence[bytes],
        time_ns: npt.NDArray[np.int64],
        labels: Mapping[str, npt.NDArray[Any]],
        origin: npt.NDArray[np.uint8],
        columns: Mapping[str, npt.NDArray[Any]],
        *,
        are_checked: bool = False,
    ) -> dict[int, str]:
        """Hand many encoded pictures over at once, ten times faster than one by one; waits for room, drops none.

        Pictures that cannot be stored are left out with their rows; returns which, and why. With `are_checked`
        they are taken as they are: the caller has checked each.
        Shapes:  time_ns, origin (N,), N the number of pictures; labels head -> (N, A), every head; columns (N,),
                 text as numpy's S. Telemetry stays unknown. Frames of origin NONE have labels that mean nothing.
        Raises:  BadValue, NotFound, StorageFull and DeviceFailed as `append`.
        """
        rows = self._batch_rows(time_ns, labels, origin, columns)
        bad = {} if are_checked else {n: why for n, data in enumerate(pictures) if (why := self._wrong(data))}
        if bad:
            is_good_N = ~np.isin(np.arange(len(pictures)), list(bad))
            pictures = [data for number, data in enumerate(pictures) if number not in bad]
            rows = {key: values[is_good_N] for key, values in rows.items()}
        if pictures:
            self._check_going()
            self._room.acquire()
            self._queue.put(_Batch(pictures=pictures, rows=rows))
            times = rows["frame_time_ns"]
            self._first_ns = int(times[0]) if self._first_ns is None else self._first_ns
            self._last_ns = int(times[-1])
        return bad

    def _wrong(self, data: FrameArray | bytes, key: str = FRAMES) -> str:
        """Return why encoded bytes are no picture of an array; "" where they are one."""
        try:
            self._pictures[key].check(bytes(data), self._kinds[key].shape)
        except (ValueError, RuntimeError) as error:
            return str(error)
        return ""

    def _batch_rows(
        self,
        time_ns: npt.NDArray[np.int64],
        labels: Mapping[str, npt.NDArray[Any]],
        origin: npt.NDArray[np.uint8],
        columns: Mapping[str, npt.NDArray[Any]],
    ) -> dict[str, npt.NDArray[Any]]:
        """Return the rows of a batch by the keys of their arrays, or say what is wrong with them."""
        if self._header.cameras or self._header.transcodings:
            kind = "has further cameras" if self._header.cameras else "was encoded anew"
            raise BadValue(f"{self.path.name} {kind}: hand its frames over one by one.")
        last_ns = self._last_ns if self._first_ns is not None else np.iinfo(np.int64).min
        if len(time_ns) and (int(time_ns[0]) <= last_ns or (np.diff(time_ns) <= 0).any()):
            raise BadValue(f"{self.path.name}: the times of {len(time_ns)} frames do not rise after {last_ns} ns.")
        check_known("label head", labels, self._header.schema)
        check_known("column", columns, self._header.columns)
        rows: dict[str, npt.NDArray[Any]] = {"frame_time_ns": time_ns, "label_origin": origin}
        rows |= {f"labels/{name}": np.asarray(labels[name], head.dtype)
                 for name, head in self._header.schema.items()}  # fmt: skip
        for name, values in columns.items():
            rows[f"columns/{name}"] = column_rows(name, values, np.dtype(self._header.columns[name]))
        wrong = [key for key, values in rows.items() if len(values) != len(time_ns)]
        if wrong:
            raise BadValue(f"{self.path.name}: {', '.join(wrong)} do not have {len(time_ns)} rows each.")
        return rows

    def add_events(self, events: Iterable[Event]) -> None:
        """Hand events over; they are never dropped."""
        kept = list(events)
        if kept:
            self._check_going()
            self._queue.put(_Events(kept))

    def _row(
        self,
        time_ns: int,
        labels: Mapping[str, npt.ArrayLike],
        origin: Origin,
        telemetry: Mapping[str, float],
        dropped: int,
        columns: Mapping[str, Any],
    ) -> FrameRow:
        if self._first_ns is not None and time_ns <= self._last_ns:
            raise BadValue(f"{self.path.name}: frame time {time_ns} ns is not after {self._last_ns} ns.")
        check_known("telemetry", telemetry, self._header.telemetry)
        check_known("column", columns, self._header.columns)
        kinds = self._header.columns
        return FrameRow(
            time_ns=time_ns,
            labels=checked_labels(self.path.name, labels, origin, self._header.schema),
            origin=origin,
            telemetry={name: float(value) for name, value in telemetry.items()},
            columns={name: fitting(name, value, np.dtype(kinds[name])) for name, value in columns.items()},
            dropped=dropped,
        )

    def _hand_over(self, moment: _Moment) -> None:
        """Queue a frame: wait for room, or count it as dropped, which the next frame's row will say."""
        self._check_going()
        pending = moment.row.dropped + self._dropped_since
        self._dropped += moment.row.dropped
        if pending != moment.row.dropped:
            moment = replace(moment, row=replace(moment.row, dropped=pending))
        try:
            self._queue.put(moment, block=not self._drop_when_full)
        except queue.Full:
            self._dropped += 1
            self._dropped_since = pending + 1
            return
        self._dropped_since = 0
        self._first_ns = moment.row.time_ns if self._first_ns is None else self._first_ns
        self._last_ns = moment.row.time_ns

    def _check_going(self) -> None:
        if self._summary is not None:
            raise BadValue(f"{self.path.name} is closed. Start a new recording.")
        self._raise_once()

    def _raise_once(self) -> None:
        if self._error is not None and not self._is_raised:
            self._is_raised = True
            raise self._error

    def add_measures(self, measures: Mapping[str, float]) -> None:
        """Keep what the drive is scored by; what is no number says nothing, and is left out."""
        self._measures |= {name: float(value) for name, value in measures.items() if math.isfinite(float(value))}

    def close(self) -> Summary:
        """Write what is waiting, end the recording and say what it holds. A second call says it again.

        Raises:  StorageFull or DeviceFailed when the disk refused, unless `append` has already said so.
        """
        if self._summary is None:
            self._queue.put(None)
            self._thread.join()
            if self._error is None and not self._is_complete:
                self._error = DeviceFailed(f"{self.path} was not written to its end. This is a fault of playhead.")
            frames = self._files.frames
            self._summary = Summary(
                path=self.path,
                frames=frames,
                dropped=self._dropped,
                bytes=bytes_on_disk(self.path),
                duration_s=(self._last_ns - self._first_ns) / NS_PER_S if self._first_ns is not None else 0.0,
            )
        self._raise_once()
        return self._summary

    def _write(self) -> None:
        """Run the thread: write until told to end; after a failure only take things off the queue."""
        try:
            self._write_until_told()
            self._files.complete(self._measures)
            self._is_complete = True
        except OSError as error:
            self._error = disk_failed(self.path, error)
            with suppress(OSError):  # what did reach the disk counts, if there is room to say so
                self._files.publish(durable=False)
        finally:
            self._files.close()
            self._live.release()
            while not self._is_told:  # so that nobody waits for room in the queue
                thing = self._queue.get()
                self._is_told = thing is None
                if isinstance(thing, _Batch):
                    self._room.release()

    def _write_until_told(self) -> None:
        while True:
            left_s = self._pace.left_s()
            if left_s == 0:
                began_s = time.monotonic()
                self._files.publish(durable=True)
                self._pace.published(began_s)
                continue
            try:
                thing = self._queue.get(timeout=left_s)
            except queue.Empty:
                continue
            if thing is None:
                self._is_told = True
                return
            self._pace.add(thing.since_s)
            self._take(thing)

    def _take(self, thing: _Moment | _Batch | _Events) -> None:
        if isinstance(thing, _Events):
            self._files.add_events(thing.events)
        elif isinstance(thing, _Batch):
            try:
                self._files.extend(thing.pictures, thing.rows)
            finally:
                self._room.release()
            self._bytes_taken += sum(map(len, thing.pictures))
        else:
            encoded = {
                key: picture if isinstance(picture, bytes) else self._pictures[key].encode(picture)
                for key, picture in thing.pictures.items()
            }
            self._files.append(encoded, thing.row)
            self._bytes_taken += sum(map(len, encoded.values()))
