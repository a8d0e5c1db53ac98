"""A run as a driver: window by time, network, controller. Refuses at once what it cannot play."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from torch import Tensor

from playhead.capture import CapturedFrame
from playhead.control.drivers import Action, Held
from playhead.control.loop import axis_codes
from playhead.dead_zones import DeadZone
from playhead.errors import BadValue, PluginError
from playhead.game import Game, is_playable
from playhead.home import Home
from playhead.models import DEFAULT_ENGINE, EngineSpec
from playhead.models.catalogue import RunCatalogue
from playhead.models.run import Run
from playhead.playing.asking import Asked, Asking, are_numbers, open_asked
from playhead.playing.controllers import Controller, open_controller, zones_of
from playhead.playing.derived import PlayedHeads
from playhead.plugins import Plugins


class RunPolicy(Asking):
    """A trained network in control. `predictions` is what it said last, for whoever watches.

    A network that remembers is asked frame by frame and carries its state, any other window by window. What it is
    told of past actions is what it pressed itself, from what was held when it began on.
    """

    def __init__(
        self, asked: Asked, run: Run, game: Game, controller: Controller, *, rate_hz: float,
        zones: Mapping[str, DeadZone] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(asked, run)
        self._controller = controller
        self.zones = zones or {}
        self._played = PlayedHeads(run.schema, game, self.zones)
        self._axes = axis_codes(game)
        self._interval_s = 1 / rate_hz
        self.unanswered = 0  # frames on which an answer was no number

    @classmethod
    def of(
        cls, run: Run, plugins: Plugins, game: Game, *, rate_hz: float, settings: Mapping[str, Any] | None = None,
        engine: EngineSpec = DEFAULT_ENGINE, awaited: Iterable[str] | None = None,
    ) -> RunPolicy:  # fmt: skip
        """Make a driver of a run. `settings` are laid over the controller settings it was trained with.

        `awaited` is telemetry that the device will tell, if not with its first frame.
        Units:   rate_hz frames a second of the device it is to play on.
        Raises:  Mismatch when the run does not fit the game or the device, and says what to do; as Predictor.of.
        """
        if not is_playable(game):
            raise BadValue(f"{game.name} has no controls, so nothing can be played.")
        run.check_plays(game, rate_hz)
        wanted = {**run.controller, **(settings or {})}
        controller, zones = open_controller(game, wanted), zones_of(game, wanted.get("dead_zones", {}))
        asked = open_asked(run, plugins, engine, rate_hz=rate_hz, game=game, awaited=awaited)
        return cls(asked, run, game, controller, rate_hz=rate_hz, zones=zones)

    def answered(self, captured: CapturedFrame) -> Action:
        """Say what to hold. Raises PluginError for a controller that answers no numbers."""
        self._controller.see(captured.telemetry)
        if not are_numbers(self.predictions):
            # Nothing is held by a network that does not know.
            self.unanswered += 1
            self.predictions = {name: np.zeros_like(answer) for name, answer in self.predictions.items()}
            self._held = {}
            return {}
        told = self._played(self.predictions)
        action = self._controller.act(told, self._interval_s)
        try:
            self.overruled(action)
        except (AttributeError, TypeError) as error:
            raise PluginError(f"The controller answers {action!r}; `act` must say code -> number.") from error
        return action

    def overruled(self, action: Action) -> None:
        """Take what is pressed; a key held for a share of the interval is let go of when the next frame comes."""
        self._held = {code: value for code, value in action.items() if value >= 1 or code in self._axes}

    def swap(self, weights: Mapping[str, Tensor]) -> None:
        """Put other weights in place between two decisions; what is remembered goes on. Raises as its engine."""
        self.predictor.engine.swap(weights)

    def reset(self, held: Held) -> None:
        """Begin anew, and so the controller."""
        super().reset(held)
        self._played.reset(held)
        self._controller.reset(held)


def open_policy(
    home: Home, plugins: Plugins, game: Game, name: str, *, rate_hz: float,
    settings: Mapping[str, Any] | None = None, engine: EngineSpec = DEFAULT_ENGINE,
    awaited: Iterable[str] | None = None,
) -> RunPolicy:  # fmt: skip
    """Find a run by name, or the newest, and make a driver of it."""
    run = RunCatalogue(home=home, game=game).player(name)
    return RunPolicy.of(run, plugins, game, rate_hz=rate_hz, settings=settings, engine=engine, awaited=awaited)
