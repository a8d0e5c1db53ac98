"""One evaluation from a run to everything the page shows.

    recordings not trained on -> predictions -> scores, baselines, sanity checks, examples ---\\
    pictures of no class      -> predictions -> out-of-distribution detection -------------+
    unseen seeds -> drives of every policy -> table, clip ---------------------------+-> Evaluation -> page
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Protocol

from playhead.data.ood import ood_index
from playhead.data.source import Source
from playhead.data.windows import WindowSpec
from playhead.errors import Damaged, NotANumber
from playhead.evaluation.activations import ask_with_activations
from playhead.evaluation.choice import Asked, Beside, ChoiceStudy, study_choice
from playhead.evaluation.choice_gallery import augmentation_rows, heat_rows, mistake_examples, ood_examples
from playhead.evaluation.clip import film, typical_seed
from playhead.evaluation.closed_loop import LoadPlugins, Rollout, evaluate_closed_loop
from playhead.evaluation.config import EvaluationConfig
from playhead.evaluation.examples import attention_examples, best_and_worst
from playhead.evaluation.facts import machine_facts, recipe_facts, recordings_facts, rollout_facts, run_facts
from playhead.evaluation.held_out import (
    check_recording,
    held_out_index,
    leading_windows,
    spread_windows,
    validation_index,
)
from playhead.evaluation.metrics import DEFAULT_TOLERANCE_S
from playhead.evaluation.offline import sanity_verdicts
from playhead.evaluation.policies import NETWORK, EvaluatedPolicy, evaluated_policies
from playhead.evaluation.results import Evaluation, baseline_verdicts, judge_heads, rollout_verdicts
from playhead.evaluation.statistics import number
from playhead.game import Game, is_playable
from playhead.labels import Choice, Keys
from playhead.models.network import Network
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.plugins import Plugins

Advance = Callable[[int], object]


class EvaluationProgress(Protocol):
    """Somebody who watches an evaluation: one bar for each part of it."""

    def part(self, title: str, total: int) -> AbstractContextManager[Advance]:
        """Begin a part of `total` steps; what is yielded is called with the steps done since the last call."""
        ...


class NoProgress:
    """Progress that nobody wants to see."""

    def part(self, title: str, total: int) -> AbstractContextManager[Advance]:
        """Show nothing."""
        return nullcontext(lambda steps: None)


@dataclass(kw_only=True)
class EvaluationJob:
    """What to evaluate, on what.

    Without `recordings` no labels are compared; without a `config` nothing is driven. `drivers` are names of
    policies, empty for the usual ones. `max_windows` bounds how many windows are asked about. `ood` are
    recordings of what the run has no class for (data/ood.py).
    Units:  tolerance_s seconds a press may be early or late.
    """

    game: Game
    run: Run
    plugins: Plugins
    recordings: Sequence[Source] = ()
    ood: Sequence[Source] = ()
    only_held_out: bool = True
    config: EvaluationConfig | None = None
    drivers: Sequence[str] = ()
    seeds: Sequence[int] = ()
    workers: int = 1
    max_windows: int = 20_000
    tolerance_s: float = DEFAULT_TOLERANCE_S
    command: str = ""
    with_clip: bool = True
    watch: EvaluationProgress = field(default_factory=NoProgress)
    load_plugins: LoadPlugins = Plugins.installed


def evaluate(job: EvaluationJob) -> Evaluation:
    """Measure a run and return everything that was found.

    Raises:  Mismatch when run, game and recordings do not fit, NothingToTrain without any window, NotFound.
    """
    run = job.run
    found = Evaluation(title=job.game.title, run=run.name, command=job.command)
    try:
        found.history = run.history()
    except Damaged as problem:
        found.notes.append(f"There is no curve of the training: {problem}")
    found.steps_an_epoch = run.data.get("train_windows", 0) / run.recipe.batch_size
    groups = {"Run": run_facts(run), "Recipe": recipe_facts(run)}
    if job.recordings:
        try:
            compare(job, found)
        except NotANumber as problem:
            found.predictions, found.heads, found.choices = None, (), ()
            found.notes.append(f"Predictions are not compared with labels: {problem}")
        else:
            groups["Recordings asked about"] = recordings_facts(run, found)
    if job.config is not None:
        drive_policies(job, job.config, found)
        groups["Rollouts"] = rollout_facts(found)
    found.facts = {**groups, "Machine": machine_facts()}
    return found


def compare(job: EvaluationJob, found: Evaluation) -> None:
    """Compare predictions with labels, and fill in all that follows from them."""
    run, is_acting = job.run, is_playable(job.game)
    predictor = Predictor(run.load_model(job.plugins), run.schema)
    index = held_out_index(run, job.recordings, only_held_out=job.only_held_out)
    index = (leading_windows if is_acting else spread_windows)(index, job.max_windows)
    with job.watch.part("windows", len(index)) as advance:
        asked = ask_with_activations(predictor, run, index, progress=advance)
    found.predictions, found.is_held_out, found.is_acting = asked.predictions, job.only_held_out, is_acting
    found.heads = judge_heads(asked.predictions, tolerance_s=job.tolerance_s, is_acting=is_acting)
    found.choices = study_choices(job, predictor, asked)
    with job.watch.part("tests and pictures", 3) as advance:
        sanity = sanity_verdicts(predictor, run, index)
        advance(1)
        if is_acting or not found.choices:
            found.best, found.worst = best_and_worst(run, index, asked.predictions)
            found.attention = attention_examples(predictor, run, index, asked.predictions)
        advance(1)
        if isinstance(predictor.network, Network):
            found.augmented = augmentation_rows(run, predictor.network, index, job.plugins)
        advance(1)
    beaten = [v for result in found.heads for v in baseline_verdicts(result, is_acting=is_acting)]
    found.verdicts = [*beaten, *sanity]


def study_choices(job: EvaluationJob, predictor: Predictor, asked: Asked) -> list[ChoiceStudy]:
    """Study every head of classes: what its mistakes share, where it looks, what it does out of distribution."""
    heads = {name: head for name, head in job.run.schema.items() if isinstance(head, Choice)}
    if not heads:
        return []
    ood = ask_ood(job, predictor)
    beside = Beside(
        chosen_on=ask_validation(job, predictor),
        ood=ood,
        bank=job.run.load_features(),
    )
    studies = []
    with job.watch.part("mistakes and heat", len(heads)) as advance:
        for name, head in heads.items():
            study = study_choice(name, head, asked, beside)
            study.mistakes = mistake_examples(job.run, asked, name, head)
            study.heat = heat_rows(predictor, job.run, asked, name, head)
            if ood is not None and study.ood is not None:
                shown = ood_examples(job.run, ood, name, head, study.ood)
                study.ood.least_ood, study.ood.most_ood = shown
            studies.append(study)
            advance(1)
    return studies


def ask_ood(job: EvaluationJob, predictor: Predictor) -> Asked | None:
    """Answer the pictures of no class; None when there are none."""
    for recording in job.ood:
        check_recording(job.run, recording)
    index = ood_index(job.ood, job.run.schema, WindowSpec.of(job.run.recipe))
    index = spread_windows(index, job.max_windows)
    if len(index) == 0:
        return None
    with job.watch.part("out-of-distribution", len(index)) as advance:
        return ask_with_activations(predictor, job.run, index, progress=advance)


def ask_validation(job: EvaluationJob, predictor: Predictor) -> Asked | None:
    """Answer the windows of the run's validation; None where it is measured on them, or there are none."""
    if not job.only_held_out:
        return None
    index = spread_windows(validation_index(job.run, job.recordings), job.max_windows)
    if len(index) == 0:
        return None
    with job.watch.part("validation", len(index)) as advance:
        return ask_with_activations(predictor, job.run, index, progress=advance)


