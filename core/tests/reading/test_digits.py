"""Numbers are read off small pictures by digits that were learned; what is none of them is not read."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from safetensors.numpy import load, save

from playhead.capture import FrameArray
from playhead.errors import BadValue, Damaged, NotFound, PlayheadError
from playhead.reading.digits import DigitReader, Digits, SizedReader, open_reader
from playhead.reading.learning import learn_digits, share_read

RANDOM = np.random.default_rng(3)


def picture(number: int, *, high: int = 20, wide: int = 48, shines: int = 0, light: float = 1.0) -> FrameArray:
    """A number at the right of a region, over what shines through."""
    shown = np.full((high, wide, 3), 30, np.uint8)
    if shines:
        rough = RANDOM.integers(0, shines, (3, 6, 3), dtype=np.uint8)
        shown += cv2.resize(rough, (wide, high), interpolation=cv2.INTER_LINEAR)
    scale = 0.65 * high / 20
    (across, up), _ = cv2.getTextSize(str(number), cv2.FONT_HERSHEY_DUPLEX, scale, 1)
    at = (wide - across - 2, (high + up) // 2)
    cv2.putText(shown, str(number), at, cv2.FONT_HERSHEY_DUPLEX, scale, (240, 240, 240), 1, cv2.LINE_AA)
    return (shown * light).astype(np.uint8)


def varied(numbers: list[int]) -> list[FrameArray]:
    return [picture(number, shines=60, light=float(RANDOM.uniform(0.6, 1.0))) for number in numbers]


SEEN = [number for number in range(200) if number % 7] * 3


@pytest.fixture(scope="module")
def digits() -> Digits:
    return learn_digits(varied(SEEN), SEEN)


def test_numbers_are_read_in_any_light_also_those_that_were_not_learned_from(digits: Digits) -> None:
    unseen = [number for number in range(200) if number % 7 == 0]
    right, wrong = share_read(digits, varied(unseen), unseen)
    assert right >= 0.95
    assert wrong == 0
    reader = DigitReader(digits)
    assert {reader.read(picture(number))[0] for number in (0, 8, 35, 180)} == {0, 8, 35, 180}


def test_a_number_with_a_digit_at_a_place_where_none_was_seen_is_not_read(digits: Digits) -> None:
    _, confidence = DigitReader(digits).read(picture(531))
    assert confidence < 0.5


@pytest.mark.parametrize(
    "shown",
    [
        np.zeros((20, 48, 3), np.uint8),
        np.full((20, 48, 3), 200, np.uint8),
        RANDOM.integers(0, 256, (20, 48, 3), dtype=np.uint8),
        picture(88)[:, ::-1],
        picture(88)[::-1],
        np.roll(picture(88), 9, axis=1),
    ],
    ids=["black", "light", "noise", "mirrored", "upside down", "moved"],
)
def test_what_shows_no_number_is_not_read(digits: Digits, shown: FrameArray) -> None:
    _, confidence = DigitReader(digits).read(shown)
    assert confidence < 0.5


def test_grey_pictures_are_read_too(digits: Digits) -> None:
    grey = cv2.cvtColor(picture(46), cv2.COLOR_RGB2GRAY)[:, :, None]
    assert DigitReader(digits).read(np.asarray(grey))[0] == 46


def test_the_digits_of_the_nearest_size_are_taken(digits: Digits) -> None:
    numbers = list(range(100)) * 2
    large = learn_digits([picture(number, high=60, wide=144, shines=40) for number in numbers], numbers)
    reader = SizedReader([digits, large])
    for high in (20, 60):
        number, confidence = reader.read(picture(57, high=high, wide=round(2.4 * high), shines=30))
        assert (number, confidence > 0.5) == (57, True)


def test_a_file_holds_what_was_learned(digits: Digits, tmp_path: Path) -> None:
    file = tmp_path / "speed.safetensors"
    file.write_bytes(digits.to_bytes())
    assert file.stat().st_size < 200_000
    reader = open_reader({"digits": str(file)})
    assert reader.read(picture(123)) == DigitReader(digits).read(picture(123))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: b"", "holds no digits"),
        (lambda data: data[:-40], "holds no digits"),
        (lambda data: save({"seen_S": np.ones(3, np.uint8)}), "holds no digits"),
        (lambda data: save(load(data), metadata={"digits": "{}"}), "height"),
        (lambda data: data.replace(b'height\\":16', b'height\\":17'), "is wanted"),
        (lambda data: data.replace(b'places\\":3', b'places\\":9'), "places"),
    ],
)
def test_a_file_of_anything_else_is_refused(digits: Digits, tmp_path: Path, change: object, says: str) -> None:
    file = tmp_path / "bad.safetensors"
    whole = digits.to_bytes()
    changed = change(whole)  # type: ignore[operator]
    assert changed != whole
    file.write_bytes(changed)
    with pytest.raises(Damaged, match=says):
        Digits.open(file)


def test_numbers_that_are_none_are_refused(digits: Digits, tmp_path: Path) -> None:
    tensors = load(digits.to_bytes())
    tensors["signs_SP"][0, 0] = math.nan
    file = tmp_path / "bad.safetensors"
    file.write_bytes(Digits(**{**vars(digits), **tensors}).to_bytes())
    with pytest.raises(Damaged, match="signs_SP"):
        Digits.open(file)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({}, BadValue),
        ({"digits": 3}, BadValue),
        ({"digits": []}, BadValue),
        ({"digits": "/no/such/file"}, NotFound),
    ],
)
def test_what_names_no_file_is_said(options: dict[str, object], error: type[PlayheadError]) -> None:
    with pytest.raises(error, match="playhead calibrate"):
        open_reader(options)


@pytest.mark.parametrize(("numbers", "says"), [([1] * 10, "at least 50"), ([20_000] * 60, "9,999")])
def test_too_little_to_learn_from_is_said(numbers: list[int], says: str) -> None:
    with pytest.raises(BadValue, match=says):
        learn_digits([picture(1)] * len(numbers), numbers)
