"""Tables in JSON: an object a line, or one array of objects. Cells become text, as those of CSV are.

Source:  jsonlines.org; RFC 8259.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import MsgspecError, Raw
from msgspec.json import Decoder

from playhead.containers.files import check_not_hollow, open_plain, reason
from playhead.containers.text_table import MOST_BYTES, MOST_COLUMNS
from playhead.errors import Damaged

MOST_LINE_BYTES = 2**20
MOST_ARRAY_BYTES = 2**26  # of one array of objects, which is in memory whole
_Row = dict[str, str | int | float | bool | list[str | int | float] | None]
_LINE, _ARRAY = Decoder(_Row), Decoder(list[Raw])  # objects of an array one by one: a million take 300 MB


@contextmanager
def open_json_lines(path: Path) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """Lend the rows of a table with the numbers of their lines; the first has the names of all columns.

    What an object lacks is an empty cell; lists are joined by +, true is 1, false 0.
    Raises:  Damaged for a file that is none or too large, and, while rows are taken, for a line that is no object.
    """
    with open_plain(path) as file:
        check_not_hollow(file, path)
        size = file.seek(0, 2)
        if size > MOST_BYTES:
            raise Damaged(f"{path} has {size:,} bytes; tables of {MOST_BYTES:,} at most are read. Part it.")
        file.seek(0)
        is_array = file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")

        def objects() -> Iterator[tuple[int, _Row]]:
            file.seek(0)
            return _of_array(path, file, size) if is_array else _of_lines(path, file)

        names = _names(path, objects())
        yield _rows(names, objects())


def _rows(names: dict[str, int], objects: Iterable[tuple[int, _Row]]) -> Iterator[tuple[int, list[str]]]:
    yield 1, list(names)
    for line, found in objects:
        cells = [""] * len(names)
        for name, value in found.items():
            cells[names[name]] = _text(value)
        yield line, cells


def _names(path: Path, objects: Iterable[tuple[int, _Row]]) -> dict[str, int]:
    names: dict[str, int] = {}
    for line, found in objects:
        for name in found:
            names.setdefault(name, len(names))
        if len(names) > MOST_COLUMNS:
            raise Damaged(f"{path} has more than {MOST_COLUMNS:,} columns by line {line}.")
    return names


def _of_lines(path: Path, file: Any) -> Iterator[tuple[int, _Row]]:
    number = 0
    while line := file.readline(MOST_LINE_BYTES + 1):
        number += 1
        if len(line) > MOST_LINE_BYTES:
            raise Damaged(f"{path} has more than {MOST_LINE_BYTES:,} bytes in line {number}.")
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if text:
            yield number, _decoded(path, _LINE, text, f"line {number} is no object of JSON")


def _of_array(path: Path, file: Any, size: int) -> Iterator[tuple[int, _Row]]:
    if size > MOST_ARRAY_BYTES:
        raise Damaged(
            f"{path} is one array of {size:,} bytes; {MOST_ARRAY_BYTES:,} are read. Write an object a line."
        )
    text, what = file.read().removeprefix(b"\xef\xbb\xbf"), "it is no array of objects"
    for number, one in enumerate(_decoded(path, _ARRAY, text, what), 1):
        yield number, _decoded(path, _LINE, one, what)


def _decoded(path: Path, decoder: Any, text: bytes | Raw, what: str) -> Any:
    try:
        return decoder.decode(text)
    except (MsgspecError, ValueError, RecursionError) as error:
        raise Damaged(f"{path} cannot be read, {what}: {reason(error)}.") from error


def _text(value: object) -> str:
    if isinstance(value, list):
        return "+".join(map(_text, value))
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else str(value).strip()
