"""Tables of one row a picture: a column a key, or what is held in words.

Rows that are held alike are kept once, so that a table takes as much room as it has rows and no more.
Shape legend: S rows in order, A columns of a label head.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from playhead.game import Game
from playhead.labels import Axes, Choice, Keys
from playhead.names import visible
from playhead.storage.importers.columns import number
from playhead.storage.importers.key_columns import KeyColumns
from playhead.storage.importers.key_names import check_few, proposals
from playhead.storage.importers.key_table import KeyTable, Lost
from playhead.storage.importers.meanings import NOTHING, Rows, heads_of, meaning_of

KEPT = 100_000  # different rows, whose meaning is remembered
NOT_HELD = ("", "0", "0.0", "False", "false")


def read_rows(
    game: Game, columns: KeyColumns, given: Mapping[str, str], rows: Iterable[tuple[int, list[str]]],
    lost: Lost,
) -> KeyTable:  # fmt: skip
    """Read a table of one row a picture."""
    states = States(game, columns, given)
    places, kinds, lines = array("d"), array("q"), array("q")
    for count, (line, cells) in enumerate(rows):
        try:
            place = columns.place(cells, count)
            state = states.of(cells)
        except ValueError as error:
            lost.add(str(error), line)
            continue
        places.append(place)
        kinds.append(state)
        lines.append(line)
    place_S, state_S, line_S = np.array(places), np.array(kinds, np.int64), np.array(lines, np.int64)
    if not columns.is_by_time and columns.frame is not None and len(place_S) and place_S.min() == 1:
        place_S = place_S - 1  # its pictures are counted from 1 on
    order_S = np.argsort(place_S, kind="stable")
    if (np.diff(order_S) < 0).any():
        lost.add("out of order; they are put in order", int(line_S[np.argmax(np.diff(place_S) < 0) + 1]))
    place_S, state_S, line_S = place_S[order_S], state_S[order_S], line_S[order_S]
    is_new_S = np.append(True, np.diff(place_S) > 0)[: len(place_S)]
    for row in np.flatnonzero(~is_new_S).tolist():
        same = "the same" if state_S[row] == state_S[row - 1] else "something else"
        lost.add(f"a moment that has a row already, which says {same}", int(line_S[row]))
    return KeyTable(
        has_times=columns.is_by_time, is_changes=False,
        is_numbered=not columns.is_by_time and columns.frame is None, place_S=place_S[is_new_S],
        first=float(place_S[0]) if len(place_S) else 0.0,
        state_S=state_S[is_new_S], rows=states.rows(), meant=states.meant(),
    )  # fmt: skip


class States:
    """What rows of cells mean in a game; what was read lately is not read again."""

    def __init__(self, game: Game, columns: KeyColumns, given: Mapping[str, str]) -> None:
        self._game, self._columns, self._given = game, columns, given
        self._found: dict[tuple[str, ...], int | str] = {}
        self._packed = {name: bytearray() for name in game.needed_schema}
        self._count = 0
        self._known: dict[str, Rows] = {}  # of keys that are held at once
        self._counts: Counter[str] = Counter()
        self._meant: dict[str, str] = {}
        self._keys = {key for head in game.labels.values() if isinstance(head, Keys) for key in head.names}
        self._classes = {
            name for head in heads_of(game, "").values() if isinstance(head, Choice) for name in head.names
        }
        self._places = sorted(columns.numbers) or [columns.key or 0]
        self._axes = {label: (name, place) for name, head in game.labels.items() if isinstance(head, Axes)
                      for place, label in enumerate(head.names)}  # fmt: skip

    def of(self, cells: Sequence[str]) -> int:
        """Return the number of what a row says. Raises ValueError."""
        told = tuple(cells[place] for place in self._places)
        if told not in self._found:
            if len(self._found) >= KEPT:
                self._found.clear()
            try:
                self._found[told] = self._kept(
                    self._of_columns(told) if self._columns.numbers else self._of_words(told[0])
                )
            except ValueError as error:
                self._found[told] = str(error)
        found = self._found[told]
        if isinstance(found, str):
            raise ValueError(found)
        if self._columns.numbers:
            self._counts.update(
                self._columns.names[place] for place, cell in zip(self._places, told, strict=True)
                if cell not in NOT_HELD
            )  # fmt: skip
        else:
            self._counts.update(self._words(told[0]))
        return found

    def _kept(self, rows: Rows) -> int:
        """Keep what is held as bytes, for there may be as many states as rows; return its number."""
        for name, packed in self._packed.items():
            packed += np.asarray(rows[name], self._game.labels[name].dtype).tobytes()
        self._count += 1
        return self._count - 1

    def labels(self, cells: Sequence[str]) -> Rows:
        """Return what a row says. Shapes:  head -> (1, A). Raises ValueError."""
        number, labels = self.of(cells), {}
        for name, packed in self._packed.items():
            head = self._game.labels[name]
            size = head.columns * head.dtype.itemsize
            row = bytes(packed[number * size : (number + 1) * size])
            labels[name] = np.frombuffer(row, head.dtype).reshape(1, head.columns)
        return labels

    def _of_columns(self, told: Sequence[str]) -> Rows:
        held, axes = [], {}
        for place, cell in zip(self._places, told, strict=True):
            label = self._columns.numbers[place]
            value = number(cell) if cell else 0.0
            if label in self._axes:
                axes[label] = value
            elif value not in (0, 1):
                raise ValueError(f"{visible(self._columns.names[place])} is {value:g}, neither 0 nor 1")
            elif value:
                held.append(label)
        return self._joined(held, axes)

    def _of_words(self, text: str) -> Rows:
        held = []
        for word in self._words(text):
            if word not in self._meant:
                self._meant[word] = self._meaning(word)
                check_few(self._meant)
            held.append(self._meant[word])
        if held and not any(held):
            raise ValueError(f'"{visible(text[:40])}" is no key or class of {self._game.name}')
        return self._joined(list(filter(None, held)), {})

    def _meaning(self, word: str) -> str:
        """Return what a word is in the game: as was said, a class or key, or the key that it calls; or ""."""
        if word in self._given:
            return self._given[word] or NOTHING[0]
        return word if meaning_of(self._game, word) else proposals(self._game, [word]).get(word, "")

    def _joined(self, held: Sequence[str], axes: Mapping[str, float]) -> Rows:
        """Return the rows of keys and classes that are so at once, and of axes."""
        classes = [one for one in held if one in self._classes - self._keys and len(held) > 1]
        keys = "+".join(one for one in held if one not in classes) or NOTHING[0]
        if keys not in self._known:
            self._known[keys] = meaning_of(self._game, keys) or {}
        rows = dict(self._known[keys])
        for one in classes:
            rows |= {name: row for name, row in (meaning_of(self._game, one) or {}).items()
                     if isinstance(self._game.labels[name], Choice) or row.any()}  # fmt: skip
        for label, value in axes.items():
            name, place = self._axes[label]
            if not abs(value) <= 1:
                raise ValueError(f"{label} is {value:g}, not from -1 to 1")
            head = self._game.labels[name]
            rows[name] = np.array(rows.get(name, np.zeros((1, head.columns))), head.dtype)
            rows[name][0, place] = value
        if missing := [name for name in self._game.needed_schema if name not in rows]:
            raise ValueError(f"it says nothing of {missing[0]}")
        return rows

    def _words(self, text: str) -> list[str]:
        """Return the keys that a text names, or the text where it is called so in the game."""
        if text in self._classes or text in self._given:
            return [text]
        words = [one.strip(" '\"") for one in re.split(r"[+,;|&]", text.strip("[](){} "))]
        return [one for one in words if one and one.casefold() not in NOTHING]

    def rows(self) -> Rows:
        """Return every state, as rows of labels that are views."""
        heads = {name: self._game.labels[name] for name in self._packed}
        return {name: np.frombuffer(bytes(packed), heads[name].dtype).reshape(-1, heads[name].columns)
                for name, packed in self._packed.items() if self._count}  # fmt: skip

    def meant(self) -> dict[str, tuple[str, int]]:
        """Return what each name was taken for, and how often."""
        if self._columns.numbers:
            return {self._columns.names[place]: (meaning, self._counts[self._columns.names[place]])
                    for place, meaning in self._columns.numbers.items()}  # fmt: skip
        return {word: (meaning, self._counts[word]) for word, meaning in self._meant.items() if self._counts[word]}
