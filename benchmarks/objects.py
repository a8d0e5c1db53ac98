"""Random windows a second from an object store on this machine, against the same recordings in a folder.

    python benchmarks/objects.py [--frames 5000] [--seconds 4]

The store is a small S3 server in a process of its own, reached over loopback. Cold: nothing was read before, every
block is fetched once. Warm: another process has read all of it, blocks are checked once each. The local rate is
taken before and after each, as other programs come and go.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from training import write

from playhead.data.sampling import draw_rows
from playhead.home import Home
from playhead.plugins import Plugins
from playhead.storage.catalogue import Catalogue
from playhead.storage.copying import copy_recording
from playhead.storage.reader import Recording, open_recording

WINDOW = 3


def serve(told: Any) -> None:
    """Serve a bucket until something is said."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "core/tests"))
    from bucket import served

    with served() as bucket:
        told.send(bucket.environment())
        told.recv()


def windows_a_second(recordings: list[Recording], seconds: float, seed: int) -> float:
    """Decode random windows of three frames for so many seconds."""
    rng, out = np.random.default_rng(seed), np.empty((WINDOW, *recordings[0].header.frame.shape), np.uint8)
    done, began_s = 0, time.perf_counter()
    while time.perf_counter() - began_s < seconds:
        recording = recordings[rng.integers(len(recordings))]
        first = rng.integers(recording.length - 2 * WINDOW)
        recording.read_frames([first, first + WINDOW // 2, first + WINDOW], out)
        done += 1
    return done / (time.perf_counter() - began_s)


def drawing_ms(count: int) -> tuple[float, float]:
    """Return how long a batch of 64 rows takes of so many weighted windows, and by numpy's own choice."""
    weight_N = np.random.default_rng(0).random(count)
    weight_N /= weight_N.sum()
    rng, began_s = np.random.default_rng(1), time.perf_counter()
    for _ in range(20):
        rng.choice(count, 64, p=weight_N)
    chosen_s = (time.perf_counter() - began_s) / 20
    began_s = time.perf_counter()
    for _ in draw_rows(weight_N, 64, 1000, 1):  # with the sum, once
        pass
    return (time.perf_counter() - began_s), 1000 * chosen_s


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=4.0)
    asked = parser.parse_args()
    ms, chosen_ms = drawing_ms(1_000_000)
    print(f"drawing 64 of 1,000,000 weighted windows: {ms:.3f} ms a batch; rng.choice {chosen_ms:.1f} ms")
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    os.environ.update(ours.recv())
    with tempfile.TemporaryDirectory() as place:
        near = write(Path(place, "near"), asked.frames)
        size = sum(recording.bytes_taken() for recording in near)
        parent = Catalogue(Home(Path(place), "")).places.located("s3://bucket/bench")
        began_s = time.perf_counter()
        for recording in near:
            copy_recording(recording.path, parent)
        copied_s = time.perf_counter() - began_s
        print(f"copied {size / 1e6:.0f} MB, read back and checked: {size / 1e6 / copied_s:.0f} MB/s")
        for what in ("cold", "warm"):
            places = Catalogue(Home(Path(place, "home"), ""), Plugins).places
            began_s = time.perf_counter()
            far = [places.open(f"s3://bucket/bench/{recording.name}") for recording in near]
            opened_ms = 1000 * (time.perf_counter() - began_s) / len(far)
            if what == "warm":
                for recording in far:
                    recording.read_frames(range(0, recording.length, 50))
                places = Catalogue(Home(Path(place, "home"), ""), Plugins).places
                far = [places.open(recording.place) for recording in far]
            local = [open_recording(recording.path) for recording in near]
            before = windows_a_second(local, asked.seconds / 2, 1)
            rate = windows_a_second(far, asked.seconds, 2)
            after = windows_a_second(local, asked.seconds / 2, 3)
            ratio = rate / ((before + after) / 2)
            print(
                f"{what}: {rate:.0f} windows/s, in a folder {before:.0f} and {after:.0f}: {ratio:.2f} "
                f"(opening {opened_ms:.0f} ms a recording)"
            )
    ours.send(None)


if __name__ == "__main__":
    main()
