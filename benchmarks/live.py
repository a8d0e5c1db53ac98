"""What live mode costs beside the network: scaling, bars, heat laid over, the window; and the parts of it.

    python benchmarks/live.py [--ticks 1000] [--rate 60]

Runs the real loop, canvas and window on pictures of 400x150 in memory; instead of a network there are answers that
change. On Linux without a desktop it starts one in memory (Xvfb). Predicted before it was written: heat .2 ms,
bars .15, copies .1, to the window .8: 1.3 ms; wanted: at most 3 ms at the 99th percentile. Showing costs the most,
and as much as the canvas is large: pictures that make one of 808x150 are not enlarged. The ratio is to showing
alone, in the same run. On a busy machine: chrt -f 1 python benchmarks/live.py.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
from display import a_display
from in_memory import Memory, device_of, percentiles_ms

from playhead.capture import CapturedFrame, FrameArray
from playhead.clock import SystemClock
from playhead.control.loop import Loop, Pace, Tick
from playhead.events import Event, Origin
from playhead.game import Device, Frame, Game
from playhead.labels import Choice
from playhead.playing.observing import LiveView, Observer
from playhead.playing.overlay import Canvas, with_levels
from playhead.showing.window import Window

GAME = Game(
    name="bench",
    title="Bench",
    devices={"memory": Device(capture="memory", input="none")},
    frame=Frame(width=400, height=150, rate_hz=60),
    labels={"car": Choice("octane", "aftershock", "werewolf", "breakout")},
)


class Answering:
    """An observer without its network: another answer and other heat every time."""

    origin = Origin.MODEL
    heat_of = "octane"

    def __init__(self) -> None:
        random = np.random.default_rng(1)
        self._heats = [random.integers(0, 256, GAME.frame.shape[:2], dtype=np.uint8) for _ in range(8)]
        self._decided, self.later_s = 0, 0.0
        self.level_HW = self._heats[0]
        self.predictions = {"car": np.full(4, 0.25, dtype=np.float32)}

    def decide(self, captured: CapturedFrame) -> None:
        self._decided += 1
        self.level_HW = self._heats[self._decided % 8]
        self.predictions = {"car": np.roll(np.array([0.7, 0.2, 0.06, 0.04], np.float32), self._decided % 4)}


class Ticking:
    """Draws and shows as live mode does, and counts what of it this thread itself computed."""

    def __init__(self, view: LiveView) -> None:
        self._view = view
        self.own_ns: list[int] = []

    def saw(self, tick: Tick) -> None:
        started_ns = time.thread_time_ns()
        self._view.saw(tick)
        self.own_ns.append(time.thread_time_ns() - started_ns)

    def ended(self, events: Sequence[Event]) -> None:
        self._view.ended(events)


def timed_ms(run: Callable[[], object], times: int = 300) -> tuple[float, float]:
    durations_ns = []
    for _ in range(times):
        started_ns = time.perf_counter_ns()
        run()
        durations_ns.append(time.perf_counter_ns() - started_ns)
    return percentiles_ms(durations_ns)


def parts(canvas: Canvas, window: Window) -> dict[str, Callable[[], object]]:
    frame_HWC: FrameArray = np.random.default_rng(2).integers(0, 256, GAME.frame.shape, dtype=np.uint8)
    level_HW, predictions = frame_HWC[:, :, 0].copy(), {"car": np.array([0.7, 0.2, 0.06, 0.04], np.float32)}

    def copy() -> None:
        for _ in range(2):
            canvas.picture_HW3[:, :400] = frame_HWC

    return {
        "two pictures copied": copy,
        "heat laid over": lambda: with_levels(frame_HWC, level_HW),
        "whole canvas": lambda: canvas.draw(frame_HWC, predictions, level_HW, "Grad-CAM: octane"),
        "to the window": lambda: window.show(canvas.picture_HW3),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ticks", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=60.0)
    asked = parser.parse_args()
    with a_display():
        measure(asked.ticks, asked.rate)


def measure(ticks: int, rate_hz: float) -> None:
    clock = SystemClock()
    window = Window("bench", [])
    canvas = Canvas(150, 400, GAME.schema, has_heat=True)
    window.open(*canvas.size)
    told = {name: timed_ms(run) for name, run in parts(canvas, window).items()}
    device = device_of(GAME, Memory(clock, GAME.frame.shape), clock)
    answering = Answering()
    view = LiveView(cast("Observer", answering), window, canvas, clock, rate_hz=rate_hz)
    pace = Pace(rate_hz=rate_hz, duration_s=ticks / rate_hz)
    ticking = Ticking(view)
    report = Loop(device=device, driver=answering, pace=pace, watchers=[ticking]).run()
    window.close()
    base = told["to the window"][0]
    for name, (p50, p99) in told.items():
        print(f"{name:22} p50 {p50:.3f} ms  p99 {p99:.3f} ms")
    tick = report.sections["tick"]
    p50, p99 = tick["p50_ms"], tick["p99_ms"]
    print(f"{'tick without network':22} p50 {p50:.3f} ms  p99 {p99:.3f} ms  (wanted: p99 3 ms)")
    own50, own99 = percentiles_ms(ticking.own_ns)
    print(
        f"{'drawn and shown, CPU':22} p50 {own50:.3f} ms  p99 {own99:.3f} ms  (busy machines stretch all but this)"
    )
    print(f"ratio to showing       p50 {p50 / base:.1f}, canvas {canvas.size[0]}x{canvas.size[1]}")
    print(f"shown {report.rates_hz()['captured']:.1f}/s of {rate_hz:g}, late {report.late} of {report.captured}")


if __name__ == "__main__":
    main()
