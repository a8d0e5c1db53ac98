"""Going on from a run with other heads: a new one starts fresh, one that is left out is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from doubles import DRIVE, bright_side_drives, small_game
from safetensors.torch import load_file
from torch import Tensor, nn

from playhead.errors import Mismatch
from playhead.hookspecs import hookimpl
from playhead.labels import Axes, Head
from playhead.models import ModelSpec
from playhead.models.network import Network
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.progress import Progress
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import Supervised, build_network, train

SMALL = {"channels": [4, 4, 4, 4], "features": 8, "hidden": 8}
RECIPE = Recipe(steps=2, eval_every=2, batch_size=8, warmup_steps=1, model_options=SMALL)
BOTH = {"drive": DRIVE, "value": Axes("value")}


class Heard(Progress):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


def job(folder: Path, labels: Mapping[str, Head], start_from: Run | None = None, **more: object) -> TrainingJob:
    game = small_game(labels)
    drives = [bright_side_drives(small_game(), seed=seed) for seed in range(3)]
    for drive in drives:
        drive.header = replace(drive.header, schema=game.schema, game=game.to_json())
        values = {name: np.zeros((drive.length, h.columns), h.dtype) for name, h in labels.items()}
        drive.labels = {**values, **(drive.labels if labels.get("drive") == DRIVE else {})}
    return TrainingJob(
        game=game, recipe=replace(RECIPE, **more), recordings=drives, out=folder, plugins=Plugins(),  # type: ignore[arg-type]
        start_from=start_from, progress=Heard(), recipe_name=folder.parent.name,
    )  # fmt: skip


def notes(one: TrainingJob) -> list[str]:
    assert isinstance(one.progress, Heard)
    return [note for note in one.progress.notes if "head" in note]


@pytest.fixture
def driving(tmp_path: Path) -> Run:
    return train(job(tmp_path / "first" / "one", {"drive": DRIVE}))


def test_a_run_goes_on_with_a_head_more(driving: Run, tmp_path: Path) -> None:
    more = job(tmp_path / "second" / "two", BOTH, driving)
    network = build_network(more, may_add_heads=True)
    assert same(load_file(driving.weights), network.state_dict())
    run = train(more)
    assert notes(more)[-1] == "The head value starts fresh: toy/first/one knows nothing of it."
    assert list(run.schema) == ["drive", "value"]
    assert run.made_with["started_from"] == "toy/first/one"
    assert list(run.load_model(Plugins()).heads.layers) == ["drive", "value"]  # type: ignore[arg-type]


def test_a_run_goes_on_with_a_head_less(driving: Run, tmp_path: Path) -> None:
    both = train(job(tmp_path / "second" / "two", BOTH, driving))
    less = job(tmp_path / "third" / "three", BOTH, both, heads=("value",))
    assert same(build_network(less, may_add_heads=True).state_dict(), load_file(both.weights))
    train(less)
    assert notes(less)[-1] == "The head drive of toy/second/two is left out: it is not learned any more."
    gone = job(tmp_path / "fourth" / "four", {"drive": DRIVE}, both)  # the game itself has lost a head
    assert list(train(gone).schema) == ["drive"]


def test_other_heads_are_refused_where_the_method_does_not_say_that_they_may_be(
    driving: Run, tmp_path: Path
) -> None:
    class Strict(Supervised):
        may_add_heads = False

    with pytest.raises(Mismatch, match="has the heads drive; drive, value are to be learned, and the"):
        Strict().train(job(tmp_path / "second" / "two", BOTH, driving))


def test_a_head_of_the_same_name_with_other_labels_is_still_refused(driving: Run, tmp_path: Path) -> None:
    other = job(tmp_path / "second" / "two", {"drive": Axes("x")}, driving)
    with pytest.raises(Mismatch, match="toy/first/one has the labels drive: keys w, a, s, d, but"):
        train(other)


def test_weights_that_are_missing_for_another_reason_are_not_let_by(driving: Run, tmp_path: Path) -> None:
    wider = {**SMALL, "features": 12}
    with pytest.raises(Mismatch, match="of shape"):
        train(job(tmp_path / "second" / "two", BOTH, driving, model_options=wider))


class OneLayer(nn.Module):
    """All heads in one layer: nothing tells which of its weights are whose."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.sizes = {name: head.outputs for name, head in spec.schema.items()}
        self.layer = nn.Linear(1, sum(self.sizes.values()))

    def forward(self, features_BF: Tensor) -> dict[str, Tensor]:
        return dict(zip(self.sizes, self.layer(features_BF).split(list(self.sizes.values()), 1), strict=True))


class Joint(Network):
    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        self.heads = OneLayer(spec)

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return inputs["frames"].float().mean((1, 2, 3, 4))[:, None]


def test_a_network_that_keeps_its_heads_in_one_layer_cannot_gain_one(tmp_path: Path) -> None:
    module = SimpleNamespace(playhead_models=hookimpl(lambda: {"joint": Joint}))
    plain, both = (job(tmp_path / "r" / n, labels, model="joint", model_options={}) for n, labels in SIZES)
    plain.plugins = both.plugins = Plugins([("joint", module)], strict=True)
    both.start_from = train(plain)
    with pytest.raises(Mismatch, match="joint has no weights of a head's own"):
        train(both)


SIZES = (("one", {"drive": DRIVE}), ("two", BOTH))


def same(some: Mapping[str, Tensor], others: Mapping[str, Tensor]) -> bool:
    """Say whether others have all of some, and the same."""
    return all(torch.equal(value, others[name]) for name, value in some.items())
