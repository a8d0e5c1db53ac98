"""No input at all: a dry run that notes what would have been sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playhead.clock import Clock
from playhead.events import Event, Origin

if TYPE_CHECKING:
    from playhead.devices import DeviceSession


class DryRun:
    """Takes every key and presses none. `sent` is what would have gone out, in order."""

    hears = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.sent: list[Event] = []

    def listen(self) -> list[Event]:
        """Return nothing: nobody is heard."""
        return []

    def send(self, code: str, value: float) -> None:
        """Note what would be sent now."""
        event = Event(time_ns=self._clock.now_ns(), code=code, value=value, origin=Origin.NONE, device="none")
        self.sent.append(event)

    def release_all(self) -> None:
        """Nothing is pressed, so nothing is released."""

    def close(self) -> None:
        """Nothing to give back."""


def open_input(session: DeviceSession) -> DryRun:
    """Open a dry run on the session's clock."""
    return DryRun(session.clock)
