"""Tables of Parquet are read within bounds; what is none, or says too much, is refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from formats_page import rows_of
from pyarrow import parquet

from playhead.containers import parquet as ours
from playhead.containers.parquet import read_parquet, write_parquet
from playhead.errors import Damaged, Mismatch

# A row of the page -> what the column holds, and what is read of it, or the words of the refusal.
CASES: dict[str, tuple[Any, list[Any] | str]] = {
    "numbers, true and false": ([True, False], [True, False]),
    "lists of as many numbers each": ([[1, 2], [3, 4]], [[1, 2], [3, 4]]),
    "lists of differing length": ([[1, 2], [3, 4, 5], [6]], "rows of differing length in a"),
    "lists where one number is wanted": ([[1], [2]], "rows of several numbers in a"),
    "lists of lists": ([[[1, 2], [3, 4]]], [[1, 2, 3, 4]]),
    "no rows": (pyarrow.array([], pyarrow.list_(pyarrow.int64())), []),
    "one number a hundred million times": (None, "of 800,000,000 bytes, more than are read"),
    "rows without a value": ([1, None], "says nothing in 1 rows of a"),
    "text and other things": (["x", "y"], "holds string in a, no numbers"),
    "a column that is missing": (None, "has no column a; it has b"),
    "more rows than are read": ([1, 2, 3], "has 3 rows"),
    "a file cut short": ([1, 2], "cannot be read as Parquet"),
    "another file": ([1, 2], "cannot be read as Parquet"),
}


@pytest.mark.parametrize("name", CASES)
def test_each_row_of_the_page(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values, answer = CASES[name]
    file = tmp_path / "a.parquet"
    table = {"a": values} if values is not None else {"b": [1]}
    parquet.write_table(pyarrow.table(table), file)
    if name.startswith("one number"):  # 7 kB
        rows = pyarrow.FixedSizeListArray.from_arrays(np.zeros(100_000_000, np.int8), 1_000)
        parquet.write_table(pyarrow.table({"a": rows}), file)
        monkeypatch.setattr(ours, "MOST_BYTES", 2**29)
    if name == "more rows than are read":
        monkeypatch.setattr(ours, "MOST_ROWS", 2)
    if name == "a file cut short":
        os.truncate(file, file.stat().st_size - 9)
    if name == "another file":
        file.write_bytes(b"x" * 500)
    if isinstance(answer, str):
        with pytest.raises((Damaged, Mismatch), match=answer) as raised:
            read_parquet(file, ["a"], lists=[] if name == "lists where one number is wanted" else ["a"])
        assert str(file) in str(raised.value)
    else:
        assert read_parquet(file, ["a"], lists=["a"])["a"].tolist() == answer


def test_pages_that_lie_about_their_sizes_are_refused_or_read(tmp_path: Path) -> None:
    whole, file = tmp_path / "whole.parquet", tmp_path / "a.parquet"
    rows = {"a": np.arange(3_000), "b": [[1.0, 2.0]] * 3_000}
    parquet.write_table(pyarrow.table(rows), whole, compression="zstd")
    group, data = parquet.ParquetFile(whole).metadata.row_group(0), whole.read_bytes()
    random, said = np.random.default_rng(0), []
    for number in range(100):
        lying = bytearray(data)
        begin = group.column(number % 2).data_page_offset  # there a page says how long it is, packed and unpacked
        for place in random.integers(0, 24, 3).tolist():
            lying[begin + place] = int(random.choice([0xFF, 0x7F, 0x80, 0xFE]))
        file.write_bytes(lying)
        try:
            read_parquet(file, ["a", "b"], lists=["b"])
        except (Damaged, Mismatch) as error:
            said.append(str(error))
    assert len(said) > 50
    assert all("\n" not in one and len(one) < 600 for one in said)


def test_the_page_has_these_rows() -> None:
    assert set(rows_of("Parquet")) == set(CASES)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    rows = {"action": np.arange(6, dtype=np.float32).reshape(3, 2), "index": np.arange(3)}
    write_parquet(tmp_path / "new" / "a.parquet", rows)
    found = read_parquet(tmp_path / "new" / "a.parquet", ["action", "index"], lists=["action"])
    assert {name: values.tolist() for name, values in found.items()} == {k: v.tolist() for k, v in rows.items()}
    assert found["action"].dtype == np.float32
