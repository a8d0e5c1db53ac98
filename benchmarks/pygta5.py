"""How long a person with a folder of pygta5 waits for a network: the four commands of games/gta5/README.md, timed.

    python benchmarks/pygta5.py [--files 20]

Makes `training_data-N.npy` as its collector writes them, 500 pairs of a picture of 480x270 and a one-hot of nine
classes in an array of objects, balanced over the files, and types the commands in a new home. The picture moves as
the keys say, so there is something to learn. 20 files take 3.9 GB of disk. Needs the package of gta5.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

WIDTH, HEIGHT, PAIRS = 480, 270, 500
KINDS = {0: (1, 0), 1: (-1, 0), 2: (0, -1), 3: (0, 1), 4: (1, -1), 5: (1, 1), 6: (-1, -1), 7: (-1, 1), 8: (0, 0)}
HELD_FOR = 5  # pictures that a class is held: half a second
STEP = 6  # pixels that a held key moves the picture
COMMANDS = (
    ("import", "gta5", "PATH", "--from", "npy", "--set", "pickles=read", "--set", "rate=10"),
    ("data", "view", "gta5/pygta5-training_data-1", "--out", "first.html"),
    ("train", "gta5", "--recipe", "quick"),
    ("evaluate", "gta5", "--on", "none"),
)


def make(folder: Path, files: int) -> None:
    """Write the folder: every class as often as every other, in each file in another order."""
    random = np.random.default_rng(1)
    far_HWC = random.integers(0, 255, (3 * HEIGHT // 6, 3 * WIDTH // 6, 3), np.uint8).repeat(6, 0).repeat(6, 1)
    folder.mkdir(parents=True)
    at = np.array([HEIGHT, WIDTH])
    for number in range(1, files + 1):
        classes = np.resize(random.permutation(len(KINDS)), PAIRS // HELD_FOR).repeat(HELD_FOR)
        pairs = np.empty((PAIRS, 2), object)
        for place, kind in enumerate(classes.tolist()):
            at = (at + STEP * np.array(KINDS[kind])) % (2 * HEIGHT, 2 * WIDTH)
            picture_HWC = far_HWC[at[0] : at[0] + HEIGHT, at[1] : at[1] + WIDTH].copy()
            pairs[place] = picture_HWC, np.eye(len(KINDS), dtype=int)[kind].tolist()
        np.save(folder / f"training_data-{number}.npy", pairs, allow_pickle=True)


def main() -> None:
    """Make, type the four commands, say how long each took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=20)
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as folder:
        data, total_s = Path(folder) / "pygta5", 0.0
        make(data, files)
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
        for words in COMMANDS:
            typed = [str(data) if word == "PATH" else word for word in words]
            began_s = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "playhead", *typed, "--home", f"{folder}/home"], cwd=folder, check=True
            )
            took_s = time.perf_counter() - began_s
            total_s += took_s
            print(f"{took_s:8.1f} s  playhead {' '.join(words)}", flush=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s, most_mb = used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3
    print(f"{files} files of {PAIRS} pairs: {total_s / 60:.1f} minutes in all, {cpu_s:.0f} s of processor time,")
    print(f"at most {most_mb:.0f} MB; a load of {load:.1f} before, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
