"""What an environment says of itself: how large its pictures are, its steps a second, names of its actions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium

from playhead.environment.actions import Value
from playhead.environment.making import said_hz
from playhead.game import Frame

WIDEST, TALLEST = 320, 1280  # pixels of the frame a game begins with
FASTEST_HZ = 30.0
LESS, MORE = "_down", "_up"  # behind the name of a value that goes evenly
DEEPEST = 4  # Dicts in one another that are searched for a picture

Env = gymnasium.Env[Any, Any]


def frame_of(environment: str, env: Env, picture: Any) -> Frame:
    """Return the frame for pictures like this one: small and slow enough to learn from."""
    height, width, channels = (*picture.shape, 1)[:3]
    smaller = max(math.ceil(width / WIDEST), math.ceil(height / TALLEST))
    step_hz, _ = steps_of(environment, env)
    return Frame(
        width=max(1, width // smaller), height=max(1, height // smaller),
        rate_hz=step_hz / math.ceil(step_hz / FASTEST_HZ), codec="lossless",
        colour="grey" if channels == 1 else "rgb",
    )  # fmt: skip


def steps_of(environment: str, env: Env) -> tuple[float, bool]:
    """Return the steps a second, and whether the environment says them itself."""
    hz = said_hz(env, environment)
    return hz or FASTEST_HZ, bool(hz)


def meanings_of(env: Env, count: int) -> list[list[str]]:
    """Return the keys that each action is; the first of an environment that names none is to do nothing.

    An Atari names its actions: RIGHTFIRE is RIGHT and FIRE, NOOP is nothing.
    """
    try:
        unwrapped: Any = env.unwrapped
        named = [str(name).lower() for name in unwrapped.get_action_meanings()]
    except Exception:  # most have none, and whose names cannot be had has none either
        named = []
    if len(named) != count:
        return [[], *([f"action_{number}"] for number in range(1, count))]
    names = [re.sub(r"\W+", "_", name) or f"action_{number}" for number, name in enumerate(named)]
    return [[] if name == "noop" else _split(name, {*names}) for name in names]


def _split(name: str, known: set[str]) -> list[str]:
    """Return the names that follow one another in a name, at least two of them; else the name itself."""
    for end in range(len(name) - 1, 0, -1):
        if name[:end] in known:
            rest = _split(name[end:], known)
            if {*rest} <= known:
                return [*_split(name[:end], known), *rest]
    return [name]


@dataclass(frozen=True, kw_only=True)
class Controls:
    """Names of the controls that move one value of an action, and what joins them in its entry of `codes`."""

    names: tuple[str, ...]
    joined: str = ""
    is_choice: bool = False

    @property
    def is_both_ways(self) -> bool:
        """Whether one is for less and the other for more."""
        return not self.is_choice and len(self.names) > 1

    def of_pair(self, less: str, more: str) -> dict[str, str]:
        """Return which of a pair of keys each name has, where it is no choice."""
        return {name: less if name.endswith(LESS) else more for name in self.names}

    def entry(self, codes: Mapping[str, str]) -> str:
        """Return the value's entry in `codes`, with a code for each name."""
        alone = self.joined if len(self.names) == 1 else ""  # "key/" is for less
        return self.joined.join(codes[name] for name in self.names) + alone


def controls_of(value: Value) -> Controls:
    """Return the controls of a value: one for each number of a choice but the first, else for less and for more.

    A way in which nothing lies has none, as of a throttle from 0 to 1 the way to less.
    """
    if value.is_choice:
        count = int(value.high - value.low)
        numbers = (f"{value.name}_{number}" for number in range(1, count + 1))
        names = (value.name,) if count == 1 else tuple(numbers)
        return Controls(names=names, joined="|" if count > 1 else "", is_choice=True)
    ways = {LESS: value.low < value.idle, MORE: value.high > value.idle}
    names = tuple(f"{value.name}{way}" for way, is_there in ways.items() if is_there)
    return Controls(names=names, joined="/" if ways[LESS] else "")


def parts_of(observed: Any, within: str = "", levels: int = DEEPEST) -> Iterator[tuple[str, Any]]:
    """Yield an observation and what Dicts and Tuples in it hold, with its place as in `frames`."""
    yield within, observed
    parts: Iterable[tuple[Any, Any]] = enumerate(observed) if isinstance(observed, tuple) else ()
    parts = observed.items() if isinstance(observed, Mapping) else parts
    for key, part in parts if levels else ():
        yield from parts_of(part, f"{within}/{key}", levels - 1)
