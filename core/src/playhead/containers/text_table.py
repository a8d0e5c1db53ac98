"""Tables of text (CSV), row by row: encoding and separator follow from the file, whatever it is called.

Source:  RFC 4180, and what spreadsheets write: semicolons, tabs, UTF-8 with a mark, UTF-16, Windows-1252.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from playhead.containers.files import check_not_hollow, kind_of, open_plain, reason
from playhead.errors import Damaged

MOST_BYTES = 2**28  # five million rows
MOST_COLUMNS = 1_000
SEPARATORS = ",;\t|"
MOST_ROW = 2**20  # letters
_PART = 2**20
_HEAD_LINES = 1_000  # that may stand before the first row
_NO_ROW = re.compile(r"\s*|sep=.\s*|#(\s.*|#.*)?", re.IGNORECASE | re.DOTALL)  # sep=; is Excel's
_BEGINS_WITH_NUMBER = re.compile(r"[\s\"]*[+-]?[.,]?\d")
_DECIMAL = re.compile(r"([+-]?\d+),(\d+)")  # where the comma parts no columns
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),  # before UTF-16: they begin as that does
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


@contextmanager
def open_table(path: Path) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """Lend the rows of a table with the numbers of their lines; empty ones are passed over.

    Raises:  Damaged for a file that is no text or too large, and, while rows are taken, for one that is no table.
    """
    with open_plain(path) as file:
        check_not_hollow(file, path)
        size = file.seek(0, 2)
        if size > MOST_BYTES:
            raise Damaged(f"{path} has {size:,} bytes; tables of {MOST_BYTES:,} at most are read. Part it.")
        encoding = _encoding(path, file)
        file.seek(0)
        with io.TextIOWrapper(file, encoding, newline="") as text:
            try:
                begin = text.read(_PART)
            except (UnicodeError, OSError) as error:
                raise Damaged(f"{path} cannot be read at its beginning: {reason(error)}.") from error
            text.seek(0)
            yield _rows(path, _Lines(path, text, begin))


class _Lines:
    """The lines of a table; those before its first row are empty. A row that never ends is refused.

    The last comment is the first row where names stand in it, as numpy writes them: "# frame,w".
    """

    def __init__(self, path: Path, text: io.TextIOWrapper, begin: str) -> None:
        self._path, self._text, self.row_letters = path, text, 0
        lines = re.split(r"\r\n|\r|\n", begin, maxsplit=_HEAD_LINES)
        head = next((place for place, line in enumerate(lines) if not _NO_ROW.fullmatch(line)), 0)
        self.separator = max(SEPARATORS, key=lines[head].count)
        is_data = _BEGINS_WITH_NUMBER.match(lines[head]) is not None
        columns = lines[head].count(self.separator)
        if (
            head
            and is_data
            and lines[head - 1].startswith("#")
            and lines[head - 1].count(self.separator) == columns
        ):
            head -= 1
        self._left = head
        behind = lines[head + 1] if head + 1 < len(lines) else ""
        self.is_marked = lines[head].startswith("#") and _BEGINS_WITH_NUMBER.match(behind) is not None

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(MOST_ROW + 1):
            self.row_letters += len(line)
            if self.row_letters > MOST_ROW:
                raise Damaged(f"{self._path} has a row of more than {MOST_ROW:,} letters.")
            yield line if self._left <= 0 else "\n"
            self._left -= 1


def _rows(path: Path, lines: _Lines) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=lines.separator, skipinitialspace=True)
    while True:
        line, lines.row_letters = reader.line_num + 1, 0
        try:
            row = next(reader, None)
        except (csv.Error, UnicodeError, OSError) as error:
            if isinstance(error, Damaged):
                raise
            raise Damaged(f"{path} cannot be read at line {line}: {reason(error)}.") from error
        if row is None:
            return
        if len(row) > MOST_COLUMNS:
            raise Damaged(f"{path} has {len(row):,} columns in line {line}; {MOST_COLUMNS:,} at most are read.")
        if any(cell.strip() for cell in row):
            yield line, _cells(row, lines)


def _cells(row: list[str], lines: _Lines) -> list[str]:
    """Return the cells of a row, with points in numbers that have a comma, where that parts no columns."""
    cells = [cell.strip() for cell in row]
    if lines.is_marked:
        lines.is_marked, cells[0] = False, cells[0].removeprefix("#").strip() or cells[0]
    if lines.separator == ",":
        return cells
    return [_DECIMAL.sub(r"\1.\2", cell) if _DECIMAL.fullmatch(cell) else cell for cell in cells]


def _encoding(path: Path, file: BinaryIO) -> str:
    """Return how the text is encoded: as its mark says, else UTF-8 where all of it is that, else Windows-1252."""
    file.seek(0)
    head = file.read(64)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if not head or b"\0" in head:
        what = (kind_of(head) or "no text") if head else "empty"
        raise Damaged(f"{path} cannot be read as a table: it is {what}.")
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while part := file.read(_PART):
            decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    except OSError as error:
        raise Damaged(f"{path} cannot be read: {reason(error)}.") from error
    return "utf-8"
