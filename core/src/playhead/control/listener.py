"""Listens to a device, and has it asked how things are whenever a change may have been missed.

start of a drive, another state of the window or of control, a wake-up  -->  ask again  -->  listen
"""

from __future__ import annotations

import time
from collections.abc import Callable

from playhead.clock import NS_PER_S
from playhead.control.guard import Guard
from playhead.devices import OpenDevice
from playhead.events import PLAYED, Event, Origin

GAP_S = 0.25  # who has not listened for so long was stopped, or the machine slept


class Listener:
    """Who listens in a loop. `guard` counts changes, `held` is what a person holds, `awake_ns` is for tests."""

    def __init__(self, device: OpenDevice, guard: Guard, awake_ns: Callable[[], int] | None = None) -> None:
        self._device = device
        self._guard = guard
        self._awake_ns = awake_ns or _awake_ns
        self._listened_ns: int | None = None
        self._changes = 0
        self.held: dict[str, float] = {}

    def listen(self) -> list[Event]:
        """Return what a person did since the last call, and what they hold that was missed."""
        now_ns, changes = self._awake_ns(), self._guard.changes
        before_ns, self._listened_ns = self._listened_ns, now_ns
        if before_ns is None or now_ns - before_ns > GAP_S * NS_PER_S or changes != self._changes:
            self._device.ask_again()
        self._changes = changes
        heard = self._device.input.listen()
        for event in heard:
            if event.device == PLAYED and event.origin is Origin.HUMAN and not event.is_motion:
                self.held.pop(event.code, None)
                if event.value:
                    self.held[event.code] = event.value
        return heard

    def listen_anew(self) -> list[Event]:
        """Return the same, having asked whatever happened."""
        self._listened_ns = None
        return self.listen()


def _awake_ns() -> int:
    """Return a time that goes on while the machine sleeps, which the clock of the loop may not."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)  # Linux; elsewhere the monotonic clock counts sleep
    return time.monotonic_ns() if clock is None else time.clock_gettime_ns(clock)
