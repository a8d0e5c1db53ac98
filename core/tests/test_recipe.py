"""Recipes as plain data and as --set texts."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import BadValue, Damaged, NotFound
from playhead.training.recipe import Recipe, with_settings

finite = st.floats(0, 1e6, allow_nan=False)


@given(
    steps=st.integers(1, 10**6),
    lr=st.floats(1e-9, 1e6),
    betas=st.tuples(st.floats(0, 0.9999), st.floats(0, 0.9999)),
    heads=st.lists(st.text("abc", min_size=1), max_size=3, unique=True),
    augment=st.dictionaries(st.text("abc", min_size=1), finite, max_size=3),
    precision=st.sampled_from(["32-true", "16-mixed", "bf16-mixed"]),
)
def test_any_recipe_survives_json(steps, lr, betas, heads, augment, precision) -> None:  # type: ignore[no-untyped-def]
    recipe = Recipe(steps=steps, lr=lr, betas=betas, heads=tuple(heads), augment=augment, precision=precision)
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


def test_settings_are_parsed_by_the_type_of_their_field() -> None:
    recipe = with_settings(
        Recipe(augment={"flip": 0.1}),
        {
            "lr": "1e-3", "steps": "20", "model": "mine", "heads": "drive,gear", "betas": "[0.9, 0.995]",
            "augment.flip": "0.2", "model_options.hidden": "64", "balance": "labels",
            "model_options.crops.road": "[4, 0, 32, 24]",
        },
    )  # fmt: skip
    assert recipe == Recipe(
        lr=1e-3, steps=20, model="mine", heads=("drive", "gear"), betas=(0.9, 0.995),
        augment={"flip": 0.2}, model_options={"hidden": 64, "crops": {"road": [4, 0, 32, 24]}}, balance="labels",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        ({"learning": "1"}, NotFound, "No setting of a recipe is called"),
        (
            {"method.lrr": "1"},
            NotFound,
            'No setting of the training method supervised is called "lrr". Known: none',
        ),
        ({"step": "1"}, NotFound, 'Did you mean "steps"'),
        ({"steps": "1.5"}, BadValue, "steps=1.5 is not a whole number"),
        ({"steps": "true"}, BadValue, "whole number"),
        ({"lr": "fast"}, BadValue, "lr=fast is not a number"),
        ({"precision": "8"}, BadValue, "precision=8 is not one of 32-true"),
        ({"augment": "0.2"}, BadValue, "Give one entry as augment.NAME=VALUE"),
        ({"batch_size": "0"}, BadValue, "batch_size=0 must be above 0"),
        ({"latency_s": "-0.1"}, BadValue, "latency_s=-0.1 cannot be negative"),
        ({"val_share": "1"}, BadValue, "val_share=1 is not a share"),
        ({"lr": "NaN"}, BadValue, "lr=NaN is not a number"),
        ({"lr": "1e999"}, BadValue, "lr=1e999 is not a number"),
        ({"length": "1000000000"}, BadValue, "length=1000000000 is more than the 1000"),
        ({"betas": "a,b"}, BadValue, "betas=a is not a number"),
        ({"betas": "0.9"}, BadValue, "needs 2 values"),
        ({"betas": "0.9,1.5"}, BadValue, "betas=1.5 is more than"),
        ({"lr.peak": "1"}, BadValue, "lr is one value"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(
    settings: dict[str, str], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        with_settings(Recipe(), settings)


def test_a_recipe_of_a_newer_version_is_refused_by_the_setting_it_brings() -> None:
    with pytest.raises(NotFound, match="No setting of a recipe"):
        Recipe.from_json({"telepathy": 1})


@pytest.mark.parametrize(
    "value",
    [{"length": 10**9}, {"batch_size": "64"}, {"batch_size": 1.5}, {"betas": [0.9]}, {"betas": 3}, {"seed": -1},
     {"augment": []}, {"inputs": "frames"}, {"inputs": [1]}, {"precision": "8"}, {"steps": True},
     {"length": 10**400}, {"length": -(10**400)}],
)  # fmt: skip
def test_a_recipe_in_a_file_is_taken_by_its_types_and_ranges(value: dict[str, object]) -> None:
    with pytest.raises(Damaged, match="A recipe cannot be read"):
        Recipe.from_json(value)


def test_every_setting_of_a_recipe_can_be_given_as_it_is_stored() -> None:
    for name, value in Recipe().to_json().items():
        again = with_settings(Recipe(), {name: json.dumps(value)})
        assert getattr(again, name) == getattr(Recipe(), name), name
    assert len(dataclasses.fields(Recipe)) == len(Recipe().to_json())


@pytest.mark.parametrize(
    ("setting", "twice"),
    [({"heads": "drive,gear,drive"}, "drive"), ({"positions": "0,0.5,0.5"}, "0.5"), ({"positions": "0,0"}, "0")],
)
def test_what_is_named_twice_is_refused(setting: dict[str, str], twice: str) -> None:
    with pytest.raises(BadValue, match=f"names {twice} twice"):
        with_settings(Recipe(), setting)
