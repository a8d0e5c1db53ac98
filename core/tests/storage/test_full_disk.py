"""Wherever the disk gets full, the session ends with a sentence and what was written before stays whole."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Callable
from io import FileIO
from pathlib import Path

import numpy as np
import pytest

from playhead.errors import DeviceFailed, StorageFull
from playhead.events import Event, Origin
from playhead.storage.check import check_recording
from playhead.storage.reader import open_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

Header = Callable[..., RecordingHeader]
Draw = Callable[..., np.ndarray]


class SmallDisk:
    """A disk with room for so many more bytes; writing again over what a file has costs nothing.

    `make` stands in for FileIO.
    """

    def __init__(self, room: int, code: int = errno.ENOSPC) -> None:
        self.room = room
        self.code = code
        disk, ends = self, dict[str, int]()

        class SmallFile(FileIO):
            def write(self, data: memoryview) -> int:  # type: ignore[override]
                start, end = self.tell(), ends.get(str(self.name), 0)
                fitting = max(0, end - start) + disk.room
                if fitting <= 0:
                    raise OSError(disk.code, "No space left on device")
                written = super().write(data[:fitting])  # as real disks do: the last write is a short one
                ends[str(self.name)] = max(end, start + written)
                disk.room -= max(0, start + written - end)
                return written

        self.make = SmallFile

    def insert(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in ("disk", "rows", "shard"):
            monkeypatch.setattr(f"playhead.storage.{module}.FileIO", self.make)


def record(folder: Path, header: RecordingHeader, draw: Draw, frames: int) -> None:
    """Record frames, publishing after each, so that every kind of write comes in turn."""
    labels = {"keys": [0, 1], "gear": [2], "wheel": [0.5]}
    with RecordingWriter(folder, header, sync_s=0.0) as writer:
        for number in range(frames):
            writer.append(draw(number), number, labels, Origin.HUMAN, {"speed": number})
            writer.add_events([Event(time_ns=number, code=f"key{number}", value=1, origin=Origin.HUMAN)])


def bytes_written(tmp_path: Path, header: RecordingHeader, draw: Draw) -> int:
    with pytest.MonkeyPatch.context() as patch:
        disk = SmallDisk(10**9)
        disk.insert(patch)
        record(tmp_path / "whole", header, draw, 6)
    return 10**9 - disk.room


@pytest.mark.parametrize("share", np.linspace(0.02, 0.995, 14).round(3))
def test_full_at_any_write(tmp_path: Path, make_header: Header, draw: Draw, share: float) -> None:
    room = int(share * bytes_written(tmp_path, make_header(), draw))
    with pytest.MonkeyPatch.context() as patch:
        SmallDisk(room).insert(patch)
        with pytest.raises(StorageFull, match="The disk is full"):
            record(tmp_path / "r", make_header(), draw, 6)
    if not (tmp_path / "r" / "zarr.json").exists():
        assert not (tmp_path / "r").exists()  # full before it was a recording at all
        return
    recording = open_recording(tmp_path / "r")
    assert not recording.is_complete
    problems = [problem for problem in check_recording(tmp_path / "r", every_frame=True) if not problem.is_note]
    assert [problem.what for problem in problems] == ([] if len(recording) else ["the recording is empty"])
    assert recording.telemetry["speed"].tolist() == list(range(len(recording)))
    events = recording.events["code"].tolist()
    assert events == [f"key{number}" for number in range(len(events))]


def append_many(writer: RecordingWriter, frame_HWC: np.ndarray) -> None:
    for number in range(2, 100_000):
        writer.append(frame_HWC, number)


def test_it_is_said_once_and_to_the_one_who_appends(tmp_path: Path, make_header: Header, draw: Draw) -> None:
    with pytest.MonkeyPatch.context() as patch:
        disk = SmallDisk(10**9)
        disk.insert(patch)
        writer = RecordingWriter(tmp_path / "r", make_header(), sync_s=0.0)
        writer.append(draw(0), 1)
        while writer._files.frames < 1:
            pass
        disk.room = 0
        with pytest.raises(StorageFull):
            append_many(writer, draw(0))
        assert writer.close().frames == 1


def test_another_fault_of_the_disk_is_said_too(tmp_path: Path, make_header: Header, draw: Draw) -> None:
    room = bytes_written(tmp_path, make_header(), draw) // 2
    with pytest.MonkeyPatch.context() as patch:
        SmallDisk(room, errno.EIO).insert(patch)
        with pytest.raises(DeviceFailed, match="cannot be written"):
            record(tmp_path / "r", make_header(), draw, 6)


LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
from playhead.errors import StorageFull
from playhead.game import Frame
from playhead.labels import Keys, LabelSchema
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))  # Python ignores SIGXFSZ: writes say EFBIG
header = RecordingHeader(
    game={"name": "pong"}, schema=LabelSchema.of({"keys": Keys("a")}),
    frame=Frame(width=64, height=48, rate_hz=200), rate_hz=200, device="world", driver="script",
)
noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
try:
    with RecordingWriter(Path(sys.argv[1]), header) as writer:
        for number in range(2000):
            writer.append(noise, number)
except StorageFull as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_FSIZE")
def test_a_limit_of_the_system(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "r")]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "The disk is full" in told.stdout
    size = (tmp_path / "r" / "frames/c/0/0/0/0").stat().st_size
    recording = open_recording(tmp_path / "r")
    ends = recording._frames._offsets + recording._frames._lengths
    assert size - ends.max() < recording._frames._lengths.max()  # every whole picture counts
    assert all(problem.is_note for problem in check_recording(tmp_path / "r", every_frame=True))
