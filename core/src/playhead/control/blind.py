"""Drivers that see nothing and have learned nothing: by chance, always the same, nothing at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from playhead.capture import CapturedFrame
from playhead.clock import NS_PER_S
from playhead.control.drivers import Action, Driver
from playhead.control.loop import axis_codes
from playhead.game import Game

RANDOM, FORWARD, IDLE = BLIND = ("random", "always_forward", "idle")
MEAN_PRESS_S = 0.5  # of the random driver: about how long a person holds a steering key


def blind_driver(game: Game, name: str, seed: int) -> Driver:
    """Return one of BLIND, for a game with controls."""
    if name == RANDOM:
        return RandomDriver.of(game, seed)
    return ConstantDriver({forward_code(game): 1.0} if name == FORWARD else {})


def forward_code(game: Game, main_label: str = "") -> str:
    """Return the code that always_forward holds: that of the label used most; without it the first control's."""
    return game.controls.get(main_label) or next(iter(game.controls.values()))


class ConstantDriver(Driver):
    """Holds the same codes all the time; with none it is idle."""

    def __init__(self, held: Mapping[str, float]) -> None:
        self._held = dict(held)

    def decide(self, captured: CapturedFrame) -> Action:
        """Hold what is always held."""
        return self._held


class RandomDriver(Driver):
    """Presses and releases every control by chance, each for random times with a mean of MEAN_PRESS_S."""

    def __init__(self, codes: Sequence[str], seed: int, *, axes: frozenset[str] = frozenset()) -> None:
        self._random = np.random.default_rng(seed)
        self._axes = axes
        self._value = {code: float(self._random.random() < 0.5) for code in codes}
        self._until_ns = dict.fromkeys(codes, 0)

    @classmethod
    def of(cls, game: Game, seed: int) -> RandomDriver:
        """Return one that moves every control of a game."""
        return cls(tuple(game.controls.values()), seed, axes=axis_codes(game))

    def decide(self, captured: CapturedFrame) -> Action:
        """Turn over those controls whose time is up."""
        for code, until_ns in self._until_ns.items():
            if captured.time_ns >= until_ns:
                self._value[code] = self._random.uniform(-1, 1) if code in self._axes else 1.0 - self._value[code]
                lasts_s = self._random.exponential(MEAN_PRESS_S)
                self._until_ns[code] = captured.time_ns + round(lasts_s * NS_PER_S)
        return {code: value for code, value in self._value.items() if value}
