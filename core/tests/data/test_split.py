from __future__ import annotations

import json

import numpy as np
import pytest
from doubles import MemoryRecording, recording, small_game
from hypothesis import given
from hypothesis import strategies as st

from playhead.data.groups import groups_of, unwanted
from playhead.data.split import (
    TEST,
    TRAIN,
    SplitRule,
    held_out,
    part_of,
    split,
    split_by_rule,
)
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import BadValue, NotFound, NothingToTrain

GAME = small_game()


def index_of(names: list[str], frames: int = 6) -> WindowIndex:
    made = [recording(GAME, {"drive": np.zeros((frames, 4), np.uint8)}, name=name) for name in names]
    return WindowIndex.of(made, GAME.schema, WindowSpec())


@given(
    st.lists(st.text("abc", min_size=1, max_size=3), unique=True, min_size=2, max_size=12),
    st.floats(0.01, 0.9),
    st.integers(0, 50),
)
def test_no_recording_is_on_both_sides_and_none_is_lost(names: list[str], share: float, seed: int) -> None:
    index = index_of(names)
    parts = split(index, share, seed)
    train, validation = set(parts.train.recording_N.tolist()), set(parts.validation.recording_N.tolist())
    assert not train & validation
    assert len(parts.train) + len(parts.validation) == len(index)
    assert train
    assert validation
    assert {names[number] for number in validation} == set(parts.validation_groups)


def test_the_split_depends_on_names_and_seed_and_not_on_order() -> None:
    names = [f"r{number}" for number in range(20)]
    first = split(index_of(names), 0.2, 7).validation_groups
    assert first == split(index_of(names[::-1]), 0.2, 7).validation_groups
    assert len(first) == 4
    assert first != split(index_of(names), 0.2, 8).validation_groups


def test_the_same_drives_recorded_another_day_are_split_alike() -> None:
    def validating(day: str) -> list[int | None]:
        labels = {"drive": np.zeros((6, 4), np.uint8)}
        made = [recording(GAME, labels, name=f"{day}-{(seed * 7) % 20}", seed=seed) for seed in range(20)]
        parts = split(WindowIndex.of(made, GAME.schema, WindowSpec()), 0.2, 7)
        return sorted(made[number].header.seed for number in set(parts.validation.recording_N.tolist()))

    assert validating("2026-11-21") == validating("2026-11-22")
    assert len(validating("2026-11-21")) == 4


def test_one_recording_cannot_be_split() -> None:
    with pytest.raises(NothingToTrain, match=r"r1.*val_share=0"):
        split(index_of(["r1"]), 0.1, 0)
    assert len(split(index_of(["r1"]), 0, 0).validation) == 0
    with pytest.raises(BadValue, match="val_share=1"):
        split(index_of(["r1", "r2"]), 1, 0)


def with_columns(name: str) -> MemoryRecording:
    made = recording(GAME, {"drive": np.zeros((6, 4), np.uint8)}, name=name)
    made.columns = {"loadout": np.array(["x", "x", "y", "y", "z", "z"])}
    return made


def test_windows_can_stay_together_by_a_column() -> None:
    index = WindowIndex.of([with_columns("r1")], GAME.schema, WindowSpec())
    parts = split(index, 0.3, 1, by="loadout")
    assert len(parts.validation) == 2
    kept = parts.validation.frames_NT[:, 0] // 2
    assert len(set(kept.tolist())) == 1
    with pytest.raises(NotFound, match='Did you mean "loadout"'):
        split(index, 0.3, 1, by="loadouts")


def test_what_was_learned_from_does_not_validate_later() -> None:
    first = split(index_of([f"r{n}" for n in range(10)]), 0.2, 1)
    earlier = {f"r{n}": f"r{n}" in first.validation_groups for n in range(10)}
    later = split(index_of([f"r{n}" for n in range(20)]), 0.2, 1, earlier=earlier)
    assert set(first.validation_groups) <= set(later.validation_groups)
    assert len(later.validation_groups) == 4
    learned = {name for name, validated in earlier.items() if not validated}
    assert not learned & set(later.validation_groups)
    only_learned = split(index_of(sorted(learned)), 0.2, 1, earlier=earlier)
    assert len(only_learned.validation_groups) == 2


