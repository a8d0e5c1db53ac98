"""Health gathering, deadly corridor and defend the center keep playhead's contract."""

from __future__ import annotations

from playhead.testing import GameContract
from playhead_doom.game import DEADLY_CORRIDOR, DEFEND_CENTER, HEALTH_GATHERING


class TestHealthGathering(GameContract):
    game = HEALTH_GATHERING


class TestDeadlyCorridor(GameContract):
    game = DEADLY_CORRIDOR


class TestDefendCenter(GameContract):
    game = DEFEND_CENTER
