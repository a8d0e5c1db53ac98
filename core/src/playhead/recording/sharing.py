"""Several commands at one collector: each takes a few items at a time, none what another is at or has recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from playhead.recording.collector import Item, still_missing
from playhead.storage.reservations import Reservations

SHARE_S = 1.0  # how long the items last that are taken at once: taking some costs a millisecond
MOST = 64
Parts = Mapping[str, set[str]]  # of each item, which are recorded


class Shares:
    """What one command takes of a collector's items. `recorded` says what was recorded since it was last asked."""

    def __init__(self, reserved: Reservations, kind: str, recorded: Callable[[], Parts]) -> None:
        self._reserved = reserved
        self._kind = kind
        self._recorded = recorded
        self.elsewhere = 0  # items that others were at when nothing else was left

    def claim(self, todo: Sequence[Item]) -> Iterator[Item]:
        """Yield the items of `todo` that are free, with the parts that they still lack."""
        left = {item.name: item for item in todo}
        size = 1

        def choose(taken: set[str]) -> list[str]:
            missing = {item.name: item for item in still_missing(left.values(), self._recorded())}
            for name in left.keys() - missing.keys():
                del left[name]
            left.update(missing)
            self.elsewhere = len(taken & left.keys())
            return list(islice((name for name in left if name not in taken), size))

        while names := self._reserved.take(self._kind, choose):
            began_s = time.monotonic()
            yield from [left.pop(name) for name in names]
            if time.monotonic() - began_s < SHARE_S / 2:
                size = min(MOST, 2 * size)
