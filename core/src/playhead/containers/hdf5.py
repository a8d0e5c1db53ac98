"""Data sets of an HDF5 file, read in stretches. The only file that knows h5py.

HDF5 files may name other files (external links, external storage, virtual data sets), promise data that was never
written (fill values) and pack a picture a thousandfold. So links are followed one by one, and a data set is opened
only when its bytes lie in this file: written in full, and not more of them than the file has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.containers.files import head_of, kind_of, open_plain, reason, saying_not_written
from playhead.errors import Damaged, Mismatch, PluginError

MOST_CHUNK_BYTES = 2**27  # of a chunk when it is unpacked: it lies in memory whole
MOST_ROW_BYTES = 2**28  # of a picture in 64 bits, of the largest that are read
MOST_ARRAYS, MOST_DEPTH = 1_000, 8
MOST_LINKS = 16  # links behind links; HDF5 itself follows as many
_OPEN_FLAGS = 11  # where in the superblock a version 2 or 3 says that somebody has the file open
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# What h5py raises for a file that is damaged or unusual: HDF5's own errors are translated to all of these.
_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, OverflowError, MemoryError)
_FILTERS = {307: "bzip2", 32000: "LZF", 32001: "Blosc", 32004: "LZ4", 32008: "Bitshuffle", 32013: "ZFP",
            32015: "Zstandard", 32026: "Blosc2", 4: "SZIP"}  # fmt: skip


@dataclass(frozen=True)
class DataSet:
    """Numbers in a file, of a known shape; nothing of them is in memory until it is read."""

    where: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    _found: Any

    def __len__(self) -> int:
        return self.shape[0]

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """Return a stretch along the first axis. Raises Damaged for what cannot be read."""
        try:
            return np.asarray(self._found[start:stop])
        except _ERRORS as error:
            raise Damaged(f"{self.where} cannot be read at {start}: {reason(error)}.") from error


@dataclass(frozen=True)
class Pictures:
    """Encoded pictures in a file, one a row, of differing length or filled up with zeros."""

    where: str
    count: int
    _found: Any

    def __len__(self) -> int:
        return self.count

    def read(self, row: int) -> bytes:
        """Return the bytes of a picture. Raises Damaged for what cannot be read."""
        try:
            return np.asarray(self._found[row], np.uint8).tobytes()
        except _ERRORS as error:
            raise Damaged(f"{self.where} cannot be read at {row}: {reason(error)}.") from error


class Hdf5File:
    """An HDF5 file that is open."""

    def __init__(self, path: Path, opened: Any, size: int) -> None:
        self.path = path
        self._file = opened
        self._size = size

    def names(self) -> list[str]:
        """Return what stands in the root of the file, sorted, at most 20."""
        try:
            return sorted(str(name) for _, name in zip(range(20), self._file, strict=False))
        except _ERRORS as error:
            raise self._damaged(error) from error

    def members(self, group: str) -> list[str]:
        """Return what stands in a group, sorted, at most 10,000; none for what is no group, or not there."""
        import h5py

        try:
            found = self._followed(group, MOST_LINKS)
            if not isinstance(found, h5py.Group):
                return []
            return sorted(str(name) for _, name in zip(range(10_000), found, strict=False))
        except KeyError:
            return []
        except (Damaged, Mismatch):
            raise
        except _ERRORS as error:
            raise self._damaged(error) from error

    def arrays(self) -> list[str]:
        """Return the paths of all data sets of numbers in this file, at most 1,000 in 8 groups within groups."""
        found: list[str] = []
        waiting = [(name, 1) for name in reversed(self.members("/"))]
        while waiting and len(found) < MOST_ARRAYS:
            name, depth = waiting.pop()
            if depth < MOST_DEPTH and (inside := self._inside(name)):
                waiting += [(f"{name}/{one}", depth + 1) for one in reversed(inside)]
                continue
            try:
                self.data_set(name, "numbers")
            except Mismatch:
                continue  # of something else, or in another file
            found.append(name)
        return found

    def _inside(self, name: str) -> list[str]:
        try:
            return self.members(name)
        except (Damaged, Mismatch):
            return []

    def is_encoded(self, name: str) -> bool:
        """Say whether a data set has rows of bytes of differing length, as encoded pictures are."""
        import h5py

        try:
            found = self._followed(name, MOST_LINKS)
            return isinstance(found, h5py.Dataset) and h5py.check_vlen_dtype(found.dtype) == np.uint8
        except (Damaged, Mismatch):
            raise
        except _ERRORS as error:
            raise self._damaged(error) from error

    def pictures(self, name: str) -> Pictures:
        """Return encoded pictures of a data set. Raises as `data_set`."""
        import h5py

        wanted = "encoded pictures, one a row"
        try:
            found = self._followed(name, MOST_LINKS)
            self._check_is_data_set(name, found, wanted)
            is_bytes = h5py.check_vlen_dtype(found.dtype) == np.uint8
            if not is_bytes or found.ndim != 1:
                return Pictures(f"{self.path}: {name}", len(rows := self.data_set(name, wanted)), rows._found)
            self._check_here(name, found)
            if found.chunks:
                self._check_chunks(name, found)
            if found.chunks and found.id.get_num_chunks() < -(-len(found) // found.chunks[0]):
                raise Damaged(f"{self.path}: {name} was not written in full.")
            return Pictures(f"{self.path}: {name}", len(found), found)
        except (Damaged, Mismatch):
            raise
        except _ERRORS as error:
            raise self._damaged(error) from error

    def __contains__(self, name: str) -> bool:
        try:
            return self._file.get(name, getlink=True, default=None) is not None
        except _ERRORS as error:
            raise self._damaged(error) from error

    def data_set(self, name: str, wanted: str) -> DataSet:
        """Return a data set of numbers; `wanted` says in errors what it should be, "one data set (frames, 7)".

        Raises:  Mismatch when it is something else, or lies elsewhere; Damaged when it was not written in full.
        """
        try:
            found = self._followed(name, MOST_LINKS)
            self._check_is_data_set(name, found, wanted)
            self._check_plain(name, found, wanted)
            self._check_stored(name, found)
            return DataSet(f"{self.path}: {name}", tuple(found.shape), found.dtype, found)
        except (Damaged, Mismatch):
            raise
        except _ERRORS as error:
            raise self._damaged(error) from error

    def _followed(self, name: str, left: int) -> Any:
        """Return what a path leads to, link by link, within this file alone."""
        import h5py

        group = self._file
        steps = [step for step in name.split("/") if step not in ("", ".")]
        for number, step in enumerate(steps):
            link = group.get(step, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise Mismatch(
                    f"{self.path}: {name} lies in another file, {ascii(link.filename)[:200]}, which is not "
                    "opened. Copy it into this file (h5copy)."
                )
            if isinstance(link, h5py.SoftLink):
                if not left:
                    raise Damaged(f"{self.path}: {name} is a link that leads to a link, {MOST_LINKS} times.")
                rest = "/".join([str(link.path), *steps[number + 1 :]])
                base = "" if str(link.path).startswith("/") else "/".join(steps[:number])
                return self._followed(f"{base}/{rest}", left - 1)
            group = group[step]
        return group

    def _check_is_data_set(self, name: str, found: Any, wanted: str) -> None:
        import h5py

        if isinstance(found, h5py.Dataset):
            return
        if not isinstance(found, h5py.Group):
            raise Mismatch(f"{self.path}: {name} is a type that has a name, {wanted} is wanted.")
        kinds = [found.get(key, getclass=True, getlink=True) for _, key in zip(range(10_000), found, strict=False)]
        inside = (
            f"{len(found)} data sets" if all(kind is h5py.HardLink for kind in kinds) else f"{len(found)} things"
        )
        raise Mismatch(f"{self.path}: {name} is a group of {inside}, {wanted} is wanted.")

    def _check_plain(self, name: str, found: Any, wanted: str) -> None:
        """Say what of a data set is not in this file, or are no numbers."""
        import h5py

        self._check_here(name, found)
        if found.shape is None or not found.ndim:
            raise Mismatch(
                f"{self.path}: {name} is {'empty' if found.shape is None else 'one value'}, {wanted} is wanted."
            )
        if found.dtype.kind not in "biuf":
            kind = "strings" if h5py.check_string_dtype(found.dtype) else str(found.dtype)[:100]
            raise Mismatch(f"{self.path}: {name} holds {kind}, not numbers, {wanted} is wanted.")

    def _check_here(self, name: str, found: Any) -> None:
        """Say what of a data set is not in this file, before anything asks for its shape: that opens sources."""
        import h5py

        stored = found.id.get_create_plist()
        if stored.get_layout() == h5py.h5d.VIRTUAL:
            raise Mismatch(
                f"{self.path}: {name} is put together from other data sets (a virtual one), which are not "
                "opened. Write it into one file (h5repack)."
            )
        if stored.get_external_count():
            raise Mismatch(
                f"{self.path}: {name} is stored in another file, which is not opened. Write it into one "
                "file (h5repack)."
            )
        codes = [stored.get_filter(number)[0] for number in range(stored.get_nfilters())]
        if len(codes) > len(set(codes)):
            raise Mismatch(f"{self.path}: {name} is compressed twice in the same way, which no honest file is.")
        for code in codes:
            if not h5py.h5z.filter_avail(code):
                called = f"{_FILTERS[code]} (filter {code})" if code in _FILTERS else f"filter {code}"
                raise Mismatch(
                    f"{self.path}: {name} is compressed with {called}, which is not installed. Write it "
                    "anew with gzip: h5repack -f GZIP=4."
                )

    def _check_chunks(self, name: str, found: Any) -> None:
        """Say so where pieces are so large that none should lie in memory."""
        if math.prod(found.chunks) * found.dtype.itemsize > MOST_CHUNK_BYTES:
            raise Mismatch(
                f"{self.path}: {name} is stored in pieces of {found.chunks}, more than {MOST_CHUNK_BYTES:,} "
                "bytes each. Write it anew in smaller ones: h5repack -l CHUNK=..."
            )

    def _check_stored(self, name: str, found: Any) -> None:
        """Say so when the file promises more than it holds."""
        if (row := math.prod(found.shape[1:]) * found.dtype.itemsize) > MOST_ROW_BYTES:
            raise Mismatch(f"{self.path}: {name} has rows of {row:,} bytes; {MOST_ROW_BYTES:,} at most are read.")
        promised, stored = math.prod(found.shape) * found.dtype.itemsize, found.id.get_storage_size()
        if stored > self._size:
            raise Damaged(f"{self.path}: {name} should take {stored:,} bytes; the file has {self._size:,}.")
        if found.chunks is None:
            if stored < promised:
                raise Damaged(
                    f"{self.path}: {name} should have {promised:,} bytes and has {stored:,}: it was not "
                    "written in full."
                )
            return
        self._check_chunks(name, found)
        pieces = math.prod(-(-length // piece) for length, piece in zip(found.shape, found.chunks, strict=True))
        written = found.id.get_num_chunks()
        if written < pieces:
            raise Damaged(
                f"{self.path}: {name} has {len(found):,} rows in {pieces:,} pieces, of which {written:,} "
                "were written; the others are no data."
            )

    def _damaged(self, error: BaseException) -> Damaged:
        return Damaged(f"{self.path} cannot be read as HDF5: {reason(error)}.")


@contextmanager
def open_hdf5(path: Path) -> Iterator[Hdf5File]:
    """Open an HDF5 file for reading. What is raised inside passes through as it is.

    Raises:  Damaged for a file that is none, cut short, or still open in another program.
    """
    h5py = _h5py()
    with open_plain(path) as file:
        size, begins = file.seek(0, 2), _superblock(file)
        # Disks of networks refuse locks; a file is then read without, and its mark says if it is being written.
        try:
            opened = h5py.File(path, "r", locking="best-effort")
        except _ERRORS as error:
            raise Damaged(f"{path} cannot be read as HDF5: {_said(path, begins, error)}.") from error
        try:
            yield Hdf5File(path, opened, size)
        finally:
            opened.close()


def write_hdf5(file: Path, groups: Iterable[tuple[str, Mapping[str, Any], Mapping[str, Any]]]) -> None:
    """Write groups of (name, attributes, data sets by path) into a new file; lists of bytes are encoded pictures.

    Raises:  StorageFull or DeviceFailed from the disk.
    """
    h5py = _h5py()
    with saying_not_written(file, file.name), h5py.File(file, "x", track_order=True) as out:
        for name, attributes, arrays in groups:
            group = out.create_group(name)
            group.attrs.update(attributes)
            for path, values in arrays.items():
                if isinstance(values, list):
                    stored = group.create_dataset(path, (len(values),), h5py.vlen_dtype(np.uint8), chunks=True)
                    for row, data in enumerate(values):
                        stored[row] = np.frombuffer(data, np.uint8)
                else:
                    group.create_dataset(path, data=values)


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise PluginError(
            'HDF5 needs the package h5py, which is not installed. Type: pip install "playhead[hdf5]"'
        ) from error
    return h5py


def _said(path: Path, begins: bytes, error: BaseException) -> str:
    """Return why a file cannot be opened, where its first bytes tell more than HDF5 does."""
    if not begins:
        head = head_of(path)
        return f"it is {kind_of(head) or 'no HDF5 file'}" if head else "it is empty"
    if len(begins) > _OPEN_FLAGS and begins[8] in (2, 3) and begins[_OPEN_FLAGS]:
        return (
            "it is still being written, or what wrote it was killed. End that program, or clear the mark: "
            "h5clear -s FILE"
        )
    if isinstance(error, BlockingIOError):
        return "another program has it open for writing. End that program"
    return reason(error)


def _superblock(file: Any) -> bytes:
    """Return the begin of a file's superblock: at 0, or behind a user's own bytes at 512, 1024, 2048, ..."""
    size, place = file.seek(0, 2), 0
    while place + len(_SIGNATURE) <= size:
        file.seek(place)
        head: bytes = file.read(_OPEN_FLAGS + 1)
        if head.startswith(_SIGNATURE):
            return head
        place = place * 2 or 512
    return b""
