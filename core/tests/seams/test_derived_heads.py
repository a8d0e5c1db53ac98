"""One drive is learned as four keys or as nine classes, and is played with the keys either way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doubles import DRIVE, bright_side_drives, recording, small_game

from playhead.capture import CapturedFrame
from playhead.conversions import Conversion, keys_choice_conversions
from playhead.data.relabelled import relabelled
from playhead.errors import BadValue, Mismatch, NotFound
from playhead.evaluation.evaluate import evaluate
from playhead.evaluation.job import EvaluationJob
from playhead.game import Game
from playhead.inputs import Input
from playhead.labelling import head_labels, held_labels
from playhead.labels import Choice, Keys
from playhead.models.network_part import NetworkPart
from playhead.models.run import Run
from playhead.playing.asking import history_of
from playhead.playing.derived import PlayedHeads
from playhead.playing.policy import RunPolicy
from playhead.plugins import Plugins
from playhead.sessions.exporting import export
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

HELD = {"none": "", "w": "w", "a": "a", "s": "s", "d": "d", "wa": "wa", "wd": "wd", "sa": "sa", "sd": "sd"}
NINE = Choice(*HELD, mirror=(("a", "d"), ("wa", "wd"), ("sa", "sd")))
TABLE = {name: frozenset(keys) for name, keys in HELD.items()}
CONVERSIONS = keys_choice_conversions("nine", DRIVE, NINE, TABLE, heads=("drive", "classes"))
TO_KEYS, TO_CLASSES = CONVERSIONS
GAME = replace(small_game(), conversions=CONVERSIONS)
OPTIONS = {"channels": [8, 8, 8, 8], "features": 16, "hidden": 16}
LEARNING = Recipe(steps=150, eval_every=50, batch_size=8, warmup_steps=2, lr=5e-3, seed=2, model_options=OPTIONS,
                  allow_empty=True)  # fmt: skip


def job_of(game: Game, recordings: list[Any], out: Path, recipe: Recipe) -> TrainingJob:
    return TrainingJob(game=game, recipe=recipe, recordings=recordings, out=out, plugins=Plugins(), device="cpu")


def drives(game: Game) -> list[Any]:
    return [bright_side_drives(game, seed=seed) for seed in range(4)]


def keys_pressed(run: Run, game: Game) -> np.ndarray:
    """Drive by the pictures of a lesson that is new, and say what was held at each."""
    lesson = bright_side_drives(game, seed=99)
    policy = RunPolicy.of(run, Plugins(), game, rate_hz=10)
    held = []
    for number, frame_HWC in enumerate(lesson.frames_THWC):
        shown = CapturedFrame(frame_HWC=frame_HWC, time_ns=number * 100_000_000, number=number)
        held.append([policy.decide(shown).get(key, 0.0) for key in DRIVE.names])
    return np.array(held)


def test_a_drive_of_keys_is_learned_as_classes_and_played_with_the_keys(tmp_path: Path) -> None:
    recipe = replace(LEARNING, heads=("classes",))
    run = train(job_of(GAME, drives(GAME), tmp_path / "run", recipe))
    assert dict(run.schema) == {"classes": NINE}
    found = evaluate(EvaluationJob(game=GAME, run=run, plugins=Plugins(), recordings=drives(GAME)))
    (head,) = found.heads
    assert head.name == "classes"
    assert head.scores.summary["accuracy"] > 0.9
    held = keys_pressed(Run.open(tmp_path / "run"), GAME)
    truth = bright_side_drives(GAME, seed=99).labels["drive"]
    assert (held == truth)[3:].all(1).mean() > 0.9


def test_a_run_of_classes_is_exported_compared_on_drives_of_keys(tmp_path: Path) -> None:
    recipe = replace(LEARNING, heads=("classes",), steps=2)
    run = train(job_of(GAME, drives(GAME), tmp_path / "runs/toy/default/run", recipe))
    exported = export(GAME, run=run, recordings=drives(GAME)[:1], windows=20, home=tmp_path, plugins=Plugins())
    assert exported.told.windows == 20
    assert exported.told.largest_difference < 1e-4


def test_recordings_of_classes_alone_teach_keys(tmp_path: Path) -> None:
    """As those of an old version of the game, whose drivers were asked for one class at a time."""
    before = replace(small_game({"classes": NINE}), controls={})
    old = [recording(before, {"classes": TO_CLASSES(lesson.labels["drive"])}, name=lesson.name,
                     frames_THWC=lesson.frames_THWC) for lesson in drives(GAME)]  # fmt: skip
    run = train(job_of(GAME, [*old[:2], *drives(GAME)[2:]], tmp_path / "run", LEARNING))
    assert dict(run.schema) == {"drive": DRIVE}
    truth = bright_side_drives(GAME, seed=99).labels["drive"]
    assert (keys_pressed(run, GAME) == truth)[3:].all(1).mean() > 0.9


def test_derived_labels_are_exact_between_frames_too() -> None:
    lesson = bright_side_drives(GAME, seed=0)
    events = np.array(
        [(150_000_000, "played", "a", 1.0, 1), (170_000_000, "played", "a", 0.0, 1)], lesson.events.dtype
    )
    lesson = replace(lesson, events=events, labels={"drive": np.zeros((60, 4), np.uint8)})
    told = relabelled(lesson, GAME.learnable.only(["classes"]), CONVERSIONS)
    classes = head_labels(told, "classes", NINE).at(np.array([149, 150, 169, 170]) * 1_000_000)
    assert [NINE.names[number] for number in classes.ravel()] == ["none", "a", "a", "none"]


def test_what_a_network_says_of_classes_is_the_share_of_those_that_hold_a_key() -> None:
    played = PlayedHeads(GAME.learnable.only(["classes"]), GAME)
    shares = np.zeros(9, np.float32)
    shares[[NINE.names.index("w"), NINE.names.index("wa"), NINE.names.index("d")]] = 0.5, 0.3, 0.2
    told = played({"classes": shares})
    assert np.allclose(told["drive"], [0.8, 0.3, 0.0, 0.2])
    assert told["classes"] is shares, "a controller of the game's own sees the classes too"


def test_what_a_network_says_of_keys_is_the_share_of_a_class() -> None:
    keys, classes = Keys("w", "a"), Choice("none", "w", "a", "wa")
    table = {"none": frozenset[str](), "w": frozenset("w"), "a": frozenset("a"), "wa": frozenset("wa")}
    pair = keys_choice_conversions("four", keys, classes, table, heads=("keys", "classes"))
    game = replace(small_game({"classes": classes}), controls={"w": "w", "a": "a"}, conversions=pair)
    told = PlayedHeads(game.learnable.only(["keys"]), game)({"keys": np.array([0.9, 0.2], np.float32)})
    assert np.allclose(told["classes"], [0.08, 0.72, 0.02, 0.18])


def test_past_actions_of_derived_heads_are_those_of_the_keys(tmp_path: Path) -> None:
    """A run of classes that is told what was held before: while it plays as while it learned."""
    inputs = {"frames": Input("frames", (0.0,)), "past": Input("actions", (-0.2, -0.1))}
    recipe = replace(LEARNING, steps=2, heads=("classes",), inputs=inputs, model="told_past")
    part = NetworkPart(schema=GAME.learnable.only(["classes"]), frame=GAME.needed_frame, rate_hz=10)
    run = Run(path=tmp_path, game=GAME.to_json(), recipe_name="x", recipe=recipe, network=part)
    history = history_of(run, 10, game=GAME)
    for number, held in enumerate(({}, {"w": 1.0, "a": 1.0}, {"a": 1.0})):
        shown = CapturedFrame(
            frame_HWC=np.zeros((24, 32, 3), np.uint8), time_ns=number * 100_000_000, number=number
        )
        history.add(shown, held)
    past = history.window()["past"]
    assert [NINE.names[number] for number in past.argmax(1)] == ["none", "wa"]
    lesson = bright_side_drives(GAME, seed=0)
    seen = relabelled(lesson, GAME.learnable.only(["classes"]), CONVERSIONS)
    told = held_labels(seen, "classes", NINE)
    assert told is not None
    assert np.array_equal(told.at(seen.frame_time_ns), TO_CLASSES(lesson.labels["drive"]))


def test_classes_that_nothing_converts_back_cannot_be_played() -> None:
    game = replace(GAME, conversions=(replace(TO_CLASSES, target=Choice(*"123456789")),))
    with pytest.raises(BadValue, match="nothing says which keys that means"):
        PlayedHeads(game.learnable.only(["classes"]), game)


def test_a_head_of_the_same_name_in_another_order_is_no_other_form_of_it(tmp_path: Path) -> None:
    other = small_game({"drive": Keys("a", "w", "s", "d")})
    wrong = recording(other, {"drive": np.zeros((20, 4), np.uint8)})
    for heads in ((), ("classes",)):
        with pytest.raises(Mismatch, match="has the labels drive: keys a, w, s, d, but") as caught:
            train(job_of(GAME, [wrong], tmp_path / "run", replace(LEARNING, heads=heads)))
        assert "--skip-bad" in str(caught.value)


def test_unknown_heads_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match='Did you mean "classes"'):
        train(job_of(GAME, drives(GAME), tmp_path / "run", replace(LEARNING, heads=("clases",))))


def test_a_conversion_to_another_head_of_that_name_is_refused() -> None:
    wrong = Conversion("wrong", NINE, Keys("x"), lambda rows: rows, "classes", "drive")
    with pytest.raises(BadValue, match="gives another head than its drive: drive: keys x"):
        replace(GAME, conversions=(wrong,))
