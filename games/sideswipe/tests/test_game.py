"""Sideswipe keeps playhead's contract."""

from __future__ import annotations

from playhead.testing import GameContract
from playhead_sideswipe.game import SIDESWIPE


class TestSideswipe(GameContract):
    game = SIDESWIPE
