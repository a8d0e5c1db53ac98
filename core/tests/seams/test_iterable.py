"""Training from any iterable of batches: a list, a live source, one that can seek; and weights between steps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from doubles import bright_side_drives, small_game
from safetensors.torch import load_file
from torch import Tensor, nn

import playhead
from playhead.data.assembly import Batch
from playhead.errors import BadValue, EndedBySignal, NothingToTrain
from playhead.game import Game
from playhead.hookspecs import hookimpl
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.progress import Progress
from playhead.testing.fakes import FAKES, on_fakes
from playhead.training.checkpoint import read_checkpoint
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

SMALL = {"channels": [4, 4, 4, 4], "features": 8, "hidden": 8}
RECIPE = Recipe(steps=4, eval_every=2, batch_size=4, warmup_steps=1, length=2, model_options=SMALL)


def made(number: int) -> Batch:
    """A batch as anybody makes it, of numpy arrays: w is held where the picture is bright."""
    rng = np.random.default_rng(number)
    frames = rng.integers(0, 256, (4, 2, 24, 32, 3), dtype=np.uint8)
    held = np.stack([frames.mean((1, 2, 3, 4)) > 127] * 4, 1).astype(np.float32)
    return {"frames": frames, "labels": {"drive": held}}


def endless() -> Iterator[Batch]:
    return map(made, count())


def job(folder: Path, batches: Any, **more: Any) -> TrainingJob:
    recipe = replace(RECIPE, **more.pop("recipe", {}))
    return TrainingJob(game=small_game(), recipe=recipe, out=folder, plugins=Plugins(), batches=batches, **more)


class Heard(Progress):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


def test_a_live_source_is_learned_from_validated_and_played_without_a_recording(tmp_path: Path) -> None:
    taken, given = [], []

    def live() -> Iterator[Batch]:
        for number in count():
            taken.append(number)
            yield made(number)

    def hand_out(step: int, network: nn.Module) -> None:
        given.append((step, {name: value.clone() for name, value in network.state_dict().items()}))

    validation = [{**made(100), "previous": made(101)["labels"]}]
    run = train(job(tmp_path / "r" / "a", live(), validation=validation, on_step=hand_out))
    assert taken == [0, 1, 2, 3]  # never one more: it would be waited for
    assert [step for step, _ in given] == [1, 2, 3, 4]
    weights = load_file(run.weights)
    assert all(torch.equal(value, weights[name]) for name, value in given[-1][1].items())
    assert not all(torch.equal(value, weights[name]) for name, value in given[0][1].items())
    assert [line["step"] for line in run.history()] == [2, 4]
    opened = Run.open(run.path)
    opened.check_plays(small_game(), 10)
    assert (opened.rate_hz, opened.data["recordings"]) == (10, [])
    predictor = Predictor(opened.load_model(Plugins()), opened.schema)
    assert predictor.predict_batch({"frames": made(0)["frames"]})["drive"].shape == (4, 4)


def test_a_list_gives_the_same_weights_as_a_generator_and_may_be_shorter_than_the_training(tmp_path: Path) -> None:
    a = weights(job(tmp_path / "r" / "a", endless()))
    b = weights(job(tmp_path / "r" / "b", [made(number) for number in range(9)]))
    assert all(torch.equal(value, b[name]) for name, value in a.items())
    heard = Heard()
    run = train(job(tmp_path / "r" / "c", [made(0), made(1)], progress=heard, recipe={"balance": "labels"}))
    assert heard.notes[0] == "Not heeded: balance. Batches handed in are learned from as they come."
    assert run.metrics["steps"] == 2
    assert heard.notes[-1] == "The batches ended after step 2 of 4."


def test_batches_from_anywhere_become_a_run_that_is_evaluated_and_played(tmp_path: Path) -> None:
    game = on_fakes(small_game(), seconds=1.0)
    plugins = Plugins([("fakes", FAKES), ("toy", Toy(game))], strict=True)
    there: dict[str, Any] = {"home": tmp_path, "plugins": plugins}
    run = playhead.train("toy", recipe=RECIPE, steps=2, batches=endless(), name="one", **there)
    assert [one.name for one in playhead.runs("toy", **there)] == [run.name]
    drive = bright_side_drives(small_game(), seed=1)
    found = playhead.evaluate("toy", run=run, on="none", recordings=[drive], **there)
    assert found.to_json()["offline"]["drive"]["windows"] > 0
    played = playhead.play("toy", on="fake", seconds=0.5, settings={"strokes": []}, **there)
    assert played.run == run.name


class Toy:
    """A plugin of one game."""

    def __init__(self, game: Game) -> None:
        self._game = game

    @hookimpl
    def playhead_games(self) -> list[Game]:
        return [self._game]


class Tape:
    """Batches that can be gone on with anywhere."""

    def __init__(self) -> None:
        self.first = 0

    def seek(self, step: int) -> None:
        self.first = step

    def __iter__(self) -> Iterator[Batch]:
        return map(made, count(self.first))


def test_an_event_ends_a_training_with_what_it_has_learned_as_a_run(tmp_path: Path) -> None:
    ended = threading.Event()
    batches = (made(number) for number in count())
    asked = job(tmp_path / "r" / "a", batches, stop=ended, on_step=lambda step, _: step < 2 or ended.set())
    run = train(asked)
    assert run.metrics["stopped_early"]
    assert run.metrics["steps"] == 2


def interrupted(folder: Path, batches: Any) -> TrainingJob:
    """Begin a training that SIGTERM ends after step 2, and return the job that goes on."""
    import os
    import signal

    def stop(step: int, network: nn.Module) -> None:
        if step == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(EndedBySignal, match="until step 2 is kept"):
        train(job(folder, batches, on_step=stop))
    return job(folder, batches, resume=read_checkpoint(folder), progress=Heard())


def test_what_can_seek_goes_on_to_the_bit_and_what_cannot_says_so(tmp_path: Path) -> None:
    whole = weights(job(tmp_path / "r" / "a", Tape()))
    resumed = interrupted(tmp_path / "r" / "b", Tape())
    again = weights(resumed)
    assert all(torch.equal(value, again[name]) for name, value in whole.items())
    assert resumed.progress.notes == []  # type: ignore[attr-defined]
    foreign = interrupted(tmp_path / "r" / "c", endless())
    assert train(foreign).metrics["steps"] == 4
    assert "The batches after step 2 are others than they would have been" in foreign.progress.notes[0]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("more", "error", "sentence"),
    [
        ({"batches": []}, NothingToTrain, "There is not one batch to learn from"),
        ({"batches": [{"frames": made(0)["frames"]}]}, BadValue, "There are no labels of drive in a batch"),
        ({"batches": endless(), "validation": endless()}, BadValue, "Hand in a list of them"),
        ({"batches": endless(), "validation": []}, BadValue, "not one batch to validate on"),
        ({"batches": endless(), "validation": [made(1)]}, BadValue, "no previous of drive in a batch of a valid"),
    ],
)
def test_batches_that_cannot_be_learned_from_are_a_sentence(
    more: dict[str, Any], error: type[Exception], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=sentence):
        train(job(tmp_path / "r" / "a", **more))
    assert (tmp_path / "r" / "a" / "checkpoint").exists() == (
        "batch to validate" in sentence or "previous" in sentence
    )


def weights(one: TrainingJob) -> dict[str, Tensor]:
    return load_file(train(one).weights)
