"""A device made of fakes: time moves only when somebody sleeps, keys are remembered, failures come to order."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from playhead.capture import Capture, CapturedFrame
from playhead.clock import FakeClock
from playhead.devices import DeviceSession, OpenDevice
from playhead.events import Event
from playhead.game import Device, Frame, Game
from playhead.input import Input
from playhead.labels import Axes, Choice, Keys


@pytest.fixture(scope="session", autouse=True)
def _signals_are_heeded() -> Iterator[None]:
    """Have tests, and what they start, obey signals: in the background or under nohup a shell has them ignored."""
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


GAME = Game(
    name="fake",
    title="Fake",
    devices={"fake": Device(capture="fake", input="fake")},
    frame=Frame(width=8, height=6, rate_hz=10),
    labels={
        "drive": Keys("w", "a", "s", "d", opposites=(("w", "s"), ("a", "d")), mirror=(("a", "d"),)),
        "gear": Choice("low", "high"),
        "look": Axes("pan"),
    },
    controls={"w": "key w", "a": "key a", "s": "key s", "d": "key d", "high": "key h", "pan": "axis x"},
)


class FakeCapture(Capture):
    waiting = 0
    window: Any = None

    def __init__(self, clock: FakeClock, game: Game, ends_after: int | None) -> None:
        self.clock, self.shape, self.ends_after = clock, game.frame.shape, ends_after
        self.looks = 0
        self.shows_again: set[int] = set()  # numbers of looks at which nothing new is there
        self.newest: CapturedFrame | None = None
        self.is_closed = False
        self.before_look: Callable[[int], None] = lambda number: None

    def look(self) -> CapturedFrame | None:
        self.before_look(self.looks)
        if self.ends_after is not None and self.looks >= self.ends_after:
            return None
        frame_HWC = np.full(self.shape, self.looks % 256, dtype=np.uint8)
        self.looks += 1
        if self.looks - 1 in self.shows_again:
            return self.newest
        self.newest = CapturedFrame(
            frame_HWC=frame_HWC,
            time_ns=self.clock.now_ns(),
            number=self.looks,
            telemetry={"speed": float(self.looks)},
        )
        return self.newest

    def close(self) -> None:
        self.is_closed = True


class FakeInput(Input):
    hears = True
    sends = True

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.held: dict[str, float] = {}
        self.sent: list[tuple[int, str, float]] = []
        self.heard: list[Event] = []
        self.releases: list[tuple[int, list[str]]] = []  # each release of everything: when, and what was held
        self.before_send: Callable[[str, float], None] = lambda code, value: None

    def listen(self) -> list[Event]:
        now_ns = self.clock.now_ns()
        heard = [event for event in self.heard if event.time_ns <= now_ns]
        self.heard = [event for event in self.heard if event.time_ns > now_ns]
        return heard

    def send(self, code: str, value: float) -> None:
        self.before_send(code, value)
        self.held[code] = value
        self.sent.append((self.clock.now_ns(), code, value))

    def release_all(self) -> None:
        self.releases.append((self.clock.now_ns(), [code for code, value in self.held.items() if value]))
        self.held = dict.fromkeys(self.held, 0.0)

    def close(self) -> None:
        self.release_all()

    @property
    def is_free(self) -> bool:
        return not any(self.held.values())


@dataclass(kw_only=True)
class FakeDevice:
    clock: FakeClock
    capture: FakeCapture
    input: FakeInput
    device: OpenDevice
    game: Game = field(default_factory=lambda: GAME)


@pytest.fixture
def game() -> Game:
    return GAME


@pytest.fixture
def fake_device() -> Callable[..., FakeDevice]:
    """Return a maker of fake devices: fake_device(ends_after=5, rate_hz=10)."""

    def make(*, ends_after: int | None = None, game: Game = GAME, **options: Any) -> FakeDevice:
        clock = FakeClock()
        session = DeviceSession(game=game, name="fake", device=game.device("fake"), options=options, clock=clock)
        capture, pressed = FakeCapture(clock, game, ends_after), FakeInput(clock)
        device = OpenDevice(session=session, capture=capture, input=pressed)
        return FakeDevice(clock=clock, capture=capture, input=pressed, device=device, game=game)

    return make
