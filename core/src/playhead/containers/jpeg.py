"""What a JPEG file says beside its pixels: how it is coded, how it lies, and where it ends. Decodes nothing.

Source:  ITU-T T.81 (segments, markers, annex B), Exif 2.32 (orientation, 4.6.4), CIPA DC-007 (MPF).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

END = b"\xff\xd9"
MOST_SCANS = 64  # honest progressive pictures have 10; each scan makes a decoder go over all pixels once more
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_APP1 = 0xE1
_STANDALONE = {_TEM, _SOI, *range(0xD0, 0xD8)}
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Frames by their marker: those that every decoder knows, and what the others are.
_READ = {0xC0, 0xC1, 0xC2}
_CODED = {0xC3: "without loss (SOF3)", 0xF7: "as JPEG-LS", 0xC9: "arithmetically", 0xCA: "arithmetically",
          0xCB: "arithmetically", 0xCD: "arithmetically", 0xCE: "arithmetically", 0xCF: "arithmetically",
          0xC5: "in a hierarchy", 0xC6: "in a hierarchy", 0xC7: "in a hierarchy"}  # fmt: skip
_IN_PIXELS = {0x00, *range(0xD0, 0xD8)}
# Orientation -> what makes the picture upright: mirror from side to side first, then so many quarters
# anticlockwise.
TURNS: dict[int, tuple[bool, int]] = {1: (False, 0), 2: (True, 0), 3: (False, 2), 4: (True, 2),
                                      5: (True, 1), 6: (False, 3), 7: (True, 3), 8: (False, 1)}  # fmt: skip
SAID = {2: "mirrored", 3: "upside down", 4: "upside down and mirrored", 5: "on its side and mirrored",
        6: "on its side", 7: "on its side and mirrored", 8: "on its side"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Jpeg:
    """What a JPEG file says. `wrong` is why it is not to be decoded, "" for nothing; `end` is 0 for none."""

    wrong: str = ""
    orientation: int = 1
    is_progressive: bool = False
    end: int = 0
    scans: int = 0


def read_jpeg(data: bytes) -> Jpeg:
    """Walk through the segments of a picture, to its end."""
    wrong, orientation, is_progressive, scans, place, picture_end = "", 0, False, 0, 2, 0
    while 0 < place < len(data):
        found = _segment(data, place)
        if found is None:
            break
        marker, start, end = found
        if marker == _EOI:
            picture_end = start
            break
        if marker in _FRAMES or marker in _CODED:
            is_progressive = marker == 0xC2
            wrong = wrong or _frame_wrong(marker, data[start:end])
        elif marker == _APP1 and not scans and not orientation:  # of several, the first counts
            orientation = _orientation(data[start:end])
        elif marker == _SOI:
            wrong = wrong or "a second picture begins inside it"
        elif marker == _SOS:
            scans += 1
            end = _behind_pixels(data, end)
        place = end
    if scans > MOST_SCANS:
        wrong = wrong or f"it has {scans} scans; {MOST_SCANS} at most are read"
    return Jpeg(
        wrong=wrong, orientation=orientation or 1, is_progressive=is_progressive, end=picture_end, scans=scans
    )


def head_of_jpeg(data: bytes) -> bytes:
    """Return the segments before the first compressed pixels: size, colours, orientation."""
    place = 2
    while found := _segment(data, place):
        marker, _, place = found
        if marker == _SOS:
            return data[:place]
        if marker == _EOI:
            break
    return b""


def end_of_picture(data: bytes) -> int:
    """Return where the first picture in some bytes ends, 0 when its end is missing."""
    return read_jpeg(data).end


def is_plain(head: bytes) -> bool:
    """Say whether a head promises a picture that needs no second look: baseline, upright."""
    found = read_jpeg(head)
    return not found.wrong and not found.is_progressive and found.orientation == 1


def _segment(data: bytes, place: int) -> tuple[int, int, int] | None:
    """Return the marker at a place, and where its content begins and ends; None where there is none."""
    if data[place : place + 1] != b"\xff":
        return None
    while data[place + 1 : place + 2] == b"\xff":  # padding, which T.81 B.1.1.2 allows before every marker
        place += 1
    if place + 2 > len(data):
        return None
    marker = data[place + 1]
    if marker in _STANDALONE or marker == _EOI:
        return marker, place + 2, place + 2
    length = int.from_bytes(data[place + 2 : place + 4], "big")
    if length < 2 or place + 2 + length > len(data):
        return None
    return marker, place + 4, place + 2 + length


def _behind_pixels(data: bytes, place: int) -> int:
    """Return where the marker behind compressed pixels is; in those, 0xFF is followed by 0 or a restart number."""
    last = len(data) - 1
    while 0 <= (place := data.find(b"\xff", place)) < last:
        if data[place + 1] in _IN_PIXELS:
            place += 2
        elif data[place + 1] == 0xFF:  # padding before the marker
            place += 1
        else:
            return place
    return len(data)


def _frame_wrong(marker: int, frame: bytes) -> str:
    if marker not in _READ:
        return f"it is coded {_CODED.get(marker, 'in a way that is not known')}, which is not read"
    if len(frame) < 6:
        return "its size is missing"
    if frame[0] != 8:
        return f"it has {frame[0]} bits a colour; 8 are read"
    if not int.from_bytes(frame[1:3], "big"):
        return "its height stands behind its pixels (DNL), which is not read"
    return ""


def _orientation(app1: bytes) -> int:
    """Return the orientation that a segment says, 1 where its EXIF says none that is known, 0 if it is no EXIF."""
    if not app1.startswith(b"Exif\0"):
        return 0
    tiff = app1[6:]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2], "")
    if not order or len(tiff) < 8:
        return 1
    (first,) = struct.unpack_from(f"{order}I", tiff, 4)
    if first + 2 > len(tiff):
        return 1
    (count,) = struct.unpack_from(f"{order}H", tiff, first)
    for place in range(first + 2, min(first + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, place)
        if tag == 0x0112:
            if kind == 4:  # a long, where a short is meant
                (value,) = struct.unpack_from(f"{order}I", tiff, place + 8)
            return value if value in TURNS else 1
    return 1
