"""Pictures and labels in numpy's files: pairs in an array of objects, or two arrays of numbers in two files.

Source:  Sentdex/pygta5 and mburakbozbey/pycrew2_sentdex, d2d693c: 500 [picture, one-hot] in an array of objects,
         as seen or, merged, as floats that a network was prepared for.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.containers.npy import NpyFile, open_npy
from playhead.containers.pickled import Pickled, PickledArray
from playhead.errors import Damaged, Mismatch, NotFound
from playhead.game import Game
from playhead.progress import OnProgress
from playhead.storage.importers.meanings import Meanings, check_all_said, impossible, meanings_of_columns
from playhead.storage.importers.places import natural
from playhead.storage.importers.scales import Scale
from playhead.storage.importers.settings import ImportSettings
from playhead.storage.importers.writing import Row, Source, write_rows
from playhead.storage.importing import Importable, Noted

TAKES = ("keys", "head", "rate", "order", "crop", "colours", "pixels", "pickles", "labels", "pictures")
SHOWN = 16  # pictures that are looked at for the range of their values
# How the files of pictures and of labels are called beside one another, by the end or the whole of a name.
_PARTNERS = (("images", "labels"), ("frames", "labels"), ("pictures", "labels"), ("x", "y"), ("", "_labels"),
             ("", "-labels"))  # fmt: skip
_MOST_LABEL_BYTES = 2**28

Array = npt.NDArray[Any]


def find_pairs(game: Game, path: Path, options: Mapping[str, str]) -> Iterator[Importable]:
    """Yield a recording for every file of numpy, or folder of them, that holds pictures.

    `options`: see ImportSettings. Raises: NotFound when there is no such file or option, BadValue.
    """
    settings = ImportSettings.of(game, options, TAKES, order="time")
    files = [path] if path.is_file() else sorted(_below(path), key=lambda file: natural(str(file)))
    if not files:
        raise NotFound(f"{path} is no file of numpy and no folder with files ending in .npy or .npz.")
    partners = {file: _partner(file, settings) for file in files}
    labels = set(partners.values())
    for file in files:
        if file not in labels:
            partner = partners[file]
            yield Importable(
                name=f"{file.absolute().parent.name}-{file.stem}",
                source=file,
                fill=partial(_import_file, game, file, partner, settings),
                depends_on=settings.said + (_digest(partner) if partner else ""),
            )


def _below(folder: Path) -> Iterator[Path]:
    """Yield the files of numpy in a folder and its folders, but for what a Mac writes beside them."""
    for file in folder.rglob("*"):
        if file.suffix.lower() in (".npy", ".npz") and not file.name.startswith("._") and file.is_file():
            yield file


def _partner(file: Path, settings: ImportSettings) -> Path | None:
    """Return the file of the labels of a file of pictures, None where none is called so."""
    if file.suffix.lower() == ".npz":
        return None
    if settings.labels:
        return Path(settings.labels)
    for pictures, labels in _PARTNERS:
        found = re.fullmatch(rf"(|.*[_.-]){pictures}" if pictures else "(.+)", file.stem, re.IGNORECASE)
        if not found:
            continue
        for name in {labels, labels.upper()}:
            other = file.with_name(f"{found[1]}{name}{file.suffix}")
            if other != file and other.is_file():
                return other
    return None


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.sha256(opened.read(_MOST_LABEL_BYTES)).hexdigest()
    except OSError:
        return ""  # whoever opens it says why


def _import_file(
    game: Game, file: Path, partner: Path | None, settings: ImportSettings, folder: Path, progress: OnProgress
) -> Sequence[Noted]:
    """Write one file as one recording. Raises Damaged or Mismatch naming the file."""
    if file.suffix.lower() == ".npz":
        from playhead.storage.importers.arrays import import_arrays  # which writes pairs as this does

        return import_arrays(game, file, settings, folder, progress)
    with open_npy(file) as opened:
        if opened.is_pickled:
            pairs: Pairs = _objects(file, opened, settings)
            return write_pairs(game, settings, file, pairs, folder, progress)
        if partner is None:
            raise Mismatch(
                f"{file} holds numbers {opened.shape} and no labels, and no file beside it is called as theirs "
                f"({file.stem}_labels.npy). Name it: --set labels=FILE."
            )
        with open_npy(partner) as labels:
            return write_pairs(game, settings, file, _arrays(file, opened, partner, labels), folder, progress)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pictures and labels of a file, one by one: `pair(row)` gives both, or raises ValueError saying why not."""

    count: int
    pair: Any

    def first_label(self) -> Array | None:
        """Return the label of the first pair that is one."""
        for row in range(self.count):
            try:
                label: Array = self.pair(row)[1]
            except ValueError:
                continue
            return label
        return None


