"""Whichever bit of whichever file of a recording changes: checking names it, no reader takes it for data, and
repairing turns it back."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from playhead.errors import Damaged
from playhead.events import Event, Origin
from playhead.game import Frame
from playhead.labels import Axes, Choice, Keys, LabelSchema
from playhead.storage.check import NO_CHECKSUMS, check_recording
from playhead.storage.layer_writer import LayerRows, write_layer
from playhead.storage.marks import MARK, Mark, measure
from playhead.storage.mending import mend_bytes
from playhead.storage.reader import Recording, open_recording
from playhead.storage.repair import repair_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

FRAMES = 260  # two shards
Made = Callable[[Path], Path]


def make(folder: Path) -> Path:
    """Write a recording that has a file of every kind: heads, telemetry, columns, events, an import's mark."""
    header = RecordingHeader(
        game={"name": "pong", "controls": {"a": "key a"}},
        schema=LabelSchema.of({"keys": Keys("a", "b"), "gear": Choice("r", "é"), "wheel": Axes("steer")}),
        frame=Frame(width=32, height=24, rate_hz=20),
        rate_hz=20,
        device="world",
        driver="expert",
        window={"scale": 1e-05, "far": 0.30000000000000004},
        telemetry=("speed",),
        columns={"uuid": "S36", "number": "int64"},
        legends={"number": [{"id": 1, "what": "one"}]},
    )
    rng = np.random.default_rng(0)
    with RecordingWriter(folder, header) as writer:
        for number in range(FRAMES):
            labels = {"keys": [number % 2, 1], "gear": [number % 2], "wheel": [np.sin(number)]}
            shown_HWC = rng.integers(0, 255, (24, 32, 3), dtype=np.uint8)
            columns = {"uuid": f"picture {number} é", "number": number}
            time_ns = number * 50_000_000
            writer.append(shown_HWC, time_ns, labels, Origin.SCRIPT, {"speed": number / 3}, 0, columns)
            writer.add_events([Event(time_ns=time_ns, code=f"key {number % 3}", value=1, origin=Origin.HUMAN)])
    files, size = measure(folder)
    Mark(state="a" * 64, identity="1e-05", files=files, bytes=size).write(folder)
    number = np.arange(FRAMES)
    again = LayerRows(
        labels={"keys": np.stack([number % 2, number % 2], 1)}, origins={"keys": number % 4},
        probabilities={"keys": np.stack([number, number], 1) / 512},
    )  # fmt: skip
    write_layer(open_recording(folder), "again", {"keys": Keys("a", "b")}, [again])
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("flips") / "r")


def flips(folder: Path, count: int, seed: int) -> Iterator[tuple[Path, int, int]]:
    """Yield so many (file, byte, bit): half of them as likely in every file, half as likely in every byte."""
    rng = random.Random(seed)
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.stat().st_size)
    sizes = [file.stat().st_size for file in files]
    for number in range(count):
        (file,) = rng.choices(files, sizes if number % 2 else None)
        yield file, rng.randrange(file.stat().st_size), rng.randrange(8)


@contextmanager
def flipped(file: Path, at: int, bit: int) -> Iterator[None]:
    """Turn one bit over, and back."""
    for_ever = turn(file, at, bit)
    try:
        yield
    finally:
        assert turn(file, at, bit) != for_ever


def turn(file: Path, at: int, bit: int) -> int:
    with file.open("r+b") as opened:
        opened.seek(at)
        value = opened.read(1)[0] ^ (1 << bit)
        opened.seek(at)
        opened.write(bytes([value]))
    return value


def check_flips(folder: Path, count: int, seed: int) -> None:
    assert check_recording(folder) == []
    unseen = []
    for file, at, bit in flips(folder, count, seed):
        with flipped(file, at, bit):
            if all(problem.is_note for problem in check_recording(folder)):
                unseen.append((file.relative_to(folder).as_posix(), at, bit))
    assert unseen == []
    assert check_recording(folder) == []


def test_no_changed_bit_goes_unseen(made: Path) -> None:
    check_flips(made, 100, seed=0)


@pytest.mark.slow
def test_no_changed_bit_goes_unseen_of_very_many(made: Path) -> None:
    check_flips(made, 500, seed=1)


