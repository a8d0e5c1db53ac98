"""Scripted players of three scenarios. They know what is on the screen and where on it, and remember nothing.

Lengths are pixels of the 320 columns that Doom draws.
"""

from __future__ import annotations

import math
from typing import Any

import gymnasium

CENTRE = 160  # where the crosshair is, and how far away the picture of 90 degrees would be
STEP = 2500 * 0.1 / 17.5  # degrees that a step turns at most
FOES = frozenset({"Zombieman", "ShotgunGuy", "ChaingunGuy"})
AT_THE_CENTER = frozenset({"MarineChainsawVzd", "Demon"})


class Player:
    """Sees what Doom says that it has drawn."""

    decide_hz = 17.5

    def __init__(self, environment: gymnasium.Env[Any, Any]) -> None:
        self._environment: Any = environment.unwrapped

    def seen(self) -> list[Any]:
        """Return the things on the screen, each with a name, its left edge and a size; none when all is over."""
        state = self._environment.state
        return list(state.labels) if state is not None else []


def off_centre(thing: Any) -> float:
    """Return how far right of the centre a thing is."""
    return float(thing.x + thing.width / 2 - CENTRE)


def towards(thing: Any, slack: float) -> dict[str, float]:
    """Return the keys that turn to a thing that is further off than the slack."""
    off = off_centre(thing)
    return {"left": float(off < -slack), "right": float(off > slack)}


class HealthGathering(Player):
    """Runs to the medikit that looks largest, and looks round to the right when there is none."""

    def decide(self) -> dict[str, float]:
        """Return what is held now."""
        kits = [thing for thing in self.seen() if thing.object_name == "Medikit"]
        if not kits:
            return {"right": 1.0}
        largest = max(kits, key=lambda kit: kit.width * kit.height)
        return {**towards(largest, 12 + largest.width / 2), "forward": 1.0}


class DeadlyCorridor(Player):
    """Shoots whoever is nearest to the crosshair, running, and then runs to the vest at the end."""

    def decide(self) -> dict[str, float]:
        """Return what is held now."""
        seen = self.seen()
        foes = [thing for thing in seen if thing.object_name in FOES and thing.width >= 8]
        vests = [thing for thing in seen if thing.object_name == "GreenArmor"]
        if foes:
            foe = min(foes, key=lambda foe: abs(off_centre(foe)))
            fires = abs(off_centre(foe)) < 0.3 * foe.width + 8
            return {**towards(foe, 0.3 * foe.width + 2), "forward": 1.0, "fire": float(fires)}
        if vests:
            return {**towards(vests[0], 8), "forward": float(abs(off_centre(vests[0])) < 60)}
        return {"right": 1.0}


class DefendCenter(Player):
    """Turns with the mouse to whoever is nearest to the crosshair, shoots, and looks round to the right."""

    def decide(self) -> dict[str, float]:
        """Return how fast to turn, and whether to shoot."""
        foes = [thing for thing in self.seen() if thing.object_name in AT_THE_CENTER and thing.width >= 6]
        if not foes:
            return {"mouse_x": 0.6}
        foe = min(foes, key=lambda foe: abs(off_centre(foe)))
        off = off_centre(foe)
        turn = math.degrees(math.atan2(off, CENTRE)) / STEP
        return {"mouse_x": max(-1.0, min(1.0, turn)), "mouse_left": float(abs(off) < 0.3 * foe.width + 1)}
