"""A recording, or a folder of recordings, in a Zarr store: a bucket, memory, whatever a plugin opens.

    key -> part of a file -> the store, in the thread that zarr runs stores in
    key of pictures -> block of 4 MiB -> kept blocks (blocks.py), else the store

Small files are asked for many at once: the way to a bucket is long, and broad.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from playhead.decoding import MOST_BYTES
from playhead.errors import Damaged, DeviceFailed, NotFound, PlayheadError
from playhead.names import is_name, visible
from playhead.storage.files import PICTURE_CHECKSUMS
from playhead.storage.sources import Digest

if TYPE_CHECKING:
    from zarr.abc.store import Store

    from playhead.storage.blocks import Blocks

T = TypeVar("T")

BLOCK = 4 * 2**20  # bytes; the 250 pictures of a shard have 2.2 MB at 240x180
_PICTURES = re.compile(r"(frames|cameras/[^/]+)/c/")
STAMPED = ("zarr.json", "frames/zarr.json", f"{PICTURE_CHECKSUMS}/zarr.json")
_AT_ONCE = 32  # files asked for
_LISTED_S = 60.0  # 100,000 folders take 100 answers of a bucket
_LONGEST_REASON = 300  # letters
_MISSING = re.compile(r"\b404\b|NoSuchBucket")  # listing what is not there
_REFUSED = ("PermissionDeniedError", "UnauthenticatedError", "PermissionError")  # of obstore, of the system


class StoreSource:
    """Files below a prefix of a store. `place` is their address, as a person types it."""

    def __init__(self, store: Store, place: str, prefix: str = "", blocks: Blocks | None = None) -> None:
        self._store = store
        self.place = place
        self._prefix = prefix
        self._blocks = blocks
        self._sizes: dict[str, int] = {}
        self._stamp = ""

    def inside(self, name: str) -> StoreSource:
        """Return what lies in a folder of it."""
        return StoreSource(self._store, f"{self.place}/{name}", f"{self._prefix}{name}/", self._blocks)

    def keeping(self, blocks: Blocks | None) -> StoreSource:
        """Return the same, read anew, with other blocks of pictures that are kept."""
        return StoreSource(self._store, self.place, self._prefix, blocks)

    def read(self, key: str, most: int = MOST_BYTES) -> bytes | None:
        """Return a whole file, or None when there is none. Raises Damaged for more than `most` bytes."""
        size = self.size(key)
        if size is None:
            return None
        if size > most:
            raise Damaged(f"{self.place}/{key} has {size:,} bytes, more than the {most:,} that it may have.")
        return self.read_part(key, 0, size)

    def read_part(self, key: str, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer where the file ends. Raises Damaged without a file."""
        if self._blocks is None or not _PICTURES.match(key):
            return self._part(key, offset, length)
        parts = []
        for number in range(offset // BLOCK, -(-(offset + length) // BLOCK)):
            begin = number * BLOCK
            first, last = max(offset - begin, 0), min(offset + length - begin, BLOCK)
            fetch = partial(self._part, key, begin, BLOCK)
            parts.append(self._blocks.read(self._block(key, number), first, last - first, fetch))
        return b"".join(parts)

    def _part(self, key: str, offset: int, length: int) -> bytes:
        size = self._sizes[key] if key in self._sizes else self.size(key)
        if size is None:
            raise Damaged(f"{self.place}/{key} is missing.")
        length = min(length, size - offset)
        return self._ask("read", self._get(key, offset, length), of=key) if length > 0 else b""

    async def _get(self, key: str, offset: int, length: int) -> bytes:
        from zarr.abc.store import RangeByteRequest
        from zarr.core.buffer import default_buffer_prototype

        part = RangeByteRequest(offset, offset + length)
        found = await self._store.get(self._prefix + key, default_buffer_prototype(), part)
        if found is None:
            raise FileNotFoundError(key)
        return found.to_bytes()

    def _block(self, key: str, number: int) -> str:
        """Return the name of a block. What is copied here later, under the same address, has other names."""
        if not self._stamp:
            documents = [self.read(one) or b"" for one in STAMPED]
            self._stamp = hashlib.sha256(b"\0".join([self.place.encode(), *documents])).hexdigest()
        return hashlib.sha256(f"{self._stamp}/{key}/{number}".encode()).hexdigest()

    def size(self, key: str) -> int | None:
        """Return how long a file is, or None when there is none."""
        try:
            size = self._ask("read", self._store.getsize(self._prefix + key))
        except FileNotFoundError:
            return None
        self._sizes[key] = size
        return size

    def digest(self, key: str) -> Digest | None:
        """Return nothing: stores name files by no digest that all of them agree on."""
        return None

    def heads(self, wanted: Iterable[tuple[str, int]]) -> Iterator[tuple[int, bytes] | None]:
        """Yield of each file its size and so many bytes from its beginning, in order; None when there is none."""
        waiting = iter(wanted)
        while batch := list(islice(waiting, _AT_ONCE)):
            yield from self._ask("read", self._heads(batch))

    async def _heads(self, batch: list[tuple[str, int]]) -> list[tuple[int, bytes] | None]:
        return await asyncio.gather(*(self._head(key, length) for key, length in batch))

    async def _head(self, key: str, length: int) -> tuple[int, bytes] | None:
        try:
            self._sizes[key] = size = await self._store.getsize(self._prefix + key)
            return size, await self._get(key, 0, min(length, size)) if min(length, size) else b""
        except FileNotFoundError:
            return None

    def names(self, key: str, most: int = 1_000_000) -> list[str]:
        """Return what lies in a folder, by name, in no order: each one component of a path, others are left out.

        Raises:  NotFound where the store says that there is no such place.
        """
        where = f"{self._prefix}{key}".rstrip("/")
        try:
            found = self._ask("listed", _collected(self._store.list_dir, where, most))
        except (FileNotFoundError, NotFound):
            if key:
                return []
            raise NotFound(f"There is no {self.place}: no such bucket or folder.") from None
        return [name for one in found if is_name(name := one.rstrip("/"))]

    def files(self, most: int = 1_000_000) -> dict[str, int]:
        """Return the size of every file by its key."""
        found = self._ask("listed", _collected(self._store.list_prefix, self._prefix, most))
        keys = [one.removeprefix(self._prefix) for one in found]
        sizes = self.heads((key, 0) for key in keys)
        return {key: head[0] for key, head in zip(keys, sizes, strict=True) if head is not None}

    def bytes_taken(self) -> int:
        """Return what the files take up that were looked at: all pictures, once it is opened."""
        return sum(self._sizes.values())

    def write(self, key: str, data: bytes) -> None:
        """Put a whole file: it is there whole, or not at all."""
        from zarr.core.buffer import default_buffer_prototype

        self._sizes.pop(key, None)
        self._ask(
            "written", self._store.set(self._prefix + key, default_buffer_prototype().buffer.from_bytes(data))
        )

    def close(self) -> None:
        """Forget what is known of it: others may go on reading from the store."""
        self._sizes.clear()
        self._stamp = ""

    def _ask(self, what: str, asked: Coroutine[Any, Any, T], of: str = "") -> T:
        """Wait for a store. Raises FileNotFoundError, Damaged without the file `of`, DeviceFailed."""
        from zarr.core.sync import sync

        try:
            return sync(asked)
        except FileNotFoundError:
            if of:
                raise Damaged(f"{self.place}/{of} is missing.") from None
            raise
        except PlayheadError:
            raise
        except Exception as error:  # stores are foreign code, each with errors of its own
            if _MISSING.search(str(error)):
                raise NotFound(f"There is no {self.place}: no such bucket or folder.") from error
            raise DeviceFailed(f"{self.place} cannot be {what}: {_reason(error)}.") from error


async def _collected(listed: Callable[[str], AsyncIterator[str]], prefix: str, most: int) -> list[str]:
    """Return what a store lists. Raises OSError for a list that seems to have no end."""
    names: list[str] = []
    try:
        async with asyncio.timeout(_LISTED_S):
            async for name in listed(prefix):
                names.append(name)
                if len(names) == most:
                    break
    except TimeoutError:
        raise OSError(f"its list had not ended after {_LISTED_S:g} s. Name a folder that holds less") from None
    return names


def _reason(error: Exception) -> str:
    """Say in a line why a store failed, without what may be a key: user and query of an address."""
    if type(error).__name__ in _REFUSED:
        return "access was refused. Look at the keys in the environment, and at whose they are"
    lines = str(error).strip().splitlines() or [type(error).__name__]
    text = re.sub(r"\?[^\s,)]*|(?<=://)[^\s/@]*@", "", visible(lines[0]))
    return text[:_LONGEST_REASON].rstrip(". ")
