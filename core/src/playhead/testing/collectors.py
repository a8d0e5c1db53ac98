"""What the contract asks of a game's collectors: they say what there is, and take just that."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from playhead.capabilities import capabilities_of
from playhead.devices import DeviceSession, open_device
from playhead.errors import PlayheadError
from playhead.game import Game
from playhead.plugins import Plugins
from playhead.recording.collecting import header_of
from playhead.recording.collector import Collector, Item, Picture, still_missing
from playhead.references import Reference, resolve
from playhead.testing.labels import check_labels


def collectable(game: Game, plugins: Plugins) -> str:
    """Return the first device of a game that is drawn and not a world of its own time; "" when it has none."""
    known = plugins.names("capture")
    for name, device in game.devices.items():
        can = capabilities_of(plugins, game, name)
        if device.capture in known and not can.is_outside and not can.episodes:
            return name
    return ""


def check_collectors(game: Game, plugins: Plugins) -> None:
    """Assert that every collector can be imported and, where a device is drawn, takes what it says."""
    device = collectable(game, plugins)
    for name, reference in game.collectors.items():
        resolve(reference)
        if device:
            with open_device(plugins, game, device) as opened:
                check_collector(opened.session, name, reference)


def check_collector(session: DeviceSession, name: str, reference: Reference) -> None:
    """Assert that a collector lists its items and takes the first one whole, then only a part of it."""
    make = resolve(reference)
    with pytest.raises(PlayheadError, match="no_such_option"):
        make(session, {"no_such_option": 1})
    collector: Collector = make(session, {})
    header_of(session, name, collector)
    items = list(collector.items())
    assert items, f"the collector {name} has nothing to collect"
    assert still_missing(items, {}) == items, f"the collector {name} lists items without parts"
    first = items[0]
    pictures = check_item(session, collector, first)
    again = Item(name=first.name, parts=first.parts[-1:])
    pictures += check_item(session, collector, again)
    times = [picture.time_ns for picture in pictures]
    assert times == sorted(set(times)), f"the pictures of {name} are not taken one after the other"


def check_item(session: DeviceSession, collector: Collector, item: Item) -> list[Picture]:
    """Assert that an item's pictures are the parts asked for, with all their columns and valid labels."""
    pictures = list(collector.collect(item))
    taken = [(one.columns[collector.item_column], one.columns[collector.part_column]) for one in pictures]
    assert sorted(taken) == sorted((item.name, part) for part in item.parts), f"{item} gave {taken}"
    for picture in pictures:
        assert set(picture.columns) == set(collector.columns), f"columns of {item.name}: {list(picture.columns)}"
        if not isinstance(picture.picture, bytes):
            shape, wanted_shape = picture.picture.shape, session.game.needed_frame.shape
            assert shape == wanted_shape, f"pictures of {item.name} are {shape}, the game's are {wanted_shape}"
        for head, row in (picture.labels or {}).items():
            wanted = session.game.schema[head]
            labels_1A: Any = np.array([row], dtype=wanted.dtype)
            check_labels(wanted, labels_1A, 1, item.name)
    return pictures
