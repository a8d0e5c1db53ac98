"""A run is asked about what it was not trained on, and its page shows it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from brightside import GAME, load_plugins
from doubles import bright_side_drives, recording, small_game

from playhead.errors import Mismatch, NothingToTrain
from playhead.evaluation.config import config_of
from playhead.evaluation.evaluate import EvaluationJob, evaluate, main_label
from playhead.evaluation.examples import ranked_apart
from playhead.evaluation.held_out import held_out_index, held_out_names, leading_windows
from playhead.evaluation.offline import ask, read_windows
from playhead.evaluation.report import render_page, write_report
from playhead.evaluation.sanity_checks import sanity_verdicts
from playhead.labels import Choice
from playhead.models.attribution import heat_maps
from playhead.models.network import Network
from playhead.models.predictor import Predictor
from playhead.plugins import Plugins
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

TINY = {"channels": [8, 8, 8, 8], "features": 16, "hidden": 16}


@pytest.fixture(scope="module")
def predictor(trained):
    return Predictor(trained.load_model(load_plugins()), trained.schema)


def test_only_what_was_kept_for_validation_is_asked_about(trained, lessons):
    names = held_out_names(trained)
    assert len(names) == 1
    index = held_out_index(trained, lessons)
    assert {index.recordings[number].name for number in index.recording_N} == set(names)
    assert len(held_out_index(trained, lessons, only_held_out=False)) > 3 * len(index)


def test_answers_stand_beside_their_truth(trained, lessons, predictor):
    index = held_out_index(trained, lessons)
    heard = []
    predictions = ask(predictor, trained, index, progress=heard.append)
    assert sum(heard) == len(index) == len(predictions)
    row = len(index) // 2
    inputs = read_windows(trained, index, np.array([row]))
    single = predictor.decide({name: values[0] for name, values in inputs.items()})
    assert predictions.heads["drive"].predictions_NO[row] == pytest.approx(single["drive"], abs=1e-5)
    assert np.array_equal(predictions.heads["drive"].truth_NA, index.labels["drive"])
    shown = index.recordings[index.recording_N[row]].frame_time_ns[index.frames_NT[row, -1]]
    assert predictions.time_ns_N[row] == shown


def test_a_network_that_looks_passes_every_sanity_check(trained, lessons, predictor):
    verdicts = sanity_verdicts(predictor, trained, held_out_index(trained, lessons))
    assert [verdict.name for verdict in verdicts] == ["constant input", "leak", "shuffled pictures"]
    assert all(verdict.passed for verdict in verdicts), [verdict.sentence for verdict in verdicts]


def test_where_all_labels_are_alike_shuffled_pictures_say_nothing(trained, lessons, predictor):
    index = held_out_index(trained, lessons)
    first_A = index.labels["drive"][0]
    alike = index.take(np.flatnonzero((index.labels["drive"] == first_A).all(1)))
    verdicts = sanity_verdicts(predictor, trained, alike)
    assert [verdict.name for verdict in verdicts] == ["constant input", "leak"]


def test_a_collapsed_network_fails_them(trained, lessons):
    network = trained.load_model(load_plugins())
    for name, weights in network.heads.named_parameters():
        if name.endswith("weight"):
            weights.data.zero_()
    verdicts = sanity_verdicts(Predictor(network, trained.schema), trained, held_out_index(trained, lessons))
    assert [verdict.passed for verdict in verdicts] == [False, True, False]


def test_recordings_that_do_not_fit_are_refused(trained):
    other = bright_side_drives(small_game(name="pong"), seed=1)
    with pytest.raises(Mismatch, match=r"is of pong, the run toy/default/.* of toy"):
        held_out_index(trained, [other])
    seen = bright_side_drives(small_game(), seed=1, name="never kept")
    with pytest.raises(NothingToTrain, match="never kept"):
        held_out_index(trained, [seen])


def test_leading_windows_are_shared_out(trained):
    lessons = [bright_side_drives(GAME, seed=seed, count=count) for seed, count in ((1, 20), (2, 60), (3, 60))]
    index = held_out_index(trained, lessons, only_held_out=False)
    few = leading_windows(index, 66)
    counts = np.bincount(few.recording_N)
    assert counts.sum() == 66
    assert counts[1] == counts[2] > counts[0] == np.bincount(index.recording_N)[0]
    for number in range(3):
        frames = few.frames_NT[few.recording_N == number, -1]
        assert np.array_equal(frames, np.arange(frames[0], frames[0] + len(frames)))


class TestAttribution:
    def test_every_view_has_a_layer(self, predictor):
        assert set(predictor.network.attribution_layers()) == {"scene", "map"}

    def test_heat_is_where_the_answer_is(self, trained, predictor):
        dark = np.full((1, trained.recipe.length, 24, 32, 3), 80, np.uint8)
        left, right = dark.copy(), dark.copy()
        left[..., :16, :] += 120
        right[..., 16:, :] += 120
        heat_a = heat_maps(predictor, trained.spec, {"frames": left}, "drive", 1)[0]
        heat_d = heat_maps(predictor, trained.spec, {"frames": right}, "drive", 3)[0]
        assert heat_a.shape == (24, 32)
        assert heat_a.min() >= 0
        assert heat_a.max() == pytest.approx(1.0)
        assert not np.array_equal(heat_a, heat_d)

    def test_a_network_without_convolutions_gets_its_gradients(self, trained):
        from torch import nn

        class Flat(Network):
            def __init__(self, spec) -> None:
                super().__init__(spec)
                self.layer = nn.Linear(24 * 32 * 3, 4)

            def forward(self, inputs):
                last = inputs["frames"][:, -1].flatten(1).float()
                return {"drive": self.layer(last.mul_(1 / 255))}

        network = Flat(trained.spec)
        network.layer.weight.data.zero_()
        network.layer.weight.data[2, :300] = 1.0  # the first rows of the picture
        heat = heat_maps(
            Predictor(network, trained.schema),
            trained.spec,
            {"frames": np.full((2, 3, 24, 32, 3), 9, np.uint8)},
            "drive",
            2,
        )
        assert heat.shape == (2, 24, 32)
        assert (heat[:, :3] == 1).all()
        assert (heat[:, 4:] == 0).all()


def test_examples_lie_apart():
    time_ns = np.arange(100, dtype=np.int64) * 100_000_000
    rows = ranked_apart(np.arange(100.0), time_ns, np.zeros(100, int), 3)
    assert rows.tolist() == [99, 79, 59]
    assert len(ranked_apart(np.zeros(5), time_ns[:5], np.zeros(5, int), 3)) == 1


def test_the_whole_evaluation_of_a_run(trained, lessons, tmp_path):
    job = EvaluationJob(
        game=GAME,
        run=trained,
        plugins=load_plugins(),
        recordings=lessons,
        config=config_of(GAME, seconds_s=2),
        seeds=[7, 8, 9, 10],
        command="playhead evaluate toy",
    )
    found = evaluate(job)
    page = write_report(found, tmp_path)
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert set(scores) >= {"expert", "network", "always_forward", "random", "ratios_to_expert", "offline"}
    assert scores["offline"]["drive"]["network"]["macro_f1"] > 0.8
    failed = {one["name"]: one["sentence"] for one in scores["verdicts"] if not one["passed"]}
    assert set(failed) == {"rollouts: right", "expert"}  # four drives of 1.00 do not show that none would be less
    assert all("not clearly more" in sentence for sentence in failed.values())
    assert main_label(found) == "w"
    assert found.best
    assert found.worst
    shown = [example.caption.split(":")[0] for example in found.attention]
    assert sorted(shown) == [f"drive {key}" for key in "aaddww"]  # nobody pressed s
    assert found.clip[8:12] == b"WEBP"
    assert page.stat().st_size < 2_000_000
    assert "Grad-CAM" in page.read_text()


def test_a_run_can_be_compared_without_driving(trained, lessons):
    found = evaluate(
        EvaluationJob(game=replace(GAME, world=None), run=trained, plugins=load_plugins(), recordings=lessons)
    )
    assert found.table is None
    assert "not trained on" in render_page(found)
    assert "drive" in found.to_text()


def test_a_classifier_that_never_plays_is_evaluated_too(tmp_path):
    game = replace(small_game({"car": Choice("octane", "breakout")}), controls={}, world=None)
    random = np.random.default_rng(0)
    recordings = []
    for name in ("r1", "r2", "r3"):
        labels = random.integers(0, 2, (40, 1)).astype(np.uint16)
        frames = random.integers(60, 100, (40, 24, 32, 3), dtype=np.uint8)
        frames[labels[:, 0] == 1, :, :16] += 120
        recordings.append(recording(game, {"car": labels}, name=name, frames_THWC=frames))
    recipe = Recipe(length=1, steps=80, batch_size=8, warmup_steps=2, lr=5e-3, model_options=TINY)
    run = train(
        TrainingJob(game=game, recipe=recipe, recordings=recordings, out=tmp_path / "1", plugins=Plugins())
    )
    found = evaluate(EvaluationJob(game=game, run=run, plugins=Plugins(), recordings=recordings))
    assert found.heads[0].scores.summary["balanced_accuracy"] > 0.9
    assert "balanced accuracy" in found.verdicts[0].sentence
    assert not any("action" in verdict.sentence for verdict in found.verdicts)
    (study,) = found.choices
    assert [name for name, _, _ in study.heat[0].heats] == ["octane", "breakout"]
    assert {row.true for row in study.heat} == {"octane", "breakout"}
    page = render_page(found)
    assert "What is taken for what" in page
    assert "In the world" not in page
