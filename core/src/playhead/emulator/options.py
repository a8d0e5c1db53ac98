"""The options of an emulator's device, decoded: which core and ROM, what lies in memory, how an episode begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from playhead.decoding import convert
from playhead.emulator.cartridge import Cartridge
from playhead.emulator.finding import find_core
from playhead.emulator.libretro import BUTTONS
from playhead.emulator.memory import Field
from playhead.errors import BadValue, Damaged, NoDevice, not_found
from playhead.quantities import seed as checked_seed

OF_A_ROM = ("memory", "size", "seed_field", "begin", "reward", "ends", "boot", "settle")
OPTIONS = frozenset({
    "core", "rom", "roms", "variables", "buttons", "state", "seed", "reset", "real_time", "frames", "rate_hz",
    "readings", *OF_A_ROM,
})  # fmt: skip
Frames = Annotated[int, Meta(ge=0, le=100_000)]
Text = Annotated[str, Meta(max_length=1000)]


@dataclass(frozen=True, kw_only=True)
class OfARom:
    """What is known of one ROM. A device states it for its ROMs, or for whichever is played.

    `memory` are numbers told as telemetry. `begin` is written into them as an episode begins; `seed_field` names
    the one that its seed is written to, `reward` the one whose changes are the reward, and `ends` the one that
    ends the episode when it is no longer 0.
    Units:  size bytes of the whole file, 0 for unknown; boot frames before an episode can begin, settle frames
    after its options are written, before it is seen.
    """

    memory: Mapping[str, Field] = field(default_factory=dict)
    size: Annotated[int, Meta(ge=0)] = 0
    begin: Mapping[str, int] = field(default_factory=dict)
    seed_field: Text = ""
    reward: Text = ""
    ends: Text = ""
    boot: Frames = 60
    settle: Frames = 0


@dataclass(frozen=True, kw_only=True)
class EmulatorOptions:
    """All of a device's options."""

    core: Text = "mgba"
    rom: Text = ""
    state: Text = ""
    seed: int | None = None
    real_time: bool = False
    reset: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[Text, Text] = field(default_factory=dict)
    buttons: Mapping[Text, Text] = field(default_factory=lambda: {name: name for name in BUTTONS})
    roms: Mapping[Text, OfARom] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)  # of OF_A_ROM, what the options say themselves

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> EmulatorOptions:
        """Return what options say. Raises NotFound for one that is none, BadValue for one of another kind."""
        for name in options:
            if name not in OPTIONS:
                raise not_found("option of an emulator", name, OPTIONS)
        if options.get("frames", "render") != "render":
            raise BadValue(f'frames={options["frames"]!r:.60}: an emulator shows its whole screen, "render".')
        plain = {name: value for name, value in options.items() if name in cls.__dataclass_fields__}
        given = {name: options[name] for name in OF_A_ROM if name in options}
        try:
            told = convert({**plain, "given": given}, cls, where="The device's options")
            convert(given, OfARom, where="The device's options")
        except Damaged as error:
            raise BadValue(str(error)) from error
        if told.seed is not None:
            checked_seed(told.seed)
        for button in told.buttons.values():
            if button not in BUTTONS:
                raise not_found("button of a console", button, BUTTONS)
        return told

    def of_rom(self, cartridge: Cartridge) -> OfARom:
        """Return what is known of a ROM by SHA-256 or code, what the options say themselves laid over it."""
        known = self.roms.get(cartridge.sha256) or self.roms.get(cartridge.code) or OfARom()
        own = convert(dict(self.given), OfARom, where="The device's options")
        memory = {**known.memory, **own.memory}
        told = replace(known, **{**{name: getattr(own, name) for name in self.given}, "memory": memory})
        for name in filter(None, (*told.begin, told.seed_field, told.reward, told.ends)):
            if name not in memory:
                raise not_found("number in the console's memory", name, memory)
        return told

    def core_file(self) -> Path:
        """Return the core's library. Raises NoDevice."""
        return find_core(self.core)

    def rom_file(self, device: str) -> Path:
        """Return the ROM's file. Raises NoDevice where none is named."""
        if not self.rom:
            raise NoDevice(f"the device {device} has no ROM", "Name one with --rom FILE.")
        return Path(self.rom).expanduser()
