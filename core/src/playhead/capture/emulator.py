"""Frames from a console that is emulated: its screen at the game's frame size, its memory as telemetry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from playhead.capabilities import Capabilities, StateSaving, provides
from playhead.capture.regions import RegionCutter
from playhead.capture.stepped import SteppedCapture
from playhead.emulator import EmulatorSession
from playhead.emulator.options import EmulatorOptions
from playhead.errors import BadValue, NoDevice

if TYPE_CHECKING:
    from playhead.devices import DeviceSession
    from playhead.game import Device

SLACK = 1e-6  # of a rate that is written with few digits: 59.7275 a second


class EmulatorCapture(SteppedCapture):
    """Looks at a console."""

    def __init__(self, console: EmulatorSession, session: DeviceSession) -> None:
        game = session.game
        super().__init__(console, game.needed_frame, rate_hz=session.rate_hz, cutter=RegionCutter.of(game))
        self._console = console

    @property
    def states(self) -> StateSaving:
        """The console."""
        return self._console

    @property
    def telemetry_names(self) -> tuple[str, ...]:
        """What is declared in the console's memory."""
        return self._console.memory.names


def _why_not(device: Device, options: Mapping[str, Any], title: str) -> NoDevice | None:
    """Say what keeps the console from being switched on: no core, no ROM."""
    try:
        asked = EmulatorOptions.of(options)
        asked.core_file()
        asked.rom_file(title)
    except NoDevice as error:
        return error
    return None


def _capabilities(options: Mapping[str, Any]) -> Capabilities:
    lockstep = not options.get("real_time")
    return Capabilities(episodes=True, states=True, lockstep=lockstep, kind="a console", why_not=_why_not)


@provides(_capabilities)
def open_capture(session: DeviceSession) -> EmulatorCapture:
    """Switch a device's console on for looking.

    Raises:  NoDevice without a core or a ROM, DeviceFailed for what is none, BadValue and NotFound for options.
    """
    console = EmulatorSession.of(session)
    if session.rate_hz > console.step_hz * (1 + SLACK):
        raise BadValue(
            f"{session.game.name} asks for {session.rate_hz:g} frames a second, but the console of {session.name} "
            f"shows only {console.step_hz:g}. Pass --rate {console.step_hz:g} or less."
        )
    return EmulatorCapture(console, session)
