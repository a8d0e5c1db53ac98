"""Values that stay until the next step, and what steps of events make of them: keys and axes held, classes chosen.

Shape legend: T frames, E events, S steps of one track, N moments asked for, C controls, H hands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.events import Origin
from playhead.labels import Axes, Keys

Array = npt.NDArray[Any]
TimeArray = npt.NDArray[np.int64]
StateArray = npt.NDArray[np.float64]
LEAST_SHARE = 1e-6  # of a stretch, by which values held as long differ in rounding


@dataclass(frozen=True)
class Track:
    """A value that stays until the next step.

    Shapes:  time_ns_S (S,) rising; value_S (S,). Before the first step the value is that of the first.
    """

    time_ns_S: TimeArray
    value_S: StateArray

    def at(self, time_ns_N: TimeArray) -> StateArray:
        """Return the value at each moment; a step at exactly that moment has already happened."""
        step_N = np.searchsorted(self.time_ns_S, time_ns_N, side="right") - 1
        values: StateArray = self.value_S[np.maximum(step_N, 0)]
        return values

    def mean(self, start_ns_N: TimeArray, end_ns_N: TimeArray) -> StateArray:
        """Return the mean value over each stretch of time, which must not be empty."""
        length_s_N = (end_ns_N - start_ns_N) / NS_PER_S
        means: StateArray = (self._integral(end_ns_N) - self._integral(start_ns_N)) / length_s_N
        return means

    def longest(self, start_ns_N: TimeArray, end_ns_N: TimeArray) -> StateArray:
        """Return the value held longest over each stretch of time, the first of several as long; none is empty."""
        values_V, first_N = np.unique(self.value_S), self.at(start_ns_N)
        held = (Track(self.time_ns_S, (self.value_S == one).astype(np.float64)) for one in values_V)
        shares_VN = np.stack([track.mean(start_ns_N, end_ns_N) for track in held])
        shares_VN += LEAST_SHARE * (values_V[:, None] == first_N)
        longest: StateArray = np.where(shares_VN.max(0) > 0, values_V[shares_VN.argmax(0)], first_N)
        return longest

    def _integral(self, time_ns_N: TimeArray) -> StateArray:
        step_s_S = np.diff(self.time_ns_S) / NS_PER_S
        before_S = np.concatenate([[0.0], np.cumsum(self.value_S[:-1] * step_s_S)])
        step_N = np.maximum(np.searchsorted(self.time_ns_S, time_ns_N, side="right") - 1, 0)
        since_s_N = (time_ns_N - self.time_ns_S[step_N]) / NS_PER_S
        integral: StateArray = before_S[step_N] + self.value_S[step_N] * since_s_N
        return integral


def frame_tracks(time_ns_T: TimeArray, rows_TA: StateArray) -> list[Track]:
    """Return the tracks of labels that are known at frames only, and stay until the next."""
    return [Track(time_ns_T, column_T) for column_T in np.ascontiguousarray(rows_TA.T)]


def held_state(head: Keys | Axes, values: StateArray) -> StateArray:
    """Return what a control says that is held so far: a key is down or not, an axis stays in its range."""
    return (values > 0.5).astype(np.float64) if isinstance(head, Keys) else np.clip(values, -1, 1)


@dataclass(frozen=True, eq=False)
class Steps:
    """What the hands of a person and a player did on some controls, in order of time.

    Shapes:  all (S,); code_S numbers the controls from 0 to codes - 1.
    """

    time_ns_S: TimeArray
    code_S: npt.NDArray[np.int64]
    value_S: StateArray
    is_human_S: npt.NDArray[np.bool_]
    codes: int

    @classmethod
    def of(cls, events: Array, codes: Sequence[str]) -> Steps:
        """Return what events say of these controls."""
        code_E = np.full(len(events), -1, np.int64)
        for number, code in enumerate(codes):
            code_E[events["code"] == code] = number
        order_S = np.flatnonzero(code_E >= 0)
        order_S = order_S[np.argsort(events["time_ns"][order_S], kind="stable")]
        events = events[order_S]
        return cls(
            time_ns_S=events["time_ns"].astype(np.int64),
            code_S=code_E[order_S],
            value_S=events["value"].astype(np.float64),
            is_human_S=events["origin"] == int(Origin.HUMAN),
            codes=len(codes),
        )

    def until(self, time_ns: int) -> int:
        """Return how many steps were done up to and at a moment."""
        return int(np.searchsorted(self.time_ns_S, time_ns, side="right"))

    def after(self, step: int, code: int, value: float) -> Steps:
        """Return the steps from that one on, before them one more: what was done before anybody listened.

        Whoever lets go of the control first is who held it.
        """
        mine_S = np.flatnonzero(self.code_S[step:] == code) + step
        released_S = mine_S[self.value_S[mine_S] == 0]
        hands_S = self.is_human_S[np.concatenate([released_S, mine_S])]
        return Steps(
            time_ns_S=np.insert(self.time_ns_S[step:], 0, np.iinfo(np.int64).min),
            code_S=np.insert(self.code_S[step:], 0, code),
            value_S=np.insert(self.value_S[step:], 0, value),
            is_human_S=np.insert(self.is_human_S[step:], 0, bool(len(hands_S) and hands_S[0])),
            codes=self.codes,
        )

    def pressed(self) -> npt.NDArray[np.int32]:
        """Return at which step what is held after each step was pressed; -1 for what is not. Shape (S, codes)."""
        steps_S = np.arange(len(self.code_S), dtype=np.int32)
        last_SCH = np.full((len(steps_S), self.codes, 2), -1, np.int32)  # of either hand
        last_SCH[steps_S, self.code_S, self.is_human_S.astype(np.int64)] = steps_S
        np.maximum.accumulate(last_SCH, axis=0, out=last_SCH)
        last_SCH[self.value_S[last_SCH] == 0] = -1
        return np.asarray(last_SCH.max(2))


def control_track(steps: Steps, head: Keys | Axes, start_ns: int, first: float) -> Track:
    """Return the track of one key or axis: what the first frame was labelled with, then what events say."""

    def states(steps: Steps) -> StateArray:
        pressed_S = steps.pressed()[:, 0]
        return held_state(head, np.where(pressed_S >= 0, steps.value_S[pressed_S], 0.0))

    begin, held_S = steps.until(start_ns), states(steps)
    later_S = held_S[begin:]
    if len(later_S) and first != (held_S[begin - 1] if begin else 0.0):
        later_S = states(steps.after(begin, 0, first))[1:]
    return Track(np.insert(steps.time_ns_S[begin:], 0, start_ns), np.insert(later_S, 0, first))


def choice_track(steps: Steps, classes: Sequence[int], idle: int | None, start_ns: int, first: int) -> Track:
    """Return the track of a choice; `classes` are those of the controls. Begins as `control_track`."""

    def chosen(steps: Steps, before: int) -> StateArray:
        pressed_SC = steps.pressed()
        class_S = np.array(classes)[pressed_SC.argmax(1)]
        is_held_S = pressed_SC.max(1) >= 0
        if idle is not None:
            return np.where(is_held_S, class_S, idle).astype(np.float64)
        last_S = np.maximum.accumulate(np.where(is_held_S, np.arange(len(class_S)), -1))
        return np.where(last_S >= 0, class_S[last_S], before).astype(np.float64)

    begin, class_S = steps.until(start_ns), chosen(steps, 0)
    later_S = class_S[begin:]
    if len(later_S) and first != (class_S[begin - 1] if begin else idle or 0):
        code = classes.index(first) if first in classes else -1
        mine_S = steps.value_S[begin:][steps.code_S[begin:] == code]
        # A class that stays when nothing is held may have been let go of long ago; its release says it was not.
        is_held = code >= 0 and (idle is not None or bool(len(mine_S) and mine_S[0] == 0))
        later_S = chosen(steps.after(begin, max(code, 0), float(is_held)), first)[1:]
    return Track(np.insert(steps.time_ns_S[begin:], 0, start_ns), np.insert(later_S, 0, float(first)))
