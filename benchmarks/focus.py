"""What the focus of the game's window costs the loop beside busy processes: asked in it, and known by a thread.

    python benchmarks/focus.py [--seconds 10] [--rate 20] [--busy 2]

The real loop, guard and keyboard before a window of another process, on an Xvfb of its own where there is no
DISPLAY; keys change at every frame, and every decision computes for a few milliseconds. Both ways take turns, so
that the machine is as busy for both. Needs X11.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections.abc import Mapping

import numpy as np
from display import a_display
from in_memory import Memory
from keys import GAME, a_window

from playhead.capture import CapturedFrame
from playhead.capture.desktop import GameWindow
from playhead.control.loop import Loop, Pace
from playhead.devices import DeviceSession, OpenDevice
from playhead.events import Origin
from playhead.input.keyboard import open_input
from playhead.playing.takeover import TakeoverAuthority
from playhead.sessions.control import take_control

TURNS = 5
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


def act_ms(is_watched: bool, rate_hz: float, seconds: float) -> list[float]:
    """Return how long each turn of pressing took in one loop."""
    session = DeviceSession(game=GAME, name="screen", device=GAME.device("screen"))
    capture = Memory(session.clock, GAME.frame.shape)
    with OpenDevice(session=session, capture=capture, input=open_input(session)) as device:
        session.on_close(device.input.close)
        if is_watched:
            device, guard = take_control(device, Origin.MODEL, print, lambda: None)
        else:
            guard = TakeoverAuthority(GAME, {}, window=GameWindow.of(session))
        assert guard is not None
        guard.say = lambda text: None
        loop = Loop(
            device=device, driver=Alternating(), guard=guard, pace=Pace(rate_hz=rate_hz, duration_s=seconds)
        )
        report = loop.run()
        assert not report.blocked, f"{report.blocked} decisions were held back"
        return [ns / 1e6 for ns in loop._times._ns["act"]]


def spin() -> None:
    while True:
        pass


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--busy", type=int, default=2)
    asked = parser.parse_args()
    busy = [multiprocessing.Process(target=spin, daemon=True) for _ in range(asked.busy)]
    taken: dict[bool, list[float]] = {False: [], True: []}
    with a_display(), a_window():
        for process in busy:
            process.start()
        for _ in range(TURNS):
            for is_watched, times in taken.items():
                times += act_ms(is_watched, asked.rate, asked.seconds / TURNS)
        for process in busy:
            process.kill()
    for is_watched, times in taken.items():
        p50, p99 = np.percentile(times, [50, 99])
        how = "known by a thread" if is_watched else "asked in the loop"
        print(f"act, focus {how}  p50 {p50:.3f} ms  p99 {p99:.3f} ms  max {max(times):.1f} ms")
    print(f"{asked.busy} busy processes beside; wanted: p99 2 ms known by a thread")


if __name__ == "__main__":
    main()
