"""The last frames and what was held at them, picked by time as in training (playhead/windows.py).

Shape legend: T moments of an input, H height, W width, C channels or columns.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.capture import CapturedFrame
from playhead.clock import NS_PER_S
from playhead.errors import Mismatch, listed
from playhead.events import Event, Origin
from playhead.inputs import ACTIONS, CAMERAS, FRAMES, Input, check_playable
from playhead.labelling import HeldLabels, action_numbers
from playhead.labels import LabelSchema
from playhead.windows import PAUSE_INTERVALS, nearest

Inputs = dict[str, npt.NDArray[Any]]
Held = Mapping[str, float]  # code -> value


class History:
    """Keeps as many frames as a window needs; the newest one is its moment.

    Of each input the frames nearest to its offsets are looked at (of two equally near the newer). Where nothing is
    that old yet, the oldest frame stands in. After a pause all begins anew.
    Units:  rate_hz frames a second of the device.
    """

    def __init__(
        self,
        inputs: Mapping[str, Input],
        *,
        rate_hz: float,
        positions_s: Sequence[float] = (0.0,),
        schema: LabelSchema | None = None,
        controls: Mapping[str, str] | None = None,
        following: HeldLabels | None = None,
        awaited: Iterable[str] | None = None,
    ) -> None:
        """Keep what these inputs look at; past actions are those of the heads of `schema`, by their `controls`.

        `following` says what is held of them, where it does not follow from controls alone. `awaited` is telemetry
        that the device will tell, if not yet.
        Raises:  BadValue for inputs that nobody who plays can know.
        """
        check_playable(inputs, positions_s, "This run")
        self._inputs = dict(inputs)
        self._oldest_ns = min(one.offsets_ns[0] for one in inputs.values())
        self._pause_ns = round(PAUSE_INTERVALS / rate_hz * NS_PER_S)
        self._schema = schema if any(one.source == ACTIONS for one in inputs.values()) else None
        self._following = HeldLabels(schema, controls or {}) if schema is not None else None
        self._following = following or self._following
        self._awaited = frozenset(awaited or ())
        self._followed: Held = {}
        self._frames: list[CapturedFrame] = []
        self._times: list[int] = []
        self._held: list[npt.NDArray[np.float32]] = []

    def add(self, captured: CapturedFrame, held: Held | None = None) -> None:
        """Take the newest frame, and what was held when it was taken; forget those that no window can need."""
        if self._times and captured.time_ns - self._times[-1] > self._pause_ns:
            self.clear()
        self._frames.append(captured)
        self._times.append(captured.time_ns)
        self._held.append(self._numbers(captured.time_ns, held or {}))
        oldest_ns = captured.time_ns + self._oldest_ns
        while len(self._times) > 1 and self._times[1] <= oldest_ns:
            del self._frames[0], self._times[0], self._held[0]

    def reset(self) -> None:
        """Forget what was not held as it was said, because others drove: all, where past actions are looked at."""
        if self._schema is not None:
            self.clear()

    def clear(self) -> None:
        """Forget everything: what comes next has nothing to do with what was."""
        self._frames.clear()
        self._times.clear()
        self._held.clear()

    def window(self) -> Inputs:
        """Return the named inputs of the window at the newest frame, oldest first.

        Shapes:  pictures (T, H, W, C) uint8; telemetry (T,) float32; past actions (T, C) float32.
        Raises:  Mismatch when the device does not tell a column, or lacks a camera, that the network wants.
        """
        times = np.array(self._times, dtype=np.int64)
        found: Inputs = {}
        for name, one in self._inputs.items():
            picked = nearest(times, self._times[-1] + np.array(one.offsets_ns, dtype=np.int64)).tolist()
            if one.offsets_ns[-1] == 0:
                picked[-1] = len(times) - 1
            if one.source == ACTIONS:
                found[name] = np.stack([self._held[place] for place in picked])
            else:
                found[name] = self._column(one, picked)
        return found

    def _column(self, one: Input, picked: list[int]) -> npt.NDArray[Any]:
        frames = [self._frames[place] for place in picked]
        if one.source == FRAMES:
            return np.stack([captured.frame_HWC for captured in frames])
        if one.source.startswith(CAMERAS):
            return _through(one.source.removeprefix(CAMERAS), frames)
        return self._telemetry(one.source, picked)

    def _telemetry(self, source: str, picked: list[int]) -> npt.NDArray[np.float32]:
        """Return what was told; for moments before anything was, what was told first, no number while nothing is.

        Raises:  Mismatch for telemetry that is neither told nor awaited.
        """
        told = [captured.telemetry.get(source, math.nan) for captured in self._frames[picked[0] :]]
        if source not in self._awaited and any(source not in self._frames[place].telemetry for place in picked):
            known = listed(sorted(self._frames[-1].telemetry), otherwise="nothing")
            raise Mismatch(
                f'The network wants the telemetry "{source}", this device tells {known}. '
                "Take another run or device, or let its capture name it before: telemetry_names."
            )
        values_F = np.array(told, dtype=np.float32)
        first = int(np.argmax(np.isfinite(values_F)))
        values_F[:first] = values_F[first]
        return np.asarray(values_F[np.array(picked) - picked[0]])

    def _numbers(self, time_ns: int, held: Held) -> npt.NDArray[np.float32]:
        """Return what is held as past actions have it, one row of their columns."""
        if self._schema is None or self._following is None:
            return np.empty(0, np.float32)
        changes = {code: 0.0 for code in self._followed if code not in held}
        changes |= {code: value for code, value in held.items() if self._followed.get(code) != value}
        for code, value in changes.items():
            self._following.advance(Event(time_ns=time_ns, code=code, value=value, origin=Origin.MODEL))
        self._followed = dict(held)
        states = {name: np.asarray(row)[None] for name, row in self._following.rows().items()}
        return np.asarray(action_numbers(self._schema, states)[0])


def _through(camera: str, frames: list[CapturedFrame]) -> npt.NDArray[Any]:
    """Return the pictures of a further camera. Raises Mismatch for a device that has none of this name."""
    if any(camera not in captured.cameras for captured in frames):
        told = listed([FRAMES, *sorted(frames[-1].cameras)])
        raise Mismatch(
            f'The network wants the camera "{camera}", this device has {told}. Take another run or device.'
        )
    return np.stack([captured.cameras[camera] for captured in frames])
