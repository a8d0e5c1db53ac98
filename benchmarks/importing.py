"""How fast a video with a table of keys is imported, and what memory that takes.

    python benchmarks/importing.py [--minutes 10]

Makes a video of 240x180 at 30 pictures a second with PyAV, whose picture moves as its table says, and imports it
by `playhead import` into a new home. Needs playhead[video] and the package of gta5, which has the table's keys.
"""

from __future__ import annotations

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT, RATE_HZ = 240, 180, 30
CHANGES_EVERY = 20  # pictures
STEP = 3  # pixels that a held key moves the picture


def pictures(count: int) -> Iterator[tuple[npt.NDArray[np.uint8], int]]:
    """Yield pictures and where each moved: -1 left, 1 right, 0 nowhere."""
    random = np.random.default_rng(1)
    wide_HWC = random.integers(0, 255, (HEIGHT // 6, 4 * WIDTH // 6, 3), np.uint8).repeat(6, 0).repeat(6, 1)
    at = way = 0
    for number in range(count):
        if number % CHANGES_EVERY == 0:
            way = int(random.integers(-1, 2))
        at = (at + STEP * way) % (wide_HWC.shape[1] - WIDTH)
        yield np.ascontiguousarray(wide_HWC[:, at : at + WIDTH]), way


def make(video: Path, minutes: float) -> None:
    """Write the video, and its table beside it."""
    with av.open(str(video), "w") as film, video.with_suffix(".csv").open("w", newline="") as file:
        stream = film.add_stream("libx264", rate=RATE_HZ, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        table = csv.writer(file)
        table.writerow(["frame", "w", "a", "s", "d"])
        for number, (picture_HWC, way) in enumerate(pictures(round(60 * RATE_HZ * minutes))):
            table.writerow([number, 1, int(way < 0), 0, int(way > 0)])
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture_HWC, "rgb24")))
        film.mux(stream.encode())


def main() -> None:
    """Make, import, say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "drive.mp4"
        make(video, minutes)
        began_s = time.perf_counter()
        command = [sys.executable, "-m", "playhead", "import", "gta5", str(video), "--from", "video"]
        subprocess.run([*command, "--home", f"{folder}/home"], check=True)
        wall_s = time.perf_counter() - began_s
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"{minutes:g} minutes in {wall_s:.1f} s ({60 * minutes / wall_s:.1f} x real time), "
        f"{used.ru_utime + used.ru_stime:.1f} s of processor time, at most {used.ru_maxrss / 1e3:.0f} MB"
    )


if __name__ == "__main__":
    main()
