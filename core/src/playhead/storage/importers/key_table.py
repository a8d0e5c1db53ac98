"""What was held at any moment of a video, as a table beside it says.

Shape legend: S rows or changes in order, N moments asked for, A columns of a label head.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.events import Event
from playhead.storage.importers.meanings import Rows
from playhead.storage.importing import LeftOut

MOST_REASONS = 1_000
OTHER_REASONS = "for other reasons of the kind"
ROW_LASTS = 1.75  # steps from one row to the next, behind which nothing is known: clocks jitter

TimeArray = npt.NDArray[np.int64]
StateArray = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class KeyTable:
    """What was held, in order of time.

    `has_times`: places are times, else they are numbers of pictures from 0 on, `is_numbered` those of the rows.
    As a table is read they are as it wrote them, and nanoseconds since the video's beginning behind that. Of
    changes, state 0 is before the first. `first` is the place of its first row, also of one that means nothing.
    `meant` says what each name of the table was taken for, "" for nothing, and how often it was held.
    Shapes:  place_S rising; state_S the row of `rows` that holds from there on; rows head -> (states, A); events
             as many as places, of changes.
    """

    has_times: bool
    is_changes: bool
    is_numbered: bool = False
    place_S: npt.NDArray[np.float64]
    state_S: StateArray
    rows: Rows
    end_S: TimeArray = field(default_factory=lambda: np.empty(0, np.int64))
    first: float = 0.0
    events: tuple[Event, ...] = ()
    meant: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()

    def at_pictures(self, time_ns_N: TimeArray, interval_ns: int) -> KeyTable:
        """Return the table with times, where its places are numbers of the pictures of these times.

        A row is of its picture, as long as that is shown; the last is for an interval.
        """
        is_there_S = self.place_S < len(time_ns_N)
        left_out = self.left_out
        if behind := int((~is_there_S).sum()):
            why = f"the video has {len(time_ns_N):,} pictures"
            left_out = (*left_out, LeftOut(what=f"{behind:,} rows behind its end", why=why))
        kept = replace(
            self, has_times=True, state_S=self.state_S[is_there_S], left_out=left_out,
            events=tuple(one for one, is_there in zip(self.events, is_there_S, strict=False) if is_there),
        )  # fmt: skip
        picture_S = self.place_S[is_there_S].astype(np.int64)
        ends_ns_N = np.append(time_ns_N[1:], time_ns_N[-1] + interval_ns)
        return kept.with_times(time_ns_N[picture_S], ends_ns_N[picture_S])

    def with_times(self, time_ns_S: TimeArray, end_ns_S: TimeArray | None = None) -> KeyTable:
        """Return the table with these times of its places, and when each ends to be so.

        Without ends, one of a picture lasts no longer than its fellows do: most of the way to the next but one.
        """
        times = time_ns_S.tolist()
        events = tuple(replace(one, time_ns=time) for one, time in zip(self.events, times, strict=False))
        if end_ns_S is None:
            steps = np.diff(time_ns_S)
            end_ns_S = time_ns_S + round(ROW_LASTS * float(np.median(steps)) if len(steps) else NS_PER_S)
        return replace(self, place_S=time_ns_S.astype(np.float64), end_S=end_ns_S, events=events)

    def moved(self, offset_ns: int) -> KeyTable:
        """Return the table with all its times that much later."""
        return self.with_times(self.times_ns + offset_ns, self.end_S + offset_ns)

    @property
    def times_ns(self) -> TimeArray:
        """The times of its places, (S,)."""
        return self.place_S.astype(np.int64)

    def states(self, time_ns_N: TimeArray, slack_ns: int = 0) -> StateArray:
        """Return which row of `rows` holds at each moment, -1 where the table says nothing.

        A change lasts until the next. A row of a picture may be late by the slack, as its picture may be.
        """
        time_ns_N = time_ns_N if self.is_changes else time_ns_N + slack_ns
        found_N = np.searchsorted(self.times_ns, time_ns_N, side="right") - 1
        row_N = np.maximum(found_N, 0)
        if self.is_changes:
            return np.where(found_N < 0, 0, self.state_S[row_N])
        return np.where((found_N < 0) | (time_ns_N >= self.end_S[row_N]), -1, self.state_S[row_N])

    def numbers(self, time_ns_N: TimeArray) -> npt.NDArray[np.float64]:
        """Return what is held at each moment as numbers, a column each; 0 where nothing is said."""
        state_N = self.states(time_ns_N)
        columns = np.concatenate([rows_CA.astype(np.float64) for rows_CA in self.rows.values()], axis=1)
        return np.where(state_N[:, None] >= 0, columns[np.maximum(state_N, 0)], 0.0)


class Lost:
    """What is left out of a table, counted by its reason, with the line of the first.

    Of reasons there are MOST_REASONS at most, for each may quote its row; further ones are counted together.
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, int] = {}

    def add(self, why: str, line: int) -> None:
        """Count a row that is left out."""
        why = why if why in self._counts or len(self._counts) < MOST_REASONS else OTHER_REASONS
        self._counts[why] += 1
        self._first.setdefault(why, line)

    def told(self) -> tuple[LeftOut, ...]:
        """Return what was left out, the most frequent reason first."""
        return tuple(
            LeftOut(what=f"line {self._first[why]}" if count == 1 else
                    f"{count:,} rows, the first line {self._first[why]}", why=why)
            for why, count in self._counts.most_common()
        )  # fmt: skip
