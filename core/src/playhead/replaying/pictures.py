"""Whether a world shows the same again: each frame held against the recorded one, both through the same codec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playhead.control.loop import Tick
from playhead.events import Event
from playhead.inputs import FRAMES
from playhead.storage.pictures import Picture, picture_of
from playhead.storage.reader import Recording
from playhead.storage.schema import picture_codecs


@dataclass(kw_only=True)
class Compared:
    """How many frames were compared and how many were equal; the first that was not, how far the worst was off.

    Units:  worst is the mean difference of a frame's values, of 255.
    """

    frames: int = 0
    equal: int = 0
    first_different: int | None = None
    worst: float = 0.0

    @property
    def share(self) -> float:
        """The share of equal frames; 1 without any."""
        return self.equal / self.frames if self.frames else 1.0


class PictureWatcher:
    """A watcher that compares the frames of a loop, in their order, with those of a recording.

    A recorded frame has been through a codec, so that a new one goes through it too; the same picture then gives
    the same values. What was encoded anew as video since can only come near.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        header = recording.header
        self._codec: Picture = picture_of(picture_codecs(header.pictures[FRAMES]), where=recording.name)
        self.found = Compared()

    def saw(self, tick: Tick) -> None:
        """Compare the newest frame."""
        number = self.found.frames
        if number >= self._recording.length:
            return
        shape = self._recording.header.frame.shape
        stored_HWC, shown_HWC = (np.empty(shape, np.uint8) for _ in range(2))
        self._recording.read_frame_into(number, stored_HWC)
        self._codec.decode_into(self._codec.encode(tick.captured.frame_HWC), shown_HWC)
        off = float(np.abs(stored_HWC.astype(np.int16) - shown_HWC).mean())
        self.found.frames += 1
        self.found.equal += off == 0
        self.found.worst = max(self.found.worst, off)
        if off and self.found.first_different is None:
            self.found.first_different = number

    def ended(self, events: Sequence[Event]) -> None:
        """Nothing more to compare."""
