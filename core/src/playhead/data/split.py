"""Training, validation and test windows that share no group: neighbouring frames must never be on two sides.

    windows -> groups (recordings, those of a tag, the values of a column, or each window by itself)
            -> a number for each group, of seed and name alone -> the lowest validate, the next test, others train

Recordings, also those of a tag, are remembered by name. Thousands of groups are remembered as a rule: two bounds
of that number.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.data.source import Source, identity
from playhead.data.windows import WindowIndex
from playhead.errors import BadValue, NothingToTrain, not_found
from playhead.storage.fingerprint import say_the_same, twins
from playhead.storage.reader import Recording
from playhead.windows import BoolArray, IndexArray

BY_RECORDING = "recording"
BY_SESSION = "session"  # all recordings of one command: takes between two pauses, corrections of one drive
BY_FRAME = "frame"  # each window by itself, as if its neighbours were strangers: shows what a leak is worth
TRAIN, VALIDATION, TEST = 0, 1, 2

_MEASURE = re.compile(r"\s*([^<>=]+?)\s*([<>])\s*([-+]?[0-9.]+(?:e[-+]?[0-9]+)?)\s*", re.IGNORECASE)  # return<400
_BITS = 64  # of the number of a group


@dataclass(frozen=True, kw_only=True)
class SplitRule:
    """Which groups of a column validate and which test, whatever groups there are: all a run must remember.

    A group validates when its number (of seed and name) lies below `validation_below`, else it tests when that
    lies below `test_below`.
    """

    by: str
    seed: int
    validation_below: int
    test_below: int

    def to_json(self) -> dict[str, Any]:
        """Return the rule as plain data; bounds in hexadecimal, as JSON readers lose digits of large numbers."""
        bounds = {"validation_below": hex(self.validation_below), "test_below": hex(self.test_below)}
        return {"by": self.by, "seed": self.seed, **bounds}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SplitRule:
        """Rebuild a rule from `to_json`."""
        bounds = {name: int(data[name], 16) for name in ("validation_below", "test_below")}
        return cls(by=data["by"], seed=data["seed"], **bounds)

    def parts(self, index: WindowIndex) -> IndexArray:
        """Say of each window whether it trains, validates or tests. Shape (N,)."""
        groups, group_N = numbered_groups(index, self.by)
        parts_G = [_part(number, self) for number in _numbers(self.seed, groups)]
        return np.asarray(np.array(parts_G, dtype=np.int64)[group_N])


def _part(number: int, rule: SplitRule) -> int:
    if number < rule.validation_below:
        return VALIDATION
    return TEST if number < rule.test_below else TRAIN


@dataclass(frozen=True, kw_only=True)
class Split:
    """Three indexes over the same recordings, and what a run must remember to part them again.

    `rule` is None for a split by recording, which is remembered by name.
    """

    train: WindowIndex
    validation: WindowIndex
    test: WindowIndex
    validation_groups: tuple[str, ...] = ()
    test_groups: tuple[str, ...] = ()
    rule: SplitRule | None = None


def split(
    index: WindowIndex,
    share: float,
    seed: int,
    by: str = BY_RECORDING,
    earlier: Mapping[str, bool] = MappingProxyType({}),
    *,
    test_share: float = 0.0,
    tested: frozenset[str] = frozenset(),
    leave_out: str = "",
) -> Split:
    """Keep `share` of the recordings for validation and `test_share` for the test, at least one; 0 keeps none.

    Recordings that show the same pictures, whatever they are called, are one (storage/fingerprint.py), but for a
    drive that was made again and again when there is no other.
    Which ones follows from the seed and what they are known by (data/source.py) alone. `by` may name a tag of
    recordings: those that share its value then stay together, and one without it stays by itself. Or a column:
    windows with the same value in it (one car's pictures, say) then stay together; or "frame", which keeps
    nothing together. `leave_out`, as "track=alpine", makes the test of whatever is tagged so; what it says of
    measures is not heeded (`unwanted` is asked before). `earlier` says of
    recordings that a network has met whether they validated it: those go on doing so, and what it has learned from
    never starts to; those `tested` go on testing.
    Raises:  NothingToTrain when there are too few recordings, BadValue for shares outside [0, 1), NotFound for a
             tag or a value that none has.
    """
    check_shares(share, test_share)
    leave_out = ",".join(part for part in leave_out.split(",") if not _MEASURE.fullmatch(part))
    if not is_by_name(index, by):
        if leave_out:
            raise BadValue(
                f"leave_out leaves out recordings, and split_by={by} splits them. Leave one of them away."
            )
        rule = rule_of(index, share, test_share, seed, by)
        return split_by_rule(index, rule)
    names_N = groups_of(index, BY_RECORDING)
    parts = 1 + bool(share) + bool(test_share or leave_out)
    group_of, twin_of = _together(index, by, names_N.tolist(), parts)
    group_N = np.array([group_of.get(name, name) for name in names_N.tolist()], np.str_)
    left_out = set()
    if leave_out:
        left_out = {group_of.get(name, name) for name in _to_leave_out(index, leave_out, earlier, tested)}
    groups = sorted(set(group_N.tolist()) - left_out)
    if leave_out:
        test_share = 0.0
        if not groups:
            raise NothingToTrain(f"Without what is tagged {leave_out} there is no recording left to learn from.")
    _check_enough(groups, by, share, test_share, twin_of)
    # Of copies one that validated decides; of a tag one that was learned from.
    by_importance = sorted(earlier.items(), key=lambda one: one[1] == (by == BY_RECORDING))
    earlier = {group_of.get(name, name): is_kept for name, is_kept in by_importance}
    tested = frozenset(group_of.get(name, name) for name in tested)
    known_by = {recording.name: identity(recording) for recording in index.recordings}
    ranked = {name: _number(seed, known_by.get(name, name)) for name in groups}
    in_order = sorted(groups, key=ranked.__getitem__)
    validating, testing = _choose(in_order, share, test_share, earlier, tested)
    testing = [*testing, *sorted(left_out)]
    parts_N = np.where(np.isin(group_N, validating), VALIDATION, np.where(np.isin(group_N, testing), TEST, TRAIN))
    validated, testers = (sorted(set(names_N[parts_N == part].tolist())) for part in (VALIDATION, TEST))
    return _parted(index, parts_N, tuple(validated), tuple(testers), None)


def _together(
    index: WindowIndex, by: str, names: Sequence[str], parts: int
) -> tuple[dict[str, str], Mapping[str, str]]:
    """Return the group of each recording that is not one by itself, and of which recording each is a copy.

    Fewer groups than parts are one drive again and again, and still something to learn from.
    """
    tagged = _tagged(index, by)
    for twin_of in (copies(index.recordings), copies(index.recordings, also_drives=False)):
        group_of = tagged | {one: tagged.get(one, tagged.get(first, first)) for one, first in twin_of.items()}
        if len({group_of.get(name, name) for name in names}) >= parts:
            break
    return group_of, twin_of


def _choose(
    in_order: list[str], share: float, test_share: float, earlier: Mapping[str, bool], tested: frozenset[str]
) -> tuple[list[str], list[str]]:
    """Return which groups validate and which test, both from those that come first in their order."""
    room = len(in_order) - 1 - bool(test_share)
    validating = _kept(in_order, share, earlier, room) if share else []
    if not test_share:
        return validating, []
    left = [name for name in in_order if name not in validating]
    before = {name: name in tested for name in earlier}
    return validating, _kept(left, test_share * len(in_order) / max(1, len(left)), before, len(left) - 1)


def is_by_name(index: WindowIndex, by: str) -> bool:
    """Whether a split keeps whole recordings together: it is then remembered by their names, else as a rule."""
    return by in (BY_RECORDING, BY_SESSION) or any(by in one.header.tags for one in index.recordings)


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


def _tagged(index: WindowIndex, tag: str) -> dict[str, str]:
    """Return of each recording that has this tag what groups it: the tag and its value, unlike any name."""
    told = {one.name: one.header.tags.get(tag) for one in index.recordings}
    return {name: f"{tag}={value}" for name, value in told.items() if value is not None}


def _to_leave_out(
    index: WindowIndex, tagged: str, earlier: Mapping[str, bool], tested: frozenset[str]
) -> list[str]:
    """Return the recordings with a tag, written as "track=alpine".

    Raises:  NotFound with the tags there are, BadValue for what the run to go on from has learned already.
    """
    known = sorted({f"{tag}={value}" for one in index.recordings for tag, value in one.header.tags.items()})
    if tagged not in known:
        raise not_found("tag of these recordings", tagged, known)
    tag, _, value = tagged.partition("=")
    names = [one.name for one in index.recordings if one.header.tags.get(tag) == value]
    learned = [name for name in names if not earlier.get(name, True) and name not in tested]
    if learned:
        raise BadValue(
            f"The run to go on from has learned from {learned[0]}, which is tagged {tagged}: nothing can leave it "
            "out any more. Train without --from."
        )
    return names


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


def split_by_rule(index: WindowIndex, rule: SplitRule) -> Split:
    """Split as a rule says, perhaps that of a run to go on from."""
    return _parted(index, rule.parts(index), (), (), rule)


def _parted(
    index: WindowIndex, parts_N: IndexArray, validating: tuple[str, ...], testing: tuple[str, ...],
    rule: SplitRule | None,
) -> Split:  # fmt: skip
    train, validation, test = (index.take(parts_N == part) for part in (TRAIN, VALIDATION, TEST))
    return Split(
        train=train, validation=validation, test=test, validation_groups=validating, test_groups=testing, rule=rule
    )


def check_shares(share: float, test_share: float) -> None:
    """Raise BadValue unless both are shares that leave something to learn from."""
    for name, value in (("val_share", share), ("test_share", test_share)):
        if not 0 <= value < 1:
            raise BadValue(f"{name}={value:g} is not a share from 0 to below 1. Try --set {name}=0.1.")
    if share + test_share >= 1:
        raise BadValue(f"val_share={share:g} and test_share={test_share:g} leave nothing to learn from.")


def _check_enough(
    groups: list[str], by: str, share: float, test_share: float, twin_of: Mapping[str, str] = MappingProxyType({})
) -> None:
    wanted = 1 + bool(share) + bool(test_share)
    if len(groups) >= wanted or wanted == 1:
        return
    parts = " and ".join(part for part, one in (("validation", share), ("the test", test_share)) if one)
    without = " ".join(
        f"--set {name}=0" for name, one in (("val_share", share), ("test_share", test_share)) if one
    )
    again = "".join(f" {name} shows the same pictures as {first}." for name, first in sorted(twin_of.items())[:3])
    raise NothingToTrain(
        f"Only {len(groups)} {by} has windows to learn from ({', '.join(groups) or 'none'}), and {parts} "
        f"needs one of its own.{again} Record another, or train without: {without}."
    )


def _kept(groups: list[str], share: float, earlier: Mapping[str, bool], room: int) -> list[str]:
    """Return the groups to keep: those kept before, then new ones; learned ones only if there is no other.

    `groups` come in the order they are to be taken in; at most `room` are.
    """
    before = [name for name in groups if earlier.get(name, False)]
    new = [name for name in groups if name not in earlier]
    count = min(max(1, round(share * len(groups)), len(before)), room)
    if not before and not new:
        new = groups
    return sorted((before + new)[:count])


def rule_of(index: WindowIndex, share: float, test_share: float, seed: int, by: str) -> SplitRule:
    """Return the rule that keeps these shares of the groups there are. Raises NothingToTrain for too few."""
    groups, _ = numbered_groups(index, by)
    _check_enough(groups, by, share, test_share)
    numbers = sorted(_numbers(seed, groups))
    validating = max(1, round(share * len(groups))) if share else 0
    testing = max(1, round(test_share * len(groups))) if test_share else 0
    validating = min(validating, len(groups) - 1 - bool(test_share))
    testing = min(testing, len(groups) - 1 - validating)
    bounds = [*numbers, 2**_BITS]
    return SplitRule(
        by=by, seed=seed, validation_below=bounds[validating] if share else 0,
        test_below=bounds[validating + testing] if share or test_share else 0,
    )  # fmt: skip


def _number(seed: int, known_by: str) -> int:
    """A number that looks random and depends on nothing but the two, on every machine."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{known_by}".encode()).digest()[: _BITS // 8], "big")


def _numbers(seed: int, groups: list[str]) -> list[int]:
    return [_number(seed, group) for group in groups]


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


def held_out(index: WindowIndex, data: Mapping[str, Any]) -> WindowIndex:
    """Return the windows that a run has kept out of its training, by what it remembers in `data`.

    Those of the test where it has one: validation may have chosen the weights.
    """
    return part_of(index, data, TEST if data.get("test_windows") else VALIDATION)


def part_of(index: WindowIndex, data: Mapping[str, Any], part: int) -> WindowIndex:
    """Return the windows of a part of a run, by what it remembers in `data`.

    Split by recording, it has learned from those it remembers to have had windows to learn from; others that lie
    there now are in no part.
    """
    if "split" in data:
        return index.take(SplitRule.from_json(data["split"]).parts(index) == part)
    if part == TRAIN:
        learned = [entry["name"] for entry in data.get("recordings", ()) if entry.get("train_windows")]
        return index.take(np.isin(groups_of(index, BY_RECORDING), learned))
    kept = data.get("test" if part == TEST else "validation", ())
    return index.take(np.isin(groups_of(index, data.get("split_by", BY_RECORDING)), kept))
