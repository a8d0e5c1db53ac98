"""The state of one control as a function of time, from events, else from the frames' labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.data.source import Source
from playhead.events import Origin
from playhead.labels import Choice, Head

TimeArray = npt.NDArray[np.int64]
StateArray = npt.NDArray[np.float64]


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

    def _integral(self, time_ns_N: TimeArray) -> StateArray:
        step_s_S = np.diff(self.time_ns_S) / NS_PER_S
        before_S = np.concatenate([[0.0], np.cumsum(self.value_S[:-1] * step_s_S)])
        step_N = np.maximum(np.searchsorted(self.time_ns_S, time_ns_N, side="right") - 1, 0)
        since_s_N = (time_ns_N - self.time_ns_S[step_N]) / NS_PER_S
        integral: StateArray = before_S[step_N] + self.value_S[step_N] * since_s_N
        return integral


def head_tracks(recording: Source, name: str, head: Head) -> list[Track]:
    """Return one track a column of the head.

    Keys and axes come from the events of the device whose events are the labels, exact to the nanosecond,
    when every name of the head has a control and there are such events; anything else from the frames.
    """
    codes = dict(recording.header.game.get("controls", {}))
    states_TA = np.asarray(recording.labels[name], dtype=np.float64)
    events = _label_events(recording)
    if isinstance(head, Choice) or len(events) == 0 or any(key not in codes for key in head.names):
        return [Track(recording.frame_time_ns, states_TA[:, column]) for column in range(head.columns)]
    return [
        _event_track(events, codes[key], int(recording.frame_time_ns[0]), float(states_TA[0, column]))
        for column, key in enumerate(head.names)
    ]


def _label_events(recording: Source) -> npt.NDArray[Any]:
    events = recording.events
    chosen: npt.NDArray[Any] = events[events["device"] == recording.header.label_device]
    return chosen


def _event_track(events: npt.NDArray[Any], code: str, start_ns: int, first: float) -> Track:
    """Make the track of one code: what the first frame was labelled with, then what its events say."""
    mine = events[events["code"] == code]
    mine = mine[np.argsort(mine["time_ns"], kind="stable")]
    times, values = mine["time_ns"].astype(np.int64), mine["value"].astype(np.float64)
    is_human = mine["origin"] == int(Origin.HUMAN)
    begin = int(np.searchsorted(times, start_ns, side="right"))
    held = _held_by_either(values, is_human)
    later = held[begin:]
    if len(later) and first != (held[begin - 1] if begin else 0.0):
        # Pressed before anybody listened: whoever lets go first is who held it.
        hands = is_human[begin:]
        holder = hands[np.argmax(values[begin:] == 0)]
        later = _held_by_either(np.insert(values[begin:], 0, first), np.insert(hands, 0, holder))[1:]
    return Track(np.insert(times[begin:], 0, start_ns), np.insert(later, 0, first))


def _held_by_either(value_S: StateArray, is_human_S: npt.NDArray[np.bool_]) -> StateArray:
    """Return what is held when a person and a player hold one control: see held.HeldLabels.

    Shapes:  value_S (S,) what the hand of each step does; returns (S,) the state after it.
    """
    steps_S = np.arange(len(value_S))
    other_S = np.zeros_like(value_S)
    for hand_S in (is_human_S, ~is_human_S):
        last_S = np.maximum.accumulate(np.where(~hand_S, steps_S, -1))  # the other hand's last step
        other_S[hand_S] = np.where(last_S >= 0, value_S[last_S], 0.0)[hand_S]
    return np.where(value_S != 0, value_S, other_S)
