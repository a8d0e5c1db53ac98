"""Training and validation windows that share no recording: neighbouring frames must never be on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from playhead.data.source import identity
from playhead.data.windows import WindowIndex
from playhead.errors import BadValue, NothingToTrain, not_found

BY_RECORDING = "recording"


@dataclass(frozen=True, kw_only=True)
class Split:
    """Two indexes over the same recordings, and which groups (recordings, unless told otherwise) validate."""

    train: WindowIndex
    validation: WindowIndex
    validation_groups: tuple[str, ...]


def split(
    index: WindowIndex,
    share: float,
    seed: int,
    by: str = BY_RECORDING,
    earlier: Mapping[str, bool] = MappingProxyType({}),
) -> Split:
    """Keep `share` of the recordings for validation, at least one; 0 keeps none.

    Which ones follows from the seed and what they are known by (data/source.py) alone. `by` may name a telemetry
    column instead: windows with the same value in it (one car's pictures, say) then stay together. `earlier` says
    of groups that a network has met whether they validated it: those go on doing so, and what it has learned from
    never starts to.
    Raises:  NothingToTrain when there are too few recordings, BadValue for a share outside [0, 1).
    """
    if not 0 <= share < 1:
        raise BadValue(f"val_share={share:g} is not a share from 0 to below 1. Try --set val_share=0.1.")
    group_N = groups_of(index, by)
    groups = sorted(set(group_N.tolist()))
    if share == 0:
        return Split(train=index, validation=index.take(np.zeros(len(index), bool)), validation_groups=())
    if len(groups) < 2:
        raise NothingToTrain(
            f"Only {len(groups)} {by} has windows to learn from ({', '.join(groups) or 'none'}), and validation "
            "needs one of its own. Record another, or train without validation: --set val_share=0."
        )
    known_by = {recording.name: identity(recording) for recording in index.recordings}
    ranked = {name: _rank(seed, known_by.get(name, name)) for name in groups}
    kept = _kept(sorted(groups, key=ranked.__getitem__), share, earlier)
    is_kept = np.isin(group_N, kept)
    return Split(train=index.take(~is_kept), validation=index.take(is_kept), validation_groups=tuple(kept))


def _kept(groups: list[str], share: float, earlier: Mapping[str, bool]) -> list[str]:
    """Return the groups that validate: those that did, then new ones; learned ones only if there is no other.

    `groups` come in the order they are to be taken in.
    """
    before = [name for name in groups if earlier.get(name, False)]
    new = [name for name in groups if name not in earlier]
    count = min(max(1, round(share * len(groups)), len(before)), len(groups) - 1)
    if not before and not new:
        new = groups
    return sorted((before + new)[:count])


def _rank(seed: int, known_by: str) -> str:
    """A number that looks random and depends on nothing but the two, on every machine."""
    return hashlib.sha256(f"{seed}/{known_by}".encode()).hexdigest()


def groups_of(index: WindowIndex, by: str) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Return the group of each window as text: its recording, or its value in the column `by`. Shape (N,)."""
    if by == BY_RECORDING:
        names = np.array([recording.name for recording in index.recordings] or [""])
        return np.asarray(names[index.recording_N])
    group_N = np.empty(len(index), dtype=object)
    for number, recording in enumerate(index.recordings):
        columns = {**recording.telemetry, **recording.columns}
        if by not in columns:
            raise not_found(f"column of {recording.name}", by, [BY_RECORDING, *columns])
        mine = index.recording_N == number
        group_N[mine] = [str(value) for value in columns[by][index.frames_NT[mine, -1]]]
    return np.asarray(group_N.astype(np.str_))
