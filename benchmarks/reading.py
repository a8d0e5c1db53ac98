"""How fast and how small recordings are: python benchmarks/reading.py.

Pictures are those of the streets world, as an expert sees them. Random windows of 3 frames are read from a
recording and, in turns, decoded from the same JPEG bytes held in memory, by the same number of threads.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import simplejpeg

from playhead.events import Origin
from playhead.game import Frame
from playhead.labels import Keys, LabelSchema
from playhead.storage.disk import bytes_on_disk
from playhead.storage.pictures import JpegPicture, picture_of
from playhead.storage.reader import Recording, open_recording
from playhead.storage.schema import RecordingHeader, picture_codecs
from playhead.storage.writer import RecordingWriter

FRAME = Frame(width=240, height=180, rate_hz=20)
WINDOW = 3  # frames
APART = 5  # frames between those of a window: 0.25 s at 20 Hz
WINDOWS_A_TURN = 600
TURNS = 9


def pictures_of_streets(count: int) -> Iterator[np.ndarray]:
    """Yield what an expert sees in several towns, four pictures apart in time by half a second."""
    from playhead_streets.expert import Expert

    env = gymnasium.make("playhead_streets:playhead_streets/Streets-v0", render_mode="rgb_array").unwrapped
    for number in range(count):
        if number % 100 == 0:
            env.reset(seed=number // 100)
            expert = Expert(env)
        for _ in range(5):
            held = expert.decide()
            env.step(np.array([held[key] for key in "wasd"], np.int8))
        yield env.render()
    env.close()


def write(folder: Path, frames: int, encoded: list[bytes]) -> float:
    """Write a recording that repeats the encoded pictures; return frames written a second."""
    header = RecordingHeader(
        game={"name": "bench"},
        schema=LabelSchema.of({"keys": Keys("w", "a", "s", "d")}),
        frame=FRAME,
        rate_hz=20.0,
        device="world",
        driver="expert",
        telemetry=("speed_mps",),
    )
    start = time.perf_counter()
    with RecordingWriter(folder, header) as writer:
        for number in range(frames):
            labels = {"keys": [1, 0, 0, number % 2]}
            picture = encoded[number % len(encoded)]
            writer.append_encoded(picture, number * 50_000_000, labels, Origin.SCRIPT, {"speed_mps": 1.0})
    return frames / (time.perf_counter() - start)


def short_recordings_ms(place: Path, picture: np.ndarray) -> dict[str, float]:
    """Return what it takes to open and close recordings of one frame: median, 95th percentile, processor time."""
    header = replace(open_recording(place / "r").header, telemetry=tuple(f"column_{n}" for n in range(10)))
    spent_ms, cpu = [], time.process_time()
    for number in range(40):
        start = time.perf_counter()
        with RecordingWriter(place / f"short-{number}", header) as writer:
            writer.append(picture, 1)
        spent_ms.append(1000 * (time.perf_counter() - start))
    return {
        "open and close ms": round(statistics.median(spent_ms), 1),
        "p95": round(float(np.percentile(spent_ms, 95)), 1),
        "of which processor": round(1000 * (time.process_time() - cpu) / 40, 1),
    }


def size_and_psnr(pictures: list[np.ndarray]) -> list[dict[str, Any]]:
    """Return bytes a frame and PSNR (over all pixels of a picture, then the mean) for several qualities."""
    rows = []
    for quality in (70, 75, 76, 78, 80, 85, 90):
        for subsampling in ("420", "444"):
            picture = JpegPicture(quality=quality, colour="rgb", subsampling=subsampling)
            encoded = [picture.encode(frame_HWC) for frame_HWC in pictures]
            psnr_db = [
                10 * np.log10(255**2 / np.mean((simplejpeg.decode_jpeg(data).astype(float) - frame_HWC) ** 2))
                for data, frame_HWC in zip(encoded, pictures, strict=True)
            ]
            kib = np.array([len(data) for data in encoded]) / 1024
            rows.append(
                {
                    "quality": quality,
                    "subsampling": subsampling,
                    "KiB a frame": round(float(kib.mean()), 2),
                    "KiB p95": round(float(np.percentile(kib, 95)), 2),
                    "PSNR dB": round(float(np.mean(psnr_db)), 2),
                    "PSNR dB p5": round(float(np.percentile(psnr_db, 5)), 2),
                }
            )
    return rows


def windows_per_s(read: Callable[[np.ndarray, np.ndarray], object], starts: np.ndarray, threads: int) -> float:
    """Return windows read a second by so many threads, each with its own part and its own place to decode to."""
    steps = np.arange(WINDOW) * APART

    def work(part: np.ndarray) -> None:
        out_THWC = np.empty((WINDOW, *FRAME.shape), np.uint8)
        for start in part:
            read(start + steps, out_THWC)

    with ThreadPoolExecutor(threads) as pool:
        begin = time.perf_counter()
        list(pool.map(work, np.array_split(starts, threads)))
        return len(starts) / (time.perf_counter() - begin)


def compare(recording: Recording, threads: int, seed: int) -> dict[str, Any]:
    """Return rates of the recording and of memory, taken in turns, and the median of the turns' ratios."""
    in_memory = [recording.read_encoded(index) for index in range(recording.length)]
    picture = picture_of(picture_codecs(FRAME), where="")

    def read_memory(indices: np.ndarray, out_THWC: np.ndarray) -> None:
        for row, index in enumerate(indices.tolist()):
            picture.decode_into(in_memory[index], out_THWC[row])

    rng = np.random.default_rng(seed)
    last = recording.length - APART * WINDOW
    disk, memory = [], []
    for _ in range(TURNS):
        starts = rng.integers(0, last, WINDOWS_A_TURN)
        memory.append(windows_per_s(read_memory, starts, threads))
        disk.append(windows_per_s(recording.read_frames, starts, threads))
    ratios = [ours / theirs for ours, theirs in zip(disk, memory, strict=True)]
    return {
        "threads": threads,
        "recording windows/s": round(statistics.median(disk)),
        "memory windows/s": round(statistics.median(memory)),
        "ratio": round(statistics.median(ratios), 3),
        "ratio low": round(min(ratios), 3),
        "ratio high": round(max(ratios), 3),
    }


