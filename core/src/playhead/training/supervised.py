"""The training method "supervised": windows and their labels to a run, with Lightning.

    recordings -> check -> windows -> split -> loader threads -> AdamW steps -> validation every so many steps
               -> run folder: last weights, best weights, history, where features lie

The last weights play unless the recipe says otherwise: validation loss does not rank policies. (Measured with
clean and disturbed recordings: the lower loss, .287 against .332, drove .285 of the way against .667.)
"""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

import playhead
from playhead.data.augment import Augmenter
from playhead.data.balance import WeightArray, prefer, report, weights
from playhead.data.cache import ViewCache
from playhead.data.loader import Loader, draw_rows, rows_in_order
from playhead.data.source import Source
from playhead.data.split import BY_RECORDING, Split, SplitRule, split, split_by_rule
from playhead.data.windows import IndexArray, WindowIndex, WindowSpec, windows_by_recording
from playhead.errors import BadValue, NothingToTrain
from playhead.labels import Choice, Keys
from playhead.models.memory import FeatureMemory
from playhead.models.network import Network, count_parameters
from playhead.models.run import Run, model_spec
from playhead.models.weights import load_weights
from playhead.training.fit import Learned, chosen_accelerator, fit
from playhead.training.job import TrainingJob, fitting_recordings
from playhead.training.module import SupervisedModule
from playhead.version import git_revision, utc_now

# Windows looked at in each validation, evenly spread: more changes no figure by more than a point.
VALIDATION_WINDOWS = 4096


def train(job: TrainingJob) -> Run:
    """Train a network on the job's recordings and return the finished run.

    Ctrl-C ends the training early and keeps what was learned.
    Raises:  Mismatch, NothingToTrain, NotFound or BadValue before anything is written.
    """
    started = time.perf_counter()
    recordings, rate_hz = fitting_recordings(job)
    parts = split_windows(job, window_index(job, recordings))
    check_classes(job, parts.train)
    network = build_network(job)
    module = SupervisedModule(network, job.schema, job.recipe, class_weights(job, parts.train))
    cache = view_cache(job, recordings)
    training = training_loader(job, parts.train, network, cache)
    validation = validation_loader(job, parts, network, cache)
    accelerator = chosen_accelerator(job)
    job.out.mkdir(parents=True, exist_ok=True)
    with threads_for(job.recipe.threads):
        learned = fit(job, module, training, validation, accelerator)
    network.cpu()
    if job.recipe.keep == "best" and learned.best_weights is not None:
        network.load_state_dict(learned.best_weights)
    memory = remembered_features(job, parts.train, network, cache)
    run = Run(
        path=job.out,
        game=job.game.to_json(),
        recipe_name=job.recipe_name,
        # With every option of the network, so that a later version with other defaults builds the same one.
        recipe=replace(job.recipe, model_options=network.options),
        schema=job.schema,
        frame=job.game.frame,
        rate_hz=rate_hz,
        device=recordings[0].header.device,
        parameters=count_parameters(network),
        metrics=_metrics(learned, time.perf_counter() - started),
        made_with=made_with(job),
        data=_data_summary(job, parts),
    )
    return run.save(network, best=learned.best_weights, features=memory)


def window_index(job: TrainingJob, recordings: Sequence[Source]) -> WindowIndex:
    """Find the windows. Raises NothingToTrain naming each recording that gives none, unless some do."""
    index = WindowIndex.of(recordings, job.schema, WindowSpec.of(job.recipe))
    counts = zip(recordings, windows_by_recording(index), strict=True)
    empty = [recording.name for recording, count in counts if count == 0]
    if len(index) == 0:
        raise NothingToTrain(
            f"No recording of {job.game.name} has a window to learn from: {', '.join(empty)}. A window takes "
            f"{_window_s(job):g} s of frames whose labels come from {' or '.join(job.recipe.origins)}. "
            "Record longer, or see what they hold: playhead data info."
        )
    spec = WindowSpec(origins=job.recipe.origins)
    job.progress.note(report(WindowIndex.of(recordings, job.schema, spec)).line())
    for name in empty:
        job.progress.note(
            f"Recording {name} has no window to learn from: too short, all padding, or not labelled."
        )
    return index


