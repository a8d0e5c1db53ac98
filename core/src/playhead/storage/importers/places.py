"""Files of pictures below a folder: found without leaving it, read within bounds, cut into parts of recordings."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from playhead.containers.files import open_plain, reason, shown
from playhead.containers.images import ENDINGS, MOST_FILE_BYTES
from playhead.errors import Damaged, listed
from playhead.names import visible
from playhead.storage.importing import LeftOut

PART_ROWS = 1_000  # pictures of a recording: what an interruption loses at most, and what validation is chosen by
MOST_DEPTH = 8  # folders inside folders
NO_FILE = "there is no such file"
_SYSTEM = ("thumbs.db", "desktop.ini", ".ds_store")
T = TypeVar("T")


def natural(name: str) -> list[tuple[int, int, str]]:
    """Return what sorts names as people count: 2 before 10."""
    parts = re.split(r"([0-9]{1,18})", name.lower())
    return [(0, int(part), "") if place % 2 else (1, 0, part) for place, part in enumerate(parts)]


def is_called_picture(name: str) -> bool:
    """Say whether a file is called as pictures are."""
    return name.lower().endswith(ENDINGS) and not name.startswith("._")


@dataclass(frozen=True)
class Found:
    """What lies below a folder: pictures by their path in it, sorted as people count, and what was left out."""

    pictures: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def pictures_below(folder: Path) -> Found:
    """Look through a folder and its folders. Links to folders, and links out of it, are not followed.

    Raises:  Damaged when the folder itself cannot be read.
    """
    pictures: list[str] = []
    left_out: list[LeftOut] = []
    waiting = [("", 0)]
    while waiting:
        inside, depth = waiting.pop()
        try:
            with os.scandir(folder / inside) as entries:
                for entry in entries:
                    path = f"{inside}{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        if depth < MOST_DEPTH:
                            waiting.append((f"{path}/", depth + 1))
                        else:
                            left_out.append(LeftOut(what=path, why=f"it lies more than {MOST_DEPTH} folders deep"))
                    elif why := _left_out(entry, folder):
                        left_out.append(LeftOut(what=path, why=why))
                    elif is_called_picture(entry.name):
                        pictures.append(path)
        except OSError as error:
            if not inside:
                raise Damaged(f"{folder} cannot be read: {reason(error)}.") from error
            left_out.append(LeftOut(what=inside, why=f"it cannot be read, {reason(error)}"))
    return Found(tuple(sorted(pictures, key=natural)), tuple(sorted(left_out, key=lambda one: natural(one.what))))


def _left_out(entry: os.DirEntry[str], folder: Path) -> str:
    """Return why a file is not taken for a picture; "" for one that is, and for what a system leaves behind."""
    if entry.name.startswith("._") or entry.name.lower() in _SYSTEM:
        return ""
    if not is_called_picture(entry.name):
        return "it is not called as a picture"
    if entry.is_symlink():
        return outside(folder, Path(entry.path))
    return "" if entry.is_file(follow_symlinks=False) else "it is no plain file"


def outside(folder: Path, path: Path) -> str:
    """Return why a path in a folder is not followed: it, or a link, leads out, or to no file; "" for none."""
    try:
        if not os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep):
            return "it leads out of the folder"
        return "" if path.is_file() else NO_FILE
    except (OSError, ValueError):  # a name that no system takes
        return NO_FILE


def read_picture(path: Path) -> bytes:
    """Return the bytes of a picture. Raises ValueError saying why there are none."""
    try:
        with open_plain(path) as file:
            data = file.read(MOST_FILE_BYTES + 1)
    except (Damaged, OSError) as error:
        raise ValueError(f"it cannot be read, {reason(error)}") from error
    if len(data) > MOST_FILE_BYTES:
        raise ValueError(f"it has more than {MOST_FILE_BYTES:,} bytes")
    return data


def in_parts(rows: Sequence[T]) -> Iterator[tuple[int, Sequence[T]]]:
    """Yield the number and the rows of every part."""
    for start in range(0, len(rows), PART_ROWS):
        yield start // PART_ROWS, rows[start : start + PART_ROWS]


def some(names: Iterable[str]) -> str:
    """Return names as they are said, no more than a line or two holds."""
    return listed(visible(name[:60]) for name in names)


def digest_of(told: Iterable[object]) -> str:
    """Return a digest of what a recording is made from, or known by."""
    found = hashlib.sha256()
    for one in told:
        found.update(f"{one}\n".encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def identity_of(files: Iterable[Path]) -> str:
    """Return what pictures are known by wherever they lie: the bytes of the first that can be read."""
    for file in files:
        try:
            return hashlib.sha256(read_picture(file)).hexdigest()
        except ValueError:
            continue
    return ""


def size_of(path: Path) -> int:
    """Return the bytes of a file, -1 for one that cannot be asked."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def called(path: Path) -> str:
    """Return the name of a file or folder, also of one that was given as a dot."""
    return shown(Path(path.absolute().resolve().name))
