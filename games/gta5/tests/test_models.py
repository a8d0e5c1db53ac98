"""The published line of networks has as many parameters as was published, but for differences that are known."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

from playhead.errors import BadValue, NotFound
from playhead.game import Frame
from playhead.inputs import check_playable
from playhead.labels import Axes, LabelSchema
from playhead.live.settings import Live, LiveSettings
from playhead.models import ModelSpec
from playhead.plugins import Plugins
from playhead.sessions.place import Place
from playhead.sessions.training import chosen_recipe
from playhead.training.recipe import Recipe
from playhead_gta5.game import GTA5
from playhead_gta5.models import INCEPTION, LINE

FRAME = Frame(width=480, height=270, rate_hz=30)
SCALES = 30_272  # timm's normalisations of this backbone learn a scale, which the published one does without
BIASES = 4 * 128  # an LSTM of torch has two of them, one of which says nothing


def spec_of(recipe: Recipe) -> ModelSpec:
    deltas = (-0.3, -0.1, -0.03, 0.0, 0.03, 0.1, 0.3)
    schema = LabelSchema.of(
        {name: Axes(name, deltas=deltas if name.endswith("_change") else ()) for name in recipe.heads}
    )
    inputs = recipe.named_inputs
    frames = inputs.get("frames")
    return ModelSpec(
        schema=schema, frame=FRAME, inputs=tuple(inputs), named_inputs=inputs,
        length=frames.steps if frames is not None else 60, options=recipe.model_options,
    )  # fmt: skip


def known_difference(options: dict[str, Any]) -> int:
    backbones = 2 if options.get("one_an_output") else 1
    scales = SCALES * backbones if options.get("backbone") == INCEPTION else 0
    return scales + BIASES * options.get("memory", 0)


@pytest.mark.skipif(find_spec("timm") is None, reason="timm, of the extra playhead[timm], is not installed")
@pytest.mark.parametrize("name", [name for name, one in LINE.items() if one.parameters])
def test_it_has_as_many_parameters_as_was_published(name: str) -> None:
    from playhead.models.camera_history import build, count_numbers

    one = LINE[name]
    with torch.device("meta"):  # shapes alone
        network = build(spec_of(one.recipe))
    assert count_numbers(network) - known_difference(dict(one.recipe.model_options)) == one.parameters


def test_every_recipe_learns_what_the_game_has_and_survives_json() -> None:
    for name, one in LINE.items():
        assert Recipe.from_json(one.recipe.to_json()) == one.recipe, name
        for head in one.recipe.heads:
            GTA5.learnable.head(head)


def test_it_is_found_by_name_and_a_history_that_holds_the_answer_or_what_comes_is_refused(tmp_path: Path) -> None:
    place = Place.of("gta5", tmp_path, None, False)

    def asked(**settings: str) -> Recipe:
        return chosen_recipe(
            place, "0008-v5", {"inputs." + n: text for n, text in settings.items()}, None, None, None
        )

    assert asked() == LINE["0008-v5"].recipe
    with pytest.raises(NotFound, match="0008-v5"):
        chosen_recipe(place, "0008-v55", {}, None, None, None)
    with pytest.raises(BadValue, match="The input past holds the answer"):
        asked(past="actions@-1:0:0.5")
    late = asked(way="purpose_m@-1.9:0.0666666667:0.0333333333")
    with pytest.raises(BadValue, match="its input way reaches to"):
        check_playable(late.named_inputs, late.positions_s, "The recipe 0008-v5")


@pytest.mark.parametrize("balance", ["v1", "v2", "v3", "v4", "none"])
def test_every_network_of_the_line_can_be_balanced_in_every_way(balance: str) -> None:
    plugins = Plugins.installed().with_game(GTA5)
    for name, one in LINE.items():
        asked = LiveSettings(
            game="gta5", name="one", device="world", width=480, height=270, rate_hz=30.0, recipe_name=name,
            recipe=one.recipe.to_json(), balance=balance,
        )  # fmt: skip
        outputs = Live.of(asked, plugins).outputs
        assert {output.head for output in outputs} == {*one.recipe.heads}, name
        if (name, balance) == ("0001-v1", "v1"):
            assert math.prod(len(output.bins) for output in outputs) == 225


def test_a_memory_answers_and_its_auxiliary_outputs_count_a_quarter() -> None:
    from playhead.models.camera_history import build

    alone = LINE["0008-v6"].recipe
    options = {**alone.model_options, "auxiliary": (8,)}
    network = build(spec_of(Recipe(model="camera_history", model_options=options, heads=alone.heads,
                                   inputs=alone.inputs)))  # fmt: skip
    given = {"past": torch.rand(2, 60, 2), **{name: torch.rand(2, 60) for name in ("speed", "way", "bearing")}}
    main, auxiliary = network.answers_to_learn(given)
    assert {name: value.shape for name, value in main.items()} == dict.fromkeys(alone.heads, (2, 1))
    assert main.keys() == auxiliary.keys()
    assert network.answer_weights == (1.0, 0.25)
    for key, value in network.answer(given).items():
        assert torch.equal(value, main[key])
