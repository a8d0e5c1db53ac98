"""Drives the world instead of comparing labels: every driver over the same unseen seeds, scored by the world.

policies x seeds -> one rollout each (worker processes) -> measures at its end -> table with intervals
"""

from __future__ import annotations

import functools
import math
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from playhead.control.loop import Watcher, never
from playhead.devices import open_device
from playhead.errors import DeviceFailed
from playhead.evaluation.config import EvaluationConfig
from playhead.evaluation.policies import EXPERT, EvaluatedPolicy, open_policy
from playhead.evaluation.statistics import Episode, ScoreTable
from playhead.game import Game
from playhead.playing.session import play
from playhead.plugins import Plugins
from playhead.threads import one_thread_each


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """One episode to be driven: plain data, so that another process can do it."""

    policy: EvaluatedPolicy
    config: EvaluationConfig
    seed: int


@one_thread_each()
def rollout(
    job: Rollout, plugins: Plugins, *, watchers: Sequence[Watcher] = (), stop: Callable[[], bool] = never
) -> Episode:
    """Drive one episode and return the world's measures at its end.

    Raises:  KeyboardInterrupt when it is stopped before: half a rollout has no score.
    """
    config = job.config
    options = {**config.options, "seed": job.seed}
    with open_device(plugins, plugins.game(config.game), config.device, options=options) as device:
        driver = open_policy(job.policy, plugins, device, job.seed)
        summary = play(
            device,
            driver,
            duration_s=config.seconds_s,
            latency_s=config.latency_s if job.policy.kind == "run" else 0.0,
            watchers=watchers,
            stop=stop,
        )
    if summary.report.ending == "stopped":
        raise KeyboardInterrupt
    return Episode(
        driver=job.policy.name,
        seed=job.seed,
        measures=summary.measures,
        unanswered=getattr(driver, "unanswered", 0),
    )


OnEpisode = Callable[[Episode], object]
LoadPlugins = Callable[[], Plugins]


def evaluate_closed_loop(
    game: Game,
    plugins: Plugins,
    drivers: Sequence[EvaluatedPolicy],
    seeds: Sequence[int],
    config: EvaluationConfig,
    *,
    workers: int = 1,
    progress: OnEpisode = lambda episode: None,
    load_plugins: LoadPlugins = Plugins.installed,
) -> ScoreTable:
    """Let every driver drive every seed and return the table of what the world measured.

    With several workers the rollouts run in processes of their own, each of which loads its own plugins with
    `load_plugins`. Raises: whatever a rollout raises; KeyboardInterrupt ends all of them.
    """
    rollouts = [Rollout(policy=c, config=config, seed=seed) for seed in seeds for c in drivers]
    order = {policy.name: place for place, policy in enumerate(drivers)}
    episodes = []
    for episode in _all_done(rollouts, plugins, workers, load_plugins):
        episodes.append(episode)
        progress(episode)
    episodes.sort(key=lambda episode: (order[episode.driver], episode.seed))
    measures = game.world.measures if game.world is not None else ()
    settings = {
        "device": config.device,
        "reset": {},
        **config.options,
        "seconds": None if math.isinf(config.seconds_s) else config.seconds_s,
        "latency_s": config.latency_s,
    }
    return ScoreTable(episodes=episodes, measures=measures, expert=EXPERT, settings=settings)


def _all_done(
    rollouts: Sequence[Rollout], plugins: Plugins, workers: int, load_plugins: LoadPlugins
) -> Iterator[Episode]:
    if workers <= 1 or len(rollouts) <= 1:
        for job in rollouts:
            yield rollout(job, plugins)
        return
    # Not fork: it copies the locks and threads of torch and of the renderer.
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(min(workers, len(rollouts)), context, initializer=_begin_worker, initargs=(stop,))
    try:
        futures = [pool.submit(_far_rollout, job, load_plugins) for job in rollouts]
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


def _far_rollout(job: Rollout, load_plugins: LoadPlugins) -> Episode:
    return rollout(job, _far_plugins(load_plugins), stop=_stopping["worker"])
