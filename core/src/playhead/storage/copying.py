"""Copies a finished recording to another place, whole or not at all.

    file by file -> read back and compared -> the header, by which it is a recording, last

In a folder all of it is made under a hidden name first, and checked there. A copy that was interrupted goes on
where it stopped: what is there already, and the same, is left.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Protocol, cast

import google_crc32c

from playhead.errors import BadValue, Damaged, NotFound
from playhead.home import make_folder
from playhead.locks import alone_in, take
from playhead.names import fault_of, visible
from playhead.storage.beginnings import check_ended
from playhead.storage.changing import changing
from playhead.storage.check import check_recording
from playhead.storage.declarations import read_header
from playhead.storage.disk import saying_what_failed, write_at
from playhead.storage.layer_writer import make_layers
from playhead.storage.layers import LAYERS, layer_names
from playhead.storage.marks import MARK
from playhead.storage.places import Located, name_of
from playhead.storage.remote import STAMPED, StoreSource
from playhead.storage.sources import FileSource, FolderSource

Progress = Callable[[int, int], object]

_HEADER = "zarr.json"
_PIECE = 16 * 2**20  # bytes read at once
_WORK = ".copying-"
_PART = ".part"
_THEN = "What has arrived is kept. Free some space, and type the same command again."


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What became of a recording that was to be copied; of one that `was_there`, its layers that were not."""

    name: str
    place: str
    files: int = 0
    bytes: int = 0
    was_there: bool = False


class _Target(Protocol):
    """Where the files of one recording go."""

    place: str
    files: FileSource

    def write(self, key: str, pieces: Iterator[bytes]) -> None:
        """Put a whole file."""
        ...

    def finish(self, key: str, pieces: Iterator[bytes]) -> None:
        """Put the last file: from then on it is a recording. Raises Damaged where the copy is none."""
        ...


class _StoreTarget:
    def __init__(self, files: StoreSource) -> None:
        self.place, self.files, self._store = files.place, cast("FileSource", files), files

    def write(self, key: str, pieces: Iterator[bytes]) -> None:
        self._store.write(key, b"".join(pieces))

    finish = write


class _FolderTarget:
    """A hidden folder beside the recordings, held by this process."""

    def __init__(self, folder: Path, undoing: ExitStack) -> None:
        self.place = str(folder)
        self._folder, self._work = folder, folder.with_name(f"{_WORK}{folder.name}")
        make_folder(self._work)
        lock = take(folder.with_name(f"{_WORK}{folder.name}.lock"))
        if lock is None:
            raise BadValue(f"{folder.name} is being copied to {folder.parent} by another command right now.")
        undoing.enter_context(lock)
        self.files: FileSource = FolderSource(self._work)

    def write(self, key: str, pieces: Iterator[bytes]) -> None:
        path, part, end = self._work / key, self._work / _PART, 0
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileIO(part, "w") as file:
            for piece in pieces:
                write_at(file, end, piece)
                end += len(piece)
            os.fsync(file.fileno())
        self.files.close()  # what was open of an older file of this name
        part.replace(path)

    def finish(self, key: str, pieces: Iterator[bytes]) -> None:
        self.write(key, pieces)
        problems = [problem for problem in check_recording(self._work) if not problem.is_note]
        self.files.close()
        if problems:
            shutil.rmtree(self._work)
            raise Damaged(f"The copy at {self.place} would be damaged: {problems[0]}. Nothing was kept of it.")
        with alone_in(self._folder.parent):
            if os.path.lexists(self._folder):
                raise BadValue(f"{self._folder} was made by another command just now. The copy is {self._work}.")
            self._work.rename(self._folder)


def copy_recording(
    origin: Path | FileSource, parent: Located, progress: Progress = lambda done, total: None, *, game: str = ""
) -> Copied:
    """Copy a recording into a folder of recordings, or to an address of many.

    `progress` is called with the bytes that are there and those of all files. `game` is whose it must be.
    Raises:  BadValue for one that has not ended or is of another game, and where another recording has its name;
             Damaged for one that does not pass its check; StorageFull or DeviceFailed where it cannot be written.
    """
    source = FolderSource(origin) if isinstance(origin, Path) else origin
    name = name_of(source.place)
    parent = (
        parent if isinstance(parent, Path) else parent.keeping(None)
    )  # what was written is read back from there
    _check_finished(origin, source, game)
    with ExitStack() as undoing:
        there = FolderSource(parent / name) if isinstance(parent, Path) else parent.inside(name)
        if there.size(_HEADER) is not None:
            if any(source.read(one) != there.read(one) for one in STAMPED):
                raise BadValue(f"{there.place} is another recording. Copy it elsewhere, or rename one of them.")
            sizes = _new_layers(source, there)
            with saying_what_failed(Path(there.place), _THEN) if isinstance(parent, Path) else nullcontext():
                _copy_layers(source, parent / name if isinstance(parent, Path) else parent.inside(name), sizes)
            return Copied(
                name=name, place=there.place, files=len(sizes), bytes=sum(sizes.values()), was_there=True
            )
        if isinstance(parent, Path):
            undoing.enter_context(saying_what_failed(parent / name, _THEN))
            target: _Target = _FolderTarget(make_folder(parent) / name, undoing)
        else:
            target = _StoreTarget(parent.inside(name))
            if problems := [one for one in check_recording(origin) if not one.is_note]:
                raise Damaged(f"{name} is damaged: {problems[0]}. Repair it first: playhead data repair.")
        sizes = files_of(source)
        if isinstance(parent, Path):
            _check_room(parent, sum(sizes.values()) - sum(target.files.files().values()))
        _copy_all(source, target, sizes, progress)
        return Copied(name=name, place=target.place, files=len(sizes), bytes=sum(sizes.values()))


