"""What was recorded of the world that stands in for GTA V is sent into it again, as the help says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from playhead.cli.replay import replay
from playhead.home import VARIABLE
from playhead.testing.day import command


def test_the_example_of_the_command_runs_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    asked = ("--on", "world", "--workers", "1", "--driver", "expert", "--seconds", "3", "--seed", "7")
    command("record", "gta5", *asked, "--action-noise")
    (made,) = (tmp_path / "recordings/gta5").glob("2*")
    (example,) = re.findall(r"Example: playhead (.*)", str(replay.help))
    made.rename(made.with_name(example.split()[1].partition("/")[2]))
    said = command(*shlex.split(example))
    assert "30 of 30 frames equal (100.0%)" in said, said
