"""What is held right now, and when it is let go: the only place from which keys are sent."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from playhead.clock import NS_PER_S, Clock
from playhead.control.drivers import Action, Change, Timed
from playhead.events import MOTIONS, PLAYED, Event, Origin
from playhead.input import Input

PIECE_S = 0.008  # of a motion: 125 a second, as the mice that games know at least
PARTS = 256  # of a count: what a recording keeps of it, in 32 bits, is exactly what was sent


class ActionExecutor:
    """Presses actions on an input and releases keys within an interval at their own times.

    `axes` are codes whose value is a position, `motions` those of motions, with the speed that is 1; all other
    codes are keys, whose value is the share of the interval they are held. What the steps of an input are too
    coarse for is made up for in the intervals after: a share of .3 of one step is a press in three of ten. Motions
    go in small pieces over the interval. Everything sent is kept as an event until taken.
    Units:  motions counts a second.
    """

    def __init__(
        self, keys: Input, clock: Clock, *, axes: frozenset[str] = frozenset(),
        motions: Mapping[str, float] = MappingProxyType({}), device: str = PLAYED,
    ) -> None:  # fmt: skip
        self._keys = keys
        self._clock = clock
        self._axes = axes
        self._motions = motions
        self._device = device
        self._origin = Origin.NONE
        self._held: dict[str, float] = {}
        self._due: list[Change] = []  # in order of time
        self._owed_s: dict[str, float] = {}
        self._events: list[Event] = []

    @property
    def held(self) -> dict[str, float]:
        """What is held now, by code."""
        return dict(self._held)

    def apply(self, action: Action, *, interval_s: float, origin: Origin) -> None:
        """Hold what the action says from now on and let go of everything else; send timed changes when it is time.

        What an input has let go of by itself is not held any more, so the action presses it anew.
        Units:  interval_s seconds until the next action is expected; shares of the action are of it.
        """
        if self._keys.has_let_go():
            self.release_all()
        now_ns = self._clock.now_ns()
        self._origin = origin
        if isinstance(action, Timed):
            self._plan([*self._due, *action.changes])
        else:
            self._plan(self._planned(action, now_ns, interval_s))
        self._set(self._taken(now_ns), now_ns)

    def _plan(self, changes: Iterable[Change]) -> None:
        self._due = sorted(changes, key=lambda change: change.time_ns)

    def _planned(self, action: Action, now_ns: int, interval_s: float) -> Iterator[Change]:
        """Yield what an action comes to until the next one."""
        for code in self._held:
            if code not in action:
                yield Change(time_ns=now_ns, code=code, value=0.0)
        for code, value in action.items():
            if not math.isfinite(value):
                value = 0.0  # a broken network must not press keys
            if code in self._motions:
                yield from self._moved(code, min(1.0, max(-1.0, value)), now_ns, interval_s)
                continue
            if code in self._axes:
                yield Change(time_ns=now_ns, code=code, value=min(1.0, max(-1.0, value)))
                continue
            share = self._in_steps(code, value, interval_s)
            yield Change(time_ns=now_ns, code=code, value=1.0 if share > 0 else 0.0)
            if 0 < share < 1:
                let_go_ns = now_ns + round(share * interval_s * NS_PER_S)
                yield Change(time_ns=let_go_ns, code=code, value=0.0)

    def _moved(self, code: str, speed: float, now_ns: int, interval_s: float) -> Iterator[Change]:
        """Yield a motion in pieces, the first at once: one leap a decision would be seen as one."""
        pieces = max(1, math.floor(interval_s / max(PIECE_S, self._keys.step_s) + 1e-6))
        way = speed * self._motions[code] * interval_s
        gone = [round(way * piece / pieces * PARTS) / PARTS for piece in range(pieces + 1)]
        for piece, (before, after) in enumerate(pairwise(gone)):
            if after != before:
                piece_ns = now_ns + round(piece * interval_s / pieces * NS_PER_S)
                yield Change(time_ns=piece_ns, code=code, value=after - before)

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
        """Wait until `time_ns`, sending on the way what is due: releases, pieces of a motion, timed changes."""
        while self._due and self._due[0].time_ns < time_ns:
            due_ns = self._due[0].time_ns
            self._clock.sleep_until(due_ns)
            self._set(self._taken(due_ns), self._clock.now_ns())
        self._clock.sleep_until(time_ns)

    def settle(self) -> None:
        """Send what was due by now, at the times when it was due; for an executor that nobody waits for."""
        now_ns = self._clock.now_ns()
        while self._due and self._due[0].time_ns < now_ns:
            due_ns = self._due[0].time_ns
            self._set(self._taken(due_ns), due_ns)

    def _taken(self, time_ns: int) -> list[Change]:
        """Take what is due up to and at a moment; of two of one code the second waits for the next look."""
        taken: list[Change] = []
        while self._due and self._due[0].time_ns <= time_ns:
            if self._due[0].code in {change.code for change in taken}:
                break
            taken.append(self._due.pop(0))
        return taken

    def release_all(self) -> None:
        """Let go of everything, also on the input's side. Never raises beyond what the input does."""
        self._keys.release_all()
        now_ns = self._clock.now_ns()
        for code in self._held:
            self._events.append(self._event(code, 0.0, now_ns))
        self._held.clear()
        self._due.clear()
        self._owed_s.clear()

    def take_events(self) -> list[Event]:
        """Return what was sent since the last call, in order."""
        events, self._events = self._events, []
        return events

    def _set(self, wanted: Sequence[Change], time_ns: int) -> None:
        changes = [
            (one.code, one.value)
            for one in wanted
            if one.code in MOTIONS or self._held.get(one.code, 0.0) != one.value
        ]
        if not changes:
            return
        # Held before it is sent: an input that fails halfway through a press is then told to release it.
        self._held.update({code: value for code, value in changes if value and code not in MOTIONS})
        self._keys.send_all(changes)
        for code, value in changes:
            if not value:
                self._held.pop(code, None)
            self._events.append(self._event(code, value, time_ns))

    def _event(self, code: str, value: float, time_ns: int) -> Event:
        return Event(time_ns=time_ns, code=code, value=value, origin=self._origin, device=self._device)
