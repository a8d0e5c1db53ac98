from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from doubles import MemoryRecording, bright_side_drives, mixed_heads, recording, small_game
from safetensors.torch import load_file

from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import BadValue, Mismatch, NotFound, NothingToTrain
from playhead.evaluation.held_out import held_out_index
from playhead.events import Origin
from playhead.game import Game
from playhead.labels import Axes, Keys
from playhead.models.feature_bank import FeatureBank
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.progress import Progress
from playhead.training.batches import drawing_weights
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import class_weights, train

SMALL = {"channels": [8, 8, 8, 8], "features": 16, "hidden": 16}
QUICK = Recipe(steps=6, eval_every=3, batch_size=8, warmup_steps=2, model_options=SMALL)


def job_of(game: Game, recordings: list[Any], out: Path, recipe: Recipe = QUICK, **more: Any) -> TrainingJob:
    return TrainingJob(game=game, recipe=recipe, recordings=recordings, out=out, plugins=Plugins(), **more)


@pytest.fixture
def lessons() -> list[Any]:
    return [bright_side_drives(small_game(), seed=seed) for seed in range(4)]


def test_what_is_shown_is_learned_and_the_run_says_so(lessons: list[Any], tmp_path: Path) -> None:
    # A seed whose few neurons live: with eight channels every other start of so small a network is dead.
    recipe = replace(QUICK, steps=150, eval_every=50, lr=5e-3, seed=2)
    run = train(job_of(small_game(), lessons, tmp_path / "run", recipe))
    assert run.metrics["heads"]["drive"]["change_f1"] > 0.9
    assert run.metrics["heads"]["drive"]["repeat_last"]["change_f1"] < 0.5
    opened = Run.open(tmp_path / "run")
    predictor = Predictor(opened.load_model(Plugins()), opened.schema)
    lesson = bright_side_drives(small_game(), seed=99)
    said = predictor.predict_batch({"frames": lesson.frames_THWC[:, None].repeat(3, axis=1)})["drive"]
    assert ((said >= 0.5) == lesson.labels["drive"]).all(1).mean() > 0.9


def test_the_run_folder_holds_everything_needed_to_play(lessons: list[Any], tmp_path: Path) -> None:
    train(job_of(small_game(), lessons, tmp_path / "run", command="playhead train toy"))
    data = json.loads((tmp_path / "run" / "run.json").read_text())
    assert data["game"]["name"] == "toy"
    assert data["made_with"]["command"] == "playhead train toy"
    assert data["recipe"]["model_options"]["channels"] == SMALL["channels"]
    assert data["recipe"]["model_options"]["reader"] == "lstm"
    used = data["data"]
    assert [entry["name"] for entry in used["recordings"]] == [f"lesson-{seed}" for seed in range(4)]
    assert len(used["validation"]) == 1
    assert used["train_windows"] + used["validation_windows"] == sum(
        entry["train_windows"] + entry["validation_windows"] for entry in used["recordings"]
    )
    assert [line["step"] for line in Run.open(tmp_path / "run").history()] == [3, 6]


def test_the_same_seed_gives_the_same_weights_whatever_the_threads(lessons: list[Any], tmp_path: Path) -> None:
    recipe = replace(QUICK, augment={"flip": 0.5, "colour": 0.5})
    train(job_of(small_game(), lessons, tmp_path / "a", replace(recipe, workers=1)))
    train(job_of(small_game(), lessons, tmp_path / "b", replace(recipe, workers=3)))
    train(job_of(small_game(), lessons, tmp_path / "c", replace(recipe, seed=2)))
    a, b, c = (load_file(tmp_path / name / "model.safetensors") for name in "abc")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not torch.are_deterministic_algorithms_enabled()
    assert not all(torch.equal(a[name], c[name]) for name in a)


