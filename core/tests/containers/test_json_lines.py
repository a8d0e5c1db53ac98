"""Tables in JSON are read row by row within bounds; what is none is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from formats_page import rows_of

from playhead.containers import json_lines
from playhead.containers.json_lines import open_json_lines
from playhead.errors import Damaged

# A row of the page -> what the file holds, and what is read of it, or the words of the refusal.
CASES: dict[str, tuple[str, list[list[str]] | str]] = {
    "an object a line": ('{"a": 1}\n{"a": 2}\n', [["a"], ["1"], ["2"]]),
    "one array of objects": (' [{"a": 1}, {"a": 2}]', [["a"], ["1"], ["2"]]),
    "names that other objects lack": ('{"a": 1}\n{"b": 2}\n', [["a", "b"], ["1", ""], ["", "2"]]),
    "texts, numbers, true and false": (
        '{"a": " x ", "b": 1.5, "c": true, "d": false, "e": null}', [[*"abcde"], ["x", "1.5", "1", "0", ""]],
    ),
    "lists of texts and numbers": ('{"a": ["w", 3]}', [["a"], ["w+3"]]),
    "a mark before it, and empty lines": ('\ufeff{"a": 1}\n\n', [["a"], ["1"]]),
    "objects within objects": ('{"a": 1}\n{"a": {"b": 1}}', "line 2 is no object of JSON"),
    "a line that is no object": ("[1]\n", "it is no array of objects"),
    "a line of more than 1 MB": ('{"a": "' + "x" * 2**20 + '"}', "more than 1,048,576 bytes in line 1"),
    "more than 1,000 names": (
        "{" + ", ".join(f'"{number}": 0' for number in range(1_001)) + "}", "more than 1,000 columns by line 1",
    ),
    "an array of something else": ('[{"a": 1}, 2]', "it is no array of objects"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_row_of_the_page(name: str, tmp_path: Path) -> None:
    text, answer = CASES[name]
    file = tmp_path / "a.jsonl"
    file.write_text(text, encoding="utf-8")

    def read() -> list[list[str]]:
        with open_json_lines(file) as rows:
            return [cells for _, cells in rows]

    if isinstance(answer, str):
        with pytest.raises(Damaged, match=answer) as raised:
            read()
        assert str(file) in str(raised.value)
    else:
        assert read() == answer


def test_the_page_has_these_rows() -> None:
    assert set(rows_of("Tables in JSON")) == set(CASES)


def test_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.json"
    file.write_text('[{"a": 1}]')
    monkeypatch.setattr(json_lines, "MOST_ARRAY_BYTES", 4)
    with pytest.raises(Damaged, match="Write an object a line"), open_json_lines(file):
        pass
    monkeypatch.setattr(json_lines, "MOST_BYTES", 4)
    with pytest.raises(Damaged, match="Part it"), open_json_lines(file):
        pass
