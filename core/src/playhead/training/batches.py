"""What a training learns from: the windows of its recordings, their split, and the batches they come in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from playhead.data.assembly import Assembly, Batch
from playhead.data.augment import Augmenter
from playhead.data.balance import report
from playhead.data.balancing import EDGES, Drawing, drawing, histogram, lines_of_histogram, prefer
from playhead.data.cache import ViewCache
from playhead.data.frame_table import FrameTable
from playhead.data.groups import BY_RECORDING, copies, is_by_name
from playhead.data.loader import Loader
from playhead.data.quality import one_action
from playhead.data.sampling import draw_rows, rows_in_order
from playhead.data.source import Source, seconds_by_rate
from playhead.data.split import Split, SplitRule, split, split_by_rule
from playhead.data.windows import WindowIndex, WindowSpec, unusable, windows_by_recording
from playhead.errors import BadValue, NothingToTrain, listed
from playhead.labels import Choice
from playhead.models.network import Network
from playhead.training.job import TrainingJob, fitting_recordings
from playhead.training.recipe import Recipe
from playhead.windows import IndexArray

# Windows looked at in each validation, evenly spread: more changes no figure by more than a point. Of windows that
# answer at many positions fewer say as much.
VALIDATION_WINDOWS, FEWEST_WINDOWS = 4096, 256
# What a recipe says of windows, which batches that are handed in do not tell of.
OF_RECORDINGS = (
    "augment",
    "balance",
    "change_weight",
    "class_weight_power",
    "feature_windows",
    "latency_range_s",
    "leave_out",
    "split_by",
    "test_share",
)


def learned_from(job: TrainingJob) -> tuple[list[Source], tuple[float, ...]]:
    """Return the recordings of a job that fit, none where batches are handed in, and their rates.

    That of most of the time comes first. Raises: as `fitting_recordings`.
    """
    if job.batches is None:
        recordings = fitting_recordings(job)
        seconds = seconds_by_rate(recordings)
        rates_hz = sorted(seconds, key=lambda rate_hz: (-seconds[rate_hz], rate_hz))
        if len(rates_hz) > 1:
            told = ", ".join(f"{seconds[rate_hz]:,.0f} s at {rate_hz:g} Hz" for rate_hz in rates_hz)
            job.progress.note(f"Learned from by time: {told}. The run plays at {rates_hz[0]:g} Hz, or by --rate.")
        return recordings, tuple(rates_hz)
    usual = Recipe()
    unheeded = [name for name in OF_RECORDINGS if getattr(job.recipe, name) != getattr(usual, name)]
    if unheeded:
        job.progress.note(f"Not heeded: {', '.join(unheeded)}. Batches handed in are learned from as they come.")
    return [], (job.rate_hz or job.game.needed_frame.rate_hz,)


def split_recordings(job: TrainingJob, recordings: Sequence[Source]) -> Split:
    """Return the windows of recordings in their parts. Raises NothingToTrain."""
    parts = split_windows(job, window_index(job, recordings))
    check_classes(job, parts.train)
    return parts


def batches_of(
    job: TrainingJob, parts: Split | None, drawn: Drawing | None, network: Network, caches: Mapping[str, ViewCache]
) -> tuple[Iterable[Batch], Iterable[Batch] | None]:
    """Return the batches of training and validation: of recordings in their parts, or those handed in."""
    if parts is None or drawn is None:
        return job.batches or (), job.validation
    training = training_loader(job, parts.train, drawn, network, caches)
    return training, validation_loader(job, parts, network, caches)


def window_index(job: TrainingJob, recordings: Sequence[Source]) -> WindowIndex:
    """Find the windows. Raises NothingToTrain naming each recording that gives none, unless some do."""
    index = WindowIndex.of(recordings, job.schema, WindowSpec.of(job.recipe))
    counts = zip(recordings, windows_by_recording(index), strict=True)
    empty = [recording.name for recording, count in counts if count == 0]
    if len(index) == 0:
        alone = "learn from frames alone (--set length=1), " if job.recipe.length > 1 else ""
        raise NothingToTrain(
            f"No recording of {job.game.name} has a window to learn from: {', '.join(empty)}. A window takes "
            f"{job.recipe.window_s:g} s of frames whose labels come from {' or '.join(job.recipe.origins)}. "
            f"Record longer, {alone}or see what they hold: playhead data info."
        )
    note_sameness(job, index)
    spec = WindowSpec(origins=job.recipe.origins)
    job.progress.note(report(WindowIndex.of(recordings, job.schema, spec)).line())
    for name, counts_R in unusable(index).items():
        where = [recording.name for recording, count in zip(recordings, counts_R, strict=True) if count]
        of = f"Recording {where[0]}" if len(where) == 1 else f"{len(where)} recordings, the first {where[0]}"
        frames = sum(recording.length for recording, count in zip(recordings, counts_R, strict=True) if count)
        job.progress.note(
            f"{of}: {name} is no number in {sum(counts_R):,} of {frames:,} frames; no window "
            "with any of them is used."
        )
    for name in empty:
        job.progress.note(
            f"Recording {name} has no window to learn from: too short, all padding, not labelled, or no numbers."
        )
    return index


def note_sameness(job: TrainingJob, index: WindowIndex) -> None:
    """Say what of the recordings is the same: one drive again and again, one action all the time."""
    again, count = copies(index.recordings), len(index.recordings)
    if again:
        alone = len(again) == count - 1 > 0 and job.recipe.val_share
        job.progress.note(
            f"Warning: {len(again)} of {count} recordings are the same drive as another, as "
            f"{listed([f'{name} as {first}' for name, first in sorted(again.items())], most=3)}. "
            + (
                "There is no other to validate on, so its figures say nothing. Record others: other seeds, "
                "--action-noise."
                if alone
                else "They stay on one side of the split."
            )
        )
    for remark in one_action(index):
        job.progress.note(
            f"Warning: all recordings are {remark}. A network learns nothing but that from them: record some in "
            f"which more is done."
        )


def split_windows(job: TrainingJob, index: WindowIndex) -> Split:
    """Split by the recipe; what the run to go on from has learned from neither validates nor tests."""
    recipe, earlier = job.recipe, {}
    data = job.start_from.data if job.start_from is not None else {}
    if data.get("split", {}).get("by") == recipe.split_by:
        return split_by_rule(index, SplitRule.from_json(data["split"]))
    if is_by_name(index, recipe.split_by):
        validated = data.get("validation", [])
        earlier = {entry["name"]: entry["name"] in validated for entry in data.get("recordings", [])}
    return split(
        index, recipe.val_share, recipe.seed, recipe.split_by, earlier,
        test_share=recipe.test_share, tested=frozenset(data.get("test", [])), leave_out=recipe.leave_out,
    )  # fmt: skip


def check_classes(job: TrainingJob, index: WindowIndex) -> None:
    """Raise NothingToTrain when a class of a choice never occurs: it could never be answered."""
    for name, head in job.schema.items():
        if not isinstance(head, Choice) or job.recipe.allow_empty:
            continue
        counts = np.bincount(index.labels[name][index.known[name], 0], minlength=len(head.names))
        missing = [one for one, count in zip(head.names, counts, strict=True) if count == 0]
        if missing:
            there = ", ".join(f"{one} {n:,}" for one, n in zip(head.names, counts, strict=True) if n)
            raise NothingToTrain(
                f"No window to learn from shows {' or '.join(missing)} ({name}: {there}), so the network would "
                f"never answer it. Record some: playhead record {job.game.name}. Or learn the others alone: "
                "--set allow_empty=true."
            )


def drawing_weights(job: TrainingJob, index: WindowIndex) -> Drawing:
    """Return how often each window is drawn: balanced, and new recordings preferred when going on from a run."""
    recipe = job.recipe
    drawn = drawing(index, recipe.balance, recipe.balance_options, job.game)
    if recipe.balance != "none":
        table = histogram(index, drawn, recipe.balance_options.get("edges", EDGES))
        for line in lines_of_histogram(table):
            job.progress.note(f"Drawn by {recipe.balance}, {line}")
    if job.start_from is None:
        return drawn
    seen = {entry["name"] for entry in job.start_from.data.get("recordings", [])}
    is_new = np.array([recording.name not in seen for recording in index.recordings], dtype=bool)
    return prefer(drawn, is_new[index.recording_N], job.recipe.new_share)


def training_loader(
    job: TrainingJob, index: WindowIndex, drawn: Drawing, network: Network, caches: Mapping[str, ViewCache]
) -> Loader:
    """Return the batches of the whole training."""
    recipe = job.recipe

    def rows() -> Iterator[IndexArray]:
        return draw_rows(drawn.weight_M, recipe.batch_size, recipe.steps, recipe.seed)

    assembly = Assembly(
        index=index,
        alone=drawn.alone,
        prepare=network.prepare_to_learn,
        caches=caches,
        augmenter=augmenter_of(job, index),
        augment_views=augment_on(job, network) == "views",
        later=later(index, recipe),
        seed=recipe.seed,
    )
    return Loader(assemble=assembly, rows=rows, steps=recipe.steps, workers=recipe.workers)


def augmenter_of(job: TrainingJob, index: WindowIndex) -> Augmenter | None:
    """Return what changes the pictures of a training, None for nothing. Raises NotFound or BadValue."""
    frame, regions = job.game.needed_frame, job.game.regions
    return Augmenter.of(job.recipe.augment, index.schema, frame, regions, job.plugins)


def later(index: WindowIndex, recipe: Recipe) -> list[WindowIndex]:
    """Return the index with the labels of each moment of the recipe's range; none without one."""
    if not recipe.latency_range_s:
        return []
    specs = [replace(index.spec, latency_s=latency_s) for latency_s in recipe.latencies_s]
    return [replace(index, spec=spec, table=FrameTable.of(index.recordings, index.schema, spec)) for spec in specs]


