"""The networks that see which buttons were pressed have the sizes that they are known by."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from playhead.labels import Choice, LabelSchema
from playhead.models import ModelSpec
from playhead.models.inverse_dynamics import build
from playhead.models.network import Network, count_parameters
from playhead.models.vpt import UNREAD, vpt_options
from playhead_pokemon.game import POKEMON
from playhead_pokemon.recipes import ORIGINAL, VPT, frames_of


def network(options: dict[str, object], outputs: int, length: int = 8) -> Network:
    """Build a network without any memory for its numbers."""
    schema = LabelSchema.of({"key": Choice(*(f"class {number}" for number in range(outputs)))})
    spec = ModelSpec(
        schema=schema, frame=POKEMON.frame, length=length, named_inputs=frames_of(length, ahead=4), options=options
    )
    with torch.device("meta"):
        return build(spec)


def test_the_published_size_is_the_published_one() -> None:
    made = network(vpt_options(), outputs=62)
    assert count_parameters(made.heads) == 254_014
    assert count_parameters(made) + UNREAD == 482_330_046


def test_the_size_of_the_reference_system() -> None:
    made = network(dict(ORIGINAL.model_options), outputs=9)
    assert count_parameters(made) == pytest.approx(2.4e6, rel=0.03)


def test_a_half_a_quarter_and_an_eighth_are_smaller_by_about_the_square() -> None:
    sizes = [count_parameters(network(dict(VPT[name].model_options), outputs=62)) for name in VPT]
    assert [round(before / after, 1) for before, after in pairwise(sizes)] == pytest.approx([4, 4, 4], rel=0.2)


def test_every_frame_of_a_window_is_answered_by_all_others() -> None:
    options = {**vpt_options(64), "scene_size": [16, 16], "heads": 2, "head_size": 8}
    spec = ModelSpec(
        schema=POKEMON.schema, frame=POKEMON.frame, length=6, named_inputs=frames_of(6, ahead=3), options=options,
        positions_s=frames_of(6, ahead=3)["frames"].offsets_s,
    )  # fmt: skip
    torch.manual_seed(1)
    made = build(spec).eval()
    pictures = torch.randint(0, 256, (2, 6, 16, 16, 3), dtype=torch.uint8)
    said = made({"scene": pictures})["buttons"]
    assert said.shape == (2, 6, 10)
    changed = pictures.clone()
    changed[:, -1] = 0
    moved = (made({"scene": changed})["buttons"] - said).abs().amax(dim=(0, 2))
    assert (moved > 0).all()  # the last picture counts for the first frame, too
    backwards = made({"scene": pictures.flip(1)})["buttons"].flip(1)
    assert (backwards - said).abs().max() > 1e-6  # and the order of frames counts


def test_recipes_answer_at_every_frame() -> None:
    for recipe in (ORIGINAL, *VPT.values()):
        assert recipe.positions_s == recipe.named_inputs["frames"].offsets_s
        assert replace(recipe, heads=()).named_inputs["frames"].offsets_s[-1] > 0
