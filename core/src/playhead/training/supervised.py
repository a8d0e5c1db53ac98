"""The training method "supervised": windows and their labels to a run, with Lightning.

    recordings -> check -> windows -> split -> loader threads -> AdamW steps -> validation every so many steps
               -> run folder: last weights, best weights, history, where features lie

The last weights play unless the recipe says otherwise: validation loss does not rank policies. (Measured with
recordings with and without action noise: the lower loss, .287 against .332, drove .285 of the way against .667.)
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from playhead.agreement import SELDOM
from playhead.data.cache import ViewCache, view_caches
from playhead.data.looks import KnownLooks
from playhead.data.sampling import rows_in_order
from playhead.data.windows import WindowIndex
from playhead.errors import EndedBySignal
from playhead.labels import Choice, Keys
from playhead.memory import freed_memory_kept
from playhead.models.building import build_network as built
from playhead.models.feature_bank import FeatureBank
from playhead.models.network import Network, count_parameters
from playhead.models.network_part import NetworkPart, model_spec
from playhead.models.run import Run
from playhead.models.run_file import HISTORY_FILE, LOOKS_FILE
from playhead.models.weights import weight_bytes
from playhead.storage.disk import saying_what_failed
from playhead.threads import one_thread_each, torch_threads
from playhead.training.batches import (
    augment_on,
    augmenter_of,
    batches_of,
    data_summary,
    drawing_weights,
    learned_from,
    plain_loader,
    split_recordings,
)
from playhead.training.beginning import begin, drawn_labels
from playhead.training.checkpoint import remove_checkpoints
from playhead.training.continuing import take_weights
from playhead.training.curves import CURVES_FOLDER
from playhead.training.fit import Learned, chosen_accelerator, fit
from playhead.training.job import TrainingJob
from playhead.training.losses import known_only
from playhead.training.method import Method
from playhead.training.module import SupervisedModule
from playhead.training.recipe import Recipe
from playhead.training.resuming import asked_by, check_goes_on
from playhead.training.room import NOT_KEPT, room_for
from playhead.training.settings import NoSettings

SAID = 5  # keys and axes that a sentence names
MEASURED = 256  # windows whose colours are looked at before a training


class Supervised(Method[NoSettings]):
    """Learns the labels of windows. A run may be gone on from with other heads: may_add_heads."""

    may_add_heads = True

    def train(self, job: TrainingJob) -> Run:
        """Train a network on the job's recordings, or the batches handed in, and return the finished run.

        Ctrl-C ends the training early and keeps what was learned.
        Raises:  Mismatch, NothingToTrain, NotFound, BadValue or StorageFull before anything is learned;
                 EndedBySignal by another one, with a checkpoint to go on from; NotANumber where a number becomes
                 none, Collapsed where answers ignore what is seen, after the last good weights were kept as a run.
        """
        self.own(job.recipe)
        recordings, rates_hz = learned_from(job)
        asked = asked_by(job, recordings)
        check_goes_on(job, asked)
        parts = split_recordings(job, recordings) if job.batches is None else None
        drawn = drawing_weights(job, parts.train) if parts else None
        network = build_network(job, may_add_heads=self.may_add_heads)
        evenly = parts.train.by_time() if parts else None
        weights = class_weights(job, evenly) if evenly else {}
        module = SupervisedModule(network, job.schema, job.recipe, weights, takes_cached=parts is not None)
        caches = view_caches(job.recipe.named_inputs, recordings, job.recipe.cache_mb * 1_000_000)
        training, validation = batches_of(job, parts, drawn, network, caches)
        if parts is not None and drawn is not None and evenly is not None and job.resume is None:
            rows = rows_in_order(len(evenly), job.recipe.batch_size, MEASURED)
            seen = plain_loader(job, evenly, network, caches, rows)
            labels = drawn_labels(parts.train, drawn, job.recipe.seed, augmenter_of(job, parts.train))
            begin(job, network, labels, weights, seen)
        accelerator = chosen_accelerator(job)
        with room_for(job.out, network, job.recipe.feature_windows):
            with one_thread_each(networks=False), torch_threads(job.recipe.threads), freed_memory_kept():
                learned = fit(job, module, training, validation, accelerator, asked)
            check_ended(job, learned)
            say_hardly_learned(job, module)
            settled = _settled(job, module)
            network.cpu()
            _choose_weights(job, network, learned)
            bank = remembered_features(job, evenly, network, caches) if evenly else None
        made = job.run(
            network=NetworkPart(
                schema=job.schema,
                frame=job.game.needed_frame,
                rate_hz=rates_hz[0],
                other_rates_hz=rates_hz[1:],
                colours=network.colours,
            ),
            device=recordings[0].header.device if recordings else "",
            parameters=count_parameters(network),
            metrics=_metrics(learned),
            data=data_summary(job, parts) if parts else None,
        )
        made = replace(made, recipe=settled)
        looks = KnownLooks.of(recordings) if parts is not None and made.looks_ahead else None
        return _kept(job, made, network, learned, bank, looks)


train = Supervised()


def _settled(job: TrainingJob, module: SupervisedModule) -> Recipe:
    """Return the recipe with all that was chosen while it was learned by."""
    return replace(
        job.recipe,
        model_options=module.network.options,  # all: a later version with other defaults builds the same one
        controller=_played_with(job, module),
        augment_on=augment_on(job, module.network),
    )


def _kept(
    job: TrainingJob, made: Run, network: Network, learned: Learned, bank: FeatureBank | None,
    looks: KnownLooks | None,
) -> Run:  # fmt: skip
    """Save a run in place of its checkpoints. Raises NotANumber or Collapsed for one that broke off."""
    with saying_what_failed(job.out, NOT_KEPT):
        run = made.save(
            network,
            best=learned.best_weights,
            features=bank,
            files={} if looks is None else {LOOKS_FILE: weight_bytes(looks.to_tensors())},
            history=learned.history,
            is_newest=learned.broken is None,
        )
    remove_checkpoints(job.out)
    if learned.broken is not None:
        raise type(learned.broken)(
            f"Training stopped: {learned.broken} What was learned until step {learned.good_step:,} is kept as "
            f"{run.name}, marked as stopped early."
        )
    return run


def _played_with(job: TrainingJob, module: SupervisedModule) -> Mapping[str, Any]:
    """Return the settings the run plays with: keys that are tapped in proportion, where nobody has set which.

    With them all keys of their head: pressed in proportion beside others that are not, one outweighs the others.
    (LunarLander: score .27, with left and right alone .10, docs/learning.md.) Likewise axes that were at
    an end and are answered in between.
    """
    controller = job.recipe.controller
    tapped, blunt = module.scores.tapped(job.game, controller), module.scores.seldom_at_ends(job.game)
    if not tapped and not blunt:
        return controller
    if {"proportional", "threshold", "thresholds"} & {*controller}:
        for key in tapped:
            if key.answered < SELDOM * key.held:
                job.progress.note(key.advice)
        return controller
    few = {key.key for key in tapped}
    pressed = [
        key for head in job.schema.values() if isinstance(head, Keys) and few & {*head.names} for key in head.names
    ]
    pressed += [axis.axis for axis in blunt]
    names = ",".join(pressed)
    job.progress.note(
        f"{'; '.join(map(str, [*tapped, *blunt]))}. So the run presses {names} for as much of the time as the "
        f"network says: controller.proportional={names}. Otherwise: --set controller.proportional=."
    )
    return {**controller, "proportional": pressed}


def say_hardly_learned(job: TrainingJob, module: SupervisedModule) -> None:
    """Say which keys and axes the network hardly knows, beside others of their head that it does."""
    hardly = module.scores.hardly_learned()
    if hardly:
        few = ", ".join(f"{name} ({share:.0%})" for name, share in [*hardly.items()][:SAID])
        more = f" and {len(hardly) - SAID} more" if len(hardly) > SAID else ""
        job.progress.note(
            f"Hardly learned: {few}{more}, by how much of their changes the answers explain. What shows it "
            "may be too small, or too seldom: more drives with --action-noise, corrections of this run (playhead "
            f"record {job.game.name} --driver run --teacher expert), or --set model.scene_pixels. "
            "docs/learning.md says more."
        )


def _choose_weights(job: TrainingJob, network: Network, learned: Learned) -> None:
    """Put those weights into the network that are to play."""
    if learned.broken is not None:
        assert learned.good_weights is not None
        network.load_state_dict({**network.state_dict(), **learned.good_weights})
        learned.good_step = learned.best_step or learned.good_step
    elif job.recipe.keep == "best" and learned.best_weights is not None:
        network.load_state_dict({**network.state_dict(), **learned.best_weights})


def check_ended(job: TrainingJob, learned: Learned) -> None:
    """Raise EndedBySignal for a training that was left for now, or why one came to nothing."""
    if learned.broken is not None and learned.good_weights is None:
        remove_checkpoints(job.out)
        (job.out / HISTORY_FILE).unlink(missing_ok=True)
        shutil.rmtree(job.out / CURVES_FOLDER, ignore_errors=True)
        raise type(learned.broken)(f"Training stopped: {learned.broken} Nothing was kept.")
    number = learned.ended_by
    if learned.broken is None and number not in (0, signal.SIGINT):
        kept = "Nothing of it could be kept."
        if learned.kept_step is not None:
            name = f"{job.recipe_name}/{job.out.name}"
            kept = (
                f"What was learned until step {learned.kept_step:,} is kept. Go on: playhead train "
                f"{job.game.name} --resume {name}"
            )
        raise EndedBySignal(
            f"Stopped by {signal.Signals(number).name} at step {learned.steps:,} of {job.recipe.steps:,}. {kept}",
            128 + number,
        )


def build_network(job: TrainingJob, *, may_add_heads: bool = False) -> Network:
    """Build the network with weights seeded or pretrained, or with those of the run it starts from."""
    torch.manual_seed(job.recipe.seed)
    recipe, start_from = job.recipe, job.start_from
    if start_from is not None and start_from.recipe.model == recipe.model:
        recipe = replace(recipe, model_options={**start_from.recipe.model_options, **recipe.model_options})
    spec = model_spec(job.game.to_json(), job.schema, job.game.needed_frame, recipe)
    if start_from is not None:
        spec = replace(spec, colours=start_from.needed_network.colours)
    is_fresh = start_from is None and job.resume is None
    network = built(job.plugins, recipe.model, replace(spec, pretrained=is_fresh))
    if start_from is not None:
        take_weights(job, start_from, network, spec, may_add_heads=may_add_heads)
    return network


def class_weights(job: TrainingJob, index: WindowIndex) -> dict[str, Tensor]:
    """Return the weights of classes in the loss, by head: inverse to how often they occur, to some power.

    Power 0 (the default) weighs nothing; 1 makes rare classes count as much as common ones, at most 20 times.
    """
    power = job.recipe.class_weight_power
    weighed: dict[str, Tensor] = {}
    for name, head in job.schema.items():
        labels = index.labels[name][index.known[name]]
        if power == 0 or not isinstance(head, (Keys, Choice)):
            continue
        if isinstance(head, Keys):
            share = labels.mean(0)
            ratio = (1 - share) / np.maximum(share, 1e-6)
        else:
            counts = np.bincount(labels[:, 0], minlength=len(head.names))
            ratio = len(labels) / (len(head.names) * np.maximum(counts, 1))
        weighed[name] = torch.tensor(np.clip(ratio, 0.05, 20.0) ** power, dtype=torch.float32)
    return weighed


def remembered_features(
    job: TrainingJob, index: WindowIndex, network: Network, caches: Mapping[str, ViewCache]
) -> FeatureBank | None:
    """Return where the features of training windows lie, as they are, without augmentation; None if not asked."""
    wanted = job.recipe.feature_windows
    head = next((name for name, head in job.schema.items() if isinstance(head, Choice)), None)
    if wanted == 0 or head is None:
        return None
    loader = plain_loader(job, index, network, caches, rows_in_order(len(index), job.recipe.batch_size, wanted))
    network.eval()
    with torch.inference_mode():
        parts = [
            known_only(network.features(batch), batch["labels"][head], batch["mask"][head]) for batch in loader
        ]
    features_NF, class_N1 = (torch.cat(part) for part in zip(*parts, strict=True))
    return FeatureBank.of(features_NF, class_N1[:, 0])


def _metrics(learned: Learned) -> dict[str, Any]:
    broken = {} if learned.broken is None else {"stopped_because": str(learned.broken)}
    return {
        "steps": learned.good_step if learned.broken is not None else learned.steps,
        "seconds": round(learned.seconds, 1),
        "stopped_early": bool(learned.ended_by) or learned.broken is not None,
        **broken,
        "best_step": learned.best_step,
        **learned.last,
    }
