"""A window and a keyboard that exist only in memory, on a clock that moves when somebody sleeps.

The window shows a bright square: keys push it about, and it falls behind on its own, so that every picture
differs from the last. The person presses every control of the game in turn, or does what the option `strokes`
says: a list of [seconds, code, value].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from playhead.capture import Capture, CapturedFrame, FrameArray
from playhead.clock import NS_PER_S, Clock, FakeClock
from playhead.devices import DeviceSession
from playhead.errors import not_found
from playhead.events import Event, Origin
from playhead.game import Device, Frame, Game
from playhead.hookspecs import hookimpl
from playhead.input import Input

SECONDS = 4.0  # how long the fake game lasts, unless the device's options say otherwise
TURN_S = 0.4  # how long the person stays with one control
HELD_SHARE = 0.6  # of its turn, a control is pressed


@dataclass(kw_only=True)
class FakeGame:
    """What capture and input share: the clock and what is held.

    Units:  seconds is how long the game lasts; sent are all (code, value) in order.
    """

    frame: Frame
    codes: tuple[str, ...]
    seconds: float
    strokes: Sequence[tuple[float, str, float]] | None = None
    clock: Clock = field(default_factory=FakeClock)
    held: dict[str, float] = field(default_factory=dict)
    sent: list[tuple[str, float]] = field(default_factory=list)

    @classmethod
    def of(cls, session: DeviceSession) -> FakeGame:
        """Return the fake game of a device session, made on first demand; its clock becomes the session's."""

        def make() -> FakeGame:
            game = session.game
            seconds = float(session.options.get("seconds", SECONDS))
            fake = cls(
                frame=game.needed_frame,
                codes=tuple(game.controls.values()),
                seconds=seconds,
                strokes=session.options.get("strokes"),
            )
            session.clock = fake.clock
            return fake

        return session.share("fake game", make)


class FakeCapture(Capture):
    """Looks at the fake window: a new picture at every moment, none when the game is over."""

    def __init__(self, game: FakeGame) -> None:
        self._game = game
        self._number = 0

    def look(self) -> CapturedFrame | None:
        """Return the picture of this moment, or None after the game's last second."""
        time_ns = self._game.clock.now_ns()
        if time_ns >= self._game.seconds * NS_PER_S:
            return None
        captured = CapturedFrame(frame_HWC=self._draw(time_ns), time_ns=time_ns, number=self._number)
        self._number += 1
        return captured

    def _draw(self, time_ns: int) -> FrameArray:
        frame = self._game.frame
        frame_HWC = np.full(frame.shape, 40, dtype=np.uint8)
        size = max(2, min(frame.width, frame.height) // 4)
        moved = round(time_ns / NS_PER_S * frame.width / 3) + size * sum(map(bool, self._game.held.values()))
        left, top = moved % (frame.width - size + 1), moved // 2 % (frame.height - size + 1)
        frame_HWC[top : top + size, left : left + size] = 220
        return frame_HWC

    def close(self) -> None:
        """Nothing to give back."""


class FakeInput(Input):
    """Hears a person who presses each control in turn, and takes note of what is sent."""

    def __init__(self, game: FakeGame) -> None:
        self._game = game
        self._heard_ns = -1

    def listen(self) -> list[Event]:
        """Return what the person did since the last call."""
        now_ns = self._game.clock.now_ns()
        events = [event for event in self._person(now_ns) if self._heard_ns < event.time_ns <= now_ns]
        self._heard_ns = now_ns
        return events

    def _person(self, until_ns: int) -> list[Event]:
        if self._game.strokes is not None:
            return [_event(round(at_s * NS_PER_S), code, value) for at_s, code, value in self._game.strokes]
        events: list[Event] = []
        turn_ns, turn = round(TURN_S * NS_PER_S), 0
        while self._game.codes and turn * turn_ns <= until_ns:
            code = self._game.codes[turn % len(self._game.codes)]
            for time_ns, value in ((turn * turn_ns, 1.0), (round((turn + HELD_SHARE) * turn_ns), 0.0)):
                events.append(_event(time_ns, code, value))
            turn += 1
        return events

    def send(self, code: str, value: float) -> None:
        """Hold a code at a value from now on. Raises NotFound for a code that is no control of the game."""
        if code not in self._game.codes:
            raise not_found("control", code, self._game.codes)
        self._game.sent.append((code, value))
        self._game.held[code] = value

    def release_all(self) -> None:
        """Let go of everything."""
        for code in [code for code, value in self._game.held.items() if value]:
            self._game.sent.append((code, 0.0))
        self._game.held.clear()

    def close(self) -> None:
        """Let go of everything."""
        self.release_all()


def _event(time_ns: int, code: str, value: float) -> Event:
    return Event(time_ns=time_ns, code=code, value=value, origin=Origin.HUMAN)


def open_capture(session: DeviceSession) -> FakeCapture:
    """Open the fake window of a session."""
    return FakeCapture(FakeGame.of(session))


def open_input(session: DeviceSession) -> FakeInput:
    """Open the fake keyboard of a session."""
    return FakeInput(FakeGame.of(session))


class _Fakes:
    """A plugin that registers the fake window and keyboard under the name "fake"."""

    @hookimpl
    def playhead_captures(self) -> dict[str, object]:
        return {"fake": open_capture}

    @hookimpl
    def playhead_inputs(self) -> dict[str, object]:
        return {"fake": open_input}


FAKES = _Fakes()


def on_fakes(game: Game, *, rate_hz: float = 10.0, seconds: float = SECONDS) -> Game:
    """Return the game on the one device "fake", which lasts `seconds`, at a rate that keeps tests short."""
    device = Device(capture="fake", input="fake", rate_hz=rate_hz, options={"seconds": seconds})
    return replace(game, devices={"fake": device}, world=None)
