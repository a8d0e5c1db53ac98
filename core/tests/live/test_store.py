"""Buffers: when they open, what is drawn, that nothing is drawn twice, and what a restart finds."""

from __future__ import annotations

import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from live.lessons import GAME, sample_set, store

from playhead.errors import BadValue, Damaged, StorageFull
from playhead.live.ledger import FILE as USED
from playhead.live.ledger import Ledger, read_used
from playhead.live.samples import write_set
from playhead.live.store import TORN, check_room


def drawn_times(batch: dict) -> list[tuple[float, ...]]:  # type: ignore[type-arg]
    """What tells one sample of a lesson from every other: its pictures and past actions."""
    return [tuple(rows.flatten().tolist()[:60]) for rows in batch["frames"]]


def test_nothing_is_drawn_before_every_buffer_is_full_nor_below_90_percent(tmp_path: Path) -> None:
    one = store(tmp_path, size=20)
    assert one.draw(4) is None
    one.take(sample_set(1, count=48))
    assert one.fill() == {"steer": 20, "pedals": 20}
    assert one.draw(4) is not None
    assert one.fill() == {"steer": 18, "pedals": 18}
    assert one.draw(2) is not None
    assert one.draw(2) is None, "17 of 20 are less than 90 percent"
    one.take(sample_set(2, count=20))
    assert one.draw(2) is not None


def test_as_many_come_from_each_buffer_and_none_twice(tmp_path: Path) -> None:
    one = store(tmp_path, size=10)
    for seed in range(1, 6):
        one.take(sample_set(seed, count=26))
    seen: list[str] = []
    while (batch := one.draw(4)) is not None:
        assert len(batch["rows"]) == 4
        seen += [str(row.tolist()) for row in batch["frames"]]
        one.take(sample_set(100 + len(seen), count=20))
        if len(seen) > 100:
            break
    lines = (one.folder / USED).read_text().splitlines()
    assert len(lines) == len(set(lines)) >= 100


def test_a_set_that_comes_twice_changes_nothing_not_even_after_it_was_used(tmp_path: Path) -> None:
    one, given = store(tmp_path, size=5), sample_set(1, count=16)
    one.take(given)
    before = one.fill()
    one.take(given)
    assert one.fill() == before
    while one.draw(2) is not None:
        pass
    one.take(given)
    assert sum(one.fill().values()) < sum(before.values())


def test_a_restart_finds_all_that_was_not_used(tmp_path: Path) -> None:
    one = store(tmp_path, size=20)
    one.take(sample_set(1, count=60))
    one.draw(4)
    before = one.fill()
    del one  # as a process that is killed: nothing was closed
    again = store(tmp_path, size=20)
    assert again.fill() == before == {"steer": 18, "pedals": 18}
    assert again.draw(4) is not None, "it goes on, for the buffers were full before"


def test_what_was_used_is_written_down_before_it_is_handed_out(tmp_path: Path) -> None:
    one = store(tmp_path, size=20)
    one.take(sample_set(1, count=60))
    used = read_used(one.folder / USED)
    spent = sum(map(len, used.values()))
    one.draw(6)
    assert sum(map(len, read_used(one.folder / USED).values())) == spent + 6


def test_a_set_that_was_half_written_is_gone_after_a_restart(tmp_path: Path) -> None:
    one = store(tmp_path)
    one.take(sample_set(1))
    (folder,) = [path for path in one.folder.iterdir() if path.is_dir()]
    shutil.copytree(folder, one.folder / f"{TORN}0-half")
    shutil.rmtree(one.folder / f"{TORN}0-half" / "frames")
    again = store(tmp_path)
    assert again.fill() == one.fill()
    assert not list(one.folder.glob(f"{TORN}*"))


