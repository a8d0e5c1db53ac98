"""The diary of a live run: what was started, stopped and resumed, at which batch. Written by the system itself.

One line of JSON each, appended: whatever ends the process, what was written before stays.
"""

from __future__ import annotations

import os
import threading
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


def read_diary(folder: Path) -> Sequence[Entry]:
    """Return what happened, oldest first; a line that a killed process tore is left out.

    Raises:  NotFound without a diary, Damaged for a file that is none.
    """
    file = folder / FILE
    try:
        lines = read_bytes(file).splitlines()
    except FileNotFoundError:
        raise NotFound(f"{folder} holds no diary. Begin a live run: playhead live GAME.") from None
    entries = []
    for number, line in enumerate(lines, start=1):
        with suppress(Damaged):
            entries.append(decode_json(line, Entry, where=f"{file}, line {number}"))
    return entries
