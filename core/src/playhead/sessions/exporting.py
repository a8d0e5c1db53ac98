"""Export: which run, which windows its graph is compared with PyTorch on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from playhead.errors import NothingToTrain
from playhead.evaluation.held_out import held_out_index, labelled, spread_windows
from playhead.evaluation.offline import read_windows
from playhead.game import Game
from playhead.inputs import FRAMES
from playhead.models.catalogue import RunCatalogue
from playhead.models.export import check_installed, export_run
from playhead.models.exported import Exported
from playhead.models.run import Run
from playhead.progress import Progress
from playhead.sessions.choosing import AnyFolders, AnyRecordings, open_named
from playhead.sessions.evaluating import held_out
from playhead.sessions.place import AnyHome, AnyPlugins, AnyRun, Place
from playhead.storage.reader import Recording
from playhead.threads import one_thread_each


def export(
    game: str | Game, *, run: AnyRun = "", recordings: AnyRecordings = (), data: AnyFolders = (),
    windows: int = 256, int8: bool = False, home: AnyHome = None, plugins: AnyPlugins = None,
    progress: Progress | bool | None = None,
) -> Exported:  # fmt: skip
    """Write a run's network in ONNX beside it, as `playhead export` does, for the engines onnx and openvino.

    It is compared with PyTorch on at most so many `windows` of `recordings`, by itself those that the run kept
    from its training; where there are none, on noise. With `int8` half of them calibrate a graph in 8 bits for
    the engines onnx-int8 and openvino-int8, which is compared on the other half.
    Raises:  PlayheadError; nothing is written where the graph answers something else.
    """
    place = Place.of(game, home, plugins, progress)
    check_installed()
    found = place.run(run) if run else place.player(run)
    _ = found.needed_network
    place.say(f"Run {found.name}.")
    found = RunCatalogue(home=place.home, game=place.game, say=place.say).kept(found)
    with place.progress.part("graph", 1) as advance, one_thread_each():
        shown = real_windows(place, found, recordings, data, windows)
        exported = export_run(found, place.plugins, shown, int8=int8)
        advance(1)
    return exported


def pictures(recordings: Sequence[Recording], at_most: int) -> Mapping[str, Any] | None:
    """Return pictures of recordings, evenly spread, as windows of one; None without any."""
    rows = [(one, frame) for one in recordings for frame in range(one.length)]
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(at_most, len(rows))).astype(int)) if rows else ()
    shown = [rows[row][0].read_frames([rows[row][1]]) for row in chosen]
    return {FRAMES: np.stack(shown)} if shown else None


def real_windows(
    place: Place, run: Run, recordings: AnyRecordings, data: AnyFolders, at_most: int
) -> Mapping[str, Any] | None:
    """Return windows of recordings, by itself of those that a run kept from its training; None without any."""
    opened = open_named(place, recordings, data) if recordings else held_out(place, run, data)
    if run.detects:
        return pictures(opened, at_most)
    told = labelled(run, place.game, opened, run.recipe.layer)
    try:
        index = spread_windows(held_out_index(run, told, only_held_out=not recordings), at_most)
    except NothingToTrain:
        if recordings:
            raise
        place.say("No recording is here that it was not trained on: noise is taken. Name some: --recordings.")
        return None
    return read_windows(run, index, np.arange(len(index)))
