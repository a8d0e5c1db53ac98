"""Enduro and Pong keep playhead's contract."""

from __future__ import annotations

from playhead.testing import GameContract
from playhead_atari.game import ENDURO, PONG


class TestEnduro(GameContract):
    game = ENDURO


class TestPong(GameContract):
    game = PONG
