"""A controller that watches the speed: as fast as the steering allows, never slower than it must.

A car that is steered for a share of the time uses that share of its grip, whatever its speed; so the speed at
which the same bend takes the share `grip` is its speed times the root of grip / share.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playhead.control.drivers import Held
from playhead.errors import LISTED, BadValue, not_found
from playhead.game import Game
from playhead.playing.controllers import Controller, Predictions
from playhead.playing.driving_keys import DrivingKeys

MOST_MPS = 1000.0


@dataclass(frozen=True, kw_only=True)
class PaceSettings:
    """How a paced controller drives, as controller.pace.NAME."""

    speed: str = "speed_mps"  # telemetry that says the speed in metres a second, a reading too
    floor_mps: float = 6.0  # below it the car is always driven forward, and never braked
    top_mps: float = 100.0  # above it the car is never driven forward
    grip: float = 0.8  # share of the time that it is steered at which it is as fast as it safely can
    eager: float = 1.0  # least share of the interval that it is driven forward while it could be faster
    margin: float = 0.1  # how far from that speed, as a share of it, it begins to be driven, or to be braked
    over_s: float = 0.5  # steering counts as its mean over about so many seconds

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> PaceSettings:
        """Read plain data. Raises NotFound for an unknown name, BadValue."""
        given = dict(settings)
        known = {item.name: item.default for item in dataclasses.fields(cls)}
        for name, value in given.items():
            if name not in known:
                raise not_found("setting of controller.pace", name, known, then=LISTED)
            if name != "speed":
                given[name] = _bounded(name, value)
            elif not isinstance(value, str) or not value:
                raise BadValue(f"controller.pace.speed={value} is no telemetry. Give its name, as speed_mps.")
        return cls(**given)


def pace_values() -> dict[str, str]:
    """Return what each number may be, in words."""
    return {
        item.name: f"0 to {_most_of(item.name):g}"
        for item in dataclasses.fields(PaceSettings)
        if item.name != "speed"
    }


def _most_of(name: str) -> float:
    return MOST_MPS if name.endswith("_mps") else 60.0 if name.endswith("_s") else 1.0


def _bounded(name: str, value: Any) -> float:
    most = _most_of(name)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= most or (value == 0 and name == "grip"):
        raise BadValue(f"controller.pace.{name}={value} lies outside 0 to {most:g}.")
    return float(value)


class PacedController(Controller):
    """Another controller's presses, with throttle and brake by the speed; while that is unknown they are its own.

    A network that brakes is obeyed down to the floor: it sees a bend before it is steered for.
    """

    def __init__(self, inner: Controller, game: Game, settings: PaceSettings) -> None:
        self._inner = inner
        self._keys = DrivingKeys.of(game)
        self._settings = settings
        self._speed_mps = math.nan
        self._steered = 0.0

    def see(self, telemetry: Mapping[str, float]) -> None:
        """Take the newest speed. Raises NotFound on a device that does not tell it."""
        self._inner.see(telemetry)
        if self._settings.speed not in telemetry:
            raise not_found(
                "telemetry of this device", self._settings.speed, telemetry,
                then="Name the one that says the speed: --set controller.pace.speed=NAME.",
            )  # fmt: skip
        self._speed_mps = abs(telemetry[self._settings.speed])

    def act(self, predictions: Predictions, interval_s: float) -> dict[str, float]:
        """Return what to hold for the coming interval."""
        action = dict(self._inner.act(predictions, interval_s))
        steered = action.get(self._keys.right, 0.0) - action.get(self._keys.left, 0.0)
        newest = min(1.0, interval_s / self._settings.over_s) if self._settings.over_s else 1.0
        self._steered += newest * (steered - self._steered)
        if math.isfinite(self._speed_mps):
            forward, back = self._paced(action.get(self._keys.forward, 0.0), action.get(self._keys.back, 0.0))
            action |= {self._keys.forward: forward, self._keys.back: back}
        return action

    def reset(self, held: Held) -> None:
        """Forget how it was steered, and how fast it was."""
        self._speed_mps, self._steered = math.nan, 0.0
        self._inner.reset(held)

    def _paced(self, forward: float, back: float) -> tuple[float, float]:
        """Return throttle and brake, as shares of the interval."""
        settings = self._settings
        if self._speed_mps < settings.floor_mps:
            return max(forward, settings.eager), 0.0
        over = self._speed_mps / self._target_mps() - 1  # share by which it is too fast
        if over > 0:
            return 0.0, max(back, self._brake(over))
        if back == 0 and over < -settings.margin:
            return max(forward, settings.eager), 0.0
        return forward, back

    def _brake(self, over: float) -> float:
        """Return how much of the interval it is braked: nothing up to the margin, all of it at twice that."""
        margin = self._settings.margin
        return min(1.0, max(0.0, over / margin - 1)) if margin else 1.0

    def _target_mps(self) -> float:
        share = abs(self._steered)
        grip = self._settings.grip
        bend_mps = self._speed_mps * math.sqrt(grip / share) if share > 0 else math.inf
        return max(self._settings.floor_mps, min(self._settings.top_mps, bend_mps))
