"""Pictures that a script collects from a device by working it: what such a script is, and what it still has to do.

A game names its scripts in `Game.collectors`. Each is called with (session, options) and returns a Collector;
what follows (names, writing, resuming, never taking a thing twice) is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from playhead.capture import FrameArray
from playhead.errors import BadValue
from playhead.game import Device, Game, only_or_named
from playhead.references import Reference

if TYPE_CHECKING:
    from playhead.storage.schema import RecordingHeader

ANY_DEVICE = ("rate_hz", "window")  # options that every device has without saying so


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing to be collected, as a car in one outfit, and the parts its pictures are known by."""

    name: str
    parts: tuple[int | str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """One collected picture. `columns` hold every column of the collector; `labels` None: it belongs to no class.

    Shapes:  picture (height, width, channels) uint8 of the game's frame, or the bytes of a JPEG of that size;
             labels head -> (columns of the head,). Units: time_ns on the session's clock.
    """

    picture: FrameArray | bytes
    time_ns: int
    columns: Mapping[str, Any]
    labels: Mapping[str, npt.ArrayLike] | None


class Collector(Protocol):
    """What a script of `Game.collectors` returns: what there is to collect, and how it is done."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Columns beside each picture: name -> dtype, as in a recording."""
        ...

    @property
    def item_column(self) -> str:
        """The column that holds an item's name."""
        ...

    @property
    def part_column(self) -> str:
        """The column that tells the pictures of an item apart."""
        ...

    def items(self) -> Sequence[Item]:
        """Return everything that is to be collected, in order."""
        ...

    def collect(self, item: Item) -> Iterator[Picture]:
        """Set the device to an item and yield a picture of each part that it still has.

        The first call finds the device in any state whatever. Raises: DeviceFailed, saying what to do.
        """
        ...


def collector_of(game: Game, driver: str) -> tuple[str, Reference] | None:
    """Return name and script of the collector that `driver` means; none when it means a driver of another kind.

    Without a driver it is the only collector of a game that nobody can play.
    Raises:  BadValue when the game has several and none is named.
    """
    if driver in game.collectors:
        return driver, game.collectors[driver]
    if driver or game.controls or not game.collectors:
        return None
    name = only_or_named(game, "collector", game.collectors, driver, option="--driver")
    return name, game.collectors[name]


def split_options(device: Device, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options that a device states as its own, and the others, which are the script's."""
    own = {name: value for name, value in options.items() if name in device.options or name in ANY_DEVICE}
    return own, {name: value for name, value in options.items() if name not in own}


def still_missing(items: Iterable[Item], known: Mapping[str, set[str]]) -> list[Item]:
    """Return the items that are not recorded yet, each with the parts it lacks.

    Raises:  BadValue when two items have one name: they could not be told apart later.
    """
    todo, names = [], set[str]()
    for item in items:
        if item.name in names:
            raise BadValue(f'The collector names two items "{item.name}". This is a fault of the script.')
        names.add(item.name)
        there = known.get(item.name, set())
        parts = tuple(part for part in item.parts if str(part) not in there)
        if parts:
            todo.append(replace(item, parts=parts))
    return todo


class Rows(Protocol):
    """What is asked of a recording: who made it where, and its columns (T,)."""

    @property
    def header(self) -> RecordingHeader:
        """What the recording says about itself."""
        ...

    @property
    def columns(self) -> Mapping[str, npt.NDArray[Any]]:
        """What is known of each frame."""
        ...


def recorded_parts(
    recordings: Iterable[Rows], device: str, name: str, collector: Collector
) -> dict[str, set[str]]:
    """Return the parts of each item that the collector `name` has taken on this device already."""
    known: dict[str, set[str]] = {}
    for recording in recordings:
        header = recording.header
        if (header.device, header.driver) != (device, name):
            continue
        if not {collector.item_column, collector.part_column} <= set(header.columns):
            continue
        items = np.asarray(recording.columns[collector.item_column]).tolist()
        parts = np.asarray(recording.columns[collector.part_column]).tolist()
        for item, part in zip(items, parts, strict=True):
            known.setdefault(item, set()).add(str(part))
    return known
