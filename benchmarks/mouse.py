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
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from display import a_display
from keys import told

from playhead.devices import DeviceSession
from playhead.game import Device, Frame, Game, Window
from playhead.input.keyboard import open_input
from playhead.labels import Axes

TITLE = "playhead mouse benchmark"
GAME = Game(
    name="bench",
    title=TITLE,
    devices={"screen": Device(capture="screen", input="keyboard", window=Window(title=TITLE))},
    frame=Frame(width=240, height=180, rate_hz=80),
    labels={"look": Axes("x", "y", full_per_s=1000)},
    controls={"x": "mouse_x", "y": "mouse_y"},
)


def show() -> None:
    """Print the time in nanoseconds at which each move over the window arrives."""
    from Xlib import X, display

    shown = display.Display()
    mask = X.PointerMotionMask | X.StructureNotifyMask
    window = shown.screen().root.create_window(100, 100, 400, 300, 0, 0, X.InputOutput, event_mask=mask)
    window.set_wm_name(TITLE)
    window.map()
    while True:
        event = shown.next_event()
        if event.type == X.MapNotify:
            window.set_input_focus(X.RevertToParent, X.CurrentTime)
            window.warp_pointer(200, 150)
            shown.sync()
            print("ready", flush=True)
        elif event.type == X.MotionNotify:
            print(time.perf_counter_ns(), flush=True)


@contextmanager
def a_window() -> Iterator[Callable[[], int]]:
    """Have another process show the window; yield what waits for its next move: when it arrived."""
    shown = subprocess.Popen([sys.executable, __file__, "--show"], stdout=subprocess.PIPE, text=True)
    assert shown.stdout is not None
    try:
        assert shown.stdout.readline() == "ready\n"
        assert shown.stdout.readline()  # put into the middle
        yield lambda: int(shown.stdout.readline())
    finally:
        shown.terminate()
        shown.communicate()


def moved(move: Callable[[int], object], arrival: Callable[[], int], way: int) -> float:
    """Return how long a move took to the application, in milliseconds."""
    began_ns = time.perf_counter_ns()
    move(way)
    return (arrival() - began_ns) / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--moves", type=int, default=300)
    parser.add_argument("--show", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.show:
        show()
        return
    from Xlib import X, display

    chance, taken = random.Random(0), {"bare": [0.0], "ours": [0.0]}
    with a_display(), a_window() as arrival:
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