def pictures(name: str, loadouts: int, turns: int = 5) -> MemoryRecording:
    """A recording of pictures with a column that says what each shows."""
    made = recording(GAME, {"drive": np.zeros((loadouts * turns, 4), np.uint8)}, name=name)
    made.columns = {"loadout": np.repeat([f"{name}-car{number}" for number in range(loadouts)], turns)}
    return made


def loadouts_of(index: WindowIndex) -> set[str]:
    return set(groups_of(index, "loadout").tolist())


@given(st.integers(3, 40), st.floats(0.01, 0.45), st.floats(0.01, 0.45), st.integers(0, 50))
def test_no_group_is_in_two_of_three_parts(loadouts: int, share: float, test_share: float, seed: int) -> None:
    index = WindowIndex.of([pictures("r1", loadouts), pictures("r2", 2)], GAME.schema, WindowSpec())
    parts = split(index, share, seed, "loadout", test_share=test_share)
    sets = [loadouts_of(part) for part in (parts.train, parts.validation, parts.test)]
    assert all(sets)
    assert sum(len(part) for part in sets) == len(set.union(*sets)) == loadouts + 2
    assert len(parts.train) + len(parts.validation) + len(parts.test) == len(index)
    assert len(sets[1]) == max(1, round(share * (loadouts + 2)))


def test_a_rule_parts_again_what_it_parted_and_knows_newcomers() -> None:
    old = WindowIndex.of([pictures("r1", 40)], GAME.schema, WindowSpec())
    parts = split(old, 0.2, 7, "loadout", test_share=0.1)
    assert parts.rule is not None
    rule = SplitRule.from_json(json.loads(json.dumps(parts.rule.to_json())))
    both = WindowIndex.of([pictures("new", 40), pictures("r1", 40)], GAME.schema, WindowSpec())
    again = split_by_rule(both, rule)
    for before, now in (
        (parts.train, again.train),
        (parts.validation, again.validation),
        (parts.test, again.test),
    ):
        assert loadouts_of(before) == {name for name in loadouts_of(now) if name.startswith("r1-")}
    assert len(loadouts_of(again.test)) > len(loadouts_of(parts.test))
    assert len(parts.test) == 20


def test_by_frame_one_car_lies_in_several_parts() -> None:
    index = WindowIndex.of([pictures("r1", 20)], GAME.schema, WindowSpec())
    parts = split(index, 0.2, 1, "frame", test_share=0.2)
    assert (len(parts.validation), len(parts.test)) == (20, 20)
    assert loadouts_of(parts.train) & loadouts_of(parts.test)
    assert len(held_out(index, {"split": parts.rule.to_json(), "test_windows": 20})) == 20  # type: ignore[union-attr]


def test_recordings_are_kept_for_a_test_too_and_stay_there() -> None:
    index = index_of([f"r{n}" for n in range(10)])
    first = split(index, 0.2, 1, test_share=0.2)
    assert first.validation_groups == split(index, 0.2, 1).validation_groups
    assert not set(first.validation_groups) & set(first.test_groups)
    assert len(first.test_groups) == 2
    earlier = {f"r{n}": f"r{n}" in first.validation_groups for n in range(10)}
    later = split(
        index_of([f"r{n}" for n in range(20)]), 0.2, 1, earlier=earlier, test_share=0.2,
        tested=frozenset(first.test_groups),
    )  # fmt: skip
    assert set(first.test_groups) <= set(later.test_groups)
    assert set(first.validation_groups) <= set(later.validation_groups)
    remembered = {"validation": first.validation_groups, "test": first.test_groups, "test_windows": 12}
    assert len(held_out(index, remembered)) == 12
    with pytest.raises(NothingToTrain, match=r"Only 2 recording has windows .* validation and the test"):
        split(index_of(["r1", "r2"]), 0.1, 1, test_share=0.1)
    with pytest.raises(BadValue, match="leave nothing"):
        split(index, 0.5, 1, test_share=0.5)


