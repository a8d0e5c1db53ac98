"""A ROM as a file: read, bounded, and looked at as far as its console lets one tell a ROM from something else.

Source: the cartridge header of the Game Boy Advance, GBATEK.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from playhead.decoding import read_bytes
from playhead.errors import Damaged, DeviceFailed

MOST_ROM = 512 * 2**20
GBA_HEADER = 0xC0  # bytes
GBA_CODE, GBA_FIXED, GBA_CHECKED, GBA_CHECKSUM = slice(0xAC, 0xB0), 0xB2, slice(0xA0, 0xBD), 0xBD
ANOTHER = "Name another with --rom FILE."


@dataclass(frozen=True)
class Cartridge:
    """A ROM. `code` is what its header calls it, as "BPEE", where its console has such; else empty."""

    file: Path
    data: bytes
    code: str = ""

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the file."""
        return sha256(self.data).hexdigest()

    def check_size(self, size: int) -> None:
        """Raise DeviceFailed when it is shorter than what a ROM of this code is known to have; 0 for unknown."""
        if len(self.data) < size:
            raise DeviceFailed(
                f"The ROM {self.file} is cut off: it has {len(self.data):,} of the {size:,} bytes of {self.code}. "
                f"{ANOTHER}"
            )


def read_cartridge(file: Path) -> Cartridge:
    """Read a ROM. Raises DeviceFailed for a file that is none, cannot be read or is too large."""
    try:
        data = read_bytes(file, MOST_ROM)
    except FileNotFoundError as error:
        raise DeviceFailed(f"There is no ROM {file}. Name one with --rom FILE.") from error
    except Damaged as error:
        raise DeviceFailed(f"The ROM cannot be used: {error} {ANOTHER}") from error
    if not data:
        raise DeviceFailed(f"The ROM {file} is empty. {ANOTHER}")
    return Cartridge(file, data, _gba_code(file, data) if file.suffix.lower() == ".gba" else "")


def _gba_code(file: Path, data: bytes) -> str:
    """Return the code in a header of the Game Boy Advance. Raises DeviceFailed for one that is damaged or none."""
    if len(data) <= GBA_HEADER or data[GBA_FIXED] != 0x96:
        raise DeviceFailed(f"{file} is no ROM of a Game Boy Advance: it has no header of one. {ANOTHER}")
    wanted = -(0x19 + sum(data[GBA_CHECKED])) & 0xFF
    if data[GBA_CHECKSUM] != wanted:
        raise DeviceFailed(
            f"The ROM {file} is damaged: the checksum of its header is {data[GBA_CHECKSUM]:#04x}, not "
            f"{wanted:#04x}. {ANOTHER}"
        )
    return data[GBA_CODE].decode("ascii", errors="replace")
