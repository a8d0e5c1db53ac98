"""How well a window on the screen is captured: rate, cost, age of frames, and a recording that drops nothing.

    python benchmarks/screen.py [--seconds 10] [--recording 60] [--rate 80] [--size 800x600] [--world gta5]

Another process draws the window: rectangles, or with --world what `playhead world` draws. Without DISPLAY it all
happens on an Xvfb of its own. Needs X11.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from display import a_display

from playhead.capture import CapturedFrame
from playhead.capture.desktop import Box, GameWindow, why_no_window
from playhead.capture.grab import Grabber, to_frame
from playhead.capture.screen import ScreenCapture, open_capture
from playhead.clock import NS_PER_S
from playhead.control.drivers import HumanDriver
from playhead.control.loop import Loop, Pace
from playhead.devices import DeviceSession, OpenDevice
from playhead.events import Origin
from playhead.game import Device, Frame, Game, Window
from playhead.input.none import DryRun
from playhead.labels import Keys
from playhead.recording.session import RecordingRequest, record

TITLE = "playhead benchmark"
ROUNDS = 4
GAME = Game(
    name="bench",
    title=TITLE,
    devices={"screen": Device(capture="screen", input="none", window=Window(title=TITLE))},
    frame=Frame(width=240, height=180, rate_hz=80),
    labels={"drive": Keys("w", "a", "s", "d")},
    controls={"w": "w", "a": "a", "s": "s", "d": "d"},
)


def draw(width: int, height: int, rate_hz: float) -> None:
    """Fill a window with new rectangles until killed; what `--draw` runs in the other process."""
    from Xlib import X, display

    shown = display.Display()
    root = shown.screen().root
    window = root.create_window(40, 30, width, height, 0, shown.screen().root_depth, X.InputOutput)
    window.set_wm_name(TITLE)
    window.map()
    brush = window.create_gc()
    number, due_s = 0, time.perf_counter()
    while True:
        for part in range(40):
            brush.change(foreground=(number * 7919 + part * 104729) & 0xFFFFFF)
            left, top = (number * 13 + part * 97) % width, (number * 7 + part * 61) % height
            window.fill_rectangle(brush, left, top, width // 6, height // 6)
        shown.sync()
        number += 1
        due_s += 1 / rate_hz
        time.sleep(max(0.0, due_s - time.perf_counter()))


@contextmanager
def a_window(size: str, rate_hz: float, world: str) -> Iterator[None]:
    """Have another process draw the window."""
    command = [sys.executable, __file__, "--draw", "--size", size, "--rate", str(rate_hz)]
    if world:
        command = [sys.executable, "-m", "playhead", "world", world, "--title", TITLE, "--size", size]
        command += ["--drives", "1000", "--rate", str(rate_hz)]
    environment = {name: value for name, value in os.environ.items() if name != "SDL_VIDEODRIVER"}
    drawer = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for_window()
        yield
    finally:
        drawer.terminate()
        drawer.wait()


def wait_for_window(seconds: float = 60.0) -> None:
    limit_s = time.monotonic() + seconds
    while (problem := why_no_window(GAME.device("screen"), {}, TITLE)) is not None:
        if time.monotonic() > limit_s:
            raise problem
        time.sleep(0.2)


@contextmanager
def a_device(rate_hz: float) -> Iterator[tuple[OpenDevice, ScreenCapture]]:
    session = DeviceSession(game=GAME, name="screen", device=GAME.device("screen"), options={"rate_hz": rate_hz})
    capture = open_capture(session)
    session.on_close(capture.close)
    with OpenDevice(session=session, capture=capture, input=DryRun(session.clock)) as device:
        yield device, capture


def bare_rate(box: Box, rate_hz: float, seconds: float) -> float:
    """Grab at a rate and do nothing else; return pictures a second."""
    grabber, clock = Grabber(), time.perf_counter_ns
    start_ns = due_ns = clock()
    grabbed = 0
    while clock() - start_ns < seconds * NS_PER_S:
        grabber.grab(box)
        grabbed += 1
        due_ns = max(due_ns + round(NS_PER_S / rate_hz), clock())
        time.sleep((due_ns - clock()) / NS_PER_S if due_ns > clock() else 0)
    grabber.close()
    return grabbed / (clock() - start_ns) * NS_PER_S


def thread_rate(rate_hz: float, seconds: float) -> tuple[float, float, int]:
    """Let the capture thread run alone; return pictures a second, its share of a core, and gaps."""
    with a_device(rate_hz) as (_, capture):
        capture.look()
        taken, cpu_s, start_s = capture.taken, time.process_time(), time.perf_counter()
        time.sleep(seconds)
        elapsed_s = time.perf_counter() - start_s
        cpu_share = (time.process_time() - cpu_s) / elapsed_s
        return (capture.taken - taken) / elapsed_s, cpu_share, capture.gaps


def in_turns(box: Box, rate_hz: float, seconds: float) -> tuple[float, float, float, float]:
    """Take turns, so that a busy machine is equally busy for both; return both rates, the thread's cost, gaps."""
    turns = []
    for _ in range(ROUNDS):
        bare_hz = bare_rate(box, rate_hz, seconds / ROUNDS / 2)
        turns.append((bare_hz, *thread_rate(rate_hz, seconds / ROUNDS / 2)))
    bare_hz, thread_hz, cpu, gaps = np.mean(turns, axis=0)
    return float(bare_hz), float(thread_hz), float(cpu), float(gaps) * ROUNDS


