"""Pictures and labels in arrays of one file, of any names and sizes: HDF5, and .npz of numpy.

Which array is which follows from its name, else from its shape; where several would do, a person says which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from playhead.containers.hdf5 import open_hdf5
from playhead.containers.npz import open_npz
from playhead.errors import BadValue, Damaged, Mismatch, NotFound, not_found
from playhead.game import Game
from playhead.progress import OnProgress
from playhead.storage.importers import places
from playhead.storage.importers.pairs import Pairs, write_pairs
from playhead.storage.importers.settings import ImportSettings
from playhead.storage.importing import Importable, Noted

TAKES = ("keys", "head", "rate", "order", "crop", "colours", "pixels", "pictures", "labels")
HDF5 = (".h5", ".hdf5", ".hdf")
_PICTURES = ("images", "image", "frames", "pictures", "rgb", "pixels", "observations", "obs", "x")
_LABELS = ("labels", "label", "actions", "action", "keys", "targets", "y")
_BLOCK_BYTES = 2**25  # of pictures that are read at a time
_BLOCK_ROWS = 256

Array = npt.NDArray[Any]


class Rows(Protocol):
    """An array of a file, read in stretches."""

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def dtype(self) -> np.dtype[Any]: ...  # noqa: D102
    def read(self, start: int, stop: int) -> Array: ...  # noqa: D102


def find_hdf5(game: Game, path: Path, options: Mapping[str, str]) -> Iterator[Importable]:
    """Yield a recording for every HDF5 file, or file of a folder and its folders.

    `options`: see ImportSettings; `pictures` and `labels` name data sets. Raises: NotFound, BadValue.
    """
    settings = ImportSettings.of(game, options, TAKES, order="time")
    files = [path] if path.is_file() else sorted(_below(path), key=lambda file: places.natural(str(file)))
    if not files:
        raise NotFound(f"{path} is no HDF5 file and no folder with files ending in .h5 or .hdf5.")
    for file in files:
        yield Importable(
            name=f"{places.called(file.absolute().parent)}-{file.stem}",
            source=file,
            fill=partial(import_arrays, game, file, settings),
            depends_on=settings.said,
        )


def _below(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        if file.suffix.lower() in HDF5 and not file.name.startswith("._") and file.is_file():
            yield file


def import_arrays(
    game: Game, file: Path, settings: ImportSettings, folder: Path, progress: OnProgress
) -> Sequence[Noted]:
    """Write the arrays of one file as one recording and return what was left out or converted.

    Raises:  Damaged or Mismatch naming the file, BadValue where somebody has to say which array is which.
    """
    opens = _in_npz if file.suffix.lower() == ".npz" else _in_hdf5
    with opens(file) as arrays:
        pictures, labels = _chosen(file, {name: rows.shape for name, rows in arrays.items()}, settings)
        shown, told = Blocks(arrays[pictures]), Blocks(arrays[labels])
        if len(shown) != len(told) or not len(shown):
            raise Damaged(
                f"{file} has {len(shown):,} {pictures} and {len(told):,} {labels}. They must be as many, not none."
            )
        pairs = Pairs(len(shown), lambda row: (shown.row(row), told.row(row).reshape(-1)))
        return write_pairs(game, settings, file, pairs, folder, progress)


@contextmanager
def _in_hdf5(file: Path) -> Iterator[Mapping[str, Rows]]:
    with open_hdf5(file) as opened:
        yield {name: opened.data_set(name, "numbers") for name in opened.arrays()}


@contextmanager
def _in_npz(file: Path) -> Iterator[Mapping[str, Rows]]:
    with open_npz(file) as arrays:
        yield arrays


class Blocks:
    """Rows of an array one by one, read in stretches of it."""

    def __init__(self, rows: Rows) -> None:
        self._rows, self._begin, self._block = rows, 0, np.empty(0)
        row_bytes = max(1, int(np.prod(rows.shape[1:], dtype=np.float64)) * rows.dtype.itemsize)
        self._size = max(1, min(_BLOCK_ROWS, _BLOCK_BYTES // row_bytes))

    def __len__(self) -> int:
        return self._rows.shape[0]

    def row(self, number: int) -> Array:
        """Return a row. Raises Damaged."""
        if not self._begin <= number < self._begin + len(self._block):
            self._begin = number - number % self._size
            self._block = self._rows.read(self._begin, min(self._begin + self._size, len(self)))
        return np.asarray(self._block[number - self._begin])


@dataclass(frozen=True)
class _Kind:
    """One of the two arrays that are wanted: how it may be called, and which option names it."""

    what: str
    names: tuple[str, ...]
    dimensions: tuple[int, ...]


def _chosen(file: Path, shapes: Mapping[str, tuple[int, ...]], settings: ImportSettings) -> tuple[str, str]:
    pictures = _one(file, shapes, settings.pictures, _Kind("pictures", _PICTURES, (3, 4)))
    count = shapes[pictures][0]
    others = {name: shape for name, shape in shapes.items() if name != pictures}
    same = {name: shape for name, shape in others.items() if shape[0] == count} or others
    return pictures, _one(file, same, settings.labels, _Kind("labels", _LABELS, (1, 2)))


def _one(file: Path, shapes: Mapping[str, tuple[int, ...]], said: str, kind: _Kind) -> str:
    if said:
        if said not in shapes:
            raise not_found(f"array of {file}", said, shapes)
        return said
    fitting = [name for name, shape in shapes.items() if len(shape) in kind.dimensions]
    called = [name for name in fitting if name.rpartition("/")[2].casefold() in kind.names]
    found = called if called else fitting
    if len(found) == 1:
        return found[0]
    held = places.some([f"{name} {shape}" for name, shape in shapes.items()])
    if not found:
        raise Mismatch(f"{file} has no {kind.what}; it holds {held}.")
    raise BadValue(f"{file} holds {held}. Say which are the {kind.what}: --set {kind.what}=NAME.")
