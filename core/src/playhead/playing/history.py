"""The last frames, picked by time as in training (data/windows.py: a test holds the two together).

Shape legend: T frames of a window, H height, W width, C channels.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.capture import CapturedFrame
from playhead.clock import NS_PER_S
from playhead.errors import Mismatch

Inputs = dict[str, npt.NDArray[Any]]


class History:
    """Keeps as many frames as a window needs.

    A window ends with the newest frame, at t; the others are those nearest to t - stride, t - 2 stride, ... (of
    two equally near the newer). Where nothing is that old yet, the oldest frame stands in.
    Units:  stride_s between the frames of a window; after pause_s without a frame all begins anew.
    """

    def __init__(self, *, length: int, stride_s: float, inputs: tuple[str, ...], pause_s: float) -> None:
        self._length = length
        self._stride_ns = round(stride_s * NS_PER_S)
        self._inputs = inputs
        self._pause_ns = round(pause_s * NS_PER_S)
        self._frames: list[CapturedFrame] = []
        self._times: list[int] = []

    def add(self, captured: CapturedFrame) -> None:
        """Take the newest frame and forget those that no window can need any more."""
        if self._times and captured.time_ns - self._times[-1] > self._pause_ns:
            self.clear()
        self._frames.append(captured)
        self._times.append(captured.time_ns)
        oldest_ns = captured.time_ns - (self._length - 1) * self._stride_ns
        while len(self._times) > 1 and self._times[1] <= oldest_ns:
            del self._frames[0], self._times[0]

    def clear(self) -> None:
        """Forget everything: what comes next has nothing to do with what was."""
        self._frames.clear()
        self._times.clear()

    def window(self) -> Inputs:
        """Return the named inputs of the window that ends with the newest frame, oldest first.

        Shapes:  "frames" (T, H, W, C) uint8; telemetry (T,) float32.
        Raises:  Mismatch when the device does not tell a column that the network wants.
        """
        newest_ns = self._times[-1]
        picked = [self._nearest(newest_ns - back * self._stride_ns) for back in range(self._length - 1, 0, -1)]
        picked.append(self._frames[-1])
        return {name: _column(name, picked) for name in self._inputs}

    def _nearest(self, time_ns: int) -> CapturedFrame:
        after = min(bisect_left(self._times, time_ns), len(self._times) - 1)
        before = max(after - 1, 0)
        is_after = abs(self._times[after] - time_ns) <= abs(self._times[before] - time_ns)
        return self._frames[after if is_after else before]


def _column(name: str, picked: list[CapturedFrame]) -> npt.NDArray[Any]:
    if name == "frames":
        return np.stack([captured.frame_HWC for captured in picked])
    try:
        return np.array([captured.telemetry[name] for captured in picked], dtype=np.float32)
    except KeyError:
        told = ", ".join(sorted(picked[-1].telemetry)) or "nothing"
        raise Mismatch(
            f'The network wants the telemetry "{name}", this device tells {told}. Take another run or device.'
        ) from None