def test_what_a_run_split_by_recording_has_learned_from_is_found_again() -> None:
    index = index_of(["r1", "r2", "r3", "r4"])
    recordings = [{"name": f"r{n}", "train_windows": 6 * (n < 3)} for n in (1, 2, 3)]
    remembered = {"recordings": recordings, "validation": ["r3"], "split_by": "recording"}
    learned = part_of(index, remembered, TRAIN)  # r4 came later
    assert {index.recordings[number].name for number in learned.recording_N} == {"r1", "r2"}
    assert len(part_of(index, remembered, TEST)) == 0


def test_a_run_of_before_is_read_as_it_was() -> None:
    index = index_of(["r1", "r2", "r3"])
    assert len(held_out(index, {"validation": ["r2"], "split_by": "recording"})) == 6
    assert len(held_out(index, {})) == 0


def takes(tags: dict[str, dict[str, str]]) -> WindowIndex:
    """Return an index of recordings with these tags."""
    labels = {"drive": np.zeros((6, 4), np.uint8)}
    made = [
        recording(GAME, labels, name=name, tags=mine, frames_THWC=noise(number))
        for number, (name, mine) in enumerate(tags.items())
    ]
    return WindowIndex.of(made, GAME.schema, WindowSpec())


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (6, *GAME.frame.shape), dtype=np.uint8)


DRIVES = {
    **{f"long{k}": {"session": f"s{k}", "track": "alpine"} for k in range(3)},
    **{f"short{k}": {"session": "evening", "track": "coast"} for k in range(8)},
    "untagged": {},
}


def test_the_takes_of_a_session_stay_together_and_what_has_none_by_itself() -> None:
    index = takes(DRIVES)
    evening = {name for name in DRIVES if name.startswith("short")}
    for seed in range(20):
        kept = set(split(index, 0.2, seed, by="session").validation_groups)
        assert kept >= evening or not kept & evening
        assert len(kept - evening) + bool(kept & evening) == 1
    assert {split(index, 0.2, seed, by="session").validation_groups for seed in range(30)} >= {("untagged",)}
    assert len(split(index, 0.3, 0, by="track").validation_groups) in (1, 3, 8)


def test_without_any_tag_a_session_is_a_recording() -> None:
    index = index_of([f"r{k}" for k in range(10)])
    by_session, by_recording = split(index, 0.2, 3, by="session"), split(index, 0.2, 3)
    assert by_session.validation_groups == by_recording.validation_groups


def test_what_is_left_out_is_the_test_and_is_found_again() -> None:
    index = takes(DRIVES)
    parts = split(index, 0.25, 1, by="session", leave_out="track=coast")
    assert set(parts.test_groups) == {name for name in DRIVES if name.startswith("short")}
    assert len(parts.train)
    assert len(parts.validation)
    assert not set(parts.validation_groups) & set(parts.test_groups)
    remembered = {"test": list(parts.test_groups), "test_windows": len(parts.test), "split_by": "recording"}
    assert len(held_out(index, remembered)) == len(parts.test)


def test_what_cannot_be_left_out_is_said() -> None:
    index = takes(DRIVES)
    with pytest.raises(NotFound, match='Did you mean "track=coast"'):
        split(index, 0.2, 1, leave_out="track=coats")
    with pytest.raises(BadValue, match="has learned from long0"):
        split(index, 0.2, 1, "recording", {"long0": False}, leave_out="track=alpine")
    with pytest.raises(BadValue, match="split_by=frame"):
        split(index, 0.2, 1, "frame", leave_out="track=alpine")
    only = takes({"a": {"track": "alpine"}, "b": {"track": "alpine"}})
    with pytest.raises(NothingToTrain, match="track=alpine there is no recording left"):
        split(only, 0, 1, leave_out="track=alpine")


