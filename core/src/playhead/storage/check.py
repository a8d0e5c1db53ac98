"""Says everything that is wrong with a recording, by file, without stopping at the first thing.

Of a recording with checksums every byte of every file is looked at: it is covered by a checksum, or must be zero,
or belongs to a file that is no part of the recording.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import numpy.typing as npt

from playhead.errors import Damaged, Mismatch
from playhead.inputs import FRAMES
from playhead.storage.beginnings import BEGUN, is_beginning
from playhead.storage.declarations import RowKind, Rows, frames_length, read_document, read_header, rows_declared
from playhead.storage.files import EVENT_KINDS, checksums_of, groups_of, row_kinds
from playhead.storage.layers import GROUPS as LAYER_GROUPS
from playhead.storage.layers import LAYERS, layer_names, read_layer_header, read_layer_rows, strict
from playhead.storage.marks import MARK, MOST_BYTES, Mark
from playhead.storage.picture_array import shard_key
from playhead.storage.pictures import coder_of, most_bytes
from playhead.storage.problems import Look, Problem, tidy
from playhead.storage.reader import chunk_key, read_events, read_rows
from playhead.storage.schema import ROWS, SHARD_FRAMES, RecordingHeader
from playhead.storage.shard import EMPTY, index_bytes, parse_index
from playhead.storage.sources import FileSource, FolderSource
from playhead.storage.values import what_is_wrong, what_is_wrong_with_events

MOST_NAMED = 20  # things of one kind that are named one by one
NO_CHECKSUMS = "it was made before recordings had checksums: changed bits may go unseen. Repairing gives it some"


def check_recording(
    where: Path | FileSource, *, every_frame: bool = False,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> list[Problem]:  # fmt: skip
    """Check the files of a recording against checksums and each other; decode some of its pictures, or all.

    It lies in a folder, or where its files come from.

    Without `every_frame` the first and last picture of each shard are decoded. `progress` is called with frames
    done and frames in all.
    A recording that was killed while it was made is valid: it has a note, and no problem.
    """
    if isinstance(where, Path) and is_beginning(where):
        return [Problem(file="zarr.json", what=f"is not there yet: {BEGUN}", is_note=True)]
    source = FolderSource(where) if isinstance(where, Path) else where
    try:
        header, is_complete = read_header(source, source.place)
    except (Damaged, Mismatch) as error:
        return [Problem(file="zarr.json", what=tidy(error, "zarr.json", source.place))]
    look = Look(source=source, header=header, is_complete=is_complete)
    problems = list(_check_header(look))
    length, unreadable = declared_length(source, header)
    if unreadable:
        problems.append(Problem(file="frames/zarr.json", what=unreadable))
    else:
        if not length:
            problems.append(Problem(file="frames/zarr.json", what="the recording is empty"))
        problems += _check_shards(look, FRAMES, length, every_frame=every_frame, progress=progress)
        problems += _check_cameras(look, length, every_frame=every_frame)
        problems += _check_rows(look, length)
        problems += _check_events(look, length)
        problems += _check_layers(look, length)
        problems += _check_others(look)
    source.close()
    return problems


def _check_header(look: Look) -> Iterator[Problem]:
    if not look.is_complete:
        what = "was not ended properly: killed, out of disk, or still being recorded"
        yield Problem(file="zarr.json", what=what, is_note=True)
    if not look.header.checksums:
        yield Problem(file="zarr.json", what=NO_CHECKSUMS, is_note=True)
    yield from _check_spelling(look, "zarr.json")
    for key in look.header.pictures:
        yield from _check_spelling(look, f"{key}/zarr.json")
    for group in groups_of(look.header):
        if group.startswith("checksums") and not look.header.checksums:
            continue
        yield from _check_document(look, f"{group}/zarr.json")


def _check_document(look: Look, key: str) -> Iterator[Problem]:
    try:
        read_document(look.source, key, "", look.header, otherwise="a group is missing")
    except Damaged as error:
        yield Problem(file=key, what=tidy(error, key, look.source.place))
    yield from _check_spelling(look, key)


def _check_spelling(look: Look, key: str) -> Iterator[Problem]:
    """Look for changes that leave what a document says: 1e-05 and 1E-05, a digit that no float can hold."""
    look.known.add(key)
    if not look.header.checksums:
        return
    try:
        data = look.source.read(key) or b""
        document = json.loads(data)
    except (Damaged, ValueError, RecursionError):
        return  # said already
    if not any(json.dumps(document, indent=indent).encode() == data for indent in (None, 2)):
        yield Problem(file=key, what="is not spelled as it was written: a bit of it has changed")


def declared_length(source: FileSource, header: RecordingHeader, of: str = FRAMES) -> tuple[int, str]:
    """Return the pictures that an array of them declares, and what is wrong with its zarr.json, if anything."""
    key = f"{of}/zarr.json"
    try:
        if source.size(key) is None:
            return 0, "is missing"
        document = read_document(source, key, "", header, otherwise="")
        length = frames_length(document, header, of, key)
    except Damaged as error:
        return 0, tidy(error, key, "")
    count, present = -(-length // SHARD_FRAMES), len(shards_present(source, of))
    if count > 2 * present + 1_000:  # what was lost of a recording is never that much more than what is left
        return 0, f"declares {length:,} frames, and there are {present:,} files of pictures"
    return length, ""


def shards_present(source: FileSource, of: str = FRAMES) -> set[int]:
    """Return the numbers of the shards of an array of pictures that have a folder."""
    names = source.names(f"{of}/c")
    return {int(name) for name in names if name.isdecimal() and name.isascii() and len(name) < 8}


def _check_cameras(look: Look, length: int, *, every_frame: bool) -> Iterator[Problem]:
    """Look at the pictures of further cameras: one a frame."""
    for key in look.header.pictures:
        if key == FRAMES:
            continue
        declared, unreadable = declared_length(look.source, look.header, key)
        if unreadable:
            yield Problem(file=f"{key}/zarr.json", what=unreadable)
            look.broken.append(f"{key}/")
            continue
        yield from _check_count(look, key, declared, length, "pictures")
        yield from _check_shards(look, key, min(declared, length), every_frame=every_frame)


def _check_count(look: Look, key: str, count: int, length: int, what: str) -> Iterator[Problem]:
    if count < length:
        yield Problem(file=key, what=f"has {count} {what} for {length} frames")
    elif count > length:
        more = f"has {count - length} {what} more than there are frames; they do not count"
        yield Problem(file=key, what=more, is_note=not look.is_strict)


def _check_shards(
    look: Look, of: str, length: int, *, every_frame: bool,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Iterator[Problem]:  # fmt: skip
    checksums = _picture_checksums(look, of, length)
    count = -(-length // SHARD_FRAMES)
    present = shards_present(look.source, of)
    missing = (shard for shard in range(count) if shard not in present)
    for shard in range(count):
        if shard in present:
            progress(shard * SHARD_FRAMES, length)
            yield from _check_shard(look, of, shard, length, checksums, every_frame=every_frame)
    for shard in islice(missing, MOST_NAMED):
        frames = min(SHARD_FRAMES, length - shard * SHARD_FRAMES)
        yield Problem(file=shard_key(shard, of), what=f"is missing, with {frames} frames")
    if more := sum(1 for _ in missing):
        yield Problem(file=of, what=f"{more:,} more of its shards are missing")


def _picture_checksums(look: Look, of: str, length: int) -> npt.NDArray[Any] | None:
    kind = row_kinds(look.header).get(checksums_of(of))
    if kind is None or not length:
        return None
    try:
        rows = read_rows(look.source, checksums_of(of), "", look.header, kind)
    except Damaged:
        return None  # said with the other arrays
    return rows if len(rows) >= length else None


def _check_shard(
    look: Look, of: str, shard: int, length: int, checksums: npt.NDArray[Any] | None, *, every_frame: bool
) -> Iterator[Problem]:
    key, first, group = shard_key(shard, of), shard * SHARD_FRAMES, look.header.group
    look.known.add(key)
    frames = min(SHARD_FRAMES, length - first)
    count, chunks = -(-frames // group), SHARD_FRAMES // group
    try:
        size = look.source.size(key)
        if size is None:
            yield Problem(file=key, what=f"is missing, with {frames} frames")
            return
        data = look.source.read_part(key, 0, index_bytes(chunks))
        most = most_bytes(look.header.pictures[of].shape, group)
        index = parse_index(data, chunks, where="it", file_bytes=size, most=most)
    except Damaged as error:
        yield Problem(file=key, what=tidy(error, key, look.source.place))
        return
    absent = int((index[:count, 1] == EMPTY).sum())
    if absent:
        yield Problem(file=key, what=f"{absent * group} of its {frames} frames were never written")
        return
    yield from _check_gaps(look, key, index, count, size)
    yield from _check_pictures(look, of, index[:count], range(first, first + frames), checksums, every_frame)


def _check_gaps(look: Look, key: str, index: npt.NDArray[np.uint64], count: int, size: int) -> Iterator[Problem]:
    """Look for bytes that belong to no picture: between them, behind them, or named behind the last frame."""
    starts, lengths = index[:count].astype(np.int64).T
    ends = np.concatenate([[index_bytes(len(index))], starts + lengths])
    gaps = np.flatnonzero(starts != ends[:-1])
    if len(gaps):
        what = f"bytes lie between its pictures, before the one of row {gaps[0]}"
        yield Problem(file=key, what=what, is_note=not look.is_strict)
    elif size != ends[-1] or (index[count:, 1] != EMPTY).any():
        what = f"{size - int(ends[-1]):,} bytes lie behind its last frame; they do not count"
        yield Problem(file=key, what=what, is_note=not look.is_strict)


def _check_pictures(
    look: Look,
    of: str,
    index: npt.NDArray[np.uint64],
    frames: range,
    checksums: npt.NDArray[Any] | None,
    every_frame: bool,
) -> Iterator[Problem]:
    key, group = shard_key(frames[0] // SHARD_FRAMES, of), look.header.group
    coder, shape = coder_of(look.header.codecs_of(of), where=""), look.header.pictures[of].shape
    for row, (offset, length) in enumerate(index.tolist()):
        is_decoded = every_frame or row in (0, len(index) - 1)
        if checksums is None and not is_decoded:
            continue
        held = frames[row * group : (row + 1) * group]
        named = f"frame {held[0]}" if group == 1 else f"frames {held[0]} to {held[-1]}"
        try:
            data = look.source.read_part(key, offset, length)
            wanted = set() if checksums is None else set(checksums[held[0] : held[-1] + 1].tolist())
            if wanted - {google_crc32c.value(data)}:
                verb, whose = ("is", "its") if group == 1 else ("are", "their")
                yield Problem(file=key, what=f"{named} {verb} damaged: {whose} checksum does not fit")
            elif is_decoded:
                coder.decode_all(data, shape, len(held))
        except (Damaged, ValueError, RuntimeError) as error:
            yield Problem(file=key, what=f"{named} cannot be decoded: {error}")


def _check_rows(look: Look, length: int) -> Iterator[Problem]:
    for key, kind in row_kinds(look.header).items():
        if not length and look.source.size(f"{key}/zarr.json") is None:
            continue  # arrays come into being with the first frames
        try:
            rows = read_rows(look.source, key, "", look.header, kind)
        except Damaged as error:
            yield from _check_array_files(look, key, kind)
            yield Problem(file=key, what=tidy(error, key, look.source.place))
            look.broken.append(f"{key}/")
            continue
        yield from _check_array_files(look, key, kind)
        yield from _check_count(look, key, len(rows), length, "rows")
        wrong = what_is_wrong(key, rows[:length], look.header)
        if wrong:
            yield Problem(file=key, what=wrong)


def _check_array_files(look: Look, key: str, kind: RowKind) -> Iterator[Problem]:
    """Look at what the checksums of an array leave out: how it is spelled, how long its files are, their rest."""
    declaration = f"{key}/zarr.json"
    yield from _check_spelling(look, declaration)
    try:
        document = read_document(look.source, declaration, "", look.header, otherwise="")
        declared = rows_declared(document, kind, declaration, must_have_checksums=bool(look.header.checksums))
        for number in range(-(-declared.length // ROWS)):
            file = chunk_key(key, number, kind)
            look.known.add(file)
            if (what := _rest_of_chunk(look, file, number, declared, kind)) is None:
                return
            if what:
                yield Problem(file=file, what=what, is_note=not look.is_strict)
    except Damaged:
        return  # said by whoever read the rows


def _rest_of_chunk(look: Look, file: str, number: int, declared: Rows, kind: RowKind) -> str | None:
    """Say what is wrong behind the rows of a chunk, "" when nothing is; None where there is no such file."""
    row_bytes = kind[0].itemsize * int(np.prod(kind[1], dtype=np.int64))
    used = min(ROWS, declared.length - number * ROWS) * row_bytes
    size = look.source.size(file)
    if size is None:
        return None
    if size != ROWS * row_bytes:
        return f"has {size:,} bytes, not {ROWS * row_bytes:,}"
    rest = look.source.read_part(file, used, size - used) if look.header.checksums else b""
    return "holds something behind its last row" if rest.strip(b"\0") else ""


def _check_events(look: Look, length: int) -> Iterator[Problem]:
    yield from _check_document(look, "events/zarr.json")
    lengths = set()
    for name, dtype in EVENT_KINDS.items():
        key = f"events/{name}"
        if not length and look.source.size(f"{key}/zarr.json") is None:
            return
        yield from _check_array_files(look, key, (dtype, ()))
        try:
            lengths.add(len(read_rows(look.source, key, "", look.header, (dtype, ()))))
        except Damaged as error:
            yield Problem(file=key, what=tidy(error, key, look.source.place))
            look.broken.append(f"{key}/")
    if len(lengths) > 1:
        what = f"its arrays hold {min(lengths)} to {max(lengths)} events; {min(lengths)} count"
        yield Problem(file="events", what=what, is_note=not look.is_strict)
    try:
        rows, codes, devices = read_events(look.source, "", look.header)
    except Damaged:
        return  # said above
    wrong = what_is_wrong_with_events(rows, len(codes), len(devices))
    if wrong:
        yield Problem(file="events/zarr.json", what=wrong)


def _check_layers(look: Look, length: int) -> Iterator[Problem]:
    """Look at how it was labelled again. Layers have checksums, and are whole, whatever the recording is."""
    names = layer_names(look.source)
    look = replace(look, header=strict(look.header), is_complete=True)
    if names or "zarr.json" in look.source.names(LAYERS):
        yield from _check_document(look, f"{LAYERS}/zarr.json")
    times_ns = None
    with suppress(Damaged):  # said above
        kind = row_kinds(look.header)["frame_time_ns"]
        times_ns = read_rows(look.source, "frame_time_ns", "", look.header, kind)[:length]
    for name in names:
        for group in ("", *(f"/{group}" for group in LAYER_GROUPS)):
            yield from _check_document(look, f"{LAYERS}/{name}{group}/zarr.json")
        yield from _check_layer(look, name, times_ns)


def _check_layer(look: Look, name: str, times_ns: npt.NDArray[np.int64] | None) -> Iterator[Problem]:
    folder = f"{LAYERS}/{name}"
    try:
        header = read_layer_header(look.source, "", look.header, name, times_ns)
    except (Damaged, Mismatch) as error:
        yield Problem(file=folder, what=tidy(error, f"{folder}/zarr.json", look.source.place))
        look.broken.append(f"{folder}/")
        return
    for key, kind in header.row_kinds().items() if header.frames else ():
        yield from _check_array_files(look, f"{folder}/{key}", kind)
        try:
            read_layer_rows(look.source, "", look.header, name, header, key)
        except Damaged as error:
            yield Problem(file=f"{folder}/{key}", what=tidy(error, f"{folder}/{key}", look.source.place))
            look.broken.append(f"{folder}/{key}/")


def _check_others(look: Look) -> Iterator[Problem]:
    """Read the mark of an import, and name the files that are no part of the recording."""
    try:
        data = look.source.read(MARK, MOST_BYTES)
        if data is not None:
            Mark.decoded(data, MARK, must_have_checksum=bool(look.header.checksums))
    except Damaged as error:
        yield Problem(file=MARK, what=tidy(error, MARK, look.source.place))
    there = look.source.files().keys() - look.known - {MARK}
    others = sorted(name for name in there if not name.startswith(tuple(look.broken)))
    for name in others[:MOST_NAMED]:
        yield Problem(file=name, what="is no part of the recording", is_note=True)
    if len(others) > MOST_NAMED:
        what = f"{len(others) - MOST_NAMED:,} more files are no part of the recording"
        yield Problem(file=".", what=what, is_note=True)
