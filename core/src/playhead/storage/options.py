"""What a device was opened with, as a header says it, and what of that may be taken from a file again.

Numbers and switches are. A text could name code or a file of this machine, so whoever replays says it again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

ELSEWHERE = ("seed", "rate_hz")  # the header says these itself
LONGEST = 1_000  # of a text
MOST_LEVELS = 3  # of mappings in one another, as OptionsOfDevice has them

Word = Annotated[str, Meta(max_length=LONGEST)]
One = bool | int | float | Word | None
Option = One | Annotated[list[One], Meta(max_length=1_000)]
OptionsOfDevice = Mapping[str, Option | Mapping[str, Option | Mapping[str, Option]]]


def given_options(own: Mapping[str, Any], options: Mapping[str, Any], levels: int = MOST_LEVELS) -> dict[str, Any]:
    """Return as plain data what options say beyond a device's own, without folders of this machine."""
    given: dict[str, Any] = {}
    for name, value in options.items():
        before = own.get(name)
        if isinstance(value, Mapping) and levels > 1:
            inside = given_options(before if isinstance(before, Mapping) else {}, value, levels - 1)
            given |= {str(name): inside} if inside else {}
        elif name not in ELSEWHERE and (name not in own or _plain(before) != _plain(value)):
            given[str(name)] = _plain(value)
    return given


def _plain(value: object) -> Any:
    return [_one(one) for one in value] if isinstance(value, (list, tuple)) else _one(value)


def _one(value: object) -> One:
    is_number = isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value))
    if value is None or is_number:
        return value  # type: ignore[return-value]
    text = str(value)[:LONGEST]
    return Path(text).name if Path(text).is_absolute() else text


def numbers_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a header's options that are numbers or switches, mappings of them, and lists."""
    inside = {name: numbers_of(value) for name, value in given.items() if isinstance(value, Mapping)}
    plain = {name: value for name, value in given.items() if name not in inside and _is_number(value)}
    return {**plain, **{name: value for name, value in inside.items() if value}}


def texts_of(given: Mapping[str, Any], said: Mapping[str, Any], within: str = "") -> dict[str, str]:
    """Return the others by their dotted names, as texts, without those that `said` has."""
    texts: dict[str, str] = {}
    for name, value in given.items():
        again = said.get(name)
        if isinstance(value, Mapping):
            texts |= texts_of(value, again if isinstance(again, Mapping) else {}, f"{within}{name}.")
        elif name not in said and not _is_number(value):
            texts[f"{within}{name}"] = str(value)
    return texts


def _is_number(value: object) -> bool:
    return (
        all(map(_is_number, value))
        if isinstance(value, list)
        else value is None or isinstance(value, (int, float))
    )
