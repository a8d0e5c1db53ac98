"""Where a recording's bytes come from: files by key, in a folder of this machine (a store: remote.py)."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from playhead.decoding import MOST_BYTES, read_bytes
from playhead.errors import Damaged
from playhead.storage.disk import bytes_on_disk, files_below

_OPEN_FILES = 64  # of the 256 that macOS gives a process
# Without following a link, nor waiting for whoever writes into a pipe. Windows has half of these, and needs none.
_READING = os.O_RDONLY
for _flag in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
    _READING |= getattr(os, _flag, 0)


@dataclass(frozen=True, kw_only=True)
class Digest:
    """What a file is known by, where whoever keeps it says so: SHA-256 (64 digits), or git's SHA-1 of it (40)."""

    hexadecimal: str

    def fits(self, pieces: Iterable[bytes], size: int) -> bool:
        """Whether a file of so many bytes is this one."""
        known = hashlib.sha256() if len(self.hexadecimal) == 64 else hashlib.sha1(b"blob %d\0" % size)
        for piece in pieces:
            known.update(piece)
        return known.hexdigest() == self.hexadecimal


class FileSource(Protocol):
    """Files by key, whole or in part: one recording, wherever it lies. `place` is where, as it is typed."""

    place: str

    def read(self, key: str, most: int = MOST_BYTES) -> bytes | None:
        """Return a whole file, or None when there is none. Raises Damaged for more than `most` bytes."""
        ...

    def read_part(self, key: str, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer where the file ends. Raises Damaged without a file."""
        ...

    def size(self, key: str) -> int | None:
        """Return how long a file is, or None when there is none."""
        ...

    def digest(self, key: str) -> Digest | None:
        """Return what a file is known by without reading it, where that is known."""
        ...

    def heads(self, wanted: Iterable[tuple[str, int]]) -> Iterator[tuple[int, bytes] | None]:
        """Yield of each file its size and so many bytes from its beginning, in order; None when there is none."""
        ...

    def names(self, key: str, most: int = 1_000_000) -> list[str]:
        """Return what lies in a folder, by name, in no order; nothing where there is no folder."""
        ...

    def files(self) -> dict[str, int]:
        """Return the size of every file by its key."""
        ...

    def bytes_taken(self) -> int:
        """Return what all files take up."""
        ...

    def close(self) -> None:
        """Let go of what is open. Reading again opens it again."""
        ...


class _OpenFile:
    """A file kept open for reading; closed when nobody uses it any more, so that threads may share it."""

    __slots__ = ("_descriptor", "_lock", "size")

    def __init__(self, path: str) -> None:
        self._descriptor = -1
        self._descriptor = os.open(path, _READING)
        self._lock = threading.Lock()
        status = os.fstat(self._descriptor)
        if not stat.S_ISREG(status.st_mode):  # a pipe would wait for ever, a device never end
            raise Damaged(f"{path} is no plain file.")
        self.size = status.st_size

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    if hasattr(os, "pread"):

        def read_part(self, offset: int, length: int) -> bytes:
            """Return up to `length` bytes from `offset`."""
            return os.pread(self._descriptor, length, offset)

    else:  # Windows

        def read_part(self, offset: int, length: int) -> bytes:
            """Return up to `length` bytes from `offset`."""
            with self._lock:
                os.lseek(self._descriptor, offset, os.SEEK_SET)
                return os.read(self._descriptor, length)


class _OpenFiles:
    """The files opened last, over all recordings of the process.

    Reading into a buffer costs 1.6 µs a picture, mapping the file 0.6 µs, decoding one 170 µs. Reading keeps the
    memory of 100,000 frames out of the process and meets a truncated file as a short answer, not as SIGBUS.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._files: OrderedDict[str, _OpenFile] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: str) -> _OpenFile:
        with self._lock:
            file = self._files.get(path)
            if file is None:
                file = self._files[path] = _OpenFile(path)
                if len(self._files) > self._limit:
                    self._files.popitem(last=False)
            else:
                self._files.move_to_end(path)
            return file

    def forget(self, folder: str) -> None:
        with self._lock:
            for path in [path for path in self._files if path.startswith(folder)]:
                del self._files[path]


