"""The loop of every recording and every play session. Clock, capture, input, driver and guard are handed in."""

from __future__ import annotations

import math
import time
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from playhead.adapters import complete
from playhead.capture import CapturedFrame, check_captured
from playhead.clock import NS_PER_S, SystemClock
from playhead.control.drivers import Action, Driver
from playhead.control.executor import ActionExecutor
from playhead.control.guard import AlwaysSafe, Guard
from playhead.control.listener import Listener
from playhead.control.timing import LoopReport, SectionTimes, summary_of
from playhead.devices import OpenDevice
from playhead.events import Event, Origin
from playhead.game import Game
from playhead.labels import Axes
from playhead.threads import Precedence


@dataclass(frozen=True, kw_only=True, eq=False)
class Tick:
    """One frame and everything pressed or heard since the frame before; `dropped` deadlines lie in between.

    Units:  age_ns how old the frame was when the driver was asked. `report` and `times` go on counting afterwards.
    """

    captured: CapturedFrame
    events: Sequence[Event]
    dropped: int
    age_ns: int = 0
    report: LoopReport = field(default_factory=LoopReport)
    times: SectionTimes = field(default_factory=SectionTimes)


@dataclass(frozen=True, kw_only=True)
class _Due:
    """An action that is to be pressed at a time."""

    time_ns: int
    action: Action
    origin: Origin