def augment_on(job: TrainingJob, network: Network) -> Literal["frames", "views"]:
    """Return what is changed. Raises BadValue where it has to be views, which cannot all change alike."""
    asked = job.recipe.augment_on
    if asked == "frames":
        return asked
    why_not = ""
    views = network.prepare(np.zeros((1, *job.game.needed_frame.shape), dtype=np.uint8))
    several = len(views) > 1 or sum(one.is_pictures for one in job.recipe.named_inputs.values()) > 1
    if network.has_cacheable:
        why_not = f"changes pictures, and {job.recipe.model} keeps what its frozen part made of them"
    elif several or job.game.regions:
        why_not = (
            f"changes the only picture that a network sees. {job.recipe.model} sees {', '.join(views)}, "
            f"and {job.game.name} protects {', '.join(job.game.regions) or 'no region'}"
        )
    if why_not and asked == "views":
        raise BadValue(f"augment_on=views {why_not}. Take --set augment_on=frames.")
    return "frames" if why_not else "views"


def validation_loader(
    job: TrainingJob, parts: Split, network: Network, caches: Mapping[str, ViewCache]
) -> Loader | None:
    """Return the batches of a validation, or None when nothing was kept for it."""
    index = parts.validation.by_time()
    if len(index) == 0:
        return None
    windows = max(FEWEST_WINDOWS, VALIDATION_WINDOWS // len(job.recipe.positions_s))
    rows = rows_in_order(len(index), job.recipe.batch_size, windows)
    return plain_loader(job, index, network, caches, rows)


def plain_loader(
    job: TrainingJob, index: WindowIndex, network: Network, caches: Mapping[str, ViewCache],
    rows: Sequence[IndexArray],
) -> Loader:  # fmt: skip
    """Return batches of these windows as they are."""
    assembly = Assembly(index=index, prepare=network.prepare_to_learn, caches=caches)
    return Loader(assemble=assembly, rows=rows, workers=job.recipe.workers)


def data_summary(job: TrainingJob, parts: Split) -> dict[str, Any]:
    """Return what a run keeps of its data: windows of each recording, and which were held back."""
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
        "split_by": BY_RECORDING if parts.rule is None else job.recipe.split_by,
        **groups,
        "left_out": list(job.left_out),
    }
