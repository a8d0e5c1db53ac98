"""A home in which nothing can be made, for commands that play: they need a game."""

from __future__ import annotations

import os
import re

import pytest

from playhead.cli import run


@pytest.mark.skipif(os.name == "nt", reason="Windows has no /proc")
@pytest.mark.parametrize(
    "command", ["record gta5 --on world --seconds 1", "play gta5 --on world --record --seconds 1"]
)
def test_a_home_in_which_nothing_can_be_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setenv("PLAYHEAD_HOME", "/proc")
    assert run(command.split()) == 1
    (error,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Error: ")]
    assert re.search(r"/proc/(\.reserved|recordings)/gta5 cannot be (made|written)", error), error
    assert "Choose another home: --home FOLDER." in error
