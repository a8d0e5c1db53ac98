"""The screen of a player says who drives, how fast, how old, what the network wants and what is pressed."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

import numpy as np
import pytest
from doubles import HOTKEYS, FakeWindow, pressed
from rich.console import Console

from playhead.capture import CapturedFrame
from playhead.control.loop import Tick
from playhead.control.timing import LoopReport
from playhead.events import HOTKEY, Event, Origin
from playhead.game import Game
from playhead.playing.console import PlayerConsole
from playhead.playing.takeover import TakeoverAuthority

PERIOD_NS = 12_500_000
ANSWERS = {
    "drive": np.array([0.93, 0.04, 0, 0.61], np.float32),
    "gear": np.array([0.2, 0.8], np.float32),
    "look": np.array([-0.4], np.float32),
}


class Shown:
    """A console and the loop that it watches."""

    def __init__(self, game: Game) -> None:
        self.window = FakeWindow()
        self.authority = TakeoverAuthority(game, HOTKEYS, window=self.window)
        self.console = PlayerConsole(
            game, "Fake · run r", rate_hz=80, predictions=lambda: ANSWERS, authority=self.authority
        )
        self.report = LoopReport()
        self.number = 0

    def ticks(self, count: int, events: Sequence[Event] = (), *, acts: bool = True, same: bool = False) -> None:
        for _ in range(count):
            self.report.decided += 1
            self.report.acted += acts
            shown_ns = self.number * PERIOD_NS
            if same:
                shown_ns -= shown_ns % (2 * PERIOD_NS)
            age_ns = self.number * PERIOD_NS + 4_100_000 - shown_ns
            captured = CapturedFrame(frame_HWC=np.zeros((2, 2, 3), np.uint8), time_ns=shown_ns, number=0)
            self.console.saw(Tick(captured=captured, events=events, dropped=0, age_ns=age_ns, report=self.report))
            self.number, events = self.number + 1, ()

    def text(self) -> str:
        console = Console(width=100, file=StringIO())
        with console.capture() as captured:
            console.print(self.console.screen())
        return captured.get()


@pytest.fixture
def shown(game: Game) -> Shown:
    return Shown(game)


def line(text: str, start: str) -> str:
    (found,) = (row.strip("│ ") for row in text.splitlines() if row.strip("│ ").startswith(start))
    return " ".join(found.split())


def test_a_network_in_control(shown: Shown) -> None:
    shown.ticks(200, pressed((0, "key w", 1.0), (0, "key d", 1.0), origin=Origin.MODEL))
    text = shown.text()
    assert "THE NETWORK DRIVES" in text
    assert "Fake · run r" in text
    assert line(text, "captured") == "captured 80.0/s predicted 80.0/s acted 80.0/s of 80/s asked"
    assert line(text, "frame age") == "frame age 4.1 ms 0 late, 0 dropped 0:02 not recorded"
    assert line(text, "w").endswith("0.93 ■ pressed")
    assert line(text, "a").endswith("0.04")
    assert line(text, "high").endswith("0.80")
    assert line(text, "pan").endswith("-0.40")


def test_a_person_in_control(shown: Shown) -> None:
    shown.console.is_recorded_as("2026-11-21-4")
    shown.authority.may_send(0, pressed((0, "key a", 1.0)))
    shown.ticks(90, pressed((0, "key a", 1.0)), acts=False)
    text = shown.text()
    assert "YOU DRIVE" in text
    assert "F8 gives control back, F10 stops" in text
    assert "acted 0.0/s" in line(text, "captured")
    assert line(text, "a").endswith("■ you")
    assert "recording 2026-11-21-4" in text


def test_pictures_shown_twice_are_captured_once(shown: Shown) -> None:
    shown.ticks(200, same=True)
    assert shown.console.news.rates["captured"] == pytest.approx(40, abs=1)
    assert shown.console.news.rates["predicted"] == pytest.approx(80)


@pytest.mark.parametrize(
    ("lost", "banner"), [("focused", "NOT IN FOCUS"), ("minimised", "MINIMISED"), ("closed", "WINDOW CLOSED")]
)
def test_a_window_that_is_lost(shown: Shown, lost: str, banner: str) -> None:
    setattr(shown.window, lost, lost != "focused")
    shown.authority.may_send(0, ())
    assert banner in shown.text()


def test_a_pause_and_the_next_recording(shown: Shown) -> None:
    shown.ticks(100, pressed((0, "key w", 1.0), origin=Origin.MODEL))
    shown.authority.may_send(0, [Event(time_ns=0, code="pause", value=1, origin=Origin.HUMAN, device=HOTKEY)])
    assert "PAUSED" in shown.text()
    shown.console.ended([])
    shown.report = LoopReport()
    shown.ticks(100)
    assert shown.console.news.rates["predicted"] == pytest.approx(80), "a new loop counts from 0"
    assert "pressed" not in shown.text().replace("is pressed", "")


def test_everything_fits_into_80_columns(shown: Shown) -> None:
    shown.console.is_recorded_as("2026-11-21-14")
    shown.ticks(30_000)
    assert max(map(len, shown.text().splitlines())) <= 80
