"""A million samples from end to end: python benchmarks/million.py [--frames 1000000] [--out million].

Records that many frames of the Crew 2's stand-in circuits at 224x224, checks them, trains one pass over them, and
measures what was learned on drives that were kept apart. Says of each stage how long it took, samples a second,
the gigabytes on disk and the most memory that one process held. Stop or kill it whenever you like, and give the
same command again: drives that were recorded count, one that was cut short is mended, a training goes on from its
checkpoint. What a try took counts unless it was killed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playhead.home import Home
from playhead.storage.catalogue import Catalogue

GAME, RUN = "crew2", "million"
DRIVE_S, DRIVES = 100.0, 20  # of a drive, and drives a command: a thousand frames each
BATCH = 64


class Stages:
    """What each stage took, over all tries, in a file that the next try goes on with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "million.json"
        self.told: dict[str, dict[str, Any]] = json.loads(self._file.read_text()) if self._file.is_file() else {}

    def playhead(self, stage: str, *words: str) -> None:
        """Run a command of playhead, and add what it took to a stage."""
        told = self.told.setdefault(stage, {"seconds": 0.0, "peak_mb": 0.0, "done": False})
        home, began_s = {"PLAYHEAD_HOME": str((self.folder / "home").resolve())}, time.monotonic()
        with (self.folder / f"{stage}.log").open("a") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "playhead", *words], stdout=log, stderr=log, env=os.environ | home
            )
            _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)  # so that nobody waits for it again
        told["seconds"] += time.monotonic() - began_s
        told["peak_mb"] = max(told["peak_mb"], used.ru_maxrss / 1024)
        self.keep()
        if child.returncode:
            raise SystemExit(f"{' '.join(words)} ended with {child.returncode}; it says why in {log.name}")

    def once(self, stage: str, make: Callable[[], None]) -> None:
        """Make a stage, unless it was done."""
        if not self.told.get(stage, {}).get("done"):
            make()
            self.told[stage]["done"] = True
            self.keep()

    def keep(self) -> None:
        """Write down what is known."""
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(self.told, indent=1))
        part.replace(self._file)


def recorded(folder: Path) -> tuple[int, int]:
    """Return how many frames and bytes lie there."""
    infos = Catalogue(Home.find(folder / "home")).recordings(GAME)
    return sum(info.frames for info in infos), sum(info.bytes for info in infos)


def mend(stages: Stages) -> None:
    """Mend the drives that were being recorded when the last try was killed."""
    infos = Catalogue(Home.find(stages.folder / "home")).recordings(GAME)
    cut_short = [info.place for info in infos if info.problems]
    if cut_short:
        stages.playhead("repair", "data", "repair", *cut_short)


def record(stages: Stages, frames: int, drive_s: float) -> None:
    """Record drives until there are that many frames; each command takes seeds that were not driven yet."""
    while (have := recorded(stages.folder)[0]) < frames:
        print(f"{have:,} of {frames:,} frames", flush=True)
        drives = min(DRIVES, -(-(frames - have) // round(drive_s * 10)))
        stages.playhead(
            "record", "record", GAME, "--action-noise", "--episodes", str(drives), "--seconds", f"{drive_s:g}"
        )


def train(stages: Stages, frames: int) -> None:
    """Learn from as many windows as there are frames, or go on where a training was interrupted."""
    run = stages.folder / "home" / "runs" / GAME / "default" / RUN
    steps = max(100, frames // BATCH)
    asked: tuple[str, ...] = ("--resume", RUN)
    if not (run / "checkpoint").is_dir():
        shutil.rmtree(run, ignore_errors=True)  # killed before its first checkpoint
        asked = ("--name", RUN, "--steps", str(steps), "--set", f"batch_size={BATCH}")
    stages.playhead("train", "train", GAME, *asked)


def told(stages: Stages) -> list[str]:
    """Say what each stage took, a line each."""
    frames, held = recorded(stages.folder)
    lines = [f"{frames:,} frames, {held / 1e9:.2f} GB, {held / frames / 1024:.2f} KiB a frame"]
    for stage, took in stages.told.items():
        is_rated = stage in ("record", "check", "train")
        rate = f", {frames / took['seconds']:,.0f} frames a second" if is_rated else ""
        lines.append(f"{stage}: {took['seconds'] / 3600:.2f} h{rate}, at most {took['peak_mb']:,.0f} MB a process")
    return lines


def main() -> None:
    """Run every stage that is missing, and print them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=DRIVE_S, help="of a drive")
    parser.add_argument("--out", type=Path, default=Path("million"))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    stages = Stages(asked.out)
    mend(stages)
    record(stages, asked.frames, asked.seconds)
    stages.once("check", lambda: stages.playhead("check", "data", "check", "--every-frame"))
    stages.once("train", lambda: train(stages, asked.frames))
    stages.once("evaluate", lambda: stages.playhead("evaluate", "evaluate", GAME, "--run", RUN, "--on", "none"))
    print("\n".join(told(stages)))


if __name__ == "__main__":
    main()
