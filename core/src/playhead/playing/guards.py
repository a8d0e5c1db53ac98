"""What may change keys before they are pressed, on top of any driver: found by name, as `guard.kind` says.

Not whether any key may go out: that is control/guard.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playhead.adapters import complete
from playhead.capture import CapturedFrame
from playhead.control.drivers import Action, Driver, DriverWrapper, Held
from playhead.errors import BadValue
from playhead.game import Game
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
    make = plugins.get("guard", str(spec.settings["kind"]))
    return complete(ActionGuard, make(GuardJob(game=game, plugins=plugins, spec=spec, rate_hz=rate_hz)))


class Guarded(DriverWrapper):
    """A driver whose keys go through a guard, which counts how often it stepped in."""

    def __init__(self, driver: Driver, guard: ActionGuard, *, rate_hz: float) -> None:
        super().__init__(driver)
        self._guard, self._rate_hz = guard, rate_hz
        self.decided = self.stepped_in = 0
        self.stepped_in_share = 0.0

    def decide(self, captured: CapturedFrame) -> Action | None:
        """Let the driver decide, and the guard change it; the driver hears of it."""
        action = self.inner.decide(captured)
        if action is None:
            return None
        self.decided += 1
        guarded = self._guard.act(captured, action, 1 / max(self.inner.decide_hz, self._rate_hz))
        if guarded != action:
            self.stepped_in += 1
            self.inner.overruled(guarded)
        self.stepped_in_share = self.stepped_in / self.decided
        return guarded

    def reset(self, held: Held) -> None:
        """Begin anew, the guard too."""
        self._guard.reset(held)
        self.inner.reset(held)
