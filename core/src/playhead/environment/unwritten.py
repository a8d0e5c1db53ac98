"""A game for an environment that nobody has written one for: called by its id, all of it as the environment says.

CartPole-v1, or cartpole_v1 --> registered? --> its pictures, its actions --> keys of the keyboard --> Game
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import gymnasium

from playhead.environment import EnvironmentSession, Observed, make_env
from playhead.environment.described import Env, frame_of, meanings_of, steps_of
from playhead.errors import BadValue, not_found
from playhead.game import Device, Game, Window, World
from playhead.input.codes import KEYS
from playhead.labels import Keys, LabelSchema

USUAL = {"fire": "space", "jump": "space", "noop": ""}
# Of a value that goes both ways: the key for less and that for more.
BOTH_WAYS = (("left", "right"), ("down", "up"), ("a", "d"), ("s", "w"), ("j", "l"), ("k", "i"))
FREE = "1234567890qwertyuiopasdfghjklzxcvbnm"
OPPOSITES = (("left", "right"), ("up", "down"))
_ID = re.compile(r"([\w.-]+/)?[\w.-]+-v\d+")  # as Gymnasium has them; no game is called so


@cache
def game_of(name: str) -> Game | None:
    """Return the game of an environment by its id or by that as a game's name; None for what is not registered.

    Raises:  NotFound, DeviceFailed or BadValue for one that cannot be opened or shows no picture, or whose actions
             no keys can be; NotFound for what can only be an id, and nothing registered.
    """
    environment = next((one for one in gymnasium.registry if name in (one, _plain(one))), "")
    if not environment and _ID.fullmatch(name):
        raise not_found("environment", name, gymnasium.registry, then=(
            "One of another package is known once that is installed and its module named, in a game of your own: "
            "playhead new-game NAME --environment module:Name-v0."
        ))  # fmt: skip
    if not environment:
        return None
    frames = "render"
    try:
        env = make_env({"environment": environment})
    except BadValue:
        frames = "observation"
        env = make_env({"environment": environment, "frames": frames})
    observed = Observed(env)
    try:
        session = EnvironmentSession(observed, step_hz=1.0)
        session.reset(seed=0)
        picture = session.render() if frames == "render" else session.observation
        return _game(environment, env, frames, picture)
    finally:
        observed.close()


def _plain(environment: str) -> str:
    return re.sub(r"\W", "_", environment).lower()


def _game(environment: str, env: Env, frames: str, picture: Any) -> Game:
    moves, controls, opposites = _moved_by(environment, env)
    options = {
        "environment": environment, "frames": frames, "step_hz": steps_of(environment, env)[0], **moves,
    }  # fmt: skip
    title = f"{environment} (playhead)"
    return Game(
        name=_plain(environment),
        title=title,
        devices={
            "screen": Device(capture="screen", input="keyboard", window=Window(title=title)),
            "world": Device(capture="environment", input="environment", options=options),
        },
        frame=frame_of(environment, env, picture),
        labels=LabelSchema.of({"drive": Keys(*controls, opposites=opposites)}),
        controls=controls,
        world=World(environment=environment),
    )


def _moved_by(environment: str, env: Env) -> tuple[Mapping[str, Any], dict[str, str], tuple[tuple[str, str], ...]]:
    """Return the device's option that makes actions, the key of each control, and those that exclude another."""
    space, kind = env.action_space, type(env.action_space).__name__
    if isinstance(space, gymnasium.spaces.Discrete):
        meanings = meanings_of(env, int(space.n))
        keys = _keys_for(environment, dict.fromkeys(name for names in meanings for name in names))
        held = ("+".join(keys[name] for name in names) for names in meanings)
        actions = {codes: int(space.start) + place for place, codes in enumerate(held)}
        return {"actions": actions}, keys, tuple(pair for pair in OPPOSITES if {*pair} <= {*keys})
    size = math.prod(space.shape or ()) if kind in ("Box", "MultiBinary") else 0
    if kind == "MultiBinary" and size:
        keys = _keys_for(environment, dict.fromkeys(f"key_{number}" for number in range(size)))
        return {"codes": tuple(keys.values())}, keys, ()
    if kind == "Box" and 0 < size <= len(BOTH_WAYS):
        keys, pairs = {}, []
        for number, (less, more) in enumerate(BOTH_WAYS[:size]):
            keys |= {f"axis_{number}_down": less, f"axis_{number}_up": more}
            pairs.append((f"axis_{number}_down", f"axis_{number}_up"))
        return {"codes": tuple(f"{less}/{more}" for less, more in BOTH_WAYS[:size])}, keys, tuple(pairs)
    raise BadValue(
        f"{environment} takes actions of {kind}, which keys are not by themselves. Write it a game: "
        f"playhead new-game NAME --environment {environment}."
    )


def _keys_for(environment: str, names: Mapping[str, None]) -> dict[str, str]:
    """Return a key of the keyboard for each name: the one called so, the usual one, else the next that is free."""
    wanted = {name: USUAL.get(name, name) for name in names}
    taken = {key for key in wanted.values() if key in KEYS}
    free: Iterator[str] = (key for key in FREE if key not in taken)
    found = {name: key if key in KEYS else next(free, "") for name, key in wanted.items()}
    if not found or "" in found.values() or len({*found.values()}) < len(found):
        raise BadValue(
            f"{environment} has {len(found)} actions, and a keyboard has not as many keys. Write it a game: "
            f"playhead new-game NAME --environment {environment}."
        )
    return found
