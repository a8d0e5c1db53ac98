"""Pictures in a folder: found by scanning it, and read while the disk fetches the next."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playhead.containers.files import reason
from playhead.errors import Damaged
from playhead.storage.importing import LeftOut
from playhead_sideswipe.bundle.pictures import (
    HEAD_BYTES,
    MOST_PICTURE_BYTES,
    BadPicture,
    Finder,
    only_database,
    too_long,
)
from playhead_sideswipe.dataset import is_sqlite

AHEAD = 128 if hasattr(os, "posix_fadvise") else 0  # files: elsewhere nobody could be told of them
_READ_BYTES = 2**16


class FolderBundle:
    """Pictures in a folder and its folders. Links to folders are not followed: they may lead in a circle."""

    def __init__(self, folder: Path, database: Path | None = None) -> None:
        self.name = folder.resolve().name
        self._folder = f"{folder}{os.sep}"
        databases: list[str] = []
        finder = Finder()
        self._scan(finder, databases)
        if database:  # then a link is followed
            finder.left_out = [one for one in finder.left_out if one.what != database.name]
        several = "Pass the path of one of them."
        self._database = database or folder / only_database(databases, str(folder), finder, several)
        self.pictures = finder.pictures()

    def _scan(self, finder: Finder, databases: list[str]) -> None:
        waiting = [""]
        while waiting:
            inside = waiting.pop()
            try:
                with os.scandir(self._folder + inside) as entries:
                    for entry in entries:
                        if entry.is_file(follow_symlinks=False):  # nearly all are: asked first
                            if not finder.add(inside, entry.name):
                                self._note(entry, inside + entry.name, finder, databases)
                        elif entry.is_dir(follow_symlinks=False):
                            waiting.append(f"{inside}{entry.name}{os.sep}")
                        elif entry.is_symlink():
                            self._follow(entry, inside, finder, databases)
                        else:  # a pipe would be waited for, a device read for ever
                            finder.note_no_file(inside + entry.name)
            except OSError as error:
                if not inside:
                    raise Damaged(f"{self._folder} cannot be read: {reason(error)}.") from error
                finder.left_out.append(LeftOut(what=inside, why=f"it cannot be read, {reason(error)}"))

    def _follow(self, entry: os.DirEntry[str], inside: str, finder: Finder, databases: list[str]) -> None:
        """Note the file that a link leads to, unless it leads out, to no file, or to itself."""
        name = inside + entry.name
        if not self._is_inside(entry.path):
            finder.left_out.append(LeftOut(what=name, why="it is a link out of the folder"))
        elif not Path(entry.path).is_file():  # it may lead to itself
            finder.note_no_file(name)
        elif not finder.add(inside, entry.name):
            self._note(entry, name, finder, databases)

    def _note(self, entry: os.DirEntry[str], name: str, finder: Finder, databases: list[str]) -> None:
        """Note a file that is no picture: a database, or neither."""
        if _begins_as_sqlite(entry.path):
            databases.append(name)
        else:
            finder.note_other(name)

    def _is_inside(self, path: str) -> bool:
        """Say whether a link leads to something in the folder: one that leads out would be read as a picture."""
        return os.path.realpath(path).startswith(os.path.realpath(self._folder) + os.sep)

    @property
    def shown(self) -> str:
        """How errors call the database."""
        return str(self._database)

    @contextmanager
    def database(self) -> Iterator[Path]:
        """Lend the file itself."""
        yield self._database

    def read(self, rows: Iterable[int]) -> Generator[bytes | BadPicture]:
        """Yield pictures as they are stored, or why one cannot be read.

        AHEAD files are open at a time and announced to the disk, which fetches them side by side. So an import
        takes half the time of reading the files one after another does (benchmarks/pictures.py).
        """
        opened: deque[int | BadPicture] = deque()
        try:
            for row in rows:
                opened.append(_announced(self._folder + self.pictures.path(row)))
                if len(opened) > AHEAD:
                    yield _read_and_close(opened.popleft())
            while opened:
                yield _read_and_close(opened.popleft())
        finally:
            for descriptor in opened:
                if isinstance(descriptor, int):
                    os.close(descriptor)


def _announced(path: str) -> int | BadPicture:
    """Open a file and ask the system to fetch it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError as error:
        return BadPicture(f"it cannot be read, {error.strerror}")
    if AHEAD:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
    return descriptor


def _read_and_close(descriptor: int | BadPicture) -> bytes | BadPicture:
    if isinstance(descriptor, BadPicture):
        return descriptor
    # Reading in one piece of 64 KB costs half of open().read(), which asks for the size and seeks.
    try:
        data = os.read(descriptor, _READ_BYTES)
        while len(data) >= _READ_BYTES and (more := os.read(descriptor, _READ_BYTES)):
            data += more
            if len(data) > MOST_PICTURE_BYTES:
                return BadPicture(too_long(data))
    except OSError as error:
        return BadPicture(f"it cannot be read, {error.strerror}")
    finally:
        os.close(descriptor)
    return data


def _begins_as_sqlite(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            return is_sqlite(file.read(HEAD_BYTES))
    except OSError:
        return False
