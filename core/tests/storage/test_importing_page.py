"""docs/importing.md says every importer and every setting, and to which importers it belongs."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from playhead.storage.importers import BUILT_IN, folders, pairs, tables
from playhead.storage.importers.settings import ImportSettings

PAGE = (Path(__file__).parents[3] / "docs" / "importing.md").read_text(encoding="utf-8")
TAKES = {"npy": pairs.TAKES, "folders": folders.TAKES, "csv": tables.TAKES}


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
        assert takers == (set(TAKES) if where == "all" else {where}), name
