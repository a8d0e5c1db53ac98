"""How long each section of a loop takes and how often it comes round."""

from __future__ import annotations

import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

NS_PER_MS = 1e6
SECTIONS = ("look", "decide", "act", "watch", "wait", "tick")  # tick: all of one tick but waiting
Ending = Literal["time", "episode", "stopped"]


class SectionTimes:
    """Durations of the sections of a loop, on the machine's clock, 8 bytes a section and tick."""

    def __init__(self) -> None:
        self._ns = {section: array("q") for section in SECTIONS}
        self._since_ns = time.perf_counter_ns()
        self._tick_ns = 0

    def start(self) -> None:
        """Begin timing now, whatever went before."""
        self._since_ns = time.perf_counter_ns()

    def end(self, section: str) -> None:
        """Book the time since the last call under `section`."""
        now_ns = time.perf_counter_ns()
        self._ns[section].append(now_ns - self._since_ns)
        if section != "wait":
            self._tick_ns += now_ns - self._since_ns
        self._since_ns = now_ns

    def end_tick(self) -> None:
        """Book what the sections since the last call took together, without the waiting."""
        self._ns["tick"].append(self._tick_ns)
        self._tick_ns = 0

    def summary(self, last: int = 0) -> dict[str, dict[str, float]]:
        """Return median, 99th percentile and sum of each section, over the `last` times it came round or all.

        Units:  p50_ms and p99_ms milliseconds, total_s seconds.
        """
        return {section: summary_of(durations[-last:]) for section, durations in self._ns.items() if durations}


def summary_of(durations_ns: array[int]) -> dict[str, float]:
    """Return median, 99th percentile and sum of some durations, of which there is at least one.

    Units:  p50_ms and p99_ms milliseconds, total_s seconds.
    """
    ordered = sorted(durations_ns)
    last = len(ordered) - 1
    return {
        "p50_ms": ordered[last // 2] / NS_PER_MS,
        "p99_ms": ordered[round(0.99 * last)] / NS_PER_MS,
        "total_s": sum(ordered) / NS_PER_MS / 1e3,
    }


@dataclass(kw_only=True)
class LoopReport:
    """What a loop did.

    Units:  elapsed_s on the device's clock, wall_s on the machine's. `late` ticks ended after their deadline,
    `dropped` deadlines were passed over, `blocked` decisions were not allowed to be sent. `age` is how old frames
    were when they were decided on. `because` is what the source says when it ended by itself.
    """

    captured: int = 0
    decided: int = 0
    acted: int = 0
    late: int = 0
    dropped: int = 0
    blocked: int = 0
    elapsed_s: float = 0.0
    wall_s: float = 0.0
    ending: Ending = "time"
    because: str = ""
    sections: dict[str, dict[str, float]] = field(default_factory=dict)
    age: dict[str, float] = field(default_factory=dict)

    def rates_hz(self) -> dict[str, float]:
        """Return frames captured, decided on and acted on a second of the device's clock."""
        elapsed_s = max(self.elapsed_s, 1e-9)
        counts = {"captured": self.captured, "decided": self.decided, "acted": self.acted}
        return {name: count / elapsed_s for name, count in counts.items()}

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {**vars(self), "rates_hz": self.rates_hz()}

    @classmethod
    def joined(cls, reports: Sequence[LoopReport]) -> LoopReport:
        """Add up the loops of one session; the ending is the last one's, sections and age the longest one's."""
        if not reports:
            return cls(ending="stopped")
        added = {name: sum(getattr(report, name) for report in reports) for name in _ADDED}
        longest = max(reports, key=lambda report: report.captured)
        return replace(reports[-1], **added, sections=longest.sections, age=longest.age)


_ADDED = ("captured", "decided", "acted", "late", "dropped", "blocked", "elapsed_s", "wall_s")
