"""From codes held to the action of an environment, by what its device's options say of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import gymnasium
import numpy as np

from playhead.agreement import HELD
from playhead.errors import BadValue
from playhead.events import MOTIONS
from playhead.references import resolve

Held = Mapping[str, float]


def action_translator(space: gymnasium.Space[Any], options: Mapping[str, Any]) -> Callable[[Held], Any]:
    """Return the function from codes held to an action of this space.

    `action` names any such function. Without it: Discrete takes `actions`, a table from codes joined by "+"
    ("" for none) to a number, or else the place in `codes`; every other space takes `codes`, one for each value.
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
    return _ordered(codes, space)


@dataclass(frozen=True, kw_only=True)
class Value:
    """One number of an action, and what it is called. A choice is one of whole numbers; `idle` is nothing held."""

    name: str
    low: float
    high: float
    idle: float
    is_choice: bool = False

    @property
    def reach(self) -> tuple[float, float]:
        """How far -1 goes down from where nothing is held, and 1 up: to the bounds, and 1 where there is none."""
        down, up = self.low - self.idle, self.high - self.idle
        return down if math.isfinite(down) else -1.0, up if math.isfinite(up) else 1.0


def values_of(space: gymnasium.Space[Any], name: str = "") -> list[Value]:
    """Return the numbers that an action of this space is made of, in order; `name` is that of the part it is.

    Nothing held is the first number of a choice, and of others the value nearest to 0 that the bounds allow.
    Raises:  BadValue for a space that is not made of numbers, as Text, or not of a certain count of them.
    """
    spaces = gymnasium.spaces
    if isinstance(space, spaces.Dict):
        return _values_of_parts(space.spaces.items(), name)
    if isinstance(space, spaces.Tuple):
        return _values_of_parts(enumerate(space.spaces), name)
    if isinstance(space, spaces.Box):
        lows, highs = (_bounds(bound).tolist() for bound in (space.low, space.high))
        return [
            Value(name=called, low=low, high=high, idle=min(max(0.0, low), high))
            for called, low, high in zip(_called(name or "axis", name, len(lows)), lows, highs, strict=True)
        ]  # fmt: skip
    firsts, counts = _choices(space)
    kind = "key" if isinstance(space, spaces.MultiBinary) else "choice"
    return [
        Value(name=called, low=first, high=first + count - 1, idle=first, is_choice=True)
        for called, first, count in zip(_called(name or kind, name, len(counts)), firsts, counts, strict=True)
    ]  # fmt: skip


def _values_of_parts(parts: Iterable[tuple[object, gymnasium.Space[Any]]], name: str) -> list[Value]:
    named = ((part, re.sub(r"\W", "_", str(key)).lower()) for key, part in parts)
    return [one for part, key in named for one in values_of(part, "_".join(filter(None, (name, key))))]


def _bounds(bound: Any) -> Any:
    """Return bounds in a row as float64; what is the largest number of its type stands for none."""
    alone = np.asarray(bound).ravel()
    ends = np.finfo(alone.dtype) if np.issubdtype(alone.dtype, np.floating) else None
    wide = alone.astype(np.float64)
    return wide if ends is None else np.where(np.abs(alone) >= ends.max, np.copysign(np.inf, wide), wide)


def _choices(space: gymnasium.Space[Any]) -> tuple[list[int], list[int]]:
    """Return the first number of each choice, and of how many it is one. Raises BadValue."""
    if isinstance(space, gymnasium.spaces.Discrete):
        return [int(space.start)], [int(space.n)]
    if isinstance(space, gymnasium.spaces.MultiDiscrete):
        return space.start.ravel().tolist(), space.nvec.ravel().tolist()
    if isinstance(space, gymnasium.spaces.MultiBinary):
        size = math.prod(space.shape)
        return [0] * size, [2] * size
    raise BadValue(
        f"Actions of {type(space).__name__} cannot be made from keys by themselves. Give the device the option "
        '"action": "package.module:function", which is called with the codes held.'
    )


def _called(base: str, part: str, count: int) -> list[str]:
    return [base] if part and count == 1 else [f"{base}_{number}" for number in range(count)]


def _ordered(codes: tuple[str, ...], space: gymnasium.Space[Any]) -> Callable[[Held], Any]:
    """Return the function from codes, one for each value of an action; how far a code's 1 goes, `reach` says.

    Of codes joined by "|" the one held last chooses its number. A motion is put in as it is, in counts of a step.
    """
    values = values_of(space)
    if len(codes) != len(values):
        raise BadValue(
            f"The environment wants {len(values)} values an action, its device names the codes {codes}."
        )
    places = {code: one for place, entry in enumerate(codes) for code, one in _moves(entry, place, values[place])}

    def to_action(held: Held) -> Any:
        numbers = [one.idle for one in values]
        for code, value in held.items():
            place, sign, chosen = places[code]
            down, up = values[place].reach
            if chosen and value >= HELD:
                numbers[place] = values[place].idle + chosen
            elif not chosen:
                full = 1.0 if code in MOTIONS else up if sign * value > 0 else -down
                numbers[place] += sign * value * full
        bounded = (min(max(number, one.low), one.high) for number, one in zip(numbers, values, strict=True))
        return _made(space, bounded)

    return to_action


def _made(space: Any, numbers: Iterator[float]) -> Any:
    """Return an action of a space from its next numbers."""
    if isinstance(space, gymnasium.spaces.Dict):
        return {key: _made(part, numbers) for key, part in space.spaces.items()}
    if isinstance(space, gymnasium.spaces.Tuple):
        return tuple(_made(part, numbers) for part in space.spaces)
    if isinstance(space, gymnasium.spaces.Discrete):
        return round(next(numbers))
    array = np.array([*islice(numbers, math.prod(space.shape))])
    is_whole = not np.issubdtype(space.dtype, np.floating)
    return (np.rint(array) if is_whole else array).astype(space.dtype).reshape(space.shape)


def _moves(entry: str, place: int, value: Value) -> list[tuple[str, tuple[int, int, int]]]:
    """Return what each code of an entry does: the place of its value, its sign, or which number it chooses.

    Alone it is the value, of two joined by "/" the first is less and the second more, and of several joined by "|"
    each chooses a number, from the second of the value on: nothing held is the first.
    """
    if "|" in entry:
        keys = list(filter(None, entry.split("|")))
        if not value.is_choice or len(keys) > value.high - value.low:
            many = f"one of {value.high - value.low + 1:g} numbers" if value.is_choice else "no choice"
            raise BadValue(
                f"The device's code {entry} chooses one of {len(keys) + 1} numbers, and value {place} of an "
                f"action is {many}. Name as many keys as there are numbers behind the first."
            )
        return [(code, (place, 1, number)) for number, code in enumerate(keys, 1)]
    less, slash, more = entry.partition("/")
    signed = [(less, (place, -1, 0)), (more, (place, 1, 0))] if slash else [(entry, (place, 1, 0))]
    return [one for one in signed if one[0]]


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
    """Return the option "codes", of which a text is the only one; "" is a value that nothing moves.

    Raises:  BadValue for what is no list of codes.
    """
    codes = options.get("codes") or ()
    listed = (codes,) if isinstance(codes, str) else codes
    is_list = isinstance(listed, (list, tuple)) and all(isinstance(code, str) for code in listed)
    alone = _alone(listed) if is_list else []
    if not is_list or len(set(alone)) < len(alone):
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
    return frozenset([*_alone(codes_of(options)), *combined])


def _alone(entries: Iterable[str]) -> list[str]:
    """Return every code of entries that join several."""
    return [code for entry in entries for code in re.split(r"[/|]", entry) if code]
