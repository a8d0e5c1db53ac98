"""No input at all: a dry run that notes what would have been sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playhead.clock import NS_PER_S, Clock
from playhead.events import Event, Origin
from playhead.input import Input

if TYPE_CHECKING:
    from playhead.devices import DeviceSession


class DryRun(Input):
    """Takes every key and presses none. `sent` is what would have gone out, in order."""

    hears = False
    sends = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.sent: list[Event] = []

    def send(self, code: str, value: float) -> None:
        """Note what would be sent now."""
        event = Event(time_ns=self._clock.now_ns(), code=code, value=value, origin=Origin.NONE, device="none")
        self.sent.append(event)

    def totals(self) -> dict[str, tuple[int, float]]:
        """Return for each code how often it would have been pressed and for how many seconds it was held.

        An axis counts as held while it is off its centre; what is pressed of a motion is each of its pieces.
        """
        totals: dict[str, tuple[int, float]] = {}
        since_ns: dict[str, int] = {}
        for event in [*self.sent, *self._ends()]:
            presses, held_s = totals.get(event.code, (0, 0.0))
            if event.is_motion:
                totals[event.code] = (presses + bool(event.value), held_s)
                continue
            if event.code in since_ns:
                held_s += (event.time_ns - since_ns.pop(event.code)) / NS_PER_S
            elif event.value:
                presses += 1
            if event.value:
                since_ns[event.code] = event.time_ns
            totals[event.code] = (presses, held_s)
        return totals

    def _ends(self) -> list[Event]:
        """Return a release now of everything that was sent, to close what is still held."""
        now_ns = self._clock.now_ns()
        return [
            Event(time_ns=now_ns, code=code, value=0.0, origin=Origin.NONE, device="none")
            for code in dict.fromkeys(event.code for event in self.sent)
        ]

    def release_all(self) -> None:
        """Nothing is pressed, so nothing is released."""

    def close(self) -> None:
        """Nothing to give back."""


def open_input(session: DeviceSession) -> DryRun:
    """Open a dry run on the session's clock."""
    return DryRun(session.clock)
