"""Says by its bytes whether a file holds a film: pictures that move, and an MP4 that was ended."""

from __future__ import annotations

import struct
from typing import BinaryIO

_BOX = struct.Struct(">I4s")  # of MP4: its length and its name


def is_moving(kind: str, file: BinaryIO) -> bool:
    """Say whether what begins as a picture is one of several: a GIF that moves, JPEGs one behind the other."""
    if kind == "a GIF picture":
        return _pictures_in_gif(file) > 1
    if kind == "a JPEG picture":
        from playhead.containers.jpeg import end_of_picture

        file.seek(0)
        data = file.read(2**24)
        end = end_of_picture(data)
        return end > 0 and data[end : end + 2] == b"\xff\xd8" and b"MPF\0" not in data[:65536]
    return False


def _pictures_in_gif(file: BinaryIO) -> int:
    """Count pictures of a GIF up to two, by its blocks (GIF89a, sections 15 to 24)."""
    file.seek(0)
    data = file.read(2**24)
    place = 13 + (3 * 2 ** ((data[10] & 7) + 1) if len(data) > 10 and data[10] & 128 else 0)
    count = 0
    while count < 2 and place + 10 < len(data) and data[place] in (0x21, 0x2C):
        if data[place] == 0x2C:
            count += 1
            packed = data[place + 9]
            place += 11 + (3 * 2 ** ((packed & 7) + 1) if packed & 128 else 0)
        else:
            place += 2
        while place < len(data) and data[place]:
            place += 1 + data[place]
        place += 1
    return count


def lacks_index(file: BinaryIO) -> bool:
    """Say whether a file is an MP4 whose box "moov" is missing: recorders write it last."""
    size, place = file.seek(0, 2), 0
    names: set[bytes] = set()
    while place + _BOX.size <= size and len(names) < 1000:
        file.seek(place)
        length, name = _BOX.unpack(file.read(_BOX.size))
        names.add(name)
        if length == 1:
            length = int.from_bytes(file.read(8), "big")
        if length < _BOX.size:
            break
        place += length
    return b"ftyp" in names and b"moov" not in names
