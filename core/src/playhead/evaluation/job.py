"""What is asked of an evaluation, and who watches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from playhead.data.source import Source
from playhead.errors import BadValue
from playhead.evaluation.closed_loop import LoadPlugins, evaluate_closed_loop
from playhead.evaluation.config import EvaluationConfig
from playhead.evaluation.metrics import DEFAULT_TOLERANCE_S
from playhead.evaluation.policies import EvaluatedPolicy
from playhead.evaluation.statistics import ScoreTable
from playhead.game import Game
from playhead.models import DEFAULT_ENGINE, EngineSpec
from playhead.models.run import Run
from playhead.playing.guards import GuardSpec
from playhead.playing.stuck import StuckSettings
from playhead.plugins import Plugins
from playhead.progress import Progress

if TYPE_CHECKING:
    from playhead.evaluation.results import Evaluation


@dataclass(kw_only=True)
class EvaluationJob:
    """What to evaluate, on what.

    Without `recordings` no labels are compared; without a `config` nothing is driven. `drivers` are names of
    policies, empty for the usual ones; `controller` goes before the run's own settings of it; drivers may have
    a `guard`, and a network that stands gets out by `stuck`. `layer` names the
    label layer that is the truth: None that of the run's recipe, "recorded" what was recorded. `engine` asks the
    network, here and where it drives. `max_windows` bounds how many windows are asked about. `ood` are recordings
    of what the run has no class for (data/ood.py).
    `delays_s` and `drops` are what the network is disturbed by in further rollouts (evaluation/tolerance.py).
    With `with_replays` presses are replayed otherwise, to know which of them can be seen (evaluation/replays.py).
    `options` are what was set for the world, or for a training method that judges by itself; `then` says what to
    do where there is nothing to measure on.
    Units:  tolerance_s seconds a press may be early or late.
    """

    game: Game
    run: Run
    plugins: Plugins
    recordings: Sequence[Source] = ()
    ood: Sequence[Source] = ()
    layer: str | None = None
    only_held_out: bool = True
    config: EvaluationConfig | None = None
    drivers: Sequence[str] = ()
    controller: Mapping[str, Any] = field(default_factory=dict)
    guard: GuardSpec | None = None
    stuck: StuckSettings | None = None
    engine: EngineSpec = DEFAULT_ENGINE
    seeds: Sequence[int] = ()
    with_replays: bool = False
    delays_s: Sequence[float] = ()
    drops: Sequence[float] = ()
    workers: int = 1
    max_windows: int = 20_000
    tolerance_s: float = DEFAULT_TOLERANCE_S
    options: Mapping[str, Any] = field(default_factory=dict)
    then: str = ""
    command: str = ""
    with_clip: bool = True
    watch: Progress = field(default_factory=Progress)
    load_plugins: LoadPlugins = Plugins.installed

    def drive(self, policies: Sequence[EvaluatedPolicy], config: EvaluationConfig, title: str) -> ScoreTable:
        """Let policies drive on all seeds, watched as the part of this title."""
        with self.watch.part(title, len(policies) * len(self.seeds)) as advance:
            return evaluate_closed_loop(
                self.game, self.plugins, policies, self.seeds, config,
                workers=self.workers, progress=lambda episode: advance(1), load_plugins=self.load_plugins,
            )  # fmt: skip

    def as_usual(self) -> Evaluation:
        """Judge by labels and in closed loop, as a run is whose training method has no evaluation of its own.

        Raises:  BadValue when there is neither a recording nor a world.
        """
        from playhead.evaluation.evaluate import evaluate  # which reads a job

        if self.config is None and not self.recordings:
            raise BadValue(
                f"There is nothing to measure {self.run.name} on: no world, and no recording that it kept for "
                f"that. {self.then}".rstrip()
            )
        return evaluate(self)
