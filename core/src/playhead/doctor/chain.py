"""How long it takes from what the game shows to the key that answers: capture, preparation, network, key."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playhead.capture import Capture, CapturedFrame
from playhead.clock import NS_PER_S
from playhead.devices import DeviceSession
from playhead.doctor.finding import Finding
from playhead.errors import DeviceFailed, NotFound
from playhead.game import Game
from playhead.home import Home
from playhead.input import Input
from playhead.models import DEFAULT_ENGINE, EngineSpec
from playhead.models.building import build_network
from playhead.models.catalogue import RunCatalogue
from playhead.models.network_part import model_spec
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.playing.history import History
from playhead.plugins import Plugins
from playhead.training.auto import default_of
from playhead.training.recipe import Recipe

NAME = "chain"
NS_PER_MS = 1e6
UNTIMED = 5  # the first answers take torch several times as long as the next ones


@dataclass(frozen=True, kw_only=True)
class Chain:
    """What was measured. Units: medians in milliseconds, in the order things happen."""

    sections_ms: Mapping[str, float]
    network: str

    @property
    def delay_s(self) -> float:
        """Seconds from look to press."""
        return sum(self.sections_ms.values()) / 1000


@dataclass(frozen=True, kw_only=True)
class Brain:
    """A network, what it wants to see, and what it is called. Units: rate_hz frames a second it is played at."""

    predictor: Predictor
    recipe: Recipe
    name: str
    rate_hz: float

    @classmethod
    def of(
        cls, home: Home, plugins: Plugins, session: DeviceSession, run_name: str = "",
        engine: EngineSpec = DEFAULT_ENGINE,
    ) -> Brain:  # fmt: skip
        """Open a run, or build what the default recipe would train: an untrained network is as slow.

        A window is looked at as often as the run wants, unless a rate was asked for: as `play` does.
        Raises:  NotFound for a run that was named and does not exist, Mismatch for one that cannot play here.
        """
        game = session.game
        catalogue = RunCatalogue(home=home, game=game)
        try:
            run: Run = catalogue.player(run_name)
        except NotFound:
            if run_name:
                raise
            return cls._untrained(plugins, session, engine)
        is_free = not session.capabilities.episodes and "rate_hz" not in session.options
        rate_hz = run.rate_hz if is_free else session.rate_hz
        run.check_plays(game, rate_hz)
        predictor = Predictor.of(run, plugins, engine)
        return cls(predictor=predictor, recipe=run.recipe, name=f"run {run.name}", rate_hz=rate_hz)

    @classmethod
    def _untrained(cls, plugins: Plugins, session: DeviceSession, asked: EngineSpec) -> Brain:
        game = session.game
        recipe = default_of(game)
        spec = model_spec(game.to_json(), game.needed_schema, game.needed_frame, recipe)
        network = build_network(plugins, recipe.model, spec)
        engine = plugins.get("engine", asked.name)(network, asked.device)
        predictor = Predictor(network, game.schema, engine)
        return cls(predictor=predictor, recipe=recipe, name="an untrained network", rate_hz=session.rate_hz)


def measure_chain(
    session: DeviceSession, capture: Capture, brain: Brain, *, seconds: float, key_ms: float = 0.0,
    pressed: Input | None = None, now_ns: Callable[[], int] = time.perf_counter_ns,
) -> Chain:  # fmt: skip
    """Go through the chain for a while.

    A device of a real game tells how old its frames are; a world (`pressed` is its input) is timed while it
    draws and while it takes a key. Units: key_ms is what a real key took.
    Raises:  DeviceFailed when the source ends too early.
    """
    history = History(
        brain.recipe.named_inputs,
        rate_hz=brain.rate_hz,
        schema=brain.predictor.schema,
        controls=session.game.controls,
    )
    rows: list[tuple[float, ...]] = []
    period_ns = round(NS_PER_S / brain.rate_hz)
    due_ns = session.clock.now_ns()
    for _ in range(max(3, round(seconds * brain.rate_hz)) + UNTIMED):
        began_ns = now_ns()
        captured = capture.look()
        if captured is None:
            break
        looked_ns = now_ns() - began_ns if pressed is not None else session.clock.now_ns() - captured.time_ns
        times_ns = [looked_ns, *_thought(brain, history, captured, now_ns)]
        if pressed is not None:
            times_ns.append(_sent(pressed, session.game, now_ns))
        rows.append(tuple(time_ns / NS_PER_MS for time_ns in times_ns))
        due_ns += period_ns
        session.clock.sleep_until(due_ns)
    if len(rows) <= UNTIMED:
        raise DeviceFailed(f"The source ended after {len(rows)} frames. Start the game and try again.")
    medians = [statistics.median(column) for column in zip(*rows[UNTIMED:], strict=True)]
    medians += [key_ms] if pressed is None else []
    names = ("capture", "prepare", "network", "key")
    return Chain(sections_ms=dict(zip(names, medians, strict=True)), network=brain.name)


def _thought(
    brain: Brain, history: History, captured: CapturedFrame, now_ns: Callable[[], int]
) -> tuple[int, int]:
    """Return how long preparing and answering took."""
    began_ns = now_ns()
    history.add(captured)
    prepared = brain.predictor.prepare({name: array[None] for name, array in history.window().items()})
    prepared_ns = now_ns()
    brain.predictor.predict_prepared(prepared)
    return prepared_ns - began_ns, now_ns() - prepared_ns


def _sent(pressed: Input, game: Game, now_ns: Callable[[], int]) -> int:
    code = next(iter(game.controls.values()), "")
    if not code:
        return 0
    began_ns = now_ns()
    pressed.send(code, 1.0)
    took_ns = now_ns() - began_ns
    pressed.release_all()
    return took_ns


def check_chain(chain: Chain, rate_hz: float) -> Finding:
    """Say what takes how long; it must fit between two frames, capture aside, which goes on beside it."""
    parts = " + ".join(f"{name} {value:.1f}" for name, value in chain.sections_ms.items())
    says = f"{parts} = {1000 * chain.delay_s:.1f} ms, {chain.network}"
    deciding_ms = chain.sections_ms["prepare"] + chain.sections_ms["network"]
    value = 1000 * chain.delay_s
    if deciding_ms <= 1000 / rate_hz:
        return Finding(name=NAME, status="ok", says=says, value=value, unit="ms")
    then = (
        f"At {rate_hz:g} frames/s there are {1000 / rate_hz:.1f} ms for an answer: frames will be dropped. Close "
        "other programs, take a smaller network, or ask for less: --set rate_hz=20."
    )
    return Finding(name=NAME, status="not ok", says=says, value=value, unit="ms", then=then)
