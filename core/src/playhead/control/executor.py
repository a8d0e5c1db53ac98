"""What is held right now, and when it is let go: the only place from which keys are sent."""

from __future__ import annotations

import math
from collections.abc import Mapping

from playhead.clock import NS_PER_S, Clock
from playhead.control.drivers import Action
from playhead.events import PLAYED, Event, Origin
from playhead.input import Input


class ActionExecutor:
    """Presses actions on an input and releases keys within an interval at their own times.

    `axes` are codes whose value is a position; all other codes are keys, whose value is the share of the
    interval they are held. What the steps of an input are too coarse for is made up for in the intervals after:
    a share of .3 of one step is a press in three of ten. Everything sent is kept as an event until taken.
    """

    def __init__(
        self, keys: Input, clock: Clock, *, axes: frozenset[str] = frozenset(), device: str = PLAYED
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._axes = axes
        self._device = device
        self._origin = Origin.NONE
        self._held: dict[str, float] = {}
        self._release_ns: dict[str, int] = {}
        self._owed_s: dict[str, float] = {}
        self._events: list[Event] = []

    @property
    def held(self) -> dict[str, float]:
        """What is held now, by code."""
        return dict(self._held)

    def apply(self, action: Action, *, interval_s: float, origin: Origin) -> None:
        """Hold what the action says from now on and let go of everything else.

        What an input has let go of by itself is not held any more, so the action presses it anew.
        Units:  interval_s seconds until the next action is expected; shares of the action are of it.
        """
        if self._keys.has_let_go():
            self.release_all()
        now_ns = self._clock.now_ns()
        self._origin = origin
        self._release_ns.clear()
        wanted = {code: 0.0 for code in self._held if code not in action}
        for code, value in action.items():
            if not math.isfinite(value):
                value = 0.0  # a broken network must not press keys
            if code in self._axes:
                wanted[code] = min(1.0, max(-1.0, value))
                continue
            share = self._in_steps(code, value, interval_s)
            wanted[code] = 1.0 if share > 0 else 0.0
            if 0 < share < 1:
                self._release_ns[code] = now_ns + round(share * interval_s * NS_PER_S)
        self._set(wanted, now_ns)

    def _in_steps(self, code: str, share: float, interval_s: float) -> float:
        """Return the share of the interval, in whole steps of the input, that is right on average."""
        step_s = self._keys.step_s
        if not 0 < share < 1 or step_s == 0:
            return share
        wanted_s = share * interval_s + self._owed_s.get(code, 0.0)
        held_s = min(round(wanted_s / step_s) * step_s, interval_s)
        self._owed_s[code] = min(step_s / 2, max(-step_s / 2, wanted_s - held_s))
        return held_s / interval_s

    def wait_until(self, time_ns: int) -> None:
        """Wait until `time_ns`, letting go of keys on the way when their time has come."""
        while self._release_ns:
            code = min(self._release_ns, key=self._release_ns.__getitem__)
            due_ns = self._release_ns[code]
            if due_ns >= time_ns:
                break
            self._clock.sleep_until(due_ns)
            del self._release_ns[code]
            self._set({code: 0.0}, self._clock.now_ns())
        self._clock.sleep_until(time_ns)

    def settle(self) -> None:
        """Let go of what was due by now, at the times when it was due; for an executor that nobody waits for."""
        now_ns = self._clock.now_ns()
        for code, due_ns in sorted(self._release_ns.items(), key=lambda item: item[1]):
            if due_ns < now_ns:
                del self._release_ns[code]
                self._set({code: 0.0}, due_ns)

    def release_all(self) -> None:
        """Let go of everything, also on the input's side. Never raises beyond what the input does."""
        self._keys.release_all()
        now_ns = self._clock.now_ns()
        for code in self._held:
            self._events.append(self._event(code, 0.0, now_ns))
        self._held.clear()
        self._release_ns.clear()
        self._owed_s.clear()

    def take_events(self) -> list[Event]:
        """Return what was sent since the last call, in order."""
        events, self._events = self._events, []
        return events

    def _set(self, wanted: Mapping[str, float], time_ns: int) -> None:
        changes = [(code, value) for code, value in wanted.items() if self._held.get(code, 0.0) != value]
        if not changes:
            return
        # Held before it is sent: an input that fails halfway through a press is then told to release it.
        self._held.update({code: value for code, value in changes if value})
        self._keys.send_all(changes)
        for code, value in changes:
            if not value:
                del self._held[code]
            self._events.append(self._event(code, value, time_ns))

    def _event(self, code: str, value: float, time_ns: int) -> Event:
        return Event(time_ns=time_ns, code=code, value=value, origin=self._origin, device=self._device)
