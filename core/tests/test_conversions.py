"""Ways from one label head to another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead import labels
from playhead.conversions import Conversion, axis_conversions, keys_choice_conversions
from playhead.errors import Mismatch, NotFound
from playhead.labels import Axes, Choice, Keys

DRIVE = Keys("w", "a", "s", "d", opposites=(("w", "s"), ("a", "d")), mirror=(("a", "d"),))
NINE = Choice("w", "s", "a", "d", "wa", "wd", "sa", "sd", "none")
HELD = {name: frozenset("" if name == "none" else name) for name in NINE.names}
BOTH = keys_choice_conversions("crew", DRIVE, NINE, HELD)


@given(st.lists(st.integers(0, 8), max_size=20))
def test_classes_survive_the_way_to_keys_and_back(classes: list[int]) -> None:
    to_keys, to_classes = BOTH
    classes_T1 = np.array(classes, dtype=np.uint16).reshape(-1, 1)
    assert (to_classes(to_keys(classes_T1)) == classes_T1).all()


@given(st.lists(st.tuples(*[st.integers(0, 1)] * 4), min_size=1, max_size=20))
def test_keys_become_the_class_that_differs_least(rows: list[tuple[int, ...]]) -> None:
    to_keys, to_classes = BOTH
    rows_TA = np.array(rows, dtype=np.uint8)
    back_TA = to_keys(to_classes(rows_TA))
    differing_T = (back_TA != rows_TA).sum(1)
    held_CA = to_keys(np.arange(9, dtype=np.uint16)[:, None])
    least_T = (held_CA[None] != rows_TA[:, None]).sum(2).min(1)
    assert (differing_T == least_T).all()


def test_a_conversion_refuses_a_wrong_number_of_columns() -> None:
    with pytest.raises(Mismatch, match=r"wants \(T, 4\), not \(3, 1\)"):
        BOTH[1](np.zeros((3, 1)))
    with pytest.raises(Mismatch, match=r"not \(4,\)"):
        Conversion("x", DRIVE, NINE, lambda rows: rows)(np.zeros(4))


def test_an_axis_is_two_keys_as_far_as_they_are_held_and_back() -> None:
    keys = Keys("w", "a", "s", "d", mirror=(("a", "d"),))
    back, there = axis_conversions("toy", keys, "steer", "steer", more="d", less="a", of="drive")
    held = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 1, 0, 1]])
    assert there(held)[:, 0].tolist() == [0, -1, 1, 0]
    assert isinstance(there.target, Axes)
    assert there.target.mirror == ("steer",), "left and right change places in the mirror"
    assert back(np.array([[-0.25], [0.5]])).tolist() == [[0, 0.25, 0, 0], [0, 0, 0, 0.5]]
    _, alone = axis_conversions("toy", keys, "brake", "brake", more="s", of="drive")
    assert alone(np.array([[0, 0, 1, 0], [1, 0, 0, 0]]))[:, 0].tolist() == [1, 0]
    with pytest.raises(NotFound):
        axis_conversions("toy", keys, "steer", "steer", more="x", of="drive")


def test_plugins_of_earlier_versions_find_conversions_among_labels() -> None:
    assert labels.keys_choice_conversions is keys_choice_conversions
    assert labels.Conversion is Conversion
    with pytest.raises(AttributeError):
        labels.no_such_name  # noqa: B018
