"""Pictures in a zip that need not be trusted."""

from __future__ import annotations

import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playhead.errors import Damaged
from playhead.storage.importing import LeftOut
from playhead_sideswipe.bundle.pictures import HEAD_BYTES, MOST_PICTURE_BYTES, BadPicture, Finder, only_database
from playhead_sideswipe.dataset import is_sqlite

MOST_DATABASE_BYTES = 2**31  # 380,870 rows take 45 MB
_ENTRY = ("header_offset", "compress_size", "file_size", "CRC", "compress_type", "flag_bits")
# What reading an entry of a damaged or unusual zip raises.
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


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
        finder = Finder()
        self._numbers: array[int] = array("Q")
        databases = [entry.filename for entry in self._zip.filelist if self._is_database(entry, finder)]
        self._database = only_database(databases, str(file))
        # zipfile keeps 600 bytes of each entry, 250 MB of 380,870: six numbers say all that reading needs.
        self._zip.NameToInfo = {self._database: self._zip.getinfo(self._database)}
        self._zip.filelist.clear()
        self.pictures = finder.pictures()

    def _is_database(self, entry: zipfile.ZipInfo, finder: Finder) -> bool:
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
                return is_sqlite(opened.read(HEAD_BYTES))
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
