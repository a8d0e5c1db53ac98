"""Which samples were used, one a line: nothing is learned twice, whatever is killed.

The file grows, and is written anew before it is too long: without the samples of sets that are gone. Of those only
the name stays, with the number 0, for one that is sent once more.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from playhead.errors import Damaged
from playhead.models.run_file import write_whole
from playhead.storage.disk import saying_what_failed

FILE = "used"
GONE = 0  # the number that says of a set that it came and went
THEN = "Nothing of it was written. Free some space: the live run goes on by itself."
Entry = tuple[str, int]  # name of a set, number of a sample from 1 on


class Ledger:
    """The file of one store. What a killed process tore of its last line is cut off."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self.lines = 0  # written since it was written anew
        self._cut()

    def _cut(self) -> None:
        """Cut off a line without an end, which the next one would be taken for a part of."""
        if self._file.exists():
            whole = self._file.read_bytes().rpartition(b"\n")
            os.truncate(self._file, len(whole[0]) + len(whole[1]))

    def read(self) -> dict[str, set[int]]:
        """Return which samples of each set were used. Raises Damaged."""
        return read_used(self._file)

    def write_anew(self, used: Mapping[str, Iterable[int]], gone: Iterable[str]) -> None:
        """Put a shorter file in the place of this one; where the disk does not take it, it stays as it is."""
        lines = [f"{name} {GONE}\n" for name in gone]
        lines += [f"{name} {number}\n" for name, numbers in used.items() for number in sorted(numbers)]
        self.lines = 0
        with suppress(OSError):
            write_whole(self._file, "".join(lines).encode())

    def write(self, entries: Sequence[Entry]) -> None:
        """Add samples, all or none of them. Raises StorageFull or DeviceFailed from the disk."""
        data = "".join(f"{name} {number}\n" for name, number in entries).encode()
        self.lines += len(entries)
        with saying_what_failed(self._file.parent, THEN), self._file.open("ab", buffering=0) as opened:
            before = opened.tell()
            try:
                while data:
                    data = data[opened.write(data) :]
            except OSError:
                opened.truncate(before)
                raise


def read_used(file: Path) -> dict[str, set[int]]:
    """Return which samples of each set were used. The last line may be torn.

    Raises:  Damaged for a line that is none.
    """
    used: dict[str, set[int]] = {}
    if not file.exists():
        return used
    *lines, _torn = file.read_text(encoding="utf-8", errors="replace").split("\n")
    for line in lines:
        name, _, number = line.rpartition(" ")
        if not name or not (number.isascii() and number.isdecimal() and len(number) < 10):
            raise Damaged(f"{file} has the line {line!r:.80}, which names no sample. Move the file away.")
        used.setdefault(name, set()).add(int(number))
    return used
