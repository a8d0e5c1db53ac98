"""DAgger (Ross et al. 2011): who drives, who teaches, and what each of them pressed.

The labels are what the teacher would have pressed, whoever drives: a network that is being taught, or the teacher
itself with action noise. The teacher presses on a keyboard that leads nowhere.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from playhead.adapters import complete
from playhead.capture import CapturedFrame
from playhead.clock import NS_PER_S, Clock
from playhead.control.drivers import Action, Driver, DriverWrapper, Held
from playhead.control.executor import ActionExecutor
from playhead.events import TEACHER, Event, Origin
from playhead.input.none import DryRun
from playhead.recording.action_noise import ActionNoise

SLOT_S = 1.0  # how long one of the two drives before it is drawn again; as in the prototype, world.md section 2


class DaggerDriver(DriverWrapper):
    """A driver made of a driver, perhaps a teacher, and perhaps noise on what reaches the game.

    `beta` is the share of one-second slots in which the teacher itself drives, drawn by `seed`.
    """

    def __init__(
        self, driver: Driver, clock: Clock, *, rate_hz: float, teacher: Driver | None = None,
        action_noise: ActionNoise | None = None, beta: float = 0.0, seed: int = 0,
        axes: frozenset[str] = frozenset(), motions: Mapping[str, float] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(driver)
        self._teacher = complete(Driver, teacher) if teacher is not None else None
        self._action_noise = action_noise
        self._beta = beta
        self._random = random.Random(seed)
        self._clock = clock
        self._interval_s = 1 / rate_hz
        self._executor = ActionExecutor(DryRun(clock), clock, axes=axes, motions=motions or {}, device=TEACHER)
        self._begin_ns = clock.now_ns()
        self._slot = -1
        self._teacher_drives = False
        self._seen: CapturedFrame | None = None
        self._action: Action = {}
        self._is_noisy = False
        self.decide_hz = max(self.inner.decide_hz, self._teacher.decide_hz if self._teacher is not None else 0.0)
        self.origin = self.inner.origin

    @property
    def is_taught(self) -> bool:
        """Whether labels come from a teacher and not from what reached the game."""
        return self._teacher is not None or self._action_noise is not None

    @property
    def label_origin(self) -> Origin:
        """Whose decisions are the labels."""
        return self._teacher.origin if self._teacher is not None else self.inner.origin

    def decide(self, captured: CapturedFrame) -> Action | None:
        """Return what reaches the game; note what the teacher would have pressed."""
        self._turn_slot()
        driven, self.origin = self._ask(captured)
        if self._teacher is None:
            if self._action_noise is not None and driven is not None:
                self._teach(driven, self.inner.origin)
            return self._with_noise(driven)
        taught = self._teacher.decide(captured)
        if taught is not None:
            self._teach(taught, self._teacher.origin)
        if self._teacher_drives:
            driven, self.origin = taught, self._teacher.origin
        return self._with_noise(driven)

    def reset(self, held: Held) -> None:
        """Pass on."""
        self.inner.reset(held)
        if self._teacher is not None:
            self._teacher.reset(held)

    def take_events(self) -> list[Event]:
        """Return what the teacher would have pressed since the last call."""
        self._executor.settle()
        return self._executor.take_events()

    def _ask(self, captured: CapturedFrame) -> tuple[Action | None, Origin]:
        """Ask the driver as often as it wants to be asked. It is asked in the teacher's slots too, so that a
        network's history of frames has no holes."""
        if captured is self._seen and not self.inner.decide_hz:
            return None, self.inner.origin
        self._seen = captured
        return self.inner.decide(captured), self.inner.origin

    def _with_noise(self, action: Action | None) -> Action | None:
        """Put noise on an action; between actions, only say something new when wrong keys begin or end."""
        if self._action_noise is None:
            return action
        now_ns = self._clock.now_ns()
        was_on, self._is_noisy = self._is_noisy, self._action_noise.is_on(now_ns)
        if action is None and was_on == self._is_noisy:
            return None
        self._action = action if action is not None else self._action
        return self._action_noise.apply(self._action, now_ns)

    def _teach(self, action: Action, origin: Origin) -> None:
        self._executor.settle()
        self._executor.apply(action, interval_s=self._interval_s, origin=origin)

    def _turn_slot(self) -> None:
        slot = int((self._clock.now_ns() - self._begin_ns) / NS_PER_S / SLOT_S)
        if slot != self._slot:
            self._slot = slot
            self._teacher_drives = self._random.random() < self._beta