def _objects(file: Path, opened: NpyFile, settings: ImportSettings) -> Pairs:
    """Return the pairs of an array of objects: two columns, or a pair an element."""
    if not settings.pickles:
        raise Mismatch(
            f"{file} is an array of objects, which numpy writes as a pickle: a program that may do anything when "
            "it is loaded. playhead reads arrays, lists and numbers out of it and runs nothing. If that is what "
            "you want: --set pickles=read."
        )
    pickled = opened.objects()
    top = pickled.top
    if not isinstance(top, PickledArray) or not isinstance(top.held, list) or len(top.shape) not in (1, 2):
        raise Mismatch(f"{file} holds no array of (picture, label) pairs.")
    held: list[Any] = top.held
    if len(top.shape) == 2:
        count, columns = top.shape
        if columns != 2:
            raise Mismatch(f"{file} holds {columns} things a row; two are wanted, (picture, label).")
        held = [held[2 * row : 2 * row + 2] for row in range(count)]
        if top.is_fortran:
            held = [[top.held[row], top.held[count + row]] for row in range(count)]
    return Pairs(len(held), partial(_pair, pickled, held))


def _pair(pickled: Pickled, held: list[Any], row: int) -> tuple[Array, Array]:
    one = held[row]
    if isinstance(one, PickledArray) and isinstance(one.held, list) and one.shape == (2,):
        one = one.held
    if not isinstance(one, (list, tuple)) or len(one) != 2:
        raise ValueError("it is no pair (picture, label)")
    try:
        picture, label = (pickled.numbers(part) for part in one)
    except Damaged as error:
        raise ValueError(str(error)) from error
    if picture is None or picture.ndim not in (2, 3) or label is None or label.ndim != 1:
        raise ValueError("it is no pair (picture, label)")
    return picture, label


def _arrays(file: Path, opened: NpyFile, partner: Path, labels: NpyFile) -> Pairs:
    """Return the pairs of two arrays of numbers."""
    if (
        opened.is_pickled
        or labels.is_pickled
        or len(opened.shape) not in (3, 4)
        or len(labels.shape) not in (1, 2)
    ):
        raise Mismatch(
            f"{file} holds {opened.shape} of {opened.dtype}, {partner} {labels.shape} of {labels.dtype}; wanted "
            "are pictures (N, height, width, colours) and labels (N, columns), both numbers."
        )
    if opened.shape[0] != labels.shape[0]:
        raise Damaged(
            f"{file} has {opened.shape[0]:,} pictures, and {partner} {labels.shape[0]:,} labels. They must "
            "be as many."
        )
    return Pairs(opened.shape[0], lambda row: (opened.row(row), labels.row(row).reshape(-1)))


def write_pairs(
    game: Game, settings: ImportSettings, file: Path, pairs: Pairs, folder: Path, progress: OnProgress
) -> Sequence[Noted]:
    """Write pairs of one file as one recording and return what was left out or converted. Raises Mismatch."""
    first = pairs.first_label()
    if first is None:
        raise Mismatch(f"{file} holds no pair (picture, label) of numbers among {pairs.count:,} elements.")
    meanings = meanings_of_columns(game, len(first), settings.head, settings.keys, str(file))
    check_all_said(game, meanings.rows, str(file))
    scale = Scale.of(settings.pixels, _some_pictures(pairs), str(file))
    source = Source(path=file, rows=pairs.count, notes=scale.said, belongs=file.absolute().parent.name)
    return write_rows(game, settings, source, _rows(game, pairs, meanings, scale), folder, progress)


def _some_pictures(pairs: Pairs) -> Iterator[Array]:
    for row in np.unique(np.linspace(0, pairs.count - 1, SHOWN).astype(int)).tolist():
        try:
            yield pairs.pair(row)[0]
        except ValueError:
            continue


def _rows(game: Game, pairs: Pairs, meanings: Meanings, scale: Scale) -> Iterator[Row]:
    for number in range(pairs.count):
        row = Row(what=f"pair {number:,}", number=number)
        try:
            picture, label = pairs.pair(number)
            if len(label) != len(meanings.names):
                raise ValueError(f"its label has {len(label)} numbers, not {len(meanings.names)}")
            labels, wrong = meanings.labels(label[None])
            if wrong := wrong or impossible(game, labels):
                raise ValueError(wrong[0])
            yield replace(row, picture=scale.pixels(picture), labels=labels)
        except ValueError as error:
            yield replace(row, wrong=str(error))
