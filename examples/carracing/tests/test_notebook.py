"""The notebook runs from its first cell to its last, with less of everything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[1] / "notebook.py"
SIZE = "EPISODES, SECONDS, STEPS = 10, 20, 600"


def test_all_cells_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert SIZE in text
    assert text.count("\n# %%\n") >= 6
    monkeypatch.setattr("os.cpu_count", lambda: 1)  # one process loads torch, not six
    monkeypatch.setattr("tempfile.mkdtemp", lambda: str(tmp_path))
    names: dict[str, Any] = {"__name__": "notebook"}
    exec(compile(text.replace(SIZE, "EPISODES, SECONDS, STEPS = 2, 1, 2"), str(NOTEBOOK), "exec"), names)
    assert len(names["curve"].losses) == 4
    assert names["evaluation"].page.is_file()
    assert "Recorded(20 frames" in capsys.readouterr().out
