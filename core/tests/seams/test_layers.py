"""A recording is labelled again; training and evaluation choose by name whose labels count, head by head."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doubles import DRIVE, MemoryRecording, bright_side_drives, small_game

from playhead.data.relabelled import RECORDED, relabelled
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import Mismatch, NotFound, NothingToTrain
from playhead.evaluation.evaluate import evaluate
from playhead.evaluation.job import EvaluationJob
from playhead.events import Event, Origin
from playhead.labelling import head_labels
from playhead.labels import Choice
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.progress import Progress
from playhead.storage import layers
from playhead.storage.layer_writer import LayerRows, write_layer
from playhead.storage.reader import Recording, open_recording
from playhead.storage.writer import RecordingWriter
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

GAME = small_game({"drive": DRIVE, "side": Choice("middle", "left", "right")})
OPTIONS = {"channels": [8, 8, 8, 8], "features": 16, "hidden": 16}
LEARNING = Recipe(
    steps=2, eval_every=2, batch_size=8, warmup_steps=1, seed=2, model_options=OPTIONS, heads=("drive",),
    allow_empty=True,
)  # fmt: skip


def stored(folder: Path, lesson: MemoryRecording, drive: np.ndarray) -> Recording:
    """Record a lesson with these keys, which events say too."""
    header = replace(lesson.header, schema=GAME.schema)
    with RecordingWriter(folder, header) as writer:
        before = np.zeros(4)
        for number, frame_HWC in enumerate(lesson.frames_THWC):
            time_ns = int(lesson.frame_time_ns[number])
            changed = [
                Event(time_ns=time_ns, code=key, value=float(value), origin=Origin.HUMAN)
                for key, value, was in zip("wasd", drive[number], before, strict=True)
                if value != was
            ]
            before = drive[number]
            writer.append(frame_HWC, time_ns, {"drive": drive[number], "side": [0]}, Origin.HUMAN)
            writer.add_events(changed)
    return open_recording(folder)


def lessons(folder: Path, count: int = 3) -> list[Recording]:
    """Recordings whose driver held s all the time; the layer "truth" has what the picture says."""
    made = []
    for seed in range(count):
        lesson = bright_side_drives(GAME, seed=seed)
        recording = stored(folder / f"lesson-{seed}", lesson, np.tile([0, 0, 1, 0], (60, 1)))
        keys = lesson.labels["drive"]
        rows = LayerRows(
            labels={"drive": keys},
            origins={"drive": np.where(np.arange(60) < 30, Origin.MODEL, Origin.NONE)},
            probabilities={"drive": keys * 0.75},
        )
        write_layer(recording, "truth", {"drive": DRIVE}, [rows], run="toy/labeller/1")
        made.append(open_recording(recording.path))
    return made


def job_of(recordings: list[Any], out: Path, **changes: Any) -> TrainingJob:
    recipe = replace(LEARNING, **changes)
    return TrainingJob(game=GAME, recipe=recipe, recordings=recordings, out=out, plugins=Plugins(), device="cpu")


def test_a_run_learns_what_the_layer_says_and_is_judged_by_it(tmp_path: Path) -> None:
    recordings = lessons(tmp_path)
    steps = {"steps": 100, "eval_every": 50, "lr": 5e-3, "origins": ("model",)}
    run = train(job_of(recordings, tmp_path / "run", layer="truth", **steps))
    assert Run.open(run.path).recipe.layer == "truth"
    windows = sum(entry["train_windows"] + entry["validation_windows"] for entry in run.data["recordings"])
    assert windows == 3 * 30, "all frames: at a beginning the first stands in"
    shares = {}
    for layer in (None, "truth", RECORDED):
        job = EvaluationJob(
            game=GAME, run=replace(run, recipe=replace(run.recipe, origins=("model", "human"))), plugins=Plugins(),
            recordings=recordings, layer=layer, only_held_out=False,
        )  # fmt: skip
        found = evaluate(job)
        assert found.predictions is not None
        (head,) = found.heads
        shares[layer] = head.predictions.truth_NA.mean(0).round(2).tolist()
    assert shares[None] == shares["truth"]
    assert shares["truth"][0] == 1.0, "w is always held"
    assert shares[RECORDED] == [0, 0, 1, 0], "s is always held"


def test_a_layer_goes_before_the_events(tmp_path: Path) -> None:
    (recording,) = lessons(tmp_path, 1)
    assert len(recording.events) > 0
    seen = relabelled(recording, GAME.schema, (), layer="truth")
    told = head_labels(seen, "drive", DRIVE)
    times_ns = recording.frame_time_ns
    assert np.array_equal(told.at(times_ns), bright_side_drives(GAME, seed=0).labels["drive"])
    assert told.origin_T[[0, 59]].tolist() == [Origin.MODEL, Origin.NONE]
    other = head_labels(seen, "side", GAME.labels["side"])
    assert other.origin_T.tolist() == [Origin.HUMAN] * 60, "the layer does not say, so the recording does"
    assert np.array_equal(seen.labels["drive"], bright_side_drives(GAME, seed=0).labels["drive"])
    assert head_labels(recording, "drive", DRIVE).at(times_ns).tolist() == [[0, 0, 1, 0]] * 60
    assert seen.name == recording.name


def test_a_recording_without_the_layer_is_named(tmp_path: Path) -> None:
    recordings = [
        *lessons(tmp_path),
        stored(tmp_path / "bare", bright_side_drives(GAME, seed=9), np.zeros((60, 4))),
    ]
    job = job_of(recordings, tmp_path / "run", layer="truth", origins=("model",))
    with pytest.raises(Mismatch, match="Recording bare has no layer truth; it has: none") as caught:
        train(job)
    assert "--skip-bad" in str(caught.value)
    job.skip_bad = True
    train(job)
    assert job.left_out == ["bare"]


def test_a_layer_with_other_names_in_a_head_does_not_fit(tmp_path: Path) -> None:
    (recording,) = lessons(tmp_path, 1)
    rows = LayerRows(labels={"side": np.zeros((60, 1), int)}, origins={"side": Origin.SCRIPT})
    write_layer(recording, "sides", {"side": Choice("left", "middle", "right")}, [rows])
    with pytest.raises(Mismatch, match="has the labels side: choice left, middle, right, but side: choice middle"):
        train(job_of([open_recording(recording.path)], tmp_path / "run", layer="sides", heads=("side",)))


def test_a_layer_of_other_heads_is_not_what_was_meant(tmp_path: Path) -> None:
    with pytest.raises(Mismatch, match="The layer truth of recording lesson-0 labels drive, not side"):
        train(job_of(lessons(tmp_path), tmp_path / "run", layer="truth", heads=("side",)))


def test_a_recording_with_a_layer_can_be_copied_and_sent(tmp_path: Path) -> None:
    made = bright_side_drives(GAME, seed=0)
    seen = relabelled(made, GAME.schema.only(["drive"]), (), layer="")
    assert seen is made, "nothing stands between a recording and who learns from it as it was recorded"
    (recording,) = lessons(tmp_path, 1)
    again = copy.copy(relabelled(recording, GAME.schema, (), layer="truth"))
    assert again.labels["drive"][:, 0].all()


def test_a_layer_nobody_trusts_has_no_windows(tmp_path: Path) -> None:
    with pytest.raises(NothingToTrain, match="come from human or script"):
        train(job_of(lessons(tmp_path), tmp_path / "run", layer="truth"))


def test_origins_are_trusted_head_by_head(tmp_path: Path) -> None:
    (recording,) = lessons(tmp_path, 1)
    seen = relabelled(recording, GAME.schema, (), layer="truth")
    known = {}
    for origins in (("human",), ("model",), ("human", "drive:model")):
        index = WindowIndex.of([seen], GAME.schema, WindowSpec(origins=origins))
        known[origins] = [int(index.known[name].sum()) for name in ("drive", "side")]
    assert known == {("human",): [0, 60], ("model",): [30, 0], ("human", "drive:model"): [30, 60]}
    with pytest.raises(NotFound, match='Did you mean "drive"'):
        WindowIndex.of([seen], GAME.schema, WindowSpec(origins=("drvie:model",)))
    with pytest.raises(NotFound, match="origin of labels"):
        WindowIndex.of([seen], GAME.schema, WindowSpec(origins=("drive:robot",)))


def test_the_name_of_the_recorded_labels_is_the_same_everywhere() -> None:
    assert layers.RECORDED == RECORDED


class Notes(Progress):
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, sentence: str) -> None:
        self.said.append(sentence)


def test_a_layer_may_bring_a_head_that_the_recording_never_had(tmp_path: Path) -> None:
    old = small_game({"drive": DRIVE})
    lesson = bright_side_drives(old, seed=0)
    made = []
    for number in range(2):
        with RecordingWriter(tmp_path / f"old-{number}", lesson.header) as writer:
            for frame, shown_HWC in enumerate(lesson.frames_THWC):
                time_ns = int(lesson.frame_time_ns[frame]) + number
                writer.append(shown_HWC, time_ns, {"drive": lesson.labels["drive"][frame]}, Origin.HUMAN)
        made.append(open_recording(tmp_path / f"old-{number}"))
    side = (lesson.labels["drive"][:, 1] + 2 * lesson.labels["drive"][:, 3])[:, None]
    for recording in made:
        rows = LayerRows(labels={"side": side}, origins={"side": Origin.SCRIPT})
        write_layer(recording, "sides", {"side": GAME.labels["side"]}, [rows])
    run = train(job_of(made, tmp_path / "run", layer="sides", heads=("drive", "side"), split_by="frame"))
    assert list(run.schema) == ["drive", "side"]
