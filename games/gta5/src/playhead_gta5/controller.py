"""How predictions become keys in Grand Theft Auto V: steering in proportion, throttle and brake held or not.

Source:  EduardR02/GTA-V-LSTM, 341a22b: of A and D only the stronger, for the difference of both times the time
         since the last prediction, at most 0.6 of it; W and S from 0.5 on (0.1 in 49cf8bc), until a later
         prediction is below. It had no rule for W and S at once; here the stronger one wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playhead.game import Game
from playhead.playing.controllers import Controller, DefaultController, Settings, parse_settings

ORIGINAL = Settings(threshold=0.5, proportional=("a", "d"), cap=0.6)


def gta5_controller(game: Game, settings: Mapping[str, Any]) -> Controller:
    """Return the controller with the original's settings, a run's own laid over them."""
    return DefaultController(game, parse_settings(game, settings, ORIGINAL))
