"""A recording, written and read again: by our reader, by plain zarr-python."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr

from playhead.errors import BadValue, Damaged, DeviceFailed, Mismatch, NotFound
from playhead.events import Origin
from playhead.game import Frame
from playhead.plugins import Plugins
from playhead.storage.check import check_recording
from playhead.storage.reader import open_recording
from playhead.storage.schema import ROWS, RecordingHeader
from playhead.storage.writer import RecordingWriter

Recorded = Callable[..., Path]
Header = Callable[..., RecordingHeader]
Draw = Callable[..., np.ndarray]


def test_everything_written_is_read_again(recorded: Recorded, draw: Draw) -> None:
    recording = open_recording(recorded(30))
    assert len(recording) == 30
    assert recording.is_complete
    assert recording.header.driver == "expert"
    assert np.array_equal(np.diff(recording.frame_time_ns), np.full(29, 50_000_000))
    assert recording.labels["keys"].tolist()[:3] == [[0, 1], [1, 1], [0, 1]]
    assert recording.labels["gear"].dtype == np.uint16
    assert np.allclose(recording.labels["wheel"][:, 0], np.sin(np.arange(30)))
    assert set(recording.label_origin) == {Origin.SCRIPT}
    assert recording.telemetry["speed"].tolist() == list(range(30))
    assert recording.events["code"].tolist() == ["a"] * 15
    assert recording.events["time_ns"][0] == 50_001_005
    assert recording.dropped == 0
    difference = recording.read_frames([7])[0].astype(int) - draw(7)
    assert 0 < np.abs(difference).mean() < 8  # JPEG: close, not equal


@pytest.mark.parametrize(
    "frame",
    [
        Frame(width=48, height=36, rate_hz=20),
        Frame(width=48, height=36, rate_hz=20, colour="grey"),
        Frame(width=48, height=36, rate_hz=20, codec="lossless"),
        Frame(width=48, height=36, rate_hz=20, codec="lossless", colour="grey"),
    ],
)
def test_plain_zarr_reads_the_same(recorded: Recorded, draw: Draw, frame: Frame) -> None:
    folder = recorded(260, frame=frame)  # two shards
    group = zarr.open_group(str(folder), mode="r")
    recording = open_recording(folder)
    ours_THWC = recording.read_frames(np.arange(260))
    assert np.array_equal(group["frames"][...], ours_THWC)
    assert np.array_equal(group["frames"][255], ours_THWC[255])
    assert np.array_equal(group["labels/wheel"][...], recording.labels["wheel"])
    assert np.array_equal(group["events/time_ns"][...], recording.events["time_ns"])
    names = {name for name, _ in group.members(max_depth=None)}
    assert {"frames", "frame_time_ns", "dropped", "labels/keys", "telemetry/speed", "events/code"} <= names
    if frame.codec == "lossless":
        assert np.array_equal(ours_THWC[3], draw(3, frame.shape))


def test_a_recording_written_by_zarr_is_read_by_us(recorded: Recorded, aged: Callable[[Path], Path]) -> None:
    folder = aged(recorded(5))
    frames = zarr.open_group(str(folder), mode="r+")["frames"]
    before_HWC = frames[2]
    frames[3] = before_HWC
    assert np.abs(open_recording(folder).read_frames([3])[0].astype(int) - before_HWC).mean() < 8


def test_metadata_written_anew_by_zarr_is_still_ours(recorded: Recorded) -> None:
    folder = recorded(5)
    before_THWC = open_recording(folder).read_frames(range(5))
    group = zarr.open_group(str(folder), mode="r+")
    for _, member in group.members(max_depth=None):
        member.attrs["seen"] = True  # zarr-python writes zarr.json in its own words
    group.attrs["seen"] = True
    assert check_recording(folder, every_frame=True) == []
    recording = open_recording(folder)
    assert np.array_equal(recording.read_frames(range(5)), before_THWC)
    assert recording.telemetry["speed"].tolist() == [0, 1, 2, 3, 4]
    assert len(recording.events) == 2


def test_rows_beyond_one_chunk(tmp_path: Path, make_header: Header) -> None:
    tiny = make_header(frame=Frame(width=8, height=8, rate_hz=20, codec="lossless"))
    with RecordingWriter(tmp_path / "r", tiny, sync_s=0.05) as writer:
        for number in range(ROWS + 10):
            labels = {"keys": [0, 1], "gear": [1], "wheel": [number / 10_000]}
            writer.append(np.zeros((8, 8, 3), np.uint8), number, labels, Origin.HUMAN, {"speed": number})
    recording = open_recording(tmp_path / "r")
    assert recording.telemetry["speed"].tolist() == list(range(ROWS + 10))
    group = zarr.open_group(str(tmp_path / "r"), mode="r")
    assert np.array_equal(group["labels/wheel"][...], recording.labels["wheel"])


def test_encoded_pictures_are_stored_as_they_are(tmp_path: Path, recorded: Recorded, make_header: Header) -> None:
    source = open_recording(recorded(3))
    with_columns = make_header(columns={"uuid": "S12", "rotation": "int32"}, telemetry=())
    with RecordingWriter(tmp_path / "copy", with_columns) as writer:
        for index in range(3):
            columns = {"uuid": f"ü-{index}", "rotation": index * 36}
            writer.append_encoded(source.read_encoded(index), index, columns=columns)
        with pytest.raises(Mismatch, match="cannot be stored"):
            writer.append_encoded(b"no picture", 3)
        with pytest.raises(BadValue, match="longer than the 12 bytes"):
            writer.append_encoded(source.read_encoded(0), 3, columns={"uuid": "x" * 13})
        with pytest.raises(BadValue, match="'left' does not fit into column rotation of int32"):
            writer.append_encoded(source.read_encoded(0), 3, columns={"rotation": "left"})
    copy = open_recording(tmp_path / "copy")
    assert [copy.read_encoded(index) for index in range(3)] == [source.read_encoded(index) for index in range(3)]
    assert copy.columns["uuid"].tolist() == ["ü-0", "ü-1", "ü-2"]
    assert copy.columns["rotation"].tolist() == [0, 36, 72]
    assert copy.label_origin.tolist() == [Origin.NONE] * 3
    assert len(copy.events) == 0


def test_frames_come_in_the_order_asked(recorded: Recorded) -> None:
    recording = open_recording(recorded(12))
    frames_NHWC = recording.read_frames([9, 0, -1, 9])
    out_NHWC = np.empty_like(frames_NHWC)
    assert recording.read_frames(np.array([9, 0, 11, 9]), out=out_NHWC) is out_NHWC
    assert np.array_equal(frames_NHWC, out_NHWC)
    with pytest.raises(BadValue, match="frames 0 to 11, not 12"):
        recording.read_frames([12])
    with pytest.raises(BadValue, match="do not fit"):
        recording.read_frames([1], out=out_NHWC)


def test_threads_read_what_one_reads(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playhead.storage.sources._files._limit", 1)  # files are closed under the readers
    recordings = [open_recording(recorded(20)) for _ in range(3)]
    expected = [recording.read_frames(range(20)) for recording in recordings]

    def read(number: int) -> bool:
        index = (number * 7) % 20
        return np.array_equal(recordings[number % 3].read_frames([index])[0], expected[number % 3][index])

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read, range(200)))


def test_a_file_url_is_local(recorded: Recorded) -> None:
    assert len(open_recording(recorded(3).as_uri())) == 3


def test_the_registered_opener_of_folders(recorded: Recorded) -> None:
    folder = recorded(3)
    group = zarr.open_group(Plugins().get("storage", "file")(folder.as_uri()), mode="r")
    assert group["frames"].shape[0] == 3


def test_the_header_comes_back(recorded: Recorded) -> None:
    made = open_recording(recorded(2, notes="wet road", seed=7, padding_frames=1, window={"scale": 1.5})).header
    assert (made.notes, made.seed, made.padding_frames, made.window) == ("wet road", 7, 1, {"scale": 1.5})
    again = RecordingHeader.from_json(made.to_json(), where="here")
    assert again == made
    newer = made.to_json() | {"format_version": 3}
    with pytest.raises(Mismatch, match="here has format_version 3, this playhead reads 1 and 2"):
        RecordingHeader.from_json(newer, where="here")


def test_what_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no folder"):
        open_recording(tmp_path / "nowhere")
    with pytest.raises(Damaged, match="is not a recording"):
        open_recording(tmp_path)
    zarr.open_group(str(tmp_path / "other"), mode="w")
    with pytest.raises(Damaged, match=r"not that of a recording: its zarr\.json has no attribute"):
        open_recording(tmp_path / "other")


def test_the_writer_refuses_what_cannot_be(tmp_path: Path, make_header: Header, draw: Draw) -> None:
    labels = {"keys": [0, 1], "gear": [1], "wheel": [0.0]}
    with RecordingWriter(tmp_path / "r", make_header()) as writer:
        writer.append(draw(0), 10, labels, Origin.HUMAN)
        with pytest.raises(Mismatch, match="holds frames of"):
            writer.append(draw(0)[:-1], 11)
        with pytest.raises(BadValue, match="is not after"):
            writer.append(draw(0), 10)
        with pytest.raises(BadValue, match="lacks labels of gear, wheel"):
            writer.append(draw(0), 11, {"keys": [0, 1]}, Origin.HUMAN)
        with pytest.raises(BadValue, match="2 columns are wanted"):
            writer.append(draw(0), 11, labels | {"keys": [1]}, Origin.HUMAN)
        with pytest.raises(NotFound, match='Did you mean "speed"'):
            writer.append(draw(0), 11, telemetry={"sped": 1.0})
        writer.append(draw(0), 11)
    recording = open_recording(tmp_path / "r")
    assert recording.label_origin.tolist() == [Origin.HUMAN, Origin.NONE]
    assert np.isnan(recording.telemetry["speed"]).all()
    with pytest.raises(BadValue, match="already holds something"):
        RecordingWriter(tmp_path / "r", make_header())
    with pytest.raises(BadValue, match="is closed"):
        writer.append(draw(0), 12)


def test_an_error_of_the_session_is_not_hidden_and_loses_nothing(
    tmp_path: Path, make_header: Header, draw: Draw
) -> None:
    def session() -> None:
        with RecordingWriter(tmp_path / "r", make_header()) as writer:
            writer.append(draw(0), 1)
            raise RuntimeError("the game crashed")

    with pytest.raises(RuntimeError, match="the game crashed"):
        session()
    assert len(open_recording(tmp_path / "r")) == 1


def test_a_fault_of_the_writer_is_not_silent(
    tmp_path: Path, make_header: Header, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("threading.excepthook", lambda told: None)
    monkeypatch.setattr("playhead.storage.pictures.JpegPicture.encode", lambda *_: 1 / 0)
    writer = RecordingWriter(tmp_path / "r", make_header())
    for number in range(1000):  # more than may wait: nobody is left waiting for room
        writer.append(draw(0), number)
    with pytest.raises(DeviceFailed, match="was not written to its end"):
        writer.close()


def test_the_caller_may_draw_over_its_frame(tmp_path: Path, make_header: Header) -> None:
    lossless = make_header(frame=Frame(width=48, height=36, rate_hz=20, codec="lossless"))
    frame_HWC = np.zeros((36, 48, 3), np.uint8)
    with RecordingWriter(tmp_path / "r", lossless) as writer:
        for number in range(50):
            frame_HWC[...] = number
            writer.append(frame_HWC, number)
    assert open_recording(tmp_path / "r").read_frames(range(50))[:, 0, 0, 0].tolist() == list(range(50))


def test_drops_are_counted_where_they_happened(tmp_path: Path, make_header: Header, draw: Draw) -> None:
    with RecordingWriter(tmp_path / "r", make_header()) as writer:
        writer.append(draw(0), 1)
        writer.append(draw(1), 2, dropped=3)
    assert writer.close().dropped == 3
    assert open_recording(tmp_path / "r").dropped_before.tolist() == [0, 3]


def test_columns_have_names_and_kinds_that_can_be(make_header: Header) -> None:
    with pytest.raises(BadValue, match='is of kind "text"'):
        make_header(columns={"uuid": "text"})
    with pytest.raises(BadValue, match="cannot name a column"):
        make_header(telemetry=("a/b",))
    assert replace(make_header(), columns={"n": "int64"}).columns == {"n": "int64"}
