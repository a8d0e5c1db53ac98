"""How often each thing is done in the recordings, in figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.data.balancing import REST, held_together
from playhead.data.windows import WindowIndex
from playhead.labels import Axes, Choice, Keys
from playhead.windows import BoolArray

UNKNOWN = "?"  # of a head whose label nobody knows
NO_KEYS = "any"  # of a game that has axes alone


def combinations(index: WindowIndex) -> npt.NDArray[np.str_]:
    """Say what each window answers in words: "w+a", "octane", "none". Axes are left out. Shape (N,)."""
    parts: list[npt.NDArray[np.str_]] = []
    for name, head in index.schema.items():
        if isinstance(head, Keys):
            words, inverse = held_together(head, index.labels[name])
            parts.append(np.where(index.known[name], np.array(words)[inverse], UNKNOWN))
        elif isinstance(head, Choice):
            parts.append(np.where(index.known[name], np.array(head.names)[index.labels[name][:, 0]], UNKNOWN))
    if not parts:
        return np.full(len(index), NO_KEYS)
    said = parts[0]
    for more in parts[1:]:
        said = np.char.add(np.char.add(said, ", "), more)
    return said


@dataclass(frozen=True, kw_only=True)
class BalanceReport:
    """What the recordings hold.

    Units:  shares of the time from 0 to 1; times in seconds. `keys`, `classes` and `axes` are by head.
    """

    recordings: int
    frames: int
    keys: Mapping[str, Mapping[str, float]]
    classes: Mapping[str, Mapping[str, float]]
    axes: Mapping[str, Mapping[str, float]]
    combinations: Mapping[str, float]
    change_share: float
    idle_share: float
    longest_idle_s: float
    longest_idle_in: str

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return asdict(self)

    def line(self) -> str:
        """Say it in one line: `3 recordings, 1,200 frames; w 71 %  a 9 %  none 15 %`."""
        shares = {**_flat(self.keys), **_flat(self.classes)}
        if self.keys:
            shares["none"] = self.idle_share
        said = "  ".join(f"{name} {100 * share:.0f} %" for name, share in shares.items())
        moved = "  ".join(f"{name} mean {value:+.2f}" for name, value in _flat(self.axes).items())
        held = "  ".join(part for part in (said, moved) if part)
        plural = "" if self.recordings == 1 else "s"
        return f"{self.recordings} recording{plural}, {self.frames:,} frames; {held}"


def _flat(shares: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Join the shares of all heads; a name that two heads share is written head.name."""
    names = [name for table in shares.values() for name in table]
    return {
        (name if names.count(name) == 1 else f"{head}.{name}"): share
        for head, table in shares.items()
        for name, share in table.items()
    }


def report(index: WindowIndex) -> BalanceReport:
    """Count what the windows of an index answer, by time. Meant for windows of one frame: WindowSpec()."""
    idle_s, where = _longest_idle(index)
    every, index = index, index.by_time()
    labels = {name: values[index.known[name]] for name, values in index.labels.items()}
    words, counts = np.unique(combinations(index), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    total = max(1, len(index))
    return BalanceReport(
        recordings=len(np.unique(every.recording_N)),
        frames=len(every),
        keys={name: _key_shares(head, labels[name]) for name, head in index.schema.items()
              if isinstance(head, Keys)},
        classes={name: _class_shares(head, labels[name]) for name, head in index.schema.items()
                 if isinstance(head, Choice)},
        axes={name: dict(zip(head.names, labels[name].mean(0).tolist(), strict=True))
              for name, head in index.schema.items() if isinstance(head, Axes) and len(labels[name])},
        combinations={str(words[i]): float(counts[i] / total) for i in order},
        change_share=float(index.changes().mean()) if len(index) else 0.0,
        idle_share=float(idle(index).mean()) if len(index) else 0.0,
        longest_idle_s=idle_s,
        longest_idle_in=where,
    )  # fmt: skip


def _key_shares(head: Keys, labels_NA: npt.NDArray[Any]) -> dict[str, float]:
    return dict(zip(head.names, (labels_NA >= 0.5).sum(0) / max(1, len(labels_NA)), strict=True))


def _class_shares(head: Choice, labels_NA: npt.NDArray[Any]) -> dict[str, float]:
    counts = np.bincount(labels_NA[:, 0], minlength=len(head.names))
    return dict(zip(head.names, counts / max(1, len(labels_NA)), strict=True))


def idle(index: WindowIndex) -> BoolArray:
    """Say for each window whether no key is held and every axis rests. Shape (N,).

    A choice alone is never idle.
    """
    active = [head for head in index.schema.values() if not isinstance(head, Choice)]
    idle_N = np.full(len(index), bool(active))
    for name, head in index.schema.items():
        if isinstance(head, Keys):
            idle_N &= index.known[name] & (index.labels[name] < 0.5).all(1)
        elif isinstance(head, Axes):
            idle_N &= index.known[name] & (np.abs(index.labels[name]) < REST).all(1)
    return idle_N


def _longest_idle(index: WindowIndex) -> tuple[float, str]:
    """Return the longest stretch of idle frames in seconds, and the recording that has it."""
    longest, where = 0.0, ""
    idle_N = idle(index)
    for number, recording in enumerate(index.recordings):
        mine = index.recording_N == number
        bounds = np.flatnonzero(np.diff(np.concatenate([[0], idle_N[mine].astype(np.int8), [0]])))
        if len(bounds) == 0:
            continue
        times = recording.frame_time_ns[index.frame_N[mine]]
        length_s = (times[bounds[1::2] - 1] - times[bounds[0::2]]) / NS_PER_S
        if length_s.max() > longest:
            longest, where = float(length_s.max()), recording.name
    return longest, where
