"""Which engine asks a run's network soonest on this machine, and whether it answers and drives the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from playhead.errors import BadValue, PlayheadError
from playhead.evaluation.closed_loop import evaluate_closed_loop
from playhead.evaluation.estimates import Estimate
from playhead.evaluation.policies import NETWORK, evaluated_policies
from playhead.game import Game
from playhead.models import EngineSpec
from playhead.models.export import SAME, Found, compare, noise
from playhead.models.predictor import Predictor
from playhead.plugins import Plugins
from playhead.progress import Progress
from playhead.quantities import check_seconds, seeds
from playhead.sessions.choosing import AnyFolders, AnyRecordings
from playhead.sessions.evaluating import FIRST_SEED, chosen_config
from playhead.sessions.exporting import real_windows
from playhead.sessions.place import AnyHome, AnyPlugins, AnyRun, Place
from playhead.threads import one_thread_each

TORCH = "torch"
TURN = 10  # decisions in a row before the next engine has its turn, so that the machine is as busy for each


@dataclass(frozen=True, kw_only=True)
class EngineRow:
    """How an engine did. Units: milliseconds for one window, with its preparation; `score` the world's, if driven.

    Where it could not be asked, `because` says why.
    """

    engine: str
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    found: Found | None = None
    score: Estimate | None = None
    because: str = ""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """All engines, torch first, and the one to take here. `prepare_ms` is the part that is the same for each."""

    run: str
    rows: Sequence[EngineRow]
    prepare_ms: float
    recommended: str
    measure: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the table as plain data."""
        return asdict(self)


def bench(
    game: str | Game, *, run: AnyRun = "", decisions: int = 200, episodes: int = 0, seconds: float = 0.0,
    seed: int = FIRST_SEED, recordings: AnyRecordings = (), data: AnyFolders = (), workers: int | None = None,
    home: AnyHome = None, plugins: AnyPlugins = None, progress: Progress | bool | None = None,
) -> Bench:  # fmt: skip
    """Ask a run's network with every engine that is installed, as `playhead bench` does.

    Engines take turns at `decisions` windows of the recordings that the run kept from its training, or noise, one
    at a time and with one thread as in play. With `episodes` each also drives so many seeds of the game's world.
    Units:   seconds of a rollout, 0 until it ends.
    Raises:  PlayheadError.
    """
    check_seconds(seconds=seconds)
    place = Place.of(game, home, plugins, progress)
    found = place.player(run)
    place.say(f"Run {found.name}.")
    asked, because = _opened(place, found)
    network = asked[TORCH].network
    windows = real_windows(place, found, recordings, data, decisions) or noise(network, decisions)
    with one_thread_each():
        taken, prepare_ms = _timed(asked, windows, decisions, place.progress.part)
        compared = {name: compare(network, one.engine, windows) for name, one in asked.items()}
    rows = [
        EngineRow(
            engine=name, found=compared[name], p50_ms=float(np.percentile(taken[name], 50)),
            p99_ms=float(np.percentile(taken[name], 99)),
        )
        for name in asked
    ]  # fmt: skip
    measure, scores = _driven(place, found, list(asked), seeds(seed, episodes), seconds, workers)
    rows = [replace(row, score=scores.get(row.engine)) for row in rows]
    rows += [EngineRow(engine=name, because=reason) for name, reason in because.items()]
    return Bench(run=found.name, rows=rows, prepare_ms=prepare_ms, recommended=recommended(rows), measure=measure)


def recommended(rows: Sequence[EngineRow]) -> str:
    """Return the quickest engine whose answers are PyTorch's in nearly all windows."""
    fit = [row for row in rows if row.found is not None and row.found.same >= SAME]
    return min(fit, key=lambda row: row.p50_ms).engine if fit else TORCH


def _opened(place: Place, run: Any) -> tuple[dict[str, Predictor], dict[str, str]]:
    """Open the run with every engine that is registered; of those that cannot, say why."""
    asked: dict[str, Predictor] = {}
    because: dict[str, str] = {}
    names = place.plugins.names("engine")
    with one_thread_each():
        for name in [TORCH, *(other for other in names if other != TORCH)]:
            try:
                asked[name] = Predictor.of(run, place.plugins, EngineSpec(name=name, device="cpu"))
            except PlayheadError as error:
                if name == TORCH:
                    raise
                because[name] = str(error)
    return asked, because


def _timed(
    asked: Mapping[str, Predictor], windows: Mapping[str, Any], decisions: int, part: Callable[..., Any]
) -> tuple[dict[str, list[float]], float]:
    """Return how long each engine takes for a window, and how long preparing one takes. Units: milliseconds."""
    taken: dict[str, list[float]] = {name: [] for name in asked}
    count = len(next(iter(windows.values())))
    prepared: list[float] = []
    with part("decisions", decisions) as advance:
        for first in range(-TURN, decisions, TURN):  # the first turn warms up
            for name, predictor in asked.items():
                for number in range(first, min(first + TURN, decisions)):
                    one = {key: value[number % count] for key, value in windows.items()}
                    began_s = time.perf_counter()
                    predictor.decide(one)
                    taken[name].append(time.perf_counter() - began_s)
            one = {key: value[first % count][None] for key, value in windows.items()}
            began_s = time.perf_counter()
            next(iter(asked.values())).prepare(one)
            prepared.append(time.perf_counter() - began_s)
            advance(min(TURN, decisions - first) if first >= 0 else 0)
    return (
        {name: [1000 * time_s for time_s in times[TURN:]] for name, times in taken.items()},
        1000 * float(np.median(prepared)),
    )


def _driven(
    place: Place, run: Any, engines: Sequence[str], seeds: range, seconds_s: float, workers: int | None
) -> tuple[str, dict[str, Estimate]]:
    """Return the world's score, and what each engine comes to by it; nothing where nobody drives."""
    if not seeds:
        return "", {}
    config = chosen_config(place, run, "", "", seconds_s or float("inf"), None, {})
    world = place.game.world
    if config is None or world is None or not world.measures:
        raise BadValue(f"{place.game.name} has no world that measures a drive. Leave --episodes out.")
    policies = []
    for engine in engines:
        (network,) = evaluated_policies(place.game, run, [NETWORK], engine=EngineSpec(name=engine, device="cpu"))
        policies.append(replace(network, name=engine))
    with place.progress.part("rollouts", len(policies) * len(seeds)) as advance:
        table = evaluate_closed_loop(
            place.game, place.plugins, policies, seeds, config, workers=place.workers(workers),
            progress=lambda episode: advance(1), load_plugins=place.load_plugins or Plugins.installed,
        )  # fmt: skip
    for sentence in table.failed:
        place.say(sentence)
    return table.headline, {engine: table.estimate(engine, table.headline) for engine in engines}
