"""A head that does not learn is said after a fifth of the steps, once; one that does is not."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doubles import bright_side_drives, recording, small_game

from playhead.errors import Collapsed
from playhead.game import Game
from playhead.labels import Axes, Choice, Head, Keys
from playhead.models.conv_lstm import ConvLstm
from playhead.plugins import Plugins
from playhead.progress import Progress
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

SMALL = {"channels": [8, 8, 8, 8], "features": 16, "hidden": 16}
RECIPE = Recipe(steps=200, eval_every=200, batch_size=16, warmup_steps=2, lr=5e-3, seed=2, model_options=SMALL)


class Heard(Progress):
    def __init__(self) -> None:
        self.steps, self.notes = 0, []  # type: ignore[var-annotated]

    def note(self, sentence: str) -> None:
        if "is not learning" in sentence:
            self.notes.append((self.steps, sentence))

    def step(self, step: int, steps: int, loss: float) -> None:
        self.steps = step
        if step > steps // 4:
            raise StopIteration  # all that is to be said was said


def warned(game: Game, lessons: list[Any], out: Path, recipe: Recipe = RECIPE) -> list[tuple[int, str]]:
    heard = Heard()
    job = TrainingJob(game=game, recipe=recipe, recordings=lessons, out=out, plugins=Plugins(), progress=heard)
    with suppress(StopIteration):
        train(job)
    return heard.notes


def unseen(head: Head, *, frames: bool = True, count: int = 120) -> list[Any]:
    """Drives whose answers no picture shows: both are noise."""
    game = small_game({"drive": head})
    lessons = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        if isinstance(head, Choice):
            labels: Any = rng.integers(0, len(head.names), (count, 1)).astype(np.uint16)
        elif isinstance(head, Axes):
            labels = rng.uniform(-1, 1, (count, len(head.names))).astype(np.float32)
        else:
            labels = (rng.random((count, len(head.names))) < 0.3).astype(np.uint8)
        pictures = None if frames else np.full((count, *game.frame.shape), 90, np.uint8)
        lessons.append(recording(game, {"drive": labels}, name=f"u{seed}", frames_THWC=pictures))
    return lessons


def test_a_head_that_learns_is_not_said(tmp_path: Path) -> None:
    lessons = [bright_side_drives(small_game(), seed=seed) for seed in range(4)]
    assert warned(small_game(), lessons, tmp_path / "run") == []


@pytest.mark.parametrize("head", [Keys("a", "b"), Choice("x", "y"), Axes("v")])
def test_answers_that_no_picture_shows_are_said_once_with_what_to_try(head: Head, tmp_path: Path) -> None:
    ((step, sentence),) = warned(small_game({"drive": head}), unseen(head), tmp_path / "run")
    assert step == 40
    assert sentence.startswith("The head drive is not learning: after 40 of 200 steps it answers no better than")
    assert ("--set label_over_s=0.3" if isinstance(head, Keys) else "--set model.scene_pixels=19200") in sentence


def test_a_network_that_answers_everything_alike_is_told_apart(tmp_path: Path) -> None:
    head = Keys("a")
    ((_, sentence),) = warned(small_game({"drive": head}), unseen(head, frames=False), tmp_path / "run")
    assert "answers the same whatever it sees" in sentence
    assert sentence.endswith("Try --set model.reader=stack, or --set lr=0.001.")


def test_a_network_that_ignores_what_it_sees_ends_its_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = ConvLstm.features
    monkeypatch.setattr(ConvLstm, "features", lambda network, inputs: 0 * seen(network, inputs))
    game = small_game({"drive": Keys("a")})
    with pytest.raises(Collapsed, match=r"white, black, noise and real pictures get the same answers .* Nothing"):
        warned(game, unseen(Keys("a")), tmp_path / "run")
    ((step, _),) = warned(game, unseen(Keys("a")), tmp_path / "on", replace(RECIPE, allow_collapse=True))
    assert step == 40


def test_each_head_is_judged_by_itself(tmp_path: Path) -> None:
    game = small_game({"drive": small_game().schema["drive"], "luck": Keys("x"), "still": Keys("y")})
    lessons = []
    for seed in range(4):
        lesson, rng = bright_side_drives(small_game(), seed=seed), np.random.default_rng(seed)
        luck = (rng.random((lesson.length, 1)) < 0.5).astype(np.uint8)
        labels = {**lesson.labels, "luck": luck, "still": np.zeros_like(luck)}
        lessons.append(recording(game, labels, name=f"l{seed}", frames_THWC=lesson.frames_THWC))
    ((_, sentence),) = warned(game, lessons, tmp_path / "run")
    assert sentence.startswith("The head luck is not learning")
    ignored = replace(RECIPE, loss_weights={"luck": 0.0})
    assert warned(game, lessons, tmp_path / "ignored", ignored) == []


def test_a_training_too_short_to_tell_says_nothing(tmp_path: Path) -> None:
    head = Keys("a")
    assert warned(small_game({"drive": head}), unseen(head), tmp_path / "run", replace(RECIPE, steps=100)) == []


def test_a_common_key_that_never_reaches_its_threshold_is_said_at_the_end(tmp_path: Path) -> None:
    notes: list[str] = []

    class Notes(Progress):
        def note(self, sentence: str) -> None:
            notes.append(sentence)

    head = Keys("a")
    recipe = replace(RECIPE, steps=4, lr=1e-6)
    game = small_game({"drive": head})
    job = TrainingJob(
        game=game, recipe=recipe, recordings=unseen(head), out=tmp_path / "a", plugins=Plugins(), progress=Notes()
    )
    train(job)
    (sentence,) = (one for one in notes if "threshold" in one)
    assert "a is held" in sentence
    notes.clear()
    train(replace(job, recipe=replace(recipe, controller={"proportional": ["a"]}), out=tmp_path / "b"))
    assert not any("threshold" in one for one in notes)


def test_what_differs_in_features_gets_the_time_to_show_in_the_loss(tmp_path: Path) -> None:
    head = Keys("a")
    recipe = replace(RECIPE, warmup_steps=25)
    ((step, _),) = warned(small_game({"drive": head}), unseen(head, count=300), tmp_path / "seen", recipe)
    assert step == 50  # two warm-ups
    ((step, _),) = warned(small_game({"drive": head}), unseen(head, frames=False), tmp_path / "flat", recipe)
    assert step == 40
