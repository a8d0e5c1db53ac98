"""Settings as frozen dataclasses: read by the type of each field, whoever they belong to. Free of torch.

A recipe has them, and so has a training method whose own stand in `Recipe.method`. What a setting does, its unit
included, is the comment behind its field, behind a parameter or behind an entry of a network's OPTIONS; so
`playhead plugins --settings` shows it, and docs/settings.md.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

import msgspec

from playhead.decoding import setting_value
from playhead.errors import LISTED, BadValue, PlayheadError, not_found

T = TypeVar("T")
# A name, its type and value, on lines that are indented further too, and the comment.
_COMMENTED = re.compile(r'^( +)"?(\w+)"?:[^\n#]*(?:\n\1[ )][^\n#]*)*?  # (.*)$', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class NoSettings:
    """The settings of a method that has none of its own."""


@dataclass(frozen=True, kw_only=True)
class SettingRow:
    """One setting as it is listed. `default` is None and `is_needed` true for one that has to be given."""

    name: str
    kind: str
    default: Any
    is_needed: bool
    help: str
    values: str = ""

    def line(self) -> str:
        """Say it in a line."""
        default = "to be given" if self.is_needed else f"= {self.default!r}"
        return (
            f"  {self.name} {default}  ({self.kind})  {'; '.join(filter(None, (self.help, self.values)))}".rstrip()
        )


def types_of(kind: Any) -> dict[str, Any]:
    """Return the types of the settings of a dataclass, by name."""
    hints = typing.get_type_hints(kind)
    return {one.name: hints[one.name] for one in dataclasses.fields(kind)}


def described(kind: type, values: Mapping[str, str] = types.MappingProxyType({})) -> list[SettingRow]:
    """Return every setting of a dataclass as a row of a list; what it does is the comment behind it."""
    comments, hints = _comments(kind), types_of(kind)
    return [
        _row(one, hints[one.name], comments.get(one.name, ""), values.get(one.name, ""))
        for one in dataclasses.fields(cast("Any", kind))
    ]


def described_parameters(function: Any, before: str) -> list[SettingRow]:
    """Return the parameters of a function or class that have defaults; each is typed behind the name `before`."""
    own = [one for one in inspect.signature(function).parameters.values() if one.default is not one.empty]
    made: Any = function.__init__ if inspect.isclass(function) else function
    comments = _comments(made) if own else {}
    return [
        SettingRow(name=before + one.name, kind=str(one.annotation), default=one.default, is_needed=False,
                   help=comments.get(one.name, ""))
        for one in own
    ]  # fmt: skip


def described_options(network: type, before: str) -> list[SettingRow]:
    """Return the OPTIONS of a network that its module states, each typed behind the name `before`."""
    module = sys.modules[network.__module__]
    begins: Any = inspect.getattr_static(network, "__init__")
    is_its_own = "OPTIONS" in getattr(getattr(begins, "__code__", None), "co_names", ())
    options = getattr(module, "OPTIONS", {}) if is_its_own else {}
    comments = _comments(module) if options else {}
    return [
        SettingRow(name=before + name, kind="any" if usual is None else type(usual).__name__, default=usual,
                   is_needed=False, help=comments.get(name, ""))
        for name, usual in options.items()
    ]  # fmt: skip


def _comments(source: Any) -> dict[str, str]:
    """Return the comments behind names in the source of something, the first behind each."""
    try:
        found = _COMMENTED.findall(inspect.getsource(source))
    except (OSError, TypeError):  # typed at a prompt
        return {}
    return {name: comment for _, name, comment in reversed(found)}


def _row(one: dataclasses.Field[Any], wanted: Any, help: str, values: str) -> SettingRow:
    makes = one.default_factory
    default = one.default if makes is dataclasses.MISSING else makes()
    is_needed = default is dataclasses.MISSING
    default = None if is_needed else default
    return SettingRow(
        name=one.name, kind=_said(wanted), default=default, is_needed=is_needed, help=help, values=values
    )


def settings_from(kind: type[T], given: Mapping[str, Any], of: str) -> T:
    """Return settings of a dataclass from plain data by name; `of` says whose they are.

    Raises:  NotFound for a name that it has not, with the nearest; BadValue for a value that does not fit.
    """
    known = types_of(kind)
    for name in given:
        if name not in known:
            raise not_found(f"setting of {of}", name, known, then=LISTED)
    needed = [row.name for row in described(kind) if row.is_needed and row.name not in given]
    if needed:
        raise BadValue(f"{of[:1].upper()}{of[1:]} needs {', '.join(needed)}. Pass --set {needed[0]}=VALUE.")
    values = {name: parsed(name, value, known[name]) for name, value in given.items()}
    try:
        return kind(**values)
    except PlayheadError:
        raise
    except (ValueError, TypeError) as error:  # of a method's own checks
        raise BadValue(f"The settings of {of} cannot be: {error}.") from error


def parsed(name: str, value: Any, wanted: Any) -> Any:
    """Return `value`, of a file or typed, as the type of setting `name`, or raise BadValue naming both."""
    origin = typing.get_origin(wanted)
    if origin is Literal:
        if value in typing.get_args(wanted):
            return value
        raise BadValue(f"{name}={value} is not one of {', '.join(map(str, typing.get_args(wanted)))}.")
    if origin is tuple:
        return _tuple(name, value, typing.get_args(wanted))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if isinstance(value, Mapping):
            inside = typing.get_args(wanted)[1]
            return {str(key): parsed(f"{name}.{key}", one, inside) for key, one in value.items()}
        raise BadValue(f"{name}={value} is not a mapping. Give one entry as {name}.NAME=VALUE.")
    if wanted is Any:
        return value
    if wanted in (float, int, str, bool):
        return _plain(name, value, wanted)
    try:
        return msgspec.convert(value, type=wanted)
    except msgspec.MsgspecError as error:
        raise BadValue(f"{name}={value} is not {_said(wanted)}: {str(error).rstrip('.')}.") from error


def _tuple(name: str, value: Any, kinds: tuple[Any, ...]) -> tuple[Any, ...]:
    items = value if isinstance(value, (list, tuple)) else str(value).split(",")
    if kinds[-1] is not Ellipsis and len(items) != len(kinds):
        raise BadValue(f"{name}={value} needs {len(kinds)} values, as in {name}=[0.9,0.999].")
    if kinds[0] is str:
        return tuple(str(item) for item in items)
    return tuple(parsed(name, setting_value(item) if isinstance(item, str) else item, kinds[0]) for item in items)


def _plain(name: str, value: Any, wanted: type | types.UnionType) -> Any:
    if wanted is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if wanted is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if wanted is str:
        return str(value)
    if wanted is bool:
        if isinstance(value, bool):
            return value
        raise BadValue(f"{name}={value} is neither true nor false.")
    raise BadValue(f"{name}={value} is not {'a whole number' if wanted is int else 'a number'}.")


def _said(wanted: Any) -> str:
    if typing.get_origin(wanted) is Literal:
        return " or ".join(map(str, typing.get_args(wanted)))
    origin, inside = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is Mapping:
        return "mapping"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(_said, inside))
    if origin is tuple:
        return f"list of {_said(inside[0])}" if inside[-1] is Ellipsis else f"{len(inside)} of {_said(inside[0])}"
    return wanted.__name__ if isinstance(wanted, type) else str(wanted).replace("typing.", "")