def looked_at(rate_hz: float, seconds: float) -> dict[str, Any]:
    """Run the loop with a driver that decides nothing; return its report."""
    with a_device(rate_hz) as (device, capture):
        capture.look()
        pace = Pace(rate_hz=rate_hz, duration_s=seconds)
        return Loop(device=device, driver=Nobody(), pace=pace).run().to_json()


def recorded(rate_hz: float, seconds: float) -> dict[str, Any]:
    """Record the window to disk; return what the recording and its loop say."""
    request = RecordingRequest(driver=HumanDriver(), driver_name="human", duration_s=seconds)
    with tempfile.TemporaryDirectory() as folder, a_device(rate_hz) as (device, capture):
        device.input = Silence(device.clock)
        summary = record(device, lambda: Path(folder) / "1", request)
        return {**summary.to_json(), "gaps": capture.gaps}


class Silence(DryRun):
    """A keyboard at which a person sits who presses nothing."""

    hears = True


class Nobody:
    """A driver who presses nothing."""

    origin = Origin.SCRIPT

    def decide(self, captured: CapturedFrame) -> Mapping[str, float]:
        return {}


def compare_conversions(width: int, height: int) -> None:
    rng = np.random.default_rng(0)
    noise_HWC = rng.integers(0, 256, (height, width, 4), dtype=np.uint8)
    smooth_HWC = cv2.GaussianBlur(noise_HWC, (0, 0), 1.5).astype(np.uint8)
    size = (GAME.frame.width, GAME.frame.height)

    def by_area(picture: Any) -> Any:
        return cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGRA2RGB)

    own_ms = median_ms(lambda: to_frame(smooth_HWC, GAME.frame))
    area_ms = median_ms(lambda: by_area(smooth_HWC))
    error = np.mean((to_frame(smooth_HWC, GAME.frame).astype(float) - by_area(smooth_HWC)) ** 2)
    print(f"conversion to 240x180: {own_ms:.2f} ms, cv2.INTER_AREA {area_ms:.2f} ms, "
          f"ratio {own_ms / area_ms:.2f}, {10 * math.log10(255**2 / error):.0f} dB from it")  # fmt: skip


def median_ms(call: Any, times: int = 100) -> float:
    durations = []
    for _ in range(times):
        start_s = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start_s)
    return float(np.median(durations)) * 1e3


def measure(asked: argparse.Namespace) -> None:
    width, height = (int(side) for side in asked.size.split("x"))
    compare_conversions(width, height)
    with a_device(1) as (device, _):
        box = GameWindow.of(device.session).box()
    assert box is not None, "the window was closed"
    for rate_hz in (30, 60, asked.rate):
        bare_hz, thread_hz, cpu, gaps = in_turns(box, rate_hz, asked.seconds)
        print(f"asked {rate_hz:g}/s: bare grab {bare_hz:.1f}/s, thread {thread_hz:.1f}/s, "
              f"ratio {thread_hz / bare_hz:.3f} (wanted 0.9), {gaps:.0f} gaps, "
              f"{cpu:.1%} of a core{' (wanted: under 25%)' if rate_hz == 60 else ''}")  # fmt: skip
        age = looked_at(rate_hz, asked.seconds / 2)["age"]
        print(f"  age at decision p50 {age['p50_ms']:.1f} ms, p99 {age['p99_ms']:.1f} ms "
              f"(wanted: p50 at most {3 + 1000 / rate_hz:.1f})")  # fmt: skip
    told = recorded(asked.rate, asked.recording)
    wanted = round(asked.recording * asked.rate)
    print(f"recording {asked.size} -> 240x180 at {asked.rate:g}/s for {asked.recording:g} s: {told['frames']} of "
          f"{wanted} frames, {told['dropped']} dropped, {told['gaps']} gaps, {told['loop']['late']} late, "
          f"{told['bytes'] / 1e6:.1f} MB")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--recording", type=float, default=60.0, help="seconds to record")
    parser.add_argument("--rate", type=float, default=80.0)
    parser.add_argument("--size", default="800x600")
    parser.add_argument("--world", default="", help="game whose world is drawn in the window")
    parser.add_argument("--draw", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.draw:
        width, height = (int(side) for side in asked.size.split("x"))
        draw(width, height, asked.rate)
    with a_display(), a_window(asked.size, asked.rate, asked.world):
        measure(asked)


if __name__ == "__main__":
    main()
