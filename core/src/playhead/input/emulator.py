"""Buttons of a console that is emulated: what is held goes into its next frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playhead.emulator import EmulatorSession
from playhead.input.stepped import SteppedInput

if TYPE_CHECKING:
    from playhead.devices import DeviceSession


def open_input(session: DeviceSession) -> SteppedInput:
    """Switch a device's console on for pressing."""
    console = EmulatorSession.of(session)
    return SteppedInput(console, console.codes)
