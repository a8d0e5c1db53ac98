"""Screen, window, video or environment to frames. One file a backend; this one says what a backend is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

FrameArray = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, eq=False)
class CapturedFrame:
    """One picture, when it was taken, and what else the game told at that moment.

    Shapes:  frame_HWC (height, width, 3 or 1) uint8, RGB, of the game's frame size.
    Units:   time_ns on the session's clock; number counts what the source showed, so a gap is a drop.
    """

    frame_HWC: FrameArray
    time_ns: int
    number: int
    telemetry: Mapping[str, float] = field(default_factory=dict)


class Capture(Protocol):
    """A source of frames. One that can end by itself may say why: `ending`, a few words, empty until then.

    One with a thread of its own may have `keep(frames)`, after which it hands out every frame in turn, as a
    recording wants it, and `waiting`, how many can be had at once. One that remembers how its source is (the size
    of a screen) has `ask_again()`, after which it looks that up anew (see `devices.OpenDevice.ask_again`).
    """

    def look(self) -> CapturedFrame | None:
        """Return the newest frame, or None when the source has ended (episode over, window closed, video done)."""
        ...

    def close(self) -> None:
        """Give back what the source holds. May be called twice."""
        ...
