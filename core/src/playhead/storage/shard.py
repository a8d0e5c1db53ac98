"""The file that pictures are appended to: a Zarr shard with its index at the start, rewritten in place.

0        4,000     4,004
| index  | crc32c  | picture | picture | picture ...
  250 times (offset, length), little-endian uint64; both 2^64 - 1 where nothing was written yet
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import FileIO
from pathlib import Path

import google_crc32c
import numpy as np
import numpy.typing as npt

from playhead.errors import Damaged
from playhead.storage.disk import write_at, write_many_at

Index = npt.NDArray[np.uint64]  # (chunks, 2): offset and length
EMPTY = np.uint64(2**64 - 1)


def index_bytes(chunks: int) -> int:
    """Return how long the index of a shard is, its checksum included."""
    return 16 * chunks + 4


def pack_index(index: Index) -> bytes:
    """Return an index as it lies in the file."""
    entries = index.astype("<u8").tobytes()
    checksum: int = google_crc32c.value(entries)
    return entries + checksum.to_bytes(4, "little")


def parse_index(data: bytes, chunks: int, *, where: str, file_bytes: int, most: int = 2**62) -> Index:
    """Read an index and check that every entry lies inside its file and has at most `most` bytes.

    Raises:  Damaged for a short or torn index and for pictures beyond the end of the file or too long.
    """
    if len(data) < index_bytes(chunks):
        raise Damaged(f"{where} is truncated: {len(data)} bytes do not hold its index.")
    entries = data[: 16 * chunks]
    if google_crc32c.value(entries) != int.from_bytes(data[16 * chunks : index_bytes(chunks)], "little"):
        raise Damaged(f"{where} has a damaged index: its checksum does not fit.")
    index: Index = np.frombuffer(entries, dtype="<u8").astype(np.uint64).reshape(chunks, 2)
    lost = len(beyond(index, file_bytes))
    if lost:
        raise Damaged(f"{where} is truncated: {file_bytes} bytes, {lost} of its pictures lie beyond.")
    long = ((index[:, 1] != EMPTY) & (index[:, 1] > np.uint64(most))).nonzero()[0]
    if len(long):
        raise Damaged(f"{where} is damaged: its picture {long[0]} has {index[long[0], 1]:,} bytes.")
    return index


def beyond(index: Index, file_bytes: int) -> npt.NDArray[np.int64]:
    """Return the numbers of the pictures that by the index lie outside its file, or inside the index itself."""
    offsets, lengths = index[:, 0], index[:, 1]
    end = np.uint64(file_bytes)
    # Not offset + length <= end: a sum of two uint64 begins again at 0.
    is_inside = (offsets >= np.uint64(index_bytes(len(index)))) & (offsets <= end)
    is_inside &= lengths <= end - np.minimum(offsets, end)
    outside: npt.NDArray[np.int64] = ((lengths != EMPTY) & ~is_inside).nonzero()[0]
    return outside


class ShardFile:
    """One open shard: pictures are appended, and `publish` makes all of them readable at once."""

    def __init__(self, path: Path, chunks: int) -> None:
        self.path = path
        self._index: Index = np.full((chunks, 2), EMPTY, dtype=np.uint64)
        self._count = 0
        self._end = index_bytes(chunks)
        self._is_published = True
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = FileIO(path, "x")
        try:
            write_at(self._file, 0, pack_index(self._index))
        except OSError:
            self._file.close()
            raise

    @property
    def is_full(self) -> bool:
        """Whether every chunk is taken."""
        return self._count == len(self._index)

    @property
    def room(self) -> int:
        """How many chunks are free."""
        return len(self._index) - self._count

    def append(self, data: bytes) -> None:
        """Write one encoded picture behind the last one. Nobody sees it before `publish`."""
        write_at(self._file, self._end, data)
        self._index[self._count] = self._end, len(data)
        self._count += 1
        self._end += len(data)
        self._is_published = False

    def extend(self, pictures: Sequence[bytes]) -> None:
        """Write several encoded pictures at once: at most `room`."""
        write_many_at(self._file, self._end, pictures)
        lengths = np.array([len(data) for data in pictures], dtype=np.uint64)
        ends = np.uint64(self._end) + np.cumsum(lengths, dtype=np.uint64)
        rows = slice(self._count, self._count + len(pictures))
        self._index[rows, 0], self._index[rows, 1] = ends - lengths, lengths
        self._count += len(pictures)
        self._end = int(ends[-1]) if len(ends) else self._end
        self._is_published = False

    def publish(self, *, durable: bool) -> None:
        """Rewrite the index in place; `durable` first waits until the disk has the pictures it will name."""
        if self._is_published:
            return
        if durable:
            os.fsync(self._file.fileno())
        write_at(self._file, 0, pack_index(self._index))
        self._is_published = True

    def close(self) -> None:
        """Close the file without publishing."""
        self._file.close()
