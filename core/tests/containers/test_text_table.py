"""Tables as spreadsheets of any system write them are read row by row; what is none is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from formats_page import rows_of

from playhead.containers.text_table import open_table
from playhead.errors import Damaged

ROWS = [["filename", "w"], ["ä.jpg", "1"]]
TEXT = "filename,w\nä.jpg,1\n"
# A row of the page -> what the file holds, and what is read of it, or the words of the refusal.
CASES: dict[str, tuple[bytes, list[list[str]] | str]] = {
    "commas, semicolons, tabs or bars between columns": (TEXT.replace(",", ";").encode(), ROWS),
    "quotes, with separators and ends of lines in them": (
        b'filename,w\n"a,b\nc.jpg", "1"\n',
        [["filename", "w"], ["a,b\nc.jpg", "1"]],
    ),
    "ends of lines of any system": (TEXT.replace("\n", "\r\n").encode(), ROWS),
    "UTF-8, with or without its mark": (TEXT.encode("utf-8-sig"), ROWS),
    "UTF-16 with its mark": (TEXT.encode("utf-16"), ROWS),
    "Windows-1252": (TEXT.encode("cp1252"), ROWS),
    "UTF-32 with its mark": (TEXT.encode("utf-32"), ROWS),
    "comments before the first row": (f"# of a tool, v1\n\n#\n{TEXT}".encode(), ROWS),
    "names in the last comment, before numbers": (b"# made by me\n# t, w\n0,1\n", [["t", "w"], ["0", "1"]]),
    "sep=; before the first row": (b"sep=;\nt;w\n0;1\n", [["t", "w"], ["0", "1"]]),
    "numbers with a comma, where it parts no columns": (
        b"t;keys\n-0,25;1,2,3\n1;a,b\n",
        [["t", "keys"], ["-0.25", "1,2,3"], ["1", "a,b"]],
    ),
    "a row of more than 1,048,576 letters": (b"filename\n" + b"," * 2**21, "has a row of more than"),
    "names that begin with #": (b"#1.jpg,1\n#2.jpg,0\n", [["#1.jpg", "1"], ["#2.jpg", "0"]]),
    "empty lines": (f"\n{TEXT}\n,\n".encode(), ROWS),
    "bytes that are no letters of Windows-1252": (b"filename,w\n\x81.jpg,1\n", "cannot be read at its beginning"),
    "cells of more than 131,072 letters": (b"filename,w\n" + b"a" * 140_000, "line 2: field larger than"),
    "more than 1,000 columns": (b"filename\n" + b"," * 1000, "has 1,001 columns in line 2"),
    "zeros, or another kind of file": (b"PK\3\4" + bytes(100), "it is a zip"),
    "an empty file": (b"", "it is empty"),
}


def read(file: Path) -> list[list[str]]:
    with open_table(file) as table:
        return [cells for _, cells in table]


@pytest.mark.parametrize("name", CASES)
def test_each_row_of_the_page(name: str, tmp_path: Path) -> None:
    data, answer = CASES[name]
    file = tmp_path / "a.csv"
    file.write_bytes(data)
    if isinstance(answer, str):
        with pytest.raises(Damaged, match=answer) as raised:
            read(file)
        assert str(file) in str(raised.value)
    else:
        assert read(file) == answer


def test_the_page_has_these_rows() -> None:
    assert set(rows_of("Tables")) == set(CASES)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_rows_come_with_the_numbers_of_their_lines(separator: str, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"\nfilename{separator}w\n\na.jpg{separator}1\n")
    with open_table(file) as table:
        assert list(table) == [(2, ["filename", "w"]), (4, ["a.jpg", "1"])]