OTHERS = {  # another value of each option than SMALL, POINTS or the network have
    "conv_lstm": {
        "scene_pixels": 300, "scene_size": [12, 9], "regions": [], "crops": {"ahead": [4, 4, 12, 8]}, "fold": 2,
        "channels": [4, 8], "strides": [4], "features": 8, "hidden": 8, "frames_each": 1, "reader": "stack",
        "dropout": 0.5,
    },
    "conv_stack": {
        "scene_pixels": 300, "scene_size": [12, 9], "regions": [], "crops": {"ahead": [4, 4, 12, 8]},
        "channels": [4, 8], "strides": [4], "features": 8, "keypoints": 0, "looks": 0, "points_alone": False,
        "hidden": 8, "dropout": 0.5,
    },
    "backbone": {
        "backbone": "mobilenetv3_small_075", "frozen": True, "size": [48, 32], "grid": [2, 1], "regions": [],
        "crops": {}, "channels": [8, 8], "strides": [2, 2], "features": 8, "hidden": 8, "dropout": 0.5,
    },
    "pilotnet": {"scene_size": [80, 70], "dense": [], "dropout": 0.5},
}  # fmt: skip
POINTS = {"keypoints": 4, "looks": 2, "points_alone": True}
USUAL: dict[str, dict[str, Any]] = {
    "conv_lstm": SMALL,
    "conv_stack": {**SMALL, **POINTS},
    "backbone": {
        "backbone": "mobilenetv3_small_050", "weights": "none", "size": [32, 32],
        "crops": {"ahead": [4, 4, 12, 8]}, **SMALL,
    },
    "pilotnet": {"dense": [8]},
}  # fmt: skip


@pytest.mark.parametrize(("model", "option"), [(model, option) for model in OTHERS for option in OTHERS[model]])
def test_every_option_of_a_network_matters_in_a_training(
    model: str, option: str, lessons: list[Any], tmp_path: Path
) -> None:
    usual = USUAL[model]
    other = {**usual, option: OTHERS[model][option]}
    if option == "keypoints":
        other |= {"looks": 0, "points_alone": False}
    trained = []
    for number, options in enumerate((usual, other)):
        train(
            job_of(
                small_game(), lessons, tmp_path / f"{number}", replace(QUICK, model=model, model_options=options)
            )
        )
        trained.append(load_file(tmp_path / f"{number}" / "model.safetensors"))
    one, two = trained
    alike = one.keys() == two.keys() and all(one[name].shape == two[name].shape for name in one)
    assert not alike or any(not torch.equal(one[name], two[name]) for name in one)


def test_the_same_drives_in_another_order_and_by_other_names_give_the_same_weights(tmp_path: Path) -> None:
    def drives(day: str, order: Sequence[int]) -> list[Any]:
        made = [bright_side_drives(small_game(), seed=n, name=f"{day}-{place}") for place, n in enumerate(order)]
        for drive, seed in zip(made, order, strict=True):
            drive.header = replace(drive.header, seed=seed)
        return made

    train(job_of(small_game(), drives("2026-11-21", range(4)), tmp_path / "a"))
    train(job_of(small_game(), drives("2026-11-22", (2, 1, 3, 0)), tmp_path / "b"))
    a, b = (load_file(tmp_path / name / "model.safetensors") for name in "ab")
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_every_kind_of_head_learns_at_once(tmp_path: Path) -> None:
    game = small_game(mixed_heads())
    rng = np.random.default_rng(0)
    labels = {
        "drive": rng.integers(0, 2, (40, 4)).astype(np.uint8),
        "gear": rng.integers(0, 3, (40, 1)).astype(np.uint16),
        "wheel": rng.uniform(-1, 1, (40, 2)).astype(np.float32),
        "nudge": rng.uniform(-1, 1, (40, 1)).astype(np.float32),
    }
    recordings = [recording(game, labels, name=name) for name in ("r1", "r2")]
    recipe = replace(QUICK, class_weight_power=0.5, latency_s=0.1, augment={"flip": 0.5})
    run = train(job_of(game, recordings, tmp_path / "run", recipe))
    assert set(run.metrics["heads"]) == {"drive", "gear", "wheel", "nudge"}
    predictions = Predictor(run.load_model(Plugins()), run.schema).decide(
        {"frames": recordings[0].frames_THWC[:3]}
    )
    assert {name: values.shape for name, values in predictions.items()} == {
        "drive": (4,), "gear": (3,), "wheel": (2,), "nudge": (3,)
    }  # fmt: skip
    assert predictions["gear"].sum() == pytest.approx(1)


