"""Save states as bytes: the core's own, and the picture then, behind a line that says what they are of.

A state of another core, version or ROM is refused: a core that is given one goes on with nonsense, or crashes.
"""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass, replace
from math import prod
from typing import Annotated

import numpy as np
from msgspec import Meta

from playhead.decoding import decode_json, encode_json
from playhead.emulator.pictures import FrameArray
from playhead.errors import BadValue, Damaged

MAGIC = b"playhead-state-1\n"
MOST_BYTES = 256 * 2**20
MOST_HEADER = 4096
Text = Annotated[str, Meta(max_length=200)]
Side = Annotated[int, Meta(ge=0, le=8192)]


@dataclass(frozen=True)
class StateHeader:
    """What a state is of; `rom` is a SHA-256. Units:  size bytes of the core's own; width, height pixels."""

    core: Text
    version: Text
    rom: Text
    size: Annotated[int, Meta(ge=1, le=MOST_BYTES)]
    width: Side = 0
    height: Side = 0


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A core's own state, and what was shown then, (height, width, 3) uint8."""

    raw: bytes
    picture_HWC: FrameArray


def encode_state(header: StateHeader, shot: Snapshot) -> bytes:
    """Return a core's state with what it is of."""
    height, width = shot.picture_HWC.shape[:2]
    said = asdict(replace(header, width=width, height=height))
    return MAGIC + encode_json(said) + b"\n" + zlib.compress(shot.raw + shot.picture_HWC.tobytes(), 1)


def decode_state(data: bytes, wanted: StateHeader, where: str = "The state") -> Snapshot:
    """Return a core's own state and the picture out of bytes.

    Shapes:  the picture is (height, width, 3) uint8.
    Raises:  BadValue for bytes that are no state, a damaged one, or one of another core, version, ROM or size.
    """
    begin, _, packed = data[len(MAGIC) :].partition(b"\n")
    if not data.startswith(MAGIC) or len(begin) > MOST_HEADER:
        raise BadValue(f"{where} is no save state that playhead wrote.")
    try:
        header = decode_json(begin, StateHeader, where=where)
    except Damaged as error:
        raise BadValue(str(error)) from error
    for name, (has, wants) in {
        "core": (header.core, wanted.core),
        "version of the core": (header.version, wanted.version),
        "ROM": (header.rom[:12], wanted.rom[:12]),
        "size": (str(header.size), str(wanted.size)),
    }.items():
        if has != wants:
            raise BadValue(f"{where} is of another {name}, {has} and not {wants}. Save one anew with this one.")
    unpacking = zlib.decompressobj()
    shape = header.height, header.width, 3
    whole = header.size + prod(shape)
    try:
        both = unpacking.decompress(packed, whole + 1)
    except zlib.error as error:
        raise BadValue(f"{where} is damaged: {error}.") from error
    if len(both) != whole or not unpacking.eof or not prod(shape):
        raise BadValue(f"{where} is damaged: it holds {len(both):,} of {whole:,} bytes, or more.")
    return Snapshot(both[: header.size], np.frombuffer(both, np.uint8, offset=header.size).reshape(shape).copy())
