"""Bins are those that were published: which value lies in which, and what cannot be bins at all."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.errors import BadValue
from playhead.labels import Axes, Choice, Head, Keys, LabelSchema
from playhead.live.bins import NINE, TWENTY_ONE, outputs_of

FIVE = (0.0, 0.0, 0.2, 0.8, 1.0, 1.0)


def binned(edges: tuple[float, ...], *values: float) -> list[str]:
    schema = LabelSchema.of({"steer": Axes("steer")})
    (one,) = outputs_of(schema, {"steer": edges}, TWENTY_ONE)
    rows = np.array(values, np.float32)[:, None]
    return [one.bins[place] for place in one.of(rows, schema["steer"])]


def test_an_edge_that_is_named_twice_is_a_bin_of_its_own() -> None:
    values = (0.0, 0.003, 0.05, 0.19, 0.21, 0.79, 0.81, 0.99, 0.998, 1.0)
    found = binned(FIVE, *values)
    middle = ["0 to 0.2"] * 2 + ["0.2 to 0.8"] * 2 + ["0.8 to 1"] * 2
    assert found == ["0", "0", *middle, "1", "1"]


def test_the_wheel_has_nine_bins_and_later_twenty_one() -> None:
    assert len(set(binned(NINE, -1, -0.8, -0.4, -0.1, 0, 0.1, 0.4, 0.8, 1))) == 9
    tenths = np.arange(-0.95, 1, 0.1)
    assert len(set(binned(TWENTY_ONE, *tenths, 0.0))) == 21


def test_all_combinations_of_the_first_balancing_are_225() -> None:
    heads = {name: Axes(name) for name in ("accelerate", "brake", "steer")}
    edges = {"accelerate": FIVE, "brake": FIVE, "steer": NINE}
    assert np.prod([len(one.bins) for one in outputs_of(LabelSchema.of(heads), edges, NINE)]) == 225


def test_keys_and_classes_are_bins_too() -> None:
    schema = LabelSchema.of({"move": Keys("left", "right"), "car": Choice("a", "b", "c")})
    move, car = outputs_of(schema, {}, TWENTY_ONE)
    assert move.bins == ("none", "left", "right", "left+right")
    assert move.of(np.array([[0, 0], [1, 0], [0, 1], [1, 1]]), schema["move"]).tolist() == [0, 1, 2, 3]
    assert car.of(np.array([[2], [0]]), schema["car"]).tolist() == [2, 0]


@pytest.mark.parametrize(
    ("edges", "says"),
    [
        ((0.0, 0.5, 0.2), "do not rise: 0, 0.5, 0.2"),
        ((0.0, 0.0, 0.0, 1.0), "do not rise"),
        ((0.0,), "need 2 to 201 edges"),
        ((0.0, float("nan")), "all numbers"),
    ],
)
def test_what_are_no_bins_is_said(edges: tuple[float, ...], says: str) -> None:
    with pytest.raises(BadValue, match=says):
        binned(edges, 0.0)


def test_bins_of_an_unknown_output_are_said() -> None:
    with pytest.raises(BadValue, match=r"bins for brake, which is no axis that is learned\. Learned are: steer"):
        outputs_of(LabelSchema.of({"steer": Axes("steer")}), {"brake": FIVE}, NINE)


@pytest.mark.parametrize("head", [Keys("a", "d"), Choice("low", "high"), Axes("steer", deltas=(-0.1, 0.0, 0.1))])
def test_bins_of_what_has_its_own_are_said(head: Head) -> None:
    with pytest.raises(BadValue, match="bins for turn, which is no axis"):
        outputs_of(LabelSchema.of({"turn": head}), {"turn": FIVE}, NINE)


def test_changes_are_a_bin_each() -> None:
    head = Axes("steer", deltas=(-0.3, -0.1, -0.03, 0.0, 0.03, 0.1, 0.3))
    (one,) = outputs_of(LabelSchema.of({"turn": head}), {}, TWENTY_ONE)
    assert one.bins == ("-0.3", "-0.1", "-0.03", "+0", "+0.03", "+0.1", "+0.3")
    labels_NA = np.array([[-1.0], [-0.12], [0.0], [0.014], [0.016], [0.9]])
    assert one.of(labels_NA, head).tolist() == [0, 1, 3, 3, 4, 6]
