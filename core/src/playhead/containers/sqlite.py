"""Tables of an sqlite database, read and nothing else: no view, no trigger, no other file, and not for ever.

Source:  sqlite.org/security.html (untrusted files), fileformat2.html (journals), wal.html (read-only databases).
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from playhead.containers.files import copy_into, open_plain, reason
from playhead.errors import Damaged, Mismatch

MOST_BYTES = 2**31  # of a database that is copied because of the journal beside it
MOST_TEXT = 2**20  # bytes of one value
SHOWN_TEXT = 60  # letters of a text that should have been a number: enough to tell it
JOURNALS = ("-wal", "-journal")  # end the names of what lies beside a database and belongs to it
_ROW_BYTES = 4  # no row takes fewer: a table of more rows than this allows is one that leads in circles
_STEPS = 10**5  # of sqlite's machine between two looks at how far it has come
_MOST_STEPS, _STEPS_A_BYTE = 2 * 10**7, 50  # 380,870 rows of 45 MB take 2 steps a byte
_JOURNAL = bytes.fromhex("d9d505f920a163d7")
_FUNCTIONS = {"typeof", "length", "glob", "substr", "count", "min", "max"}


class Database:
    """A database that is open for reading."""

    def __init__(self, connection: sqlite3.Connection, shown: str, size: int) -> None:
        self._connection = connection
        self._shown = shown
        self._most_rows = size // _ROW_BYTES

    def columns(self, table: str) -> list[str]:
        """Return the columns of a table, none when there is no such table.

        Raises:  Mismatch for a view or a virtual table, which would run what a stranger wrote.
        """
        chosen = "SELECT type, sql FROM sqlite_master WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view')"
        found = self._connection.execute(chosen, [table]).fetchone()
        if found is None:
            return []
        kind, sql = str(found[0]), str(found[1]).lower()
        if kind == "view" or not sql.startswith("create table"):
            called = "a view" if kind == "view" else "a virtual table"
            raise Mismatch(
                f"{table} of {self._shown} is {called}, not a table: what it shows would be computed by "
                "the file itself. Write it into a table: CREATE TABLE ... AS SELECT ..."
            )
        rows = self._connection.execute(f'PRAGMA table_xinfo("{table}")').fetchmany(1000)
        if computed := [str(row[1]) for row in rows if row[6]]:
            raise Mismatch(
                f"{', '.join(computed)} of the table {table} of {self._shown} would be computed by the file "
                "itself. Write what it shows into a table: CREATE TABLE ... AS SELECT ..."
            )
        return [str(row[1]) for row in rows]

    def rows(self, select: str, at_once: int = 4096) -> Iterator[list[tuple[Any, ...]]]:
        """Yield what a SELECT finds, some rows at a time. Raises Damaged for more than there is room for."""
        cursor, done = self._connection.execute(select), 0
        while rows := cursor.fetchmany(at_once):
            done += len(rows)
            if done > self._most_rows:
                raise Damaged(
                    f"{self._shown} has more than {self._most_rows:,} rows, for which it is too small: it "
                    "leads in circles."
                )
            yield rows


def cut(column: str) -> str:
    """Return the expression of a column whose texts are cut where they are longer than anything wanted."""
    short = f"substr({column}, 1, {SHOWN_TEXT})"
    return f"CASE WHEN typeof({column}) IN ('integer', 'real') THEN {column} ELSE {short} END"


@contextmanager
def open_sqlite(path: Path, shown: str) -> Iterator[Database]:
    """Open a database; `shown` is how errors call it. Nothing is written beside it.

    What a journal beside it holds counts, as sqlite counts it: then a copy of both is read.
    Raises:  Damaged for a file that sqlite cannot read, also when that shows inside; Mismatch for a journal that
             belongs to several databases; StorageFull when there is no room for a copy.
    """
    with ExitStack() as stack:
        with open_plain(path) as file:
            size = file.seek(0, 2)
        path = path.resolve()  # what sqlite looks for beside a link lies beside what it leads to
        address = f"{path.as_uri()}?mode=ro&immutable=1"  # without it WAL mode writes beside the file
        if sidecar := _sidecar(path, shown):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="playhead-"))
            size += _copy(path, sidecar, Path(folder), shown)
            address = f"{Path(folder, 'copy').as_uri()}?mode=rw"
        try:
            connection = sqlite3.connect(address, uri=True)
            stack.callback(connection.close)
            _guard(connection, size)
            yield Database(connection, shown, size)
        except sqlite3.Error as error:
            raise Damaged(_said(shown, error)) from error


def _said(shown: str, error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_INTERRUPT":
        return f"{shown} does not come to an end: reading it takes far longer than its size allows."
    if name == "SQLITE_TOOBIG":
        return f"{shown} holds a value of more than {MOST_TEXT:,} bytes."
    if name == "SQLITE_AUTH":
        return f"{shown} would run what stands in the file itself ({reason(error)})."
    if name == "SQLITE_NOTADB":
        return f"{shown} is no sqlite database, or an encrypted one."
    then = "Save what can be read: sqlite3 FILE .recover | sqlite3 NEW."
    return f"{shown} cannot be read by sqlite: {reason(error)}. {then}"


def _guard(connection: sqlite3.Connection, size: int) -> None:
    """Allow nothing but reading tables, for a time that the size of the file bounds."""
    for pragma in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_TEXT)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")  # called without a frame of Python
    connection.set_authorizer(_is_allowed)
    left = [(_MOST_STEPS + _STEPS_A_BYTE * size) // _STEPS]

    def is_over() -> bool:
        left[0] -= 1
        return left[0] < 0

    connection.set_progress_handler(is_over, _STEPS)


def _is_allowed(
    action: int, first: str | None, second: str | None, database: str | None, inside: str | None
) -> int:
    """Say whether sqlite may do something; `inside` names the view or trigger that wants it."""
    is_reading = action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ) and not inside
    is_known = action == sqlite3.SQLITE_FUNCTION and second in _FUNCTIONS
    is_asking = action == sqlite3.SQLITE_PRAGMA and first == "table_xinfo"
    return sqlite3.SQLITE_OK if is_reading or is_known or is_asking else sqlite3.SQLITE_DENY


def _sidecar(path: Path, shown: str) -> Path | None:
    """Return the journal that sqlite would read with a database. Raises Mismatch for one of several databases."""
    log = path.with_name(f"{path.name}-wal")
    if log.is_file() and log.stat().st_size:
        return log
    journal = path.with_name(f"{path.name}-journal")
    if not journal.is_file() or not journal.stat().st_size:
        return None
    with open_plain(journal) as file:
        head = file.read(len(_JOURNAL))
        file.seek(max(0, file.seek(0, 2) - len(_JOURNAL)))
        tail = file.read()
    if head != _JOURNAL:
        return None  # what it held was written
    if tail == _JOURNAL:
        # It names a further journal, which sqlite would open, and delete.
        raise Mismatch(
            f"{shown} was being written together with other databases when its program was killed "
            f"({journal.name}). Open it once where it was written: sqlite3 FILE .tables"
        )
    return journal


def _copy(path: Path, sidecar: Path, folder: Path, shown: str) -> int:
    copied: Sequence[tuple[Path, str]] = ((path, "copy"), (sidecar, f"copy{sidecar.name[len(path.name) :]}"))
    done = 0
    for source, name in copied:
        with open_plain(source) as file:
            done += copy_into(file, Path(folder, name), MOST_BYTES, shown)
    return done
