"""Training, validation and test windows that share no group: neighbouring frames must never be on two sides.

    groups (groups.py), each with a number -> the lowest validate, the next test, others train

Recordings, also those of a tag, are remembered by name. Thousands of groups are remembered as a rule: two bounds
of that number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from playhead.data.groups import (
    BY_RECORDING,
    NUMBER_BITS,
    copies,
    group_number,
    group_numbers,
    groups_of,
    is_by_name,
    left_out_tag,
    numbered_groups,
    tagged,
    tagged_so,
)
from playhead.data.source import identity
from playhead.data.windows import WindowIndex
from playhead.errors import BadValue, NothingToTrain
from playhead.windows import IndexArray

TRAIN, VALIDATION, TEST = 0, 1, 2


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
        parts_G = [_part(number, self) for number in group_numbers(self.seed, groups)]
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
    leave_out = left_out_tag(leave_out)
    if not is_by_name(index, by):
        _check_nothing_left_out(leave_out, by)
        return split_by_rule(index, rule_of(index, share, test_share, seed, by))
    names_N = groups_of(index, BY_RECORDING)
    parts = 1 + bool(share) + bool(test_share or leave_out)
    group_of, twin_of = _together(index, by, names_N.tolist(), parts)
    group_N = np.array([group_of.get(name, name) for name in names_N.tolist()], np.str_)
    tagged_out = tagged_so(index, leave_out, earlier, tested) if leave_out else []
    left_out = {group_of.get(name, name) for name in tagged_out}
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
    validating, testing = _choose(_in_order(index, groups, seed), share, test_share, earlier, tested)
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
    tagged_as = tagged(index, by)
    for twin_of in (copies(index.recordings), copies(index.recordings, also_drives=False)):
        group_of = tagged_as | {
            one: tagged_as.get(one, tagged_as.get(first, first)) for one, first in twin_of.items()
        }
        if len({group_of.get(name, name) for name in names}) >= parts:
            break
    return group_of, twin_of


def _in_order(index: WindowIndex, groups: Sequence[str], seed: int) -> list[str]:
    """Return groups in the order that follows from the seed and what their recordings are known by."""
    known_by = {recording.name: identity(recording) for recording in index.recordings}
    ranked = {name: group_number(seed, known_by.get(name, name)) for name in groups}
    return sorted(groups, key=ranked.__getitem__)


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


def _check_nothing_left_out(leave_out: str, by: str) -> None:
    if leave_out:
        raise BadValue(f"leave_out leaves out recordings, and split_by={by} splits them. Leave one of them away.")


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
    numbers = sorted(group_numbers(seed, groups))
    validating = max(1, round(share * len(groups))) if share else 0
    testing = max(1, round(test_share * len(groups))) if test_share else 0
    validating = min(validating, len(groups) - 1 - bool(test_share))
    testing = min(testing, len(groups) - 1 - validating)
    bounds = [*numbers, 2**NUMBER_BITS]
    return SplitRule(
        by=by, seed=seed, validation_below=bounds[validating] if share else 0,
        test_below=bounds[validating + testing] if share or test_share else 0,
    )  # fmt: skip


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