def test_a_recording_that_is_damaged_is_left_out_and_the_rest_refilled(tmp_path: Path) -> None:
    one = store(tmp_path, size=100)
    for seed in (1, 2):
        one.take(sample_set(seed, count=26))
    before = one.fill()["steer"]
    folder = sorted(path for path in one.folder.iterdir() if path.is_dir())[0]
    (folder / "zarr.json").write_text("{")
    again = store(tmp_path, size=100)
    assert 0 < again.fill()["steer"] < before
    assert again.left_out == 1


def test_a_recording_of_which_nothing_is_left_is_deleted(tmp_path: Path) -> None:
    one = store(tmp_path, size=5)
    for seed in range(1, 8):
        one.take(sample_set(seed, count=16))
    folders = [path for path in one.folder.iterdir() if path.is_dir()]
    assert len(folders) < 7


def test_held_out_samples_are_measured_and_never_learned(tmp_path: Path) -> None:
    one = store(tmp_path)
    one.take(sample_set(1, is_held_out=True))
    assert one.fill() == {"steer": 0, "pedals": 0}
    (batch,) = one.validation()
    assert len(batch["rows"]) == one.held_out > 40
    assert store(tmp_path).held_out == one.held_out


def test_v2_teaches_only_the_output_that_a_sample_was_taken_for(tmp_path: Path) -> None:
    one = store(tmp_path, size=20)
    one.take(sample_set(1, count=48, alone=True))
    batch = one.draw(8)
    assert batch is not None
    masks = batch["mask"]["steer"][:, 0].tolist(), batch["mask"]["pedals"][:, 0].tolist()
    assert all(one != other for one, other in zip(*masks, strict=True))
    assert sum(masks[0]) == sum(masks[1]) == 4


def test_a_set_of_another_game_or_size_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    one = store(tmp_path)
    one.take(sample_set(1))
    before = one.fill()
    other = sample_set(2)
    wrong = replace(other, header=replace(other.header, rate_hz=30))
    with pytest.raises(BadValue, match="its rate is 30 Hz, 10 Hz is wanted"):
        one.take(wrong)
    assert one.fill() == before
    assert one.take(other)["steer"] >= before["steer"]


def test_the_first_set_says_at_which_rate_the_world_goes_and_not_the_frame_of_the_game(tmp_path: Path) -> None:
    one, slow = store(tmp_path), [sample_set(number) for number in (1, 2)]
    for each in slow:
        one.take(replace(each, header=replace(each.header, rate_hz=7)))
    assert one.taken == sum(len(each.samples) for each in slow)


def test_the_ledger_is_written_anew_before_it_is_too_long_and_nothing_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playhead.live.store.MOST_LINES", 12)
    monkeypatch.setattr("playhead.live.store.MOST_GONE", 3)
    one, most = store(tmp_path, size=20), 0
    for seed in range(1, 21):
        one.take(sample_set(seed, count=30))
        while one.draw(4) is not None:
            most = max(most, len((one.folder / USED).read_text().splitlines()))
    held = sum(one.fill().values())
    assert one.used > 100
    assert most < 120, "less than what was used: of sets that are gone no sample is listed"
    one.close()
    again = store(tmp_path, size=20)
    assert sum(again.fill().values()) == held, "what was used stays used"
    gone = [name for name, numbers in read_used(one.folder / USED).items() if numbers == {0}]
    assert 0 < len(gone) <= 3
    taken = again.taken
    again.take(sample_set(int(gone[-1].rpartition("-")[2]), count=30))
    assert again.taken == taken, "a set that is gone is known when it is sent once more"


def test_a_ledger_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / USED).write_text("0-a 1\nnonsense\n0-a 2\n")
    with pytest.raises(Damaged, match="names no sample"):
        read_used(tmp_path / USED)


def test_the_torn_last_line_of_a_ledger_is_left_out(tmp_path: Path) -> None:
    (tmp_path / USED).write_text("0-a 1\n0-a 23")
    assert read_used(tmp_path / USED) == {"0-a": {1}}


