"""The live line says what a person needs while recording, and what ends a pause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from doubles import HOTKEYS, pressed

from playhead.capture import CapturedFrame
from playhead.control.authority import ControlAuthority
from playhead.control.loop import Tick
from playhead.events import HOTKEY, Event, Origin
from playhead.game import Game
from playhead.recording.live import LiveLine

MS = 1_000_000


@dataclass
class Writer:
    name: str = "2026-11-21-3"
    bytes_taken: int = 0
    dropped: int = 0


def tick(ms: int, events: Sequence[Event] = ()) -> Tick:
    captured = CapturedFrame(frame_HWC=np.zeros((2, 2, 3), np.uint8), time_ns=ms * MS, number=ms)
    return Tick(captured=captured, events=events, dropped=0)


def test_the_line_tells_rates_drops_and_keys(game: Game) -> None:
    authority, writer = ControlAuthority("human", HOTKEYS), Writer()
    live = LiveLine(game, authority)
    assert live.text() == "waiting for the first frame   (F9 pauses, F7 marks, F10 stops)"
    live.began(writer)
    for number in range(650):
        writer.bytes_taken += 10_000
        writer.dropped = number // 300
        live.saw(tick(100 * number, pressed((1, "key w", 1), (1, "key d", 1)) if number == 500 else ()))
        live.saw(tick(100 * number))  # the same picture again
    assert live.text() == (
        "2026-11-21-3  1:04  10.0 frames/s  2 dropped  0.10 MB/s  held: w d   (F9 pauses, F7 marks, F10 stops)"
    )
    live.saw(tick(65_000, pressed((1, "key w", 0), (1, "key d", 0))))
    assert "held: nothing" in live.text()


def test_a_pause_says_how_it_ends(game: Game) -> None:
    authority = ControlAuthority("human", HOTKEYS)
    live = LiveLine(game, authority)
    authority.may_send(0, [Event(time_ns=0, code="pause", value=1.0, origin=Origin.HUMAN, device=HOTKEY)])
    assert live.text() == "paused   (F8 goes on, F10 stops)"
