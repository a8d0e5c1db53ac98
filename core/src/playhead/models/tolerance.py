"""How well a run drives when its keys come later, or some decisions not at all: measured, and kept with it.

Written by `playhead evaluate --delays --drops`; who plays knows from it when the run is not fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from playhead.decoding import encode_json, read_json
from playhead.models.run import Run
from playhead.models.run_file import WEIGHTS_FILE, Count, Text, write_whole
from playhead.names import command

TOLERANCE_FILE = "tolerance.json"
MOST_BYTES = 2**20
KEPT = 0.8  # of the undelayed score: what is less is driving badly
MOST_S = 60.0  # of a delay


class Point(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A score at a delay added between look and press, with a share of the decisions left out. Units: seconds."""

    delay_s: Annotated[float, Meta(ge=0, le=MOST_S)] = 0.0
    drops: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    score: Annotated[float, Meta(ge=-1e100, le=1e100)]


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """Up to where a run keeps KEPT of its score; with `is_reached` false as far as was measured, at least."""

    value: float
    is_reached: bool


class Tolerance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was measured, of which weights (their SHA-256), by which measure, over how many drives a point."""

    weights: Text
    measure: Text
    drives: Count
    points: Annotated[list[Point], Meta(max_length=1000)]

    @property
    def delay_s(self) -> Limit | None:
        """The delay that may be added; None where nothing was measured."""
        return _limit([(point.delay_s, point.score) for point in self.points if not point.drops])

    @property
    def drops(self) -> Limit | None:
        """The share of the decisions that may be left out."""
        return _limit([(point.drops, point.score) for point in self.points if not point.delay_s])

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data, with the limits that follow."""
        limits: Mapping[str, Limit | None] = {"delay_s": self.delay_s, "drops": self.drops}
        told = {name: None if one is None else msgspec.to_builtins(one) for name, one in limits.items()}
        data: dict[str, Any] = msgspec.to_builtins(self)
        return {**data, "kept": KEPT, "limits": told}

    def write(self, folder: Path) -> None:
        """Write it into a folder, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / TOLERANCE_FILE, encode_json(msgspec.to_builtins(self), indent=2) + b"\n")


def weights_of(run: Run) -> str:
    """Return the digest of the weights that play, "" for a run of earlier versions."""
    seal = run.files.get(WEIGHTS_FILE)
    return seal.sha256 if seal is not None else ""


def read_tolerance(run: Run, folders: Sequence[Path]) -> Tolerance | None:
    """Return what was measured of a run's weights, from the first folder that says; None where none does.

    Raises:  Damaged for a file that is none.
    """
    for folder in folders:
        file = folder / TOLERANCE_FILE
        try:
            anew = command("evaluate", str(run.game["name"]), "--run", run.name, "--delays", "0,.05,.1,.2")
            found = read_json(file, Tolerance, then=f"Measure anew: {anew}.", most=MOST_BYTES)
        except FileNotFoundError:
            continue
        if found.weights == weights_of(run):
            return found
    return None


def _limit(points: Sequence[tuple[float, float]]) -> Limit | None:
    """Return where the scores fall below KEPT of that at 0, between two points in proportion."""
    ordered = sorted(dict(points).items())
    if len(ordered) < 2 or ordered[0][0] != 0 or ordered[0][1] <= 0:
        return None
    least = KEPT * ordered[0][1]
    for (before, high), (after, low) in pairwise(ordered):
        if low < least:
            return Limit(value=before + (after - before) * (high - least) / (high - low), is_reached=True)
    return Limit(value=ordered[-1][0], is_reached=False)