def everything(recording: Recording) -> list[object]:
    """Return everything that a recording says, as something that can be compared."""
    recording.close()
    groups: tuple[Mapping[str, Any], ...] = (recording.labels, recording.telemetry, recording.columns)
    layers = recording.layers.values()
    groups += tuple(group for layer in layers for group in (layer.labels, layer.origins, layer.probabilities))
    arrays = [array.tolist() for group in groups for array in group.values()]
    arrays += [recording.frame_time_ns.tolist(), recording.label_origin.tolist(), recording.dropped]
    events = [tuple(event) for event in recording.events.tolist()]
    pictures = [recording.read_encoded(number) for number in range(len(recording))]
    return [recording.header, arrays, events, pictures, len(recording)]


def test_no_reader_takes_a_changed_bit_for_data(made: Path) -> None:
    truth = everything(open_recording(made))
    silent = 0
    for file, at, bit in flips(made, 60, seed=2):
        with flipped(file, at, bit):
            try:
                assert everything(open_recording(made)) == truth, (file, at, bit)
                silent += 1  # a bit that says nothing: of what follows the last row, or of the mark
            except Damaged:
                pass
    assert silent < 50


@pytest.mark.parametrize("seed", range(3))
def test_a_changed_bit_is_turned_back(tmp_path: Path, seed: int) -> None:
    folder = make(tmp_path / "r")
    truth = everything(open_recording(folder))
    for part in ("zarr.json", "frames/c/1/0/0/0", "labels/gear/c/0/0", "frame_time_ns/c/0", "events/zarr.json",
                 "checksums/frames/zarr.json", "columns/uuid/c/0/0", "layers/again/zarr.json",
                 "layers/again/labels/keys/c/0/0", "layers/again/origins/keys/zarr.json"):  # fmt: skip
        rows = {
            "labels/gear/c/0/0": FRAMES * 2,
            "frame_time_ns/c/0": FRAMES * 8,
            "columns/uuid/c/0/0": FRAMES * 36,
            "layers/again/labels/keys/c/0/0": FRAMES * 2,
        }
        size = rows.get(part, (folder / part).stat().st_size)
        turn(folder / part, random.Random(f"{seed} {part}").randrange(size), seed)
    repair = repair_recording(folder)
    assert (repair.lost, repair.unlabelled) == ([], 0)
    again = everything(open_recording(folder))
    assert again[1:] == truth[1:]
    assert check_recording(folder) == []


def test_every_bit_of_a_checksum_has_its_place() -> None:
    import google_crc32c

    data = random.Random(0).randbytes(3_000)
    for at, bit in ((0, 7), (1_234, 0), (2_999, 3)):
        changed = bytearray(data)
        changed[at] ^= 1 << bit
        assert mend_bytes(bytes(changed), google_crc32c.value(data)) == data
    changed[5] ^= 1
    assert mend_bytes(bytes(changed), google_crc32c.value(data)) is None


def test_what_zarr_adds_breaks_no_seal(tmp_path: Path) -> None:
    folder = make(tmp_path / "r")
    (folder / MARK).unlink()  # of which zarr warns
    group = zarr.open_group(str(folder), mode="r+")
    group.attrs["seen by"] = "somebody"
    for _, member in group.members(max_depth=None):
        member.attrs["seen by"] = "somebody"
    assert check_recording(folder) == []
    assert len(everything(open_recording(folder))[3]) == FRAMES


def test_a_recording_without_checksums_is_read_and_given_some(tmp_path: Path, aged: Made) -> None:
    folder = make(tmp_path / "r")
    truth = everything(open_recording(folder))
    shutil.rmtree(folder / "layers")  # there were none then
    truth = everything(open_recording(folder))
    aged(folder)
    (folder / MARK).unlink()
    assert [str(problem) for problem in check_recording(folder)] == [f"zarr.json: {NO_CHECKSUMS}"]
    assert everything(open_recording(folder))[1:] == truth[1:]
    assert repair_recording(folder).backup is not None
    assert check_recording(folder) == []
    assert everything(open_recording(folder))[1:] == truth[1:]
    assert repair_recording(folder).backup is None
