"""Labels at one or many positions of a window: learned from, judged once a frame, masked where nobody knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from doubles import MemoryRecording, mixed_heads, recording, small_game

from playhead.agreement import changed
from playhead.capture import CapturedFrame
from playhead.data.assembly import Assembly
from playhead.data.balance import report
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import BadValue, Mismatch
from playhead.evaluation.evaluate import evaluate
from playhead.evaluation.held_out import fewest_windows
from playhead.evaluation.job import EvaluationJob
from playhead.evaluation.offline import judged_frames
from playhead.game import Game
from playhead.inputs import Input, spaced
from playhead.labels import Axes, Choice, Keys, LabelSchema
from playhead.models.heads import probabilities
from playhead.models.run import Run
from playhead.playing.policy import RunPolicy
from playhead.plugins import Plugins
from playhead.training.job import TrainingJob
from playhead.training.losses import head_loss, losses
from playhead.training.recipe import Recipe, with_settings
from playhead.training.scores import Scores
from playhead.training.supervised import train

MS = 1_000_000
SIXTY_FOUR = Input("frames", spaced(-3.2, 3.1, 0.1))
QUICK = Recipe(
    steps=2, eval_every=2, batch_size=4, warmup_steps=0, workers=1, val_share=0.5,
    model_options={"channels": [4, 4], "features": 8, "hidden": 8},
)  # fmt: skip
GAME = replace(small_game({"drive": Keys("w", "a"), "gear": Choice("low", "high"), "wheel": Axes("steer")}),
               regions={}, controls={"w": "w", "a": "a"})  # fmt: skip


def drive(number: int, count: int = 70, **changes: Any) -> MemoryRecording:
    rng = np.random.default_rng(number)
    labels = {
        "drive": rng.integers(0, 2, (count, 2)).astype(np.uint8),
        "gear": rng.integers(0, 2, (count, 1)).astype(np.uint16),
        "wheel": rng.uniform(-1, 1, (count, 1)).astype(np.float32),
    }
    return recording(GAME, {**labels, **changes}, name=f"drive-{number}")


def half_unknown(number: int) -> MemoryRecording:
    """Of every second frame nobody knows the axis, of every third the class."""
    made = drive(number)
    wheel, gear = np.array(made.labels["wheel"]), np.array(made.labels["gear"])
    wheel[::2] = np.nan
    gear[::3] = 65535
    return replace(made, labels={**made.labels, "wheel": wheel, "gear": gear})


def learned(recipe: Recipe, folder: Path, recordings: list[MemoryRecording], game: Game = GAME) -> Run:
    job = TrainingJob(game=game, recipe=recipe, recordings=recordings, out=folder / "toy/r/one", plugins=Plugins())
    return Run.open(train(job).path)


def judged(run: Run, recordings: list[MemoryRecording]) -> dict[str, Any]:
    job = EvaluationJob(game=GAME, run=run, plugins=Plugins(), recordings=recordings, only_held_out=False)
    return {result.name: result.to_json() for result in evaluate(job).heads}


def test_an_answer_for_each_of_sixty_four_frames(tmp_path: Path) -> None:
    recordings = [drive(number) for number in range(2)]
    recipe = replace(QUICK, inputs={"frames": SIXTY_FOUR}, positions="every")
    index = WindowIndex.of(recordings, GAME.schema, WindowSpec.of(recipe))
    batch = Assembly(index=index)(0, np.array([0]))
    assert batch["labels"]["drive"].shape == (1, 64, 2)
    np.testing.assert_array_equal(batch["labels"]["drive"][0], recordings[0].labels["drive"][:64])
    run = learned(recipe, tmp_path, recordings)
    told = judged(run, recordings)
    assert {name: head["windows"] for name, head in told.items()} == {"drive": 140, "gear": 140, "wheel": 140}
    with pytest.raises(BadValue, match="answers for the moment"):
        RunPolicy.of(run, Plugins(), GAME, rate_hz=10)


@pytest.mark.parametrize("positions", ["every", (-0.3, 0.0)])
def test_who_answers_at_several_moments_plays_by_the_last(positions: Any, tmp_path: Path) -> None:
    recipe = replace(QUICK, length=4, stride_s=0.1, positions=positions)
    run = learned(recipe, tmp_path, [drive(number) for number in range(2)])
    policy = RunPolicy.of(run, Plugins(), GAME, rate_hz=10)
    policy.decide(CapturedFrame(frame_HWC=np.zeros(GAME.frame.shape, np.uint8), time_ns=0, number=0))
    assert {name: answer.shape for name, answer in policy.predictions.items()} == {
        "drive": (2,), "gear": (2,), "wheel": (1,),
    }  # fmt: skip


@pytest.mark.parametrize("positions", ["now", "every"])
def test_what_is_unknown_in_one_head_is_learned_and_judged_in_the_others(positions: Any, tmp_path: Path) -> None:
    recordings = [half_unknown(number) for number in range(2)]
    recipe = replace(QUICK, length=2, stride_s=0.1, positions=positions)
    index = WindowIndex.of(recordings, GAME.schema, WindowSpec.of(recipe))
    first = 0 if positions == "now" else 1  # a window may begin before the first frame, but not be answered there
    assert len(index) == 2 * (70 - first), "no window is left out"
    batch = Assembly(index=index)(0, np.arange(6))
    assert batch["mask"]["drive"].all()
    assert batch["mask"]["wheel"][:, -1].tolist() == [number % 2 == 1 for number in range(first, first + 6)]
    assert batch["mask"]["gear"][:, -1].tolist() == [number % 3 != 0 for number in range(first, first + 6)]
    told = judged(learned(recipe, tmp_path, recordings), recordings)
    balance = report(index)
    assert sum(balance.classes["gear"].values()) == pytest.approx(1)
    assert -1 <= balance.axes["wheel"]["steer"] <= 1
    assert told["drive"]["windows"] == 140
    assert told["wheel"]["windows"] == 70
    assert told["gear"]["windows"] == 2 * 46
    assert sum(map(sum, told["gear"]["confusion"])) == 2 * 46


def test_a_recording_that_lacks_a_head_is_learned_from_for_the_others() -> None:
    made = drive(1)
    less = replace(made, labels={"drive": made.labels["drive"]})
    index = WindowIndex.of([made, less], GAME.schema, WindowSpec())
    assert index.known["drive"].all()
    assert index.known["wheel"].tolist() == [True] * 70 + [False] * 70


def test_a_loss_is_the_mean_over_what_is_known() -> None:
    schema = LabelSchema.of(mixed_heads())
    torch.manual_seed(0)
    logits = {name: torch.randn(3, 5, head.outputs) for name, head in schema.items()}
    labels = {
        "drive": torch.rand(3, 5, 4), "gear": torch.randint(0, 3, (3, 5, 1)), "wheel": torch.rand(3, 5, 2),
        "nudge": torch.rand(3, 5, 1),
    }  # fmt: skip
    mask = {name: torch.rand(3, 5) < 0.5 for name in schema}
    found = losses(schema, logits, labels, mask=mask)
    for name, head in schema.items():
        wanted = head_loss(head, logits[name][mask[name]], labels[name][mask[name]])
        assert found[name] == wanted
    nothing = losses(schema, logits, labels, mask={name: torch.zeros(3, 5, dtype=torch.bool) for name in schema})
    assert all(value == 0 for value in nothing.values())
    for name, answers in probabilities(schema, logits).items():
        assert answers.shape == logits[name].shape
    assert probabilities(schema, logits)["gear"].sum(-1).allclose(torch.ones(3, 5))


def test_a_network_that_answers_once_is_told_so_where_more_is_wanted(tmp_path: Path) -> None:
    schema = LabelSchema.of({"drive": Keys("w")})
    with pytest.raises(
        Mismatch, match=r"answers at 1 positions of a window, labels are wanted at 4.*positions=now"
    ):
        losses(schema, {"drive": torch.zeros(2, 1)}, {"drive": torch.zeros(2, 4, 1)})
    with pytest.raises(BadValue, match=r"conv_stack answers once a window.*model=conv_lstm"):
        learned(replace(QUICK, model="conv_stack", positions="every"), tmp_path, [drive(0), drive(1)])


def test_every_frame_is_judged_once_by_the_answer_nearest_to_its_moment() -> None:
    spec = WindowSpec(inputs={"frames": Input("frames", (-0.2, -0.1, 0.0))}, positions_s=(-0.2, -0.1, 0.0))
    chosen = judged_frames(WindowIndex.of([drive(1, 5)], GAME.schema, spec))
    assert chosen.index.frame_N.tolist() == [0, 1, 2, 3, 4]
    assert chosen.window_M.tolist() == [0, 0, 0, 1, 2]
    assert chosen.position_M.tolist() == [0, 1, 2, 2, 2]


def test_positions_can_be_typed() -> None:
    assert with_settings(Recipe(), {"positions": "every"}).positions_s == (-0.5, -0.25, 0.0)
    recipe = with_settings(Recipe(), {"positions": "-0.4:0:0.2"})
    assert recipe.positions_s == (-0.4, -0.2, 0.0)
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_change_is_one_thing_in_training_and_balance() -> None:
    made = drive(1, wheel=np.array([[0.0], [0.05], [0.25], [0.2]] * 10, np.float32),
                 drive=np.zeros((40, 2), np.uint8), gear=np.zeros((40, 1), np.uint16))  # fmt: skip
    index = WindowIndex.of([made], GAME.schema, WindowSpec())
    scores = Scores(GAME.schema)
    batch = Assembly(index=index)(0, np.arange(len(index)))
    logits = {name: torch.zeros(len(index), 1, head.outputs) for name, head in GAME.schema.items()}
    scores.add(logits, batch, losses(GAME.schema, logits, batch["labels"], mask=batch["mask"]))
    assert scores.metrics()["heads"]["wheel"]["change_share"] == pytest.approx(index.changes().mean())
    moved = changed(GAME.schema["wheel"], made.labels["wheel"][1:], made.labels["wheel"][:-1])
    assert moved.mean() == pytest.approx(index.changes()[1:].mean())


def test_few_windows_answer_every_frame_near_their_middles() -> None:
    recordings = [drive(0, count=200), drive(1, count=70)]
    recipe = replace(QUICK, inputs={"frames": SIXTY_FOUR}, positions="every")
    index = WindowIndex.of(recordings, GAME.schema, WindowSpec.of(recipe))
    few = fewest_windows(index)
    assert len(few) < len(index) / 10
    all_judged, few_judged = judged_frames(index), judged_frames(few)
    assert (all_judged.index.place_N == few_judged.index.place_N).all()
    away_M = np.abs(np.array(index.spec.positions_s))[few_judged.position_M]
    frame_M = few_judged.index.frame_N
    inside_M = (frame_M >= 32) & (frame_M < np.where(few_judged.index.recording_N == 0, 200, 70) - 32)
    assert away_M[inside_M].max() <= 1.7  # half of a window's 3.2 to one side
    alone = WindowIndex.of(recordings, GAME.schema, WindowSpec.of(QUICK))
    assert fewest_windows(alone) is alone
