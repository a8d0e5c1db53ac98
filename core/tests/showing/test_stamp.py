"""The number drawn into a picture survives what happens to a picture on its way into a recording."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.showing.stamp import draw_stamp, read_stamp


def picture(seed: int = 0, width: int = 800, height: int = 600) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@given(number=st.integers(0, 2**16 - 1), width=st.integers(120, 900), height=st.integers(60, 700))
def test_every_number_is_read_as_drawn_at_any_size(number: int, width: int, height: int) -> None:
    frame_HWC = picture(width=width, height=height)
    draw_stamp(frame_HWC, number)
    assert read_stamp(frame_HWC) == number


@pytest.mark.parametrize("number", [0, 1, 0b1010101010101010, 2**16 - 1])
def test_it_survives_a_smaller_size_and_jpeg(number: int) -> None:
    frame_HWC = picture()
    draw_stamp(frame_HWC, number)
    small_HWC = cv2.resize(frame_HWC, (240, 180), interpolation=cv2.INTER_AREA)
    _, coded = cv2.imencode(".jpg", small_HWC, [cv2.IMWRITE_JPEG_QUALITY, 75])
    assert read_stamp(cv2.imdecode(coded, cv2.IMREAD_COLOR)) == number


def test_numbers_begin_again() -> None:
    frame_HWC = picture()
    draw_stamp(frame_HWC, 2**16 + 5)
    assert read_stamp(frame_HWC) == 5


def test_a_picture_without_a_stamp_has_no_number() -> None:
    assert all(read_stamp(picture(seed)) is None for seed in range(50))


def test_a_stamp_of_which_only_a_part_is_seen_is_hardly_ever_read() -> None:
    read = 0
    for number in range(500):
        frame_HWC = picture(width=320, height=240)
        draw_stamp(frame_HWC, number)
        corner_HWC = np.zeros((360, 480, 3), np.uint8)
        corner_HWC[:240, :320] = frame_HWC
        read += read_stamp(corner_HWC) is not None
    assert read <= 5
