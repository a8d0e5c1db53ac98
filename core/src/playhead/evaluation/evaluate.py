"""What `playhead evaluate` measures, in this order; each step is one call.

network      recordings not trained on -> predictions -> scores beside baselines, heads of classes studied
                                                  -> sanity checks, pictures
closed loop  unseen seeds -> rollouts of every policy -> table, a clip of the network
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from playhead.agreement import seldom_answered
from playhead.errors import Damaged, NotANumber, PlayheadError, is_of_one
from playhead.evaluation.baselines import judge_heads
from playhead.evaluation.classification import ask_with_activations, study_classes
from playhead.evaluation.clip import film, typical_seed
from playhead.evaluation.closed_loop import Rollout
from playhead.evaluation.config import EvaluationConfig
from playhead.evaluation.estimates import number
from playhead.evaluation.examples import attention_examples, augmentation_rows, best_and_worst
from playhead.evaluation.facts import all_facts
from playhead.evaluation.held_out import windows_asked, with_labels
from playhead.evaluation.job import EvaluationJob
from playhead.evaluation.policies import EXPERT, NETWORK, EvaluatedPolicy, evaluated_policies
from playhead.evaluation.results import Evaluation
from playhead.evaluation.sanity_checks import sanity_verdicts
from playhead.evaluation.seen_events import judge_seen
from playhead.evaluation.tolerance import disturb
from playhead.evaluation.verdicts import baseline_verdicts, expert_verdicts, rollout_verdicts
from playhead.game import is_playable
from playhead.labels import Keys
from playhead.models import DEFAULT_ENGINE
from playhead.models.predictor import Predictor
from playhead.threads import one_thread_each

__all__ = ["EvaluationJob", "evaluate"]


@one_thread_each()
def evaluate(job: EvaluationJob) -> Evaluation:
    """Measure a run and return everything that was found.

    Raises:  Mismatch when run, game and recordings do not fit, NothingToTrain without any window, NotFound.
    """
    found = Evaluation(title=job.game.title, run=job.run.name, command=job.command)
    read_training(job, found)
    if job.recordings:
        try:
            evaluate_network(job, found)
        except NotANumber as problem:
            found.predictions, found.heads, found.choices = None, (), ()
            found.notes.append(f"Predictions are not compared with labels: {problem}")
    if job.config is not None:
        drive_policies(job, job.config, found)
    found.facts = all_facts(job.run, found)
    return found


def read_training(job: EvaluationJob, found: Evaluation) -> None:
    """Fill in the curve of the training, which the page shows beside what is measured now."""
    try:
        found.history = job.run.history()
    except Damaged as problem:
        found.notes.append(f"There is no curve of the training: {problem}")
    found.steps_an_epoch = job.run.data.get("train_windows", 0) / job.run.recipe.batch_size


def evaluate_network(job: EvaluationJob, found: Evaluation) -> None:
    """Compare what the network predicts with labels, and look at how it comes to it."""
    as_recorded, job, run = job, with_labels(job), job.run
    is_acting = is_playable(job.game) and not all(one.header.are_stills for one in job.recordings)
    predictor = Predictor.of(run, job.plugins, job.engine)
    index = windows_asked(job, in_order=is_acting)
    with job.watch.part("windows", len(index)) as advance:
        asked = ask_with_activations(predictor, run, index, progress=advance)
    found.predictions, found.is_held_out, found.is_acting = asked.predictions, job.only_held_out, is_acting
    found.heads = judge_heads(asked.predictions, tolerance_s=job.tolerance_s, is_acting=is_acting)
    found.choices = study_classes(job, predictor, asked)
    if job.with_replays:
        found.seen = judge_seen(as_recorded, asked.predictions, found.notes)
    if job.engine.name != DEFAULT_ENGINE.name:
        found.notes.append(
            f"Heat maps, and the features of classes, come from {DEFAULT_ENGINE.name}, not from "
            f"{job.engine.name}: an engine gives answers alone."
        )
    for name in asked.predictions.heads:
        one = asked.predictions.known(name).heads[name]
        seldom = seldom_answered(
            job.game, one.head, one.truth_NA, one.predictions_NO, {**run.controller, **job.controller}
        )
        found.notes += [key.advice for key in seldom]
    with job.watch.part("tests and pictures", 3) as advance:
        sanity = sanity_verdicts(predictor, run, index)
        advance(1)
        if is_acting or not found.choices:
            found.best, found.worst = best_and_worst(run, asked.index, asked.predictions)
            studied = [study.name for study in found.choices if study.heat]
            found.attention = attention_examples(predictor, run, asked.index, asked.predictions, but=studied)
        advance(1)
        found.augmented = augmentation_rows(run, predictor.network, index, job.plugins)
        advance(1)
    beaten = [v for result in found.heads for v in baseline_verdicts(result, is_acting=is_acting)]
    found.verdicts = [*beaten, *sanity, *(one.verdict() for one in found.seen)]


def drive_policies(job: EvaluationJob, config: EvaluationConfig, found: Evaluation) -> None:
    """Let every policy drive, and film the network on a seed that is typical of it."""
    chosen = evaluated_policies(
        job.game, job.run, job.drivers, main_label=main_label(found), engine=job.engine, controller=job.controller,
        guard=job.guard, stuck=job.stuck,
    )  # fmt: skip
    found.table = job.drive(chosen, config, "rollouts")
    found.failed += found.table.failed
    found.notes += [*found.table.failed, *found.table.unknown()]
    if job.delays_s or job.drops:
        with _left_out(found, "What it tolerates is not told"):
            found.disturbed = disturb(job, config, found.table)
            if found.disturbed is None:
                found.notes.append(
                    "What it tolerates is not told: no measure of this world is better when it is more."
                )
            else:
                found.failed += found.disturbed.table.failed
                found.notes += found.disturbed.table.failed
    constants = [policy.name for policy in chosen if policy.kind == "constant"]
    rivals = constants + [policy.name for policy in chosen if policy.kind == "random"]
    found.verdicts = [
        *rollout_verdicts(found.table, NETWORK, rivals),
        *expert_verdicts(found.table, EXPERT, constants),
        *found.verdicts,
    ]
    network = next((policy for policy in chosen if policy.name == NETWORK), None)
    if network is not None and job.with_clip and NETWORK in found.table.drivers:
        with job.watch.part("clip", 1) as advance, _left_out(found, "There is no clip"):
            film_network(job, network, config, found)
            advance(1)


@contextmanager
def _left_out(found: Evaluation, what: str) -> Iterator[None]:
    """Leave out a part whose drives all failed: what was found before is worth its page."""
    try:
        yield
    except PlayheadError as error:
        if not is_of_one(error):
            raise
        sentence = f"{what}: {error}"
        found.failed.append(sentence)
        found.notes.append(sentence)


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
