"""Save states as bytes: the core's own behind a line that says which core, version and ROM they are of.

A state of another core, version or ROM is refused: a core that is given one goes on with nonsense, or crashes.
"""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass
from typing import Annotated

from msgspec import Meta

from playhead.decoding import decode_json, encode_json
from playhead.errors import BadValue, Damaged

MAGIC = b"playhead-state-1\n"
MOST_BYTES = 256 * 2**20
MOST_HEADER = 4096
Text = Annotated[str, Meta(max_length=200)]


@dataclass(frozen=True)
class StateHeader:
    """What a state is of. Units:  size bytes of the core's own, unpacked; rom is a SHA-256."""

    core: Text
    version: Text
    rom: Text
    size: Annotated[int, Meta(ge=1, le=MOST_BYTES)]


def encode_state(header: StateHeader, raw: bytes) -> bytes:
    """Return a core's state with what it is of."""
    return MAGIC + encode_json(asdict(header)) + b"\n" + zlib.compress(raw, 1)


def decode_state(data: bytes, wanted: StateHeader, where: str = "The state") -> bytes:
    """Return a core's own state out of bytes.

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
    try:
        raw = unpacking.decompress(packed, header.size + 1)
    except zlib.error as error:
        raise BadValue(f"{where} is damaged: {error}.") from error
    if len(raw) != header.size or not unpacking.eof:
        raise BadValue(f"{where} is damaged: it holds {len(raw):,} of {header.size:,} bytes, or more.")
    return raw
