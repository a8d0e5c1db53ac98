"""docs/python.md: its examples run, in their order, in one home."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "python.md"


def test_the_examples_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path))
    examples = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert len(examples) >= 8
    names: dict[str, object] = {"__name__": "page"}
    for number, example in enumerate(examples):
        exec(compile(example, f"docs/python.md, example {number}", "exec"), names)
    assert str(names["again"].name) == "cart/default/again"  # type: ignore[attr-defined]
