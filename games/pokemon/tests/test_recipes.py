"""The networks that see which buttons were pressed have the sizes that they are known by."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from playhead.inputs import check_playable
from playhead.labels import Choice, LabelSchema
from playhead.models import ModelSpec, conv_lstm
from playhead.models.inverse_dynamics import build
from playhead.models.network import Network, count_parameters
from playhead.models.vpt import UNREAD, vpt_options
from playhead_pokemon.game import POKEMON
from playhead_pokemon.recipes import ORIGINAL, PLAYER, VPT, frames_of


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


def test_the_player_carries_a_state_and_answers_as_over_all_frames_together() -> None:
    check_playable(PLAYER.named_inputs, PLAYER.positions_s, "It")
    options = {**PLAYER.model_options, "channels": [4, 4], "strides": [4, 4], "features": 8, "hidden": 8}
    recipe = replace(PLAYER, length=5, model_options=options)
    spec = ModelSpec(
        schema=POKEMON.schema, frame=POKEMON.frame, length=5, options=options,
        named_inputs=recipe.named_inputs, positions_s=recipe.positions_s,
    )  # fmt: skip
    made = conv_lstm.build(spec).eval()
    assert made.is_stateful
    frames_BTHWC = np.random.default_rng(3).integers(0, 255, (1, 5, 160, 240, 3), dtype=np.uint8)
    prepared = {
        name: torch.from_numpy(view) for name, view in made.prepare_windows({"frames": frames_BTHWC}).items()
    }
    with torch.inference_mode():
        together_LO = made(prepared)["buttons"][0]
        state = made.initial_state(1)
        for step, wanted_O in enumerate(together_LO):
            said, state = made.step({n: v[:, step : step + 1] for n, v in prepared.items()}, state)
            assert said["buttons"][0] == pytest.approx(wanted_O, abs=1e-4)
