"""Where in a recording nothing happens: nothing is pressed, nothing moves, or both.

Shape legend: T frames, A columns of a label head, H height, W width, C channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.errors import BadValue
from playhead.events import Origin
from playhead.labels import Axes, Choice, Head
from playhead.progress import OnProgress
from playhead.storage.pictures import FrameArray
from playhead.storage.reader import Recording

BoolArray = npt.NDArray[np.bool_]
Span = tuple[int, int]  # first frame, and the first one behind

# When a picture counts as still: as in playing/stuck.py, which knows no storage.
APART_S = 0.2
CELL_PX = 4
CHANGED = 16
STILL_SHARE = 0.006
CENTRED = 0.05  # an axis nearer to its centre than this is let go of


@dataclass(frozen=True, kw_only=True)
class Idle:
    """What counts as idle and how much of it stays.

    Units:  at_least_s seconds, shorter stretches stay; keep_s seconds stay before and after something happens.
    `by`: "keys" when nothing is pressed, "picture" when nothing moves, "both" when neither.
    """

    at_least_s: float = 10.0
    by: Literal["keys", "picture", "both"] = "both"
    keep_s: float = 1.0

    def __post_init__(self) -> None:
        if self.keep_s < 0 or self.at_least_s <= 2 * self.keep_s:
            raise BadValue(
                f"Of {self.at_least_s:g} idle seconds {self.keep_s:g} stay at both ends, so nothing would be cut. "
                f"Pass --idle {2 * abs(self.keep_s) + 1:g} or more, or a smaller --keep."
            )


def kept_spans(recording: Recording, idle: Idle, progress: OnProgress = lambda done, total: None) -> list[Span]:
    """Return what is left when the insides of idle stretches are cut out, in order."""
    if not recording.length:
        return []
    is_busy_T = np.zeros(recording.length, np.bool_)
    if idle.by != "picture":
        is_busy_T |= _is_pressed(recording)
    if idle.by != "keys":
        is_busy_T |= _is_moving(recording, progress)
    times_s_T = (recording.frame_time_ns - recording.frame_time_ns[:1]) / NS_PER_S
    is_kept_T = np.ones(recording.length, np.bool_)
    for first, behind in _runs(~is_busy_T):
        begin_s, end_s = times_s_T[first], times_s_T[behind - 1]
        if end_s - begin_s < idle.at_least_s:
            continue
        begin_s = begin_s + idle.keep_s if first > 0 else -np.inf
        end_s = end_s - idle.keep_s if behind < recording.length else np.inf
        is_kept_T[first:behind] &= (times_s_T[first:behind] < begin_s) | (times_s_T[first:behind] > end_s)
    return _runs(is_kept_T)


def _runs(is_so_T: BoolArray) -> list[Span]:
    """Return the stretches in which something is so."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_so_T, [False]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _is_pressed(recording: Recording) -> BoolArray:
    """Say for each frame whether anything is held there, or happened since the frame before. Shape (T,)."""
    controls = recording.header.game.get("controls", {})
    is_pressed_T = np.zeros(recording.length, np.bool_)
    for name, head in recording.header.schema.items():
        is_pressed_T |= _is_held(head, np.asarray(recording.labels[name]), controls)
    is_pressed_T &= recording.label_origin != int(Origin.NONE)
    happened = np.searchsorted(recording.frame_time_ns, recording.events["time_ns"])
    is_pressed_T[np.minimum(happened, recording.length - 1)] = True
    return is_pressed_T


def _is_held(head: Head, labels_TA: npt.NDArray[Any], controls: dict[str, str]) -> BoolArray:
    if isinstance(head, Axes):
        return np.asarray((np.abs(labels_TA) > CENTRED).any(1))
    if not isinstance(head, Choice):
        return np.asarray(labels_TA.any(1))
    free = [number for number, name in enumerate(head.names) if name not in controls]
    if free:
        return ~np.isin(labels_TA[:, 0], free)
    # Something is always chosen, as of gears: only a change is something that happens.
    chosen_T = labels_TA[:, 0].astype(np.int64)
    return np.asarray(np.diff(chosen_T, prepend=chosen_T[:1]) != 0)


def _is_moving(recording: Recording, progress: OnProgress) -> BoolArray:
    """Say for each frame whether the picture changes around it. Shape (T,). Decodes five frames a second."""
    is_moving_T = np.zeros(recording.length, np.bool_)
    times_ns = recording.frame_time_ns
    frame_HWC = np.empty(recording.header.frame.shape, np.uint8)
    before: npt.NDArray[np.float32] | None = None
    looked = 0
    for frame in range(recording.length):
        progress(frame, recording.length)
        is_last = frame == recording.length - 1
        if before is not None and times_ns[frame] - times_ns[looked] < APART_S * NS_PER_S and not is_last:
            continue
        recording.read_frame_into(frame, frame_HWC)
        cells = _cells(frame_HWC)
        if before is not None and float(np.mean(np.abs(cells - before) > CHANGED)) >= STILL_SHARE:
            is_moving_T[looked : frame + 1] = True
        before, looked = cells, frame
    return is_moving_T


def _cells(frame_HWC: FrameArray) -> npt.NDArray[np.float32]:
    """Return the mean grey of each cell, so that noise and single pixels do not count. Odd edges are left out."""
    rows, columns = (max(1, size // CELL_PX) for size in frame_HWC.shape[:2])
    height, width = (min(CELL_PX, size) for size in frame_HWC.shape[:2])
    grey_HW = frame_HWC[: rows * height, : columns * width].mean(2, dtype=np.float32)
    cells: npt.NDArray[np.float32] = grey_HW.reshape(rows, height, columns, width).mean((1, 3))
    return cells
