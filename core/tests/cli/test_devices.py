"""Settings of the command line become nested options."""

from __future__ import annotations

import pytest

from playhead.cli.devices import parse_settings
from playhead.devices import merged
from playhead.errors import BadValue


def test_dotted_names_reach_into_mappings() -> None:
    texts = ["arguments.traffic=20", "arguments.camera=chase", "real_time=true", 'codes=["w","a"]']
    assert parse_settings(texts) == {
        "arguments": {"traffic": 20, "camera": "chase"},
        "real_time": True,
        "codes": ["w", "a"],
    }


@pytest.mark.parametrize("text", ["traffic", "=3"])
def test_a_setting_without_name_or_value_is_said(text: str) -> None:
    with pytest.raises(BadValue, match="name=value"):
        parse_settings([text])


def test_a_value_cannot_be_a_mapping_too() -> None:
    with pytest.raises(BadValue, match="a value of its own"):
        parse_settings(["reset=3", "reset.split=test"])


def test_changes_are_laid_over_inside_mappings() -> None:
    base = {"reset": {"scenario": "turns"}, "seed": 1}
    assert merged(base, {"reset": {"split": "test"}}, {"seed": 2}) == {
        "reset": {"scenario": "turns", "split": "test"},
        "seed": 2,
    }
    assert base == {"reset": {"scenario": "turns"}, "seed": 1}
