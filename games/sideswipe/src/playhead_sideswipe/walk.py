"""Which loadouts are collected, and in which order: the product of everything a car can wear, or a part of it.

Source:  Tocard-Inc/Deep-Learning by systems.md section 1: wheels x (model, sticker) x hats x teams x primary x
secondary, the wheel slowest and the secondary colour fastest.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import product
from typing import Any, TypeVar

from playhead.errors import BadValue, not_found
from playhead_sideswipe.labels import BODIES
from playhead_sideswipe.loadout import HATS, ROTATIONS, STICKERS, UNSEEN_BODIES, WHEELS, Loadout

T = TypeVar("T")
GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True, kw_only=True)
class Walk:
    """What is collected. Each field is an option of `playhead record sideswipe`, as `--set wheels=0-4`.

    Numbers are those of the menus; several are given as "0-4", "0,2,5" or a list.
    bodies         the cars, in this order
    cars           the cars as they stand in their row in the garage, first to last
    wheels, hats, stickers, teams    numbers; a car has only as many stickers as there are for it
    primary, secondary               places on the colour sliders, 0 to 1; "0-1" is every tenth
    rotations      pictures of each loadout, a tenth of a turn apart
    every          one of each so many loadouts that follow one another
    sample         only so many loadouts, drawn evenly by `sample_seed`, in the same order; 0: all
    settle_s       seconds to wait for the picture to stand still before it is taken
    """

    bodies: tuple[str, ...] = BODIES
    cars: tuple[str, ...] = (*BODIES, *UNSEEN_BODIES)
    wheels: tuple[int, ...] = tuple(range(WHEELS))
    hats: tuple[int, ...] = tuple(range(HATS))
    stickers: tuple[int, ...] = tuple(range(max(STICKERS.values())))
    teams: tuple[int, ...] = (0, 1)
    primary: tuple[float, ...] = (0.0, 0.5, 1.0)
    secondary: tuple[float, ...] = (0.0,)
    rotations: int = ROTATIONS
    every: int = 1
    sample: int = 0
    sample_seed: int = 0
    settle_s: float = 0.1

    def __post_init__(self) -> None:
        for body in self.bodies:
            if body not in self.cars:
                raise not_found("car in the garage", body, self.cars)
        for name, values, low, high in (
            ("teams", self.teams, 0, 1),
            ("primary", self.primary, 0, 1),
            ("secondary", self.secondary, 0, 1),
            ("wheels", self.wheels, 0, WHEELS - 1),
            ("hats", self.hats, 0, HATS - 1),
            ("stickers", self.stickers, 0, max(STICKERS.values()) - 1),
            ("rotations", (self.rotations,), 1, ROTATIONS),
            ("every", (self.every,), 1, 10**9),
            ("sample", (self.sample,), 0, 10**9),
            ("settle_s", (self.settle_s,), 0, 60),
        ):
            wrong = [value for value in values if not low <= value <= high]
            if wrong or not values:
                raise BadValue(f"{name}={wrong[0] if wrong else 'nothing'} lies outside of {low} to {high}.")

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Walk:
        """Read the options of the command. Raises: NotFound for an unknown one, BadValue for a value of no use."""
        known = [item.name for item in fields(cls)]
        for name in options:
            if name not in known:
                raise not_found("option of the collector garage", name, known)
        return cls(**{name: _READERS[name](name, value) for name, value in options.items()})

    def loadouts(self) -> list[Loadout]:
        """Return the loadouts to collect, in the order of the walk."""
        taken = list(self._product())
        if self.every > 1:
            # A fixed step would walk in step with the menus: each 9th of them all has the same primary colour. So
            # one of each 9 is taken, at a place that moves on by the golden ratio and never falls into a rhythm.
            steps = range(0, len(taken), self.every)
            places = [step + int(number * GOLDEN % 1 * self.every) for number, step in enumerate(steps)]
            taken = [taken[place] for place in places if place < len(taken)]
        if self.sample and self.sample < len(taken):
            chosen = sorted(random.Random(self.sample_seed).sample(range(len(taken)), self.sample))
            taken = [taken[number] for number in chosen]
        return taken

    def _product(self) -> Iterator[Loadout]:
        dressed = [
            (body, sticker) for body in self.bodies for sticker in self.stickers if sticker < STICKERS.get(body, 1)
        ]
        rest = (self.hats, self.teams, self.primary, self.secondary)
        for wheel, (body, sticker), hat, team, primary, secondary in product(self.wheels, dressed, *rest):
            yield Loadout(
                body=body, team=team, primary=primary, secondary=secondary, hat=hat, sticker=sticker, wheel=wheel
            )


def _whole_numbers(low: str, high: str) -> Iterable[int]:
    return range(int(low), int(high) + 1)


def _tenths(low: str, high: str) -> Iterable[float]:
    return (number / 10 for number in range(round(10 * float(low)), round(10 * float(high)) + 1))


def _several(
    kind: Callable[[Any], T], between: Callable[[str, str], Iterable[T]] | None = None
) -> Callable[[str, Any], tuple[T, ...]]:
    """Return a reader of "0-4", "0,2,5", 3 or [0, 1] (texts and numbers as the command line gives them)."""

    def read(name: str, value: Any) -> tuple[T, ...]:
        parts = value if isinstance(value, (list, tuple)) else str(value).split(",")
        try:
            found: list[T] = []
            for part in parts:
                low, dash, high = str(part).strip().partition("-")
                found.extend(between(low, high) if dash and between else [kind(str(part).strip())])
        except ValueError as error:
            raise BadValue(f'{name}={value} cannot be read. Write {name}="0-4" or {name}="0,2".') from error
        twice = next((one for one in found if found.count(one) > 1), None)
        if twice is not None:
            raise BadValue(f"{name}={value} names {twice} twice.")
        return tuple(found)

    return read


def _one(kind: Callable[[Any], T]) -> Callable[[str, Any], T]:
    def read(name: str, value: Any) -> T:
        try:
            return kind(value)
        except (TypeError, ValueError) as error:
            raise BadValue(f"{name}={value} is no number.") from error

    return read


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "bodies": _several(str),
    "cars": _several(str),
    "wheels": _several(int, _whole_numbers),
    "hats": _several(int, _whole_numbers),
    "stickers": _several(int, _whole_numbers),
    "teams": _several(int, _whole_numbers),
    "primary": _several(float, _tenths),
    "secondary": _several(float, _tenths),
    "rotations": _one(int),
    "every": _one(int),
    "sample": _one(int),
    "sample_seed": _one(int),
    "settle_s": _one(float),
}
