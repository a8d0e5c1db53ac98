"""Drives the world instead of comparing labels: every driver over the same unseen seeds, scored by the world.

policies x seeds -> one rollout each (worker processes) -> measures at its end -> table with intervals
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from playhead.capabilities import capabilities_of, check_episodes
from playhead.control.blind import RANDOM
from playhead.control.loop import Watcher, never
from playhead.devices import open_device
from playhead.errors import PlayheadError
from playhead.evaluation.config import EvaluationConfig
from playhead.evaluation.policies import EXPERT, EvaluatedPolicy, open_policy
from playhead.evaluation.statistics import Episode, ScoreTable
from playhead.game import Game, Measure
from playhead.playing.session import play
from playhead.plugins import Plugins
from playhead.progress import Advance
from playhead.threads import one_thread_each
from playhead.workers import run_jobs

STEPPED_IN = Measure(
    name="guarded_share", title="guarded", better="lower", kind="share"
)  # decisions that a guard changed


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
            latency_s=config.latency_s + job.policy.delay_s if job.policy.kind == "run" else 0.0,
            watchers=watchers,
            stop=stop,
        )
    if summary.report.ending == "stopped":
        raise KeyboardInterrupt
    return Episode(
        driver=job.policy.name,
        seed=job.seed,
        measures={**summary.measures, **({STEPPED_IN.name: driver.stepped_in_share} if job.policy.guard else {})},
        unanswered=driver.unanswered,
    )


OnEpisode = Callable[[Episode], object]
LoadPlugins = Callable[[], Plugins]


def evaluate_closed_loop(
    game: Game,
    plugins: Plugins,
    policies: Sequence[EvaluatedPolicy],
    seeds: Sequence[int],
    config: EvaluationConfig,
    *,
    workers: int = 1,
    progress: OnEpisode = lambda episode: None,
    load_plugins: LoadPlugins = Plugins.installed,
) -> ScoreTable:
    """Let every policy drive every seed and return the table of what the world measured.

    With several workers the rollouts run in processes of their own, each of which loads its own plugins with
    `load_plugins`. A rollout that fails ends none of the others: the table says so (`failed`) and leaves it out.
    Raises:  what a rollout raises, where none came to its end; KeyboardInterrupt ends all of them.
    """
    check_episodes(capabilities_of(plugins, game, config.device), game, config.device, "Driving by measure needs")
    rollouts = [Rollout(policy=policy, config=config, seed=seed) for seed in seeds for policy in policies]
    order = {policy.name: place for place, policy in enumerate(policies)}
    load = load_plugins if workers > 1 and len(rollouts) > 1 else lambda: plugins
    episodes: list[Episode] = []
    errors: list[tuple[Rollout, PlayheadError]] = []
    for episode in run_jobs(
        partial(_rollout, load), rollouts, workers=workers, name_of=_name, tries=2,
        failed=lambda job, error: errors.append((job, error)),
    ):  # fmt: skip
        episodes.append(episode)
        progress(episode)
    if errors and not episodes:
        raise errors[0][1]
    episodes.sort(key=lambda episode: (order[episode.driver], episode.seed))
    measures = game.world.measures if game.world is not None else ()
    if any(policy.guard for policy in policies):
        measures = (*measures, STEPPED_IN)
        episodes = [replace(one, measures={STEPPED_IN.name: 0.0, **one.measures}) for one in episodes]
    settings = {
        "device": config.device,
        "reset": {},
        **config.options,
        "seconds": None if math.isinf(config.seconds_s) else config.seconds_s,
        "latency_s": config.latency_s,
    }
    failed = [f"{_name(job)} failed and is left out: {error}" for job, error in errors]
    return ScoreTable(
        episodes=episodes, measures=measures,
        score=game.world.score if game.world is not None else "", expert=EXPERT, random=RANDOM,
        settings=settings, failed=failed,
    )  # fmt: skip


def _name(job: Rollout) -> str:
    return f"{job.policy.name} on seed {job.seed}"


@functools.lru_cache(maxsize=1)  # a worker loads once for all of its rollouts
def _loaded(load: LoadPlugins) -> Plugins:
    return load()


def _rollout(load: LoadPlugins, job: Rollout, advance: Advance, is_stopped: Callable[[], bool]) -> Episode:
    return rollout(job, _loaded(load), stop=is_stopped)
