"""Breakout, Enduro and Pong keep playhead's contract."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from playhead.cli import run as run_command
from playhead.testing import GameContract
from playhead_atari.game import BREAKOUT, ENDURO, PONG


class TestBreakout(GameContract):
    game = BREAKOUT


class TestEnduro(GameContract):
    game = ENDURO


class TestPong(GameContract):
    game = PONG


def test_a_game_of_ones_own_is_asked_as_often_as_it_says(tmp_path: Path) -> None:
    asked = ["new-game", "freeway", "--environment", "ale_py:ALE/Freeway-v5", "--into", str(tmp_path)]
    assert run_command(asked) == 0
    spec = spec_from_file_location("made", tmp_path / "freeway/src/playhead_freeway/game.py")
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    options = made.FREEWAY.devices["world"].options
    assert options["step_hz"] == 60 / options["arguments"]["frameskip"]
