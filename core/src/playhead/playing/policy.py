"""A run as a driver: window by time, network, controller. Refuses at once what it cannot play."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from torch import Tensor

from playhead.capture import CapturedFrame
from playhead.control.drivers import Action, Driver, Held
from playhead.control.loop import axis_codes
from playhead.errors import BadValue, Mismatch, PluginError
from playhead.events import Origin
from playhead.game import Game, is_playable
from playhead.home import Home
from playhead.inputs import CAMERAS
from playhead.models import DEFAULT_ENGINE, EngineSpec
from playhead.models.catalogue import RunCatalogue
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.playing.controllers import Controller, Predictions, open_controller
from playhead.playing.derived import PlayedHeads, held_heads
from playhead.playing.history import History
from playhead.playing.states import States
from playhead.plugins import Plugins


class RunPolicy(Driver):
    """A trained network in control. `predictions` is what it said last, for whoever watches.

    A network that remembers is asked frame by frame and carries its state, any other window by window. What it is
    told of past actions is what it pressed itself, from what was held when it began on.
    """

    origin = Origin.MODEL

    def __init__(
        self, predictor: Predictor, history: History, controller: Controller, *, rate_hz: float,
        shape: tuple[int, int, int],
        states: States | None = None, axes: frozenset[str] = frozenset(), played: PlayedHeads | None = None,
    ) -> None:  # fmt: skip
        self._predictor = predictor
        self._history = history
        self._controller = controller
        self._states = states
        self._played = played
        self._axes = axes
        self._held: Held = {}
        self._interval_s, self._shape = 1 / rate_hz, shape
        self.predictions: Predictions = {}
        self.unanswered = 0  # frames on which an answer was no number

    @classmethod
    def of(
        cls, run: Run, plugins: Plugins, game: Game, *, rate_hz: float, settings: Mapping[str, Any] | None = None,
        best: bool = False, engine: EngineSpec = DEFAULT_ENGINE, awaited: Iterable[str] | None = None,
    ) -> RunPolicy:  # fmt: skip
        """Make a driver of a run. `settings` are laid over the controller settings it was trained with.

        `awaited` is telemetry that the device will tell, if not with its first frame.

        Units:   rate_hz frames a second of the device it is to play on.
        Raises:  Mismatch when the run does not fit the game or the device, and says what to do; as Predictor.of.
        """
        if not is_playable(game):
            raise BadValue(f"{game.name} has no controls, so nothing can be played.")
        run.check_plays(game, rate_hz)
        controller = open_controller(game, {**run.controller, **(settings or {})})
        predictor = Predictor.of(run, plugins, engine, best=best)
        steps = predictor.network.is_stateful
        policy = cls(
            predictor, history_of(run, rate_hz, steps=steps, game=game, awaited=awaited), controller,
            rate_hz=rate_hz, shape=run.frame.shape, axes=axis_codes(game),
            states=States(stride_s=run.spec.stride_s, rate_hz=rate_hz) if steps else None,
            played=PlayedHeads(run.schema, game),
        )  # fmt: skip
        warm_up(predictor, run)
        return policy

    def decide(self, captured: CapturedFrame) -> Action:
        """Look at the newest frame and those before it, and say what to hold.

        Raises:  Mismatch for a picture of another size, PluginError for a controller that answers no numbers.
        """
        if captured.frame_HWC.shape != self._shape:
            raise Mismatch(
                f"The device shows pictures of {captured.frame_HWC.shape}, the run looks at {self._shape}: its "
                "capture must give the frame of the game."
            )
        self._history.add(captured, self._held)
        window = self._history.window()
        if self._states is None:
            self.predictions, after = self._predictor.decide(window), None
        else:
            self.predictions, after = self._predictor.step(window, self._states.before(captured.time_ns))
        if not all(np.isfinite(answer).all() for answer in self.predictions.values()):
            # Telemetry that is no number, for one. Nothing is held by a network that does not know, nor kept.
            self.unanswered += 1
            self.predictions = {name: np.zeros_like(answer) for name, answer in self.predictions.items()}
            self._held = {}
            return {}
        if self._states is not None:
            self._states.add(captured.time_ns, after)
        told = self.predictions if self._played is None else self._played(self.predictions)
        action = self._controller.act(told, self._interval_s)
        # A key pressed for a share of the interval is let go of when the next frame comes.
        try:
            self._held = {code: value for code, value in action.items() if value >= 1 or code in self._axes}
        except (AttributeError, TypeError) as error:
            raise PluginError(f"The controller answers {action!r}; `act` must say code -> number.") from error
        return action

    def swap(self, weights: Mapping[str, Tensor]) -> None:
        """Put other weights in place between two decisions; what is remembered goes on. Raises as its engine."""
        self._predictor.engine.swap(weights)

    def reset(self, held: Held) -> None:
        """Begin anew. The frames seen stay: what is looked at is the same whoever drove; what was held is not."""
        self._held = dict(held)
        self._history.reset()
        self._controller.reset(held)
        if self._states is not None:
            self._states.clear()


def history_of(
    run: Run,
    rate_hz: float,
    *,
    steps: bool = False,
    game: Game | None = None,
    awaited: Iterable[str] | None = None,
) -> History:
    """Return the memory for the windows that a run looks at, or for the steps of one that remembers.

    Past actions of derived heads are known from `game`.

    Units:  rate_hz frames a second of the device.
    """
    controls: Mapping[str, str] = run.game.get("controls", {})
    inputs = run.spec.stepped_inputs if steps else run.recipe.named_inputs
    return History(
        inputs,
        rate_hz=rate_hz,
        positions_s=run.recipe.positions_s,
        schema=run.schema,
        controls=controls,
        following=held_heads(run.schema, game),
        awaited=awaited,
    )


def warm_up(predictor: Predictor, run: Run) -> None:
    """Answer one black window: the first answer takes torch five times as long as the next ones."""
    steps = predictor.network.is_stateful
    history = history_of(run, run.rate_hz, steps=steps)
    telemetry = {one.source: 0.0 for one in run.recipe.named_inputs.values() if not one.is_pictures}
    black_HWC = np.zeros(run.frame.shape, dtype=np.uint8)
    cameras = {one.source.removeprefix(CAMERAS): black_HWC for one in run.recipe.named_inputs.values()}
    history.add(CapturedFrame(frame_HWC=black_HWC, time_ns=0, number=0, telemetry=telemetry, cameras=cameras))
    if steps:
        predictor.step(history.window(), None)
    else:
        predictor.decide(history.window())


def open_policy(
    home: Home, plugins: Plugins, game: Game, name: str, *, rate_hz: float,
    settings: Mapping[str, Any] | None = None, engine: EngineSpec = DEFAULT_ENGINE,
    awaited: Iterable[str] | None = None,
) -> RunPolicy:  # fmt: skip
    """Find a run by name, or the newest, and make a driver of it."""
    run = RunCatalogue(home=home, game=game).player(name)
    return RunPolicy.of(run, plugins, game, rate_hz=rate_hz, settings=settings, engine=engine, awaited=awaited)
