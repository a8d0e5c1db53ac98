"""What the classes and columns of others mean in a game: labels of its heads, by its own names and conversions.

    "wa" -> a class of `classes`, converted to `drive` -> w and a held
    "up+left", "none" -> keys held together
    9 numbers -> the classes of the head that has nine; 4 -> the keys of the head that has four

Shape legend: N rows, C classes or columns, A columns of a label head.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.conversions import Conversion, way_to
from playhead.errors import BadValue, Mismatch, not_found
from playhead.game import Game, opposite_keys
from playhead.labels import Choice, Keys, describe

NOTHING = ("none", "nothing", "nokey", "nk", "")  # of no class of a game: nothing is held

LabelArray = npt.NDArray[Any]
Rows = dict[str, LabelArray]  # by head (N, A)


@dataclass(frozen=True, kw_only=True, eq=False)
class Meanings:
    """What some classes or columns mean: of each a row of labels of every head that is recorded.

    `is_one_of`: just one of them is so at a time.
    Shapes:  rows head -> (C, A).
    """

    names: tuple[str, ...]
    rows: Rows
    is_one_of: bool

    def labels(self, numbers_NC: npt.NDArray[np.generic]) -> tuple[Rows, dict[int, str]]:
        """Return the labels of rows of zeros and ones, and which rows cannot be, and why.

        Shapes:  head -> (N, A); what stands in rows that cannot be means nothing.
        """
        values_NC = np.asarray(numbers_NC)
        is_on_NC = values_NC == 1
        wrong = {}
        for row in np.flatnonzero(~(is_on_NC | (values_NC == 0)).all(1)).tolist():
            wrong[row] = f"it says {shown(values_NC[row])}, not zeros and ones"
        if self.is_one_of:
            for row in np.flatnonzero(is_on_NC.sum(1) != 1).tolist():
                wrong.setdefault(row, f"it says {shown(values_NC[row])}, not one 1 among zeros")
            labels = {name: rows_CA[is_on_NC.argmax(1)] for name, rows_CA in self.rows.items()}
        else:
            labels = {name: (is_on_NC[:, :, None] & (rows_CA == 1)).any(1).astype(rows_CA.dtype)
                      for name, rows_CA in self.rows.items()}  # fmt: skip
        return labels, wrong


def impossible(game: Game, labels: Rows) -> dict[int, str]:
    """Return which rows hold keys at once that cancel each other, and which keys."""
    column = {key: labels[name][:, place] for name, head in game.labels.items()
              if isinstance(head, Keys) and name in labels for place, key in enumerate(head.names)}  # fmt: skip
    wrong: dict[int, str] = {}
    for one, other in ((one, other) for one, other in opposite_keys(game) if one in column):
        for row in np.flatnonzero((column[one] > 0) & (column[other] > 0)).tolist():
            wrong.setdefault(row, f"{one} and {other} are held at once, which cannot be")
    return wrong


def shown(numbers_C: npt.NDArray[np.generic]) -> str:
    """Return a row of numbers as it is said, no longer than a line."""
    return str([round(float(number), 3) for number in numbers_C[:12]])


def meanings_of_columns(
    game: Game, columns: int, head: str, keys: Sequence[tuple[str, str]], where: str
) -> Meanings:
    """Return what rows of so many numbers mean: as `keys` say, else by the head with as many names.

    A head of keys may have a column more, which says that none of them is held.
    Raises:  Mismatch where no head has as many, BadValue where several have or `keys` are not as many.
    """
    if keys:
        if len(keys) != columns:
            raise BadValue(
                f"{where} has {columns} numbers a picture, and keys={','.join(name for name, _ in keys)} names "
                f"{len(keys)}. Name each, in order."
            )
        return named(game, keys, head)
    fitting = [name for name, known in heads_of(game, head).items() if columns in _lengths(known)]
    if len(fitting) != 1:
        known = (
            "; ".join(f"{name} has {len(known.names)}" for name, known in heads_of(game, head).items()) or "none"
        )
        error, which = (BadValue, f"both {' and '.join(fitting)} fit") if fitting else (Mismatch, "no head fits")
        then = f"--set head={fitting[0]}, or " if fitting else ""
        raise error(
            f"{where} has {columns} numbers a picture, and of the heads of {game.name} {which} ({known}). Say "
            f"what each is, in order: {then}--set keys=w,a,s,d,w+a,none."
        )
    (name,) = fitting
    known_head = heads_of(game, head)[name]
    names = [*known_head.names, *["none"] * (columns - len(known_head.names))]
    return named(game, [(one, one) for one in names], name)


def _lengths(head: Keys | Choice) -> tuple[int, ...]:
    count = len(head.names)
    return (count, count + 1) if isinstance(head, Keys) else (count,)


def heads_of(game: Game, head: str) -> dict[str, Keys | Choice]:
    """Return the heads of keys and classes, those that are derived too; `head` alone where it is given."""
    learnable = game.learnable
    if head and head not in learnable:
        raise not_found(f"label head of {game.name}", head, learnable)
    return {name: one for name, one in learnable.items() if isinstance(one, Keys | Choice) and head in ("", name)}


def named(game: Game, names: Sequence[tuple[str, str]], head: str = "") -> Meanings:
    """Return what classes or columns mean, given (what it is called, what it means) of each.

    They exclude each other, unless each is a key alone, or none of them.
    Raises:  NotFound for a meaning that the game does not have.
    """
    found = [meaning_of(game, meaning, head) for _, meaning in names]
    for (name, meaning), one in zip(names, found, strict=True):
        if one is None:
            known = sorted({label for of in heads_of(game, head).values() for label in of.names} | {"none"})
            raise not_found(f"key or class of {game.name}", meaning or name, known)
    rows_C = [one for one in found if one is not None]
    rows = {name: np.concatenate([one[name] for one in rows_C]) for name in game.labels
            if all(name in one for one in rows_C)}  # fmt: skip
    keys = {key for one in game.labels.values() if isinstance(one, Keys) for key in one.names}
    is_keys = all(meaning in keys or meaning.lower() in NOTHING for _, meaning in names)
    return Meanings(names=tuple(name for name, _ in names), rows=rows, is_one_of=not is_keys)


def meaning_of(game: Game, meaning: str, head: str = "") -> Rows | None:
    """Return the labels that a text means: a class, keys joined by +, or none. None where it means nothing.

    Shapes:  head -> (1, A).
    """
    text = meaning.strip()
    for name, known in heads_of(game, head).items():
        if isinstance(known, Choice) and text in known.names:
            return _with_free_keys(game, _converted(game, name, known, text))
    held = {part.strip() for part in text.split("+")} if text.lower() not in NOTHING else set()
    keys = {key for known in game.labels.values() if isinstance(known, Keys) for key in known.names}
    if not keys or not held <= keys:
        return None
    rows: Rows = {name: np.array([[key in held for key in known.names]], known.dtype)
                  for name, known in game.labels.items() if isinstance(known, Keys)}  # fmt: skip
    return _with_free_keys(game, rows)


def _converted(game: Game, name: str, head: Choice, text: str) -> Rows:
    """Return a class as labels of the recorded head that it is derived from."""
    way = way_to_stored(game, name, head)
    if way is None:
        raise Mismatch(
            f"{text} is a class of {name}, from which {game.name} converts to no head that is recorded: "
            f"{describe(game.schema)}."
        )
    row: LabelArray = np.array([[head.names.index(text)]], head.dtype)
    for one in way:
        row = one(row)
    return {way[-1].target_head if way else name: row}


def way_to_stored(game: Game, name: str, head: Choice) -> tuple[Conversion, ...] | None:
    """Return the conversions from a head to one that is recorded, the fewest; () for one that is recorded."""
    if game.labels.get(name) == head:
        return ()
    found = [way_to(stored, kind, {name: head}, game.conversions) for stored, kind in game.labels.items()]
    return min((way for _, way in filter(None, found)), key=len, default=None)


def _with_free_keys(game: Game, rows: Rows) -> Rows:
    """Return labels and, of heads of keys that are not named, that none is held."""
    free = {name: np.zeros((1, head.columns), head.dtype) for name, head in game.labels.items()
            if isinstance(head, Keys)}  # fmt: skip
    return free | {name: row_1A.astype(game.labels[name].dtype) for name, row_1A in rows.items()}


def check_all_said(game: Game, heads: Iterable[str], where: str) -> None:
    """Raise Mismatch where a head that every recording of the game holds is left open."""
    missing = [name for name in game.needed_schema if name not in set(heads)]
    if missing:
        raise Mismatch(
            f"{where} says nothing of {describe(game.schema.only(missing))}, which every recording of {game.name} "
            "holds. A table can: --from csv with a column for each name."
        )


def classes_without(names: Iterable[str], game: Game, head: str) -> list[str]:
    """Return the classes of the head that names stand for of which none is named."""
    there = set(names)
    for known in heads_of(game, head).values():
        if isinstance(known, Choice) and there & set(known.names):
            return [name for name in known.names if name not in there]
    return []
