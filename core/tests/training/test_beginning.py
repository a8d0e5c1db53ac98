"""What a network begins with: heads at what the drawn labels say, colours by what the pictures are like."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from doubles import bright_side_drives, recording, small_game
from safetensors.torch import load_file

from playhead.data.augment import Augmenter
from playhead.data.balancing import Drawing, drawing
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.decoding import digest
from playhead.errors import Damaged
from playhead.events import Origin
from playhead.game import Game
from playhead.labels import Axes, Choice, Head, Keys
from playhead.models import Colours
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.training.beginning import best_constant, colours_of, drawn_labels
from playhead.training.job import TrainingJob
from playhead.training.losses import head_loss
from playhead.training.recipe import Recipe
from playhead.training.supervised import build_network, train

SMALL = {"channels": [8, 8, 8, 8], "features": 16, "hidden": 16}
ONE = Recipe(steps=1, batch_size=8, warmup_steps=100, lr=1e-9, model_options=SMALL, length=1)


def job_of(game: Game, recordings: list[Any], out: Path, recipe: Recipe = ONE, **more: Any) -> TrainingJob:
    return TrainingJob(game=game, recipe=recipe, recordings=recordings, out=out, plugins=Plugins(), **more)


@pytest.mark.parametrize(
    ("head", "labels", "weights"),
    [
        (Keys("a", "b"), [[0, 1], [0, 1], [1, 1], [0, 0.5]], None),
        (Keys("a", "b"), [[0, 1], [0, 1], [1, 1], [0, 0.5]], [3.0, 0.2]),
        (Choice("x", "y", "z"), [[0], [0], [2], [1], [0]], None),
        (Choice("x", "y", "z"), [[0], [0], [2], [1], [0]], [1.0, 5.0, 0.5]),
        (Axes("v", "u", deltas=(-0.1, 0.0, 0.1)), [[0.1, 0], [0.1, -0.1], [0, 0.1], [-0.1, 0]], None),
    ],
)
def test_no_constant_answers_labels_better(head: Head, labels: list[Any], weights: list[float] | None) -> None:
    labels_KA = torch.tensor(labels, dtype=torch.float32).repeat(500, 1)
    weight_O = None if weights is None else torch.tensor(weights)
    begun_O = best_constant(head, labels_KA, weight_O)
    learned_O = begun_O.clone().requires_grad_()
    head_loss(head, learned_O.expand(len(labels_KA), -1), labels_KA, weight_O).backward()
    assert learned_O.grad is not None
    assert learned_O.grad.abs().max() < 2e-3  # of .001 that a share is kept from 0 and 1


def test_an_axis_begins_at_its_mean_and_what_never_comes_is_kept_possible() -> None:
    assert best_constant(Axes("v"), torch.tensor([[0.5], [-0.1]])).tolist() == pytest.approx([0.2])
    never, always = best_constant(Keys("a", "b"), torch.tensor([[0.0, 1.0]] * 5000)).tolist()
    assert (never, always) == pytest.approx((math.log(0.001 / 0.999), math.log(999)), abs=1e-3)
    few = best_constant(Keys("a"), torch.zeros(8, 1)).sigmoid()
    assert float(few) == pytest.approx(1 / 16)  # eight windows say no more


def lessons() -> list[Any]:
    return [bright_side_drives(small_game(), seed=seed) for seed in range(4)]


def head_bias(run: Run, name: str = "drive") -> list[float]:
    bias: list[float] = load_file(run.path / "model.safetensors")[f"heads.layers.{name}.bias"].tolist()
    return bias


def test_heads_of_a_new_training_begin_at_the_shares_and_those_of_a_run_stay(tmp_path: Path) -> None:
    run = train(job_of(small_game(), lessons(), tmp_path / "a"))
    index = WindowIndex.of(lessons(), small_game().schema, WindowSpec.of(ONE))
    shares = index.labels["drive"].mean(0)
    assert torch.tensor(head_bias(run)).sigmoid().tolist() == pytest.approx(shares.clip(0.001, 0.999), abs=0.05)

    constant = [replace_labels(one, 1.0) for one in lessons()]  # other labels, the same run
    again = train(job_of(small_game(), constant, tmp_path / "b", start_from=run))
    assert head_bias(again) == pytest.approx(head_bias(run), abs=1e-6)


def replace_labels(lesson: Any, value: float) -> Any:
    return replace(lesson, labels={name: np.full_like(one, value) for name, one in lesson.labels.items()})


def two_heads(keys: np.ndarray[Any, Any], known: np.ndarray[Any, Any]) -> WindowIndex:
    game = small_game({"keys": Keys("a"), "others": Keys("b")})
    origin = np.where(known, int(Origin.SCRIPT), int(Origin.NONE)).astype(np.uint8)
    drive = recording(game, {"keys": keys[:, None], "others": 1 - keys[:, None]}, origin=origin)
    return WindowIndex.of([drive], game.schema, WindowSpec(positions_s=(-0.1, 0.0)))


def test_labels_are_looked_at_as_they_are_drawn_at_every_position_and_only_where_known() -> None:
    keys = (np.arange(200) >= 180).astype(np.uint8)
    index = two_heads(keys, np.arange(200) < 190)
    plain = drawn_labels(index, drawing(index, "none", {}), seed=1)
    assert float(plain["keys"].mean()) == pytest.approx(10 / 190, abs=0.005)
    assert len(plain["keys"]) > len(index)  # both positions of a window
    balanced = drawn_labels(index, drawing(index, "labels", {}), seed=1)
    assert float(balanced["keys"].mean()) == pytest.approx(0.5, abs=0.06)

    weight_N = np.zeros(len(index))
    weight_N[:50] = 1 / 100
    mostly_held_N = np.zeros(len(index))
    mostly_held_N[-5:] = 1 / 10
    alone = Drawing(weight_M=np.concatenate([weight_N, mostly_held_N]), alone=("keys", "others"))
    labels = drawn_labels(index, alone, seed=1)
    assert float(labels["keys"].mean()) == 0  # only what was drawn for it
    assert float(labels["others"].mean()) == 0


def test_labels_are_mirrored_as_often_as_pictures() -> None:
    schema = {
        "drive": Keys("a", "d", mirror=(("a", "d"),)),
        "way": Choice("left", "right", mirror=(("left", "right"),)),
    }
    game = small_game(schema)
    held = np.array([[1, 0]] * 400, np.uint8)
    index = WindowIndex.of([recording(game, {"drive": held, "way": held[:, 1:]})], game.schema, WindowSpec())
    flip = Augmenter.of({"flip": 0.25, "zoom": 1.0}, game.schema, game.needed_frame, game.regions)
    labels = drawn_labels(index, drawing(index, "none", {}), 1, flip)
    assert labels["drive"].mean(0).tolist() == pytest.approx([0.75, 0.25], abs=0.03)
    assert torch.equal(labels["drive"][:, 1], labels["way"][:, 0])  # one window, one mirror
    always = Augmenter.of({"flip": 1.0}, game.schema, game.needed_frame, game.regions)
    assert drawn_labels(index, drawing(index, "none", {}), 1, always)["drive"].mean(0).tolist() == [0, 1]


def test_batches_that_are_handed_in_say_it_with_the_first(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.zeros((40, 4), np.float32)
    labels[:10, 1] = 1
    batch = {"frames": rng.integers(90, 110, (40, 1, 24, 32, 3), dtype=np.uint8), "labels": {"drive": labels}}
    run = train(job_of(small_game(), [], tmp_path / "run", batches=iter([batch])))
    assert torch.tensor(head_bias(run)).sigmoid().tolist() == pytest.approx(
        [1 / 80, 0.25, 1 / 80, 1 / 80], abs=1e-4
    )
    assert run.network is not None
    assert run.network.colours is not None
    assert run.network.colours[0] == pytest.approx([99.5] * 3, abs=1)


def test_colours_are_measured_kept_in_the_run_and_used_by_who_asks_it(tmp_path: Path) -> None:
    run = train(job_of(small_game(), lessons(), tmp_path / "run"))
    told = json.loads((run.path / "run.json").read_text())
    pixels = np.concatenate([one.frames_THWC.reshape(-1, 3) for one in lessons()]).astype(float)
    assert told["colours"][0] == pytest.approx(pixels.mean(0), rel=0.1)
    assert told["colours"][1] == pytest.approx(pixels.std(0), rel=0.15)

    opened = Run.open(run.path)
    frames = {"frames": lessons()[0].frames_THWC[:8, None]}
    network = opened.load_model(Plugins())
    said = Predictor(network, run.schema).predict_batch(frames)["drive"]
    again = train(job_of(small_game(), lessons(), tmp_path / "again", start_from=opened))
    assert again.network == run.network
    told["colours"] = None
    write_run_json(run.path, told)
    before = Run.open(run.path).load_model(Plugins())
    assert before.colours is None
    otherwise = Predictor(before, run.schema).predict_batch(frames)["drive"]
    assert np.abs(said - otherwise).max() > 1e-3
    before.standardise(Colours((127.5,) * 3, (127.5,) * 3))
    as_before = Predictor(before, run.schema).predict_batch(frames)["drive"]
    assert as_before == pytest.approx(otherwise, abs=1e-6)


def write_run_json(folder: Path, told: dict[str, Any]) -> None:
    told.pop("digest", None)
    (folder / "run.json").write_text(json.dumps({**told, "digest": digest(told)}))


@pytest.mark.parametrize(
    "colours",
    [[[0, 0], [1, 1]], [[0, 0, 0], [0, 1, 1]], [[0, 0, 0]], [[300, 0, 0], [9, 9, 9]], [[0] * 3, [9] * 3, [9]]],
)
def test_colours_that_cannot_be_are_damage(colours: Any, tmp_path: Path) -> None:
    run = train(job_of(small_game(), lessons()[:2], tmp_path / "run"))
    told = json.loads((run.path / "run.json").read_text())
    write_run_json(run.path, {**told, "colours": colours})
    with pytest.raises(Damaged):
        Run.open(run.path)


@pytest.mark.parametrize(("model", "options"), [("conv_lstm", {"fold": 2}), ("conv_stack", {})])
def test_every_channel_is_standardised_by_that_of_the_frame(
    model: str, options: dict[str, Any], tmp_path: Path
) -> None:
    recipe = Recipe(model=model, model_options=options, length=2)
    network = build_network(job_of(small_game(), [], tmp_path, recipe)).eval()
    frame = torch.tensor([10, 100, 200], dtype=torch.uint8).expand(1, 2, 24, 32, 3)
    views = {k: torch.as_tensor(v) for k, v in network.prepare_windows({"frames": frame.numpy()}).items()}
    before = network(views)["drive"]
    network.standardise(Colours((10.0, 100.0, 200.0), (8.0, 8.0, 8.0)))
    after = network(views)["drive"]
    grey = {k: torch.full_like(v, 127) for k, v in views.items()}
    network.standardise(Colours((127.0,) * 3, (50.0,) * 3))
    assert torch.equal(network(grey)["drive"], after)  # every pixel at its mean
    assert not torch.equal(before, after)


def test_changes_from_frame_to_frame_are_measured_where_there_are_any() -> None:
    frames = torch.zeros(2, 3, 4, 4, 3, dtype=torch.uint8)
    frames[:, 1] = 100  # so changes are 100, then -100
    colours = colours_of([{"frames": frames}], 3)
    assert colours is not None
    assert colours.changes == pytest.approx([100] * 3)
    assert colours_of([{"frames": frames[:, :1]}], 3) == ((0.0,) * 3, (8.0,) * 3, ())


def test_a_channel_that_never_changes_is_not_blown_up() -> None:
    black = {"frames": torch.zeros(2, 1, 4, 4, 3, dtype=torch.uint8), "speed": torch.ones(2, 1)}
    assert colours_of([black], 3) == ((0.0,) * 3, (8.0,) * 3, ())
    assert colours_of([{"speed": torch.ones(2, 1)}], 3) is None
