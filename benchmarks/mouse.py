"""How long a move of the mouse takes to the application under X11, ours beside one bare request.

    python benchmarks/mouse.py [--moves 300]

Another process shows a window and notes when the pointer moves over it; both read the same monotonic clock. Bare
is one request of XTEST; ours asks where the pointer is and how large the window, so that nothing leaves it.
Without DISPLAY it all happens on an Xvfb of its own. Needs X11.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable

import numpy as np
from arrivals import a_window, game_of, told
from display import a_display

from playhead.devices import DeviceSession
from playhead.input.keyboard import open_input
from playhead.labels import Axes

GAME = game_of({"look": Axes("x", "y", full_per_s=1000)}, {"x": "mouse_x", "y": "mouse_y"})


def moved(move: Callable[[int], object], arrival: Callable[[], tuple[int, int]], way: int) -> float:
    """Return how long a move took to the application, in milliseconds."""
    began_ns = time.perf_counter_ns()
    move(way)
    return (arrival()[0] - began_ns) / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--moves", type=int, default=300)
    asked = parser.parse_args()
    from Xlib import X, display

    chance, taken = random.Random(0), {"bare": [0.0], "ours": [0.0]}
    with a_display(), a_window("moves") as arrival:
        arrival()  # put into the middle
        session = DeviceSession(game=GAME, name="screen", device=GAME.device("screen"))
        mouse, connection = open_input(session), display.Display()

        def bare(way: int) -> None:
            connection.xtest_fake_input(X.MotionNotify, detail=True, x=way, y=0)
            connection.flush()

        for _ in range(asked.moves):
            for name, move in (("bare", bare), ("ours", lambda way: mouse.send("mouse_x", float(way)))):
                time.sleep(chance.uniform(0.002, 0.015))
                taken[name] += [moved(move, arrival, way) for way in (5, -5)]
        mouse.close()
        session.close()
    for name, times_ms in taken.items():
        print(f"{name} to the application   {told(np.array(times_ms[1:]))}")
    print(f"load of the machine {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
