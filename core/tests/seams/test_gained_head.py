"""A game gains a head: its old recordings still teach the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doubles import DRIVE, MemoryRecording, bright_side_drives, recording, small_game

from playhead.errors import Mismatch, NothingToTrain
from playhead.evaluation.evaluate import evaluate
from playhead.evaluation.job import EvaluationJob
from playhead.labels import Choice, Keys
from playhead.plugins import Plugins
from playhead.progress import Progress
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

BEFORE = small_game({"drive": DRIVE})
GAME = small_game({"drive": DRIVE, "side": Choice("middle", "left", "right")})
OPTIONS = {"channels": [8, 8, 8, 8], "features": 16, "hidden": 16}
QUICK = Recipe(
    steps=2, eval_every=2, batch_size=8, warmup_steps=1, seed=2, model_options=OPTIONS, allow_empty=True
)


class Notes(Progress):
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, sentence: str) -> None:
        self.said.append(sentence)


def new_drive(seed: int) -> MemoryRecording:
    lesson = bright_side_drives(BEFORE, seed=seed)
    drive = lesson.labels["drive"]
    side = (drive[:, 1] + 2 * drive[:, 3])[:, None]
    return recording(GAME, {"drive": drive, "side": side}, name=f"new-{seed}", frames_THWC=lesson.frames_THWC)


def old_drive(seed: int) -> MemoryRecording:
    return bright_side_drives(BEFORE, seed=seed, name=f"old-{seed}")


def job_of(recordings: list[Any], out: Path, **changes: Any) -> TrainingJob:
    recipe = replace(QUICK, **changes)
    return TrainingJob(game=GAME, recipe=recipe, recordings=recordings, out=out, plugins=Plugins(), device="cpu",
                       progress=Notes())  # fmt: skip


def test_old_recordings_teach_the_heads_they_have_and_new_ones_both(tmp_path: Path) -> None:
    job = job_of([old_drive(0), old_drive(1), new_drive(2), new_drive(3)], tmp_path / "run")
    run = train(job)
    assert list(run.schema) == ["drive", "side"]
    assert isinstance(job.progress, Notes)
    assert "Without side, and learned from for the other heads alone: old-0, old-1." in job.progress.said
    used = {one["name"]: one["train_windows"] + one["validation_windows"] for one in run.data["recordings"]}
    assert all(used.values()), "every recording has windows"
    again = [old_drive(4), new_drive(5)]
    found = evaluate(EvaluationJob(game=GAME, run=run, plugins=Plugins(), recordings=again, only_held_out=False))
    windows = {head.name: head.scores.windows for head in found.heads}
    assert windows["drive"] == 2 * windows["side"]


def test_what_is_learned_of_the_new_head_is_not_what_old_recordings_lack(tmp_path: Path) -> None:
    """Old recordings show left and right; if their missing label counted as "middle", that would be learned."""
    recordings = [old_drive(seed) for seed in range(6)] + [new_drive(6), new_drive(7)]
    run = train(job_of(recordings, tmp_path / "run", steps=150, eval_every=50, lr=5e-3, val_share=0.2))
    found = evaluate(
        EvaluationJob(game=GAME, run=run, plugins=Plugins(), recordings=[new_drive(9)], only_held_out=False)
    )
    scores = {head.name: head.scores.summary for head in found.heads}
    assert scores["side"]["accuracy"] > 0.9


def test_the_old_head_alone_needs_no_new_recordings(tmp_path: Path) -> None:
    run = train(job_of([old_drive(0), old_drive(1)], tmp_path / "run", heads=("drive",)))
    assert list(run.schema) == ["drive"]


def test_a_head_that_no_recording_has_is_named(tmp_path: Path) -> None:
    with pytest.raises(NothingToTrain, match="None of the 2 recordings of toy has the head side") as caught:
        train(job_of([old_drive(0), old_drive(1)], tmp_path / "run"))
    assert "--set heads=drive" in str(caught.value)


def test_a_recording_with_none_of_the_heads_is_left_out_by_name(tmp_path: Path) -> None:
    with pytest.raises(Mismatch, match="Recording old-1 has the labels drive: keys w, a, s, d, but side: choice"):
        train(job_of([new_drive(0), new_drive(2), old_drive(1)], tmp_path / "run", heads=("side",)))


def test_names_and_their_order_within_a_head_must_agree(tmp_path: Path) -> None:
    other = recording(
        small_game({"drive": Keys("w", "a", "d", "s")}), {"drive": np.zeros((60, 4), np.uint8)}, name="odd"
    )
    with pytest.raises(
        Mismatch, match="Recording odd has the labels drive: keys w, a, d, s, but drive: keys w, a, s"
    ):
        train(job_of([new_drive(0), new_drive(2), other], tmp_path / "run"))
