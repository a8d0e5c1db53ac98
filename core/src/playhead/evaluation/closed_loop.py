"""Drives the world instead of comparing labels: every driver over the same unseen seeds, scored by the world.

policies x seeds -> one drive each (worker processes) -> measures at its end -> table with intervals
"""

from __future__ import annotations

import functools
import math
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from playhead.control.loop import Watcher, never
from playhead.devices import merged, open_device
from playhead.errors import BadValue, DeviceFailed, not_found
from playhead.evaluation.policies import EXPERT, EvaluatedPolicy, open_policy
from playhead.evaluation.statistics import Episode, ScoreTable
from playhead.game import Game, World
from playhead.playing.session import play
from playhead.plugins import Plugins


@dataclass(frozen=True, kw_only=True)
class Course:
    """What is driven, the same for every policy.

    `options` go to the device, over its own; `reset` options to the environment, over the world's test_options.
    Units:  seconds_s on the world's clock, infinite until the episode ends; latency_s between look and press.
    """

    game: str
    device: str
    options: Mapping[str, Any] = field(default_factory=dict)
    seconds_s: float = math.inf
    latency_s: float = 0.0


def course_of(
    game: Game,
    device: str = "world",
    *,
    scenario: str = "",
    seconds_s: float = math.inf,
    latency_s: float = 0.0,
    rate_hz: float | None = None,
    settings: Mapping[str, Any] = MappingProxyType({}),
) -> Course:
    """Return the course of a game's world with its test options, in a scenario (its first, unless named).

    `settings` are options of the device that go before all others.

    Raises:  NotFound for an unknown device or scenario, BadValue for a device that is no environment.
    """
    if game.device(device).capture != "environment" or game.world is None:
        raise BadValue(
            f"{game.name} on {device} cannot be driven by measure: only a stand-in world counts what happens. "
            "Pass --on with the world's device, or --on none to compare labels only."
        )
    reset = {**_scenario_options(game.world, game.name, scenario), **game.world.test_options}
    options: dict[str, Any] = {"reset": reset} if reset else {}
    if rate_hz is not None:
        options["rate_hz"] = rate_hz
    options = merged(options, settings)
    return Course(game=game.name, device=device, options=options, seconds_s=seconds_s, latency_s=latency_s)


def _scenario_options(world: World, game: str, name: str) -> Mapping[str, Any]:
    if name and name not in world.scenarios:
        raise not_found(f"scenario of {game}", name, world.scenarios)
    scenario = world.scenarios[name] if name else next(iter(world.scenarios.values()), None)
    return scenario.options if scenario is not None else {}


@dataclass(frozen=True, kw_only=True)
class Drive:
    """One episode to be driven: plain data, so that another process can do it."""

    policy: EvaluatedPolicy
    course: Course
    seed: int


def drive_once(
    drive: Drive, plugins: Plugins, *, watchers: Sequence[Watcher] = (), stop: Callable[[], bool] = never
) -> Episode:
    """Drive one episode and return the world's measures at its end.

    Raises:  KeyboardInterrupt when it is stopped before: half a drive has no score.
    """
    course = drive.course
    options = {**course.options, "seed": drive.seed}
    with open_device(plugins, plugins.game(course.game), course.device, options=options) as device:
        driver = open_policy(drive.policy, plugins, device, drive.seed)
        summary = play(
            device,
            driver,
            duration_s=course.seconds_s,
            latency_s=course.latency_s if drive.policy.kind == "run" else 0.0,
            watchers=watchers,
            stop=stop,
        )
    if summary.report.ending == "stopped":
        raise KeyboardInterrupt
    return Episode(
        driver=drive.policy.name,
        seed=drive.seed,
        measures=summary.measures,
        unanswered=getattr(driver, "unanswered", 0),
    )


Progress = Callable[[Episode], object]
LoadPlugins = Callable[[], Plugins]


def evaluate_closed_loop(
    game: Game,
    plugins: Plugins,
    drivers: Sequence[EvaluatedPolicy],
    seeds: Sequence[int],
    course: Course,
    *,
    workers: int = 1,
    progress: Progress = lambda episode: None,
    load_plugins: LoadPlugins = Plugins.installed,
) -> ScoreTable:
    """Let every driver drive every seed and return the table of what the world measured.

    With several workers the drives run in processes of their own, each of which loads its own plugins with
    `load_plugins`. Raises: whatever a drive raises; KeyboardInterrupt ends all of them.
    """
    drives = [Drive(policy=c, course=course, seed=seed) for seed in seeds for c in drivers]
    order = {policy.name: place for place, policy in enumerate(drivers)}
    episodes = []
    for episode in _all_driven(drives, plugins, workers, load_plugins):
        episodes.append(episode)
        progress(episode)
    episodes.sort(key=lambda episode: (order[episode.driver], episode.seed))
    measures = game.world.measures if game.world is not None else ()
    settings = {
        "device": course.device,
        "reset": {},
        **course.options,
        "seconds": None if math.isinf(course.seconds_s) else course.seconds_s,
        "latency_s": course.latency_s,
    }
    return ScoreTable(episodes=episodes, measures=measures, expert=EXPERT, settings=settings)


def _all_driven(
    drives: Sequence[Drive], plugins: Plugins, workers: int, load_plugins: LoadPlugins
) -> Iterator[Episode]:
    if workers <= 1 or len(drives) <= 1:
        for drive in drives:
            yield drive_once(drive, plugins)
        return
    # Not fork: it copies the locks and threads of torch and of the renderer.
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(min(workers, len(drives)), context, initializer=_begin_worker, initargs=(stop,))
    try:
        futures = [pool.submit(_far_drive, drive, load_plugins) for drive in drives]
        for future in as_completed(futures):
            yield future.result()
    except BrokenProcessPool as error:
        raise DeviceFailed(
            "A process that drove the world died, perhaps for lack of memory. Try --workers 1."
        ) from error
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


_stopping: dict[str, Callable[[], bool]] = {}


def _begin_worker(stop: Any) -> None:
    """Ctrl-C reaches every process of a terminal; only the first one decides, and tells the others by `stop`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _stopping["worker"] = stop.is_set


@functools.cache
def _far_plugins(load_plugins: LoadPlugins) -> Plugins:
    return load_plugins()


def _far_drive(drive: Drive, load_plugins: LoadPlugins) -> Episode:
    return drive_once(drive, _far_plugins(load_plugins), stop=_stopping["worker"])
