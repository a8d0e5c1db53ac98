"""The diary of a live run: what was started, stopped and resumed, at which batch. Written by the system itself.

One line of JSON each, appended: whatever ends the process, what was written before stays.
"""

from __future__ import annotations

import os
import re
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from playhead.decoding import decode_json, read_bytes
from playhead.errors import Damaged, NotFound
from playhead.version import utc_now

FILE = "diary.jsonl"
TAIL_BYTES = 200_000  # of the diary that a page shows: 1,000 lines
MOST_BYTES = 2**30  # of a diary that is read whole: years
NUMBERS = re.compile(r"[0-9a-f]*\d[0-9a-f]*")  # also the names of sets
MOST_KINDS = 1000
_Text = Annotated[str, Meta(max_length=2000)]


class Entry(msgspec.Struct, kw_only=True, frozen=True):
    """One thing that happened: when, to which part, at which batch of the training."""

    utc: _Text
    part: _Text
    batch: Annotated[int, Meta(ge=0)]
    said: _Text


class Diary:
    """Appends to the diary of a folder; may be written by several threads and processes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / FILE
        self._lock = threading.Lock()

    def write(self, part: str, said: str, batch: int = 0) -> Entry:
        """Append what happened; a disk that is full loses the line and stops nothing."""
        entry = Entry(utc=utc_now(), part=part, batch=batch, said=said[:2000])
        data = msgspec.json.encode(entry) + b"\n"
        with self._lock, suppress(OSError):
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.write(descriptor, data)
            finally:
                os.close(descriptor)
        return entry


class DiaryTail:
    """Follows the diary of a folder: first the end of what is there, then what comes."""

    def __init__(self, folder: Path, most: int = TAIL_BYTES) -> None:
        self._file, self._most = folder / FILE, most
        self._offset: int | None = None

    def read(self) -> Sequence[Entry]:
        """Return what was written since the last time, oldest first; a line without its end comes later."""
        try:
            with self._file.open("rb") as opened:
                size = opened.seek(0, os.SEEK_END)
                first = self._offset if self._offset is not None and self._offset <= size else 0
                begin = max(first, size - self._most)
                opened.seek(begin)
                data = opened.read(self._most)
        except OSError:
            return []
        if begin > first:  # in the middle of a line
            cut = data.find(b"\n") + 1
            begin, data = begin + cut, data[cut:]
        whole = data[: data.rfind(b"\n") + 1]
        self._offset = begin + len(whole)
        return _entries(whole.splitlines(), self._file)


class Repeats:
    """Tells what is news: a sentence at its first time, then with its count at its 10th, 100th, 1,000th."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def said(self, sentence: str) -> str:
        """Return the sentence as it is to be said, "" where it has been. Sentences may differ in numbers."""
        kind = NUMBERS.sub("#", sentence)
        if kind not in self._counts and len(self._counts) >= MOST_KINDS:
            self._counts.clear()
        self._counts[kind] += 1
        count = self._counts[kind]
        if count == 1:
            return sentence
        is_round = str(count).strip("0") == "1"
        return f"{sentence} ({count:,} times so far)" if is_round else ""


def read_diary(folder: Path) -> Sequence[Entry]:
    """Return what happened, oldest first; a line that a killed process tore is left out.

    Raises:  NotFound without a diary, Damaged for a file that is none.
    """
    file = folder / FILE
    try:
        lines = read_bytes(file, MOST_BYTES).splitlines()
    except FileNotFoundError:
        raise NotFound(f"{folder} holds no diary. Begin a live run: playhead live GAME.") from None
    return _entries(lines, file)


def _entries(lines: Sequence[bytes], file: Path) -> list[Entry]:
    entries = []
    for number, line in enumerate(lines, start=1):
        with suppress(Damaged):
            entries.append(decode_json(line, Entry, where=f"{file}, line {number}"))
    return entries
