"""A folder or zip of pictures with one sqlite file: finds them by name and content, reads one picture at a time.

Nothing is ever written under a name that stands in a bundle: pictures are read into memory, and the sqlite file of
a zip is copied to a temporary file with a name of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from array import array
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from playhead.errors import Damaged, NotFound
from playhead.storage.importing import LeftOut
from playhead_sideswipe.dataset import is_sqlite

MOST_PICTURE_BYTES = 2**20  # raw, a picture has 180,000 bytes: nothing larger is one
MOST_DATABASE_BYTES = 2**31  # 380,870 rows take 45 MB
_PICTURE = re.compile(r"([0-9A-Za-z_-]{1,36})(\.jpe?g)", re.IGNORECASE)
_ZIP_BEGINS = b"PK\x03\x04"
_READ_BYTES = 2**16
AHEAD = 128 if hasattr(os, "posix_fadvise") else 0  # files: elsewhere nobody could be told of them
_HEAD_BYTES = 16
_ENTRY = ("header_offset", "compress_size", "file_size", "CRC", "compress_type", "flag_bits")
# What reading an entry of a damaged or unusual zip raises.
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)

NameArray = npt.NDArray[np.bytes_]


@dataclass(frozen=True)
class BadPicture:
    """A picture that cannot be read, and why."""

    why: str


@dataclass(kw_only=True)
class Pictures:
    """Where each picture lies: `places[place_N[i]]` is the folder and the ending of the name `uuid_N[i]`.

    `found_N` says the how-manieth picture found each was; `left_out`, which files are no pictures of the bundle.
    Shapes:  uuid_N (N,) sorted, each once; place_N, found_N (N,).
    """

    uuid_N: NameArray
    place_N: npt.NDArray[np.int32]
    found_N: npt.NDArray[np.int64]
    places: list[tuple[str, str]]
    left_out: list[LeftOut]

    def path(self, row: int) -> str:
        """Return the path of a picture inside its bundle."""
        folder, ending = self.places[self.place_N[row]]
        return f"{folder}{self.uuid_N[row].decode()}{ending}"


@dataclass
class _Finder:
    """Gathers the pictures of a bundle in 40 bytes each."""

    _names: list[str] = field(default_factory=list)
    _parts: list[tuple[NameArray, npt.NDArray[np.int32]]] = field(default_factory=list)
    _places: dict[tuple[str, str], int] = field(default_factory=dict)
    _place_of: list[int] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def add(self, folder: str, name: str) -> bool:
        """Note a file when its name is that of a picture, and say whether it is."""
        found = _PICTURE.fullmatch(name)
        if found is None:
            return False
        self._names.append(found[1])
        self._place_of.append(self._places.setdefault((folder, found[2]), len(self._places)))
        if len(self._names) == 2**14:
            self._pack()
        return True

    def _pack(self) -> None:
        self._parts.append((np.array(self._names, "S36"), np.array(self._place_of, np.int32)))
        self._names.clear()
        self._place_of.clear()

    def pictures(self) -> Pictures:
        """Return all of them sorted; of two with one name the first counts."""
        self._pack()
        uuid_N = np.concatenate([names for names, _ in self._parts])
        place_N = np.concatenate([places for _, places in self._parts])
        order = np.argsort(uuid_N, kind="stable")
        uuid_N, place_N = uuid_N[order], place_N[order]
        again_N = np.zeros(len(uuid_N), bool)
        again_N[1:] = uuid_N[1:] == uuid_N[:-1]
        for uuid in uuid_N[again_N].tolist():
            self.left_out.append(LeftOut(what=uuid.decode(), why="there are two pictures of this name"))
        return Pictures(
            uuid_N=uuid_N[~again_N],
            place_N=place_N[~again_N],
            found_N=order[~again_N],
            places=list(self._places),
            left_out=self.left_out,
        )


class Bundle(Protocol):
    """Pictures and their database."""

    name: str  # what the data set is called: its folder or zip
    pictures: Pictures

    def read(self, rows: Iterable[int]) -> Generator[bytes | BadPicture]:
        """Yield pictures as they are stored, or why one cannot be read."""
        ...

    @contextmanager
    def database(self) -> Iterator[Path]:
        """Lend a file of sqlite for reading."""
        ...

    @property
    def shown(self) -> str:
        """How errors call the database."""
        ...


def open_bundle(path: Path) -> Bundle:
    """Open a folder, a zip, or the folder of a sqlite file.

    Raises:  NotFound when it has no sqlite file or several, Damaged for a zip that cannot be read.
    """
    if path.is_dir():
        return FolderBundle(path)
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if is_sqlite(head):
        return FolderBundle(path.parent, database=path)
    if zipfile.is_zipfile(path):
        return ZipBundle(path)
    if head.startswith(_ZIP_BEGINS):
        raise Damaged(f"{path} begins as a zip, but its end is missing: it was not copied whole. Copy it again.")
    raise NotFound(
        f"{path} is no folder, no zip and no sqlite file. Pass one of these: the folder or zip of the pictures, "
        "or the sqlite file beside them."
    )


class FolderBundle:
    """Pictures in a folder and its folders. Links to folders are not followed: they may lead in a circle."""

    def __init__(self, folder: Path, database: Path | None = None) -> None:
        self.name = folder.resolve().name
        self._folder = f"{folder}{os.sep}"
        databases: list[str] = []
        finder = _Finder()
        self._scan("", finder, databases)
        self._database = database or folder / _only(databases, str(folder))
        self.pictures = finder.pictures()

    def _scan(self, inside: str, finder: _Finder, databases: list[str]) -> None:
        with os.scandir(self._folder + inside) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    self._scan(f"{inside}{entry.name}{os.sep}", finder, databases)
                elif not entry.is_file():
                    continue  # a pipe would be waited for, a device read for ever
                elif not finder.add(inside, entry.name) and _begins_as_sqlite(entry.path):
                    databases.append(inside + entry.name)

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

        AHEAD files are open at a time and announced to the disk, which fetches them side by side: 5 to 15 times
        faster than one after another from a disk, 1 µs more a file from memory (benchmarks/pictures.py).
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
                return BadPicture(f"it has more than {MOST_PICTURE_BYTES:,} bytes")
    except OSError as error:
        return BadPicture(f"it cannot be read, {error.strerror}")
    finally:
        os.close(descriptor)
    return data


def _begins_as_sqlite(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            return is_sqlite(file.read(_HEAD_BYTES))
    except OSError:
        return False


def _only(databases: list[str], where: str) -> str:
    if len(databases) == 1:
        return databases[0]
    if not databases:
        raise NotFound(
            f"There is no sqlite file in {where}: a data set has one beside its pictures (dataset.db). Put it "
            "there, or pass the path of the file, whose folder is then looked through."
        )
    named = ", ".join(sorted(databases)[:5])
    raise NotFound(f"There are {len(databases)} sqlite files in {where} ({named}). Pass the path of one of them.")


class ZipBundle:
    """Pictures in a zip. Nothing is unpacked but the database, into a temporary file that is removed again."""

    def __init__(self, file: Path) -> None:
        self.name = file.stem
        self._file = file
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise Damaged(
                f"{file} cannot be read as a zip: {error}. Copy it again, or unpack what is left and pass "
                "the folder."
            ) from error
        finder = _Finder()
        self._numbers: array[int] = array("Q")
        databases = [entry.filename for entry in self._zip.filelist if self._is_database(entry, finder)]
        self._database = _only(databases, str(file))
        # zipfile keeps 600 bytes of each entry, 250 MB of 380,870: six numbers say all that reading needs.
        self._zip.NameToInfo = {self._database: self._zip.getinfo(self._database)}
        self._zip.filelist.clear()
        self.pictures = finder.pictures()

    def _is_database(self, entry: zipfile.ZipInfo, finder: _Finder) -> bool:
        """Note an entry that is a picture or cannot be trusted, and say whether it is a sqlite file."""
        if entry.is_dir():
            return False
        wrong = _untrusted(entry)
        if wrong:
            finder.left_out.append(LeftOut(what=ascii(entry.filename)[:200], why=wrong))
            return False
        folder, slash, name = entry.filename.rpartition("/")
        if finder.add(folder + slash, name):
            self._numbers.extend(getattr(entry, number) for number in _ENTRY)
            return False
        try:
            with self._zip.open(entry) as opened:
                return is_sqlite(opened.read(_HEAD_BYTES))
        except _ZIP_ERRORS:
            return False

    @property
    def shown(self) -> str:
        """How errors call the database."""
        return f"{self._database} in {self._file}"

    @contextmanager
    def database(self) -> Iterator[Path]:
        """Lend a copy of the database in a temporary folder."""
        size = self._zip.getinfo(self._database).file_size
        if size > MOST_DATABASE_BYTES:
            raise Damaged(
                f"{self.shown} unpacks to {size:,} bytes; a data set has {MOST_DATABASE_BYTES:,} at most."
            )
        with tempfile.TemporaryDirectory(prefix="playhead-") as folder:
            copy = Path(folder, "dataset.db")
            try:
                with self._zip.open(self._database) as packed, copy.open("wb") as file:
                    shutil.copyfileobj(packed, file)
            except _ZIP_ERRORS as error:
                raise Damaged(f"{self.shown} cannot be unpacked: {error}.") from error
            yield copy

    def read(self, rows: Iterable[int]) -> Generator[bytes | BadPicture]:
        """Yield pictures as they are stored, or why one cannot be read; a wrong checksum is such a reason."""
        yield from map(self._read, rows)

    def _read(self, row: int) -> bytes | BadPicture:
        entry = zipfile.ZipInfo(self.pictures.path(row))
        first = int(self.pictures.found_N[row]) * len(_ENTRY)
        for place, number in enumerate(_ENTRY):
            setattr(entry, number, self._numbers[first + place])
        if entry.file_size > MOST_PICTURE_BYTES:
            return BadPicture(f"it unpacks to {entry.file_size:,} bytes")
        try:
            return self._zip.read(entry)
        except _ZIP_ERRORS as error:
            return BadPicture(f"it cannot be unpacked, {error}")


def _untrusted(entry: zipfile.ZipInfo) -> str:
    """Say why an entry is left alone, if it is: nothing is written under its name, but no honest zip has it."""
    steps = entry.filename.replace("\\", "/").split("/")
    if ".." in steps or steps[0] == "" or re.match(r"[A-Za-z]:", entry.filename) or "\\" in entry.filename:
        return "its path leads out of the zip"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "it is a link"
    if entry.flag_bits & 1:
        return "it is encrypted"
    return ""
