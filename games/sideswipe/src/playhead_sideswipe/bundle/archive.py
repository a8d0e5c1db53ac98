"""Pictures in a zip that need not be trusted."""

from __future__ import annotations

import re
import tempfile
import zipfile
from array import array
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playhead.containers.archive import ENTRY, Archive, is_folder, packed, untrusted
from playhead.containers.sqlite import JOURNALS
from playhead.errors import Damaged
from playhead.storage.importing import LeftOut
from playhead_sideswipe.bundle.pictures import HEAD_BYTES, MOST_PICTURE_BYTES, BadPicture, Finder, only_database
from playhead_sideswipe.dataset import is_sqlite

MOST_DATABASE_BYTES = 2**29  # 380,870 rows take 45 MB


class ZipBundle:
    """Pictures in a zip. Nothing is unpacked but the database, into a temporary file that is removed again."""

    def __init__(self, file: Path) -> None:
        self.name = file.stem
        self._archive = Archive(file)
        finder = Finder()
        self._numbers: array[int] = array("Q")
        databases = {one.orig_filename: one for one in self._archive.entries if self._is_database(one, finder)}
        several = "Unpack the zip, and pass the path of one of them."
        self._database = databases[only_database(list(databases), str(file), finder, several)]
        journals = {f"{self._database.orig_filename}{ending}": ending for ending in JOURNALS}
        named = [(one, journals.get(one.orig_filename)) for one in self._archive.entries]
        self._journals = [(one, ending) for one, ending in named if ending and not untrusted(one)]
        self._archive.forget()
        self.pictures = finder.pictures()

    def _is_database(self, entry: zipfile.ZipInfo, finder: Finder) -> bool:
        """Note an entry that is a picture or cannot be trusted, and say whether it is a sqlite file."""
        if is_folder(entry):
            return False
        name = entry.orig_filename
        if wrong := untrusted(entry):
            finder.left_out.append(LeftOut(what=ascii(name)[:200], why=wrong))
            return False
        # Windows programs part names by backslashes; the name itself stays as it is, by which the entry is read.
        folder = name[: -len(re.split(r"[/\\]", name)[-1]) or None]
        if finder.add(folder, name.removeprefix(folder)):
            self._numbers.extend(packed(entry))
            return False
        try:
            found = is_sqlite(self._archive.head(entry, HEAD_BYTES))
        except Damaged as error:
            finder.note_other(name, str(error))
            return False
        if not found:
            finder.note_other(name)
        return found

    @property
    def shown(self) -> str:
        """How errors call the database."""
        return f"{self._database.orig_filename} in {self._archive.path}"

    @contextmanager
    def database(self) -> Iterator[Path]:
        """Lend a copy of the database in a temporary folder, with the journal that was packed beside it."""
        with tempfile.TemporaryDirectory(prefix="playhead-") as folder:
            copy = Path(folder, "dataset.db")
            self._archive.copy(self._database, copy, MOST_DATABASE_BYTES, self.shown)
            for entry, ending in self._journals:
                what = f"{entry.orig_filename} in {self._archive.path}"
                self._archive.copy(entry, copy.with_name(copy.name + ending), MOST_DATABASE_BYTES, what)
            yield copy

    def read(self, rows: Iterable[int]) -> Generator[bytes | BadPicture]:
        """Yield pictures as they are stored, or why one cannot be read; a wrong checksum is such a reason."""
        yield from map(self._read, rows)

    def _read(self, row: int) -> bytes | BadPicture:
        first = int(self.pictures.found_N[row]) * ENTRY
        try:
            numbers = tuple(self._numbers[first : first + ENTRY])
            return self._archive.read(self.pictures.path(row), numbers, MOST_PICTURE_BYTES)
        except Damaged as error:
            return BadPicture(str(error))
