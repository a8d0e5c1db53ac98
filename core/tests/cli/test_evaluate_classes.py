"""`playhead evaluate` of a game of pictures finds by itself what has no class, and bars of nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from doubles import MemoryRecording
from shapes import GAME, UNSEEN_SHAPES, load_plugins, pictures

from playhead.cli.context import Desk
from playhead.cli.evaluate import evaluate
from playhead.events import Origin
from playhead.storage.reader import open_recording
from playhead.storage.writer import RecordingWriter
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train


def store(recording: MemoryRecording, folder: Path) -> None:
    """Write a recording in memory to the disk."""
    with RecordingWriter(folder, recording.header) as writer:
        for number, frame_HWC in enumerate(recording.frames_THWC):
            origin = Origin(int(recording.label_origin[number]))
            labels = None if origin is Origin.NONE else {"shape": recording.labels["shape"][number]}
            columns = {name: values[number] for name, values in recording.columns.items()}
            writer.append(frame_HWC, int(recording.frame_time_ns[number]), labels, origin, columns=columns)


@pytest.fixture(scope="module", params=["frame", "recording"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    parent = home / "recordings" / "shapes"
    for seed in range(3):
        store(pictures(count=120, seed=seed), parent / f"known-{seed}")
    store(pictures(UNSEEN_SHAPES, count=40, seed=7), parent / "others")
    recipe = Recipe(
        model="conv_stack", model_options={"channels": [8, 8, 8, 8], "features": 16, "hidden": 16}, length=1,
        steps=60, eval_every=60, batch_size=16, warmup_steps=2, lr=5e-3, split_by=request.param, test_share=0.3,
        val_share=0.2, seed=3, feature_windows=100,
    )  # fmt: skip
    recordings = [open_recording(folder) for folder in sorted(parent.iterdir())]
    out = home / "runs" / "shapes" / "default" / "1"
    train(TrainingJob(game=GAME, recipe=recipe, recordings=recordings, out=out, plugins=load_plugins()))
    return home


def test_out_of_distribution_recordings_are_found_and_judged(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Desk, "plugins", property(lambda desk: load_plugins()))
    done = CliRunner().invoke(evaluate, ["shapes", "--home", str(home)])
    assert done.exit_code == 0, done.output
    assert "Out-of-distribution pictures are in 1 recording." in done.stderr
    assert "answered \\ true" in done.stdout
    assert "out-of-distribution: AUROC" in done.stdout
    folder = home / "runs" / "shapes" / "default" / "1" / "evaluation"
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    study = scores["choices"]["shape"]
    assert study["ood"]["ood"] == 40
    assert set(study["ood"]["auroc_by_kind"]) == set(UNSEEN_SHAPES)
    run = json.loads((home / "runs" / "shapes" / "default" / "1" / "run.json").read_text(encoding="utf-8"))
    assert study["accuracy"]["whole"] == run["data"]["test_windows"]
    assert study["chosen_on"] == "validation"
    assert "neighbour" in study["ood"]["auroc_of_every_score"]  # it is compared with what was learned from


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (1, "No window shows {0} or {1}: of that nothing is measured. With {2} alone"),
        (2, "No window shows {0}: of"),
    ],
)
def test_classes_that_are_not_shown_are_named(
    shown: int, told: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = GAME.labels["shape"].names
    there, missing = names[-shown:], names[:-shown]
    store(pictures(there, count=40, seed=5), tmp_path / "shapes" / "few")
    monkeypatch.setattr(Desk, "plugins", property(lambda desk: load_plugins()))
    asked = ["shapes", "--home", str(home), "--data", str(tmp_path / "shapes"), "--recordings", "few"]
    done = CliRunner().invoke(evaluate, [*asked, "--out", str(tmp_path / "page")])
    assert done.exit_code == 0, done.output
    assert told.format(*missing, *there) in done.stdout
    assert told.format(*missing, *there) in (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
