"""Whatever happens to the files of a recording is named, and what can still be read is repaired."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from playhead.errors import Damaged, Mismatch, StorageFull
from playhead.events import Origin
from playhead.game import Frame
from playhead.storage.check import NO_CHECKSUMS, check_recording
from playhead.storage.reader import open_recording
from playhead.storage.repair import BACKUPS, repair_recording
from playhead.storage.salvage import walk_pictures
from playhead.storage.schema import SHARD_FRAMES
from playhead.storage.shard import index_bytes

Recorded = Callable[..., Path]
Aged = Callable[[Path], Path]
SHARD_0 = "frames/c/0/0/0/0"
SHARD_1 = "frames/c/1/0/0/0"
INDEX = index_bytes(SHARD_FRAMES)


def truncate(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)


def overwrite(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def change_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def said(folder: Path, **options: bool) -> list[str]:
    return [str(problem) for problem in check_recording(folder, **options)]


def test_a_whole_recording_has_no_problem(recorded: Recorded) -> None:
    folder = recorded(260)
    assert said(folder, every_frame=True) == []
    repair = repair_recording(folder)
    assert (repair.frames_before, repair.frames_after, repair.backup) == (260, 260, None)


def test_an_empty_recording_is_said_to_be(recorded: Recorded) -> None:
    folder = recorded(0)
    assert said(folder) == ["frames/zarr.json: the recording is empty"]
    assert len(open_recording(folder)) == 0


def test_a_truncated_shard_is_named_and_repaired(recorded: Recorded) -> None:
    folder = recorded(300)
    whole = open_recording(folder)
    kept_NHWC = whole.read_frames(range(200))
    end = int(whole._frames._offsets[199] + whole._frames._lengths[199])
    whole.close()
    truncate(folder / SHARD_0, end + 10)
    assert said(folder) == [f"{SHARD_0}: it is truncated: {end + 10} bytes, 50 of its pictures lie beyond."]
    with pytest.raises(Damaged, match="50 of its pictures lie beyond"):
        open_recording(folder)
    would = repair_recording(folder, dry_run=True)
    assert (would.frames_before, would.frames_after, would.backup) == (300, 250, None)
    repair = repair_recording(folder)
    assert repair.lost == list(range(200, 250))
    assert repair.backup is not None
    assert said(repair.backup) != []
    assert repair.backup.parent.parent == folder.parent / BACKUPS
    again = open_recording(folder)
    assert said(folder, every_frame=True) == []
    assert len(again) == 250
    assert np.array_equal(again.read_frames(range(200)), kept_NHWC)
    assert again.telemetry["speed"].tolist() == [*range(200), *range(250, 300)]
    assert again.dropped_before[200] == 50
    assert len(again.events) == 150
    assert again.header.notes == "Repaired."


@pytest.mark.parametrize("codec", ["jpeg", "lossless"])
def test_a_torn_index_is_rebuilt_from_the_pictures(recorded: Recorded, codec: str) -> None:
    folder = recorded(30, frame=Frame(width=48, height=36, rate_hz=20, codec=codec))
    before_NHWC = open_recording(folder).read_frames(range(30))
    overwrite(folder / SHARD_0, 100, b"torn")
    assert said(folder) == [f"{SHARD_0}: it has a damaged index: its checksum does not fit."]
    repair = repair_recording(folder)
    assert (repair.frames_before, repair.frames_after) == (30, 30)
    assert np.array_equal(open_recording(folder).read_frames(range(30)), before_NHWC)


def test_a_missing_shard_costs_its_frames(recorded: Recorded) -> None:
    folder = recorded(510)
    (folder / SHARD_1).unlink()
    assert said(folder) == [f"{SHARD_1}: is missing, with 250 frames"]
    assert repair_recording(folder).frames_after == 260
    assert open_recording(folder).dropped == 250


def test_a_picture_that_does_not_decode_is_found_and_left_out(recorded: Recorded) -> None:
    folder = recorded(20)
    offset = int(open_recording(folder)._frames._offsets[7])
    overwrite(folder / SHARD_0, offset, b"????")
    assert said(folder) == [f"{SHARD_0}: frame 7 is damaged: its checksum does not fit"]
    with pytest.raises(Damaged, match=r"Frame 7 of .* is damaged: its checksum does not fit"):
        open_recording(folder).read_frames([7])
    assert repair_recording(folder).lost == [7]
    assert len(open_recording(folder)) == 19


def test_lost_labels_leave_frames_unlabelled(recorded: Recorded) -> None:
    folder = recorded(10)
    truncate(folder / "labels/keys/c/0/0", 8)  # four rows of two keys
    assert said(folder) == [
        "labels/keys/c/0/0: has 8 bytes, not 8,192",
        "labels/keys: c/0/0 is truncated to 8 bytes.",
    ]
    with pytest.raises(Damaged, match="labels/keys/c/0/0 is truncated"):
        open_recording(folder).labels["keys"]
    repair = repair_recording(folder)
    assert (repair.frames_after, repair.unlabelled) == (10, 6)
    origins = open_recording(folder).label_origin.tolist()
    assert origins == [Origin.SCRIPT] * 4 + [Origin.NONE] * 6


def test_missing_arrays_are_named(recorded: Recorded) -> None:
    folder = recorded(10)
    (folder / "telemetry/speed/c/0").unlink()
    (folder / "events/code/zarr.json").unlink()
    problems = said(folder)
    assert "telemetry/speed: c/0 is missing." in problems
    assert any(problem.startswith("events/code: ") for problem in problems)
    repair = repair_recording(folder)
    assert (repair.frames_after, repair.events_after) == (10, 0)
    assert np.isnan(open_recording(folder).telemetry["speed"]).all()


def test_a_lost_declaration_of_frames_is_made_anew(recorded: Recorded) -> None:
    folder = recorded(260)
    (folder / "frames/zarr.json").unlink()
    assert said(folder) == ["frames/zarr.json: is missing"]
    assert repair_recording(folder).frames_after == 260
    assert said(folder, every_frame=True) == []


def test_a_recording_of_another_jpeg_quality_is_whole(recorded: Recorded, aged: Aged) -> None:
    folder = aged(recorded(3))
    text = (folder / "frames/zarr.json").read_text()
    assert '"quality": 75' in text
    text = text.replace('"quality": 75', '"quality": 90').replace('"444"', '"420"')
    (folder / "frames/zarr.json").write_text(text)
    assert said(folder, every_frame=True) == [f"zarr.json: {NO_CHECKSUMS}"]
    (folder / "frames/zarr.json").write_text(text.replace('"start"', '"end"'))
    assert said(folder)[1:] == ["frames/zarr.json: does not fit the header: codecs."]


def test_a_repair_that_finds_no_room_leaves_no_half_copy(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = recorded(20)
    overwrite(folder / SHARD_0, 100, b"torn")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("playhead.storage.shard.ShardFile.append", full)
    with pytest.raises(StorageFull):
        repair_recording(folder)
    assert list((folder.parent / BACKUPS).iterdir()) == []
    assert "damaged index" in said(folder)[0]


def test_rows_too_few_and_too_many(recorded: Recorded, aged: Aged) -> None:
    folder = aged(recorded(10))
    change_json(folder / "dropped/zarr.json", shape=[12])
    change_json(folder / "label_origin/zarr.json", shape=[9])
    problems = check_recording(folder)
    assert [(problem.file, problem.is_note) for problem in problems[1:]] == [
        ("label_origin", False),
        ("dropped", True),
    ]
    with pytest.raises(Damaged, match="label_origin has 9 rows for 10 frames"):
        _ = open_recording(folder).label_origin


def test_times_and_labels_that_cannot_be(recorded: Recorded, aged: Aged) -> None:
    folder = aged(recorded(10))
    overwrite(folder / "frame_time_ns/c/0", 8 * 5, (1).to_bytes(8, "little"))
    overwrite(folder / "labels/gear/c/0/0", 0, (9).to_bytes(2, "little"))
    overwrite(folder / "labels/keys/c/0/0", 0, b"\x07")
    assert said(folder)[1:] == [
        "frame_time_ns: time does not rise after frame 4",
        "labels/keys: a key is 7, not 0 or 1",
        "labels/gear: class 9 of 3",
    ]
    for name in ("keys", "gear"):
        with pytest.raises(Damaged, match=f"labels/{name}: "):
            open_recording(folder).labels[name]
    assert repair_recording(folder).unlabelled == 1
    assert said(folder) == []


def test_another_format_version_is_not_touched(recorded: Recorded) -> None:
    folder = recorded(3)
    group = json.loads((folder / "zarr.json").read_text())
    group["attributes"]["playhead"]["format_version"] = 3
    (folder / "zarr.json").write_text(json.dumps(group))
    assert "format_version 3, this playhead reads 1 and 2" in said(folder)[0]
    with pytest.raises(Mismatch, match="Update playhead"):
        repair_recording(folder)


def test_what_cannot_be_repaired_is_left_as_it_is(recorded: Recorded) -> None:
    folder = recorded(3)
    truncate(folder / SHARD_0, 0)
    with pytest.raises(Damaged, match="Nothing can be read"):
        repair_recording(folder)
    assert (folder / SHARD_0).exists()
    (folder / "zarr.json").write_text("{")
    assert said(folder) == ["zarr.json: cannot be read: Input data was truncated."]
    with pytest.raises(Damaged, match="cannot be read"):
        repair_recording(folder)


def test_pictures_are_found_among_foreign_bytes(recorded: Recorded) -> None:
    recording = open_recording(recorded(2))
    first, second = recording.read_encoded(0), recording.read_encoded(1)
    data = b"junk" + first + b"trailing" + second + second[:-1]
    spans = list(walk_pictures(data, 0))
    assert [data[offset : offset + length] for offset, length in spans] == [first, second]
