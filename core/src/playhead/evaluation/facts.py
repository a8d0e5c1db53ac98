"""What a reader wants to know beside the numbers of an evaluation: run, recipe, recordings, rollouts, machine."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

import playhead
from playhead.evaluation.predictions import Predictions, decided, states
from playhead.evaluation.results import Evaluation
from playhead.labels import Axes
from playhead.models.run import Run


def all_facts(run: Run, found: Evaluation) -> dict[str, dict[str, str]]:
    """Return groups of facts of everything that was evaluated."""
    facts = {"Run": run_facts(run), "Recipe": recipe_facts(run)}
    if found.predictions is not None:
        facts["Recordings asked about"] = recordings_facts(run, found)
    if found.table is not None:
        facts["Rollouts"] = rollout_facts(found)
    return {**facts, "Machine": machine_facts()}


def run_facts(run: Run) -> dict[str, str]:
    """Return what a reader wants to know of the run."""
    made = {name.replace("_", " "): str(value) for name, value in run.made_with.items() if value}
    return {
        "name": run.name,
        "network": f"{run.recipe.model}, {run.parameters:,} parameters",
        "frames": f"{run.frame.width}x{run.frame.height} at {run.rates} Hz",
        "window": run.recipe.looks,
        "labels": f"{run.latency_s:g} s after the last frame"
        + ("" if run.recipe.positions == "now" else f", at {len(run.recipe.positions_s)} positions of a window"),
        "trained on": f"{run.data.get('train_windows', 0):,} windows of "
        f"{sum(1 for entry in run.data.get('recordings', ()) if entry.get('train_windows'))} recordings",
        **made,
    }


def recipe_facts(run: Run) -> dict[str, str]:
    """Return the recipe's settings as text."""
    return {name: _told(value) for name, value in run.recipe.to_json().items()}


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={_told(inner)}" for name, inner in value.items()) or "–"
    if isinstance(value, list):
        return ", ".join(_told(inner) for inner in value) or "–"
    return str(value)


def recordings_facts(run: Run, found: Evaluation) -> dict[str, str]:
    """Return how many windows of each recording were asked about, and the share of each head that is right."""
    assert found.predictions is not None
    counts = np.bincount(found.predictions.recording_N, minlength=len(found.predictions.recordings))
    part = "test" if run.data.get("test_windows") else "validation"
    kept = f"kept for {part}" if found.is_held_out else "named by the user, perhaps trained on"
    right = {name: right_by_recording(found.predictions, name) for name in found.predictions.heads}
    used = {
        name: ", ".join([f"{count:,} windows", *(of[name] for of in right.values() if name in of)])
        for name, count in zip(found.predictions.recordings, counts, strict=True)
        if count
    }
    return {"which": kept, **used}


def right_by_recording(predictions: Predictions, head: str) -> dict[str, str]:
    """Return of each recording the share of its windows in which a head is right as a whole; nothing of axes."""
    known = predictions.known(head)
    one = known.heads[head]
    if isinstance(one.head, Axes) or not len(known):
        return {}
    right_N = (states(one.head, one.truth_NA) == decided(one.head, one.predictions_NO)).all(1)
    counts, rights = (np.bincount(known.recording_N, of, len(known.recordings)) for of in (None, right_N))
    return {
        name: f"{head} {100 * rights[number] / counts[number]:.0f} % right"
        for number, name in enumerate(known.recordings) if counts[number]
    }  # fmt: skip


def rollout_facts(found: Evaluation) -> dict[str, str]:
    """Return how the rollouts were set up."""
    table = found.table
    assert table is not None
    facts = {name.replace("_", " "): _told(value) for name, value in table.settings.items() if value is not None}
    facts["seeds"] = f"{table.seeds[0]} to {table.seeds[-1]}"
    return facts


def machine_facts() -> dict[str, str]:
    """Return what the numbers were made with."""
    packages = {}
    for name in ("torch", "numpy", "zarr", "gymnasium", "opencv-python"):
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "playhead": playhead.__version__,
        "python": platform.python_version(),
        **packages,
        "system": platform.platform(terse=True),
    }
