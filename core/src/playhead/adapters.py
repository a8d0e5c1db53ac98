"""Optional abilities without asking: base classes have defaults, wrappers pass on, plain objects are met here.

What playhead itself brings derives from a base class (Driver, Capture, Input, ...), so every ability can be used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
Class = TypeVar("Class", bound=type)


class PassedOn:
    """An ability that is the inner object's. Whoever sets it on a wrapper has one of their own."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, wrapper: Any, kind: type | None = None) -> Any:
        """Return what the inner object has."""
        return self if wrapper is None else getattr(wrapper.inner, self._name)


def passes_on(base: type) -> Callable[[Class], Class]:
    """Make everything public of `base` that the decorated wrapper does not say itself that of its `inner`."""

    def decorated(wrapper: Class) -> Class:
        for name in _public(base):
            if name not in vars(wrapper):
                setattr(wrapper, name, PassedOn(name))
        return wrapper

    return decorated


def complete(base: type[T], plain: object) -> T:
    """Return an object as one of `base`: its own abilities, and the defaults of `base` for those it lacks.

    The one place where an object that derives from nothing of ours, as a world's policy, is asked what it can.
    """
    if isinstance(plain, base):
        return plain
    own = {name: PassedOn(name) for name in _public(base) if hasattr(plain, name)}
    adapted: T = type(type(plain).__name__, (base,), {**own, "inner": plain, "__init__": lambda self: None})()
    return adapted


def _public(base: type) -> list[str]:
    return [name for name in dir(base) if not name.startswith("_")]
