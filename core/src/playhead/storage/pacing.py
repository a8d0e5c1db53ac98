"""When a recording must be published, so that a killed process costs no more than was promised."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable

from playhead.names import visible

Say = Callable[[str], object]

_MOST = 0.75  # of what may be lost, when publishing takes no time
_SAFE = 0.9  # the rest is for a machine that is busy elsewhere
_WORSE = 1.5  # times what publishing took, the next one may take
_FADES = 0.9  # what it took is believed less from time to time
_FIRST_S = 0.1  # the first publishing makes every array


def say_on_stderr(text: str) -> None:
    """Print a warning, also from a process of its own, which has no desk."""
    sys.stderr.write(f"{visible(text)}\n")
    sys.stderr.flush()


class Pace:
    """Follows the oldest thing that was handed over and is not published, and how long publishing takes.

        handed over ---- waits, is encoded ---- due ---- publishing ---- published
        |<---------------------------- at most sync_s ------------------------->|

    Units:  seconds of time.monotonic().
    """

    def __init__(self, sync_s: float, name: str, say: Say) -> None:
        self._sync_s = sync_s
        self._name = name
        self._say = say
        self._oldest_s = math.inf
        self._takes_s = min(_FIRST_S, sync_s)
        self._published_s = -math.inf
        self._has_said = False

    def add(self, since_s: float) -> None:
        """Take note of something that was handed over then."""
        self._oldest_s = min(self._oldest_s, since_s)

    def left_s(self) -> float | None:
        """Return how long until it must be published; None: nothing is waiting, or it never must."""
        room_s = min(_MOST * self._sync_s, _SAFE * self._sync_s - _WORSE * self._takes_s)
        # Behind a full queue everything is too old: half of the time is for encoding then.
        due_s = max(self._oldest_s + max(0.0, room_s), self._published_s + min(self._takes_s, self._sync_s))
        return None if math.isinf(due_s) else max(0.0, due_s - time.monotonic())

    def published(self, began_s: float) -> None:
        """Take note that all so far is published, which began then; say once when it came too late."""
        now_s = time.monotonic()
        self._takes_s = max(now_s - began_s, _FADES * self._takes_s)
        late_s = now_s - self._oldest_s
        if 0 < self._sync_s < late_s and not self._has_said:
            self._has_said = True
            self._say(
                f"Warning: {late_s:.1f} s of {self._name} waited to be written, and would have been lost had this "
                f"process been killed; {self._sync_s:g} s is the aim. Let less run beside it, or record on a "
                "faster disk."
            )
        self._oldest_s, self._published_s = math.inf, now_s
