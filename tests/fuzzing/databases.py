"""Data sets whose sqlite file is damaged or made to harm."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random

from fuzzing import harm, hostile
from fuzzing.datasets import Commands, commands
from fuzzing.sandbox import Sandbox
from fuzzing.seeds import COLUMNS, DATA, TABLES, Seeds, row_of, write_database

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"


def make(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[str, Commands]:
    """Make a folder whose database does harm."""
    folder = box.given / "set"
    shutil.copytree(seeds.data_set, folder)
    file = folder / "dataset.db"
    if rng.random() < 0.3:
        what = harm.anything(file, rng)
    else:
        file.unlink()
        what = rng.choice(DATABASES)(rng, file)
    return f"sqlite: {what}", commands(rng, rng.choice((folder, folder, file)))


def _changed_row(rng: Random, file: Path) -> str:
    """Put a value into a row that is none."""
    loose = "CREATE TABLE data(" + ", ".join(COLUMNS) + ");"
    write_database(file, tables=TABLES + loose)
    column = rng.choice(COLUMNS)
    value = rng.choice(
        (
            None,
            -1,
            2**63 - 1,
            -(2**63),
            1e308,
            float("inf"),
            float("nan"),
            "x",
            "",
            b"\0\xff",
            "x" * 10**6,
            "4",
            hostile.CONTROLS,
            f"a\n{hostile.FAKE_ROW}",
            "../../../outside/written",
            "ü" * 36,
            0.5,
            10**6,
        )
    )
    with sqlite3.connect(file) as database:
        database.execute(f"UPDATE data SET {column} = ? WHERE rowid <= ?", (value, rng.choice((1, 3, 6))))
    database.close()
    return f"{column} = {str(value)[:20]!a}"


def _names(rng: Random, file: Path) -> str:
    """Let the tables of names say something odd."""
    write_database(file)
    table = rng.choice(("models", "hats", "wheels", "skins"))
    more = ", NULL" if table == "skins" else ""
    text = rng.choice(
        (hostile.CONTROLS, f"a\n{hostile.FAKE_ROW}", "x" * 10**6, "é" * 24, "octane", "", None, b"\xff", 7)
    )
    number = rng.choice((0, 1, 4, 9999, 10**5, -1, 2**62, None, "one", 1.5))
    with sqlite3.connect(file) as database:
        database.execute(
            f"INSERT INTO {table} VALUES(?, ?, ?{more})", (number, text, rng.choice((None, "red", text)))
        )
        if rng.random() < 0.2:
            rows = [(n, f"n{n}", "c") for n in range(20_000)]
            database.executemany(f"INSERT OR IGNORE INTO {table} VALUES(?, ?, ?{more})", rows)
        database.execute("UPDATE data SET model = 4 WHERE rowid = 1")
    database.close()
    return f"{table}: {number} is {str(text)[:20]!a}"


def _view(rng: Random, file: Path) -> str:
    """Let a view stand in for a table: without end, or of gigabytes."""
    table = rng.choice(("data", "data", "hats", "models"))
    columns = COLUMNS if table == "data" else ("id", "name", "color")
    hex_uuid = "printf('%08x-ada0-11ec-9621-0242ac130002', i)"
    plain = ", ".join(
        f"{hex_uuid if name == 'uuid' else 'i % 4' if name == 'model' else '0'} AS {name}" for name in columns
    )
    joined = re.sub(r"\bi\b", "a.i", plain)
    large = plain.replace(" AS uuid", " || hex(zeroblob(100000000)) AS uuid")
    large = large.replace("0 AS name", "hex(zeroblob(100000000)) AS name")
    bodies = {
        "without end": f"{ENDLESS} {plain} FROM n",
        "without a row, for ever": f"{ENDLESS} {plain} FROM n WHERE i < 0",
        "counted for ever": f"{ENDLESS} {plain.replace('0 AS', '(SELECT count(*) FROM n) AS', 1)} FROM n LIMIT 1",
        "of large texts": f"{ENDLESS} {large} FROM n LIMIT 100",
        "of a large blob": f"{ENDLESS} {plain.replace('0 AS', 'randomblob(900000000) AS', 1)} FROM n LIMIT 5",
        "joined": f"SELECT {joined} FROM big a, big b, big c, big d ORDER BY random()",
        "of itself": f"SELECT * FROM {table}",
        "of nothing": "SELECT * FROM gone",
    }
    how = rng.choice(list(bodies))
    tables = (TABLES + DATA).replace(f"CREATE TABLE {table}(", f"CREATE TABLE once_{table}(")
    write_database(file, tables=tables, rows=0)
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE big(i)")
        database.executemany("INSERT INTO big VALUES(?)", [(n,) for n in range(2000)])
        database.execute(f"CREATE VIEW {table} AS {bodies[how]}")
    database.close()
    return f"{table} is a view {how}"


def _schema(rng: Random, file: Path) -> str:
    """Write a schema that no one would."""
    ways = {
        "virtual columns": DATA.replace(
            "wheel INT NOT NULL", "wheel INT AS (length(hex(zeroblob(300000000)))) VIRTUAL"
        ),
        "checks": DATA.replace("y_rotation INT NOT NULL", "y_rotation INT CHECK(y_rotation < (SELECT 1))"),
        "without rowid": DATA.replace("y_rotation INT NOT NULL);", "y_rotation INT NOT NULL) WITHOUT ROWID;"),
        "other names": DATA.replace("hat INT", "HAT INT").replace("skin INT", '"skin " INT'),
        "a column too few": DATA.replace("hat INT NOT NULL, ", ""),
        "a virtual table": "CREATE VIRTUAL TABLE data USING fts5(" + ", ".join(COLUMNS) + ");",
        "2,000 columns": DATA.replace(
            "y_rotation INT NOT NULL", "y_rotation INT NOT NULL, " + ", ".join(f"c{n}" for n in range(1900))
        ),
        "an odd collation": DATA.replace("uuid TEXT", "uuid TEXT COLLATE NOCASE"),
        "a trigger": DATA + "CREATE TRIGGER t AFTER INSERT ON data BEGIN SELECT randomblob(900000000); END;",
    }
    how = rng.choice(list(ways))
    rows = 6 if how in ("without rowid", "an odd collation", "checks") else 0
    try:
        write_database(file, tables=TABLES + ways[how], rows=rows)
    except sqlite3.Error:
        file.unlink(missing_ok=True)
        write_database(file, tables=TABLES + ways["other names"], rows=0)
    return f"schema: {how}"


def _raw_schema(rng: Random, file: Path) -> str:
    """Change what sqlite itself wrote about its tables."""
    write_database(file)
    database = sqlite3.connect(file)
    database.execute("PRAGMA writable_schema = ON")
    statement = rng.choice(
        (
            "sql = 'CREATE TABLE data(' || hex(zeroblob(100000)) || ')'",
            "rootpage = 99999",
            "rootpage = 1",
            "sql = 'x'",
            "sql = NULL",
            "type = 'view'",
            "sql = 'CREATE VIEW data AS SELECT * FROM data'",
            "rootpage = 0",
        )
    )
    database.execute(f"UPDATE sqlite_schema SET {statement} WHERE name = 'data'")
    database.commit()
    database.close()
    return f"its own tables: {statement[:40]}"


def _pages(rng: Random, file: Path) -> str:
    """Change the header of the file, or write it in another way."""
    how = rng.choice(("UTF-16", "WAL", "journal", "header", "header", "large pages"))
    database = sqlite3.connect(file)
    if how == "UTF-16":
        database.execute("PRAGMA encoding = 'UTF-16le'")
    if how == "large pages":
        database.execute("PRAGMA page_size = 65536")
    database.close()
    write_database(file)
    if how == "WAL":
        database = sqlite3.connect(file)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("UPDATE data SET team = 1")
        database.commit()
        wal = file.with_name(f"{file.name}-wal")
        data = bytearray(wal.read_bytes())
        database.close()
        if rng.random() < 0.5:
            data[rng.randrange(len(data))] ^= 255
        wal.write_bytes(data)
    if how == "journal":
        file.with_name(f"{file.name}-journal").write_bytes(
            rng.choice((b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + rng.randbytes(600), b"x" * 600))
        )
    if how == "header":
        data = bytearray(file.read_bytes())
        place = rng.choice((16, 18, 19, 20, 24, 28, 32, 36, 44, 52, 56, 60, 100, 103, 105))
        data[place] = rng.choice((0, 1, 2, 3, 255))
        file.write_bytes(data)
        how = f"header byte {place} = {data[place]}"
    return how


def _rows(rng: Random, file: Path) -> str:
    """Write many rows, none, or two of the same."""
    count = rng.choice((0, 1, 100_000))
    write_database(file, tables=TABLES + DATA.replace(" UNIQUE PRIMARY KEY", ""), rows=count)
    if count == 1:
        with sqlite3.connect(file) as database:
            database.executemany(f"INSERT INTO data VALUES({','.join('?' * 10)})", [row_of(0)] * 5)
        database.close()
    return f"{count} rows"


DATABASES: tuple[Callable[[Random, Path], str], ...] = (
    _changed_row,
    _changed_row,
    _names,
    _view,
    _view,
    _view,
    _schema,
    _raw_schema,
    _pages,
    _rows,
)
