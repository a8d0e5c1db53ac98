"""Keeps blocks of pictures that were read from far away, so that they are fetched once.

    cache/NAME    a block, and behind it its CRC-32C

A folder of the home, shared by all processes, of a bounded size: what was not used for longest goes first.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import google_crc32c

from playhead.errors import BadValue
from playhead.locks import alone_in
from playhead.storage.sources import forget_files, open_file

VARIABLE = "PLAYHEAD_CACHE_MB"
USUAL_MB = 20_000
_CRC_BYTES = 4
_LOOKS = 16  # of its size may come between two looks at what lies in the folder
_KEPT_SHARE = 0.875  # of the size are left when there was too much: two processes look at different times
_ABANDONED_S = 3600.0  # whoever writes a block for so long was killed

Fetch = Callable[[], bytes]


class Blocks(Protocol):
    """Somewhere blocks are kept."""

    def read(self, name: str, offset: int, length: int, fetch: Fetch) -> bytes:
        """Return a part of a block, which `fetch` gets when it is not here."""
        ...


class LastBlocks:
    """The last few blocks, in memory: for one who reads from the beginning to the end, once."""

    def __init__(self, count: int = 2) -> None:
        self._count = count
        self._blocks: OrderedDict[str, bytes] = OrderedDict()

    def read(self, name: str, offset: int, length: int, fetch: Fetch) -> bytes:
        """Return a part of a block."""
        if name not in self._blocks:
            self._blocks[name] = fetch()
            if len(self._blocks) > self._count:
                self._blocks.popitem(last=False)
        return self._blocks[name][offset : offset + length]


class KeptBlocks:
    """Blocks in a folder, `most` bytes of them at most. Used by several threads and processes.

    A block that the disk does not take is not kept, and one whose checksum does not fit is fetched again.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        self._most = most
        self._since_look = most
        self._checked: set[str] = set()
        self._lock = threading.Lock()

    def read(self, name: str, offset: int, length: int, fetch: Fetch) -> bytes:
        """Return a part of a block: from the folder, or fetched and kept."""
        path = self._folder / name
        with suppress(OSError):  # none there, evicted just now, or a disk that fails
            if name in self._checked or self._is_whole(path):
                self._checked.add(name)
                file = open_file(str(path))
                return file.read_part(offset, min(length, file.size - _CRC_BYTES - offset))
        self._checked.discard(name)
        data = fetch()
        with suppress(OSError):
            self._keep(path, data)
        return data[offset : offset + length]

    def _is_whole(self, path: Path) -> bool:
        """Whether a block is here and as it was fetched. One that is not is removed."""
        file = open_file(str(path))
        data = file.read_part(0, file.size)
        if google_crc32c.value(data[:-_CRC_BYTES]).to_bytes(_CRC_BYTES, "little") == data[-_CRC_BYTES:]:
            os.utime(path)
            return True
        _remove(path)
        return False

    def _keep(self, path: Path, data: bytes) -> None:
        if len(data) + _CRC_BYTES > self._most:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._make_room(len(data) + _CRC_BYTES)
        part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
        checksum: int = google_crc32c.value(data)
        try:
            part.write_bytes(data + checksum.to_bytes(_CRC_BYTES, "little"))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        """Remove what was not used for longest, where there may be too much. Looks now and then."""
        with self._lock:
            self._since_look += size
            if self._since_look * _LOOKS <= self._most:
                return
            self._since_look = size
            with alone_in(self._folder), os.scandir(self._folder) as entries:
                found = sorted((entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in entries)
                total = size + sum(one[1] for one in found)
                target = self._most if total <= self._most else self._most * _KEPT_SHARE
                for used_s, length, path in found:
                    if Path(path).name.startswith("."):
                        if time.time() - used_s > _ABANDONED_S:
                            _remove(Path(path))
                    elif total > target:
                        _remove(Path(path))
                        total -= length


def _remove(path: Path) -> None:
    forget_files(str(path))
    with suppress(OSError):  # Windows removes no file that is open
        path.unlink(missing_ok=True)


def kept_blocks(folder: Path) -> KeptBlocks | None:
    """Return the blocks kept in a folder, as many as the environment says; None where it says 0.

    Raises:  BadValue for a size that is none.
    """
    text = os.environ.get(VARIABLE, "")
    if not text:
        return KeptBlocks(folder, USUAL_MB * 10**6)
    if not text.isdecimal() or not text.isascii() or len(text) > 9:
        raise BadValue(
            f"{VARIABLE}={text} is no size, in megabytes, of what is kept of far recordings. Try {USUAL_MB}."
        )
    return KeptBlocks(folder, int(text) * 10**6) if int(text) else None
