"""Which columns of a table say what of a game: a key or class each, a class in words, the axes of a head.

Shape legend: A columns of a label head.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from playhead.errors import Mismatch, NotFound, not_found
from playhead.game import Game
from playhead.labels import Axes, Choice, describe
from playhead.names import visible
from playhead.storage.importers import places
from playhead.storage.importers.meanings import (
    Meanings,
    Rows,
    check_all_said,
    heads_of,
    impossible,
    meaning_of,
    meanings_of_columns,
    named,
)
from playhead.storage.importers.places import some
from playhead.storage.importers.settings import ImportSettings

# What the column is called that names pictures, and the one that says a class in words.
PICTURE = ("filename", "file", "file_name", "image", "image_name", "picture", "path", "img", "frame")
CLASS = ("class", "label", "action", "choice")
_TRUTHS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """The columns of a table by their places: pictures, numbers of keys or classes, a word, axes.

    `is_nameless`: the first row is no head, but data.
    """

    game: Game
    settings: ImportSettings
    head: tuple[str, ...]
    picture: int
    numbers: tuple[int, ...] = ()
    meanings: Meanings | None = None
    word: int | None = None
    axes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    is_nameless: bool = False

    def labels(self, cells: Sequence[str]) -> Rows:
        """Return what a row says. Shapes:  head -> (1, A). Raises ValueError saying why it cannot be."""
        rows: Rows = {} if self.word is None else self._of_word(cells[self.word])
        if self.meanings is not None:
            labels, wrong = self.meanings.labels(np.array([[number(cells[place]) for place in self.numbers]]))
            if wrong:
                raise ValueError(wrong[0])
            rows |= labels
        for head, where in self.axes.items():
            values = np.array([[number(cells[place]) for place in where]], np.float32)
            if not (np.abs(values) <= 1).all():
                raise ValueError(f"{head} is {values[0].tolist()}, not from -1 to 1")
            rows[head] = values
        if wrong := impossible(self.game, rows):
            raise ValueError(wrong[0])
        if missing := [name for name in self.game.labels if name not in rows]:
            raise ValueError(f"it says nothing of {missing[0]}")
        return rows

    def _of_word(self, text: str) -> Rows:
        meant = meaning_of(self.game, dict(self.settings.keys).get(text, text), self.settings.head)
        if meant is None:
            raise ValueError(f'"{visible(text[:50])}" is no key or class of {self.game.name}')
        return meant

    @property
    def meaningless(self) -> list[str]:
        """The columns that say nothing of the game."""
        used = {
            self.picture,
            self.word,
            *self.numbers,
            *(place for where in self.axes.values() for place in where),
        }
        return [name for place, name in enumerate(self.head) if place not in used and not self.is_nameless]


def number(text: str) -> float:
    """Return what a cell says. Raises ValueError."""
    try:
        return _TRUTHS[text.lower()] if text.lower() in _TRUTHS else float(text)
    except ValueError:
        raise ValueError(f'"{visible(text[:50])}" is no number') from None


def columns_of(game: Game, where: str, first: Sequence[str], settings: ImportSettings) -> Columns:
    """Return what columns say, by the first row of a table: names, or data where one of its cells is a picture's.

    Raises:  NotFound for a column that is not there, Mismatch where nothing is said of the game, or not enough.
    """
    is_nameless = any(places.is_called_picture(cell) for cell in first)
    names = ["" if is_nameless else cell.lower() for cell in first]
    picture = _picture(where, first, names, settings)
    base = Columns(game=game, settings=settings, head=tuple(first), picture=picture, is_nameless=is_nameless)
    columns = _filled(base, where, names)
    if columns.word is None and columns.meanings is None and not columns.axes:
        raise Mismatch(
            f"{where} has the columns {some(first)}, of which none is a key or class of {game.name} "
            f"({describe(game.learnable)}). Say what they mean: --set keys=COLUMN:w,OTHER:a."
        )
    if columns.word is None:
        check_all_said(game, [*columns.axes, *(columns.meanings.rows if columns.meanings else ())], where)
    return columns


def _filled(columns: Columns, where: str, names: Sequence[str]) -> Columns:
    """Return columns with those that say something."""
    game, settings = columns.game, columns.settings
    if columns.is_nameless:
        numbers = tuple(place for place in range(len(names)) if place != columns.picture)
        meant = meanings_of_columns(game, len(numbers), settings.head, settings.keys, where)
        return replace(columns, numbers=numbers, meanings=meant)
    axes = {name: tuple(names.index(axis.lower()) for axis in one.names) for name, one in game.labels.items()
            if isinstance(one, Axes) and all(axis.lower() in names for axis in one.names)}  # fmt: skip
    heads = heads_of(game, settings.head)
    choices = [name.lower() for name, head in heads.items() if isinstance(head, Choice)]
    word = next((names.index(name) for name in (*choices, *CLASS) if name in names), None)
    if word is not None:
        return replace(columns, word=word, axes=axes)
    known = {name.lower(): meaning for name, meaning in settings.keys}
    if missing := sorted(set(known) - set(names)):
        raise not_found(f"column of {where}", missing[0], columns.head)
    known = known or {key.lower(): key for head in heads.values() for key in head.names}
    found = {place: known[name] for place, name in enumerate(names) if name in known and place != columns.picture}
    if not found:
        return replace(columns, axes=axes)
    meanings = named(game, [(names[place], meaning) for place, meaning in found.items()], settings.head)
    return replace(columns, numbers=tuple(found), meanings=meanings, axes=axes)


def _picture(where: str, first: Sequence[str], names: Sequence[str], settings: ImportSettings) -> int:
    """Return the place of the column that names pictures. Raises NotFound with what to type."""
    if settings.column:
        if settings.column.lower() not in names:
            raise not_found(f"column of {where}", settings.column, first)
        return names.index(settings.column.lower())
    if not any(names):
        return next((place for place, cell in enumerate(first) if places.is_called_picture(cell)), 0)
    for name in PICTURE:
        if name in names:
            return names.index(name)
    raise NotFound(
        f"{where} has the columns {some(first)}, of which none is called {', '.join(PICTURE[:3])} or the like. "
        "Say which names the pictures: --set column=NAME."
    )