class Watcher(Protocol):
    """Sees every tick after the keys have gone out: a recorder, a console."""

    def saw(self, tick: Tick) -> None:
        """Take one tick. Must not wait for a disk."""
        ...

    def ended(self, events: Sequence[Event]) -> None:
        """Take the last events: the releases at the end. Called once, however the loop ends."""
        ...


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast and how long.

    Units:  rate_hz frames a second; decide_hz decisions a second (0: one a frame); duration_s and latency_s
    seconds on the device's clock. `latency_s` is a delay between look and press that is added on purpose.
    """

    rate_hz: float
    decide_hz: float = 0.0
    duration_s: float = math.inf
    latency_s: float = 0.0

    @property
    def period_ns(self) -> int:
        """Nanoseconds from one frame to the next."""
        return round(NS_PER_S / self.rate_hz)

    @property
    def decisions(self) -> int:
        """Decisions a frame."""
        return max(1, round(self.decide_hz / self.rate_hz))


def never() -> bool:
    """Do not stop."""
    return False


@dataclass(kw_only=True)
class Loop:
    """One drive of one device by one driver. `stop` is asked once a tick (Ctrl-C, a hotkey, another process)."""

    device: OpenDevice
    driver: Driver
    pace: Pace
    guard: Guard = field(default_factory=AlwaysSafe)
    watchers: Sequence[Watcher] = ()
    stop: Callable[[], bool] = never

    def __post_init__(self) -> None:
        game = self.device.session.game
        self.driver, self.guard = complete(Driver, self.driver), complete(Guard, self.guard)
        self._clock = self.device.clock
        self._listener = Listener(self.device, self.guard)
        self._ask_every_ns = round(NS_PER_S / hz) if (hz := self.guard.ask_hz) else 0
        self._executor = ActionExecutor(
            self.device.input, self._clock, axes=axis_codes(game), motions=motion_codes(game)
        )
        self._times = SectionTimes()
        self._report = LoopReport()
        self._ages_ns = array("q")
        self._due: deque[_Due] = deque()
        self._heard: list[Event] = []
        self._dropped = 0
        self._deadline_ns = 0
        self._episodes = self.device.episodic
        self._is_anew = True  # the driver is reset before its next decision
        self._precedence = Precedence()
        self._is_first = self.device.input.sends and isinstance(self._clock, SystemClock)  # real keys, real time

    def run(self) -> LoopReport:
        """Drive until the time is up, the source ends or somebody stops it.

            deadline -> look -> decide -> guard -> press -> watchers -> wait for the next deadline
                         |        |                  |                   |
                       frame    action          executor, events    timed releases, further decisions
                                                                  within the frame, the guard again

        Deadlines are absolute: a tick that overruns makes the next one late (counted), and whole intervals that
        were missed are dropped (counted). Every way out releases every key and tells the watchers.
        Raises:  what look, decide, send or a watcher raise, after everything was released.
        """
        started = time.perf_counter()
        start_ns = self._deadline_ns = self._clock.now_ns()
        try:
            self._go_first()
            self._drive(start_ns)
        except KeyboardInterrupt:
            self._report.ending = "stopped"
        finally:
            self._executor.release_all()
            self._precedence.give_back()
            events = self._executor.take_events()
            for watcher in self.watchers:
                watcher.ended(events)
        self._report.elapsed_s = (self._clock.now_ns() - start_ns) / NS_PER_S
        self._report.wall_s = time.perf_counter() - started
        self._report.sections = self._times.summary()
        self._report.age = summary_of(self._ages_ns) if self._ages_ns else {}
        return self._report

    def _drive(self, start_ns: int) -> None:
        end_ns = start_ns + self.pace.duration_s * NS_PER_S
        self._heard = self._listener.listen_anew()  # before the first frame, whose label it is
        self._may_send(self._heard)
        while self._deadline_ns < end_ns:
            self._may_send(())  # whoever stops for want of control must not see one more frame
            if self.stop():
                self._report.ending = "stopped"
                return
            self._times.start()
            captured = self.device.capture.look()
            if captured is None:
                self._report.ending = "episode"
                self._report.because = self.device.capture.ending
                return
            self._report.captured += 1
            if self._report.captured == 1:
                check_captured(captured)
            self._times.end("look")
            self._tick(captured)
            self._next_deadline()
            self._wait_until(self._deadline_ns)
            self._times.end_tick()

    def _tick(self, captured: CapturedFrame) -> None:
        """Decide and press as often as the driver wants within one frame, or to the end of the episode.

        Watchers see the first time.
        """
        heard = self._listener.listen()
        earlier, self._heard = self._heard, []
        if self._report.captured == 1:  # what was held before it began is held in the first frame, whenever asked
            earlier = [replace(event, time_ns=min(event.time_ns, captured.time_ns)) for event in earlier]
        age_ns = self._clock.now_ns() - captured.time_ns
        self._ages_ns.append(age_ns)
        for decision in range(self.pace.decisions):
            if decision:
                self._wait_until(self._deadline_ns + decision * self.pace.period_ns // self.pace.decisions)
                if self._is_over():
                    return
            began_ns = self._clock.now_ns()
            self._precedence.give_back()
            if self._is_anew:
                self._is_anew = False
                self.driver.reset(self._listener.held)
            action = self.driver.decide(captured)
            self._go_first()
            self._act(action, began_ns, heard if not decision else ())
            if decision == 0:
                events = [*earlier, *heard, *self._executor.take_events()]
                tick = Tick(
                    captured=captured, events=events, dropped=self._dropped, age_ns=age_ns,
                    report=self._report, times=self._times,
                )  # fmt: skip
                for watcher in self.watchers:
                    watcher.saw(tick)
                self._times.end("watch")

    def _is_over(self) -> bool:
        """Whether the episode is over: then nothing is decided any more, and the next look says the same."""
        return self._episodes is not None and (self._episodes.terminated or self._episodes.truncated)

    def _act(self, action: Action | None, began_ns: int, heard: Sequence[Event]) -> None:
        self._times.end("decide")
        self._report.decided += 1
        if action is not None:
            due_ns = began_ns + round(self.pace.latency_s * NS_PER_S)
            self._due.append(_Due(time_ns=due_ns, action=action, origin=self.driver.origin))
        if not self._may_send(heard):
            self._report.blocked += 1
        while self._due and self._due[0].time_ns <= self._clock.now_ns():
            self._press(self._due.popleft())
        self._times.end("act")

    def _go_first(self) -> None:
        """Have what is pressed not wait for other programs; a decision, which may compute for long, does."""
        if self._is_first:
            self._precedence.take()

    def _may_send(self, heard: Sequence[Event]) -> bool:
        """Ask the guard; when it says no, let go of everything and forget what was still to be pressed."""
        if self.guard.may_send(self._clock.now_ns(), heard):
            return True
        self._due.clear()
        self._executor.release_all()
        self._is_anew = True
        return False

    def _press(self, due: _Due) -> None:
        self._executor.apply(due.action, interval_s=self.pace.period_ns / NS_PER_S, origin=due.origin)
        self._report.acted += 1

    def _wait_until(self, time_ns: int) -> None:
        """Wait; a guard that wants to be asked more often than once a frame is asked on the way."""
        if self._ask_every_ns:
            while (ask_ns := self._clock.now_ns() + self._ask_every_ns) < time_ns:
                self._pass_time_until(ask_ns)
                heard = self._listener.listen()
                self._heard += heard
                self._may_send(heard)
        self._pass_time_until(time_ns)
        self._times.end("wait")

    def _pass_time_until(self, time_ns: int) -> None:
        """Wait, letting go of keys in time and pressing what was decided earlier and delayed on purpose."""
        while self._due and self._due[0].time_ns < time_ns:
            self._executor.wait_until(self._due[0].time_ns)
            self._press(self._due.popleft())
        self._executor.wait_until(time_ns)

    def _next_deadline(self) -> None:
        """Move the deadline on; count a late tick and drop the intervals that are over already.

        But for those whose frames the capture has kept: they are made up for.
        """
        self._deadline_ns += self.pace.period_ns
        behind_ns = self._clock.now_ns() - self._deadline_ns
        self._dropped = 0
        if behind_ns > 0:
            self._report.late += 1
            kept = self.device.capture.waiting
            self._dropped = max(0, behind_ns // self.pace.period_ns - kept)
            self._report.dropped += self._dropped
            self._deadline_ns += self._dropped * self.pace.period_ns


def motion_codes(game: Game) -> dict[str, float]:
    """Return the codes of motions, with the speed that is 1. Units: counts a second."""
    heads = [head for head in game.labels.values() if isinstance(head, Axes) and head.is_motion]
    named = [(game.controls.get(name), head.full_per_s) for head in heads for name in head.names]
    return {code: full_per_s for code, full_per_s in named if code}


def axis_codes(game: Game) -> frozenset[str]:
    """Return the codes that are positions or speeds, and not keys."""
    names = [name for head in game.labels.values() if isinstance(head, Axes) for name in head.names]
    return frozenset(game.controls[name] for name in names if name in game.controls)
