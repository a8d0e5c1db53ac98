"""Still pictures of four formats are decoded upright; everything else is refused before its pixels are."""

from __future__ import annotations

import io
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from formats_page import rows_of
from PIL import Image

from playhead.containers.images import decode_image

PIXELS = np.zeros((6, 8, 3), np.uint8)
PIXELS[:3, :, 0] = 200  # the upper half is red
MOST = 2**24


def encoded(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS).convert(mode).save(file, kind, **options)
    return file.getvalue()


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 3
    return encoded("JPEG", exif=exif, quality=95)


def deep() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.zeros((6, 8), np.uint16)).save(file, "PNG")
    return file.getvalue()


def vast() -> bytes:
    """Return a PNG that says that it is 60,000 by 60,000."""
    data = encoded("PNG")
    head = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + data[24:29]
    return data[:12] + head + zlib.crc32(head).to_bytes(4, "big") + data[33:]


def many_scans() -> bytes:
    data = encoded("JPEG", progressive=True)
    place = data.rindex(b"\xff\xda")
    return data[:place] + data[place:-2] * 70 + data[-2:]


def moving() -> bytes:
    file = io.BytesIO()
    pictures = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    pictures[0].save(file, "WEBP", save_all=True, append_images=pictures[1:])
    return file.getvalue()


# A row of the page -> such a file, and why it is left out; "" where it is decoded.
CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "JPEG of any size, PNG, BMP, WebP": (lambda: encoded("WEBP", lossless=True), ""),
    "palettes, grey, one bit": (lambda: encoded("PNG", "P"), ""),
    "transparency": (lambda: encoded("PNG", "RGBA"), ""),
    "EXIF that says turned": (turned, "upright"),
    "16 bits a colour, CMYK": (deep, "its pixels are I;16, not colours or grey of 8 bits"),
    "more than 33 million pixels": (vast, "60000x60000; 33,554,432 pixels|too many pixels"),
    "more than 64 scans of a JPEG": (many_scans, "scans; 64 at most"),
    "pictures that move": (moving, "it moves"),
    "GIF, TIFF, AVIF and others": (lambda: encoded("GIF"), "it is a GIF picture, which is not read"),
    "a file cut short": (lambda: encoded("BMP")[:100], "it is damaged, "),
    "no picture": (lambda: b"%PDF-1.4", "it is a PDF"),
    "an empty file": (lambda: b"", "it is empty"),
}


@pytest.mark.parametrize("name", CASES)
def test_each_row_of_the_page(name: str) -> None:
    make, why = CASES[name]
    data = make()
    tracemalloc.start()
    try:
        if why and why != "upright":
            with pytest.raises(ValueError, match=why):
                decode_image(data)
        else:
            found_HWC = decode_image(data)
            red_HW = found_HWC[..., 0].astype(int)
            assert found_HWC.shape == PIXELS.shape
            assert (red_HW[:3].mean() > 150) == (why != "upright")
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()


def test_the_page_has_these_rows() -> None:
    assert set(rows_of("Still pictures")) == set(CASES)


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGB"), ("BMP", "RGB"), ("PNG", "1"), ("JPEG", "L")]
)
def test_pixels_come_in_rgb(kind: str, mode: str) -> None:
    found_HWC = decode_image(encoded(kind, mode))
    assert (found_HWC.shape, found_HWC.dtype) == ((6, 8, 3), np.uint8)
    if mode == "RGB":
        assert np.abs(found_HWC.astype(int) - PIXELS).mean() < 20
