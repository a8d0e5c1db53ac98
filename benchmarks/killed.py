"""How much of a recording is lost to kill -9 while other processes keep the machine busy.

python benchmarks/killed.py --recordings 76 --busy 6
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playhead.storage.reader import open_recording

RATE_HZ = 200

# Appends frames at RATE_HZ until it is killed, and notes after each how many were handed over.
RECORDING = f"""
import sys, time
from pathlib import Path
import numpy as np
from playhead.events import Event, Origin
from playhead.game import Frame
from playhead.labels import Keys, LabelSchema
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

folder, progress = Path(sys.argv[1]), open(sys.argv[2], "wb", buffering=0)
header = RecordingHeader(
    game={{"name": "pong"}}, schema=LabelSchema.of({{"keys": Keys("a", "b")}}),
    frame=Frame(width=64, height=48, rate_hz={RATE_HZ}), rate_hz={RATE_HZ}, device="world", driver="script",
)
noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
writer = RecordingWriter(folder, header)
start = time.perf_counter()
for number in range(100_000):
    writer.append(np.roll(noise, number, axis=1), number * 5_000_000, {{"keys": [number % 2, 1]}}, Origin.SCRIPT)
    writer.add_events([Event(time_ns=number, code="ab"[number % 2], value=1, origin=Origin.SCRIPT)])
    progress.write(str(time.monotonic()).ljust(20)[:20].encode())
    time.sleep(max(0, start + number / {RATE_HZ} - time.perf_counter()))
"""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--recordings", type=int, default=76)
    asked.add_argument("--busy", type=int, default=6)
    options = asked.parse_args()
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(options.busy)]
    try:
        with tempfile.TemporaryDirectory() as folder:
            lost = sorted(lost_s(Path(folder) / str(seed), seed) for seed in range(options.recordings))
    finally:
        for process in busy:
            process.kill()
    late = [seconds for seconds in lost if seconds > 1]
    print(f"{len(lost)} recordings killed beside {options.busy} busy processes, seconds lost:")
    print(f"median {lost[len(lost) // 2]:.2f}, 90 % {lost[len(lost) * 9 // 10]:.2f}, most {lost[-1]:.2f}")
    print(f"{len(late)} lost more than a second: {' '.join(f'{seconds:.2f}' for seconds in late)}")


def lost_s(folder: Path, seed: int) -> float:
    """Record, kill, and return how old the first frame is that was handed over and is not in the recording."""
    folder.mkdir()
    progress = folder / "progress"
    recorder = subprocess.Popen([sys.executable, "-c", RECORDING, str(folder / "r"), str(progress)])
    while not (progress.exists() and progress.stat().st_size):
        assert recorder.poll() is None
        time.sleep(0.005)
    time.sleep(random.Random(seed).uniform(0.05, 3.0))
    os.kill(recorder.pid, signal.SIGKILL)
    killed_s = time.monotonic()
    recorder.wait()
    told = progress.read_bytes()
    handed_over_s = [float(told[at : at + 20]) for at in range(0, len(told) - 19, 20)]
    kept = len(open_recording(folder / "r"))
    return killed_s - handed_over_s[kept] if kept < len(handed_over_s) else 0.0


if __name__ == "__main__":
    main()
