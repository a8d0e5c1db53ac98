"""Whether a plugin's objects are of the types that their fields state. Names the field that is not."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from playhead.errors import BadValue


def check_fields(value: object, where: str, names: Mapping[str, Any]) -> None:
    """Raise BadValue unless every field of a dataclass, and of those inside it, has the type it states.

    `names` are types that the module of the class imports for the type checker only.
    """
    kind: Any = type(value)
    hints = _hints(kind, tuple(names.items()))
    for field in dataclasses.fields(typing.cast(Any, value)):
        _check(getattr(value, field.name, None), hints[field.name], f"{where}.{field.name}", names)


@functools.cache
def _hints(kind: type, names: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    """Return the types of a class's fields; evaluating them is most of the work, .02 s for three games."""
    return typing.get_type_hints(kind, localns=dict(names))


def _check(value: object, wanted: Any, where: str, names: Mapping[str, Any]) -> None:
    origin, inside = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted is Any:
        return
    if origin in (types.UnionType, typing.Union):
        _check_any(value, inside, where, names)
    elif origin is typing.Literal:
        _ensure(value in inside, value, where, " or ".join(map(repr, inside)))
    elif origin is tuple:
        _ensure(isinstance(value, (tuple, list)), value, where, "a tuple")
        _check_items(typing.cast("Sequence[object]", value), inside, where, names)
    elif origin is not None and issubclass(origin, Mapping):
        _ensure(isinstance(value, Mapping), value, where, "a mapping")
        for key, one in typing.cast("Mapping[object, object]", value).items():
            _check(key, inside[0], f"a name in {where}", names)
            _check(one, inside[1], f"{where}[{key!r}]", names)
    elif origin is Callable or wanted is Callable:
        _ensure(callable(value), value, where, "a callable")
    else:
        _check_plain(value, wanted, where, names)


def _check_any(value: object, kinds: Sequence[Any], where: str, names: Mapping[str, Any]) -> None:
    """Check a value that may be of several kinds; a dataclass is judged by its own fields."""
    for kind in kinds:
        if isinstance(kind, type) and isinstance(value, kind):
            _check(value, kind, where, names)
            return
    for kind in kinds:
        try:
            _check(value, kind, where, names)
        except BadValue:
            continue
        return
    _ensure(False, value, where, " or ".join(_said(kind) for kind in kinds))


def _check_items(value: Sequence[object], kinds: Sequence[Any], where: str, names: Mapping[str, Any]) -> None:
    each = tuple(kinds[:1]) * len(value) if tuple(kinds[1:]) == (...,) else tuple(kinds)
    _ensure(len(each) == len(value), value, where, f"a tuple of {len(each)}")
    for number, (one, kind) in enumerate(zip(value, each, strict=True)):
        _check(one, kind, f"{where}[{number}]", names)


def _check_plain(value: object, wanted: type, where: str, names: Mapping[str, Any]) -> None:
    is_number = wanted is float and isinstance(value, int)
    is_bool = isinstance(value, bool) and wanted in (int, float)
    _ensure((isinstance(value, wanted) or is_number) and not is_bool, value, where, _said(wanted))
    if dataclasses.is_dataclass(value):
        check_fields(value, where, names)


def _said(kind: Any) -> str:
    return "None" if kind in (None, type(None)) else getattr(kind, "__name__", str(kind))


def _ensure(is_right: bool, value: object, where: str, wanted: str) -> None:
    if not is_right:
        raise BadValue(f"{where} is of type {type(value).__name__}, {wanted} is wanted.")
