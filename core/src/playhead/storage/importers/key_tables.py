"""Reads the table beside a video, whole: CSV or JSON lines, whatever its rows are of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np

from playhead.clock import NS_PER_S
from playhead.containers.json_lines import open_json_lines
from playhead.containers.text_table import open_table
from playhead.errors import Damaged, Mismatch
from playhead.game import Game
from playhead.names import visible
from playhead.storage.importers.key_changes import read_changes
from playhead.storage.importers.key_columns import key_columns_of
from playhead.storage.importers.key_names import TooManyNames
from playhead.storage.importers.key_rows import read_rows
from playhead.storage.importers.key_table import KeyTable, Lost
from playhead.storage.importers.meanings import named
from playhead.storage.importers.settings import ImportSettings
from playhead.storage.importing import LeftOut

JSON = (".jsonl", ".ndjson", ".json")
ENDINGS = (".csv", ".tsv", ".txt", *JSON)
MOST_ROWS = 5_000_000
MOST_S = 1e6  # from the first time to the last: eleven days
_UNITS = {1.0: "s", 1e-3: "ms", 1e-6: "us", 1e-9: "ns"}


def open_rows(file: Path) -> AbstractContextManager[Iterator[tuple[int, list[str]]]]:
    """Open a table by its ending: JSON lines, or else columns with separators."""
    return open_json_lines(file) if file.suffix.lower() in JSON else open_table(file)


def read_key_table(game: Game, file: Path, settings: ImportSettings, length_ns: int) -> KeyTable:
    """Read a table of what was held in a video of that length.

    Raises:  Damaged for what is no table, Mismatch where it says nothing of the game.
    """
    given = dict(settings.keys)
    if given:
        named(game, settings.keys)  # which says what is wrong with one
    with open_rows(file) as table:
        _, first = next(table, (1, []))
        columns = key_columns_of(game, str(file), first, dict(settings.columns), given)
        lost = Lost()
        rows = _bounded(file, table, len(first), lost)
        reader = read_changes if columns.kind in ("changes", "holds") else read_rows
        try:
            found = reader(game, columns, given, rows, lost)
        except TooManyNames as error:
            raise Damaged(f"{file} {error}") from error
    if not len(found.place_S):
        why = "; ".join(str(one) for one in lost.told()[:3])
        raise Damaged(f"{file} has no row that can be used{f': {why}' if why else ''}.")
    read = {columns.names[place] for place in columns.numbers}
    read = {columns.names[place] for place in columns.numbers}
    no_label = f"{game.name} has no label of this name"
    unused = [LeftOut(what=f"column {visible(name[:80])}",
                      why="a column before it is called so too" if name in read else no_label)
              for name in columns.unused]  # fmt: skip
    found = replace(found, left_out=(*unused, *lost.told()))
    if found.is_numbered and settings.table_rate:
        found = replace(found, has_times=True, is_numbered=False, place_S=found.place_S / settings.table_rate)
        return _in_ns(found, file, 1.0, length_ns)
    return _in_ns(found, file, columns.unit, length_ns) if found.has_times else found


def _bounded(
    file: Path, table: Iterable[tuple[int, list[str]]], width: int, lost: Lost
) -> Iterator[tuple[int, list[str]]]:
    for count, (line, cells) in enumerate(table):
        if count >= MOST_ROWS:
            raise Damaged(f"{file} has more than {MOST_ROWS:,} rows. Part it.")
        if len(cells) != width:
            lost.add(f"of {len(cells)} columns, not {width}", line)
        else:
            yield line, cells


def _in_ns(table: KeyTable, file: Path, unit: float | None, length_ns: int) -> KeyTable:
    """Return a table with times in nanoseconds since the video's beginning, by what fits its length best."""
    first, span = table.first, float(table.place_S[-1]) - table.first
    length_s = max(length_ns / NS_PER_S, 1e-3)
    notes = []
    if unit is None:
        unit = min(_UNITS, key=lambda one: abs(np.log(max(span * one, 1e-9) / length_s)))
        notes += [f"its times are read as {_UNITS[unit]}"] if unit != 1 else []
    if not span * unit < MOST_S:
        raise Mismatch(
            f"{file} has times that are {span * unit:,.0f} s apart, from {first:g} to {table.place_S[-1]:g}, "
            f"and its video {length_s:,.0f} s. Take out the rows whose times are none, or say which column has "
            "them: --set columns=time:COLUMN."
        )
    begin = first if abs(first) * unit > length_s else 0.0
    if begin:
        notes.append(f"its times begin at {begin * unit:.3f} s, which is taken for the video's beginning")
    time_ns_S = np.round((table.place_S - begin) * (unit * NS_PER_S)).astype(np.int64)
    return replace(table.with_times(time_ns_S), notes=tuple(notes))
