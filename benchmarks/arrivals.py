"""A window of another process that says when what reaches it: what the benchmarks of keys and mouse share.

Both processes read the same monotonic clock.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from playhead.game import Device, Frame, Game, Window
from playhead.labels import Head

TITLE = "playhead benchmark"
MASKS = {"keys": ("KeyPressMask", "KeyReleaseMask"), "moves": ("PointerMotionMask",)}


def game_of(labels: Mapping[str, Head], controls: Mapping[str, str]) -> Game:
    """Return a game that is played in the window."""
    return Game(
        name="bench",
        title=TITLE,
        devices={"screen": Device(capture="screen", input="keyboard", window=Window(title=TITLE))},
        frame=Frame(width=240, height=180, rate_hz=80),
        labels=labels,
        controls=controls,
    )


def show(kind: str) -> None:
    """Print the time in nanoseconds and the event type (2 press, 3 release, 6 move) of what arrives."""
    from Xlib import X, display

    shown, mask = display.Display(), X.StructureNotifyMask
    for name in MASKS[kind]:
        mask |= getattr(X, name)
    window = shown.screen().root.create_window(100, 100, 400, 300, 0, 0, X.InputOutput, event_mask=mask)
    window.set_wm_name(TITLE)
    window.map()
    while True:
        event = shown.next_event()
        if event.type == X.MapNotify:
            window.set_input_focus(X.RevertToParent, X.CurrentTime)
            if kind == "moves":
                window.warp_pointer(200, 150)
            shown.sync()
            print("ready", flush=True)
        elif event.type in (X.KeyPress, X.KeyRelease, X.MotionNotify):
            print(time.perf_counter_ns(), event.type, flush=True)


@contextmanager
def a_window(kind: str = "keys") -> Iterator[Callable[[], tuple[int, int]]]:
    """Have another process show the window; yield what waits for what comes next: (time_ns, event type)."""
    shown = subprocess.Popen([sys.executable, __file__, kind], stdout=subprocess.PIPE, text=True)
    assert shown.stdout is not None
    try:
        assert shown.stdout.readline() == "ready\n"
        yield lambda: tuple(int(part) for part in shown.stdout.readline().split())  # type: ignore
    finally:
        shown.terminate()
        shown.communicate()


def told(values: Any) -> str:
    """Say the middle and the worst of values."""
    p50, p99 = np.percentile(values, [50, 99])
    return f"p50 {p50:.3f} ms  p99 {p99:.3f} ms"


if __name__ == "__main__":
    show(sys.argv[1])