def scored(**measures: float) -> list[MemoryRecording]:
    labels = {"drive": np.zeros((6, 4), np.uint8)}
    told = [recording(GAME, labels, name=name, measures={"return": value}) for name, value in measures.items()]
    return [*told, recording(GAME, labels, name="unknown")]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("return<400", {"bad"}),
        ("return<900, return>1e3", {"bad", "fair", "best"}),
        ("track=alpine,return<-5", set()),
        ("track=return<400", set()),
        ("", set()),
    ],
)
def test_drives_are_left_out_by_their_measures(asked: str, names: set[str]) -> None:
    assert unwanted(scored(bad=3.0, fair=400.0, good=900.0, best=2000.0), asked) == names


def test_measures_that_none_has_and_bounds_that_are_none_are_said() -> None:
    with pytest.raises(NotFound, match='Did you mean "return"'):
        unwanted(scored(bad=3.0), "retrn<400")
    with pytest.raises(BadValue, match=r"return<4.*is no number"):
        unwanted(scored(bad=3.0), "return<4.0.0")
    parts = split(takes(DRIVES), 0.25, 1, by="session", leave_out="track=coast,return<400")
    assert len(parts.test_groups) == 8, "of a measure a split takes no notice"


def test_going_on_by_session_what_was_learned_from_does_not_start_to_validate() -> None:
    earlier = {"short0": False, "short1": True, "long0": True}
    assert split(takes(DRIVES), 0.2, 1, "session", earlier).validation_groups == ("long0",)


def stills(names: list[str], frames: int = 40) -> WindowIndex:
    made = [
        recording(GAME, {"drive": np.zeros((frames, 4), np.uint8)}, name=name, are_stills=True) for name in names
    ]
    return WindowIndex.of(made, GAME.schema, WindowSpec())


def places(index: WindowIndex) -> set[tuple[str, int]]:
    """Say of each window which picture of which recording it is."""
    names = [index.recordings[number].name for number in index.recording_N.tolist()]
    return set(zip(names, index.frame_N.tolist(), strict=True))


def test_stills_are_drawn_one_by_one_from_every_folder_and_again_the_same() -> None:
    index = stills(["cats", "dogs", "neither"])
    parts = split(index, 0.2, 3, by="frame", test_share=0.1)
    found = [places(part) for part in (parts.train, parts.validation, parts.test)]
    assert [len(one) for one in found] == [84, 24, 12]
    assert set.union(*found) == places(index)
    assert all({name for name, _ in one} == {"cats", "dogs", "neither"} for one in found)
    again = split(stills(["neither", "dogs", "cats"]), 0.2, 3, by="frame", test_share=0.1)
    assert [places(part) for part in (again.train, again.validation, again.test)] == found
    assert places(split(index, 0.2, 4, by="frame").validation) != found[1]


def test_stills_taken_later_leave_the_others_where_they_are() -> None:
    parts = split(stills(["cats", "dogs"]), 0.2, 3, by="frame")
    assert parts.rule is not None
    more = split_by_rule(stills(["cats", "dogs", "horses"]), parts.rule)
    assert places(parts.validation) <= places(more.validation)
    assert places(parts.train) <= places(more.train)
    assert 2 <= len(places(more.validation) - places(parts.validation)) <= 16  # about .2 of 40


def test_stills_of_one_folder_cannot_be_split_by_recording() -> None:
    with pytest.raises(NothingToTrain, match="cats"):
        split(stills(["cats"]), 0.2, 0)
    assert len(split(stills(["cats"]), 0.2, 0, by="frame").validation) == 8
