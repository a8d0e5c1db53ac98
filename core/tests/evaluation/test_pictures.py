"""Pictures keep what they show and stay small enough for a page."""

from __future__ import annotations

import cv2
import numpy as np

from playhead.evaluation.pictures import data_uri, encode, encode_clip, side_by_side, with_keys
from playhead.playing.overlay import with_heat


def decode(picture: bytes) -> np.ndarray:
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def test_colours_stay_in_order():
    red = np.zeros((20, 30, 3), np.uint8)
    red[:, :, 0] = 250
    back = decode(encode(red))
    assert back.shape == red.shape
    assert back[:, :, 0].mean() > 230
    assert back[:, :, 2].mean() < 20
    assert data_uri(encode(red)).startswith("data:image/webp;base64,UklG")


def test_a_window_is_put_side_by_side():
    frames = np.stack([np.full((5, 6, 1), value, np.uint8) for value in (10, 20, 30)])
    strip = side_by_side(frames, gap=2)
    assert strip.shape == (5, 3 * 6 + 2 * 2, 1)
    assert [int(strip[0, x, 0]) for x in (0, 8, 16)] == [10, 20, 30]


def test_no_heat_changes_nothing_and_heat_does(picture):
    assert np.array_equal(with_heat(picture, np.zeros(picture.shape[:2])), picture)
    assert not np.array_equal(with_heat(picture, np.ones(picture.shape[:2])), picture)


def test_held_keys_are_filled_in_proportion():
    frame = np.zeros((180, 240, 3), np.uint8)

    def blue(value: float) -> int:
        return int((with_keys(frame, {"w": value})[:, :, 2] == 214).sum())

    assert blue(0.0) == 0
    assert 0 < blue(0.5) < blue(1.0)


def test_names_of_keys_are_drawn_in_full_and_stay_in_the_picture():
    frame = np.zeros((180, 240, 3), np.uint8)
    one, other = (with_keys(frame, {name: 0.0}) for name in ("accelerate", "accelerant"))
    assert not np.array_equal(one, other)
    many = {f"a_long_name_{number}": float(number == 5) for number in range(30)}
    drawn = with_keys(frame, many)
    assert not drawn[: 180 // 2 - 18].any()  # what is not held has no room there
    assert (drawn[:, :, 2] == 214).any()
    assert np.array_equal(with_keys(frame, {}), frame)
    assert with_keys(frame, {"x" * 200: 1.0}).any()


def test_a_clip_plays_every_frame_and_keeps_its_limit():
    random = np.random.default_rng(0)
    frames = [random.integers(0, 256, (60, 80, 3), dtype=np.uint8) for _ in range(12)]
    whole, animation = encode_clip(frames, 10), cv2.Animation()
    ok, animation = cv2.imdecodeanimation(np.frombuffer(whole, np.uint8))
    assert ok
    assert len(animation.frames) == 12
    assert list(animation.durations) == [100] * 12
    small = encode_clip(frames, 10, limit_bytes=len(whole) // 3)
    assert 0 < len(small) <= len(whole) // 3
    assert encode_clip([], 10) == b""
