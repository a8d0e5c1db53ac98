"""How predictions become keys in The Crew 2: a car that only steers, or does nothing, keeps moving.

With `controller.kind=paced` throttle and brake go by the speed that the screen shows.

Source:  mburakbozbey/pycrew2, d34b2be: of nine classes the likeliest; left, right and no key press W in a third of
         the decisions, drawn. Here W is held for a third of the interval instead, as long on average.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playhead.game import Game
from playhead.playing.controllers import Controller, Settings, controller_of, parse_settings

KEEPS_MOVING = Settings(floors={"w": 1 / 3}, pace={"speed": "shown_speed_mps"})


def crew2_controller(game: Game, settings: Mapping[str, Any]) -> Controller:
    """Return the controller with the original's rule, a run's own settings laid over it."""
    return controller_of(game, parse_settings(game, settings, KEEPS_MOVING))
