"""Which run of a game is the newest: by a number in its run.json, not by the times of files or clocks.

The number is one more than the highest there is, taken under a lock that ends with its process. Runs of earlier
versions have none and are older than those that have; among them counts when they say they were made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from playhead.decoding import read_json
from playhead.errors import Damaged
from playhead.locks import waited_for
from playhead.models.run_file import RUN_FILE

LOCK_FILE = ".newest.lock"
HIGHEST = 2**53
UNKNOWN = HIGHEST + 1


class _MadeJson(msgspec.Struct):
    created_utc: Annotated[str, Meta(max_length=100)] = ""


class _PlaceJson(msgspec.Struct):
    sequence: Annotated[int, Meta(ge=0, le=HIGHEST)] = 0
    made_with: _MadeJson = msgspec.field(default_factory=_MadeJson)


def run_folders(parent: Path) -> list[Path]:
    """Return the folders RECIPE/NAME under `parent` that hold a run, or what once was one."""
    try:
        return [file.parent for file in parent.glob(f"*/*/{RUN_FILE}")] if parent.is_dir() else []
    except OSError:
        return []


def called(name: str, folders: Iterable[tuple[str, Path]]) -> Path | None:
    """Return the first of folders with their full names (game/recipe/folder) that a name, or its end, is of."""
    wanted = name.split("/")
    return next((folder for full, folder in folders if full.split("/")[-len(wanted) :] == wanted), None)


def place(folder: Path) -> tuple[int, str, str]:
    """Return what runs are ordered by, the newest highest.

    What cannot be read may be the newest: whoever looks for that meets it first, and says so.
    """
    try:
        told = read_json(folder / RUN_FILE, _PlaceJson)
    except (Damaged, FileNotFoundError):
        return UNKNOWN, "", folder.name
    return told.sequence, told.made_with.created_utc, folder.name


@contextmanager
def claimed_sequence(parent: Path, *, is_newest: bool = True) -> Iterator[int]:
    """Yield the next number of the runs under `parent`; no other process gets one until the block ends."""
    if not is_newest:
        yield 0
        return
    with waited_for(parent / LOCK_FILE):
        numbers = [place(folder)[0] for folder in run_folders(parent)]
        yield min(HIGHEST, 1 + max((number for number in numbers if number != UNKNOWN), default=0))
