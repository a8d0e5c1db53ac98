"""Which frames belong to a window: the nearest in time to each moment. One definition, to train and to play."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S

# Capture times jitter: a frame counts as "at" a moment up to half an interval away, and this much more.
TOLERANCE_INTERVALS = 0.1
# Longer than this without a frame is a pause: what lies before has nothing to do with what comes after.
PAUSE_INTERVALS = 4.0

# A machine that takes so many times the interval asked for did not reach the rate: its own interval counts.
SLOW_INTERVALS = 1.25

TimeArray = npt.NDArray[np.int64]
IndexArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def nearest(time_ns_T: TimeArray, wanted_ns: TimeArray) -> IndexArray:
    """Return the frame nearest to each wanted moment; of two equally near the newer.

    Shapes:  time_ns_T (T,) rising, at least one; returns the shape of `wanted_ns`.
    """
    after = np.minimum(np.searchsorted(time_ns_T, wanted_ns, side="left"), len(time_ns_T) - 1)
    before = np.maximum(after - 1, 0)
    is_after = np.abs(time_ns_T[after] - wanted_ns) <= np.abs(time_ns_T[before] - wanted_ns)
    return np.asarray(np.where(is_after, after, before), dtype=np.int64)


def interval_of(time_ns_T: TimeArray, rate_hz: float) -> int:
    """Return the nanoseconds from frame to frame: those asked for, or the usual ones where they are far more."""
    asked_ns = round(NS_PER_S / rate_hz)
    usual_ns = round(float(np.median(np.diff(time_ns_T)))) if len(time_ns_T) > 1 else asked_ns
    return usual_ns if usual_ns > SLOW_INTERVALS * asked_ns else asked_ns


def is_near(away_ns: TimeArray, interval_ns: int | TimeArray) -> BoolArray:
    """Say which frames count as at the moment that they are so far away from."""
    return np.asarray(np.abs(away_ns) <= (0.5 + TOLERANCE_INTERVALS) * interval_ns)


def segments_of(time_ns_T: TimeArray, interval_ns: int) -> IndexArray:
    """Number the stretches without a pause. Shape (T,)."""
    pauses = np.diff(time_ns_T) > PAUSE_INTERVALS * interval_ns
    return np.concatenate([[0], np.cumsum(pauses)]).astype(np.int64)
