"""What a person sees while they record: one line, made from what the loop shows and the writer has written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from playhead.clock import NS_PER_S
from playhead.control.authority import ControlAuthority
from playhead.control.loop import Tick
from playhead.control.rate import Rate
from playhead.events import DROPPED_S, PLAYED, Event
from playhead.game import Game


class Written(Protocol):
    """What is needed of storage.writer.RecordingWriter."""

    @property
    def name(self) -> str:
        """What the recording is called."""
        ...

    @property
    def bytes_taken(self) -> int:
        """Bytes of pictures that went to the disk."""
        ...

    @property
    def dropped(self) -> int:
        """Frames lost so far."""
        ...


class LiveLine:
    """A watcher of the loop over all recordings of a session. `text()` may be asked by another thread.

    frames a second are pictures that differ, as the recording counts them: a source that stands still shows 0.
    """

    def __init__(self, game: Game, authority: ControlAuthority | None) -> None:
        self._labels = {code: label for label, code in game.controls.items()}
        self._authority = authority
        self._writer: Written | None = None
        self._frames = Rate()
        self._disk = Rate(over_s=3.0)  # the writer hands over in pieces
        self._held: dict[str, float] = {}
        self._count = 0
        self._first_ns = self._newest_ns = 0
        self._told = ""

    def began(self, writer: Written) -> None:
        """A new recording begins."""
        self._writer = writer
        self._frames, self._disk = Rate(), Rate(over_s=3.0)
        self._held.clear()
        self._count = 0

    def saw(self, tick: Tick) -> None:
        """Take a tick, and remember what there is to tell."""
        now_ns = tick.captured.time_ns
        self._follow(tick.events)
        if self._count == 0:
            self._first_ns = now_ns
        if self._count == 0 or now_ns > self._newest_ns:
            self._count += 1
            self._newest_ns = now_ns
        self._frames.add(now_ns + tick.age_ns, self._count)
        if self._writer is not None:
            self._disk.add(now_ns + tick.age_ns, self._writer.bytes_taken)
            self._told = self._line(self._writer)

    def ended(self, events: Sequence[Event]) -> None:
        """The recording is over; what is held is followed no more."""
        self._held.clear()

    def text(self) -> str:
        """Return the line as it is now."""
        if self._authority is None:
            return self._told
        keys = self._authority.keys
        if self._authority.is_open:
            drop = f"{keys['drop']} drops {DROPPED_S:g} s"
            mark = f"{keys['pause']} pauses, {keys['mark']} marks, {drop}, {keys['stop']} stops"
            return f"{self._told or 'waiting for the first frame'}   ({mark})"
        before = f", {self._told}" if self._told else ""
        return f"{self._authority.who}{before}   ({keys['resume']} goes on, {keys['stop']} stops)"

    def _line(self, writer: Written) -> str:
        seconds = (self._newest_ns - self._first_ns) // NS_PER_S
        held = " ".join(self._labels.get(code, code) for code in self._held) or "nothing"
        return (
            f"{writer.name}  {seconds // 60}:{seconds % 60:02d}  {self._frames.per_s:.1f} frames/s  "
            f"{writer.dropped} dropped  {self._disk.per_s / 1e6:.2f} MB/s  held: {held}"
        )

    def _follow(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.device == PLAYED and event.code in self._labels:
                self._held.pop(event.code, None)
                if event.value and not event.is_motion:
                    self._held[event.code] = event.value
