"""Four keys and the nine classes of the original, both ways."""

from __future__ import annotations

import numpy as np
import pytest

from playhead_crew2.labels import CLASSES_TO_KEYS, DRIVE, KEYS_TO_CLASSES, NINE_CLASSES


@pytest.mark.parametrize("name", NINE_CLASSES.names)
def test_every_class_is_the_keys_it_says_and_nothing_held_is_no_brake(name: str) -> None:
    number = np.array([[NINE_CLASSES.names.index(name)]], dtype=np.uint16)
    keys = CLASSES_TO_KEYS(number)
    assert {key for key, held in zip(DRIVE.names, keys[0], strict=True) if held} == set(name.replace("nk", ""))
    assert KEYS_TO_CLASSES(keys).tolist() == number.tolist()


def test_the_order_is_that_of_the_original_files() -> None:
    assert NINE_CLASSES.names == ("w", "s", "a", "d", "wa", "wd", "sa", "sd", "nk")


def test_impossible_pairs_lose_keys_and_invent_none() -> None:
    every = np.array([[b >> i & 1 for i in range(4)] for b in range(16)], dtype=np.uint8)
    assert (CLASSES_TO_KEYS(KEYS_TO_CLASSES(every)) <= every).all()
