"""How long one tick of the play loop takes without the network, against a bare loop that grabs and copies.

    python benchmarks/play_loop.py [--seconds 10] [--rate 80]

Frames of 240x180 come from memory; history, controller, hands and timing are the real ones. The network is
replaced by an answer that changes, so that keys are pressed and released all the time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from playhead.capture import CapturedFrame, FrameArray
from playhead.clock import NS_PER_S, Clock, SystemClock
from playhead.devices import DeviceSession, OpenDevice
from playhead.driving.loop import Loop, Pace
from playhead.events import Origin
from playhead.game import Device, Frame, Game
from playhead.input.none import DryRun
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


class Memory:
    """A capture that copies one of some pictures in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pictures = [random_picture(number) for number in range(16)]
        self._looks = 0

    def look(self) -> CapturedFrame:
        self._looks += 1
        return CapturedFrame(
            frame_HWC=self._pictures[self._looks % 16].copy(),
            time_ns=self._clock.now_ns(),
            number=self._looks,
            telemetry={"speed": 1.0},
        )

    def close(self) -> None:
        pass


class Answering:
    """RunPolicy without its network."""

    origin = Origin.MODEL

    def __init__(self) -> None:
        self._history = History(length=3, stride_s=0.25, inputs=("frames",), pause_s=4)
        self._controller = default_controller(GAME, {"proportional": ["a"]})
        self._decided = 0

    def decide(self, captured: CapturedFrame) -> Mapping[str, float]:
        self._history.add(captured)
        frames_THWC = self._history.window()["frames"]
        self._decided += 1
        answer = np.array([0.9, self._decided % 7 / 7, 0.1, frames_THWC[0, 0, 0, 0] / 255], dtype=np.float32)
        return self._controller.plan({"drive": answer}, 1 / 80)


def random_picture(seed: int) -> FrameArray:
    return np.random.default_rng(seed).integers(0, 256, GAME.frame.shape, dtype=np.uint8)


def percentiles_ms(durations_ns: list[int]) -> tuple[float, float]:
    p50, p99 = np.percentile(durations_ns, [50, 99]) / 1e6
    return float(p50), float(p99)


def bare_loop(clock: SystemClock, rate_hz: float, seconds: float) -> tuple[float, float]:
    """Grab, copy, wait, and nothing else."""
    memory, durations_ns = Memory(clock), []
    deadline_ns = clock.now_ns()
    for _ in range(round(rate_hz * seconds)):
        started_ns = time.perf_counter_ns()
        memory.look()
        durations_ns.append(time.perf_counter_ns() - started_ns)
        deadline_ns += round(NS_PER_S / rate_hz)
        clock.sleep_until(deadline_ns)
    return percentiles_ms(durations_ns)


def whole_loop(clock: SystemClock, rate_hz: float, seconds: float) -> dict[str, Any]:
    session = DeviceSession(game=GAME, name="memory", device=GAME.device("memory"), clock=clock)
    device = OpenDevice(session=session, capture=Memory(clock), input=DryRun(clock))
    pace = Pace(rate_hz=rate_hz, duration_s=seconds)
    return Loop(device=device, driver=Answering(), pace=pace).run().to_json()


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
