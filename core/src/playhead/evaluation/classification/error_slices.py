"""What mistakes share: which values of a recording's columns occur among them more often than by chance.

Shape legend: N windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.data.windows import WindowIndex
from playhead.evaluation.classification.clusters import grouped_share, more_than_moved
from playhead.evaluation.classification.intervals import Share, corrected
from playhead.evaluation.predictions import BoolArray, IntArray

MOST_VALUES = 64  # a column of more different texts names single windows, not what they share
BINS = 4  # of a number that takes many values
CLEAR = 0.05  # a value is clearly over-represented below this corrected p


@dataclass(frozen=True, kw_only=True)
class ErrorSlice:
    """One value of one column: how many of its windows are answered wrongly, against all.

    `lift` is that share over the share among all windows; `p` an exact one-sided test, corrected for all values
    tested. Both respect groups of windows (clusters.py).
    """

    column: str
    value: str
    wrong: Share
    overall: float
    p: float

    @property
    def lift(self) -> float:
        """How many times more often than on average; 1 is as often."""
        return self.wrong.value / self.overall

    @property
    def lift_interval(self) -> tuple[float, float]:
        """The ends of its 95 % interval, the overall share taken as known."""
        return self.wrong.low / self.overall, self.wrong.high / self.overall

    @property
    def is_clear(self) -> bool:
        """Whether chance would hardly do this among so many values."""
        return self.p < CLEAR

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        low, high = self.lift_interval
        return {
            "column": self.column,
            "value": self.value,
            "wrong": self.wrong.part,
            "windows": self.wrong.whole,
            "lift": round(self.lift, 4),
            "lift_low": round(low, 4),
            "lift_high": round(high, 4),
            "p_corrected": float(f"{self.p:.3g}"),
        }


def error_slices(
    is_wrong_N: BoolArray, columns: Mapping[str, npt.NDArray[Any]], group_N: IntArray | None = None
) -> list[ErrorSlice]:
    """Return every value that was tested, the least explicable by chance first; empty without any mistake.

    Shapes:  columns name -> (N,); group_N (N,) groups whose mistakes may come together, None without.
    """
    wrong, whole = int(is_wrong_N.sum()), len(is_wrong_N)
    if wrong == 0:
        return []
    found, p_values = [], []
    for column, value, is_it_N in _values(columns):
        share = grouped_share(is_wrong_N[is_it_N], None if group_N is None else group_N[is_it_N])
        found.append((column, value, share))
        p_values.append(more_than_moved(is_wrong_N, is_it_N, group_N))
    tested = [
        ErrorSlice(column=column, value=value, wrong=share, overall=wrong / whole, p=p)
        for (column, value, share), p in zip(found, corrected(p_values), strict=True)
    ]
    by_chance = dict(zip(map(id, tested), p_values, strict=True))
    return sorted(tested, key=lambda one: (one.p, by_chance[id(one)], -one.lift))


def _values(columns: Mapping[str, npt.NDArray[Any]]) -> Iterator[tuple[str, str, BoolArray]]:
    """Yield (column, value, which windows) for every column that can tell windows apart."""
    for name, values_N in columns.items():
        distinct = np.unique(values_N)
        is_name = values_N.dtype.kind not in "iuf" and len(distinct) == len(values_N)
        if len(distinct) < 2 or is_name:  # a text that no two windows share says which one it is, and nothing else
            continue
        if len(distinct) <= MOST_VALUES:
            for value in distinct:
                yield name, value_text(value), np.asarray(values_N == value)
        elif values_N.dtype.kind in "iuf":
            yield from _bins(name, values_N)


def _bins(name: str, values_N: npt.NDArray[Any]) -> Iterator[tuple[str, str, BoolArray]]:
    edges = np.unique(np.quantile(values_N, np.linspace(0, 1, BINS + 1)))
    for low, high in pairwise(edges):
        is_last = high == edges[-1]
        is_it_N = (values_N >= low) & ((values_N <= high) if is_last else (values_N < high))
        yield name, f"{low:.3g} to {high:.3g}", np.asarray(is_it_N)


def value_text(value: Any) -> str:
    """Return a value of a column as it is read: 0.5 and not 0.5000000001."""
    return f"{float(value):.3g}" if isinstance(value, (float, np.floating)) else str(value)


def columns_of(index: WindowIndex, *, leave_out: frozenset[str] = frozenset()) -> dict[str, npt.NDArray[Any]]:
    """Return the columns that all recordings of an index have, at the last frame of each window. Each (N,)."""
    used = np.unique(index.recording_N)
    names = [set(index.recordings[number].columns) for number in used]
    common = set.intersection(*names) - leave_out if names else set()
    return {name: _column(index, name) for name in _in_order(index, common)}


def _in_order(index: WindowIndex, names: set[str]) -> list[str]:
    return [name for name in index.recordings[0].columns if name in names] if names else []


def _column(index: WindowIndex, name: str) -> npt.NDArray[Any]:
    parts = [np.asarray(recording.columns[name]) for recording in index.recordings if name in recording.columns]
    values_N = np.empty(len(index), dtype=np.result_type(*parts) if parts else object)
    for number in np.unique(index.recording_N):
        mine = index.recording_N == number
        values_N[mine] = index.recordings[number].columns[name][index.frame_N[mine]]
    return values_N
