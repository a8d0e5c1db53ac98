"""A phone that exists only in memory, on a clock that moves when somebody touches it or waits."""

from __future__ import annotations

import numpy as np

from playhead.clock import NS_PER_S, Clock, FakeClock
from playhead.errors import DeviceFailed
from playhead.phone import FrameArray, Point, View, seen

TAP_S = 0.05


class FakePhone:
    """Shows a ramp of colour whose brightness tells how often it was touched: `shade`. Notes every touch.

    `gone_after`: the touch in whose middle it is unplugged.
    """

    def __init__(
        self, size: tuple[int, int] = (200, 100), *, clock: Clock | None = None, gone_after: int | None = None
    ) -> None:
        self.size = size
        self.clock: Clock = clock or FakeClock()
        self.touches: list[tuple[float, ...]] = []
        self.is_closed = False
        self._gone_after = gone_after

    @property
    def shade(self) -> int:
        """The third colour of every pixel shown now."""
        return 10 * len(self.touches) % 256

    def tap(self, x: float, y: float) -> None:
        """Note a tap."""
        self._touch((x, y), TAP_S)

    def drag(self, start: Point, end: Point, seconds: float) -> None:
        """Note a drag."""
        self._touch((*start, *end, seconds), seconds)

    def grab(self, view: View | None = None) -> FrameArray:
        """Return the ramp: red rises from left to right, green from top to bottom."""
        self._check_there()
        width, height = self.size
        screen_HWC = np.empty((height, width, 3), dtype=np.uint8)
        screen_HWC[:, :, 0] = np.linspace(0, 255, width).astype(np.uint8)
        screen_HWC[:, :, 1] = np.linspace(0, 255, height).astype(np.uint8)[:, None]
        screen_HWC[:, :, 2] = self.shade
        return seen(screen_HWC, view)

    def close(self) -> None:
        """Remember that it was let go."""
        self.is_closed = True

    def _touch(self, touch: tuple[float, ...], seconds: float) -> None:
        self._check_there()
        self.touches.append(touch)
        self.clock.sleep_until(self.clock.now_ns() + round(seconds * NS_PER_S))
        self._check_there()

    def _check_there(self) -> None:
        if self._gone_after is not None and len(self.touches) >= self._gone_after:
            raise DeviceFailed("The phone was unplugged.")
