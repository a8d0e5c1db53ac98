"""Writes recordings in the layout of another tool: into a folder or a zip that appears only when it is whole.

A writer is called with (game, recordings, target, progress), puts its files into the target and returns what it
had to leave out; where the target lies is none of its business.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from playhead.errors import BadValue, PlayheadError
from playhead.game import Game
from playhead.names import fault_of, visible
from playhead.progress import OnProgress
from playhead.storage.disk import saying_what_failed
from playhead.storage.importing import NAMED, LeftOut
from playhead.storage.reader import Recording

NOTHING_LEFT = "What was written of it is removed again. Free some space, or export to another place."
UNFINISHED = ".unfinished"  # behind the name of what is not whole yet


class Target(Protocol):
    """Where an exporter puts its files, by names with "/" between folders."""

    is_zip: bool

    def write(self, name: str, data: bytes) -> None:
        """Add a file with these bytes."""
        ...

    def copy(self, name: str, file: Path) -> None:
        """Add a copy of a file."""
        ...


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What an export left at `place`. `left_out` counts, `examples` names the first, `listed_in` has all."""

    place: Path
    frames: int
    left_out: int = 0
    examples: tuple[LeftOut, ...] = ()
    listed_in: Path | None = None


Writer = Callable[[Game, Sequence[Recording], Target, OnProgress], Sequence[LeftOut]]


def export_all(
    write: Writer,
    game: Game,
    recordings: Iterable[Recording],
    place: Path,
    *,
    progress: OnProgress = lambda done, total: None,
) -> Exported:
    """Write recordings into a new folder, or a new zip when the name ends so, in the layout of a writer.

    Until it is whole it is called NAME.unfinished; what was interrupted is removed, except by a kill.
    Raises:  BadValue when something is there already, Mismatch for recordings
             that cannot be exported, Damaged for those that cannot be read, StorageFull.
    """
    chosen = list(recordings)
    unfinished = place.with_name(f"{place.name}{UNFINISHED}")
    _check_free(place, unfinished)
    try:
        with saying_what_failed(place, NOTHING_LEFT):
            place.parent.mkdir(parents=True, exist_ok=True)
            left_out = _write(write, game, chosen, unfinished, place.suffix.lower() == ".zip", progress)
            if place.is_dir():
                place.rmdir()  # it is empty; Windows renames onto nothing
            unfinished.rename(place)
            listed = _write_list(place, left_out)
    except BaseException:
        _remove(unfinished)
        raise
    return Exported(
        place=place,
        frames=sum(recording.length for recording in chosen) - len(left_out),
        left_out=len(left_out),
        examples=tuple(left_out[:NAMED]),
        listed_in=listed,
    )


def _check_free(place: Path, unfinished: Path) -> None:
    if unfinished.exists():
        raise BadValue(f"{unfinished} was left by an export that was killed. Delete it, then export again.")
    if place.is_dir() and place.suffix.lower() != ".zip":
        if any(place.iterdir()):
            raise BadValue(f"{place} already holds something, which is not overwritten. Choose another folder.")
    elif place.exists():
        raise BadValue(f"{place} exists already, and is not overwritten. Choose another name.")


def _write(
    write: Writer,
    game: Game,
    recordings: Sequence[Recording],
    unfinished: Path,
    is_zip: bool,
    progress: OnProgress,
) -> Sequence[LeftOut]:
    if not is_zip:
        unfinished.mkdir()
        return write(game, recordings, FolderTarget(unfinished), progress)
    with zipfile.ZipFile(unfinished, "x") as packed:
        return write(game, recordings, ZipTarget(packed), progress)


def _write_list(place: Path, left_out: Sequence[LeftOut]) -> Path | None:
    if not left_out:
        return None
    file = place.with_name(f"{place.name}.left-out.txt")
    file.write_text("".join(f"{visible(str(one))}\n" for one in left_out), encoding="utf-8")
    return file


def _remove(unfinished: Path) -> None:
    if unfinished.is_dir():
        shutil.rmtree(unfinished, ignore_errors=True)
    else:
        unfinished.unlink(missing_ok=True)


class FolderTarget:
    """Files in a folder."""

    is_zip = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: set[Path] = {folder}

    def write(self, name: str, data: bytes) -> None:
        """Add a file with these bytes."""
        self._path(name).write_bytes(data)

    def copy(self, name: str, file: Path) -> None:
        """Add a copy of a file."""
        shutil.copyfile(file, self._path(name))

    def _path(self, name: str) -> Path:
        _check_name(name)
        path = self._folder / name
        if path.parent not in self._made:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(path.parent)
        return path


class ZipTarget:
    """Files in a zip, as they are: pictures are compressed already."""

    is_zip = True

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._zip = packed

    def write(self, name: str, data: bytes) -> None:
        """Add a file with these bytes."""
        _check_name(name)
        self._zip.writestr(_entry(name), data)

    def copy(self, name: str, file: Path) -> None:
        """Add a copy of a file."""
        _check_name(name)
        with file.open("rb") as source, self._zip.open(_entry(name), "w", force_zip64=True) as packed:
            shutil.copyfileobj(source, packed)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)  # of 1980, so that the same recordings make the same zip
    entry.external_attr = 0o644 << 16
    return entry


def _check_name(name: str) -> None:
    fault = next(filter(None, map(fault_of, name.split("/"))), "")
    if fault:
        raise PlayheadError(f"An exporter wants to write {name!a}, a part of which {fault}.")
