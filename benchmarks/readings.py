"""How rightly the speed of crew2 is read off the screen, against the world's own: python benchmarks/readings.py.

Drives circuits that nobody learned from, with the racer, at 10 frames a second.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np

import playhead_crew2.game
from playhead.capture import CapturedFrame
from playhead.control.loop import Tick
from playhead.control.scripted import scripted_driver
from playhead.devices import open_device
from playhead.playing.session import play
from playhead.plugins import Plugins
from playhead.reading import Reader
from playhead.reading.digits import open_reader

NAME, TRUTH, KMH = "shown_speed_mps", "speed_mps", 3.6


class Kept:
    """A watcher that keeps every frame."""

    def __init__(self) -> None:
        self.frames: list[CapturedFrame] = []

    def saw(self, tick: Tick) -> None:
        """Keep it."""
        self.frames.append(tick.captured)

    def ended(self, events: object) -> None:
        """Nothing is left to do."""


def main() -> None:
    """Print shares, errors and milliseconds as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="unseen circuits")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--size", default="480x270", help="of the world's pictures")
    parser.add_argument(
        "--digits", default="", help="file of digits that playhead calibrate made; default: the game's"
    )
    parser.add_argument("--ocr", type=int, default=0, help="pictures that text recognition reads too")
    asked = parser.parse_args()
    frames = driven(asked.seeds, asked.seconds, asked.size, asked.digits)
    print(json.dumps({"size": asked.size, "digits": told(frames), **timed_all(frames, asked.ocr)}, indent=1))


def driven(seeds: int, seconds: float, size: str, digits: str = "") -> list[CapturedFrame]:
    """Return the frames of some drives."""
    plugins = Plugins([("crew2", playhead_crew2.game)], strict=True)
    width, height = (int(side) for side in size.split("x"))
    kept = Kept()
    for seed in range(1001, 1001 + seeds):
        options: dict[str, Any] = {
            "seed": seed,
            "reset": {"split": "test"},
            "arguments": {"width": width, "height": height},
        }
        if digits:
            options["readings"] = {NAME: {"digits": digits}}
        with open_device(plugins, plugins.game("crew2"), "world", options=options) as device:
            play(device, scripted_driver(device, "expert"), duration_s=seconds, watchers=[kept])
    return kept.frames


def told(frames: list[CapturedFrame]) -> dict[str, Any]:
    """Return how what was told compares with the truth; a speed is right when it is the whole number shown."""
    read_N = np.array([frame.telemetry[NAME] for frame in frames])
    sure_N = np.array([frame.telemetry[f"{NAME}_confidence"] for frame in frames]) > 0
    true_N = np.abs([frame.telemetry[TRUTH] for frame in frames])
    is_right_N = np.round(read_N * KMH) == np.round(true_N * KMH)
    return {
        "frames": len(frames), "right": float((sure_N & is_right_N).mean()),
        "wrong": float((sure_N & ~is_right_N).mean()), "held": float((~sure_N & np.isfinite(read_N)).mean()),
        "nothing": float(np.isnan(read_N).mean()), "mean_error_mps": float(np.nanmean(np.abs(read_N - true_N))),
        "largest_error_mps": float(np.nanmax(np.abs(read_N - true_N))),
    }  # fmt: skip


def timed_all(frames: list[CapturedFrame], ocr: int) -> dict[str, Any]:
    """Return the milliseconds of a read, and how text recognition reads some of the pictures."""
    reading = playhead_crew2.game.CREW2.readings[NAME]
    own = reading.reader(reading.options) if callable(reading.reader) else open_reader({})
    found: dict[str, Any] = {"digits_ms": timed(own, frames)["p50_ms"]}
    if ocr:
        from playhead.reading.ocr import OcrReader

        found["ocr"] = timed(OcrReader(), frames[:: max(1, len(frames) // ocr)])
    return found


def timed(reader: Reader, frames: list[CapturedFrame]) -> dict[str, float]:
    """Return the milliseconds of a read, and the share that is right or wrong where it is sure."""
    taken, right, wrong = [], 0, 0
    for frame in frames:
        began = time.perf_counter()
        number, sure = reader.read(frame.regions["speed"])
        taken.append(time.perf_counter() - began)
        is_right = number == round(abs(frame.telemetry[TRUTH]) * KMH)
        right, wrong = right + (sure >= 0.5 and is_right), wrong + (sure >= 0.5 and not is_right)
    return {
        "p50_ms": 1e3 * float(np.median(taken)), "p99_ms": 1e3 * float(np.quantile(taken, 0.99)),
        "right": right / len(frames), "wrong": wrong / len(frames), "pictures": len(frames),
    }  # fmt: skip


if __name__ == "__main__":
    main()
