"""How long one tick of the play loop takes without the network, against a bare loop that grabs and copies.

    python benchmarks/play_loop.py [--seconds 10] [--rate 80]

Frames of 240x180 come from memory; history, controller, executor and timing are the real ones. The network is
replaced by an answer that changes, so that keys are pressed and released all the time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from in_memory import Memory, device_of, percentiles_ms

from playhead.capture import CapturedFrame
from playhead.clock import NS_PER_S, Clock, SystemClock
from playhead.control.loop import Loop, Pace
from playhead.events import Origin
from playhead.game import Device, Frame, Game
from playhead.inputs import named_inputs
from playhead.labels import Keys
from playhead.playing.controllers import default_controller
from playhead.playing.history import History

GAME = Game(
    name="bench",
    title="Bench",
    devices={"memory": Device(capture="memory", input="none")},
    frame=Frame(width=240, height=180, rate_hz=80),
    labels={"drive": Keys("w", "a", "s", "d", opposites=(("w", "s"), ("a", "d")))},
    controls={"w": "w", "a": "a", "s": "s", "d": "d"},
)


class Answering:
    """RunPolicy without its network."""

    origin = Origin.MODEL

    def __init__(self) -> None:
        self._history = History(named_inputs(("frames",), 3, 0.25), rate_hz=1)
        self._controller = default_controller(GAME, {"proportional": ["a"]})
        self._decided = 0

    def decide(self, captured: CapturedFrame) -> Mapping[str, float]:
        self._history.add(captured)
        frames_THWC = self._history.window()["frames"]
        self._decided += 1
        answer = np.array([0.9, self._decided % 7 / 7, 0.1, frames_THWC[0, 0, 0, 0] / 255], dtype=np.float32)
        return self._controller.act({"drive": answer}, 1 / 80)


def memory(clock: Clock) -> Memory:
    return Memory(clock, GAME.frame.shape, {"speed": 1.0})


def bare_loop(clock: SystemClock, rate_hz: float, seconds: float) -> tuple[float, float]:
    """Grab, copy, wait, and nothing else."""
    capture, durations_ns = memory(clock), []
    deadline_ns = clock.now_ns()
    for _ in range(round(rate_hz * seconds)):
        started_ns = time.perf_counter_ns()
        capture.look()
        durations_ns.append(time.perf_counter_ns() - started_ns)
        deadline_ns += round(NS_PER_S / rate_hz)
        clock.sleep_until(deadline_ns)
    return percentiles_ms(durations_ns)


def whole_loop(clock: SystemClock, rate_hz: float, seconds: float) -> dict[str, Any]:
    pace = Pace(rate_hz=rate_hz, duration_s=seconds)
    return Loop(device=device_of(GAME, memory(clock), clock), driver=Answering(), pace=pace).run().to_json()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=80.0)
    asked = parser.parse_args()
    clock = SystemClock()
    bare_p50, bare_p99 = bare_loop(clock, asked.rate, asked.seconds)
    report = whole_loop(clock, asked.rate, asked.seconds)
    tick = report["sections"]["tick"]
    print(f"bare grab and copy   p50 {bare_p50:.3f} ms  p99 {bare_p99:.3f} ms")
    print(f"play loop tick       p50 {tick['p50_ms']:.3f} ms  p99 {tick['p99_ms']:.3f} ms  (wanted: p99 2 ms)")
    print(f"ratio                p50 {tick['p50_ms'] / bare_p50:.1f}     p99 {tick['p99_ms'] / bare_p99:.1f}")
    for name, times in report["sections"].items():
        if name not in ("wait", "tick"):
            print(f"  {name:8} p50 {times['p50_ms']:.3f} ms  p99 {times['p99_ms']:.3f} ms")
    captured_hz = report["rates_hz"]["captured"]
    print(f"captured {captured_hz:.1f}/s of {asked.rate:g}, late {report['late']} of {report['captured']}")


if __name__ == "__main__":
    main()
