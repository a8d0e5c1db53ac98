"""What a person says of an import behind `--set`, read and checked once for all built-in importers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from playhead import quantities
from playhead.errors import BadValue, not_found
from playhead.game import Game
from playhead.regions import Region
from playhead.storage.importers.key_files import read_keys

Colours = Literal["rgb", "bgr"]
Order = Literal["time", "none"]
Pixels = Literal["auto", "0..255", "0..1", "-1..1", "imagenet"]
MOST_LETTERS = 100_000
KEYS_FILE = "keys_file"
MOST_OFFSET_S = 86_400.0


@dataclass(frozen=True, kw_only=True)
class ImportSettings:
    """How files of others are taken over. Written `--set NAME=VALUE`.

    `order` none: nobody knows which picture came after which, so each stands alone.
    `pickles`: whether arrays of objects are read, which are pickles; nothing in them is ever run.
    `columns` says which columns of a table beside a video say when, which key and what became of it.
    `save_keys` is a file for what keys were taken for, which `keys_file` reads in place of `keys`.
    Units:  rate frames a second, of pictures that have no times, or what a video is made; table_rate rows a
            second; crop in pixels of the pictures; offset in seconds, by which the times of a table are later in
            the video, None: measured.
    """

    rate: float
    keys: tuple[tuple[str, str], ...] = ()
    head: str = ""
    crop: Region | None = None
    colours: Colours = "rgb"
    order: Order = "none"
    pixels: Pixels = "auto"
    pickles: bool = False
    labels: str = ""
    pictures: str = ""
    column: str = ""
    table: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    table_rate: float | None = None
    save_keys: str = ""
    offset: float | None = None
    track: int | None = None
    said: str = ""

    @classmethod
    def of(cls, game: Game, options: Mapping[str, str], takes: Sequence[str], *, order: Order) -> ImportSettings:
        """Read options of which an importer takes some. Raises NotFound and BadValue naming what is wrong."""
        if "keys" in takes:
            takes = (*takes, KEYS_FILE)
        for name in options:
            if name not in takes:
                raise not_found("option of this importer", name, takes)
        read = {name: _READ.get(name, _text)(name, text) for name, text in options.items()}
        if KEYS_FILE in read:
            read = {"keys": read.pop(KEYS_FILE)} | read
        kept = {"rate": game.needed_frame.rate_hz, "order": order} | read
        settings = cls(**kept)
        return cls(**{**kept, "said": settings._said()})

    @property
    def once_cut(self) -> ImportSettings:
        """The same for pictures that are cut already, as those of a film."""
        return replace(self, crop=None)

    def _said(self) -> str:
        """Return all that a recording depends on, as a text that is the same for the same settings."""
        return "; ".join(
            f"{one.name}={getattr(self, one.name)!r}"
            for one in fields(self)
            if one.name not in ("said", "save_keys")
        )


def entries_of(text: str) -> tuple[tuple[str, str], ...]:
    """Return the option `keys`, "w,left:a,wa:w+a", as names and what they mean; a name alone means itself."""
    entries = [one.partition(":") for one in text.split(",")] if text.strip() else []
    return tuple((name.strip(), (meaning if colon else name).strip()) for name, colon, meaning in entries)


def _text(name: str, text: str) -> str:
    if len(text) > MOST_LETTERS:
        raise BadValue(f"{name} is a text of {len(text):,} letters; {MOST_LETTERS:,} are read.")
    return text.strip()


def _rate(name: str, text: str) -> float:
    try:
        return quantities.number(float(text), name, least=0.001, most=quantities.MOST_HZ)
    except ValueError as error:
        raise BadValue(
            f"{name}={text[:50]} is no number of frames a second above 0. Try --set rate=10."
        ) from error


def _crop(name: str, text: str) -> Region:
    try:
        x, y, width, height = (int(number) for number in text.strip("[]").split(","))
        return Region(x=x, y=y, width=width, height=height)
    except (ValueError, TypeError) as error:
        raise BadValue(f"{name}={text[:50]} should read left,top,width,height, as crop=45,30,400,150.") from error


def _offset(name: str, text: str) -> float | None:
    if text.strip() in ("", "auto"):
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not abs(seconds) <= MOST_OFFSET_S:
        raise BadValue(f"{name}={text[:50]} is no number of seconds. Try --offset 0.25, or auto.")
    return seconds


def _track(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 5):
        raise BadValue(f"{name}={text[:50]} should be a number, as {name}=1.")
    return int(text)


def _one_of(kind: Any) -> Callable[[str, str], Any]:
    def read(name: str, text: str) -> str:
        if text not in get_args(kind):
            raise not_found(f"{name} of this importer", text[:50], get_args(kind))
        return text

    return read


def _yes(name: str, text: str) -> bool:
    if text not in ("read", "refuse"):
        raise BadValue(f"{name}={text[:50]} is neither read nor refuse. Type --set {name}=read.")
    return text == "read"


_READ: Mapping[str, Callable[[str, str], Any]] = {
    "rate": _rate, "keys": lambda name, text: entries_of(_text(name, text)), "crop": _crop,
    "colours": _one_of(Colours), "order": _one_of(Order), "pixels": _one_of(Pixels), "pickles": _yes,
    KEYS_FILE: lambda name, text: read_keys(Path(_text(name, text))), "table_rate": _rate,
    "columns": lambda name, text: entries_of(_text(name, text)), "offset": _offset, "track": _track,
}  # fmt: skip
