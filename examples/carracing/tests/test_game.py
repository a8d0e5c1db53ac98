"""CarRacing-v3 keeps playhead's contract, taught in one short file."""

from __future__ import annotations

from pathlib import Path

import playhead_carracing.game
from playhead.testing import GameContract
from playhead_carracing.game import CARRACING


class TestCarRacing(GameContract):
    game = CARRACING


def test_it_is_taught_in_one_short_file() -> None:
    assert len(Path(playhead_carracing.game.__file__).read_text(encoding="utf-8").splitlines()) < 90
