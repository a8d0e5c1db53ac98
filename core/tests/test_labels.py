"""Label heads and schemas."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import BadValue, Damaged, Mismatch, NotFound
from playhead.labels import Axes, Choice, Head, Keys, LabelSchema, check_same, describe

DRIVE = Keys("w", "a", "s", "d", opposites=(("w", "s"), ("a", "d")), mirror=(("a", "d"),))
NINE = Choice("w", "s", "a", "d", "wa", "wd", "sa", "sd", "none")

names = st.lists(st.text("abcdefgh", min_size=1, max_size=3), min_size=1, max_size=6, unique=True)


@st.composite
def heads(draw: st.DrawFn) -> Head:
    chosen = draw(names)
    pairs = tuple(zip(chosen[::2], chosen[1::2], strict=False))
    kind = draw(st.sampled_from(["keys", "choice", "axes"]))
    if kind == "keys":
        return Keys(*chosen, opposites=pairs, mirror=pairs[:1])
    if kind == "choice":
        return Choice(*chosen, mirror=pairs)
    deltas = draw(st.lists(st.floats(-1, 1, width=32), max_size=5))
    return Axes(*chosen, deltas=tuple(deltas), mirror=tuple(chosen[:1]))


@given(st.dictionaries(st.text("xyz", min_size=1, max_size=4), heads(), min_size=1, max_size=4))
def test_any_schema_survives_json_in_its_order(mapping: dict[str, Head]) -> None:
    schema = LabelSchema.of(mapping)
    again = LabelSchema.from_json(json.loads(json.dumps(schema.to_json())))
    assert again == schema
    assert list(again) == list(mapping)


@pytest.mark.parametrize(
    ("head", "columns", "outputs", "dtype"),
    [
        (DRIVE, 4, 4, "uint8"),
        (NINE, 1, 9, "uint16"),
        (Axes("steer", "throttle"), 2, 2, "float32"),
        (Axes("steer", "throttle", deltas=(-0.1, 0, 0.1)), 2, 6, "float32"),
    ],
)
def test_columns_outputs_and_dtype_of_each_head(head: Head, columns: int, outputs: int, dtype: str) -> None:
    assert (head.columns, head.outputs, head.dtype.name) == (columns, outputs, dtype)


def test_a_head_refuses_no_names_twice_the_same_name_and_unknown_partners() -> None:
    with pytest.raises(BadValue, match="at least one name"):
        Keys()
    with pytest.raises(BadValue, match="names a twice"):
        Choice("a", "b", "a")
    with pytest.raises(NotFound, match=r'No key is called "lefd".*Did you mean "left"'):
        Keys("left", "right", opposites=(("lefd", "right"),))
    with pytest.raises(NotFound, match="No class is called"):
        Choice("a", mirror=(("a", "b"),))
    with pytest.raises(NotFound, match="No axis is called"):
        Axes("steer", mirror=("stear",))


def test_an_unknown_head_names_the_nearest_one() -> None:
    with pytest.raises(NotFound, match='Did you mean "drive"'):
        LabelSchema.of({"drive": DRIVE}).head("drvie")


def test_an_unknown_kind_of_head_in_a_file_asks_for_an_update() -> None:
    with pytest.raises(Damaged, match="Update"):
        LabelSchema.from_json([{"head": "x", "kind": "sound", "names": ["a"]}])


@pytest.mark.parametrize(
    "change",
    [
        {"opposites": [[]]}, {"opposites": [["a", "x"]]}, {"mirror": [["a"]]}, {"mirror": {"a": "b"}},
        {"names": []}, {"names": ["a", "a"]}, {"names": "ab"}, {"names": [1, 2]}, {"names": ["a" * 300]},
        {"head": 3}, {"head": ""}, {"kind": "choice", "mirror": [["a", "x"]]},
        {"kind": "axes", "deltas": [1e999]}, {"kind": "axes", "deltas": "ab"}, {"kind": None}, {"kind": []},
    ],
)  # fmt: skip
def test_heads_in_a_file_are_taken_by_their_types(change: dict[str, object]) -> None:
    whole = {"head": "x", "kind": "keys", "names": ["a", "b"], "opposites": [], "mirror": []}
    assert LabelSchema.from_json([whole])["x"] == Keys("a", "b")
    with pytest.raises(Damaged, match="The header"):
        LabelSchema.from_json([{**whole, **change}], where="The header")
    for no_schema in ([], {}, "x", None, [whole, whole], [[whole]]):
        with pytest.raises(Damaged, match="The header"):
            LabelSchema.from_json(no_schema, where="The header")


def test_order_is_part_of_a_schema() -> None:
    ours = LabelSchema.of({"drive": Keys("w", "a")})
    check_same(ours, LabelSchema.of({"drive": Keys("w", "a")}), where="Run 1", then="Train again.")
    with pytest.raises(Mismatch, match=r"Run 1 has the labels drive: keys a, w, but .* Train again\."):
        check_same(ours, LabelSchema.of({"drive": Keys("a", "w")}), where="Run 1", then="Train again.")


def test_a_schema_is_described_in_one_line() -> None:
    assert describe(LabelSchema.of({"drive": Keys("w", "a"), "gear": Choice("1", "2")})) == (
        "drive: keys w, a; gear: choice 1, 2"
    )
