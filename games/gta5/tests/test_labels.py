"""Four keys and the seven classes of older recordings, both ways."""

from __future__ import annotations

import numpy as np
import pytest

from playhead_gta5.labels import CLASSES_TO_KEYS, DRIVE, KEYS_TO_CLASSES, SEVEN_CLASSES


# The table of systems.md, section 4: w = w|wa|wd; a = a|wa; s = s; d = d|wd; nothing = 0000.
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("w", [1, 0, 0, 0]), ("a", [0, 1, 0, 0]), ("s", [0, 0, 1, 0]), ("d", [0, 0, 0, 1]),
        ("wa", [1, 1, 0, 0]), ("wd", [1, 0, 0, 1]), ("nothing", [0, 0, 0, 0]),
    ],
)  # fmt: skip
def test_every_class_is_the_keys_it_says(name: str, keys: list[int]) -> None:
    number = np.array([[SEVEN_CLASSES.names.index(name)]], dtype=np.uint16)
    assert CLASSES_TO_KEYS(number).tolist() == [keys]
    assert KEYS_TO_CLASSES(np.array([keys], dtype=np.uint8)).tolist() == number.tolist()


def test_the_orders_are_those_of_the_original_files() -> None:
    assert DRIVE.names == ("w", "a", "s", "d")
    assert SEVEN_CLASSES.names == ("w", "a", "s", "d", "wa", "wd", "nothing")


def test_keys_that_no_class_holds_lose_one_key_only() -> None:
    every = np.array([[b >> i & 1 for i in range(4)] for b in range(16)], dtype=np.uint8)
    back = CLASSES_TO_KEYS(KEYS_TO_CLASSES(every))
    assert (back <= every).all(), "no key is invented"
    assert ((every - back).sum(1) <= 2).all()
