"""What an imported recording keeps in a file about what it was made from, so that nothing is imported twice."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

MARK = ".imported-from"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What a recording was made from.

    `state` changes when its source does, `identity` never, wherever the source lies and whatever it is called.
    `files` and `bytes` are what the recording had when it was written: less is left after a power failure.
    `left_out` counts what could not be taken over.
    """

    state: str
    identity: str = ""
    left_out: int = 0
    files: int = 0
    bytes: int = 0

    @classmethod
    def read(cls, folder: Path) -> Mark | None:
        """Return the mark of a recording, None when it has none."""
        try:
            text = (folder / MARK).read_text(encoding="utf-8")
            return cls(**json.loads(text))
        except (OSError, UnicodeDecodeError):
            return None
        except (ValueError, TypeError):
            return cls(state=text.strip("\0"))  # an early version wrote the state alone

    def write(self, folder: Path) -> None:
        """Put the mark into a folder that is whole. Nothing waits for the disk: see `is_whole`."""
        (folder / MARK).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @property
    def is_lost(self) -> bool:
        """Whether a power failure has left nothing of the mark itself."""
        return not self.state

    def is_whole(self, folder: Path) -> bool:
        """Whether the folder has everything that it had when it was written; true when the mark does not say."""
        return not self.files or measure(folder) == (self.files, self.bytes)


def measure(folder: Path) -> tuple[int, int]:
    """Return how many files a folder has, in all its folders, and how long they are together; not the mark."""
    sizes = [status.st_size for status in _files_in(str(folder))]
    return len(sizes), sum(sizes)


def _files_in(folder: str) -> Iterator[os.stat_result]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files_in(entry.path)
            elif entry.name != MARK:
                yield entry.stat(follow_symlinks=False)


def marks_in(parent: Path) -> dict[str, Path]:
    """Return the folders of recordings by the identity of what they were made from."""
    found = {}
    for file in sorted(parent.glob(f"*/{MARK}")):
        mark = Mark.read(file.parent)
        if mark and mark.identity:
            found[mark.identity] = file.parent
    return found
