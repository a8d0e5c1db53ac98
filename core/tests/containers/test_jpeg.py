"""Whatever a JPEG file may be is stored as it is, made to fit, or refused with the true reason."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from formats_page import rows_of

from playhead.containers.jpeg import TURNS, read_jpeg
from playhead.storage import pictures
from playhead.storage.pictures import JpegPicture

SHAPE = (30, 40, 3)
PICTURE = JpegPicture(quality=75, colour="rgb", subsampling="444")


def upright() -> np.ndarray:
    frame = np.full(SHAPE, 60, np.uint8)
    frame[:8, :8] = 250
    return frame


def packed(frame: np.ndarray | None = None, *flags: int) -> bytes:
    _, data = cv2.imencode(".jpg", upright() if frame is None else frame, list(flags))
    return data.tobytes()


PLAIN = packed()


def exif(orientation: int, *, order: str = "<", kind: int = 3) -> bytes:
    value = struct.pack(f"{order}{'H' if kind == 3 else 'I'}", orientation).ljust(4, b"\0")
    tiff = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8)
    tiff += struct.pack(f"{order}HHHI", 1, 0x0112, kind, 1) + value + b"\0\0\0\0"
    return segment(0xE1, b"Exif\0\0" + tiff)


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def lying(orientation: int, **how: Any) -> bytes:
    """Return the picture as a camera stores it that was held so."""
    is_mirrored, quarters = TURNS[orientation]
    frame = np.rot90(upright(), -quarters)
    stored = packed(np.ascontiguousarray(frame[:, ::-1] if is_mirrored else frame))
    return stored[:2] + exif(orientation, **how) + stored[2:]


def before(marker: int, data: bytes, what: bytes) -> bytes:
    place = data.index(bytes([0xFF, marker]))
    return data[:place] + what + data[place:]


def frame_byte(place: int, value: int) -> bytes:
    data = bytearray(PLAIN)
    data[data.index(b"\xff\xc0") + place] = value
    return bytes(data)


def cmyk() -> bytes:
    image = pytest.importorskip("PIL.Image")
    out = io.BytesIO()
    image.new("CMYK", (40, 30)).save(out, "JPEG")
    return out.getvalue()


def many_scans() -> bytes:
    data = packed(None, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    scan = data.index(b"\xff\xda")
    end = data.index(b"\xff", scan + 14)
    return data[:end] + data[scan:end] * 200 + data[end:]


Answer = str | None  # None: as it is; "=...": converted, and how; else refused, and why
CASES: dict[str, tuple[Callable[[], bytes], Answer]] = {
    "baseline": (lambda: PLAIN, None),
    "grey": (lambda: packed(upright()[..., 0]), None),
    "progressive": (lambda: packed(None, cv2.IMWRITE_JPEG_PROGRESSIVE, 1), None),
    "restart markers": (lambda: packed(None, cv2.IMWRITE_JPEG_RST_INTERVAL, 1), None),
    "padding before markers": (lambda: PLAIN[:2] + b"\xff\xff" + PLAIN[2:], None),
    "EXIF that says upright, or nothing that is known": (lambda: PLAIN[:2] + exif(9) + PLAIN[2:], None),
    "a thumbnail in its EXIF": (lambda: PLAIN[:2] + segment(0xE1, b"Exif\0\0" + PLAIN) + PLAIN[2:], None),
    "EXIF that says mirrored or turned": (lambda: lying(6), "=turned upright"),
    "EXIF of the other byte order, or with a long": (lambda: lying(3, order=">", kind=4), "=turned upright"),
    "EXIF behind other segments": (lambda: before(0xC0, PLAIN, exif(3)), "=turned upright"),
    "several EXIFs": (lambda: PLAIN[:2] + exif(1) + exif(3) + PLAIN[2:], None),
    "a colour profile": (lambda: PLAIN[:2] + segment(0xE2, b"ICC_PROFILE\0\1\1" + b"p" * 99) + PLAIN[2:], None),
    "a byte-order mark or spaces before it": (lambda: b"\xef\xbb\xbf" + PLAIN, "it is no JPEG"),
    "bytes behind its end": (lambda: PLAIN + b"trailer", "=without the 7 bytes behind its end"),
    "bytes behind its end that end as a picture does": (lambda: PLAIN + b"x\xff\xd9", "=without the 3 bytes"),
    "further pictures behind it (MPF)": (lambda: PLAIN + PLAIN, "=(a further picture)"),
    "a missing end": (lambda: PLAIN[:-2], "cut short"),
    "a second beginning inside": (lambda: PLAIN[:2] + PLAIN, "a second picture begins inside it"),
    "arithmetic coding": (lambda: frame_byte(1, 0xC9), "coded arithmetically"),
    "lossless, JPEG-LS and hierarchical coding": (lambda: frame_byte(1, 0xC3), "coded without loss"),
    "12 bits a colour": (lambda: frame_byte(4, 12), "12 bits a colour"),
    "a height that comes later (DNL)": (
        lambda: frame_byte(5, 0).replace(b"\0\x1e", b"\0\0", 1),
        "height|Could not",
    ),
    "CMYK and YCCK": (cmyk, "its colours are CMYK"),
    "more than 64 scans": (many_scans, "scans"),
    "another size": (lambda: packed(np.zeros((30, 50, 3), np.uint8)), "it is 50x30, not 40x30"),
    "65500x65500": (lambda: frame_byte(5, 0xFF), "it is 40x65310, not 40x30"),
    "PNG, WebP, AVIF and others called JPEG": (lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 60, "it is a PNG picture"),
    "zeros": (lambda: b"\0" * 500, "nothing but zeros"),
    "empty files": (lambda: b"", "it is empty"),
}


@pytest.mark.parametrize("name", CASES)
def test_each_row_of_the_page(name: str) -> None:
    make, answer = CASES[name]
    data = make()
    is_noticed_late = "picture" in name and "behind" in name  # where its head is known already
    for is_known in (False, True):
        pictures._HEADS.clear()
        if is_known and not is_noticed_late:
            PICTURE.check(PLAIN, SHAPE)
        if answer is None:
            PICTURE.check(data, SHAPE)
            assert PICTURE.made_fit(data, SHAPE) == (data, "")
            continue
        with pytest.raises(ValueError, match=r"."):
            PICTURE.check(data, SHAPE)
        if not answer.startswith("="):
            with pytest.raises(ValueError, match=answer):
                PICTURE.made_fit(data, SHAPE)
            continue
        made, how = PICTURE.made_fit(data, SHAPE)
        assert answer[1:] in how
        PICTURE.check(made, SHAPE)


def test_the_page_has_these_rows() -> None:
    assert set(rows_of("JPEG")) == set(CASES)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_becomes_what_a_viewer_shows(orientation: int) -> None:
    made, how = PICTURE.made_fit(lying(orientation), SHAPE)
    out_HWC = np.empty(SHAPE, np.uint8)
    PICTURE.decode_into(made, out_HWC)
    assert out_HWC[:7, :7].min() > 230
    assert np.abs(out_HWC.astype(int) - upright()).mean() < 3
    assert bool(how) == (orientation != 1)
    assert read_jpeg(made).orientation == 1


def test_the_end_is_where_a_walk_finds_it_and_not_in_what_segments_hold() -> None:
    data = before(0xDA, PLAIN, segment(0xFE, b"a comment \xff\xd9 with an end"))
    assert read_jpeg(data).end == len(data)
    assert read_jpeg(data + b"x").end == len(data)
