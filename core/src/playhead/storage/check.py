"""Says everything that is wrong with a recording, by file, without stopping at the first thing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.errors import Damaged, PlayheadError
from playhead.labels import Choice, Head, Keys
from playhead.storage.files import EVENT_KINDS, row_kinds
from playhead.storage.pictures import picture_of
from playhead.storage.reader import read_rows, shard_key
from playhead.storage.schema import SHARD_FRAMES, RecordingHeader, frames_json, picture_codecs
from playhead.storage.seals import ATTRIBUTE, Json
from playhead.storage.shard import EMPTY, index_bytes, parse_index
from playhead.storage.sources import FolderSource


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong. A note is worth knowing and harms nothing."""

    file: str
    what: str
    is_note: bool = False

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


def check_recording(
    folder: Path, *, every_frame: bool = False, progress: Callable[[int, int], object] = lambda done, total: None
) -> list[Problem]:
    """Check the files of a recording against each other; decode the first and last picture of each shard, or all.

    `progress` is called with frames done and frames in all.
    A recording that was killed while it was made is valid: it has a note, and no problem.
    """
    source = FolderSource(folder)
    try:
        header, is_complete = read_header(source, folder)
    except PlayheadError as error:
        return [Problem(file="zarr.json", what=str(error))]
    problems: list[Problem] = []
    if not is_complete:
        what = "was not ended properly: killed, out of disk, or still being recorded"
        problems.append(Problem(file="zarr.json", what=what, is_note=True))
    length, unreadable = declared_length(source, header)
    if unreadable:
        return [*problems, Problem(file="frames/zarr.json", what=unreadable)]
    if not length:
        problems.append(Problem(file="frames/zarr.json", what="the recording is empty"))
        return problems
    for shard in range(-(-length // SHARD_FRAMES)):
        progress(shard * SHARD_FRAMES, length)
        problems += _check_shard(source, header, shard, length, every_frame=every_frame)
    problems += _check_rows(source, header, length)
    problems += _check_events(source)
    source.close()
    return problems


def read_header(source: FolderSource, folder: Path) -> tuple[RecordingHeader, bool]:
    """Return the header and whether the recording was ended properly. Raises Damaged or Mismatch."""
    data = source.read("zarr.json")
    if data is None:
        raise Damaged(f"{folder} is not a recording: it has no zarr.json.")
    try:
        attributes = json.loads(data)["attributes"][ATTRIBUTE]
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{folder}/zarr.json is not that of a recording ({error}).") from error
    return RecordingHeader.from_json(attributes, where=str(folder)), bool(attributes.get("is_complete", False))


def declared_length(source: FolderSource, header: RecordingHeader) -> tuple[int, str]:
    """Return the frames that frames/zarr.json declares, and what is wrong with it, if anything."""
    data = source.read("frames/zarr.json")
    if data is None:
        return 0, "is missing"
    try:
        declared = json.loads(data)
        length = int(declared["shape"][0])
        codecs = _codec_names(declared)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        return 0, f"cannot be read ({error})"
    wanted = frames_json(header.frame, length)
    differing = [name for name in ("shape", "data_type", "chunk_grid") if declared.get(name) != wanted[name]]
    differing += ["codecs"] if codecs != _codec_names(wanted) else []
    return length, f"does not fit the header: {', '.join(differing)}" if differing else ""


def _codec_names(declared: Json) -> list[Any]:
    """Return what must agree: how JPEG was encoded need not, its bytes say so themselves."""
    sharding = declared["codecs"][0]["configuration"]
    inner = [[codec["name"] for codec in sharding[key]] for key in ("codecs", "index_codecs")]
    return [declared["codecs"][0]["name"], sharding["index_location"], sharding["chunk_shape"], *inner]


def _check_shard(
    source: FolderSource, header: RecordingHeader, shard: int, length: int, *, every_frame: bool
) -> Iterator[Problem]:
    key = shard_key(shard)
    count = min(SHARD_FRAMES, length - shard * SHARD_FRAMES)
    size = source.size(key)
    if size is None:
        yield Problem(file=key, what=f"is missing, with {count} frames")
        return
    data = source.read_part(key, 0, index_bytes(SHARD_FRAMES))
    try:
        index = parse_index(data, SHARD_FRAMES, where="it", file_bytes=size)[:count]
    except Damaged as error:
        yield Problem(file=key, what=str(error))
        return
    absent = int((index[:, 1] == EMPTY).sum())
    if absent:
        yield Problem(file=key, what=f"{absent} of its {count} frames were never written")
        return
    rows = range(count) if every_frame else sorted({0, count - 1})
    yield from _check_pictures(source, key, index, rows, header, first=shard * SHARD_FRAMES)


def _check_pictures(
    source: FolderSource,
    key: str,
    index: npt.NDArray[np.uint64],
    rows: Iterable[int],
    header: RecordingHeader,
    *,
    first: int,
) -> Iterator[Problem]:
    picture = picture_of(picture_codecs(header.frame), where="")
    frame_HWC = np.empty(header.frame.shape, np.uint8)
    for row in rows:
        try:
            picture.decode_into(source.read_part(key, int(index[row, 0]), int(index[row, 1])), frame_HWC)
        except (ValueError, RuntimeError) as error:
            yield Problem(file=key, what=f"frame {first + row} cannot be decoded: {error}")


def _check_rows(source: FolderSource, header: RecordingHeader, length: int) -> Iterator[Problem]:
    for key in row_kinds(header):
        try:
            rows = read_rows(source, key, "")
        except Damaged as error:
            yield Problem(file=key, what=_tidy(error))
            continue
        if len(rows) < length:
            yield Problem(file=key, what=f"has {len(rows)} rows for {length} frames")
        elif len(rows) > length:
            what = f"has {len(rows) - length} rows more than there are frames; they do not count"
            yield Problem(file=key, what=what, is_note=True)
        if key == "frame_time_ns" and (np.diff(rows[:length]) <= 0).any():
            yield Problem(file=key, what=f"time does not rise after frame {int(np.argmin(np.diff(rows) > 0))}")
        group, _, name = key.partition("/")
        if group == "labels":
            wrong = _wrong_labels(rows[:length], header.schema[name])
            if wrong:
                yield Problem(file=key, what=wrong)


def _wrong_labels(rows_TA: npt.NDArray[Any], head: Head) -> str:
    if isinstance(head, Choice) and len(rows_TA) and int(rows_TA.max()) >= len(head.names):
        return f"class {int(rows_TA.max())} of {len(head.names)}"
    if isinstance(head, Keys) and len(rows_TA) and int(rows_TA.max()) > 1:
        return f"a key is {int(rows_TA.max())}, not 0 or 1"
    return ""


def _check_events(source: FolderSource) -> Iterator[Problem]:
    rows = {}
    for name in EVENT_KINDS:
        try:
            rows[name] = read_rows(source, f"events/{name}", "")
        except Damaged as error:
            yield Problem(file=f"events/{name}", what=_tidy(error))
    lengths = {len(row) for row in rows.values()}
    if len(lengths) > 1:
        what = f"its arrays hold {min(lengths)} to {max(lengths)} events; {min(lengths)} count"
        yield Problem(file="events", what=what, is_note=True)
    try:
        tables = json.loads(source.read("events/zarr.json") or b"")["attributes"]
        for name, table in (("code", tables["codes"]), ("device", tables["devices"])):
            if name in rows and len(rows[name]) and int(rows[name].max()) >= len(table):
                yield Problem(file="events/zarr.json", what=f"lacks the name of {name} {int(rows[name].max())}")
    except (ValueError, KeyError, TypeError) as error:
        yield Problem(file="events/zarr.json", what=f"cannot be read ({error})")


def _tidy(error: Damaged) -> str:
    """Return the sentence without the advice that a reader gives."""
    return str(error).partition(" Repair it with")[0].lstrip("/: ")
