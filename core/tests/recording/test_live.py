"""The live line says what a person needs while recording, and what ends a pause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from doubles import HOTKEYS, pressed

from playhead.capture import CapturedFrame
from playhead.control.authority import ControlAuthority
from playhead.control.loop import Tick
from playhead.events import HOTKEY, Event, Origin
from playhead.game import Game
from playhead.recording.live import LiveLine
from playhead.recording.reached import ReachedRate

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
    assert live.text() == "waiting for the first frame   (F9 pauses, F7 marks, F4 drops 10 s, F10 stops)"
    live.began(writer)
    for number in range(650):
        writer.bytes_taken += 10_000
        writer.dropped = number // 300
        live.saw(tick(100 * number, pressed((1, "key w", 1), (1, "key d", 1)) if number == 500 else ()))
        live.saw(tick(100 * number))  # the same picture again
    assert live.text() == (
        "2026-11-21-3  1:04  10.0 frames/s  2 dropped  0.10 MB/s  held: w d   "
        "(F9 pauses, F7 marks, F4 drops 10 s, F10 stops)"
    )
    live.saw(tick(65_000, pressed((1, "key w", 0), (1, "key d", 0))))
    assert "held: nothing" in live.text()


def test_a_pause_says_how_it_ends(game: Game) -> None:
    authority = ControlAuthority("human", HOTKEYS)
    live = LiveLine(game, authority)
    authority.may_send(0, [Event(time_ns=0, code="pause", value=1.0, origin=Origin.HUMAN, device=HOTKEY)])
    assert live.text() == "paused   (F8 goes on, F10 stops)"


@pytest.mark.parametrize(("interval_ms", "says"), [(36, True), (13, False)])
def test_a_rate_that_is_not_reached_is_said_once_while_recording(interval_ms: int, says: bool) -> None:
    said: list[str] = []
    reached = ReachedRate(80, said.append)
    for number in range(20_000 // interval_ms):
        reached.saw(tick(number * interval_ms))
    assert len(said) == says
    assert not says or "--rate 28" in said[0]


def test_a_moment_without_pictures_is_no_slow_rate() -> None:
    said: list[str] = []
    reached = ReachedRate(20, said.append)
    for second in range(30):  # a menu of three seconds, then a second of play
        for number in range(20):
            reached.saw(tick(second * 1000 + number * 50 * (second % 4 == 0)))
    assert said == []
