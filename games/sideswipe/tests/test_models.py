"""The networks: the original's to the parameter, ours within its limits; one preparation for all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from playhead.models.attribution import class_heat_maps
from playhead.models.network import Network, count_parameters
from playhead.models.network_part import model_spec
from playhead.models.predictor import Predictor
from playhead.plugins import Plugins
from playhead_sideswipe.game import SIDESWIPE
from playhead_sideswipe.models import ORIGINAL_PARAMETERS

FRAMES = np.random.default_rng(0).integers(0, 256, (3, 150, 400, 3), dtype=np.uint8)


def network_of(recipe: str) -> Network:
    chosen = SIDESWIPE.recipes[recipe]
    spec = model_spec(SIDESWIPE.to_json(), SIDESWIPE.schema, SIDESWIPE.frame, chosen)
    network: Any = Plugins.installed().get("model", chosen.model)(spec)
    assert isinstance(network, Network)
    return network.eval()


def prepared(network: Network, frames: Any) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(view)[:, None] for name, view in network.prepare(frames).items()}


def logits(network: Network, frames: Any) -> torch.Tensor:
    return network(prepared(network, frames))["car"]


def test_the_original_has_its_parameters_and_sizes() -> None:
    network = network_of("original")
    assert count_parameters(network) == ORIGINAL_PARAMETERS == 1_405_252
    sizes = []
    for layer in network.convolutions:  # type: ignore[union-attr]
        layer.register_forward_hook(lambda module, given, maps: sizes.append(tuple(maps.shape[1:])))
    logits(network, FRAMES)
    assert sizes[6] == (128, 9, 21)  # the layer it called C2D_last
    assert sizes[8] == (128, 4, 10)
    assert [tuple(kernel.shape) for kernel in network.kernels()] == [
        (32, 3, 3, 3), (64, 32, 3, 3), (128, 64, 3, 3), (256, 5120),
    ]  # fmt: skip


def test_the_original_sees_colours_from_0_to_255_at_100x50() -> None:
    network = network_of("original")
    seen: list[Any] = []
    network.convolutions.register_forward_pre_hook(lambda module, given: seen.append(given[0]))  # type: ignore[union-attr]
    logits(network, np.full((1, 150, 400, 3), 200, dtype=np.uint8))
    assert seen[0].shape == (1, 3, 50, 100)
    assert float(seen[0].min()) == float(seen[0].max()) == 200


def test_ours_are_small() -> None:
    assert count_parameters(network_of("default")) <= 140_000
    assert count_parameters(network_of("small")) <= count_parameters(network_of("default"))


@pytest.mark.parametrize("recipe", ["default", "small", "original"])
def test_a_predictor_answers_with_the_preparation_of_the_network(recipe: str) -> None:
    network = network_of(recipe)
    whole = Predictor(network, SIDESWIPE.schema).predict_batch({"frames": FRAMES[:, None]})["car"]
    with torch.inference_mode():
        assert np.allclose(whole, logits(network, FRAMES).softmax(1).numpy())
        assert network.features(prepared(network, FRAMES)).ndim == 2


def test_a_picture_and_its_mirror_image_are_answered_alike() -> None:
    network = network_of("default")
    mirrored = np.ascontiguousarray(FRAMES[:, :, ::-1])
    with torch.inference_mode():
        seen, seen_mirrored = (logits(network, one) for one in (FRAMES, mirrored))
        assert torch.allclose(seen, seen_mirrored, atol=1e-5)
    network.options["mirrored"] = False
    with torch.inference_mode():
        assert not torch.allclose(seen, logits(network, FRAMES), atol=1e-5)


def test_where_it_looks_is_told_of_the_picture_and_not_of_its_mirror_image() -> None:
    network = network_of("default")
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.ones_(module.weight)  # a new residual block begins as nothing, and speaks for nothing
    predictor, heat = Predictor(network, SIDESWIPE.schema), {}
    for is_mirrored in (True, False):
        network.options["mirrored"] = is_mirrored
        heat[is_mirrored] = class_heat_maps(predictor, network.spec, {"frames": FRAMES[:, None]}, "car")
    assert heat[False].max() > 0.9
    assert np.allclose(heat[True], heat[False], atol=1e-4)
    assert not np.allclose(heat[True], heat[True][..., ::-1], atol=0.1)
