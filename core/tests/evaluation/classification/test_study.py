"""A head of classes is studied: its mistakes, its sureness, and what it does out of distribution."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapes
import torch
from doubles import MemoryRecording
from shapes import GAME, HIDING_HAT, SHAPE, UNSEEN_SHAPES, load_plugins, pictures

from playhead.data.ood import kinds_of, ood_index, shows_ood
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.evaluation.classification.activations import Activations
from playhead.evaluation.classification.error_slices import error_slices
from playhead.evaluation.classification.intervals import auroc
from playhead.evaluation.classification.ood_detection import judge_ood_detection
from playhead.evaluation.classification.ood_scores import ood_scores
from playhead.evaluation.classification.temperature import fit_temperature, judge_temperature, tempered
from playhead.evaluation.classification.text import confusion_cells, confusion_text
from playhead.evaluation.evaluate import EvaluationJob, evaluate
from playhead.evaluation.report import render_page, write_report
from playhead.evaluation.results import Evaluation
from playhead.hookspecs import hookimpl
from playhead.models import EngineSpec
from playhead.models.engine import TorchEngine
from playhead.models.feature_bank import FeatureBank
from playhead.models.network import Network
from playhead.models.run import Run
from playhead.storage.schema import RecordingHeader
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

RECIPE = Recipe(
    model="conv_stack",
    model_options={"channels": [8, 8, 8, 8], "features": 16, "hidden": 16},
    length=1,
    steps=150,
    eval_every=50,
    batch_size=16,
    warmup_steps=2,
    lr=5e-3,
    augment={"flip": 0.3, "cutout": 0.3},
    test_share=0.25,
    val_share=0.25,
    feature_windows=200,
)


@pytest.fixture(scope="module")
def recordings() -> list[MemoryRecording]:
    return [pictures(name=f"pictures-{seed}", seed=seed) for seed in range(4)]


@pytest.fixture(scope="module")
def others() -> MemoryRecording:
    return pictures((*UNSEEN_SHAPES, "disc"), name="others", seed=9, count=90)


@pytest.fixture(scope="module")
def run(recordings: list[MemoryRecording], tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("runs") / "default" / "1"
    return train(TrainingJob(game=GAME, recipe=RECIPE, recordings=recordings, out=out, plugins=load_plugins()))


@pytest.fixture(scope="module")
def found(run: Run, recordings: list[MemoryRecording], others: MemoryRecording) -> Evaluation:
    job = EvaluationJob(game=GAME, run=run, plugins=load_plugins(), recordings=recordings, ood=[others])
    return evaluate(job)


def test_mistakes_are_traced_to_what_causes_them(found: Evaluation) -> None:
    (study,) = found.choices
    first = study.slices[0]
    assert (first.column, first.value, first.is_clear) == ("hat", str(HIDING_HAT), True)
    assert first.lift_interval[0] > 2
    columns = {value.column for value in study.slices}
    assert columns == {"true shape", "outfit", "hat", "turn", "tint"}  # no uuid, and not the class itself again
    assert not any(value.is_clear for value in study.slices if value.column in ("turn", "tint"))


def test_the_test_part_judges_what_validation_chose(found: Evaluation, run: Run) -> None:
    (study,) = found.choices
    assert study.judged_apart
    assert study.accuracy.whole == run.data["test_windows"] == 240
    assert study.accuracy.low < study.accuracy.value < study.accuracy.high
    assert study.temperature is not None


def test_out_of_distribution_pictures_are_told_apart_and_kinds_judged_by_the_others(
    found: Evaluation, others: MemoryRecording
) -> None:
    study = found.choices[0].ood
    assert study is not None
    assert set(study.detection.by_kind) == set(UNSEEN_SHAPES)  # the labelled discs of that recording are no part
    assert set(study.detection.all_scores) == {
        "max_softmax", "max_logit", "energy", "class_mean", "relative", "neighbour", "together",
    }  # fmt: skip
    assert study.detection.overall.value > 0.6
    assert {example.caption.split(",")[0] for example in study.least_ood} == set(UNSEEN_SHAPES)
    counted = sum(sum(taken.values()) for taken in study.taken_for.values())
    assert counted == len(study.detection.ood_N)
    assert counted == int(np.isin(others.columns["shape"], UNSEEN_SHAPES).sum())


def test_pictures_are_no_actions(found: Evaluation) -> None:
    assert set(found.heads[0].baselines) == {"majority", "prior_random"}
    assert not any(name.startswith("change") for name in found.heads[0].scores.summary)
    assert not found.best
    assert not found.attention


def test_everything_is_on_the_page_and_in_the_numbers(
    found: Evaluation, recordings: list[MemoryRecording], tmp_path: Path
) -> None:
    page = render_page(found)
    for heading in ("What is taken for what", "What they share", "Where it looks", "Out of distribution",
                    "How sure it is", "As training sees them", "Training"):  # fmt: skip
        assert heading in page, heading
    assert "built-in method" not in page
    assert "action changes" not in page
    write_report(found, tmp_path)
    scores = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    study = scores["choices"]["shape"]
    assert study["chosen_on"] == "validation"
    assert study["error_slices"][0]["column"] == "hat"
    assert len(study["mistakes"]) == found.choices[0].wrong
    wrong = study["mistakes"][0]
    (recording,) = [one for one in recordings if one.name == wrong["recording"]]
    assert recording.columns["shape"][wrong["frame"]] == wrong["true"] != wrong["answered"]
    assert recording.columns["uuid"][wrong["frame"]] == wrong["uuid"]
    assert 0.5 < study["ood"]["auroc"]["value"] <= 1
    assert scores["offline"]["shape"]["confusion"] == found.choices[0].table_CC.tolist()


def test_every_class_has_its_heat_on_one_scale(found: Evaluation) -> None:
    (study,) = found.choices
    assert {row.true for row in study.heat} == set(SHAPE.names)
    assert all([name for name, _, _ in row.heats] == list(SHAPE.names) for row in study.heat)
    assert any("taken for" in row.caption for row in study.heat)


def test_mistakes_say_where_they_are_and_what_they_wear(found: Evaluation) -> None:
    example = found.choices[0].mistakes[0]
    assert example.place.startswith("pictures-")
    assert {"hat", "turn", "outfit", "tint"} == dict(example.details).keys()


def test_without_ood_and_test_part_half_chooses(run: Run, recordings: list[MemoryRecording]) -> None:
    job = EvaluationJob(game=GAME, run=run, plugins=load_plugins(), recordings=recordings, only_held_out=False)
    (study,) = evaluate(job).choices
    assert not study.judged_apart
    assert study.ood is None


class Elsewhere(TorchEngine):
    """An engine that goes through no layer of the network it is given, as one that exports it."""

    def __init__(self, network: Network, device: str = "cpu") -> None:
        super().__init__(copy.deepcopy(network), device)


class ElsewherePlugin:
    @hookimpl
    def playhead_engines(self) -> dict[str, object]:
        return {"elsewhere": Elsewhere}


def test_what_another_engine_cannot_give_comes_from_torch_and_is_said(
    found: Evaluation, run: Run, recordings: list[MemoryRecording], others: MemoryRecording
) -> None:
    plugins = load_plugins()
    plugins.add("elsewhere", ElsewherePlugin())
    job = EvaluationJob(
        game=GAME,
        run=run,
        plugins=plugins,
        recordings=recordings,
        ood=[others],
        engine=EngineSpec(name="elsewhere"),
    )
    again = evaluate(job)
    assert again.to_json()["choices"] == found.to_json()["choices"]
    assert found.notes == []
    assert "come from torch, not from elsewhere" in again.notes[0]


def test_the_confusion_matrix_has_answers_down_and_truth_across() -> None:
    table_CC = np.array([[8, 2], [0, 10]])  # true a: 8 right, 2 taken for b
    cells = confusion_cells(table_CC)
    assert [[cell.count for cell in row] for row in cells] == [[8, 0, 8], [2, 10, 12], [10, 10, 20]]
    assert cells[1][2].right == pytest.approx(10 / 12)  # precision of b
    assert cells[2][0].right == pytest.approx(0.8)  # recall of a
    assert cells[2][2].right == pytest.approx(0.9)
    assert cells[1][0].share == pytest.approx(0.1)


def test_the_text_says_which_is_which(found: Evaluation) -> None:
    text = confusion_text(found.choices[0])
    assert text.splitlines()[0].split()[:3] == ["answered", "\\", "true"]
    assert "wrong" in found.to_text()


class TestOod:
    def test_only_what_knows_what_it_shows_says_no_class(self, others: MemoryRecording) -> None:
        assert shows_ood(others, GAME)
        assert not shows_ood(pictures(), GAME)
        nameless = pictures(("star",), driver="human", count=20)
        nameless.header = _without_names(nameless)
        assert not shows_ood(nameless, GAME)  # nobody labelled it: that alone says nothing
        by_scenario = pictures(("star",), driver="human", scenario="unseen", count=20)
        by_scenario.header = _without_names(by_scenario)
        assert shows_ood(by_scenario, GAME)
        index = ood_index([by_scenario], GAME.schema, WindowSpec())
        assert set(kinds_of(index, "shape")) == {by_scenario.name}

    def test_it_is_never_trained_on(self, others: MemoryRecording) -> None:
        index = WindowIndex.of([others], GAME.schema, WindowSpec())
        shown = others.columns["shape"][index.frames_NT[:, -1]]
        assert set(shown) == {"disc"}
        unlabelled = ood_index([others], GAME.schema, WindowSpec())
        assert set(kinds_of(unlabelled, "shape")) == set(UNSEEN_SHAPES)
        assert len(index) + len(unlabelled) == others.length


def _without_names(recording: MemoryRecording) -> RecordingHeader:
    columns = {name: kind for name, kind in shapes.COLUMNS.items() if name != "shape"}
    return replace(recording.header, columns=columns)


class TestErrorSlices:
    def test_chance_is_not_taken_for_a_cause(self) -> None:
        random, clear = np.random.default_rng(3), 0
        for _ in range(60):
            columns = {"a": random.integers(0, 6, 400), "b": random.integers(0, 4, 400)}
            clear += any(value.is_clear for value in error_slices(random.random(400) < 0.1, columns))
        assert clear <= 6  # one in twenty, and not one in two

    def test_no_mistake_shares_nothing(self) -> None:
        assert error_slices(np.zeros(5, bool), {"a": np.arange(5)}) == []

    def test_names_of_single_windows_are_shared_by_none(self) -> None:
        columns = {"uuid": np.array([f"u{number}" for number in range(6)]), "hat": np.array([0, 0, 0, 1, 1, 1])}
        assert {one.column for one in error_slices(np.arange(6) < 2, columns)} == {"hat"}

    def test_numbers_of_many_values_are_binned(self) -> None:
        values = np.linspace(0, 1, 400)
        tested = error_slices(values > 0.9, {"size": values})
        assert tested[0].value == "0.75 to 1"
        assert len(tested) == 4


class TestTemperature:
    def test_an_overconfident_network_is_cooled_to_the_truth(self) -> None:
        random = np.random.default_rng(4)
        logits = random.normal(0, 1.5, (6000, 4))
        likely = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        true = np.array([random.choice(4, p=row) for row in likely])
        too_sure = tempered(likely, 1 / 3)
        assert fit_temperature(too_sure, true) == pytest.approx(3, rel=0.08)
        fit = judge_temperature((too_sure[:3000], true[:3000]), (too_sure[3000:], true[3000:]))
        assert fit.after.error < 0.3 * fit.before.error
        assert (too_sure.argmax(1) == tempered(too_sure, 3.0).argmax(1)).all()


class TestOodDetection:
    def test_what_lies_near_what_was_learned_is_in_distribution(self) -> None:
        random = np.random.default_rng(7)
        directions = np.eye(8)[:3]
        features = random.normal(0, 0.05, (300, 8)) + directions[np.arange(300) % 3]
        bank = FeatureBank.of(torch.from_numpy(features), torch.arange(300) % 3)
        known = _activations(
            np.zeros((90, 3)), 4 * (random.normal(0, 0.05, (90, 8)) + directions[np.arange(90) % 3])
        )
        far = _activations(np.zeros((60, 3)), random.normal(0, 0.05, (60, 8)) + np.eye(8)[5])
        scores = ood_scores(known, bank)["neighbour"], ood_scores(far, bank)["neighbour"]
        assert auroc(*scores).value == 1.0
        found = judge_ood_detection(known, known, far, ["a", "b"] * 30, bank)
        assert found.chosen == "neighbour"
        assert found.overall.value == 1.0

    def test_the_score_is_chosen_without_the_kind_it_is_judged_on(self) -> None:
        random = np.random.default_rng(5)
        # Size of logits gives "near" away, their difference "far"; each kind alone would choose for itself.
        known = _activations(random.normal((6, 0), 0.1, (200, 2)))
        near = _activations(random.normal((3, -3), 0.1, (100, 2)))
        far = _activations(random.normal((9, 8), 0.1, (100, 2)))
        both = _activations(np.concatenate([near.logits_NC, far.logits_NC]))
        found = judge_ood_detection(known, known, both, ["near"] * 100 + ["far"] * 100)
        assert found.chosen_by_kind["near"] == "max_softmax"  # the best on "far"
        assert found.chosen_by_kind["far"] != "max_softmax"
        assert found.by_kind["far"].value < 0.1
        assert found.overall.value < max(value.value for value in found.all_scores.values()) + 1e-9

    def test_one_kind_is_halved(self) -> None:
        random = np.random.default_rng(6)
        known, far = _activations(random.normal(3, 1, (200, 3))), _activations(random.normal(0, 1, (80, 3)))
        found = judge_ood_detection(known, known, far, ["van"] * 80)
        assert set(found.chosen_by_kind) == {"even", "odd"}
        assert found.by_kind["van"].value == pytest.approx(found.overall.value, abs=0.02)
        assert found.kept == pytest.approx(0.95, abs=0.01)


def _activations(logits_NC: np.ndarray, features_NF: np.ndarray | None = None) -> Activations:
    if features_NF is None:
        features_NF = np.zeros((len(logits_NC), 2), np.float32)
    return Activations(logits_NC=logits_NC, features_NF=features_NF.astype(np.float32))