def split_windows(job: TrainingJob, index: WindowIndex) -> Split:
    """Split by the recipe; what the run to go on from has learned from neither validates nor tests."""
    recipe, earlier = job.recipe, {}
    data = job.start_from.data if job.start_from is not None else {}
    if data.get("split", {}).get("by") == recipe.split_by:
        return split_by_rule(index, SplitRule.from_json(data["split"]))
    if recipe.split_by == BY_RECORDING:
        validated = data.get("validation", [])
        earlier = {entry["name"]: entry["name"] in validated for entry in data.get("recordings", [])}
    return split(
        index, recipe.val_share, recipe.seed, recipe.split_by, earlier,
        test_share=recipe.test_share, tested=frozenset(data.get("test", [])),
    )  # fmt: skip


def check_classes(job: TrainingJob, index: WindowIndex) -> None:
    """Raise NothingToTrain when a class of a choice never occurs: it could never be answered."""
    for name, head in job.schema.items():
        if not isinstance(head, Choice) or job.recipe.allow_empty:
            continue
        counts = np.bincount(index.labels[name][:, 0], minlength=len(head.names))
        missing = [one for one, count in zip(head.names, counts, strict=True) if count == 0]
        if missing:
            there = ", ".join(f"{one} {n:,}" for one, n in zip(head.names, counts, strict=True) if n)
            raise NothingToTrain(
                f"No window to learn from shows {' or '.join(missing)} ({name}: {there}), so the network would "
                f"never answer it. Record some: playhead record {job.game.name}. Or learn the others alone: "
                "--set allow_empty=true."
            )


def _window_s(job: TrainingJob) -> float:
    recipe = job.recipe
    return (recipe.length - 1) * recipe.stride_s + recipe.latency_s + recipe.label_over_s


def build_network(job: TrainingJob) -> Network:
    """Build the network with seeded weights, or with those of the run it starts from."""
    torch.manual_seed(job.recipe.seed)
    recipe, start_from = job.recipe, job.start_from
    if start_from is not None and start_from.recipe.model == recipe.model:
        recipe = replace(recipe, model_options={**start_from.recipe.model_options, **recipe.model_options})
    spec = model_spec(job.game.to_json(), job.schema, job.game.frame, recipe)
    network: Network = job.plugins.get("model", recipe.model)(spec)
    if start_from is not None:
        start_from.check_plays(job.game, start_from.rate_hz)
        load_weights(network, start_from.weights, run=start_from.name)
    return network


def class_weights(job: TrainingJob, index: WindowIndex) -> dict[str, Tensor]:
    """Return the weights of classes in the loss, by head: inverse to how often they occur, to some power.

    Power 0 (the default) weighs nothing; 1 makes rare classes count as much as common ones, at most 20 times.
    """
    power = job.recipe.class_weight_power
    weighed: dict[str, Tensor] = {}
    for name, head in job.schema.items():
        labels = index.labels[name]
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


def drawing_weights(job: TrainingJob, index: WindowIndex) -> WeightArray:
    """Return how often each window is drawn: balanced, and new recordings preferred when going on from a run."""
    weight_N = weights(index, job.recipe.balance)
    if job.start_from is None:
        return weight_N
    seen = {entry["name"] for entry in job.start_from.data.get("recordings", [])}
    is_new = np.array([recording.name not in seen for recording in index.recordings], dtype=bool)
    return prefer(weight_N, is_new[index.recording_N], job.recipe.new_share)


def view_cache(job: TrainingJob, recordings: Sequence[Source]) -> ViewCache | None:
    """Return the memory for frames that training and validation share."""
    frames = sum(recording.length for recording in recordings)
    return ViewCache(frames, job.recipe.cache_mb * 1_000_000) if job.recipe.cache_mb > 0 else None


def training_loader(job: TrainingJob, index: WindowIndex, network: Network, cache: ViewCache | None) -> Loader:
    """Return the batches of the whole training."""
    recipe, weight_N = job.recipe, drawing_weights(job, index)
    check_augment_on(job, network)

    def rows() -> Iterator[IndexArray]:
        return draw_rows(weight_N, recipe.batch_size, recipe.steps, recipe.seed)

    return Loader(
        index=index,
        rows=rows,
        steps=recipe.steps,
        prepare=network.prepare,
        cache=cache,
        augmenter=Augmenter.of(recipe.augment, index.schema, job.game.frame, job.game.regions),
        augment_on=recipe.augment_on,
        inputs=recipe.inputs,
        workers=recipe.workers,
        seed=recipe.seed,
    )


