"""A game for an environment that nobody has written one for: called by its id, all of it as the environment says.

CartPole-v1, or cartpole_v1 --> registered? --> its pictures, its actions --> keys of the keyboard --> Game
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import gymnasium

from playhead.environment.actions import values_of
from playhead.environment.described import Env, controls_of, frame_of, meanings_of, steps_of
from playhead.environment.looking import Looked, looked_at
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
    with looked_at(environment) as looked:
        return _game(environment, looked)


def _plain(environment: str) -> str:
    return re.sub(r"\W", "_", environment).lower()


def _game(environment: str, looked: Looked) -> Game:
    env = looked.env
    moves, controls, opposites = _moved_by(environment, env)
    options = {
        "environment": environment, "frames": looked.frames, "step_hz": steps_of(environment, env)[0], **moves,
    }  # fmt: skip
    title = f"{environment} (playhead)"
    return Game(
        name=_plain(environment),
        title=title,
        devices={
            "screen": Device(capture="screen", input="keyboard", window=Window(title=title)),
            "world": Device(capture="environment", input="environment", options=options),
        },
        frame=frame_of(environment, env, looked.picture),
        labels=LabelSchema.of({"drive": Keys(*controls, opposites=opposites)}),
        controls=controls,
        world=World(environment=environment),
    )


def _moved_by(environment: str, env: Env) -> tuple[Mapping[str, Any], dict[str, str], tuple[tuple[str, str], ...]]:
    """Return the device's option that makes actions, the key of each control, and those that exclude another."""
    space = env.action_space
    if isinstance(space, gymnasium.spaces.Discrete):
        meanings = meanings_of(env, int(space.n))
        keys = _keys_for(environment, dict.fromkeys((name for names in meanings for name in names), ""))
        held = ("+".join(keys[name] for name in names) for names in meanings)
        actions = {codes: int(space.start) + place for place, codes in enumerate(held)}
        return {"actions": actions}, keys, tuple(pair for pair in OPPOSITES if {*pair} <= {*keys})
    try:
        moved = [controls_of(value) for value in values_of(space)]
    except BadValue:
        because = f"takes actions of {type(space).__name__}, which keys are not by themselves"
        raise _no_keys(environment, because) from None
    both_ways = [one.names for one in moved if one.is_both_ways]
    if len(both_ways) > len(BOTH_WAYS):
        many = f"{len(both_ways)} values that go both ways, and there are keys for {len(BOTH_WAYS)}"
        raise _no_keys(environment, f"takes actions of {type(space).__name__} with {many}")
    given, spare, pairs = dict[str, str](), len(BOTH_WAYS) - len(both_ways), iter(BOTH_WAYS)
    for one in (one for one in moved if one.names and not one.is_choice):
        spare -= not one.is_both_ways
        if one.is_both_ways or spare >= 0:
            given |= one.of_pair(*next(pairs))
    keys = _keys_for(environment, {name: given.get(name, "") for one in moved for name in one.names})
    return {"codes": tuple(one.entry(keys) for one in moved)}, keys, tuple((a, b) for a, b in both_ways)


def _no_keys(environment: str, because: str) -> BadValue:
    return BadValue(
        f"{environment} {because}. Write it a game: playhead new-game NAME --environment {environment}."
    )


def _keys_for(environment: str, names: Mapping[str, str]) -> dict[str, str]:
    """Return a key of the keyboard for each name: the given one, that called so, the usual, else the next free."""
    if not names:
        raise _no_keys(environment, "has one action only, to do nothing, so there is nothing to play")
    found = {name: key for name, key in names.items() if key}
    for name in names:
        own = USUAL.get(name, name)
        if name not in found and own in KEYS and own not in found.values():
            found[name] = own
    free = iter([key for key in FREE if key not in found.values()])
    found = {name: found.get(name) or next(free, "") for name in names}
    if "" in found.values():
        raise _no_keys(environment, f"has {len(found)} controls, and a keyboard has not as many keys")
    return found
