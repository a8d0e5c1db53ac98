"""Of an sqlite file tables are read, as sqlite would show them; nothing that it holds is run."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from formats_page import rows_of

from playhead.containers import sqlite as subject
from playhead.containers.sqlite import cut, open_sqlite
from playhead.errors import Damaged, Mismatch, PlayheadError

ROWS = [(number, f"name {number}") for number in range(500)]


def database(folder: Path, *commands: str, rows: int = 500) -> Path:
    file = folder / "a.db"
    made = sqlite3.connect(file, isolation_level=None)
    before, after = (
        [one for one in commands if one.startswith("PRAGMA")],
        [one for one in commands if not one.startswith("PRAGMA")],
    )
    for command in [*before, "CREATE TABLE data(id, name)"]:
        made.execute(command)
    made.execute("BEGIN")  # else each row waits for the disk
    made.executemany("INSERT INTO data VALUES(?, ?)", ROWS[:rows])
    made.execute("COMMIT")
    for command in after:
        made.execute(command)
    made.close()
    return file


def instead(folder: Path, *commands: str) -> Path:
    return database(folder, "DROP TABLE data", *commands)


def killed(folder: Path, mode: str) -> Path:
    """Return a database whose writer was killed after a commit (WAL), or in the middle of one (a journal)."""
    database(folder, rows=400)
    code = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA journal_mode = ' + sys.argv[2]); c.execute('PRAGMA cache_size = 1')\n"
        "c.execute('PRAGMA cache_spill = 1'); c.execute('BEGIN')\n"
        "c.executemany('INSERT INTO data VALUES(?, ?)', [(n, f'name {n}') for n in range(400, 500)])\n"
        "if sys.argv[2] == 'DELETE': c.execute('UPDATE data SET name = name || zeroblob(300)')\n"
        "if sys.argv[2] == 'WAL': c.execute('COMMIT')\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(folder / "a.db"), mode], check=True, timeout=60)
    return folder / "a.db"


def joint(folder: Path) -> Path:
    """Return a database with a journal that names another, of all databases of a transaction."""
    file = killed(folder, "DELETE")
    (folder / "canary").write_bytes(b"not to be deleted")
    journal = folder / "a.db-journal"
    name = str(folder / "canary").encode()
    tail = name + len(name).to_bytes(4, "big") + (sum(name) & 0xFFFFFFFF).to_bytes(4, "big") + subject._JOURNAL
    journal.write_bytes(journal.read_bytes() + b"\0\0\0\1" + tail)
    return file


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, 'x' AS name FROM n"
# A row of the page -> such a file, and how many rows are read, or what is answered.
CASES: dict[str, tuple[Callable[[Path], Path], int | str]] = {
    "tables": (database, 500),
    "text in UTF-16": (lambda f: database(f, "PRAGMA encoding = 'UTF-16le'"), 500),
    "text that is no text": (lambda f: database(f, "UPDATE data SET name = CAST(x'ff' AS TEXT)"), 500),
    "tables without numbers of rows": (
        lambda f: instead(
            f, "CREATE TABLE data(id PRIMARY KEY, name) WITHOUT ROWID", "INSERT INTO data VALUES(1, 'x')"
        ),
        1,
    ),
    "WAL mode": (lambda f: database(f, "PRAGMA journal_mode = WAL"), 500),
    "rows that were committed to a WAL beside it": (lambda f: killed(f, "WAL"), 500),
    "a journal of what was not committed": (lambda f: killed(f, "DELETE"), 400),
    "a journal of several databases": (joint, "together with other databases"),
    "views": (lambda f: instead(f, "CREATE VIEW data AS SELECT 1 AS id, 'x' AS name"), "is a view, not a table"),
    "views without an end": (lambda f: instead(f, f"CREATE VIEW data AS {ENDLESS}"), "is a view, not a table"),
    "virtual tables": (
        lambda f: instead(f, "CREATE VIRTUAL TABLE data USING fts5(id, name)"),
        "is a virtual table",
    ),
    "triggers": (
        lambda f: database(f, "CREATE TRIGGER t AFTER INSERT ON data BEGIN SELECT load_extension('x'); END"),
        500,
    ),
    "generated columns": (
        lambda f: instead(
            f, "CREATE TABLE data(id, name AS (hex(zeroblob(1000))))", "INSERT INTO data(id) VALUES(1)"
        ),
        "name of the table .* would be computed",
    ),
    "values of more than 1 MB": (
        lambda f: database(f, "UPDATE data SET name = hex(zeroblob(2000000)) WHERE id = 7"),
        "value of more than 1,048,576",
    ),
    "a damaged file": (
        lambda f: changed(database(f), 4096, b"\0" * 3000),
        "cannot be read by sqlite|leads in circles",
    ),
    "an encrypted database, or none": (
        lambda f: changed(database(f), 0, b"x" * 4096),
        "no sqlite database, or an encrypted",
    ),
    "a file cut short": (lambda f: changed(database(f), 8000, b""), "cannot be read by sqlite"),
}


def changed(file: Path, place: int, data: bytes) -> Path:
    whole = file.read_bytes()
    file.write_bytes(whole[:place] + data + (whole[place + len(data) :] if data else b""))
    return file


def read(file: Path) -> list[tuple[object, ...]]:
    with open_sqlite(file, file.name) as opened:
        assert opened.columns("DATA")[:2] == ["id", "name"]
        assert opened.columns("nothing") == []
        return [row for rows in opened.rows(f"SELECT {cut('id')}, {cut('name')} FROM data") for row in rows]


@pytest.mark.parametrize("name", CASES)
def test_each_row_of_the_page(name: str, tmp_path: Path) -> None:
    make, answer = CASES[name]
    file = make(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    if isinstance(answer, int):
        rows = read(file)
        assert len(rows) == answer
        assert rows == ROWS[:answer] or "no text" in name or answer == 1
    else:
        with pytest.raises((Damaged, Mismatch), match=answer):
            read(file)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before, (
        "nothing is written, nor deleted"
    )


def test_the_page_has_these_rows() -> None:
    assert set(rows_of("SQLite")) == set(CASES)


@pytest.mark.parametrize(
    "select",
    [
        "SELECT load_extension('x')",
        "ATTACH 'b.db' AS b",
        "CREATE TABLE x(y)",
        "SELECT randomblob(9)",
        "PRAGMA writable_schema = ON",
        "VACUUM INTO 'b.db'",
    ],
)
def test_nothing_but_reading_tables_is_allowed(select: str, tmp_path: Path) -> None:
    with pytest.raises(Damaged, match=r"would run what stands|cannot be read"):
        selected(database(tmp_path), select)


def selected(file: Path, select: str, most: int | None = None) -> None:
    with open_sqlite(file, "a.db") as opened:
        opened._most_rows = most or opened._most_rows
        list(opened.rows(select))


def test_what_never_ends_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_MOST_STEPS", 10**5)
    file = database(tmp_path)
    with pytest.raises(Damaged, match="does not come to an end"):
        selected(file, "SELECT count(*) FROM data a, data b, data c")
    with pytest.raises(Damaged, match="leads in circles"):
        selected(file, "SELECT id FROM data", most=499)


def test_no_changed_byte_ends_in_anything_but_a_sentence(tmp_path: Path) -> None:
    whole, rng = database(tmp_path).read_bytes(), random.Random(3)
    file = tmp_path / "b.db"
    for _ in range(100):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 3, 30])):
            data[rng.randrange(len(data))] = rng.randrange(256)
        file.write_bytes(data)
        try:
            with open_sqlite(file, "b.db") as opened:
                if opened.columns("data") == ["id", "name"]:
                    list(opened.rows(f"SELECT {cut('id')}, {cut('name')} FROM data"))
        except PlayheadError:
            pass
