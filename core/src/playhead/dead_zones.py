"""Dead zones, both ways: a game ignores the middle of a stick, and so makes less of a position than it is."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from playhead.errors import BadValue, not_found


@dataclass(frozen=True, kw_only=True)
class DeadZone:
    """How a game reads one axis: nothing within `size`, from there evenly up to `gain` at the end.

    Labels hold what the game makes of it, so networks learn no dead zone and a resting stick's tremble is 0.
    Units:   positions and values in [-1, 1]; size in [0, 1); gain in (0, 1].
    Source:  Charles (pygta5): sign(x) (|x| - .25) / .75 for pedals, times .8 for steering.
    """

    size: float = 0.25
    gain: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.size < 1 and 0 < self.gain <= 1):
            raise BadValue(
                f"A dead zone of size {self.size} and gain {self.gain} lets nothing through. "
                "Give 0 <= size < 1 and 0 < gain <= 1."
            )

    def through(self, position: float) -> float:
        """Return what the game makes of a stick's position; what a person did becomes a label so."""
        beyond = max(0.0, min(1.0, abs(position)) - self.size) / (1 - self.size)
        return math.copysign(beyond * self.gain, position) if beyond else 0.0

    def against(self, value: float) -> float:
        """Return the position of which the game makes this value; what a network wants is sent so."""
        wanted = min(1.0, abs(value) / self.gain)
        return math.copysign(self.size + wanted * (1 - self.size), value) if wanted else 0.0


def through(zones: Mapping[str, DeadZone], axis: str, value: float) -> float:
    """Return what becomes of an axis's value; the value itself where nothing is said of the axis."""
    return zones[axis].through(value) if axis in zones else value


def dead_zones(given: Any, axes: Collection[str], what: str) -> dict[str, DeadZone]:
    """Return dead zones by axis from plain data: {"left_x": {"size": 0.25, "gain": 0.8}}.

    `what` says in an error whose axes they are.
    Raises:  NotFound for an unknown axis, BadValue for what is no dead zone.
    """
    if not isinstance(given, Mapping):
        raise BadValue(
            f"dead_zones={given} is no mapping. Give one as dead_zones.{next(iter(axes), 'x')}.size=0.25."
        )
    zones = {}
    for axis, zone in given.items():
        if axis not in axes:
            raise not_found(what, axis, axes)
        try:
            zones[axis] = DeadZone(**{name: float(number) for name, number in zone.items()})
        except (AttributeError, TypeError, ValueError) as error:
            raise BadValue(
                f"The dead zone {axis}={zone} is none: {error}. Give dead_zones.{axis}.size=0.25."
            ) from error
    return zones
