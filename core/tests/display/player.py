"""A player to be ended: holds W, shift and the left arrow in the window called "game". Run: player.py WAY."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import nullcontext

from playhead.capture import CapturedFrame
from playhead.control.loop import Loop, Pace, never
from playhead.devices import open_device
from playhead.events import Origin
from playhead.game import Device, Frame, Game, Window
from playhead.labels import Keys
from playhead.plugins import Plugins
from playhead.stopping import stopped_by_interrupt

HELD = ("w", "shift", "left")
GAME = Game(
    name="held",
    title="Held",
    devices={"screen": Device(capture="screen", input="keyboard", window=Window(title="game"))},
    frame=Frame(width=64, height=48, rate_hz=40),
    labels={"drive": Keys(*HELD)},
    controls={code: code for code in HELD},
)


class Holding:
    """Holds everything; says so once it is down, and then does what it was told."""

    origin = Origin.MODEL

    def __init__(self, then: Callable[[], object]) -> None:
        self._then = then
        self._decided = 0

    def decide(self, captured: CapturedFrame) -> dict[str, float]:
        self._decided += 1
        if self._decided == 3:
            print("holding", flush=True)
            self._then()
        return dict.fromkeys(HELD, 1.0)


def fail() -> None:
    sys.stdin.readline()
    raise RuntimeError("the network failed")


def main(way: str) -> None:
    then = {"exception": fail, "exit": lambda: (sys.stdin.readline(), os._exit(3))}.get(way, lambda: None)
    heeding = stopped_by_interrupt() if way in ("time", "interrupt", "terminate") else nullcontext()
    with open_device(Plugins(), GAME, "screen") as device, heeding as stop:
        pace = Pace(rate_hz=40, duration_s=1.0 if way == "time" else 600.0)
        loop = Loop(device=device, driver=Holding(then), pace=pace, stop=stop.is_set if stop else never)
        print(loop.run().ending, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
