"""Named numbers in a console's memory: read as telemetry, written as an episode begins."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from playhead.errors import BadValue, not_found

# Type -> how Python's struct calls it: so many bits, with a sign or without, the last byte first where it says so.
TYPES = {
    "u8": "<B", "s8": "<b", "u16": "<H", "s16": "<h", "u32": "<I", "s32": "<i",
    "u16be": ">H", "s16be": ">h", "u32be": ">I", "s32be": ">i",
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """A number at an address of the console."""

    address: Annotated[int, Meta(ge=0, lt=2**48)]
    type: Literal["u8", "s8", "u16", "s16", "u32", "s32", "u16be", "s16be", "u32be", "s32be"] = "u8"


@dataclass(frozen=True)
class Region:
    """A piece of the console's memory: where it begins for the console, and its bytes in this process."""

    start: int
    view: memoryview
    is_constant: bool = False


class Memory:
    """The memory that a core tells of, and the numbers that are declared in it.

    Raises:  BadValue for a number that lies in no memory.
    """

    def __init__(self, regions: list[Region], fields: Mapping[str, Field]) -> None:
        self._regions = regions
        self._places = {
            name: (struct.Struct(TYPES[field.type]), *self._place(field.address, TYPES[field.type], name))
            for name, field in fields.items()
        }

    @property
    def names(self) -> tuple[str, ...]:
        """What is declared."""
        return tuple(self._places)

    def values(self) -> dict[str, float]:
        """Return every declared number as it is now."""
        return {
            name: float(form.unpack_from(region.view, offset)[0])
            for name, (form, region, offset) in self._places.items()
        }

    def value(self, name: str) -> int:
        """Return one declared number. Raises NotFound with the nearest name."""
        form, region, offset = self._known(name)
        found: int = form.unpack_from(region.view, offset)[0]
        return found

    def write(self, name: str, value: object) -> None:
        """Write one declared number. Raises NotFound, BadValue for what does not fit or may not be written."""
        form, region, offset = self._known(name)
        if region.is_constant:
            raise BadValue(f"{name} lies in memory of the console that cannot be written.")
        try:
            form.pack_into(region.view, offset, value)
        except struct.error as error:
            raise BadValue(f"{name}={value!r:.60} cannot be written to memory: {error}.") from error

    def read(self, address: int, size: int) -> bytes:
        """Return bytes at an address of the console. Raises BadValue where there is no memory."""
        region, offset = self._place(address, f"{size}s", f"{size} bytes")
        return bytes(region.view[offset : offset + size])

    def release(self) -> None:
        """Let go of the memory, which goes with its core: whoever reads on gets a ValueError, and no crash."""
        for region in self._regions:
            region.view.release()

    def _known(self, name: str) -> tuple[struct.Struct, Region, int]:
        if name not in self._places:
            then = f"Declare it: --set memory.{name}.address=NUMBER."
            raise not_found("number in the console's memory", name, self._places, then=then)
        return self._places[name]

    def _place(self, address: int, form: str, what: str) -> tuple[Region, int]:
        """Return in which region an address lies, and how far behind its start."""
        size = struct.calcsize(form)
        for region in self._regions:
            if region.start <= address and address + size <= region.start + len(region.view):
                return region, address - region.start
        known = ", ".join(f"{one.start:#x} to {one.start + len(one.view):#x}" for one in self._regions) or "none"
        raise BadValue(f"{what} at {address:#x} lies in no memory that the core tells of: {known}.")
