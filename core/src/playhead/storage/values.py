"""What the rows of a recording may say: numbers that nobody could use are named here, once, for all readers.

Shape legend: T frames, A columns of a head.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.events import Origin
from playhead.labels import Axes, Choice, Head
from playhead.storage.schema import RecordingHeader

Array = npt.NDArray[Any]
MOST_NS = 2**62  # 146 years; so the difference of two times is an int64


def what_is_wrong(key: str, rows: Array, header: RecordingHeader) -> str:
    """Say what is wrong with the rows of a small array, "" when nothing is."""
    if not len(rows):
        return ""
    if key == "frame_time_ns":
        return _wrong_times(rows)
    if key == "label_origin":
        return _wrong_origins(rows)
    group, _, name = key.partition("/")
    if group == "labels":
        return _wrong_labels(rows, header.schema[name])
    if group == "columns" and np.dtype(header.columns[name]).kind == "S":
        return _wrong_text(rows)
    return ""


def _wrong_times(times_T: Array) -> str:
    if beyond := _beyond(times_T):
        return beyond
    falls = np.flatnonzero(times_T[1:] <= times_T[:-1])
    return f"time does not rise after frame {falls[0]}" if len(falls) else ""


def _beyond(times: Array) -> str:
    far = np.flatnonzero((times > MOST_NS) | (times < -MOST_NS))
    return f"time {times[far[0]]} ns of row {far[0]} lies 146 years away" if len(far) else ""


def _wrong_origins(origins: Array) -> str:
    worst = int(origins.max())
    return (
        f"origin {worst} of row {int(origins.argmax())} is none of 0 to {max(Origin):d}"
        if worst > max(Origin)
        else ""
    )


def _wrong_labels(rows_TA: Array, head: Head) -> str:
    if isinstance(head, Axes):
        bad = np.flatnonzero(~np.isfinite(rows_TA).all(1))
        return f"an axis of frame {bad[0]} is {rows_TA[bad[0]].tolist()}" if len(bad) else ""
    most = int(rows_TA.max())
    if isinstance(head, Choice):
        return f"class {most} of {len(head.names)}" if most >= len(head.names) else ""
    return f"a key is {most}, not 0 or 1" if most > 1 else ""


def _wrong_text(rows_TA: Array) -> str:
    try:
        rows_TA.tobytes().decode()
    except UnicodeDecodeError as error:
        return f"the text of row {error.start // rows_TA.shape[1]} is no UTF-8"
    return ""


def usable(key: str, rows: Array, header: RecordingHeader) -> npt.NDArray[np.bool_]:
    """Return which rows of a small array say what they may say, each by itself. Shapes: (T,)."""
    group, _, name = key.partition("/")
    if key == "frame_time_ns":
        return np.asarray((rows >= -MOST_NS) & (rows <= MOST_NS))
    if key == "label_origin":
        return np.asarray(rows <= max(Origin))
    if group != "labels":
        return np.ones(len(rows), np.bool_)
    head = header.schema[name]
    if isinstance(head, Axes):
        return np.asarray(np.isfinite(rows).all(1))
    most = len(head.names) - 1 if isinstance(head, Choice) else 1
    return np.asarray((rows <= most).all(1))


def what_is_wrong_with_events(rows: Mapping[str, Array], codes: int, devices: int) -> str:
    """Say what is wrong with the columns of events, given how many codes and devices have names."""
    if not len(rows["time_ns"]):
        return ""
    for name, known in (("code", codes), ("device", devices)):
        if int(rows[name].max()) >= known:
            return f"lacks the name of {name} {int(rows[name].max())}"
    bad = np.flatnonzero(~np.isfinite(rows["value"]))
    if len(bad):
        return f"the value of event {bad[0]} is {rows['value'][bad[0]]}"
    return _wrong_origins(rows["origin"]) or _beyond(rows["time_ns"])
