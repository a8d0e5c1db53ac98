"""Health gathering and deadly corridor keep playhead's contract."""

from __future__ import annotations

from playhead.testing import GameContract
from playhead_doom.game import DEADLY_CORRIDOR, HEALTH_GATHERING


class TestHealthGathering(GameContract):
    game = HEALTH_GATHERING


class TestDeadlyCorridor(GameContract):
    game = DEADLY_CORRIDOR
