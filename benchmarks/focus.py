"""How long pressing holds the loop up beside busy processes: asking for the focus, and waiting for its turn.

    python benchmarks/focus.py [--seconds 10] [--rate 20] [--busy 2] [--own-sessions]

The real loop, guard and keyboard before a window of another process, on an Xvfb of its own where there is no
DISPLAY; keys change at every frame, and every decision computes for a few milliseconds. All ways take turns, so
that the machine is as busy for each. Busy processes may have a session of their own each, as if started in another
terminal: Linux shares the processor among sessions first. Needs X11; going first needs root, or `ulimit -r` of at
least 1.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as a network computes while playing

import numpy as np
from arrivals import a_window
from display import a_display
from in_memory import Memory
from keys import GAME

from playhead import threads
from playhead.capture import CapturedFrame
from playhead.capture.desktop import GameWindow
from playhead.control.loop import Loop, Pace
from playhead.devices import DeviceSession, OpenDevice
from playhead.events import Origin
from playhead.input.keyboard import open_input
from playhead.playing.takeover import TakeoverAuthority
from playhead.sessions.control import take_control
from playhead.threads import Precedence

TURNS = 5
ASKED, KNOWN, FIRST = "focus asked in the loop", "focus known by a thread", "known, and the loop goes first"
SHORT = "known, and turns are short"  # what a user has who may not go first
PICTURE = np.ones((256, 256), np.float32)


class Alternating:
    """Another key at every frame, after something like a network."""

    origin = Origin.MODEL
    decided = 0

    def decide(self, captured: CapturedFrame) -> Mapping[str, float]:
        for _ in range(3):
            np.matmul(PICTURE, PICTURE)
        self.decided += 1
        return {"wasd"[self.decided % 4]: 1.0}


def act_ms(way: str, rate_hz: float, seconds: float) -> list[float]:
    """Return how long each turn of pressing took in one loop."""
    session = DeviceSession(game=GAME, name="screen", device=GAME.device("screen"))
    capture = Memory(session.clock, GAME.frame.shape)
    with OpenDevice(session=session, capture=capture, input=open_input(session)) as device:
        session.on_close(device.input.close)
        if way != ASKED:
            device, guard = take_control(device, Origin.MODEL, print, lambda: None)
        else:
            guard = TakeoverAuthority(GAME, {}, window=GameWindow.of(session))
        assert guard is not None
        guard.say = lambda text: None
        loop = Loop(
            device=device, driver=Alternating(), guard=guard, pace=Pace(rate_hz=rate_hz, duration_s=seconds)
        )
        loop._is_first = way in (FIRST, SHORT)
        with refused() if way == SHORT else nullcontext():
            report = loop.run()
        assert not report.blocked, f"{report.blocked} decisions were held back"
        return [ns / 1e6 for ns in loop._times._ns["act"]]


@contextmanager
def refused() -> Iterator[None]:
    """Let nobody go first meanwhile, as where the system does not grant it."""
    granted, threads._set_rank = threads._set_rank, lambda rank: False
    try:
        yield
    finally:
        threads._set_rank = granted


def spin(in_own_session: bool) -> None:
    if in_own_session:
        os.setsid()
    while True:
        pass


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--busy", type=int, default=2)
    parser.add_argument("--own-sessions", action="store_true")
    asked = parser.parse_args()
    beside = (asked.own_sessions,)
    busy = [multiprocessing.Process(target=spin, args=beside, daemon=True) for _ in range(asked.busy)]
    taken: dict[str, list[float]] = {ASKED: [], KNOWN: [], SHORT: [], FIRST: []}
    with a_display(), a_window():
        for process in busy:
            process.start()
        for _ in range(TURNS):
            for way, times in taken.items():
                times += act_ms(way, asked.rate, asked.seconds / TURNS)
        for process in busy:
            process.kill()
    for way, times in taken.items():
        p50, p99 = np.percentile(times, [50, 99])
        print(f"act, {way:30} p50 {p50:.3f} ms  p99 {p99:.3f} ms  max {max(times):.1f} ms")
    with Precedence() as precedence:
        granted = "granted" if precedence.is_taken else "not granted"
    where = "in sessions of their own" if asked.own_sessions else "in the same session"
    print(f"{asked.busy} busy processes {where} beside; going first is {granted}; wanted: p99 2 ms")


if __name__ == "__main__":
    main()
