"""How long `playhead --help` takes, beside Python's own start. Prints the medians of one run and their ratio.

Run:  python benchmarks/startup.py
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time


def median_s(command: list[str], runs: int) -> float:
    """Time a whole process, `runs` times after one that is not counted, and return the median in seconds."""
    took = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        took.append(time.perf_counter() - start)
    return statistics.median(took[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    ours = median_s([sys.executable, "-m", "playhead", "--help"], runs)
    bare = median_s([sys.executable, "-c", "pass"], runs)
    print(
        f"playhead --help {ours:.3f} s, python -c pass {bare:.3f} s, {ours / bare:.1f} times; wanted: under 0.3 s"
    )


if __name__ == "__main__":
    main()
