"""Can recordings be written to the home folder, fast enough, and is there room?"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from playhead.doctor.finding import Finding
from playhead.errors import DeviceFailed
from playhead.game import Frame

NAME = "disk"
MIB = 1 << 20
CHUNKS, CHUNK = 8, 4 * MIB  # as large as a shard of frames; 32 MiB take a second on the slowest disk that will do
FREE = 2 << 30  # an hour at 80 frames/s of 8.9 KiB
JPEG = 4  # frames of the worlds and of games shrink by more than that


def check_disk(
    folder: Path, frame: Frame | None, rate_hz: float, now_s: Callable[[], float] = time.perf_counter
) -> Finding:
    """Write to the home folder for a moment, and compare with what a recording of such frames writes.

    Units:   rate_hz frames a second.
    Raises:  DeviceFailed when nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        speed = CHUNKS * CHUNK / MIB / max(_seconds_to_write(folder, now_s), 1e-9)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise DeviceFailed(
            f"{folder} cannot be written ({error.strerror or error}). Choose another: --home, or PLAYHEAD_HOME."
        ) from error
    needed = needed_mib_s(frame, rate_hz) if frame else 0.0
    says = f"{speed:.0f} MiB/s in {folder}, {free / (1 << 30):.0f} GiB free"
    wants = f"{needed:.1f} MiB/s are needed"
    if speed < needed:
        then = f"{wants}. Record to a faster disk: --home."
    elif free < FREE:
        then = "Free some space, or record elsewhere: --home."
    else:
        return Finding(
            name=NAME, status="ok", says=f"{says}; {wants}" if needed else says, value=speed, unit="MiB/s"
        )
    return Finding(name=NAME, status="not ok", says=says, value=speed, unit="MiB/s", then=then)


def needed_mib_s(frame: Frame, rate_hz: float) -> float:
    """Return what a recording writes at most, in MiB a second."""
    height, width, channels = frame.shape
    raw = height * width * channels * rate_hz / MIB
    return raw / JPEG if frame.codec == "jpeg" else raw


def _seconds_to_write(folder: Path, now_s: Callable[[], float]) -> float:
    file = folder / f".doctor-{os.getpid()}"
    noise = os.urandom(CHUNK)  # some disks pack zeros
    try:
        began_s = now_s()
        with file.open("wb", buffering=0) as out:
            for _ in range(CHUNKS):
                out.write(noise)
            os.fsync(out.fileno())
        return now_s() - began_s
    finally:
        file.unlink(missing_ok=True)