def test_what_follows_a_torn_line_is_a_line_of_its_own(tmp_path: Path) -> None:
    (tmp_path / USED).write_text("0-a 1\n0-a 23")
    Ledger(tmp_path).write([("0-b", 4)])
    assert read_used(tmp_path / USED) == {"0-a": {1}, "0-b": {4}}


def test_a_store_that_was_closed_goes_on_when_its_training_does(tmp_path: Path) -> None:
    one = store(tmp_path, size=20)
    one.take(sample_set(1, count=60))
    one.close()
    assert one.draw(4) is not None


def test_a_disk_that_is_full_loses_no_sample_and_no_line(tmp_path: Path) -> None:
    one = store(tmp_path, size=20)
    one.take(sample_set(1, count=60))
    before, used = one.fill(), (one.folder / USED).read_bytes()
    resource = pytest.importorskip("resource")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(used) + 5, limit[1]))
        with pytest.raises(StorageFull, match="The disk is full"):
            one.draw(4)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert one.fill() == before
    assert (one.folder / USED).read_bytes() == used
    assert one.draw(4) is not None


def test_a_recording_that_is_damaged_while_it_runs_is_left_out_and_the_rest_drawn(tmp_path: Path) -> None:
    one = store(tmp_path, size=50)
    for seed in (1, 2):
        one.take(sample_set(seed, count=60))
    hurt = one.folder / "0-test-1"
    for file in (hurt / "frames").rglob("*"):
        if file.is_file():
            file.write_bytes(b"torn")
    batch = one.draw(40)
    assert batch is not None
    assert 0 < len(batch["rows"]) < 40
    assert one.left_out > 0
    assert sum(one.fill().values()) < 100 - 40, "the other samples of the damaged one are not waited for"


LIES = {
    "of its sample 1 there are": lambda one: replace(one, pictures=one.pictures[:-1]),
    "the moment is frame 99 of": lambda one: replace(one, moment=99),
    "the times do not rise": lambda one: replace(one, time_ns=one.time_ns[::-1]),
    "labels or telemetry are others": lambda one: replace(one, labels={}),
}


@pytest.mark.parametrize("says", LIES)
def test_a_set_that_lies_about_what_it_holds_is_refused_and_nothing_is_written(tmp_path: Path, says: str) -> None:
    one, given = store(tmp_path), sample_set(1)
    lying = replace(given, samples=[LIES[says](given.samples[0]), *given.samples[1:]])
    with pytest.raises(BadValue, match=says):
        one.take(lying)
    assert not [path for path in one.folder.iterdir() if path.is_dir()]
    assert one.take(given)["steer"] > 0


@pytest.mark.parametrize("name", ["../../outside", "a b", "x\n0-b 1", ""])
def test_a_set_whose_name_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    one = store(tmp_path)
    with pytest.raises(BadValue, match="A set is refused: its name"):
        one.take(replace(sample_set(1), name=name))
    assert not (tmp_path / "outside").exists()


def test_the_first_set_is_refused_too_where_it_is_of_another_game(tmp_path: Path) -> None:
    given = sample_set(1)
    with pytest.raises(BadValue, match="its game is other, toy is wanted"):
        store(tmp_path).take(replace(given, header=replace(given.header, game={"name": "other"})))


def test_sets_of_this_version_are_taken_beside_those_of_an_earlier_one(tmp_path: Path) -> None:
    earlier = sample_set(1)
    earlier = replace(earlier, header=replace(earlier.header, tool_version="0.0.1"))
    write_set(tmp_path / "run" / "buffer" / earlier.name, earlier, {"live": "run", "alone": "0"})
    again = store(tmp_path)
    before = again.fill()["steer"]
    assert again.take(sample_set(2, count=20))["steer"] >= before > 0


def test_buffers_that_the_disk_has_no_room_for_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="2 buffers of 1,000,000 samples take 2000000"):
        check_room(tmp_path, 1_000_000, 2, 10**12)
    assert GAME.name == "toy"
