"""A run as a driver: window by time, network, controller. Refuses at once what it cannot play."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from playhead.capture import CapturedFrame
from playhead.control.drivers import Action, Driver, Held
from playhead.errors import BadValue
from playhead.events import Origin
from playhead.game import Game, is_playable
from playhead.home import Home
from playhead.models import DEFAULT_ENGINE, EngineSpec
from playhead.models.catalogue import RunCatalogue
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.playing.controllers import Controller, Predictions, open_controller
from playhead.playing.history import History
from playhead.plugins import Plugins


class RunPolicy(Driver):
    """A trained network in control. `predictions` is what it said last, for whoever watches."""

    origin = Origin.MODEL

    def __init__(self, predictor: Predictor, history: History, controller: Controller, *, rate_hz: float) -> None:
        self._predictor = predictor
        self._history = history
        self._controller = controller
        self._interval_s = 1 / rate_hz
        self.predictions: Predictions = {}
        self.unanswered = 0  # frames on which an answer was no number

    @classmethod
    def of(
        cls, run: Run, plugins: Plugins, game: Game, *, rate_hz: float, settings: Mapping[str, Any] | None = None,
        best: bool = False, engine: EngineSpec = DEFAULT_ENGINE,
    ) -> RunPolicy:  # fmt: skip
        """Make a driver of a run. `settings` are laid over the controller settings it was trained with.

        Units:   rate_hz frames a second of the device it is to play on.
        Raises:  Mismatch when the run does not fit the game or the device, and says what to do; as Predictor.of.
        """
        if not is_playable(game):
            raise BadValue(f"{game.name} has no controls, so nothing can be played.")
        run.check_plays(game, rate_hz)
        controller = open_controller(game, {**run.controller, **(settings or {})})
        predictor = Predictor.of(run, plugins, engine, best=best)
        policy = cls(predictor, history_of(run, rate_hz), controller, rate_hz=rate_hz)
        warm_up(predictor, run)
        return policy

    def decide(self, captured: CapturedFrame) -> Action:
        """Look at the newest frame and those before it, and say what to hold."""
        self._history.add(captured)
        self.predictions = self._predictor.decide(self._history.window())
        if not all(np.isfinite(answer).all() for answer in self.predictions.values()):
            # Telemetry that is no number, for one. Nothing is held by a network that does not know.
            self.unanswered += 1
            self.predictions = {name: np.zeros_like(answer) for name, answer in self.predictions.items()}
            return {}
        return self._controller.act(self.predictions, self._interval_s)

    def reset(self, held: Held) -> None:
        """Begin anew. The frames seen stay: what is looked at is the same whoever drove."""
        self._controller.reset(held)


def history_of(run: Run, rate_hz: float) -> History:
    """Return the memory for the windows that a run looks at. Units: rate_hz frames a second of the device."""
    controls: Mapping[str, str] = run.game.get("controls", {})
    return History(run.recipe.named_inputs, rate_hz=rate_hz, schema=run.schema, controls=controls)


def warm_up(predictor: Predictor, run: Run) -> None:
    """Answer one black window: the first answer takes torch five times as long as the next ones."""
    history = history_of(run, run.rate_hz)
    telemetry = {one.source: 0.0 for one in run.recipe.named_inputs.values() if not one.is_pictures}
    black_HWC = np.zeros(run.frame.shape, dtype=np.uint8)
    history.add(CapturedFrame(frame_HWC=black_HWC, time_ns=0, number=0, telemetry=telemetry))
    predictor.decide(history.window())


def open_policy(
    home: Home, plugins: Plugins, game: Game, name: str, *, rate_hz: float,
    settings: Mapping[str, Any] | None = None, engine: EngineSpec = DEFAULT_ENGINE,
) -> RunPolicy:  # fmt: skip
    """Find a run by name, or the newest, and make a driver of it."""
    run = RunCatalogue(home=home, game=game).player(name)
    return RunPolicy.of(run, plugins, game, rate_hz=rate_hz, settings=settings, engine=engine)
