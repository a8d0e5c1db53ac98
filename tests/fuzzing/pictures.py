"""JPEG files that say something else than they hold."""

from __future__ import annotations

import struct
from random import Random

from fuzzing import hostile
from fuzzing.seeds import jpeg, picture


def hostile_picture(rng: Random) -> tuple[bytes, str]:
    """Return a picture that is damaged, of another kind, or says something odd."""
    ways = (_size, _exif, _flip, _cut, _behind, _segment, _other, _marker, _tables, _small)
    return rng.choice(ways)(rng)


def _frame_header(data: bytes) -> int:
    """Return where the frame header (SOF0) begins."""
    return data.index(b"\xff\xc0")


def _size(rng: Random) -> tuple[bytes, str]:
    data = bytearray(jpeg(1))
    height, width = rng.choice(((65535, 65535), (0, 400), (150, 0), (1, 1), (150, 401), (30000, 30000)))
    struct.pack_into(">HH", data, _frame_header(data) + 5, height, width)
    return bytes(data), f"says {width}x{height}"


def _exif(rng: Random) -> tuple[bytes, str]:
    orientation = rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 0, 9, 65535))
    entries = rng.choice((1, 1, 65535))
    tiff = b"MM\0*" + struct.pack(">IH", rng.choice((8, 8, 8, 2**31, 0)), entries)
    tiff += struct.pack(">HHIHH", 0x112, rng.choice((3, 3, 4, 99)), rng.choice((1, 1, 2**31)), orientation, 0)
    body = b"Exif\0\0" + tiff + struct.pack(">I", rng.choice((0, 8)))
    data = jpeg(1)
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[
        2:
    ], f"EXIF: orientation {orientation}"


def _flip(rng: Random) -> tuple[bytes, str]:
    data = bytearray(jpeg(1))
    for _ in range(rng.choice((1, 1, 20))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data), "bits flipped"


def _cut(rng: Random) -> tuple[bytes, str]:
    data = jpeg(1)
    cut = rng.choice((0, 1, 2, rng.randrange(len(data)), len(data) - 2, len(data) - 1))
    return data[:cut], f"cut off after {cut}"


def _behind(rng: Random) -> tuple[bytes, str]:
    more = rng.choice((b"\0" * 100, jpeg(2), b"\xff\xd9", rng.randbytes(2**20), b"PK\x03\x04"))
    return jpeg(1) + more, f"{len(more)} bytes behind the end"


def _segment(rng: Random) -> tuple[bytes, str]:
    data = jpeg(1)
    count = rng.choice((1, 15, 40))
    marker = rng.choice((0xE1, 0xE2, 0xED, 0xFE))
    body = struct.pack(">H", 65535) + hostile.CONTROLS.encode() + b"x" * (65533 - len(hostile.CONTROLS.encode()))
    return data[:2] + (bytes([0xFF, marker]) + body) * count + data[2:], f"{count} segments of {marker:x}"


def _other(rng: Random) -> tuple[bytes, str]:
    import cv2

    shown = picture(3, (150, 400, 3))
    kinds = {
        "PNG": lambda: cv2.imencode(".png", shown)[1].tobytes(),
        "grey": lambda: cv2.imencode(".jpg", shown[..., 0])[1].tobytes(),
        "progressive": lambda: cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes(),
        "restarts": lambda: cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_RST_INTERVAL, 3])[1].tobytes(),
        "WebP": lambda: cv2.imencode(".webp", shown)[1].tobytes(),
        "BMP": lambda: cv2.imencode(".bmp", shown)[1].tobytes(),
        "nothing": lambda: b"",
        "text": lambda: b"hello",
        "SVG": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    }
    kind = rng.choice(list(kinds))
    return kinds[kind](), f"is {kind}"


def _marker(rng: Random) -> tuple[bytes, str]:
    data = bytearray(jpeg(1))
    kind = rng.choice((0xC1, 0xC2, 0xC3, 0xC9, 0xCA, 0xC5))  # other ways to code than baseline
    data[_frame_header(data) + 1] = kind
    return bytes(data), f"frame header {kind:x}"


def _tables(rng: Random) -> tuple[bytes, str]:
    data = bytearray(jpeg(1))
    place = _frame_header(data) + rng.choice((4, 9, 10, 11, 12))
    data[place] = rng.choice((0, 2, 4, 12, 255, 0x44, 0xF1))
    return bytes(data), f"frame header byte {place} = {data[place]}"


def _small(rng: Random) -> tuple[bytes, str]:
    width, height = rng.choice(((401, 150), (400, 149), (16, 16), (4000, 1500), (150, 400)))
    return jpeg(1, width, height), f"is {width}x{height}"
