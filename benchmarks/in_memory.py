"""A device in memory, and how long things take: what the benchmarks of loops share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from playhead.capture import CapturedFrame
from playhead.clock import Clock
from playhead.devices import DeviceSession, OpenDevice
from playhead.game import Game
from playhead.input.none import DryRun

PICTURES = 16


class Memory:
    """A capture that copies one of some pictures in memory."""

    def __init__(self, clock: Clock, shape: tuple[int, ...], telemetry: Mapping[str, float] | None = None) -> None:
        random = np.random.default_rng(0)
        self._clock, self._looks, self._telemetry = clock, 0, telemetry or {}
        self._pictures = [random.integers(0, 256, shape, dtype=np.uint8) for _ in range(PICTURES)]

    def look(self) -> CapturedFrame:
        """Return a copy of the next picture."""
        self._looks += 1
        return CapturedFrame(
            frame_HWC=self._pictures[self._looks % PICTURES].copy(),
            time_ns=self._clock.now_ns(),
            number=self._looks,
            telemetry=self._telemetry,
        )

    def close(self) -> None:
        """Nothing is held."""


def device_of(game: Game, capture: Memory, clock: Clock) -> OpenDevice:
    """Return the game's device "memory" open, with an input that presses nothing."""
    session = DeviceSession(game=game, name="memory", device=game.device("memory"), clock=clock)
    return OpenDevice(session=session, capture=capture, input=DryRun(clock))


def percentiles_ms(durations_ns: list[int]) -> tuple[float, float]:
    """Return the median and the 99th percentile. Units: milliseconds."""
    p50, p99 = np.percentile(durations_ns, [50, 99]) / 1e6
    return float(p50), float(p99)
