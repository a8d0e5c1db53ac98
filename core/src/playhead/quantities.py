"""Numbers that people and plugins state, as seconds, rates and seeds: checked here alone, where they enter."""

from __future__ import annotations

import math
import numbers

from playhead.errors import BadValue

MOST = 1e9  # of seconds (31 years) and of steps a second: 64 bits hold no more nanoseconds a hundred times over
MOST_HZ = 100_000  # of frames
SLOWEST_HZ = 1e-6  # a step in twelve days
MOST_SEED = 2**32 - 1  # environments that seed numpy as it used to be done take no more


def is_finite(value: float) -> bool:
    """Say whether a float can be it: not NaN, no infinity, no whole number of hundreds of digits."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def number(value: object, name: str, *, least: float = 0.0, most: float = MOST) -> float:
    """Return a number of 0 or more as a plain float.

    Raises:  BadValue calling it `name`, for texts, truth values, NaN, and what lies outside.
    """
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    try:
        found = float(value) if is_number else math.nan  # type: ignore[arg-type]
    except OverflowError:  # a whole number of hundreds of digits
        found = math.inf
    if math.isnan(found):
        raise BadValue(f"{name} {_shown(value)} is no number. Give one, or leave it out.")
    if found < 0:
        raise BadValue(f"{name} cannot be negative, as {_shown(value)} is. Give another, or leave it out.")
    if not least <= found <= most:
        raise BadValue(f"{name} {_shown(value)} must lie between {least:g} and {most:g}. Or leave it out.")
    return found


def check_seconds(**asked: object) -> None:
    """Raise BadValue for times in seconds that are none, by the names of their options; None was not asked for."""
    for name, value in asked.items():
        if value is not None:
            number(value, f"--{name}")


def rate(value: object, name: str = "--rate", *, most: float = MOST_HZ) -> float:
    """Return how often something happens. Units:  a second. Raises: as `number`."""
    return number(value, name, least=SLOWEST_HZ, most=most)


def seed(value: object, name: str = "--seed") -> int:
    """Return a seed, which any environment takes. Raises BadValue for anything else."""
    is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    found = int(value) if is_whole else -1  # type: ignore[call-overload]
    if not 0 <= found <= MOST_SEED:
        raise BadValue(f"{name} {_shown(value)} is no whole number from 0 to {MOST_SEED}. Try another.")
    return found


def seeds(first: object, count: int, name: str = "--seed") -> range:
    """Return `count` seeds from the first on. Raises BadValue where they go past the last."""
    begin = seed(first, name)
    seed(begin + max(0, count - 1), f"The last of {count} seeds,")
    return range(begin, begin + count)


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else f"{value!r:.60}"