_files = _OpenFiles(_OPEN_FILES)


def open_file(path: str) -> _OpenFile:
    """Return a plain file, open for reading; it stays open as long as others are not opened more often."""
    return _files.get(path)


def forget_files(path: str) -> None:
    """Close what is open of a file, or below a folder, as soon as nobody reads there."""
    _files.forget(path)


class FolderSource:
    """A recording in a folder. In it lie folders and plain files: links lead anywhere, and are refused."""

    def __init__(self, folder: Path) -> None:
        self.place = str(folder)
        self._prefix = f"{folder}{os.sep}"
        self._checked: set[str] = set()  # what was found to be no link, folders and files
        _files.forget(self._prefix)  # another recording may have stood here

    def read(self, key: str, most: int = MOST_BYTES) -> bytes | None:
        """Return a whole file, or None when there is none. Raises Damaged for more than `most` bytes."""
        return None if self._status(key) is None else read_bytes(self._prefix + key, most)

    def read_part(self, key: str, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer where the file ends. Raises Damaged without a file."""
        path = self._prefix + key
        if key not in self._checked and self._status(key) is None:
            raise Damaged(f"{path} is missing.")
        try:
            return _files.get(path).read_part(offset, length)
        except FileNotFoundError as error:
            raise Damaged(f"{path} is missing.") from error
        except Damaged:
            raise
        except OSError as error:
            raise Damaged(f"{path} cannot be read: {error.strerror}.") from error

    def size(self, key: str) -> int | None:
        """Return how long a file is, or None when there is none. Raises Damaged for what is no plain file."""
        status = self._status(key)
        return None if status is None else status.st_size

    def digest(self, key: str) -> Digest | None:
        """Return nothing: a file here is known by reading it."""
        return None

    def heads(self, wanted: Iterable[tuple[str, int]]) -> Iterator[tuple[int, bytes] | None]:
        """Yield of each file its size and so many bytes from its beginning, in order; None when there is none."""
        for key, length in wanted:
            if self.size(key) is None:
                yield None
                continue
            data = self.read_part(key, 0, length)
            yield self.size(key) or 0, data  # read first: what is being written is by then as long as that says

    def files(self) -> dict[str, int]:
        """Return the size of every file by its key."""
        below = files_below(self._prefix)
        return {path.removeprefix(self._prefix).replace(os.sep, "/"): status.st_size for path, status in below}

    def bytes_taken(self) -> int:
        """Return what all files take up on the disk."""
        return bytes_on_disk(Path(self._prefix))

    def names(self, key: str, most: int = 1_000_000) -> list[str]:
        """Return what lies in a folder, by name, in no order; nothing where there is no plain folder."""
        try:
            self._checked_status(key, stat.S_ISDIR, "folder")
            with os.scandir(self._prefix + key) as entries:
                return [entry.name for entry in islice(entries, most)]
        except OSError:
            return []

    def _status(self, key: str) -> os.stat_result | None:
        """Return the status of a plain file that lies in plain folders, None when it is not there."""
        inside = key.rpartition("/")[0]
        try:
            if inside and inside not in self._checked:
                parts = inside.split("/")
                for count in range(1, len(parts) + 1):
                    folder = "/".join(parts[:count])
                    if folder not in self._checked:
                        self._checked_status(folder, stat.S_ISDIR, "folder")
            return self._checked_status(key, stat.S_ISREG, "file")
        except FileNotFoundError:
            return None
        except Damaged:
            raise
        except OSError as error:
            raise Damaged(f"{self._prefix}{key} cannot be read: {error.strerror}.") from error

    def _checked_status(self, key: str, is_kind: Callable[[int], bool], kind: str) -> os.stat_result:
        status = os.lstat(self._prefix + key)
        if not is_kind(status.st_mode):
            raise Damaged(f"{self._prefix}{key} is no plain {kind}.")
        self._checked.add(key)
        return status

    def close(self) -> None:
        """Close the files of this recording, so that Windows lets them be moved and deleted."""
        _files.forget(self._prefix)
