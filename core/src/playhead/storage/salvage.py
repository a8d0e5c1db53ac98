"""Finds what can still be read in damaged files: pictures by their own markers, rows by their own chunks.

Shape legend: T frames, A columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import google_crc32c
import numpy as np
import numpy.typing as npt

from playhead.containers.h264 import BEGIN as BEGIN_H264
from playhead.errors import Damaged
from playhead.storage.declarations import RowKind, Rows, read_document, rows_declared
from playhead.storage.mending import mend_bytes
from playhead.storage.reader import chunk_key
from playhead.storage.schema import ROWS, SHARD_FRAMES, RecordingHeader
from playhead.storage.shard import EMPTY, index_bytes, parse_index
from playhead.storage.sources import FolderSource

Span = tuple[int, int]  # offset and length in a shard file
_MOST_SHARD_BYTES = 2**29  # are read to walk over its pictures: 2 MB a picture
_JPEG = b"\xff\xd8\xff"  # start of image, and the first byte of the marker behind it
_ZSTD = b"\x28\xb5\x2f\xfd"
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9


def spans_in_shard(source: FolderSource, key: str, most: int, chunks: int = SHARD_FRAMES) -> list[Span | None]:
    """Return where each chunk of a shard lies: by its index, else by walking over the pictures.

    None where it is lost, or has more than `most` bytes.
    """
    try:
        size = source.size(key)
    except Damaged:
        size = None
    if size is None:
        return [None] * chunks
    head = source.read_part(key, 0, index_bytes(chunks))
    try:
        index = parse_index(head, chunks, where=key, file_bytes=2**62)  # pictures beyond the end: see below
    except Damaged:
        data = source.read_part(key, 0, min(size, _MOST_SHARD_BYTES))
        spans: list[Span | None] = []
        spans += islice(walk_pictures(data, index_bytes(chunks)), chunks)
    else:
        spans = [None if length == EMPTY else (int(offset), int(length)) for offset, length in index]
    inside = [span if span is not None and sum(span) <= size and span[1] <= most else None for span in spans]
    return inside + [None] * (chunks - len(inside))


def walk_pictures(data: bytes, start: int) -> Iterator[Span]:
    """Yield the pictures that lie one behind the other from `start`, as long as they are whole."""
    at = start
    while at < len(data):
        if data.startswith(_ZSTD, at):
            end = _zstd_end(data, at)
        elif data.startswith(_JPEG, at):
            end = _jpeg_end(data, at)
        elif data.startswith(BEGIN_H264, at):
            behind = data.find(BEGIN_H264, at + 1)
            end = len(data) if behind < 0 else behind
        else:  # bytes behind the end of a JPEG that somebody else made
            found = data.find(_JPEG, at)
            if found < 0:
                return
            at = found
            continue
        if end > len(data):
            return
        yield at, end - at
        at = end


def _jpeg_end(data: bytes, start: int) -> int:
    """Return where a JPEG ends. Segments tell their length; in a scan, 0xFF is followed by 0 or a restart marker.

    Source:  ITU-T T.81, annex B.
    """
    at = start + 2
    while at + 4 <= len(data):
        marker = data[at + 1]
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _START_OF_SCAN:
            at = _scan_end(data, at)
            if at + 2 <= len(data) and data[at + 1] == _END_OF_IMAGE:
                return at + 2
    return len(data) + 1


def _scan_end(data: bytes, at: int) -> int:
    """Return the first marker behind the coded data that begins at `at`."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            return len(data)
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2


def _zstd_end(data: bytes, start: int) -> int:
    """Return where a zstd frame ends: its header, then blocks up to the one marked as last.

    Source:  RFC 8878, section 3.1.1.
    """
    descriptor = data[start + 4] if start + 4 < len(data) else 0
    is_single = bool(descriptor & 0x20)
    content_size = (int(is_single), 2, 4, 8)[descriptor >> 6]
    at = start + 5 + int(not is_single) + (0, 1, 2, 4)[descriptor & 3] + content_size
    while at + 3 <= len(data):
        block = int.from_bytes(data[at : at + 3], "little")
        is_run = (block >> 1) & 3 == 1  # one byte, repeated
        at += 3 + (1 if is_run else block >> 3)
        if block & 1:
            return at + (4 if descriptor & 0x04 else 0)
    return len(data) + 1


def salvage_rows(
    source: FolderSource, key: str, kind: RowKind, length: int, header: RecordingHeader
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Read the rows that are there and are what was written; of the times also those that may have changed.

    Shapes:  returns rows (length, *row_shape), zero where lost, and known (length,) bool.
    """
    dtype, row_shape = kind
    rows = np.zeros((length, *row_shape), dtype)
    known = np.zeros(length, np.bool_)
    row_bytes = dtype.itemsize * int(np.prod(row_shape, dtype=np.int64))
    declared = _declared(source, key, kind, header)
    for first in range(0, length, ROWS):
        data = _chunk(source, chunk_key(key, first // ROWS, kind), ROWS * row_bytes)
        used = min(ROWS, declared.length - first) * row_bytes
        if declared.checksums is not None and 0 < used <= len(data):
            checked = _checked(data[:used], declared.checksums[first // ROWS])
            if checked is None and key != "frame_time_ns":
                continue
            data = checked or data
        count = min(ROWS, length - first, len(data) // row_bytes)
        found = np.frombuffer(data[: count * row_bytes], dtype=dtype.newbyteorder("<"))
        rows[first : first + count] = found.reshape(count, *row_shape)
        known[first : first + count] = True
    return rows, known


def _declared(source: FolderSource, key: str, kind: RowKind, header: RecordingHeader) -> Rows:
    """Return what an array declares; nothing where its own declaration is damaged: then its rows are believed."""
    try:
        document = read_document(source, f"{key}/zarr.json", "", header, otherwise="an array is missing")
        return rows_declared(document, kind, key, must_have_checksums=bool(header.checksums))
    except Damaged:
        return Rows(length=0, checksums=None)


def _chunk(source: FolderSource, file: str, most: int) -> bytes:
    try:
        return b"" if source.size(file) is None else source.read_part(file, 0, most)
    except Damaged:
        return b""


def _checked(data: bytes, checksum: int) -> bytes | None:
    """Return data that fits its checksum, with one bit turned where that does it; None where nothing does."""
    return data if google_crc32c.value(data) == checksum else mend_bytes(data, checksum)
