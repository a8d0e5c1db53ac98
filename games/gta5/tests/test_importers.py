"""The original's HDF5 files become recordings, each once and whole; damaged ones are named."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import h5py
import numpy as np
import pytest

from playhead.cli import run
from playhead.errors import Damaged, Mismatch, NotFound, PlayheadError
from playhead.events import Origin
from playhead.storage.importing import find, import_all
from playhead.storage.reader import Recording, open_recording
from playhead_gta5 import importers
from playhead_gta5.game import GTA5

CLASSES = ["w", "a", "s", "d", "wa", "wd", "nothing"]
KEYS = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 1, 0, 0], [1, 0, 0, 1], [0, 0, 0, 0]]


def write(file: Path, labels: np.ndarray, images: np.ndarray | None = None) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    if images is None:
        images = np.zeros((len(labels), 180, 240, 3), dtype=np.uint8)
        images[:, :, :, 0] = (np.arange(len(labels)) % 250)[:, None, None]  # red counts the frames
    with h5py.File(file, "w") as opened:
        opened.create_dataset("images", data=images, maxshape=(None, *images.shape[1:]))
        opened.create_dataset("labels", data=labels.astype(np.float64))
    return file


def one_hot(*numbers: int) -> np.ndarray:
    return np.eye(7)[list(numbers)]


def imported(tmp_path: Path, *paths: Path, skip: bool = False, **options: str) -> dict[str, str]:
    found = find(GTA5, "", paths, options)
    return {row.name: row.outcome for row in import_all(found, tmp_path / "out", skip_damaged=skip)}


def only(tmp_path: Path, file: Path, **options: str) -> Recording:
    (name,) = imported(tmp_path, file, **options)
    return open_recording(tmp_path / "out" / name)


def test_the_seven_classes_become_keys_with_times_of_80_frames_a_second(tmp_path: Path) -> None:
    recording = only(tmp_path, write(tmp_path / "new_data" / "a.h5", one_hot(*range(7))))
    assert recording.labels["drive"].tolist() == KEYS
    assert np.diff(recording.frame_time_ns).tolist() == [12_500_000] * 6
    assert set(recording.label_origin.tolist()) == {Origin.HUMAN}
    assert recording.header.rate_hz == 80
    assert "holds no times" in recording.header.notes
    assert recording.is_complete
    assert len(recording.events) == 0, "nothing is known of when keys were pressed"


def test_pictures_arrive_in_order_and_colour(tmp_path: Path) -> None:
    recording = only(tmp_path, write(tmp_path / "a.h5", one_hot(*[0] * 200)))
    frames = recording.read_frames(np.array([0, 100, 199])).astype(int)
    assert np.abs(frames[..., 0].mean((1, 2)) - [0, 100, 199]).max() < 2
    assert frames[..., 1:].max() < 12


def test_pictures_of_another_size_are_scaled_and_counted(tmp_path: Path) -> None:
    frames = np.full((2, 90, 120, 3), 100, np.uint8)
    recording = only(tmp_path, write(tmp_path / "a.h5", one_hot(0, 0), frames))
    assert recording.read_frames([0, 1]).shape == (2, 180, 240, 3)
    (listed,) = (tmp_path / "out").glob("*.converted.txt")
    assert listed.read_text() == "2 pictures: scaled from 120x90 to 240x180\n"


@pytest.mark.parametrize("columns", [4, 5])
def test_raw_keys_are_taken_as_they_are(columns: int, tmp_path: Path) -> None:
    labels = np.zeros((16, columns))
    labels[:, :4] = [[b >> i & 1 for i in range(4)] for b in range(16)]
    if columns == 5:
        labels[0, 4] = 1
    recording = only(tmp_path, write(tmp_path / "a.h5", labels))
    assert recording.labels["drive"].tolist() == labels[:, :4].tolist()


@pytest.mark.parametrize(
    ("folder", "scenario", "padding"),
    [("new_data", "regular", 0), ("turns", "turns", 0), ("stuck", "stuck", 300), ("elsewhere", "regular", 0)],
)
def test_the_folder_says_the_scenario_and_stuck_files_begin_with_padding(
    folder: str, scenario: str, padding: int, tmp_path: Path
) -> None:
    header = only(tmp_path, write(tmp_path / folder / "a.h5", one_hot(0, 0))).header
    assert (header.scenario, header.padding_frames) == (scenario, padding)


def test_the_scenario_can_be_said(tmp_path: Path) -> None:
    file = write(tmp_path / "elsewhere" / "a.h5", one_hot(0, 0))
    assert only(tmp_path, file, scenario="stuck").header.padding_frames == 300
    with pytest.raises(NotFound, match='Did you mean "stuck"'):
        find(GTA5, "", [file], {"scenario": "stuk"})
    with pytest.raises(NotFound, match='Did you mean "scenario"'):
        find(GTA5, "", [file], {"scenari": "stuck"})


def test_a_folder_is_searched_and_nothing_is_imported_twice(tmp_path: Path) -> None:
    write(tmp_path / "in" / "turns" / "a.h5", one_hot(0))
    write(tmp_path / "in" / "stuck" / "a.hdf5", one_hot(1))
    assert imported(tmp_path, tmp_path / "in") == {"stuck-a": "imported", "turns-a": "imported"}
    write(tmp_path / "in" / "turns" / "b.h5", one_hot(2))
    assert imported(tmp_path, tmp_path / "in") == {
        "stuck-a": "already there", "turns-a": "already there", "turns-b": "imported",
    }  # fmt: skip


def test_an_interrupted_import_leaves_no_recording_and_starts_that_file_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importers, "BLOCK_FRAMES", 4)
    file = write(tmp_path / "turns" / "a.h5", one_hot(*[0] * 20))

    def interrupted(done: int, total: int) -> None:
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(import_all(find(GTA5, "", [file], {}), tmp_path / "out", progress=lambda one: interrupted))
    assert not list((tmp_path / "out").iterdir())
    assert only(tmp_path, file).length == 20


def test_only_a_block_of_frames_is_read_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importers, "BLOCK_FRAMES", 8)
    file = write(tmp_path / "a.h5", one_hot(*[0] * 20))
    read: list[int] = []
    get = h5py.Dataset.__getitem__

    def counted(self: h5py.Dataset, key: object) -> object:
        part = get(self, key)
        read.append(len(part))
        return part

    monkeypatch.setattr(h5py.Dataset, "__getitem__", counted)
    assert only(tmp_path, file).length == 20
    assert max(read) == 8


def broken_files(folder: Path) -> dict[str, tuple[type[PlayheadError], str]]:
    """Write every kind of file that cannot be used, and say what is answered to each."""
    frames = np.zeros((2, 180, 240, 3), dtype=np.uint8)
    (folder / "text.h5").write_text("no HDF5")
    whole = write(folder / "cut.h5", one_hot(*[0] * 50)).read_bytes()
    (folder / "cut.h5").write_bytes(whole[: len(whole) // 2])
    with h5py.File(folder / "empty.h5", "w"):
        pass
    write(folder / "size.h5", one_hot(0, 0), np.zeros((2, 3, 90, 120), dtype=np.uint8))
    write(folder / "type.h5", one_hot(0, 0), frames.astype(np.float32))
    write(folder / "columns.h5", np.zeros((2, 8)), frames)
    write(folder / "count.h5", one_hot(0, 0, 0), frames)
    write(folder / "none.h5", np.zeros((0, 7)), frames[:0])
    write(folder / "two.h5", np.array([[1, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0]]), frames)
    write(folder / "half.h5", np.array([[1, 0, 0, 0], [0.5, 0, 0, 0]]), frames)
    return {
        "text": (Damaged, "cannot be read as HDF5"),
        "cut": (Damaged, "cannot be read as HDF5"),
        "empty": (Damaged, 'has no "images"; it holds nothing'),
        "size": (Mismatch, r"holds images \(3, 90, 120\).*Move the colours"),
        "type": (Mismatch, "of float32"),
        "columns": (Mismatch, "8 numbers a picture.*drive has 4; classes has 7; nine has 9"),
        "count": (Damaged, "2 images and 3 labels"),
        "none": (Damaged, "0 images and 0 labels"),
        "two": (Damaged, "Label 1 of .* one 1 among zeros"),
        "half": (Damaged, "Label 1 of .* zeros and ones"),
    }


def test_files_that_cannot_be_used_are_named_and_leave_nothing(tmp_path: Path) -> None:
    for name, (error, sentence) in broken_files(tmp_path).items():
        with pytest.raises(error, match=sentence) as raised:
            imported(tmp_path, tmp_path / f"{name}.h5")
        assert f"{name}.h5" in str(raised.value)
        assert not list((tmp_path / "out").iterdir())


def test_files_that_cannot_be_used_are_skipped_by_choice(tmp_path: Path) -> None:
    folder = tmp_path / "turns"
    folder.mkdir()
    names = broken_files(folder)
    write(folder / "good.h5", one_hot(0))
    outcomes = imported(tmp_path, folder, skip=True)
    assert outcomes == {f"turns-{name}": "skipped" for name in names} | {"turns-good": "imported"}


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="does not exist"):
        find(GTA5, "", [tmp_path / "nowhere"], {})
    with pytest.raises(NotFound, match=r"no folder with files ending in \.h5"):
        find(GTA5, "", [tmp_path], {})
    with pytest.raises(NotFound, match='Did you mean "hdf5"'):
        find(GTA5, "hdf", [tmp_path], {})


def test_the_command_imports_and_says_what_became_of_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "turns" / "a.h5", one_hot(0, 1))
    (tmp_path / "turns" / "b.h5").write_text("no HDF5")
    command = ["import", "gta5", str(tmp_path / "turns"), "--home", str(tmp_path / "home")]
    assert run(command) == 1
    assert "b.h5 cannot be read as HDF5" in capsys.readouterr().err
    assert run([*command, "--skip-damaged", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["outcome"]) for row in rows] == [
        ("turns-a", "already there"),
        ("turns-b", "skipped"),
    ]
    assert open_recording(tmp_path / "home" / "recordings" / "gta5" / "turns-a").length == 2


def test_a_full_disk_is_no_fault_of_the_file_and_stops_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        write(tmp_path / "turns" / f"{name}.h5", one_hot(0, 1))

    def refuse(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("playhead.storage.shard.write_at", refuse)
    command = ["import", "gta5", str(tmp_path / "turns"), "--home", str(tmp_path / "home"), "--skip-damaged"]
    assert run(command) == 1
    told = capsys.readouterr().err
    assert "The disk is full" in told
    assert "nothing is wrong with" in told
    assert "a.h5" in told
    assert not list((tmp_path / "home" / "recordings" / "gta5").iterdir())


def test_a_copy_under_another_name_is_left_out_and_names_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write(tmp_path / "new_data" / "s1.h5", one_hot(0, 1, 2))
    (tmp_path / "new_data" / "s1 (1).h5").write_bytes(first.read_bytes())
    assert run(["import", "gta5", str(tmp_path / "new_data"), "--home", str(tmp_path / "home")]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("imported      new_data-s1")
    assert "s1 (1).h5 is " in told[1]
    assert "s1.h5 once more" in told[1]
    with h5py.File(first, "a") as changed:
        changed["labels"][0] = one_hot(3)[0]
    assert run(["import", "gta5", str(first), "--home", str(tmp_path / "home")]) == 0
    assert capsys.readouterr().out.startswith("imported      new_data-s1-2"), "other labels are another session"


def test_links_that_lead_nowhere_are_named_and_others_go_on(tmp_path: Path) -> None:
    folder = write(tmp_path / "new_data" / "a.h5", one_hot(0)).parent
    (folder / "b.h5").symlink_to(folder / "gone")
    (folder / "c.h5").symlink_to(folder / "c.h5")
    outcomes = {"new_data-a": "imported", "new_data-b": "skipped", "new_data-c": "skipped"}
    assert imported(tmp_path, folder, skip=True) == outcomes
    with pytest.raises(NotFound, match="cannot be read: File name too long"):
        imported(tmp_path, Path("n" * 5000))


def test_two_imports_at_once_import_each_file_once(tmp_path: Path) -> None:
    for number, name in enumerate(("a", "b", "a (1)")):
        write(tmp_path / "new_data" / f"{name}.h5", one_hot(*([number % 2] * 40)))
    typed = [sys.executable, "-m", "playhead", "import", "gta5", "new_data", "--home", str(tmp_path / "home")]
    with ExitStack() as stack:
        both = [
            stack.enter_context(
                subprocess.Popen(typed, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            )
            for _ in range(2)
        ]
        said = [one.communicate()[0].decode() for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert sum(text.count("imported ") for text in said) == 2, said
    there = (tmp_path / "home" / "recordings" / "gta5").iterdir()
    assert sorted(folder.name for folder in there) == ["new_data-a", "new_data-b"]
