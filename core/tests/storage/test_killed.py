"""A recording that was killed while it was made is valid, nearly whole, and says that it was killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import zarr

from playhead.storage.check import check_recording
from playhead.storage.reader import open_recording
from playhead.storage.repair import repair_recording

RATE_HZ = 200
STEP_NS = 5_000_000

# Appends frames at RATE_HZ until it is killed, and notes after each how many were handed over.
RECORDING = """
import sys, time
from pathlib import Path
import numpy as np
from playhead.events import Event, Origin
from playhead.game import Frame
from playhead.labels import Keys, LabelSchema
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

folder, progress, sync_s = Path(sys.argv[1]), open(sys.argv[2], "wb", buffering=0), float(sys.argv[3])
RATE = 200 if sync_s else 20  # publishing takes 10 ms
header = RecordingHeader(
    game={"name": "pong"}, schema=LabelSchema.of({"keys": Keys("a", "b")}),
    frame=Frame(width=64, height=48, rate_hz=200), rate_hz=200, device="world", driver="script",
)
noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
writer = RecordingWriter(folder, header, sync_s=sync_s)
start = time.perf_counter()
for number in range(100_000):
    writer.append(np.roll(noise, number, axis=1), number * 5_000_000, {"keys": [number % 2, 1]}, Origin.SCRIPT)
    writer.add_events([Event(time_ns=number, code="ab"[number % 2], value=1, origin=Origin.SCRIPT)])
    progress.write(b".")
    time.sleep(max(0, start + number / RATE - time.perf_counter()))
"""


def record_and_kill(folder: Path, progress: Path, *, sync_s: float, after_s: float, least: int = 1) -> int:
    """Record, kill after `least` frames and so many seconds, and return how many frames had been handed over."""
    command = [sys.executable, "-c", RECORDING, str(folder), str(progress), str(sync_s)]
    recorder = subprocess.Popen(command, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not (progress.exists() and progress.stat().st_size >= least):
        assert recorder.poll() is None, recorder.communicate()[1].decode()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(after_s)
    os.kill(recorder.pid, signal.SIGKILL)
    recorder.communicate()
    return progress.stat().st_size


def check_killed(folder: Path, appended: int, *, lost_s: float) -> None:
    recording = open_recording(folder)
    assert not recording.is_complete
    assert appended - lost_s * RATE_HZ <= len(recording) <= appended + 1
    problems = check_recording(folder, every_frame=True)
    harm = [problem.what for problem in problems if not problem.is_note]
    assert harm == ([] if len(recording) else ["the recording is empty"])
    assert "not ended properly" in problems[0].what
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        group = zarr.open_group(str(folder), mode="r")
        frames_THWC = group["frames"][...]
        names = [name for name, _ in group.members(max_depth=None)]
    assert len(names) == (16 if len(recording) else 6)  # arrays come into being with the first frames
    assert len(frames_THWC) == len(recording)
    assert np.array_equal(frames_THWC, recording.read_frames(range(len(recording))))
    count = len(recording)
    assert recording.frame_time_ns.tolist() == [number * STEP_NS for number in range(count)]
    assert recording.labels["keys"].tolist() == [[number % 2, 1] for number in range(count)]
    events = recording.events
    assert events["code"].tolist() == ["ab"[number % 2] for number in range(len(events))]
    assert len(events) >= count - 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(("seed", "sync_s"), [(1, 0.2), (2, 0.0), (3, 0.0)])
def test_kill_at_any_moment(tmp_path: Path, seed: int, sync_s: float) -> None:
    """With sync_s 0 every frame is published, so that the kill nearly always falls into the publishing."""
    after_s = random.Random(seed).uniform(0.3, 1.0)
    appended = record_and_kill(tmp_path / "r", tmp_path / "progress", sync_s=sync_s, after_s=after_s, least=4)
    check_killed(tmp_path / "r", appended, lost_s=1.0)
    if len(open_recording(tmp_path / "r")):
        repair_recording(tmp_path / "r")
        assert not [problem for problem in check_recording(tmp_path / "r") if problem.file == "frames/.live"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("seed", range(20))
def test_at_most_one_second_is_lost(tmp_path: Path, seed: int) -> None:
    after_s = random.Random(seed).uniform(0.05, 3.0)
    appended = record_and_kill(tmp_path / "r", tmp_path / "progress", sync_s=1.0, after_s=after_s)
    check_killed(tmp_path / "r", appended, lost_s=1.0)
