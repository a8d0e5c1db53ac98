"""What belongs together: windows by recording, tag, column or frame; copies are one; what a training leaves out.

windows -> groups (recordings, those of a tag, the values of a column, or each window by itself)
        -> a number for each group, of seed and name alone, by which split.py parts them
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from playhead.data.source import Source, identity
from playhead.data.windows import WindowIndex
from playhead.errors import BadValue, not_found
from playhead.storage.fingerprint import say_the_same, twins
from playhead.storage.reader import Recording
from playhead.windows import BoolArray, IndexArray

BY_RECORDING = "recording"
BY_SESSION = "session"  # all recordings of one command: takes between two pauses, corrections of one drive
BY_FRAME = "frame"  # each window by itself, as if its neighbours were strangers: shows what a leak is worth
NUMBER_BITS = 64  # of the number of a group

_MEASURE = re.compile(r"\s*([^<>=]+?)\s*([<>])\s*([-+]?[0-9.]+(?:e[-+]?[0-9]+)?)\s*", re.IGNORECASE)  # return<400


def is_by_name(index: WindowIndex, by: str) -> bool:
    """Whether a split keeps whole recordings together: it is then remembered by their names, else as a rule."""
    return by in (BY_RECORDING, BY_SESSION) or any(by in one.header.tags for one in index.recordings)


def numbered_groups(index: WindowIndex, by: str) -> tuple[list[str], IndexArray]:
    """Return the names of all groups, and the number of each window's group among them. Shape (N,).

    A window by itself is known by its recording and last frame.
    """
    if by == BY_FRAME:
        known_by = [identity(recording) for recording in index.recordings]
        places = zip(index.recording_N.tolist(), index.frame_N.tolist(), strict=True)
        return [f"{known_by[number]}/{frame}" for number, frame in places], np.arange(len(index))
    names, group_N = np.unique(groups_of(index, by), return_inverse=True)
    return names.tolist(), group_N.reshape(-1)


def groups_of(index: WindowIndex, by: str) -> npt.NDArray[np.str_]:
    """Return the group of each window as text: its recording, or its value in the column `by`. Shape (N,)."""
    if by == BY_RECORDING:
        names = np.array([recording.name for recording in index.recordings] or [""])
        return np.asarray(names[index.recording_N])
    parts: list[npt.NDArray[np.str_]] = []
    for number, recording in enumerate(index.recordings):
        columns = {**recording.telemetry, **recording.columns}
        if by not in columns:
            raise not_found(f"column of {recording.name}", by, [BY_RECORDING, BY_FRAME, *columns])
        mine: BoolArray = index.recording_N == number
        parts.append(columns[by][index.frame_N[mine]].astype(np.str_))
    if not parts:
        return np.empty(0, np.str_)
    joined = np.concatenate(parts)
    group_N = np.empty_like(joined)
    group_N[np.argsort(index.recording_N, kind="stable")] = joined
    return group_N


def group_number(seed: int, known_by: str) -> int:
    """Return a number that looks random and depends on nothing but the two, on every machine."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{known_by}".encode()).digest()[: NUMBER_BITS // 8], "big")


def group_numbers(seed: int, groups: list[str]) -> list[int]:
    """Return the number of each group."""
    return [group_number(seed, group) for group in groups]


def tagged(index: WindowIndex, tag: str) -> dict[str, str]:
    """Return of each recording that has this tag what groups it: the tag and its value, unlike any name."""
    told = {one.name: one.header.tags.get(tag) for one in index.recordings}
    return {name: f"{tag}={value}" for name, value in told.items() if value is not None}


def copies(recordings: Sequence[Source], *, also_drives: bool = True) -> dict[str, str]:
    """Return of copies which recording stands for all of them.

    Sessions that were recorded here are several although some world, or a menu, shows the same in each: a drive is
    known by its seed, another session by when it began, which a copy of its folder keeps. `also_drives`: they are
    one all the same where the same was done in them.
    """
    alike = twins(recordings)
    named = {one.name: one for one in recordings}
    return {
        name: first
        for name, first in alike.items()
        if _is_copy(named[name], named[first]) or (also_drives and say_the_same(named[name], named[first]))
    }


def _is_copy(one: Source, other: Source) -> bool:
    sessions = _session(one), _session(other)
    return sessions[0] == sessions[1] or None in sessions


def _session(recording: Source) -> object:
    """Return what a session that was recorded is known by; None for an import, which its content alone tells."""
    if recording.header.seed is not None:
        return recording.header.seed
    is_imported = isinstance(recording, Recording) and recording.is_imported
    return None if is_imported else recording.header.created_utc


def unwanted(recordings: Sequence[Source], leave_out: str) -> set[str]:
    """Return the names of recordings whose drive was scored as `leave_out` says: "return<400", several by commas.

    What was never scored by that stays. Raises NotFound for a measure that none has, BadValue for no number.
    """
    names: set[str] = set()
    for part in leave_out.split(","):
        if (said := _MEASURE.fullmatch(part)) is None:
            continue
        measure, sign, bound = said[1], 1 if said[2] == "<" else -1, _number_in(part, said[3])
        known = sorted({name for one in recordings for name in one.header.measures})
        if measure not in known:
            raise not_found("measure of these recordings", measure, known)
        names |= {
            one.name
            for one in recordings
            if measure in one.header.measures and sign * one.header.measures[measure] < sign * bound
        }
    return names


def _number_in(part: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadValue(f"leave_out={part}: {text} is no number. Write it as return<400.") from None


def left_out_tag(leave_out: str) -> str:
    """Return the tag among what is to be left out, as "track=alpine"; the rest is measures."""
    return ",".join(part for part in leave_out.split(",") if not _MEASURE.fullmatch(part))


def tagged_so(index: WindowIndex, wanted: str, earlier: Mapping[str, bool], tested: frozenset[str]) -> list[str]:
    """Return the recordings with a tag, written as "track=alpine".

    Raises:  NotFound with the tags there are, BadValue for what the run to go on from has learned already.
    """
    known = sorted({f"{tag}={value}" for one in index.recordings for tag, value in one.header.tags.items()})
    if wanted not in known:
        raise not_found("tag of these recordings", wanted, known)
    tag, _, value = wanted.partition("=")
    names = [one.name for one in index.recordings if one.header.tags.get(tag) == value]
    learned = [name for name in names if not earlier.get(name, True) and name not in tested]
    if learned:
        raise BadValue(
            f"The run to go on from has learned from {learned[0]}, which is tagged {wanted}: nothing can leave it "
            "out any more. Train without --from."
        )
    return names
