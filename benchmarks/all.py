"""Run the benchmarks one after another, whatever one of them ends with, and say at the end which failed.

    python benchmarks/all.py [NAME ...]      (tox run -e bench; names are those of the files: startup keys ...)

Each prints its own ratios, taken within itself. Those that show windows find a display, or start an Xvfb of their
own; SDL_VIDEODRIVER, which would show them to nobody, is taken from all. One that lasts longer than LIMIT_S fails.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
LIMIT_S = 600.0
# In about ten minutes on two cores. What each measures by default, longer, stands in its own first lines.
COMMANDS = (
    "startup.py",
    "reading.py",
    "pictures.py",
    "importing.py --minutes 1",
    "training.py",
    "objects.py",
    "world.py",
    "garage.py",
    "emulator.py",
    "collecting.py",
    "play_loop.py",
    "screen.py",
    "keys.py",
    "mouse.py",
    "focus.py --seconds 5",
    "turns.py --seconds 10",
    "live.py",
    "window.py --drives 2",
)


def environment() -> dict[str, str]:
    """Return the environment of a benchmark."""
    return {
        name: value for name, value in os.environ.items() if name not in ("SDL_VIDEODRIVER", "SDL_VIDEO_DRIVER")
    }


def ended_well(command: str) -> bool:
    """Run one benchmark, which prints as it goes; say how long it took and how it ended when that was not well."""
    print(f"\n== {command}", flush=True)
    script, *options = shlex.split(command)
    started = time.perf_counter()
    try:
        code = subprocess.run(
            [sys.executable, str(HERE / script), *options], env=environment(), check=False, timeout=LIMIT_S
        ).returncode
        why = f"exit code {code}" if code else ""
    except subprocess.TimeoutExpired:
        why = f"not within {LIMIT_S:g} s"
    print(f"   ({time.perf_counter() - started:.0f} s{', FAILED: ' if why else ''}{why})", flush=True)
    return not why


def main() -> None:
    parser = argparse.ArgumentParser()
    known = {command.partition(".")[0]: command for command in COMMANDS}
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    names = parser.parse_args().names or list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"No benchmark is called {unknown[0]}. Known: {', '.join(known)}.")
    started = time.perf_counter()
    failed = [name for name in names if not ended_well(known[name])]
    print(f"\n{len(names)} benchmarks in {(time.perf_counter() - started) / 60:.1f} minutes", end="")
    print(f"; failed: {', '.join(failed)}." if failed else ", all to their end.")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
