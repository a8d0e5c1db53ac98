"""A recording that is being made, and one whose maker was killed before anything of it counted.

frames/.live is held by the writer as long as it lives.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from playhead.decoding import read_bytes
from playhead.errors import BadValue
from playhead.locks import Lock, is_taken, take

_LIVE = Path("frames", ".live")  # an array's folder is never listed for members
BEGUN = "killed at its beginning, or just being begun"
_SCRATCH = ".new"  # what is begun in frames, and moved to its place when it is first published


def hold_recording(folder: Path) -> Lock:
    """Make the folder of a recording and hold it. Raises: BadValue when another process does."""
    while True:
        (folder / "frames").mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # a repair has removed the empty folder between two lines
            lock = take(folder / _LIVE)
            if lock is None:
                raise BadValue(f"{folder} is being written by another process right now. Choose another folder.")
            return lock


def is_being_recorded(folder: Path) -> bool:
    """Say whether a living process writes a recording."""
    return is_taken(folder / _LIVE)


def forget_maker(folder: Path) -> None:
    """Remove what a killed writer held: it is no part of the recording."""
    with suppress(OSError):  # on a disk that only can be read
        if (folder / _LIVE).exists() and (lock := take(folder / _LIVE)) is not None:
            lock.release()


def check_ended(folder: Path, then: str) -> None:
    """Raise BadValue for a recording that is being made; `then` says what to do when it has ended."""
    if is_being_recorded(folder):
        raise BadValue(f"{folder.name} is being recorded right now. {then}")


def is_beginning(folder: Path) -> bool:
    """Say whether a folder holds what a writer makes before the recording can be opened: no header, no picture."""
    try:
        with os.scandir(folder) as entries:
            names = {entry.name for entry in entries}
        if not names:
            return True
        if "frames" not in names or _has_header(folder / "zarr.json"):
            return False
        with os.scandir(folder / "frames") as entries:
            inside = {entry.name for entry in entries if not entry.name.startswith(_SCRATCH)}
        return not inside - {"zarr.json", _LIVE.name, "c"} and not _has_files(folder / "frames" / "c")
    except OSError:
        return False


def _has_header(file: Path) -> bool:
    try:
        return isinstance(json.loads(read_bytes(file)), dict)
    except FileNotFoundError:
        return False
    except (ValueError, RecursionError):  # an early version wrote it in place
        return False


def _has_files(folder: Path) -> bool:
    return any(files for _, _, files in os.walk(folder))