def check_augment_on(job: TrainingJob, network: Network) -> None:
    """Raise BadValue where views cannot be changed: they would have to change alike, and regions not at all."""
    views = network.prepare(np.zeros((1, *job.game.frame.shape), dtype=np.uint8))
    if job.recipe.augment_on == "views" and (len(views) > 1 or job.game.regions):
        raise BadValue(
            f"augment_on=views changes the only picture that a network sees. {job.recipe.model} sees "
            f"{', '.join(views)}, and {job.game.name} protects {', '.join(job.game.regions) or 'no region'}. "
            "Take --set augment_on=frames."
        )


def validation_loader(job: TrainingJob, parts: Split, network: Network, cache: ViewCache | None) -> Loader | None:
    """Return the batches of a validation, or None when nothing was kept for it."""
    if len(parts.validation) == 0:
        return None
    return Loader(
        index=parts.validation,
        rows=rows_in_order(len(parts.validation), job.recipe.batch_size, VALIDATION_WINDOWS),
        prepare=network.prepare,
        cache=cache,
        inputs=job.recipe.inputs,
        workers=job.recipe.workers,
    )


def remembered_features(
    job: TrainingJob, index: WindowIndex, network: Network, cache: ViewCache | None
) -> FeatureMemory | None:
    """Return where the features of training windows lie, as they are, without augmentation; None if not asked."""
    wanted = job.recipe.feature_windows
    head = next((name for name, head in job.schema.items() if isinstance(head, Choice)), None)
    if wanted == 0 or head is None:
        return None
    loader = Loader(
        index=index,
        rows=rows_in_order(len(index), job.recipe.batch_size, wanted),
        prepare=network.prepare,
        cache=cache,
        inputs=job.recipe.inputs,
        workers=job.recipe.workers,
    )
    network.eval()
    with torch.inference_mode():
        parts = [(network.features(batch), batch["labels"][head][:, 0]) for batch in loader]
    features_NF, class_N = (torch.cat(part) for part in zip(*parts, strict=True))
    return FeatureMemory.of(features_NF, class_N)


@contextmanager
def threads_for(threads: int) -> Iterator[None]:
    """Let torch use so many threads meanwhile.

    One by default: loader threads want the other cores, and torch's threads wait spinning. Two threads beside
    one busy process were measured 6 times slower than one (340 against 58 ms a step on two cores).
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _metrics(learned: Learned, seconds: float) -> dict[str, Any]:
    return {
        "steps": learned.steps,
        "seconds": round(seconds, 1),
        "stopped_early": learned.stopped,
        "best_step": learned.best_step,
        **learned.last,
    }


def made_with(job: TrainingJob) -> dict[str, Any]:
    """Return what made the run: command, versions, revision, time, and the run it started from."""
    return {
        "command": job.command,
        "created_utc": utc_now(),
        "git_revision": git_revision(),
        "playhead": playhead.__version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "started_from": job.start_from.name if job.start_from is not None else "",
    }


def _data_summary(job: TrainingJob, parts: Split) -> dict[str, Any]:
    counts = {"train": parts.train, "validation": parts.validation}
    if job.recipe.test_share or len(parts.test):
        counts["test"] = parts.test
    by_recording = {part: windows_by_recording(index) for part, index in counts.items()}
    groups: dict[str, Any] = {"validation": list(parts.validation_groups)}
    if parts.rule is not None:
        groups = {"split": parts.rule.to_json()}
    elif "test" in counts:
        groups["test"] = list(parts.test_groups)
    return {
        "recordings": [
            {
                "name": recording.name,
                "frames": recording.length,
                **{f"{part}_windows": windows[number] for part, windows in by_recording.items()},
            }
            for number, recording in enumerate(parts.train.recordings)
        ],
        **{f"{part}_windows": len(index) for part, index in counts.items()},
        "split_by": job.recipe.split_by,
        **groups,
        "left_out": list(job.left_out),
    }
