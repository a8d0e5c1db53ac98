"""Keys and axes into any Gymnasium environment: what is held becomes its action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playhead.environment import EnvironmentSession, known_codes
from playhead.input.stepped import SteppedInput

if TYPE_CHECKING:
    from playhead.devices import DeviceSession


def open_input(session: DeviceSession) -> SteppedInput:
    """Open the environment of a device for pressing."""
    return SteppedInput(EnvironmentSession.of(session), known_codes(session.options))
