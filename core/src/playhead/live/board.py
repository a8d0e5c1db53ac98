"""What all parts of a live run have told last, for the page: facts as plain data, and pictures as JPEG.

A part that has been silent for a while is down, whatever it said last.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from playhead.decoding import plain
from playhead.live.diary import Entry
from playhead.names import visible

SILENT_S = 5.0
KEPT_ENTRIES = 500


class Board:
    """Takes what parts tell and gives it to whoever looks. May be called by several threads."""

    def __init__(self, title: str, clock_s: Callable[[], float] = time.monotonic) -> None:
        self.title = title
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._facts: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self._pictures: dict[str, bytes] = {}
        self._diary: deque[Entry] = deque(maxlen=KEPT_ENTRIES)

    def tell(self, part: str, facts: Mapping[str, Any], pictures: Mapping[str, bytes] | None = None) -> None:
        """Take how a part gets on."""
        with self._lock:
            self._facts[part] = self._clock_s(), dict(facts)
            self._pictures |= dict(pictures or {})

    def write(self, entry: Entry) -> None:
        """Take an entry of the diary."""
        with self._lock:
            self._diary.append(entry)

    def picture(self, name: str) -> bytes | None:
        """Return the newest picture of that name."""
        with self._lock:
            return self._pictures.get(name)

    def now(self) -> dict[str, Any]:
        """Return everything but the pictures as plain data."""
        with self._lock:
            now_s = self._clock_s()
            parts = {
                name: {**facts, "silent_s": round(now_s - told_s, 1), "is_down": now_s - told_s > SILENT_S}
                for name, (told_s, facts) in self._facts.items()
            }
            diary = [
                {"utc": one.utc, "part": one.part, "batch": one.batch, "said": one.said} for one in self._diary
            ]
            shown: dict[str, Any] = plain(
                {"title": self.title, "parts": parts, "pictures": sorted(self._pictures), "diary": diary},
                visible,
            )
            return shown
