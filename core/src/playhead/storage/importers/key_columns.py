"""Which columns of a table beside a video say when, which key, and what became of it.

frame,w,a,s,d          a row a picture, a column a key
time,keys              a row a picture, what is held in words: w+a
time_ms,key,event      a row a change: press or release
key,start,end          a row for each time that a key was held
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from playhead.errors import Mismatch, not_found
from playhead.game import Game
from playhead.labels import Choice
from playhead.storage.importers.columns import CLASS, number
from playhead.storage.importers.key_names import proposals
from playhead.storage.importers.places import some

Kind = Literal["changes", "holds", "words", "columns"]
# What columns are called that say something other than one key, in small letters, with _ between words.
ROLES: Mapping[str, tuple[str, ...]] = {
    "time": ("time", "timestamp", "t", "elapsed", "datetime", "seconds", "sec", "ms", "milliseconds"),
    "frame": ("frame", "frame_number", "frame_index", "frame_id", "frame_no", "picture", "index"),
    "key": ("key", "key_name", "keyname", "button", "code", "key_code", "keycode", "vk",
            "vk_code", "scan_code", "scancode", "keysym"),
    "change": ("event", "event_type", "action", "type", "kind", "state", "change", "value", "pressed",
               "is_pressed", "is_down"),
    "press": ("press", "press_time", "pressed_at", "start", "start_time", "begin", "down", "time_down", "from"),
    "release": ("release", "release_time", "released_at", "end", "end_time", "up", "time_up", "until", "to"),
    "held": ("keys", "held", "keys_held", "held_keys", "keys_pressed", "pressed_keys", *CLASS),
}  # fmt: skip
_TIMES = {*ROLES["time"], *ROLES["press"], *ROLES["release"]}
UNITS = {"ms": 1e-3, "milliseconds": 1e-3, "us": 1e-6, "ns": 1e-9, "s": 1.0, "sec": 1.0, "seconds": 1.0}
DOWN = ("1", "1.0", "true", "down", "press", "pressed", "keydown", "key_down", "keypress", "on")
UP = ("0", "0.0", "false", "up", "release", "released", "keyup", "key_up", "off")
REPEAT = ("2", "repeat")


@dataclass(frozen=True, kw_only=True)
class KeyColumns:
    """The columns of a table by their places. Without `time` and `frame` each row is the next picture's.

    `other` says what became of the key, or when it was released.
    """

    kind: Kind
    names: tuple[str, ...]
    time: int | None = None
    frame: int | None = None
    key: int | None = None
    other: int | None = None
    numbers: Mapping[int, str] = field(default_factory=dict)

    @property
    def unused(self) -> list[str]:
        """The columns that say nothing."""
        used = {self.time, self.frame, self.key, self.other, *self.numbers}
        return [name for number, name in enumerate(self.names) if number not in used]

    @property
    def unit(self) -> float | None:
        """How many seconds one of its times is, where the name of the column says so."""
        return UNITS.get(plain(self.names[self.time]).rpartition("_")[2]) if self.time is not None else None

    @property
    def is_by_time(self) -> bool:
        """Whether rows stand at times: those of pictures that have a number stand there."""
        return self.time is not None and (self.frame is None or self.kind in ("changes", "holds"))

    def place(self, cells: Sequence[str], row: int) -> float:
        """Return where a row stands: its time as it is written, its picture, or its number. Raises ValueError."""
        if self.time is not None and self.is_by_time:
            return seconds_of(cells[self.time])
        if self.frame is None:
            return float(row)
        value = number(cells[self.frame])
        if not (0 <= value < 1e9 and value == int(value)):
            raise ValueError("its frame is no whole number")
        return value


def plain(name: str) -> str:
    """Return the name of a column as ROLES have it: "Time (ms)" is time_ms."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip())  # KeyS is a key, and none of keys
    return re.sub(r"[\s\-()\[\].]+", "_", words.casefold()).strip("_")


def key_columns_of(
    game: Game, where: str, names: Sequence[str], said: Mapping[str, str], keys: Mapping[str, str]
) -> KeyColumns:
    """Return what columns say by their names; `said` names those of a role, `keys` what they mean in the game.

    Raises:  NotFound for a column that is not there, Mismatch where none says what was held.
    """
    place = _places(game, where, names, said, keys)
    base = KeyColumns(kind="words", names=tuple(names), time=place.get("time"), frame=place.get("frame"))
    if {"key", "press", "release"} <= place.keys():
        return replace(base, kind="holds", time=place["press"], key=place["key"], other=place["release"])
    if {"key", "change"} <= place.keys() and {"time", "frame"} & place.keys():
        return replace(base, kind="changes", key=place["key"], other=place["change"])
    if "held" in place or "key" in place:
        return replace(base, key=place.get("held", place.get("key")))
    free = [name for number, name in enumerate(names) if number not in place.values()]
    found = proposals(game, free) | {name: keys[name] for name in free if name in keys}
    if not found:
        raise Mismatch(
            f"{where} has the columns {some(names)}, of which none says what was held in {game.name}. Say what "
            "they mean: --set keys=COLUMN:w,OTHER:a, or which they are: "
            "--set columns=time:COLUMN,key:COLUMN,change:COLUMN."
        )
    return replace(base, kind="columns", numbers={names.index(name): meaning for name, meaning in found.items()})


def _places(
    game: Game, where: str, names: Sequence[str], said: Mapping[str, str], keys: Mapping[str, str]
) -> dict[str, int]:
    """Return the place of the column of each role; one called as a label of the game is that, whatever else."""
    if unknown := sorted(set(said) - set(ROLES)):
        raise not_found("kind of column", unknown[0], ROLES)
    labels = {label.casefold() for head in game.labels.values() for label in head.names} | set(keys)
    heads = tuple(name.casefold() for name, head in game.learnable.items() if isinstance(head, Choice))
    shown: dict[str, int] = {}
    for column, name in enumerate(map(plain, names)):
        begin, _, unit = name.rpartition("_")
        shown.setdefault(begin if unit in UNITS and begin in _TIMES else name, column)
    place = {}
    for role, known in ROLES.items():
        if role in said:
            if said[role] not in names:
                raise not_found(f"column of {where}", said[role], names)
            place[role] = list(names).index(said[role])
            continue
        wanted = (*heads, *known) if role == "held" else known
        found = next((one for one in wanted if one in shown and one not in labels), None)
        if found is not None:
            place[role] = shown[found]
    return place


def seconds_of(text: str) -> float:
    """Return what a cell says as a time: a number, hours and minutes with colons, or a date. Raises ValueError."""
    try:
        value = float(text)
    except ValueError:
        value = _clock(text)
    if not abs(value) < 1e19:  # ns until the year 2286, and no NaN
        raise ValueError(f'"{text[:40]}" is no time')
    return value


def _clock(text: str) -> float:
    if found := re.fullmatch(r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2}(?:[.,]\d{1,9})?)", text):
        return 3600.0 * int(found[1] or 0) + 60.0 * int(found[2]) + float(found[3].replace(",", "."))
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError(f'"{text[:40]}" is no time') from None
