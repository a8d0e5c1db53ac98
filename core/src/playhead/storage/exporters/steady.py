"""A recording at a steady rate: the nearest picture of every tick, and what was held then as numbers.

Shape legend: N frames, T ticks, A columns of all label heads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.errors import BadValue
from playhead.events import Origin
from playhead.inputs import action_columns
from playhead.labelling import action_numbers
from playhead.storage.reader import Recording

MOST_GAP, GAP_S = 3, 0.25  # ticks or seconds between two frames, by what is more: longer ones are no slip


@dataclass(frozen=True, kw_only=True, eq=False)
class Steady:
    """Which frame is shown at each tick, when it was taken, and what was held, by the names of its columns.

    Shapes:  frame_T numbers of frames; time_ns_T since the first; action_TA a column a key, class or axis.
    """

    names: tuple[str, ...]
    frame_T: npt.NDArray[np.int64]
    time_ns_T: npt.NDArray[np.int64]
    action_TA: npt.NDArray[np.float32]
    rate_hz: float
    unlabelled: int

    def __len__(self) -> int:
        return len(self.frame_T)


def numbers_of(recording: Recording) -> npt.NDArray[np.float32]:
    """Return what every frame is labelled with. Shapes: (frames, A)."""
    states: dict[str, Any] = {name: np.asarray(recording.labels[name]) for name in recording.header.schema}
    return action_numbers(recording.header.schema, states)


def steadied(recording: Recording, rate_hz: float) -> Steady:
    """Return a recording at a rate; ticks whose nearest frame nobody labelled are left out.

    Raises:  BadValue for one without frames, or where nobody knows which came after which.
    """
    if recording.header.are_stills or not recording.length:
        what = "has no order" if recording.length else "has no frames"
        raise BadValue(f"{recording.name} {what}: it cannot be exported as a film.")
    time_ns = recording.frame_time_ns - recording.frame_time_ns[0]
    tick_ns = _ticks(time_ns, rate_hz) * (NS_PER_S / rate_hz)
    after_T = np.searchsorted(time_ns, tick_ns).clip(0, len(time_ns) - 1)
    before_T = np.maximum(after_T - 1, 0)
    is_before_T = np.abs(time_ns[before_T] - tick_ns) <= np.abs(time_ns[after_T] - tick_ns)
    frame_T = np.where(is_before_T, before_T, after_T)
    is_told_T = recording.label_origin[frame_T] != int(Origin.NONE)
    if not is_told_T.any():
        raise BadValue(f"{recording.name} has no frame that anybody labelled.")
    frame_T = frame_T[is_told_T]
    return Steady(
        names=action_columns(recording.header.schema), frame_T=frame_T, time_ns_T=time_ns[frame_T],
        action_TA=numbers_of(recording)[frame_T], rate_hz=rate_hz, unlabelled=int((~is_told_T).sum()),
    )  # fmt: skip


def _ticks(time_ns: npt.NDArray[np.int64], rate_hz: float) -> npt.NDArray[np.int64]:
    """Return the numbers of the ticks from each frame to the next; in a gap, which nobody saw, there is none.

    So there are MOST_GAP times as many as frames at most, however far their times lie apart.
    """
    own_N = np.round(time_ns * (rate_hz / NS_PER_S)).astype(np.int64)
    steps = np.diff(own_N)
    missing = np.where(steps <= max(MOST_GAP, GAP_S * rate_hz), steps, 1)  # of a gap only where it ends
    begins_N = np.append(own_N[:1], own_N[1:] - missing + 1)
    counts_N = np.append(1, missing)
    within = np.arange(counts_N.sum()) - np.repeat(np.cumsum(counts_N) - counts_N, counts_N)
    return np.asarray(np.repeat(begins_N, counts_N) + within)
