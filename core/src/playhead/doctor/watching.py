"""Looks at a device for a moment as a loop would. What was seen is judged in rate.py and changes.py."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from playhead.capture import Capture
from playhead.clock import NS_PER_S
from playhead.devices import DeviceSession
from playhead.errors import DeviceFailed

DARK = 8  # of 255: black as a capture that is not allowed shows it, and no game at night


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What was seen after the first frame.

    Units:  elapsed_s from the first look to the last on the device's clock, wall_s spent in looking.
    """

    frames: int
    pictures: int  # that differ from the one before
    brightest: int
    elapsed_s: float
    wall_s: float


def watch(
    session: DeviceSession, capture: Capture, seconds: float, now_ns: Callable[[], int] = time.perf_counter_ns
) -> Sample:
    """Look once an interval, for a while.

    Raises:  DeviceFailed when the source ends before anything was seen.
    """
    period_ns = round(NS_PER_S / session.rate_hz)
    numbers, last, pictures, brightest, wall_ns = set[int](), None, 0, 0, 0
    first_ns = last_ns = due_ns = 0
    while not numbers or due_ns <= first_ns + seconds * NS_PER_S:
        began_ns = now_ns()
        captured = capture.look()
        wall_ns += now_ns() - began_ns if numbers else 0
        if captured is None:
            break
        last_ns = session.clock.now_ns()
        if not numbers:
            first_ns = due_ns = last_ns  # a window may take a while to show anything
        numbers.add(captured.number)
        print_ = zlib.crc32(captured.frame_HWC.tobytes())
        pictures += last is not None and print_ != last
        last, brightest = print_, max(brightest, int(captured.frame_HWC.max()))
        due_ns += period_ns
        session.clock.sleep_until(due_ns)
    if len(numbers) < 2:
        why = capture.ending or "the episode was over"
        raise DeviceFailed(f"Nothing was seen: {why}. Start the game and try again.")
    return Sample(
        frames=len(numbers) - 1, pictures=pictures, brightest=brightest,
        elapsed_s=(last_ns - first_ns) / NS_PER_S, wall_s=wall_ns / NS_PER_S,
    )  # fmt: skip