READ_ALL_OVER = """
import json, sys
import numpy as np
from playhead.storage.reader import open_recording

def rss_mib(name="VmRSS"):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(name))

before = rss_mib()
recording = open_recording(sys.argv[1])
opened = rss_mib()
recording.labels["keys"], recording.frame_time_ns, recording.telemetry["speed_mps"]
rng = np.random.default_rng(0)
for _ in range(10_000):
    recording.read_frames(rng.integers(0, recording.length, 3))
peak = rss_mib("VmHWM")
print(json.dumps({"before": before, "opened": opened, "after 30,000 frames": rss_mib(), "peak": peak}))
"""


def memory_mib(folder: Path) -> dict[str, float]:
    """Return the resident memory of a fresh process before and after reading all over a recording."""
    command = [sys.executable, "-c", READ_ALL_OVER, str(folder)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name: round(value, 1) for name, value in json.loads(told.stdout).items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=400, help="different pictures of the world")
    parser.add_argument("--frames", type=int, default=10_000, help="frames of the recording read from")
    parser.add_argument("--memory-frames", type=int, default=100_000, help="frames of the one for memory; 0: none")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="write here (default: the system's temporary folder)")
    options = parser.parse_args()
    pictures = list(pictures_of_streets(options.pictures))
    for row in size_and_psnr(pictures):
        print(json.dumps(row))
    encoder = picture_of(picture_codecs(FRAME), where="")
    encoded = [encoder.encode(frame_HWC) for frame_HWC in pictures]
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        written = write(Path(place, "r"), options.frames, encoded)
        recording = open_recording(Path(place, "r"))
        on_disk_kib = bytes_on_disk(recording.path) / 1024 / recording.length
        print(
            json.dumps(
                {
                    "quality": FRAME.quality,
                    "on disk KiB a frame, all arrays": round(on_disk_kib, 2),
                    "written frames/s": round(written),
                    "cores": os.cpu_count(),
                }
            )
        )
        print(json.dumps(short_recordings_ms(Path(place), pictures[0])))
        for threads in options.threads:
            print(json.dumps(compare(recording, threads, options.seed)))
        if options.memory_frames and sys.platform == "linux":
            write(Path(place, "big"), options.memory_frames, encoded)
            print(json.dumps({"frames": options.memory_frames, "MiB": memory_mib(Path(place, "big"))}))


if __name__ == "__main__":
    main()
