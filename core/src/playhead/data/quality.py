"""What recordings are worth to a training, and what is odd about them. Reads no pictures but some of windows.

Shape legend: T frames, A columns of a label head.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from playhead.clock import NS_PER_S
from playhead.data.balance import NO_KEYS, combinations
from playhead.data.frame_table import check_inputs
from playhead.data.groups import copies
from playhead.data.looks import odd_looks
from playhead.data.relabelled import relabelled
from playhead.data.source import Source
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import PlayheadError, listed
from playhead.game import Game
from playhead.labels import Axes
from playhead.windows import SLOW_INTERVALS

if TYPE_CHECKING:
    from playhead.training.recipe import Recipe

ODD_SHARE = 0.2  # of the frames: where more cannot be learned from, it is said
ONE_ACTION = 0.98  # of the labelled frames; below it something else was done, too
AXIS_STEP = 0.05  # an axis that is nearer to where it mostly is has not moved
MOST_WINDOWS = 20_000  # that are looked at for what is done in them, evenly spread
MOST_ALIKE = 50  # recordings that are compared with one another, the newest


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What is known of a recording: the share of its frames that can be learned from, and what is odd about it."""

    usable: float
    remarks: tuple[str, ...] = ()


def qualities(game: Game, recipe: Recipe, recordings: Sequence[Source]) -> list[Quality]:
    """Say of each recording of a game what a recipe could learn from it, in their order, newest last."""
    found = [_quality(game, recipe, one) for one in recordings]
    newest = recordings[-MOST_ALIKE:]
    again, looks = copies(newest), odd_looks(newest)
    return [
        replace(
            quality,
            remarks=(
                *quality.remarks,
                *([f"the same drive as {again[one.name]}"] if one.name in again else ()),
                *([looks[one.place]] if one.place in looks else ()),
            ),
        )
        for one, quality in zip(recordings, found, strict=True)
    ]


def odd_recordings(game: Game, recipe: Recipe, recordings: Sequence[Source], new: Container[str]) -> list[str]:
    """Return a sentence of each odd thing about the recordings of these names, which are among others."""
    names_of: dict[str, list[str]] = {}
    for recording, quality in zip(recordings, qualities(game, recipe, recordings), strict=True):
        for remark in quality.remarks if recording.name in new else ():
            names_of.setdefault(remark, []).append(recording.name)
    return [f"Warning: {listed(names, most=3)}: {remark}." for remark, names in names_of.items()]


def _quality(game: Game, recipe: Recipe, recording: Source) -> Quality:
    try:
        schema = game.learnable.only(recipe.heads or tuple(game.schema))
        check_inputs(recording, recipe.named_inputs, "")
        told = relabelled(recording, schema, game.conversions)
        # Frames that are missing count also where a window might begin anew after them; of stills none is.
        spec = replace(WindowSpec.of(recipe), beginnings=recording.header.are_stills)
        index = WindowIndex.of([told], schema, spec)
        remarks = (*_gaps(index, recipe), *one_action(index)) if len(index.table) else ()
    except PlayheadError as error:
        return Quality(usable=0.0, remarks=(str(error),))
    except Exception as error:  # of one recording, whatever it holds: the others are listed
        return Quality(usable=0.0, remarks=(f"cannot be learned from, {type(error).__name__}: {error}",))
    return Quality(usable=len(index) / max(1, recording.length), remarks=remarks)


def _gaps(index: WindowIndex, recipe: Recipe) -> list[str]:
    """Say why windows are missing: a rate not reached, labels that nobody gave, frames that lack."""
    (recording,), table = index.recordings, index.table
    interval_s = table.interval_ns_R[0] / NS_PER_S
    said = []
    if interval_s * recording.header.rate_hz > SLOW_INTERVALS:
        said.append(f"{1 / interval_s:.0f} of {recording.header.rate_hz:g} frames/s reached")
    known_F = np.logical_or.reduce(list(table.known.values()))
    unknown = 1 - float(known_F.mean())
    if not len(index) and table.time_ns_F[-1] - table.time_ns_F[0] < recipe.window_s * NS_PER_S:
        return [*said, f"shorter than a window of {recipe.window_s:.2g} s"]
    if unknown > ODD_SHARE:
        said.append(f"{100 * unknown:.0f} % not labelled")
    at_ends = recipe.window_s / interval_s
    lost = (known_F.sum() - len(index) - at_ends) / len(table)
    if lost > ODD_SHARE:
        said.append(f"{100 * lost:.0f} % lack frames around them")
    return said


def one_action(index: WindowIndex) -> list[str]:
    """Say when hardly anything but one thing was done all the time, in a game that is played."""
    index = index.take(np.arange(0, len(index), 1 + len(index) // MOST_WINDOWS))
    if not len(index) or not all(one.header.label_device for one in index.recordings):
        return []  # each frame was labelled by what it shows
    said, counts = np.unique(combinations(index), return_counts=True)
    is_one, words = counts.max() >= ONE_ACTION * len(index), [str(said[counts.argmax()])]
    for name, head in index.schema.items():
        values_NA = index.labels[name][index.known[name]]
        if isinstance(head, Axes) and len(values_NA):
            middle_A = np.median(values_NA, axis=0)
            is_one &= bool((np.abs(values_NA - middle_A) < AXIS_STEP).all(1).mean() >= ONE_ACTION)
            words += [f"{axis} at {value:+.2f}" for axis, value in zip(head.names, middle_A, strict=True)]
    return [f"of one action only: {', '.join(word for word in words if word != NO_KEYS)}"] if is_one else []
