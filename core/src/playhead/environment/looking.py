"""Opens an environment that nobody has written a game for, and finds where its picture is: drawn, or observed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playhead.environment import EnvironmentSession, Observed, make_env
from playhead.environment.described import Env, parts_of
from playhead.errors import BadValue, DeviceFailed
from playhead.stepping import is_picture


@dataclass(frozen=True, kw_only=True)
class Looked:
    """An open environment, the option `frames` by which it shows a picture, and that picture."""

    env: Env
    frames: str
    picture: Any


@contextmanager
def looked_at(environment: str) -> Iterator[Looked]:
    """Open an environment by its id, begin an episode and look; closed afterwards.

    What it draws comes first, else the largest picture that it observes.
    Raises:  NotFound, DeviceFailed or BadValue for one that cannot be opened or shows no picture.
    """
    try:
        env, is_drawn = make_env({"environment": environment}), True
    except BadValue:  # it takes no render_mode
        env, is_drawn = make_env({"environment": environment, "frames": "observation"}), False
    observed = Observed(env)
    try:
        session = EnvironmentSession(observed, step_hz=1.0)
        session.reset(seed=0)
        frames, picture = _found(environment, session, is_drawn)
        yield Looked(env=env, frames=frames, picture=picture)
    finally:
        observed.close()


def _found(environment: str, session: EnvironmentSession, is_drawn: bool) -> tuple[str, Any]:
    drawn: Any = None
    failed: DeviceFailed | None = None
    try:
        drawn = session.render() if is_drawn else None
    except DeviceFailed as error:
        failed = error
    if is_picture(drawn):
        return "render", drawn
    observed = [(f"observation{place}", part) for place, part in parts_of(session.observation)]
    pictures = [one for one in observed if is_picture(one[1])]
    if pictures:
        return max(pictures, key=lambda one: math.prod(one[1].shape[:2]))
    if failed is not None:
        raise failed
    arrays = [one for one in (drawn, *(part for _, part in observed)) if getattr(one, "ndim", 0) in (2, 3)]
    if not arrays:
        raise BadValue(
            f"{environment} shows no picture, neither drawn (render_mode rgb_array) nor observed, so there is "
            "nothing to learn from what is seen."
        )
    raise BadValue(
        f"{environment} shows {arrays[0].dtype} {arrays[0].shape} where a picture is wanted. Have the environment "
        "convert it: uint8 from 0 to 255, with the colours last."
    )
