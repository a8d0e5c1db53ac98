"""Rows as aligned text on stdout: numbers to the right, the last column as long as it likes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from playhead.names import visible

if TYPE_CHECKING:
    from playhead.storage.copying import Copied


def lines_of(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return headings and rows as lines; a column of numbers is set to the right. Without rows: none."""
    if not rows:
        return []
    shown = [list(headings), *([_shown(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in shown) for column in range(len(headings))]
    is_number = [
        bool(rows) and all(isinstance(row[column], (int, float)) for row in rows)
        for column in range(len(headings))
    ]
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, is_number, strict=True)
        ).rstrip()
        for row in shown
    ]


def _shown(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.1f}"
    return f"{cell:,}" if isinstance(cell, int) else visible(str(cell))


def duration(seconds: float) -> str:
    """Return a duration as people read it: `9.5 s`, `12 min 04 s`, `1 h 02 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def size(count: float) -> str:
    """Return a size as people read it: `8.7 KiB`, `512.0 MiB`."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def copied_words(copied: Copied) -> str:
    """Say what became of a recording that was to be copied."""
    more = f"{copied.files:,} files, {size(copied.bytes)}"
    there = f"is there already, but for layers: {more}" if copied.files else "is there already"
    return there if copied.was_there else more
