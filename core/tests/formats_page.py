"""Reads docs/formats.md, of which each row is a test."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"


def rows_of(section: str) -> list[str]:
    """Return the first cells of the table in a section."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ")[0].strip() for line in text.splitlines() if line.startswith("| ")]
    return rows[1:]  # without the head
