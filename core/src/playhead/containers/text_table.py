"""Tables of text (CSV), row by row: encoding and separator follow from the file, whatever it is called.

Source:  RFC 4180, and what spreadsheets write: semicolons, tabs, UTF-8 with a mark, UTF-16, Windows-1252.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from playhead.containers.files import check_not_hollow, kind_of, open_plain, reason
from playhead.errors import Damaged

MOST_BYTES = 2**28  # five million rows
MOST_COLUMNS = 1_000
SEPARATORS = ",;\t|"
_PART = 2**20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


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
                first = text.read(_PART).lstrip().partition("\n")[0]
            except (UnicodeError, OSError) as error:
                raise Damaged(f"{path} cannot be read at its beginning: {reason(error)}.") from error
            text.seek(0)
            yield _rows(path, text, max(SEPARATORS, key=first.count))


def _rows(path: Path, text: io.TextIOWrapper, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text, delimiter=separator, skipinitialspace=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except (csv.Error, UnicodeError, OSError) as error:
            raise Damaged(f"{path} cannot be read at line {line}: {reason(error)}.") from error
        if row is None:
            return
        if len(row) > MOST_COLUMNS:
            raise Damaged(f"{path} has {len(row):,} columns in line {line}; {MOST_COLUMNS:,} at most are read.")
        if any(cell.strip() for cell in row):
            yield line, [cell.strip() for cell in row]


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
