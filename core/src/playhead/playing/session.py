"""One play session on one open device, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from playhead.adapters import complete
from playhead.control.drivers import Driver
from playhead.control.guard import AlwaysSafe, Guard
from playhead.control.loop import Loop, Pace, Watcher, never
from playhead.control.timing import LoopReport
from playhead.devices import OpenDevice


@dataclass(frozen=True, kw_only=True)
class PlaySummary:
    """How the loop ran, what the world measured, if it is one, and whether the run was fit up to then.

    `guarded` is the share of the decisions that a guard changed, None where there was none.
    """

    report: LoopReport
    measures: Mapping[str, float] = field(default_factory=dict)
    seed: int | None = None
    fitness: Mapping[str, Any] = field(default_factory=dict)
    guarded: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        fitness = {"fitness": dict(self.fitness)} if self.fitness else {}
        guarded = {} if self.guarded is None else {"guarded_share": self.guarded}
        measures = {**self.measures, **guarded}
        return {"seed": self.seed, "measures": measures, "loop": self.report.to_json(), **fitness}


def play(
    device: OpenDevice,
    driver: Driver,
    *,
    duration_s: float = math.inf,
    latency_s: float = 0.0,
    guard: Guard | None = None,
    watchers: Sequence[Watcher] = (),
    stop: Callable[[], bool] = never,
    seed: int | None = None,
) -> PlaySummary:
    """Let a driver play until the time is up, the episode ends, or somebody stops it.

    Units:  duration_s and latency_s seconds on the device's clock; latency_s is added between look and press.
    """
    driver = complete(Driver, driver)
    pace = Pace(
        rate_hz=device.session.rate_hz,
        decide_hz=driver.decide_hz,
        duration_s=duration_s,
        latency_s=latency_s,
    )
    loop = Loop(device=device, driver=driver, pace=pace, guard=guard or AlwaysSafe(), watchers=watchers, stop=stop)
    report = loop.run()
    return PlaySummary(report=report, measures=device.measures(), seed=seed)
