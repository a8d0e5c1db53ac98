"""One recording in a repository of a hub as files by key, each with the size and the digest that the hub lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from playhead.decoding import MOST_BYTES
from playhead.errors import Damaged
from playhead.names import visible
from playhead.storage.sources import Digest

if TYPE_CHECKING:
    from playhead.storage.hub import Hub

MOST_FILE_BYTES = 4 * 2**30  # of a file; a shard of pictures has some MB
_HEX = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LONGEST_SHOWN = 200  # letters of a path


@dataclass(frozen=True)
class Listed:
    """What a hub lists of a file."""

    size: int
    digest: Digest


def listed_as(file: Any, place: str) -> Listed:
    """Return what the hub lists of a file. Raises Damaged for a size or a digest that is none."""
    size, hexadecimal = file.size, file.lfs.sha256 if file.lfs else file.blob_id
    is_size = isinstance(size, int) and 0 <= size <= MOST_FILE_BYTES
    if not is_size or not isinstance(hexadecimal, str) or not _HEX.fullmatch(hexadecimal):
        what = f"a size of {size}" if not is_size else "a digest that is none"
        raise Damaged(f"{place} lists {visible(str(file.path))[:_LONGEST_SHOWN]} with {what}.")
    return Listed(size, Digest(hexadecimal=hexadecimal))


class HubSource:
    """The files of one recording in a repository, with the digests that the hub lists. `place` is its address."""

    def __init__(self, hub: Hub, name: str, files: dict[str, Listed]) -> None:
        self.place = f"{hub.place}/{name}"
        self._hub, self._name, self._files = hub, name, files

    def read(self, key: str, most: int = MOST_BYTES) -> bytes | None:
        """Return a whole file, or None when there is none. Raises Damaged for more than `most` bytes."""
        size = self.size(key)
        if size is None:
            return None
        if size > most:
            raise Damaged(f"{self.place}/{key} has {size:,} bytes, more than the {most:,} that it may have.")
        data = self.read_part(key, 0, size)
        if not self._files[key].digest.fits([data], size):
            raise Damaged(f"{self.place}/{key} is not what the hub lists: its digest does not fit.")
        return data

    def read_part(self, key: str, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer where the file ends. Raises Damaged without a file."""
        size = self.size(key)
        if size is None:
            raise Damaged(f"{self.place}/{key} is missing.")
        length = min(length, size - offset)
        return self._hub.read(f"{self._name}/{key}", offset, length) if length > 0 else b""

    def size(self, key: str) -> int | None:
        """Return how long a file is, or None when there is none."""
        return self._files[key].size if key in self._files else None

    def digest(self, key: str) -> Digest | None:
        """Return the digest that the hub lists of a file."""
        return self._files[key].digest if key in self._files else None

    def heads(self, wanted: Iterable[tuple[str, int]]) -> Iterator[tuple[int, bytes] | None]:
        """Yield of each file its size and so many bytes from its beginning, in order; None when there is none."""
        for key, length in wanted:
            size = self.size(key)
            yield None if size is None else (size, self.read_part(key, 0, length))

    def names(self, key: str, most: int = 1_000_000) -> list[str]:
        """Return what lies in a folder, by name, in no order; nothing where there is no folder."""
        inside = f"{key}/" if key else ""
        below = {one.removeprefix(inside).split("/")[0] for one in self._files if one.startswith(inside)}
        return list(islice(below, most))

    def files(self) -> dict[str, int]:
        """Return the size of every file by its key."""
        return {key: listed.size for key, listed in self._files.items()}

    def bytes_taken(self) -> int:
        """Return what all files take up."""
        return sum(self.files().values())

    def close(self) -> None:
        """Nothing is open between two questions."""
