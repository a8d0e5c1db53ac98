"""An archived recording is the same recording, frame by frame; it says what was lost, and is as hard to break."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from io import FileIO
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import pytest
import zarr
from zarr.registry import register_codec

from playhead.containers.h264 import H264Pictures
from playhead.errors import BadValue, Damaged, DeviceFailed, Mismatch, PlayheadError, StorageFull
from playhead.events import Event, Origin
from playhead.game import Frame
from playhead.storage.archiving import archive_recording, unarchive_recording
from playhead.storage.check import check_recording
from playhead.storage.codec import H264Codec
from playhead.storage.copying import copy_recording
from playhead.storage.facts import facts_of
from playhead.storage.fingerprint import content_of, twins
from playhead.storage.idle import Idle
from playhead.storage.layer_writer import LayerRows, write_layer
from playhead.storage.marks import Mark
from playhead.storage.reader import Recording, open_recording
from playhead.storage.repair import repair_recording
from playhead.storage.schema import RecordingHeader, Transcoding
from playhead.storage.seals import seal
from playhead.storage.shard import index_bytes, pack_index, parse_index
from playhead.storage.trim import trim_recording
from playhead.storage.writer import RecordingWriter

Recorded = Callable[..., Path]
SHARD = "frames/c/0/0/0/0"
SMALL = Frame(width=16, height=12, rate_hz=20)


def bars(number: int, shape: tuple[int, int, int]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return a picture that says its number in eight bars, which no loss makes another number."""
    height, width, channels = shape
    bits = [(number >> (column * 8 // width)) & 1 for column in range(width)]
    return np.broadcast_to(np.array(bits, np.uint8)[None, :, None] * 200 + 20, (height, width, channels)).copy()


def number_in(frame_HWC: np.ndarray[Any, np.dtype[np.uint8]]) -> int:
    width = frame_HWC.shape[1]
    middles = [frame_HWC[:, (2 * bit + 1) * width // 16].mean() > 120 for bit in range(8)]
    return sum(1 << bit for bit, is_set in enumerate(middles) if is_set)


def numbered(folder: Path, make_header: Callable[..., RecordingHeader], frames: int, **changes: Any) -> Path:
    header = make_header(**changes)
    with RecordingWriter(folder, header) as writer:
        for number in range(frames):
            cameras = {name: bars(number + 100, frame.shape) for name, frame in header.cameras.items()}
            labels = {"keys": [number % 2, 1], "gear": [number % 3], "wheel": [np.sin(number)]}
            writer.append(
                bars(number, header.frame.shape), 1_000 + number * 50_000_000, labels, Origin.HUMAN,
                {"speed": number / 3}, number % 4, cameras=cameras,
            )  # fmt: skip
        writer.add_events([Event(time_ns=7, code="a", value=1.0, origin=Origin.HUMAN, device="hotkey")])
    return folder


def other_files(folder: Path) -> dict[str, bytes]:
    """Return all that archiving must leave as it is."""
    files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    anew = ("frames/", "cameras/", "checksums/")
    return {key: data for key, data in files.items() if key != "zarr.json" and not key.startswith(anew)}


def harm(folder: Path) -> list[str]:
    return [str(problem) for problem in check_recording(folder, every_frame=True) if not problem.is_note]


@pytest.mark.parametrize("frames", [1, 24, 25, 26, 251])
def test_the_picture_of_an_index_is_that_picture(
    tmp_path: Path, make_header: Callable[..., RecordingHeader], frames: int
) -> None:
    folder = numbered(tmp_path / "r", make_header, frames, frame=Frame(width=48, height=24, rate_hz=20))
    before = other_files(folder)
    done = archive_recording(folder)
    assert done.frames == frames
    assert done.transcoding is not None
    recording = open_recording(folder)
    assert recording.header.is_archived
    assert recording.header.is_lossy
    in_order = [number_in(frame_HWC) for frame_HWC in recording.read_frames(range(frames))]
    assert in_order == [number % 256 for number in range(frames)]
    for number in np.random.default_rng(0).permutation(frames).tolist():
        assert number_in(recording.read_frames([number])[0]) == number % 256
    assert number_in(recording.read_frames([-1])[0]) == (frames - 1) % 256
    with pytest.raises(BadValue, match=f"not {frames}"):
        recording.read_frames([frames])
    assert other_files(folder) == before
    assert harm(folder) == []
    unarchive_recording(folder)
    back = open_recording(folder)
    assert [number_in(frame_HWC) for frame_HWC in back.read_frames(range(frames))] == in_order
    assert other_files(folder) == before
    assert harm(folder) == []
    assert not back.header.is_archived
    assert back.header.is_lossy
    assert back.read_encoded(0).startswith(b"\xff\xd8")
    assert [one.to for one in back.header.transcodings] == ["h264", "recorded"]
    assert not (folder.parent / ".replaced").exists()


@pytest.mark.parametrize("shape", [(239, 179, "rgb"), (239, 179, "grey"), (1, 1, "rgb"), (3, 2, "grey")])
@pytest.mark.parametrize("codec", ["jpeg", "lossless"])
def test_sizes_and_colours(recorded: Recorded, shape: tuple[int, int, str], codec: str) -> None:
    frame = Frame(width=shape[0], height=shape[1], rate_hz=20, colour=shape[2], codec=codec)  # type: ignore[arg-type]
    folder = recorded(27, frame=frame)
    whole_NHWC = open_recording(folder).read_frames(range(27))
    stored = [open_recording(folder).read_encoded(number) for number in range(27)]
    done = archive_recording(folder)
    archived_NHWC = open_recording(folder).read_frames(range(27))
    assert done.transcoding is not None
    if codec == "lossless":
        assert np.array_equal(archived_NHWC, whole_NHWC)
        assert done.transcoding.psnr_db == {}
        assert not open_recording(folder).header.is_lossy
        unarchive_recording(folder)
        assert [open_recording(folder).read_encoded(number) for number in range(27)] == stored
    else:
        apart = np.square(archived_NHWC.astype(float) - whole_NHWC).mean((1, 2, 3))
        psnr_db = np.mean([10 * np.log10(255**2 / one) if one else 99.0 for one in apart])
        assert done.transcoding.psnr_db == {"frames": pytest.approx(psnr_db, abs=0.02)}
        assert psnr_db > 28
    assert harm(folder) == []


def test_several_cameras(tmp_path: Path, make_header: Callable[..., RecordingHeader]) -> None:
    cameras = {"rear": SMALL, "map": Frame(width=33, height=17, rate_hz=20, codec="lossless")}
    folder = numbered(tmp_path / "r", make_header, 60, cameras=cameras)
    before = open_recording(folder).cameras["map"]
    maps = [read(before, number) for number in range(60)]
    done = archive_recording(folder)
    assert done.transcoding is not None
    assert set(done.transcoding.psnr_db) == {"frames", "cameras/rear"}
    recording = open_recording(folder)
    assert [number_in(read(recording.cameras["rear"], number)) for number in range(60)] == list(range(100, 160))
    assert all(np.array_equal(read(recording.cameras["map"], n), maps[n]) for n in range(60))
    assert harm(folder) == []
    unarchive_recording(folder)
    assert number_in(read(open_recording(folder).cameras["rear"], 59)) == 159
    assert harm(folder) == []


def read(camera: Any, number: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    out_HWC = np.empty(camera.shape, np.uint8)
    camera.read_into(number, out_HWC)
    return out_HWC


def test_large_pictures_lie_in_small_groups(recorded: Recorded) -> None:
    folder = recorded(3, frame=Frame(width=1920, height=1080, rate_hz=20))
    archive_recording(folder)
    assert open_recording(folder).header.group == 5
    assert open_recording(folder).read_frames([2]).shape == (1, 1080, 1920, 3)


def test_layers_tags_marks_and_what_it_is_known_by_stay(recorded: Recorded, tmp_path: Path) -> None:
    folder = recorded(60, tags={"track": "alpine"})
    recording = open_recording(folder)
    heads = {"keys": recording.header.schema["keys"]}
    write_layer(
        recording,
        "again",
        heads,
        [LayerRows(labels={"keys": np.ones((60, 2), np.uint8)}, origins={"keys": Origin.MODEL})],
    )
    Mark(state="s", identity="i", files=3, bytes=4).write(folder)
    known, twin = content_of(open_recording(folder)), tmp_path / "twin"
    shutil.copytree(folder, twin)
    archive_recording(folder)
    archived = open_recording(folder)
    assert content_of(archived) == known
    assert twins([archived, open_recording(twin)]) == {"twin": folder.name} or twins(
        [archived, open_recording(twin)]
    ) == {folder.name: "twin"}
    mark = Mark.read(folder)
    assert mark is not None
    assert mark.identity == "i"
    assert mark.is_whole(folder)
    assert archived.layers["again"].labels["keys"].all()
    assert archived.header.tags == {"track": "alpine"}
    facts = json.loads(json.dumps(facts_of(archived)))
    assert facts["header"]["transcodings"][0]["psnr_db"]["frames"] > 25
    unarchive_recording(folder)
    assert content_of(open_recording(folder)) == known
    trim_recording(folder, Idle(at_least_s=1.0, by="keys", keep_s=0.1))
    kept = [one for one in folder.parent.iterdir() if not one.name.startswith(".")]
    assert all(open_recording(one).header.is_lossy and harm(one) == [] for one in kept)


def test_a_plain_zarr_reader_reads_it(recorded: Recorded) -> None:
    register_codec("playhead.h264", H264Codec)  # which an installed playhead does by its entry point
    folder = recorded(30)
    archive_recording(folder)
    frames = zarr.open_group(folder, mode="r")["frames"]
    assert np.array_equal(np.asarray(frames[:]), open_recording(folder).read_frames(range(30)))  # type: ignore[index]


def test_it_is_copied_and_read_elsewhere(recorded: Recorded, tmp_path: Path) -> None:
    folder = recorded(30)
    archive_recording(folder)
    copied = copy_recording(folder, tmp_path / "there")
    assert open_recording(Path(copied.place)).read_frames(range(30)).any()


def test_what_is_refused_and_what_is_done_already(recorded: Recorded, aged: Callable[[Path], Path]) -> None:
    folder = recorded(30)
    assert unarchive_recording(folder).transcoding is None
    archive_recording(folder)
    assert archive_recording(folder).transcoding is None
    with pytest.raises(BadValue, match="data unarchive"):
        trim_recording(folder, Idle(at_least_s=1.0, by="keys", keep_s=0.1))
    with pytest.raises(BadValue, match="holds no frame"):
        archive_recording(recorded(0))
    with pytest.raises(BadValue, match="before recordings had checksums"):
        archive_recording(aged(recorded(3)))
    harmed = recorded(30)
    with (harmed / SHARD).open("r+b") as file:
        file.seek(5_000)
        file.write(b"\xff\xff\xff")
    before = (harmed / SHARD).read_bytes()
    with pytest.raises(Damaged, match=r"frame .* is damaged.*playhead data repair"):
        archive_recording(harmed)
    assert (harmed / SHARD).read_bytes() == before


def test_one_that_is_being_written_is_left_alone(
    tmp_path: Path, make_header: Callable[..., RecordingHeader]
) -> None:
    with RecordingWriter(tmp_path / "r", make_header()), pytest.raises(BadValue, match="being recorded right now"):
        archive_recording(tmp_path / "r")


def test_an_older_reader_refuses_and_no_version_lies(recorded: Recorded) -> None:
    header = open_recording(recorded(3)).header
    archived = replace(
        header, transcodings=(Transcoding(to="h264", group=25, psnr_db={"frames": 35.0}),)
    ).to_json()
    assert archived["format_version"] == 2
    assert header.to_json()["format_version"] == 1
    with pytest.raises(Damaged, match="its pictures are video"):
        RecordingHeader.from_json(archived | {"format_version": 1}, where="here")
    with pytest.raises(Damaged, match="its pictures are no video"):
        RecordingHeader.from_json(header.to_json() | {"format_version": 2}, where="here")
    wrong = json.loads(json.dumps(archived))
    wrong["transcodings"][0]["group"] = 7
    with pytest.raises(Damaged, match="groups of 7"):
        RecordingHeader.from_json(wrong, where="here")
    with pytest.raises(Mismatch, match="this playhead reads 1 and 2"):
        RecordingHeader.from_json(archived | {"format_version": 3}, where="here")


def test_the_old_folder_is_kept_when_asked(recorded: Recorded) -> None:
    folder = recorded(30)
    done = archive_recording(folder, keep=True)
    assert done.backup is not None
    assert not open_recording(done.backup).header.is_archived


def test_without_pyav_it_says_what_to_install(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, folder = recorded(30), recorded(30)
    archive_recording(folder)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(DeviceFailed, match=r'pip install "playhead\[video\]"'):
        archive_recording(plain)
    assert open_recording(plain).read_frames([0]).any()
    with pytest.raises(DeviceFailed, match=r'pip install "playhead\[video\]"'):
        open_recording(folder).read_frames([0])
    assert open_recording(folder).labels["keys"].shape == (30, 2)


def test_a_full_disk_leaves_it_as_it_was(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = recorded(60)
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    left = [20_000]

    class SmallFile(FileIO):
        def write(self, data: Any) -> int:
            left[0] -= len(data)
            if left[0] < 0:
                raise OSError(28, "No space left on device")
            return super().write(data)

    for module in ("disk", "rows", "shard"):
        monkeypatch.setattr(f"playhead.storage.{module}.FileIO", SmallFile)
    with pytest.raises(StorageFull, match=r"The disk is full.*as it was"):
        archive_recording(folder)
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before
    assert not any((folder.parent / ".replaced").iterdir())


def put_chunk(folder: Path, chunk: int, data: bytes) -> None:
    """Put other bytes in the place of a chunk, with every checksum as it should be."""
    file = folder / SHARD
    shard = file.read_bytes()
    index = parse_index(shard, 10, where="", file_bytes=len(shard))
    chunks = [shard[int(offset) : int(offset) + int(length)] for offset, length in index if length < 2**63]
    chunks[chunk] = data
    end = index_bytes(10)
    for row, one in enumerate(chunks):
        index[row] = end, len(one)
        end += len(one)
    file.write_bytes(pack_index(index) + b"".join(chunks))
    rows = folder / "checksums/frames"
    checksums = np.fromfile(rows / "c/0", "<u4")
    checksums[chunk * 25 : chunk * 25 + 25] = google_crc32c.value(data)
    checksums.tofile(rows / "c/0")
    document = json.loads((rows / "zarr.json").read_text())
    used = checksums[: document["shape"][0]].tobytes()
    document["attributes"]["playhead"]["crc32c"] = [google_crc32c.value(used)]
    (rows / "zarr.json").write_text(json.dumps(seal(document)))


def stream(count: int, shape: tuple[int, int, int] = (36, 48, 3), *, lossless: bool = False) -> bytes:
    frames_NHWC = np.stack([bars(number, shape) for number in range(count)])
    return H264Pictures(colour="rgb" if shape[2] == 3 else "grey", lossless=lossless).encode(frames_NHWC)


STRANGE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "zeros": lambda: bytes(5_000),
    "a JPEG": lambda: b"\xff\xd8\xff\xe0" + bytes(500),
    "cut short": lambda: stream(25)[:-60],
    "too few": lambda: stream(24),
    "too many": lambda: stream(40),
    "another size": lambda: stream(25, (36, 64, 3)),
    "huge": lambda: stream(2, (1080, 1920, 3)),
    "grey": lambda: stream(25, (36, 48, 1)),
    "other colours": lambda: stream(25, lossless=True),
    "noise inside": lambda: stream(25)[:900] + np.random.default_rng(3).bytes(3_000),
}


@pytest.mark.parametrize("what", STRANGE)
def test_a_strange_video_is_named_and_repaired(recorded: Recorded, what: str) -> None:
    folder = recorded(80)
    archive_recording(folder)
    kept_NHWC = open_recording(folder).read_frames(range(80))[np.r_[0:25, 50:80]]
    put_chunk(folder, 1, STRANGE[what]())
    found = harm(folder)
    assert len(found) == 1, found
    assert found[0].startswith(f"{SHARD}: frames 25 to 49 cannot be decoded")
    if what != "too many":  # of which nobody asks for more than there should be
        with pytest.raises(Damaged, match=r"Frame \d+ of .* cannot be decoded.*playhead data repair"):
            open_recording(folder).read_frames(range(80))
    assert open_recording(folder).read_frames([0, 79]).any()
    repair = repair_recording(folder)
    assert (repair.frames_after, repair.lost) == (55, list(range(25, 50)))
    again = open_recording(folder)
    assert harm(folder) == []
    assert again.header.is_archived
    assert np.array_equal(again.read_frames(range(55)), kept_NHWC)
    assert again.dropped_before[25] == 25


def test_a_changed_bit_is_turned_back(recorded: Recorded) -> None:
    folder = recorded(80)
    archive_recording(folder)
    before_NHWC = open_recording(folder).read_frames(range(80))
    shard = bytearray((folder / SHARD).read_bytes())
    shard[2_000] ^= 4
    (folder / SHARD).write_bytes(shard)
    assert harm(folder) == [f"{SHARD}: frames 0 to 24 are damaged: their checksum does not fit"]
    with pytest.raises(Damaged, match="its checksum does not fit"):
        open_recording(folder).read_frames([3])
    assert repair_recording(folder).frames_after == 80
    assert np.array_equal(open_recording(folder).read_frames(range(80)), before_NHWC)


def test_without_an_index_chunks_are_found_by_their_beginnings(recorded: Recorded) -> None:
    folder = recorded(80)
    archive_recording(folder)
    before_NHWC = open_recording(folder).read_frames(range(80))
    shard = bytearray((folder / SHARD).read_bytes())
    shard[: index_bytes(10)] = bytes(index_bytes(10))
    (folder / SHARD).write_bytes(shard)
    assert repair_recording(folder).frames_after == 80
    assert np.array_equal(open_recording(folder).read_frames(range(80)), before_NHWC)


def test_several_threads_read_it(tmp_path: Path, make_header: Callable[..., RecordingHeader]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    folder = numbered(tmp_path / "r", make_header, 200, frame=Frame(width=48, height=24, rate_hz=20))
    archive_recording(folder)
    recording: Recording = open_recording(folder)
    wanted = np.random.default_rng(0).integers(0, 200, 400).tolist()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda number: number_in(recording.read_frames([number])[0]), wanted))
    assert found == wanted


@pytest.mark.parametrize(
    "value", [None, -1, 0, 7, 10**9, 1e308, "", "\x1b[2J", [], {"frames": "x"}, {"x" * 300: 1.0}]
)
@pytest.mark.parametrize("key", ["to", "group", "psnr_db", "tool_version"])
def test_what_a_stranger_says_of_it_is_read_or_refused(recorded: Recorded, key: str, value: Any) -> None:
    folder = recorded(3)
    archive_recording(folder)
    document = json.loads((folder / "zarr.json").read_text())
    document["attributes"]["playhead"]["transcodings"][0][key] = value
    (folder / "zarr.json").write_text(json.dumps(seal(document)))
    with suppress(PlayheadError):
        assert open_recording(folder).read_frames([2]).any()
    check_recording(folder, every_frame=True)
