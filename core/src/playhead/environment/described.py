"""What an environment says of itself: how large its pictures are, its steps a second, names of its actions."""

from __future__ import annotations

import math
import re
from typing import Any

import gymnasium

from playhead.environment.making import said_hz
from playhead.errors import BadValue
from playhead.game import Frame

WIDEST, TALLEST = 320, 1280  # pixels of the frame a game begins with
FASTEST_HZ = 30.0

Env = gymnasium.Env[Any, Any]


def frame_of(environment: str, env: Env, picture: Any) -> Frame:
    """Return the frame for pictures like this one: small and slow enough to learn from. Raises BadValue."""
    shape = tuple(getattr(picture, "shape", ()))
    if len(shape) not in (2, 3):
        raise BadValue(
            f"{environment} shows no picture, neither drawn (render_mode rgb_array) nor observed, so there is "
            "nothing to learn from what is seen."
        )
    height, width, channels = (*shape, 1)[:3]
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
