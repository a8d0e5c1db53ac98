"""What every part of a live run has in its process: what it is made from, its name, who hears of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playhead.home import Home
from playhead.live.cluster import other
from playhead.live.diary import Diary
from playhead.live.settings import Live, LiveSettings
from playhead.plugins import Plugins

TELL_S = 0.5
Told = tuple[Mapping[str, Any], Mapping[str, bytes]]  # facts, and pictures by name


@dataclass(frozen=True, kw_only=True)
class Room:
    """What a part is made from in its process: plain data alone, so that it can be made again."""

    settings: LiveSettings
    home: str
    folder: str
    number: int = 0
    driver: str = ""
    swap: str = "episode"
    unstick: str = "path"
    port: int = 0

    def live(self) -> Live:
        """Work out the live run in this process."""
        return Live.of(self.settings, Plugins.installed())

    def opened_home(self) -> Home:
        """Return the home."""
        return Home.find(Path(self.home))


class Part:
    """A part in its process. Subclasses say what it does by `run`."""

    def __init__(self, room: Room, name: str) -> None:
        self.room, self.name = room, name
        self.ends = threading.Event()

    def say(self, said: str, batch: int = 0) -> None:
        """Write into the diary, which the page reads too."""
        Diary(Path(self.room.folder)).write(self.name, said, batch)

    def end(self) -> None:
        """Have it end after what is under way."""
        self.ends.set()

    def process(self) -> int:
        """Return the number of its process."""
        return os.getpid()

    def telling(self, facts: Callable[[], Told]) -> None:
        """Tell the page how it gets on, as long as it lives."""
        telling(self.name, facts, self.ends)


def telling(name: str, facts: Callable[[], Told], ends: threading.Event) -> None:
    """Have a thread tell the page how somebody gets on; a page that is gone is none of its business."""

    def tell() -> None:
        before: dict[str, bytes] = {}
        while not ends.wait(TELL_S):
            with suppress(Exception):  # of a page that is just dying, in classes of Ray
                told, pictures = facts()
                new = {name: data for name, data in pictures.items() if before.get(name) is not data}
                other("page").tell.remote(name, told, new)
                before = dict(pictures)

    threading.Thread(target=tell, name=f"telling {name}", daemon=True).start()
