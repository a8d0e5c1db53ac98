"""Which windows a run is asked about: those it was not trained on, of recordings that fit it, not too many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from playhead.data.relabelled import relabelled
from playhead.data.source import Source
from playhead.data.split import VALIDATION, held_out, part_of
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import Mismatch, NothingToTrain, listed
from playhead.evaluation.job import EvaluationJob
from playhead.game import Game
from playhead.models.network_part import check_frame
from playhead.models.run import Run
from playhead.names import command


def held_out_names(run: Run) -> list[str]:
    """Return the names of the recordings whose windows, or some of them, the run was not trained on."""
    kept = "test_windows" if run.data.get("test_windows") else "validation_windows"
    return [entry["name"] for entry in run.data.get("recordings", ()) if entry.get(kept)]


def choosing_names(run: Run) -> list[str]:
    """Return the names of the recordings that only validate: by them is chosen what others then judge."""
    held_out = held_out_names(run)
    validating = [entry["name"] for entry in run.data.get("recordings", ()) if entry.get("validation_windows")]
    return [name for name in validating if name not in held_out]


def windows_asked(job: EvaluationJob, *, in_order: bool) -> WindowIndex:
    """Return the windows that an evaluation asks about: unbroken stretches where one follows another."""
    index = held_out_index(job.run, job.recordings, only_held_out=job.only_held_out)
    return fewest_windows((leading_windows if in_order else spread_windows)(index, job.max_windows))


def with_labels(job: EvaluationJob) -> EvaluationJob:
    """Return the job with recordings that have the labels of the run's heads: of a layer, derived, or as recorded.

    Raises:  Mismatch where one has none of the heads, or lacks the layer.
    """
    layer = job.run.recipe.layer if job.layer is None else job.layer
    return replace(
        job,
        recordings=labelled(job.run, job.game, job.recordings, layer),
        ood=labelled(job.run, job.game, job.ood, ""),
    )


def labelled(run: Run, game: Game, recordings: Sequence[Source], layer: str) -> list[Source]:
    """Return recordings with the labels of a run's heads. Raises as `with_labels`."""
    return [relabelled(one, run.schema, game.conversions, layer=layer, then=_then(run)) for one in recordings]


def held_out_index(run: Run, recordings: Sequence[Source], *, only_held_out: bool = True) -> WindowIndex:
    """Find the windows to ask about; with `only_held_out` just those of the run's test, or its validation.

    Raises:  Mismatch when a recording does not fit the run, NothingToTrain when no window is left.
    """
    for recording in recordings:
        check_recording(run, recording)
    index = WindowIndex.of(recordings, run.schema, WindowSpec.of(run.recipe)).by_time()
    if only_held_out and len(index):
        index = held_out(index, run.data)
    if len(index) == 0:
        names = listed((recording.name for recording in recordings), otherwise="no recording")
        raise NothingToTrain(
            f"No window of {names} can be asked about: too short, not labelled, or all of it was trained on. "
            "Name other recordings with --recordings, or record more: "
            f"{command('record', names=[run.game['name']])}."
        )
    return index


def validation_index(run: Run, recordings: Sequence[Source]) -> WindowIndex:
    """Return the windows of the validation of a run, unless it is them that it is measured on; then none."""
    index = WindowIndex.of(recordings, run.schema, WindowSpec.of(run.recipe)).by_time()
    if not run.data.get("test_windows") or not len(index):
        return index.take(np.zeros(len(index), dtype=bool))
    return part_of(index, run.data, VALIDATION)


def check_recording(run: Run, recording: Source) -> None:
    """Raise Mismatch unless a recording is of the run's game, labels and frame size; windows are taken by time."""
    header, where = recording.header, f"Recording {recording.name}"
    then = _then(run)
    if header.game["name"] != run.game["name"]:
        raise Mismatch(f"{where} is of {header.game['name']}, the run {run.name} of {run.game['name']}. {then}")
    relabelled(recording, run.schema, (), then=then)
    check_frame(run.frame, header.frame, where=where, then=then)


def _then(run: Run) -> str:
    return f"Choose others with --recordings from: {command('data', 'list', names=[run.game['name']])}."


def fewest_windows(index: WindowIndex) -> WindowIndex:
    """Keep as few windows as answer each frame, near their middles; all, where they answer once or leave gaps.

    Each lies half a window behind the one before; the last of each stretch stays, too.
    """
    positions_ns = index.spec.positions_ns
    span_ns, interval_ns = positions_ns[-1] - positions_ns[0], int(index.table.interval_ns_R.max(initial=1))
    if len(index) == 0 or len(positions_ns) == 1 or span_ns > 1.1 * interval_ns * (len(positions_ns) - 1):
        return index
    clock_N, segment_N = index.table.clock_ns_F[index.place_N], index.table.segment_F[index.place_N]
    ends_N = np.searchsorted(segment_N, segment_N, side="right") - 1
    kept, row = [], 0
    while row < len(index):
        kept.append(row)
        following = int(np.searchsorted(clock_N, clock_N[row] + span_ns // 2))
        is_last = row == ends_N[row]
        row = row + 1 if is_last else min(following, int(ends_N[row]))
    return index.take(np.array(kept, dtype=np.int64))


def spread_windows(index: WindowIndex, at_most: int) -> WindowIndex:
    """Keep at most so many windows, evenly spread: for pictures that have nothing to do with the one before."""
    if len(index) <= at_most:
        return index
    return index.take(np.linspace(0, len(index) - 1, at_most).astype(np.int64))


def leading_windows(index: WindowIndex, at_most: int) -> WindowIndex:
    """Keep at most so many windows: the first ones of each recording, as many of each, in unbroken order."""
    if len(index) <= at_most:
        return index
    counts = np.bincount(index.recording_N, minlength=len(index.recordings))
    left, quota = at_most, np.zeros_like(counts)
    for place, number in enumerate(np.argsort(counts, kind="stable")):
        quota[number] = min(counts[number], left // (len(counts) - place))
        left -= quota[number]
    first_N = np.searchsorted(index.recording_N, index.recording_N, side="left")
    return index.take(np.arange(len(index)) - first_N < quota[index.recording_N])
