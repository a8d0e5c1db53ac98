"""Heads and regions may be called as a ModuleDict's own methods are: a network is trained, kept, and exported."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brightside import GAME, load_plugins
from doubles import MemoryRecording, bright_side_drives, recording
from torch import nn

from playhead.models import EngineSpec
from playhead.models.export import export_run, noise
from playhead.models.named import NamedModules, kept_as
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.regions import Region
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

NAMED = replace(
    GAME, name="named", labels={"keys": GAME.labels["drive"]},
    regions={name: Region(x=2, y=2, width=8, height=8) for name in ("items", "type")},
)  # fmt: skip
SMALL = {"channels": [4, 4], "features": 8, "hidden": 8, "regions": ["items", "type"]}
RECIPE = Recipe(model="conv_stack", model_options=SMALL, length=2, stride_s=0.1, steps=2, warmup_steps=1)


def lesson(seed: int) -> MemoryRecording:
    drive = bright_side_drives(GAME, seed=seed, count=30)
    return recording(NAMED, {"keys": drive.labels["drive"]}, name=drive.name, frames_THWC=drive.frames_THWC)


def test_a_head_called_keys_and_a_region_called_items(tmp_path: Path) -> None:
    plugins = load_plugins()
    lessons = [lesson(seed) for seed in range(3)]
    folder = tmp_path / "runs/named/default/one"
    train(TrainingJob(game=NAMED, recipe=RECIPE, recordings=lessons, out=folder, plugins=plugins))
    run = Run.open(folder)
    export_run(run, plugins)
    torch_, onnx = (Predictor.of(run, plugins, EngineSpec(name=name)) for name in ("torch", "onnx"))
    windows = noise(torch_.network, 3)
    assert {"encoders.items_", "heads.layers.keys_"} <= {n for n, _ in torch_.network.named_modules()}
    assert list(torch_.network.attribution_layers()) == ["scene", "items", "type"]
    np.testing.assert_allclose(
        onnx.predict_batch(windows)["keys"], torch_.predict_batch(windows)["keys"], atol=1e-5
    )


@pytest.mark.parametrize("name", ["keys", "keys_", "__class__", "a.b", "a%2Eb", "type__", "plain", "_"])
def test_a_module_of_any_name_is_found_and_taken_away_again(name: str) -> None:
    modules = NamedModules()
    modules[name], modules["other"] = nn.Identity(), nn.ReLU()
    assert list(modules) == [name, "other"] == list(modules.keys()) == [one for one, _ in modules.items()]
    assert name in modules
    assert isinstance(modules.pop(name), nn.Identity)
    assert list(modules) == ["other"]


def test_no_two_names_share_an_attribute() -> None:
    names = ["keys", "keys_", "keys__", "__class__", "__class___", "a.b", "a%2Eb", "a%252Eb"]
    assert len({kept_as(name) for name in names}) == len(names)
