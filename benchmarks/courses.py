"""Timing things that draw: what the benchmarks of the worlds share.

Every course runs the same moments again and again, the courses taking turns. `quiet` is the mean over the moments
of the fastest run of each: what a core with no neighbours does. `usual` is the mean of all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np


@dataclass(frozen=True, kw_only=True)
class Course:
    """One thing to time: `run` is called with each moment's number, `begin` before the first."""

    name: str
    run: Callable[[int], object]
    begin: Callable[[], object] = lambda: None


def jpeg(picture_HWC: np.ndarray) -> Course:
    """What all others are compared with: storing one picture."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90]
    return Course(
        name="store one (cv2 JPEG, quality 90)", run=lambda _: cv2.imencode(".jpg", picture_HWC, quality)
    )


def measure(todo: Sequence[Course], moments: int, seconds: float) -> list[dict[str, Any]]:
    """Run the courses in turns for about `seconds`; return a row of figures each, the first is the baseline."""
    taken: dict[str, list[list[float]]] = {course.name: [] for course in todo}
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(taken[todo[0].name]) < 3:
        for course in todo:
            course.begin()
            taken[course.name].append([_time(course, number) for number in range(moments)])
    quiet = {name: float(np.min(runs, axis=0).mean()) for name, runs in taken.items()}
    return [
        {
            "name": name,
            "quiet_ms": 1e3 * quiet[name],
            "usual_ms": 1e3 * float(np.mean(runs)),
            "quiet_per_s": 1 / quiet[name],
            "ratio_to_baseline": quiet[name] / quiet[todo[0].name],
        }
        for name, runs in taken.items()
    ]


def table(head: str, rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows as text."""
    lines = [f"{head:40s} quiet ms  usual ms  quiet /s   times the baseline"]
    lines += [
        f"{row['name']:40s} {row['quiet_ms']:8.3f}  {row['usual_ms']:8.3f}   {row['quiet_per_s']:7.0f}"
        f"   {row['ratio_to_baseline']:8.2f}"
        for row in rows
    ]
    return "\n".join(lines)


def _time(course: Course, number: int) -> float:
    start = time.perf_counter()
    course.run(number)
    return time.perf_counter() - start