def drive_policies(job: EvaluationJob, config: EvaluationConfig, found: Evaluation) -> None:
    """Let every policy drive, and film the network on a seed that is typical of it."""
    chosen = evaluated_policies(job.game, job.run, job.drivers, main_label=main_label(found))
    with job.watch.part("rollouts", len(chosen) * len(job.seeds)) as advance:
        found.table = evaluate_closed_loop(
            job.game,
            job.plugins,
            chosen,
            job.seeds,
            config,
            workers=job.workers,
            progress=lambda episode: advance(1),
            load_plugins=job.load_plugins,
        )
    found.notes += found.table.unknown()
    rivals = [policy.name for policy in chosen if policy.kind in ("constant", "random")]
    found.verdicts = [*rollout_verdicts(found.table, NETWORK, rivals), *found.verdicts]
    network = next((policy for policy in chosen if policy.name == NETWORK), None)
    if network is not None and job.with_clip:
        with job.watch.part("clip", 1) as advance:
            film_network(job, network, config, found)
            advance(1)


def film_network(
    job: EvaluationJob, network: EvaluatedPolicy, config: EvaluationConfig, found: Evaluation
) -> None:
    """Film a typical rollout of the network; the caption says which and how it went."""
    assert found.table is not None
    seed = typical_seed(found.table, NETWORK)
    found.clip, episode = film(Rollout(policy=network, config=config, seed=seed), job.plugins)
    named = found.table.shown_names()
    told = ", ".join(
        f"{found.table.measure(name).title} {number(episode.measures.get(name, math.nan))}" for name in named
    )
    found.clip_caption = f"The start of seed {seed}, on which it did about as well as on most: {told}."


def main_label(found: Evaluation) -> str:
    """Return the key that was truly held most often, or nothing when no labels of keys were compared."""
    for result in found.heads:
        head = result.predictions.head
        if isinstance(head, Keys) and len(result.predictions.truth_NA):
            return head.names[int(result.predictions.truth_NA.sum(0).argmax())]
    return ""
