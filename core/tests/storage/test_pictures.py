"""Encoded pictures are looked at before they are stored: what is no picture of that size is refused."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.storage.pictures import JpegPicture

SHAPE = (40, 64, 3)


def jpeg(shape: tuple[int, int, int] = SHAPE, quality: int = 75) -> bytes:
    rng = np.random.default_rng(len(shape))
    frame_HWC = rng.integers(0, 256, shape, dtype=np.uint8)
    return JpegPicture(quality=quality, colour="rgb", subsampling="420").encode(frame_HWC)


def padded(data: bytes) -> bytes:
    """Return the same picture with a byte of padding before its first segment, as the standard allows."""
    return data[:2] + b"\xff" + data[2:]


@pytest.mark.parametrize("first", [jpeg(), jpeg(quality=50), padded(jpeg())])
def test_what_is_known_of_one_picture_lets_no_wrong_one_pass(first: bytes) -> None:
    picture = JpegPicture(quality=75, colour="rgb", subsampling="420")
    for _ in range(2):  # the second time its beginning is known
        picture.check(first, SHAPE)
    wrong = {
        "it is 64x48, not 64x40": jpeg((48, 64, 3)),
        "it is 48x40, not 64x40": jpeg((40, 48, 3)),
        "cut short": first[:-1],
        "JPEG": b"no picture \xff\xd9",
    }
    for why, data in wrong.items():
        with pytest.raises(ValueError, match=why):
            picture.check(data, SHAPE)
    with pytest.raises(ValueError, match="it is 64x40, not 64x48"):
        picture.check(first, (48, 64, 3))
    picture.check(jpeg(quality=90), SHAPE)


def test_every_beginning_of_a_picture_is_cut_short() -> None:
    picture, data = JpegPicture(quality=75, colour="rgb", subsampling="420"), jpeg()
    picture.check(data, SHAPE)
    for length in range(1, len(data)):
        if data[:length].endswith(b"\xff\xd9"):
            continue
        with pytest.raises(ValueError, match=r"cut short|no JPEG|Could not determine|Premature end"):
            picture.check(data[:length], SHAPE)