def test_some_heads_and_telemetry_can_be_chosen(tmp_path: Path) -> None:
    game = small_game(mixed_heads())
    labels = {name: np.zeros((20, head.columns), head.dtype) for name, head in mixed_heads().items()}
    speed = np.linspace(0, 30, 20, dtype=np.float32)
    recordings = [recording(game, labels, name=name, telemetry={"speed": speed}) for name in ("r1", "r2")]
    recipe = replace(QUICK, heads=("gear",), inputs=("frames", "speed"), length=1, allow_empty=True)
    run = train(job_of(game, recordings, tmp_path / "run", recipe))
    assert list(run.schema) == ["gear"]
    inputs = {"frames": recordings[0].frames_THWC[:1], "speed": speed[:1]}
    assert Predictor(run.load_model(Plugins()), run.schema).decide(inputs)["gear"].shape == (3,)


def test_ctrl_c_keeps_what_was_learned(lessons: list[Any], tmp_path: Path) -> None:
    class Impatient(Progress):
        def step(self, step: int, steps: int, loss: float) -> None:
            if step == 4:
                os.kill(os.getpid(), signal.SIGINT)

    recipe = replace(QUICK, steps=5000, eval_every=1000)
    run = train(job_of(small_game(), lessons, tmp_path / "run", recipe, progress=Impatient()))
    assert run.metrics["stopped_early"]
    assert 4 <= run.metrics["steps"] < 10
    assert Run.open(tmp_path / "run").load_model(Plugins())


def test_going_on_from_a_run_starts_with_its_weights(lessons: list[Any], tmp_path: Path) -> None:
    first = train(job_of(small_game(), lessons[:2], tmp_path / "a"))
    still = replace(QUICK, steps=1, lr=1e-12, warmup_steps=0, model_options={})
    second = train(job_of(small_game(), lessons, tmp_path / "b", still, start_from=first))
    before, after = load_file(first.weights), load_file(second.weights)
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in before)
    assert second.made_with["started_from"] == first.name


