"""Action noise beside a person: wrong keys go into the game while a person plays, and are let go of for theirs.

heard -> HandsBack (a guard) -> the person presses a key of the group: ours come up at once, theirs stay
noise -> DisturbedPerson (a driver) -> pressed with origin NONE: nobody's, so Recorder labels no such moment
"""

from __future__ import annotations

from collections.abc import Sequence

from playhead.adapters import passes_on
from playhead.capture import CapturedFrame
from playhead.clock import Clock
from playhead.control.drivers import Action, Driver, DriverWrapper
from playhead.control.guard import Guard
from playhead.events import PLAYED, Event, Origin
from playhead.recording.action_noise import ActionNoise


@passes_on(Guard)
class HandsBack(Guard):
    """A guard around a guard that ends an event of the noise when the person presses against it, or keys may not
    go out. `held` is what the person holds, which is never pressed."""

    ask_hz = 100.0  # at ten frames a second a person must not wait for the next one; asking takes .1 ms

    def __init__(self, inner: Guard, noise: ActionNoise) -> None:
        self.inner = inner
        self.held: set[str] = set()
        self._noise = noise
        noise.end()

    def may_send(self, time_ns: int, heard: Sequence[Event]) -> bool:
        """Follow the person; say no, once, where they want what is pressed here."""
        may_send, is_wanted = self.inner.may_send(time_ns, heard), False
        for event in heard:
            if event.device == PLAYED and event.origin is Origin.HUMAN and not event.is_motion:
                (self.held.add if event.value else self.held.discard)(event.code)
                is_wanted |= bool(event.value) and self._noise.is_against(event.code, time_ns)
        if is_wanted or not may_send:
            self._noise.end()
        return may_send and not is_wanted


class DisturbedPerson(DriverWrapper):
    """A person, who presses in the game itself, and wrong keys that are pressed beside theirs: nobody's."""

    def __init__(self, inner: Driver, noise: ActionNoise, hands: HandsBack, clock: Clock) -> None:
        super().__init__(inner)
        self._noise, self._hands, self._clock = noise, hands, clock
        self._is_on = False
        self.origin = Origin.NONE

    def decide(self, captured: CapturedFrame) -> Action | None:
        """Say what to press when wrong keys begin or end."""
        self.inner.decide(captured)
        now_ns = self._clock.now_ns()
        was_on, self._is_on = self._is_on, self._noise.is_on(now_ns)
        if was_on == self._is_on:
            return None
        wrong = self._noise.apply({}, now_ns)
        return {code: value for code, value in wrong.items() if code not in self._hands.held}
