"""What may change keys before they are pressed, on top of any driver: found by name, as `guard.kind` says.

Not whether any key may go out: that is control/guard.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from playhead.adapters import complete
from playhead.capture import CapturedFrame
from playhead.control.drivers import Action, Driver, DriverWrapper, Held
from playhead.errors import BadValue, PluginError
from playhead.game import Game
from playhead.guarded import ask_foreign
from playhead.home import Home
from playhead.plugins import Plugins

NONE = "none"


class ActionGuard:
    """What a guard that is registered with `playhead_guards` returns when it is called with a GuardJob.

    Any object with `act` is one; it need not derive from this.
    """

    def act(self, captured: CapturedFrame, action: Action, interval_s: float) -> Action:
        """Return what to press instead of `action`, the same where nothing is to be changed.

        Asked after each decision, several times about one frame where a driver decides more often than it sees.
        """
        raise NotImplementedError

    def reset(self, held: Held) -> None:
        """Begin anew: an episode begins, or others drove, or nobody did."""


@dataclass(frozen=True, kw_only=True)
class GuardSpec:
    """A guard that is asked for, as plain data: settings with a `kind`, the home of the runs it may look with."""

    settings: Mapping[str, Any]
    home: Home

    @property
    def kind(self) -> str:
        """What it is called."""
        return str(self.settings["kind"])


@dataclass(frozen=True, kw_only=True)
class GuardJob:
    """What a guard is made for. `settings` are its own, without `kind`. Units: rate_hz frames a second."""

    game: Game
    plugins: Plugins
    spec: GuardSpec
    rate_hz: float

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of this guard."""
        return {name: value for name, value in self.spec.settings.items() if name != "kind"}


def merged_guard(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Lay settings over one another; another kind begins anew. Returns {} where the kind is none."""
    merged: dict[str, Any] = {}
    for layer in layers:
        if layer.get("kind", merged.get("kind")) != merged.get("kind"):
            merged = {}
        merged |= layer
    if merged and "kind" not in merged:
        raise BadValue(f"guard.{next(iter(merged))} is of no guard. Name one: --set guard.kind=contact.")
    return {} if merged.get("kind") == NONE else merged


def open_guard(spec: GuardSpec, game: Game, plugins: Plugins, *, rate_hz: float) -> ActionGuard:
    """Make the guard that settings with a `kind` ask for. Raises NotFound for an unknown one, and as it does."""
    make = plugins.get("guard", spec.kind)
    job = GuardJob(game=game, plugins=plugins, spec=spec, rate_hz=rate_hz)
    return complete(ActionGuard, ask_foreign(make, job, failed=partial(_failed, spec.kind, "be made")))


def _failed(kind: str, doing: str, reason: str) -> PluginError:
    return PluginError(f"The guard {kind} could not {doing}, {reason}. Mend it, or go without: guard.kind=none.")


class Guarded(DriverWrapper):
    """A driver whose keys go through a guard, which counts how often it stepped in.

    It may be a plugin's code. Raises PluginError for whatever it raises or says wrongly.
    """

    def __init__(self, driver: Driver, guard: ActionGuard, *, kind: str, rate_hz: float) -> None:
        super().__init__(driver)
        self._guard, self._kind, self._rate_hz = guard, kind, rate_hz
        self.decided = self.stepped_in = 0
        self.stepped_in_share = 0.0
        self._last = (0, 0)  # what the last decision added to both

    def decide(self, captured: CapturedFrame) -> Action | None:
        """Let the driver decide, and the guard change it; the driver hears of it."""
        self._last = (0, 0)
        action = self.inner.decide(captured)
        if action is None:
            return None
        guarded = self._asked(captured, action)
        is_changed = _pressed(guarded) != _pressed(action)
        self._count(1, int(is_changed))
        if is_changed:
            self.inner.overruled(guarded)
        return guarded

    def overruled(self, action: Action) -> None:
        """Hear that others press something else: then the last decision does not count."""
        self._count(-self._last[0], -self._last[1])
        self._last = (0, 0)
        self.inner.overruled(action)

    def reset(self, held: Held) -> None:
        """Begin anew, the guard too."""
        ask_foreign(self._guard.reset, held, failed=partial(_failed, self._kind, "begin anew"))
        self.inner.reset(held)

    def _count(self, decided: int, stepped_in: int) -> None:
        self._last = decided, stepped_in
        self.decided += decided
        self.stepped_in += stepped_in
        self.stepped_in_share = self.stepped_in / self.decided if self.decided else 0.0

    def _asked(self, captured: CapturedFrame, action: Action) -> Action:
        interval_s = 1 / max(self.inner.decide_hz, self._rate_hz)
        act = self._guard.act
        guarded = ask_foreign(act, captured, dict(action), interval_s, failed=partial(_failed, self._kind, "act"))
        if not isinstance(guarded, Mapping) or not all(map(_is_press, guarded, guarded.values())):
            raise _failed(self._kind, "act", f"it answers {guarded!r:.80} and must say code -> finite number")
        return guarded


def _is_press(code: object, value: float) -> bool:
    try:
        return isinstance(code, str) and math.isfinite(value)
    except (TypeError, OverflowError):
        return False


def _pressed(action: Action) -> dict[str, float]:
    """Return what is held: what is left out is released, as what is 0."""
    return {code: value for code, value in action.items() if value}
