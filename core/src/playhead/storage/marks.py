"""What an imported recording keeps in a file about what it was made from, so that nothing is imported twice."""

from __future__ import annotations

import builtins
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from playhead.decoding import convert, decode_json, digest, encode_json, read_bytes
from playhead.errors import Damaged
from playhead.storage.disk import files_below

MARK = ".imported-from"
CHECKSUM = "checksum"
MOST_BYTES = 65_536
_STATE_ALONE = re.compile(rb"[0-9a-f]{64}\s*")  # an early version wrote no more

Text = Annotated[str, Meta(max_length=4_000)]
Count = Annotated[int, Meta(ge=0)]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What a recording was made from.

    `state` changes when its source does, `identity` never, wherever the source lies and whatever it is called.
    `files` and `bytes` are what the recording had when it was written: less is left after a power failure.
    `source` is what it was called. `left_out` counts what could not be taken over, `converted` what was taken over
    in another form; `content` is what the recording is known by (fingerprint.py).
    """

    state: Text
    identity: Text = ""
    source: Text = ""
    left_out: Count = 0
    converted: Count = 0
    content: Text = ""
    files: Count = 0
    bytes: Count = 0

    @classmethod
    def read(cls, folder: Path) -> Mark | None:
        """Return the mark of a recording, None when it has none, and one that `is_lost` where it is damaged."""
        try:
            return cls.read_strictly(folder)
        except FileNotFoundError:
            return None
        except Damaged:
            return cls(state="")

    @classmethod
    def read_strictly(cls, folder: Path) -> Mark:
        """Return the mark of a recording. Raises FileNotFoundError without one, Damaged when a bit has changed."""
        return cls.decoded(read_bytes(folder / MARK, MOST_BYTES), str(folder / MARK))

    @classmethod
    def decoded(cls, data: builtins.bytes, where: str, must_have_checksum: bool = False) -> Mark:
        """Return what the file of a mark says. Raises Damaged when a bit has changed."""
        if _STATE_ALONE.fullmatch(data) and not must_have_checksum:
            return cls(state=data.decode().strip())
        stored = decode_json(data, dict[str, Any], where=where)
        checksum = stored.pop(CHECKSUM, None)
        if (checksum is not None or must_have_checksum) and checksum != digest(stored):
            raise Damaged(f"{where} is damaged: its checksum does not fit.")
        unknown = stored.keys() - {field.name for field in fields(cls)}
        if unknown:
            raise Damaged(f"{where} is damaged: it says {', '.join(sorted(unknown))}, which is no part of a mark.")
        return convert(stored, cls, where=where)

    def write(self, folder: Path) -> None:
        """Put the mark into a folder that is whole. Nothing waits for the disk: see `is_whole`."""
        stored = asdict(self)
        (folder / MARK).write_bytes(encode_json(stored | {CHECKSUM: digest(stored)}))

    @property
    def is_lost(self) -> bool:
        """Whether nothing is left of the mark itself, as after a power failure."""
        return not self.state

    def is_whole(self, folder: Path) -> bool:
        """Whether the folder has everything that it had when it was written; true when the mark does not say."""
        return not self.files or measure(folder) == (self.files, self.bytes)


def keep_mark(folder: Path, copies: Iterable[Path], *, is_less: bool = False) -> None:
    """Give what takes the place of an imported recording its mark: its source has then been imported, as before.

    `is_less`: something is lost that the source still has; then importing it again makes the recording whole.
    """
    mark = Mark.read(folder)
    if mark is None or mark.is_lost:
        return
    for copy in copies:
        files, size = measure(copy)
        replace(mark, files=files + is_less, bytes=size).write(copy)


def measure(folder: Path) -> tuple[int, int]:
    """Return how many files a folder has, in all its folders, and how long they are together.

    The mark is left out, and layers, which come later.
    """
    layers = str(folder / "layers") + os.sep
    sizes = [
        status.st_size
        for path, status in files_below(folder)
        if Path(path).name != MARK and not path.startswith(layers)
    ]
    return len(sizes), sum(sizes)
