"""Which stretches of a recording a person wants gone: dropped by a key while it was made, or named later.

Shape legend: T frames, D stretches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.errors import BadValue
from playhead.events import DROP, DROPPED_S, HOTKEY, MARK

if TYPE_CHECKING:
    from playhead.storage.reader import Recording

IndexArray = npt.NDArray[np.int64]
Span = tuple[int, int]  # first frame, and the first one behind


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What is cut out of a recording, and where it is divided. Units: seconds from its first frame.

    `removed` are stretches (from, to); `at` are moments; `at_marks` divides where the hotkey "mark" was pressed.
    What a person dropped is always cut out.
    """

    removed: Sequence[tuple[float, float]] = ()
    at: Sequence[float] = ()
    at_marks: bool = False

    def spans(self, recording: Recording) -> list[Span]:
        """Return the frames of each piece that stays. Raises BadValue for times that it does not have."""
        for moment in [*self.at, *(time for stretch in self.removed for time in stretch)]:
            if not 0 <= moment <= recording.duration_s:
                raise BadValue(f"{recording.name} lasts {recording.duration_s:.1f} s and has no {moment:g} s.")
        if not recording.length:
            return []
        begin_ns, events = int(recording.frame_time_ns[0]), recording.events
        first_ns, last_ns = (
            begin_ns + np.array([s[end] for s in self.removed], float) * NS_PER_S for end in (0, 1)
        )
        is_kept_T = ~(dropped(recording) | within(recording, first_ns.astype(np.int64), last_ns.astype(np.int64)))
        divided_ns = [begin_ns + round(moment * NS_PER_S) for moment in self.at]
        if self.at_marks:
            divided_ns += events["time_ns"][(events["device"] == HOTKEY) & (events["code"] == MARK)].tolist()
        divided = np.searchsorted(recording.frame_time_ns, divided_ns)
        edges = np.flatnonzero(np.diff(is_kept_T.astype(np.int8))) + 1
        places = np.unique([0, *edges.tolist(), *divided.tolist(), recording.length])
        spans = zip(places[:-1].tolist(), places[1:].tolist(), strict=True)
        return [span for span in spans if is_kept_T[span[0]]]


def dropped(recording: Recording) -> npt.NDArray[np.bool_]:
    """Say of each frame whether it lies in the seconds before a press of the hotkey. Shape (T,)."""
    events = recording.events
    is_drop = (events["device"] == HOTKEY) & (events["code"] == DROP)
    behind_ns = events["time_ns"][is_drop]
    return within(recording, behind_ns - round(DROPPED_S * NS_PER_S), behind_ns)


def within(recording: Recording, first_ns: IndexArray, last_ns: IndexArray) -> npt.NDArray[np.bool_]:
    """Say of each frame whether it lies in one of these stretches of time, both ends included. Shape (T,)."""
    times_T = recording.frame_time_ns
    edges = np.zeros(len(times_T) + 1, np.int64)
    np.add.at(edges, np.searchsorted(times_T, first_ns, "left"), 1)
    np.add.at(edges, np.searchsorted(times_T, last_ns, "right"), -1)
    return np.asarray(np.cumsum(edges[:-1]) > 0)
