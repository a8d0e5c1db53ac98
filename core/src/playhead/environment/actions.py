"""From codes held to the action of an environment, by what its device's options say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from playhead.errors import BadValue
from playhead.events import MOTIONS
from playhead.references import resolve

Held = Mapping[str, float]


def action_translator(space: gymnasium.Space[Any], options: Mapping[str, Any]) -> Callable[[Held], Any]:
    """Return the function from codes held to an action of this space.

    `action` names any such function. Without it: MultiBinary and Box take `codes` in order; Discrete takes
    `actions`, a table from codes joined by "+" ("" for none) to a number, or else the place in `codes`.
    """
    if options.get("action"):
        return resolve(options["action"])
    codes, table = codes_of(options), actions_of(options)
    if isinstance(space, gymnasium.spaces.Discrete):
        table = table or {code: int(space.start) + place for place, code in enumerate(codes)}
        for held, number in table.items():
            if not space.contains(number):
                last = int(space.start + space.n) - 1
                raise BadValue(
                    f"The environment has the actions {int(space.start)} to {last}, and its device says that "
                    f"{held or 'nothing'} is {number}. Mend the device's actions, or its codes."
                )
        return _discrete(table, int(space.start))
    if isinstance(space, gymnasium.spaces.MultiBinary):
        return _ordered(codes, space, np.zeros(space.shape), np.ones(space.shape))
    if isinstance(space, gymnasium.spaces.Box):
        return _ordered(codes, space, space.low, space.high)
    raise BadValue(
        f"Actions of {type(space).__name__} cannot be made from keys by themselves. Give the device the option "
        '"action": "package.module:function", which is called with the codes held.'
    )


def _ordered(
    codes: tuple[str, ...], space: Any, low: npt.NDArray[Any], high: npt.NDArray[Any]
) -> Callable[[Held], npt.NDArray[Any]]:
    """Return the function from codes in the order of an array's values; what a code's 1 and -1 are, `ends` say.

    A motion is put in as it is, in counts of a step.
    """
    size = int(np.prod(space.shape))
    if len(codes) != size:
        raise BadValue(f"The environment wants {size} values an action, its device names the codes {codes}.")
    places = {code: one for place, pair in enumerate(codes) for code, one in _signed(pair, place)}
    low, high = (np.asarray(bound, np.float64).reshape(size) for bound in (low, high))
    down, idle, up = ends(low, high)
    is_whole = not np.issubdtype(space.dtype, np.floating)

    def to_action(held: Held) -> npt.NDArray[Any]:
        action = idle.copy()
        for code, value in held.items():
            place, sign = places[code]
            full = 1.0 if code in MOTIONS else (up if sign * value > 0 else -down)[place]
            action[place] += sign * value * full
        action = np.clip(np.rint(action) if is_whole else action, low, high)
        shaped: npt.NDArray[Any] = action.astype(space.dtype).reshape(space.shape)
        return shaped

    return to_action


def _signed(pair: str, place: int) -> list[tuple[str, tuple[int, int]]]:
    """Return what a code does to a value: itself, or of two keys joined by "/" the first less, the second more."""
    less, slash, more = pair.partition("/")
    return [(less, (place, -1)), (more, (place, 1))] if slash else [(pair, (place, 1))]


def ends(
    low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return how far -1 goes down, where 0 is, and how far 1 goes up: to the bounds, and 1 where there is none.

    0 is nothing held: the value nearest to 0 that the bounds allow.
    Shapes:  all as `low` and `high`; 0 or less, within the bounds, 0 or more.
    """
    idle = np.clip(0.0, low, high)
    return np.where(np.isfinite(low), low - idle, -1.0), idle, np.where(np.isfinite(high), high - idle, 1.0)


def _discrete(table: Mapping[str, int], idle: int) -> Callable[[Held], int]:
    by_codes = {frozenset(filter(None, codes.split("+"))): number for codes, number in table.items()}

    def to_action(held: Held) -> int:
        together = by_codes.get(frozenset(held))
        if together is not None:
            return together
        alone = (by_codes[frozenset({code})] for code in reversed(list(held)) if frozenset({code}) in by_codes)
        return next(alone, by_codes.get(frozenset(), idle))

    return to_action


def codes_of(options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the option "codes", of which a text is the only one. Raises BadValue for what is no list of codes."""
    codes = options.get("codes") or ()
    listed = (codes,) if isinstance(codes, str) else codes
    is_list = isinstance(listed, (list, tuple)) and all(isinstance(code, str) and code for code in listed)
    if not is_list or len(set(listed)) < len(listed):
        raise BadValue(
            f'codes={codes!r:.80} is no list of codes, each once. Give the device "codes": ("left", "right").'
        )
    return tuple(listed)


def actions_of(options: Mapping[str, Any]) -> dict[str, int]:
    """Return the option "actions". Raises BadValue for what is no table from codes to whole numbers."""
    table = options.get("actions") or {}
    wanted = 'Give the device a table from codes to numbers, as "actions": {"": 0, "left": 1, "left+fire": 2}.'
    if not isinstance(table, Mapping) or not all(isinstance(codes, str) for codes in table):
        raise BadValue(f"actions={table!r:.80} is no such table. {wanted}")
    for codes, number in table.items():
        if isinstance(number, (bool, np.bool_)) or not isinstance(number, (int, np.integer)):
            raise BadValue(f"actions.{codes}={number!r:.80} is no whole number. {wanted}")
    return {codes: int(number) for codes, number in table.items()}


def known_codes(options: Mapping[str, Any]) -> frozenset[str]:
    """Return the codes a device's options name; empty when a function of its own takes them."""
    if options.get("action"):
        return frozenset()
    combined = [code for codes in actions_of(options) for code in codes.split("+") if code]
    return frozenset([*(code for pair in codes_of(options) for code in pair.split("/")), *combined])
