"""The original's sqlite file: five tables, read whole into columns and checked row by row, or written.

Source:  Tocard-Inc/Deep-Learning, dataset.example.db, by systems.md section 1: `data`, one row a picture, and
         `models`, `hats`, `wheels`, `skins`, which name its numbers and were empty in the original.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.containers.sqlite import SHOWN_TEXT, Database, cut, open_sqlite
from playhead.errors import Damaged, Mismatch
from playhead_sideswipe.labels import BODIES

Columns = dict[str, npt.NDArray[Any]]

# The columns of `data` in their order, and how numpy holds them.
DATA: Mapping[str, str] = {
    "uuid": "S36",
    "model": "int64",
    "team": "int64",
    "primary_color": "float64",
    "secondary_color": "float64",
    "hat": "int64",
    "skin": "int64",
    "wheel": "int64",
    "x_rotation": "int64",
    "y_rotation": "int64",
}
NAMES: Mapping[str, str] = {
    "model": "models",
    "hat": "hats",
    "wheel": "wheels",
    "skin": "skins",
}  # column -> table
MOST_NAMES = 10_000  # rows of a table of names: the original's menus have 23
# Places on a slider go from 0 to 1, and no menu has a number of five digits.
MOST = {
    "model": 9999,
    "team": 9999,
    "primary_color": 1,
    "secondary_color": 1,
    "hat": 9999,
    "skin": 9999,
    "wheel": 9999,
}
MOST_NAME_BYTES = 24  # of a body, so that the column `loadout` has room for the rest
MOST_NAME = 200  # letters

_SCHEMA = """
CREATE TABLE models(id INT UNIQUE, name TEXT, color TEXT, PRIMARY KEY(name, color));
CREATE TABLE hats(id INT UNIQUE, name TEXT, color TEXT, PRIMARY KEY(name, color));
CREATE TABLE wheels(id INT UNIQUE, name TEXT, color TEXT, PRIMARY KEY(name, color));
CREATE TABLE skins(id INT UNIQUE, name TEXT, color TEXT, model INT, PRIMARY KEY(name, color, model));
CREATE TABLE data(
    uuid TEXT NOT NULL UNIQUE PRIMARY KEY, model INT NOT NULL REFERENCES models(id), team INT NOT NULL,
    primary_color REAL NOT NULL, secondary_color REAL NOT NULL, hat INT NOT NULL REFERENCES hats(id),
    skin INT NOT NULL REFERENCES skins(id), wheel INT NOT NULL REFERENCES wheels(id),
    x_rotation INT NOT NULL, y_rotation INT NOT NULL
);
"""
_KINDS = {"S36": "('text')", "int64": "('integer')", "float64": "('real', 'integer')"}


@dataclass(frozen=True, kw_only=True)
class Table:
    """All rows of `data`, in the order they were written, and what the other tables call their numbers.

    `wrong` says of rows that cannot be used why; `names`: column -> rows of its table.
    Shapes:  columns[name] (N,).
    """

    columns: Columns
    wrong: Mapping[int, str]
    names: Mapping[str, Sequence[Mapping[str, Any]]]

    def __len__(self) -> int:
        return len(self.columns["uuid"])

    def body(self, model: int) -> str:
        """Return what the model of a row is called."""
        if 0 <= model < len(BODIES):
            return BODIES[model]
        name = next(str(row["name"] or "") for row in self.names["model"] if row["id"] == model)
        return name if 0 < len(name.encode()) <= MOST_NAME_BYTES else f"model{model}"


def is_sqlite(head: bytes) -> bool:
    """Say whether a file that begins so is one of sqlite."""
    return head.startswith(b"SQLite format 3\0")


def read_table(file: Path, shown: str) -> Table:
    """Read the five tables; `shown` is how errors call the file.

    Raises:  Damaged for a file that sqlite cannot read, or without a table or column; Mismatch when its models are
             other cars than those of this package.
    """
    with open_sqlite(file, shown) as database:
        for table in ("data", *NAMES.values()):
            _check_columns(database, table, shown)
        names = {column: _names(database, table, shown) for column, table in NAMES.items()}
        columns, wrong = _read_data(database)
    _check_models(names["model"], shown)
    for column in NAMES:
        _find_unknown(column, columns[column], names[column], wrong)
    return Table(columns=columns, wrong=wrong, names=names)


def _check_columns(database: Database, table: str, shown: str) -> None:
    wanted = list(DATA) if table == "data" else ["id", "name", "color"] + ["model"] * (table == "skins")
    found = database.columns(table)
    if not found:
        raise Damaged(f"{shown} has no table {table}. {_mended(table, wanted)}")
    missing = [name for name in wanted if name not in {column.lower() for column in found}]  # as sqlite sees it
    if missing:
        raise Damaged(
            f"The table {table} of {shown} has no column {', '.join(missing)}; it has {', '.join(found)}. Add "
            "what is missing, or pass another data set."
        )


def _mended(table: str, wanted: Sequence[str]) -> str:
    """Say what to do without a table. Names are not needed: an empty table of names names nothing."""
    if table == "data":
        return "It says what each picture shows: pass the sqlite file that was written with the pictures."
    return f'It may be empty: sqlite3 FILE "CREATE TABLE {table}({", ".join(wanted)})".'


def _names(database: Database, table: str, shown: str) -> list[dict[str, Any]]:
    """Return the rows of a table of names as plain data: numbers, and texts of at most MOST_NAME letters."""
    columns = ["id", "name", "color"] + ["model"] * (table == "skins")
    texts = [f"substr({name}, 1, {MOST_NAME + 1})" if name in ("name", "color") else cut(name) for name in columns]
    chosen = f"SELECT {', '.join(texts)} FROM {table} LIMIT {MOST_NAMES + 1}"
    rows = [dict(zip(columns, row, strict=True)) for part in database.rows(chosen) for row in part]
    if len(rows) > MOST_NAMES:
        raise Damaged(f"The table {table} of {shown} has more than {MOST_NAMES:,} rows, which no menu has.")
    for row in rows:
        numbers, words = (row["id"], row.get("model") or 0), (row["name"] or "", row["color"] or "")
        if not all(isinstance(number, int) and abs(number) < 2**53 for number in numbers) or not all(
            isinstance(word, str) and len(word) <= MOST_NAME for word in words
        ):
            raise Damaged(
                f"The table {table} of {shown} holds an id that is no number, or a name that is no text of "
                f"at most {MOST_NAME} letters: {_told(list(row.values()))}."
            )
    return rows


def _check_models(names: Sequence[Mapping[str, Any]], shown: str) -> None:
    for row in names:
        number, name = row["id"], str(row["name"] or "")
        called = name.strip().casefold()
        is_ours = 0 <= number < len(BODIES)
        if (is_ours and called not in ("", BODIES[number])) or (not is_ours and called in BODIES):
            ours = f"{number} is {BODIES[number]}" if is_ours else f"{called} is {BODIES.index(called)}"
            raise Mismatch(f"{shown} says that model {number} is {name}; here {ours}. Mend its table models.")


def _read_data(database: Database) -> tuple[Columns, dict[int, str]]:
    typed = " AND ".join(f"typeof({name}) IN {_KINDS[kind]}" for name, kind in DATA.items())
    plain = "length(uuid) BETWEEN 1 AND 36 AND NOT uuid GLOB '*[^0-9A-Za-z_-]*'"
    plain += "".join(f" AND {name} BETWEEN 0 AND {most}" for name, most in MOST.items())
    kept = ", ".join(f"CASE WHEN good THEN {name} ELSE substr({name}, 1, {SHOWN_TEXT}) END" for name in DATA)
    # The limit keeps sqlite from looking at each row once more for each column of it.
    inner = f"SELECT {', '.join(DATA)}, {typed} AND {plain} AS good FROM data{_order(database)} LIMIT -1"
    parts, wrong, done = [], dict[int, str](), 0
    for rows in database.rows(f"SELECT {kept}, good FROM ({inner})"):
        for number, row in enumerate(rows):
            if not row[-1]:
                wrong[done + number] = f"a value cannot be what it should be: {_told(row[:-1])}"
                rows[number] = _nothing(row[0])
        values = list(zip(*rows, strict=True))
        parts.append([np.array(column, kind) for column, kind in zip(values, DATA.values(), strict=False)])
        done += len(rows)
    empty = [np.empty(0, kind) for kind in DATA.values()]
    joined = [np.concatenate(column) for column in zip(*(parts or [empty]), strict=True)]
    return dict(zip(DATA, joined, strict=True)), wrong


def _order(database: Database) -> str:
    """Return what puts rows into the order they were written in, where the table knows it."""
    try:
        next(database.rows("SELECT rowid FROM data LIMIT 1"), None)
    except sqlite3.OperationalError:
        return ""  # a table WITHOUT ROWID
    return " ORDER BY rowid"


def _told(row: Sequence[Any]) -> str:
    """Return a row as a short text of plain characters."""
    return ascii(row)[:200]


def _nothing(uuid: Any) -> tuple[Any, ...]:
    """Return what stands in for a row that cannot be used; its name stays when it is one, to be told."""
    is_plain = isinstance(uuid, str) and uuid.isascii() and len(uuid) <= 36
    return (uuid if is_plain else "", *(0 for _ in DATA))


def _find_unknown(
    column: str, values_N: npt.NDArray[Any], names: Sequence[Mapping[str, Any]], wrong: dict[int, str]
) -> None:
    """Note the rows whose number stands in no table; an empty table of names names nothing and forbids nothing."""
    known = [row["id"] for row in names]
    if column == "model":
        known += range(len(BODIES))
    if not known:
        return
    for row in np.flatnonzero(~np.isin(values_N, known)).tolist():
        wrong.setdefault(row, f"{column} {values_N[row]} is not in the table {NAMES[column]}")


@contextmanager
def new_database(file: Path, names: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[sqlite3.Connection]:
    """Make a file with the five tables and these names; what is inserted until the end is committed at once."""
    database = sqlite3.connect(file)
    try:
        database.executescript(_SCHEMA)
        for column, table in NAMES.items():
            wanted = ["id", "name", "color"] + ["model"] * (table == "skins")
            places = ", ".join(f":{name}" for name in wanted)
            rows = [{name: row.get(name) for name in wanted} for row in names[column]]
            database.executemany(f"INSERT INTO {table}({', '.join(wanted)}) VALUES({places})", rows)
        yield database
        database.commit()
    finally:
        database.close()


def insert_rows(database: sqlite3.Connection, columns: Columns) -> None:
    """Insert rows of `data`, given as columns of DATA."""
    plain = [
        [text.decode() for text in columns[name].tolist()] if kind == "S36" else columns[name].tolist()
        for name, kind in DATA.items()
    ]
    marks = ", ".join("?" for _ in DATA)
    database.executemany(f"INSERT INTO data VALUES({marks})", zip(*plain, strict=True))