def _check_room(parent: Path, needed: int) -> None:
    """Raise OSError, as a full disk does, where a folder has no room for so many bytes."""
    free = shutil.disk_usage(parent).free
    if needed > free:
        raise OSError(errno.ENOSPC, f"{needed:,} bytes are to come, {free:,} are free")


def _new_layers(source: FileSource, there: FileSource) -> dict[str, int]:
    """Return the sizes of the files of layers that a copy lacks; the headers that make them layers come last."""
    new = {name for name in layer_names(source) if there.size(f"{LAYERS}/{name}/{_HEADER}") is None}
    sizes = {key: size for key, size in files_of(source).items() if _layer_of(key) in new}
    headers = {
        key: sizes.pop(key) for key in [f"{LAYERS}/{name}/{_HEADER}" for name in sorted(new)] if key in sizes
    }
    return sizes | headers


def _layer_of(key: str) -> str:
    return key.split("/")[1] if key.startswith(f"{LAYERS}/") and key.count("/") > 1 else ""


def _copy_layers(source: FileSource, to: Path | StoreSource, sizes: dict[str, int]) -> None:
    """Copy layers beside a copy that has none of these; in a folder each appears when it is whole."""
    if isinstance(to, StoreSource):
        group = f"{LAYERS}/{_HEADER}"
        for key, size in ({group: source.size(group) or 0} | sizes).items() if sizes else ():
            _put(source, _StoreTarget(to.keeping(None)), key, size)
        return
    for name in sorted({_layer_of(key) for key in sizes}):
        with changing(to) as change:
            for key in (key for key in sizes if _layer_of(key) == name):
                path = change.copy(1) / key.removeprefix(f"{LAYERS}/{name}/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"".join(pieces_of(source, key, sizes[key])))
            make_layers(to)
            change.put_inside(f"{LAYERS}/{name}")


def _check_finished(origin: Path | FileSource, source: FileSource, game: str) -> None:
    if source.size(_HEADER) is None:
        raise NotFound(f"There is no recording at {source.place}.")
    header, is_complete = read_header(source, source.place)
    if game and header.game.get("name") != game:
        raise BadValue(
            f"{source.place} is of {header.game.get('name')}, not of {game}. Copy it to where that lies."
        )
    if isinstance(origin, Path):
        check_ended(origin, "Copy it when that has ended.")
    if not is_complete:
        raise BadValue(f"{source.place} was not ended properly. Repair it first: playhead data repair.")


def files_of(source: FileSource) -> dict[str, int]:
    """Return the sizes of the files to copy, the header last. What is hidden belongs to whoever works there."""
    sizes = {key: size for key, size in sorted(source.files().items()) if key == MARK or not _is_hidden(key)}
    for key in sizes:
        fault = next((fault for part in key.split("/") if part != MARK and (fault := fault_of(part))), "")
        if fault:
            raise Damaged(f"{source.place} has a file that cannot be copied: its name {visible(key)} {fault}.")
    return {key: size for key, size in sizes.items() if key != _HEADER} | {_HEADER: sizes[_HEADER]}


def _is_hidden(key: str) -> bool:
    return any(part.startswith(".") for part in key.split("/"))


def _copy_all(source: FileSource, target: _Target, sizes: dict[str, int], progress: Progress) -> None:
    done, total = 0, sum(sizes.values())
    for key, size in sizes.items():
        if key == _HEADER:
            target.finish(key, pieces_of(source, key, size))
        elif not _is_there(source, target, key, size):
            _put(source, target, key, size)
        done += size
        progress(done, total)


def _is_there(source: FileSource, target: _Target, key: str, size: int) -> bool:
    """Whether a file was copied before; a source that lists digests is not read for that."""
    if target.files.size(key) != size:
        return False
    if digest := source.digest(key):
        return digest.fits(pieces_of(target.files, key, size), size)
    return _checksum(pieces_of(target.files, key, size)) == _checksum(pieces_of(source, key, size))


def _put(source: FileSource, target: _Target, key: str, size: int) -> None:
    """Write a file, and read it back."""
    written = _Summed(pieces_of(source, key, size))
    target.write(key, iter(written))
    digest, there = source.digest(key), _Summed(pieces_of(target.files, key, size))
    if digest and not digest.fits(there, size):
        raise Damaged(f"{source.place}/{key} is not what is listed of it: its digest does not fit.")
    if not digest:
        deque(there, maxlen=0)
    if (there.checksum, there.size) != (written.checksum, size):
        raise Damaged(f"{target.place}/{key} does not hold what was written. Type the same command again.")


class _Summed:
    """Pieces of a file, their checksum and length known once they have gone by."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.checksum, self.size, self._pieces = 0, 0, pieces

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.checksum = google_crc32c.extend(self.checksum, piece)
            self.size += len(piece)
            yield piece


def pieces_of(source: FileSource, key: str, size: int) -> Iterator[bytes]:
    """Yield a file in pieces that memory holds."""
    for offset in range(0, size, _PIECE):
        yield source.read_part(key, offset, min(_PIECE, size - offset))


def _checksum(pieces: Iterator[bytes]) -> int:
    summed = _Summed(pieces)
    deque(summed, maxlen=0)
    return summed.checksum
