"""docs/importing.md says every importer and every setting, and to which importers it belongs."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from playhead.errors import Damaged
from playhead.game import Frame, Game
from playhead.labels import Keys
from playhead.storage.importers import BUILT_IN, arrays, films, folders, lerobot, minari, pairs, tables
from playhead.storage.importers.settings import ImportSettings
from playhead.storage.importing import find, import_all
from playhead.storage.reader import open_recording

PAGE = (Path(__file__).parents[3] / "docs" / "importing.md").read_text(encoding="utf-8")
TAKES = {
    "video": films.TAKES, "lerobot": lerobot.TAKES, "minari": minari.TAKES, "hdf5": arrays.TAKES,
    "npy": pairs.TAKES, "folders": folders.TAKES, "csv": tables.TAKES,
}  # fmt: skip


def cells(heading: str) -> list[list[str]]:
    """Return the rows of the table whose first column is headed so."""
    lines = PAGE.partition(f"\n| {heading} |")[2].partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]


def test_the_page_names_every_importer() -> None:
    assert {row[0].strip("`") for row in cells("`--from`")} == set(BUILT_IN) == set(TAKES)


def test_the_page_names_every_setting_and_where_it_belongs() -> None:
    said = {row[0].strip("`"): row[1] for row in cells("`--set`")}
    assert set(said) == {one.name for one in fields(ImportSettings)} - {"said"}
    for name, where in said.items():
        takers = {importer for importer, takes in TAKES.items() if name in takes}
        assert takers == (set(TAKES) if where == "all" else set(where.split(", "))), name


def test_the_importer_of_the_page_runs(tmp_path: Path) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(code, "docs/importing.md", "exec"), names)
    assert len(code.partition("def find_texts")[2].splitlines()) <= 30
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("w 1 2 3 4\nnothing 9 9 9 9\nw 1 2\n")
    game = Game(
        name="tiny", title="Tiny", frame=Frame(width=2, height=2, rate_hz=10, colour="grey", codec="lossless"),
        labels={"drive": Keys("w", "s")}, importers={"texts": names["find_texts"]},
    )  # fmt: skip
    (row,) = import_all(find(game, "texts", [tmp_path / "in"], {}), tmp_path / "out")
    recording = open_recording(tmp_path / "out" / "a")
    assert recording.labels["drive"].tolist() == [[1, 0], [0, 0]]
    assert recording.read_frames([0]).reshape(-1).tolist() == [1, 2, 3, 4]
    assert [str(one) for one in row.examples] == ["line 3: it has 2 pixels"]
    (tmp_path / "in" / "a.txt").write_text("w 1\n")
    with pytest.raises(Damaged, match="no line that can be used"):
        list(import_all(find(replace(game), "texts", [tmp_path / "in"], {}), tmp_path / "out"))
