"""What the keys of others mean in a game, as a table in a file that people can edit: `theirs,ours`."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path

from playhead.containers.files import reason
from playhead.containers.text_table import open_table
from playhead.decoding import read_bytes
from playhead.errors import BadValue, DeviceFailed, Mismatch, PlayheadError

HEAD = ["theirs", "ours"]
MOST_KEYS = 10_000


def read_keys(file: Path) -> tuple[tuple[str, str], ...]:
    """Return (what a key is called, what it means) of every row; "" means nothing.

    Raises:  Damaged for what is no table, Mismatch for one of other columns.
    """
    with open_table(file) as table:
        _, head = next(table, (1, []))
        if head != HEAD:
            raise Mismatch(
                f"{file} has the columns {', '.join(head)[:200]}, not {', '.join(HEAD)}: see --save-keys."
            )
        rows: list[tuple[str, str]] = []
        for line, cells in table:
            if len(cells) != 2 or len(rows) >= MOST_KEYS:
                raise Mismatch(f"{file} has {len(cells)} columns in line {line}, or more than {MOST_KEYS:,} rows.")
            rows.append((cells[0], cells[1]))
    return tuple(rows)


def write_keys(file: Path, keys: Mapping[str, str]) -> None:
    """Write what keys were taken for. Raises BadValue where another file is there already."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEAD, *keys.items()])
    try:
        if os.path.lexists(file) and not (file.is_file() and read_bytes(file) == text.getvalue().encode()):
            raise BadValue(
                f"{file} is there already, and says something else. Name another file, or pass it: --keys {file}."
            )
        part = file.with_name(f".{file.name}.part")
        part.write_text(text.getvalue(), encoding="utf-8")
        part.replace(file)
    except OSError as error:
        if isinstance(error, PlayheadError):
            raise
        raise DeviceFailed(
            f"{file} cannot be written: {reason(error)}. Name another: --save-keys FILE."
        ) from error
