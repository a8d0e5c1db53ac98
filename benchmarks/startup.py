"""How long `playhead --help` takes, beside Python's own start. Prints the medians of one run and their ratio, in
seconds of the clock and of the processor; only the latter is the same on a machine that has other work.

Run:  python benchmarks/startup.py
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time


def median_s(command: list[str], runs: int, compiled: str) -> tuple[float, float]:
    """Time a whole process, `runs` times after one that is not counted.

    Returns: the medians in seconds, of the clock and of the processor. As in a package that was installed by pip,
    all modules are compiled: the first run writes them into the folder `compiled`.
    """
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
    took = []
    for _ in range(runs + 1):
        start, before = time.perf_counter(), os.times()
        subprocess.run(command, check=True, capture_output=True, env=environment)
        after = os.times()
        busy = after.children_user + after.children_system - before.children_user - before.children_system
        took.append((time.perf_counter() - start, busy))
    clock, processor = zip(*took[1:], strict=True)
    return statistics.median(clock), statistics.median(processor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as compiled:
        ours, ours_busy = median_s([sys.executable, "-m", "playhead", "--help"], runs, compiled)
        bare, bare_busy = median_s([sys.executable, "-c", "pass"], runs, compiled)
    print(
        f"playhead --help {ours:.3f} s, python -c pass {bare:.3f} s, {ours / bare:.1f} times; wanted: 0.3 s; "
        f"of the processor {ours_busy:.2f} s, {bare_busy:.2f} s"
    )


if __name__ == "__main__":
    main()
