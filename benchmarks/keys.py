"""How long a key takes to the application under X11, and how well the times of heard keys are known.

    python benchmarks/keys.py [--presses 500]

Another process shows a window and notes when each key reaches it; both read the same monotonic clock. Bare is one
request of python-xlib; ours asks for the focus and tells the watchdog first. Without DISPLAY it all happens on an
Xvfb of its own. Needs X11.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable, Sequence

import numpy as np
from arrivals import a_window, game_of, told
from display import a_display

from playhead.devices import DeviceSession
from playhead.events import Event
from playhead.input.keyboard import Keyboard, open_input
from playhead.labels import Keys

Send = Callable[[str, bool], object]
GAME = game_of({"drive": Keys(*"wasd")}, {key: key for key in "wasd"})


def press_and_release(
    senders: Sequence[Send], arrival: Callable[[], tuple[int, int]], presses: int
) -> list[tuple[list[float], list[float]]]:
    """Have the senders take turns, so that a busy machine is as busy for all of them.

    Returns for each how long its presses took to the application, and how long its calls. Units: milliseconds.
    """
    chance = random.Random(0)
    taken: list[tuple[list[float], list[float]]] = [([], []) for _ in senders]
    for number in range(presses):
        for send, (arrived, called) in zip(senders, taken, strict=True):
            for is_press in (True, False):
                time.sleep(chance.uniform(0.002, 0.015))  # as in a loop: processors slow down meanwhile
                began_ns = time.perf_counter_ns()
                send("wasd"[number % 4], is_press)
                done_ns = time.perf_counter_ns()
                time_ns, kind = arrival()
                assert kind == (2 if is_press else 3)
                if is_press:
                    arrived.append((time_ns - began_ns) / 1e6)
                    called.append((done_ns - began_ns) / 1e6)
    return taken


def bare_sender() -> Send:
    """Return one request of python-xlib a key, and nothing else."""
    from Xlib import XK, X, display

    connection = display.Display()
    codes = {code: connection.keysym_to_keycode(XK.string_to_keysym(code)) for code in "wasd"}

    def send(code: str, is_press: bool) -> None:
        connection.xtest_fake_input(X.KeyPress if is_press else X.KeyRelease, codes[code])
        connection.flush()

    return send


def everything_heard(keyboard: Keyboard) -> list[Event]:
    """Listen until nothing more comes: the server keeps back what a loop that never listens leaves it with."""
    events: list[Event] = []
    quiet = 0
    while quiet < 5:
        heard = keyboard.listen()
        events.extend(heard)
        quiet = 0 if heard else quiet + 1
        time.sleep(0.02)
    return events


def time_errors(
    keyboard: Keyboard, send: Send, arrival: Callable[[], tuple[int, int]], presses: int
) -> list[float]:
    """Have somebody else press; return by how much the times heard differ from the true ones, in milliseconds."""
    true_ns: list[int] = []

    def noted(code: str, is_press: bool) -> None:
        true_ns.append(time.perf_counter_ns())
        send(code, is_press)

    everything_heard(keyboard)  # of the rounds before
    press_and_release([noted], arrival, presses)
    heard = everything_heard(keyboard)
    assert len(heard) == len(true_ns), f"{len(heard)} of {len(true_ns)} keys were heard"
    return [(event.time_ns - time_ns) / 1e6 for event, time_ns in zip(heard, true_ns, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--presses", type=int, default=500)
    asked = parser.parse_args()
    with a_display(), a_window() as arrival:
        session = DeviceSession(game=GAME, name="screen", device=GAME.device("screen"))
        keyboard, bare = open_input(session), bare_sender()
        taken = press_and_release([bare, keyboard.send], arrival, asked.presses)
        (arrived_bare, _), (arrived, called) = taken
        errors = time_errors(keyboard, bare, arrival, asked.presses)
        keyboard.close()
        session.close()
    print(f"bare XTEST to the application   {told(arrived_bare)}")
    print(f"ours to the application         {told(arrived)}  (wanted: p50 1 ms)")
    print(f"ratio                           p50 {np.median(arrived) / np.median(arrived_bare):.1f}")
    print(f"our call alone                  {told(called)}")
    print(f"time of a heard key is off by   {told(np.abs(errors))}")
    print(f"refused for lack of focus       {keyboard.refused}; load of the machine {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
