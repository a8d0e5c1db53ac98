"""Asks a run about the newest frame: remembers what it looks at, and its state where it has one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from playhead.capture import CapturedFrame
from playhead.control.drivers import Action, Driver, Held
from playhead.errors import Mismatch
from playhead.events import Origin
from playhead.game import Game
from playhead.inputs import CAMERAS
from playhead.models import EngineSpec
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.playing.controllers import Predictions
from playhead.playing.derived import held_heads
from playhead.playing.history import History
from playhead.playing.states import States
from playhead.plugins import Plugins

Asked = tuple[Predictor, History, States | None]


class Asking(Driver):
    """A run as a driver: one that remembers is stepped and carries its state, any other asked window by window.

    `predictions` is what it said last; what comes of them a subclass says in `answered`.
    """

    origin = Origin.MODEL

    def __init__(self, asked: Asked, run: Run) -> None:
        self.predictor, self._history, self._states = asked
        self._shape = run.frame.shape
        self._held: Held = {}
        self.predictions: Predictions = {}

    def decide(self, captured: CapturedFrame) -> Action | None:
        """Look at the newest frame and those before it, and say what to hold.

        A state that comes with an answer that is no number is not kept.
        Raises:  Mismatch for a picture of another size.
        """
        if captured.frame_HWC.shape != self._shape:
            raise Mismatch(
                f"The device shows pictures of {captured.frame_HWC.shape}, the run looks at {self._shape}: its "
                "capture must give the frame of the game."
            )
        self._history.add(captured, self._held)
        window = self._history.window()
        if self._states is None:
            self.predictions = self.predictor.decide(window)
        else:
            self.predictions, after = self.predictor.step(window, self._states.before(captured.time_ns))
            if are_numbers(self.predictions):
                self._states.add(captured.time_ns, after)
        return self.answered(captured)

    def answered(self, captured: CapturedFrame) -> Action | None:
        """Return what to hold, by the predictions."""
        raise NotImplementedError

    def reset(self, held: Held) -> None:
        """Begin anew. The frames seen stay: what is looked at is the same whoever drove; what was held is not."""
        self._held = dict(held)
        self._history.reset()
        if self._states is not None:
            self._states.clear()


def open_asked(
    run: Run, plugins: Plugins, engine: EngineSpec, *, rate_hz: float, game: Game | None = None,
    awaited: Iterable[str] | None = None,
) -> Asked:  # fmt: skip
    """Open a run, and ask it once: the first answer takes torch five times as long as the next ones.

    `awaited` is telemetry that the device will tell, if not with its first frame.
    Units:   rate_hz frames a second of the device.
    Raises:  as Predictor.of.
    """
    predictor = Predictor.of(run, plugins, engine)
    steps = predictor.network.is_stateful
    states = States(stride_s=run.spec.stride_s, rate_hz=rate_hz) if steps else None
    inputs = run.recipe.named_inputs.values()
    black_HWC = np.zeros(run.frame.shape, dtype=np.uint8)
    telemetry = {one.source: 0.0 for one in inputs if not one.is_pictures}
    cameras = {one.source.removeprefix(CAMERAS): black_HWC for one in inputs}
    first = history_of(run, run.rate_hz, steps=steps)
    first.add(CapturedFrame(frame_HWC=black_HWC, time_ns=0, number=0, telemetry=telemetry, cameras=cameras))
    predictor.step(first.window(), None) if steps else predictor.decide(first.window())
    return predictor, history_of(run, rate_hz, steps=steps, game=game, awaited=awaited), states


def are_numbers(predictions: Predictions) -> bool:
    """Whether a network knows: telemetry that is no number, for one, makes answers that are none."""
    return all(np.isfinite(answer).all() for answer in predictions.values())


def history_of(
    run: Run, rate_hz: float, *, steps: bool = False, game: Game | None = None,
    awaited: Iterable[str] | None = None,
) -> History:  # fmt: skip
    """Return the memory for the windows that a run looks at, or for the steps of one that remembers.

    Past actions of derived heads are known from `game`.
    Units:  rate_hz frames a second of the device.
    """
    controls: Mapping[str, str] = run.game.get("controls", {})
    return History(
        run.spec.stepped_inputs if steps else run.recipe.named_inputs,
        rate_hz=rate_hz,
        positions_s=run.recipe.positions_s,
        schema=run.schema,
        controls=controls,
        following=held_heads(run.schema, game),
        awaited=awaited,
    )
