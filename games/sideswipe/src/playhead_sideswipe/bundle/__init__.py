"""A folder or zip of pictures with one sqlite file, known by its content.

Nothing is ever written under a name that stands in a bundle: pictures are read into memory, and the sqlite file of
a zip is copied to a temporary file with a name of its own.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from playhead.containers.archive import is_zip
from playhead.containers.files import head_of, kind_of
from playhead.errors import NotFound
from playhead_sideswipe.bundle.archive import ZipBundle
from playhead_sideswipe.bundle.folder import FolderBundle
from playhead_sideswipe.bundle.pictures import BadPicture, Pictures
from playhead_sideswipe.dataset import is_sqlite

__all__ = ["BadPicture", "Bundle", "Pictures", "open_bundle"]


class Bundle(Protocol):
    """Pictures and their database."""

    name: str  # what the data set is called: its folder or zip
    pictures: Pictures

    def read(self, rows: Iterable[int]) -> Generator[bytes | BadPicture]:
        """Yield pictures as they are stored, or why one cannot be read."""
        ...

    def database(self) -> AbstractContextManager[Path]:
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
    head = head_of(path)
    if is_sqlite(head):
        return FolderBundle(path.parent, database=path)
    if is_zip(path):
        return ZipBundle(path)
    kind = kind_of(head)
    raise NotFound(
        f"{path} is {kind + ': ' if kind else ''}no folder, no zip and no sqlite file. Pass one of these: the "
        "folder or zip of the pictures, or the sqlite file beside them."
    )
