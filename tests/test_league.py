"""The league runs from recording to table with a little of everything, and goes on where it was."""

from __future__ import annotations

import importlib
import json
import math
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def league(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("league")


def test_a_quick_league(league: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--games", "enduro", "--quick", "--out", str(tmp_path))
    league.main(asked)
    (game,) = json.loads((tmp_path / "league.json").read_text(encoding="utf-8"))["games"]
    assert {"expert", "random", "repeat", "network", "plain script", "always gas"} <= set(game["scores"])
    assert game["scores"]["expert"]["mean"] == 1.0
    assert game["scores"]["random"]["mean"] == 0.0
    assert math.isfinite(game["ahead"]["plain script"]["mean"])
    table = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert "| enduro |" in table
    assert "..." in capsys.readouterr().out
    league.main(asked)
    again = capsys.readouterr().out
    assert "..." not in again, "every stage was kept"
    assert table.strip() in again


def test_a_game_that_fails_is_named(league: Any, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match='Did you mean "enduro"'):
        league.main(("--games", "enduru", "--out", str(tmp_path)))