def test_validation_can_be_left_out(lessons: list[Any], tmp_path: Path) -> None:
    run = train(job_of(small_game(), lessons[:1], tmp_path / "run", replace(QUICK, val_share=0)))
    assert "loss" not in run.metrics
    assert run.metrics["steps"] == 6


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"game": small_game(name="pong").to_json()}, "is of pong"),
        ({"frame": replace(small_game().frame, width=64)}, "64x24 rgb"),
        ({"schema": small_game({"drive": Keys("a", "w", "s", "d")}).schema}, "has the labels"),
        ({"schema": small_game({"wheel": Axes("steer")}).schema}, "has the labels wheel: axes steer, but"),
    ],
)
def test_a_recording_that_does_not_fit_is_named_and_can_be_skipped(
    lessons: list[Any], tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    bad = bright_side_drives(small_game(), seed=9, name="odd-one")
    bad.header = replace(bad.header, **change)
    with pytest.raises(Mismatch, match=words) as caught:
        train(job_of(small_game(), [*lessons, bad], tmp_path / "run"))
    assert "odd-one" in str(caught.value)
    assert not (tmp_path / "run").exists()
    run = train(job_of(small_game(), [*lessons, bad], tmp_path / "run", skip_bad=True))
    assert run.data["left_out"] == ["odd-one"]


def test_nothing_to_train_says_what_to_type(tmp_path: Path) -> None:
    game = small_game()
    with pytest.raises(NothingToTrain, match="playhead record toy"):
        train(job_of(game, [], tmp_path / "run"))
    unlabelled = recording(game, {"drive": np.zeros((30, 4), np.uint8)}, origin=Origin.NONE)
    with pytest.raises(NothingToTrain, match=r"r1.*human or script"):
        train(job_of(game, [unlabelled], tmp_path / "run"))
    short = recording(game, {"drive": np.zeros((3, 4), np.uint8)}, name="short")
    with pytest.raises(NothingToTrain, match="short"):
        train(job_of(game, [short], tmp_path / "run"))
    empty = recording(game, {"drive": np.zeros((0, 4), np.uint8)}, name="empty")
    with pytest.raises(NothingToTrain, match="empty"):
        train(job_of(game, [empty], tmp_path / "run"))


def test_one_recording_is_not_enough_for_two_parts(lessons: list[Any], tmp_path: Path) -> None:
    with pytest.raises(NothingToTrain, match="val_share=0"):
        train(job_of(small_game(), lessons[:1], tmp_path / "run"))


def test_bad_settings_are_named(lessons: list[Any], tmp_path: Path) -> None:
    def attempt(**change: Any) -> None:
        train(job_of(small_game(), lessons, tmp_path / "run", replace(QUICK, **change)))

    with pytest.raises(NotFound, match='Did you mean "flip"'):
        attempt(augment={"flop": 0.5})
    with pytest.raises(BadValue, match=r"augment\.flip=2"):
        attempt(augment={"flip": 2})
    with pytest.raises(NotFound, match='Did you mean "conv_lstm"'):
        attempt(model="conv_lsmt")
    with pytest.raises(NotFound, match='Did you mean "hidden"'):
        attempt(model_options={"hiden": 3})
    with pytest.raises(NotFound, match="origin"):
        attempt(origins=("humans",))
    with pytest.raises(BadValue, match="precision"):
        attempt(precision="16-mixed")
    assert not (tmp_path / "run").exists()


def test_new_recordings_are_preferred_when_going_on_from_a_run(lessons: list[Any], tmp_path: Path) -> None:
    game = small_game()
    first = train(job_of(game, lessons[:3], tmp_path / "a"))
    job = job_of(game, lessons, tmp_path / "b", replace(QUICK, new_share=0.7), start_from=first)
    index = WindowIndex.of(lessons, game.schema, WindowSpec.of(job.recipe))
    weight_N = drawing_weights(job, index).weight_M
    assert weight_N[index.recording_N == 3].sum() == pytest.approx(0.7)
    job = job_of(game, lessons, tmp_path / "b")
    assert drawing_weights(job, index).weight_M[index.recording_N == 3].sum() == pytest.approx(0.25)


def test_a_run_of_another_game_or_network_cannot_be_gone_on_from(lessons: list[Any], tmp_path: Path) -> None:
    first = train(job_of(small_game(), lessons, tmp_path / "a"))
    wider = replace(QUICK, model_options={**SMALL, "hidden": 24})
    with pytest.raises(Mismatch, match="of shape"):
        train(job_of(small_game(), lessons, tmp_path / "b", wider, start_from=first))
    pong = small_game(name="pong")
    with pytest.raises(Mismatch, match="plays toy, not pong"):
        train(job_of(pong, [bright_side_drives(pong, seed=n) for n in (1, 2)], tmp_path / "b", start_from=first))


def test_the_best_weights_are_kept_beside_the_last_and_may_be_the_ones_that_play(
    lessons: list[Any], tmp_path: Path
) -> None:
    recipe = replace(QUICK, steps=60, eval_every=10, lr=0.05, seed=3)
    last = train(job_of(small_game(), lessons, tmp_path / "last", recipe))
    best = train(job_of(small_game(), lessons, tmp_path / "best", replace(recipe, keep="best")))
    losses = {line["step"]: line["loss"] for line in last.history()}
    assert last.metrics["best_step"] == min(losses, key=lambda step: losses[step])
    kept, playing = load_file(tmp_path / "last" / "best.safetensors"), load_file(best.weights)
    assert all(torch.equal(kept[name], playing[name]) for name in kept)


def test_rare_classes_can_count_more(lessons: list[Any], tmp_path: Path) -> None:
    game = small_game()
    index = WindowIndex.of(lessons, game.schema, WindowSpec())
    assert class_weights(job_of(game, lessons, tmp_path), index) == {}
    weighed = class_weights(job_of(game, lessons, tmp_path, replace(QUICK, class_weight_power=1.0)), index)
    share = float(index.labels["drive"][:, 1].mean())
    assert weighed["drive"][1].item() == pytest.approx((1 - share) / share, rel=1e-4)
    assert weighed["drive"].tolist()[2] == 20


def colours(count: int = 120, name: str = "colours", classes: int = 3) -> MemoryRecording:
    """Pictures of a choice: reverse is red, first green, second blue; four pictures of each thing."""
    game = gear_game()
    class_T = np.arange(count) // 4 % classes
    frames = np.random.default_rng(count).integers(0, 60, (count, *game.frame.shape), dtype=np.uint8)
    frames[np.arange(count), :, :, class_T] += 150
    made = recording(game, {"gear": class_T[:, None].astype(np.uint16)}, name=name, frames_THWC=frames)
    made.columns = {"thing": np.array([f"{name}-{number // 4}" for number in range(count)])}
    return made


def gear_game() -> Game:
    return replace(small_game({"gear": mixed_heads()["gear"]}), regions={})


PICTURES = replace(QUICK, length=1, split_by="thing", val_share=0.2, test_share=0.2, augment_on="views",
                   model="conv_stack", augment={"flip": 0.5, "holes": 0.2}, eval_every=20)  # fmt: skip


def test_pictures_are_split_by_a_column_and_the_rule_is_remembered(tmp_path: Path) -> None:
    recipe = replace(PICTURES, steps=60, lr=5e-3, feature_windows=72)
    run = train(job_of(gear_game(), [colours()], tmp_path / "run", recipe))
    assert run.metrics["heads"]["gear"]["accuracy"] > 0.9
    assert (run.data["train_windows"], run.data["validation_windows"], run.data["test_windows"]) == (72, 24, 24)
    assert run.data["split"]["by"] == "thing"
    assert len(json.dumps(run.data["split"])) < 200
    tested = held_out_index(run, [colours()])
    assert len(tested) == 24
    again = train(job_of(gear_game(), [colours(), colours(60, "more")], tmp_path / "b", PICTURES, start_from=run))
    assert again.data["split"] == run.data["split"]


def test_a_run_remembers_where_features_lie_and_tells_what_is_strange(tmp_path: Path) -> None:
    run = train(
        job_of(gear_game(), [colours()], tmp_path / "run", replace(PICTURES, feature_windows=72, steps=40))
    )
    bank = Run.open(run.path).load_features()
    assert bank is not None
    network = run.load_model(Plugins())
    known = colours().frames_THWC[:, None]
    strange = np.random.default_rng(0).integers(0, 255, known.shape, dtype=np.uint8)
    prepared = [Predictor(network, run.schema).prepare({"frames": pictures}) for pictures in (known, strange)]
    with torch.inference_mode():
        near, far = (network.features({n: torch.from_numpy(v) for n, v in one.items()}) for one in prepared)
    assert bank.distances(near).argmin(1).tolist() == [number // 4 % 3 for number in range(120)]
    assert bank.distances(far).amin(1).median() > bank.distances(near).amin(1).max()
    assert bank.has_neighbours
    assert bank.to_neighbours(far).median() > bank.to_neighbours(near).median()
    older = {name: value for name, value in bank.to_tensors().items() if name != "directions"}
    assert not FeatureBank.from_tensors(older).has_neighbours
    assert train(job_of(gear_game(), [colours()], tmp_path / "none", PICTURES)).load_features() is None


def test_classes_that_never_occur_are_named_before_training(tmp_path: Path) -> None:
    with pytest.raises(NothingToTrain, match=r"shows second \(gear: reverse \d+, first \d+\).*allow_empty=true"):
        train(job_of(gear_game(), [colours(classes=2)], tmp_path / "run", PICTURES))
    with pytest.raises(NothingToTrain, match="shows first or second"):
        train(job_of(gear_game(), [colours(classes=1)], tmp_path / "run", PICTURES))
    assert not (tmp_path / "run").exists()
    assert train(job_of(gear_game(), [colours(classes=2)], tmp_path / "run", replace(PICTURES, allow_empty=True)))


def test_an_l1_penalty_makes_kernels_small_and_spares_the_heads(tmp_path: Path) -> None:
    recipe = replace(PICTURES, steps=150, weight_decay=0.0, lr=3e-3)
    plain = train(job_of(gear_game(), [colours()], tmp_path / "a", recipe)).load_model(Plugins())
    sparse = train(job_of(gear_game(), [colours()], tmp_path / "b", replace(recipe, l1=0.01))).load_model(
        Plugins()
    )
    sizes = [
        sum(kernel.detach().abs().sum().item() for kernel in network.kernels()) for network in (plain, sparse)
    ]
    assert sizes[1] < 0.5 * sizes[0]
    assert not any(kernel is plain.heads.layers["gear"].weight for kernel in plain.kernels())  # type: ignore[index]


def test_views_cannot_be_changed_where_regions_are_protected(tmp_path: Path) -> None:
    recipe = replace(PICTURES, augment_on="views")
    with pytest.raises(BadValue, match=r"protects map.*augment_on=frames"):
        train(job_of(small_game(), [bright_side_drives(small_game(), seed=0)], tmp_path / "a",
                     replace(recipe, val_share=0, test_share=0, split_by="recording")))  # fmt: skip
