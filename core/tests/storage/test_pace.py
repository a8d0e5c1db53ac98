"""Appending does not wait for the disk, or waits and loses nothing, as chosen; a live recording can be read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from playhead.events import Event, Origin
from playhead.storage.pictures import JpegPicture
from playhead.storage.reader import open_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.sources import FolderSource
from playhead.storage.writer import RecordingWriter

Header = Callable[..., RecordingHeader]
Draw = Callable[..., np.ndarray]


class SlowDisk:
    """Lets nothing be encoded until opened, and says when the first frame has left the queue for it."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> SlowDisk:
    """Encode nothing until it is opened, and let at most 8 frames wait."""
    disk, encode = SlowDisk(), JpegPicture.encode

    def encode_when_opened(self: JpegPicture, frame_HWC: np.ndarray) -> bytes:
        disk.reached.set()
        assert disk.opened.wait(30)
        return encode(self, frame_HWC)

    monkeypatch.setattr(JpegPicture, "encode", encode_when_opened)
    monkeypatch.setattr("playhead.storage.writer._QUEUE_BYTES", 0)
    return disk


def test_a_real_game_drops_and_counts(
    tmp_path: Path, make_header: Header, draw: Draw, slow_disk: SlowDisk
) -> None:
    writer = RecordingWriter(tmp_path / "r", make_header(), drop_when_full=True)
    writer.append(draw(0), 0)
    assert slow_disk.reached.wait(30)
    for number in range(1, 30):  # 8 of them find room
        writer.append(draw(number), number)
    slow_disk.opened.set()
    while writer._queue.qsize():
        time.sleep(0.001)
    writer.append(draw(30), 30)
    summary = writer.close()
    recording = open_recording(tmp_path / "r")
    assert (summary.frames, summary.dropped) == (10, 21)
    assert recording.dropped_before.tolist() == [0] * 9 + [21]
    assert recording.frame_time_ns.tolist() == [*range(9), 30]


def test_a_world_in_lockstep_waits(tmp_path: Path, make_header: Header, draw: Draw, slow_disk: SlowDisk) -> None:
    writer = RecordingWriter(tmp_path / "r", make_header())
    opening = threading.Timer(0.1, slow_disk.opened.set)
    opening.start()
    for number in range(30):
        writer.append(draw(number), number)
    assert slow_disk.opened.is_set()
    assert (writer.close().frames, writer.close().dropped) == (30, 0)


def test_events_are_never_dropped(tmp_path: Path, make_header: Header, draw: Draw, slow_disk: SlowDisk) -> None:
    writer = RecordingWriter(tmp_path / "r", make_header(), drop_when_full=True)
    opening = threading.Timer(0.1, slow_disk.opened.set)
    opening.start()
    for number in range(20):
        writer.append(draw(number), number)
        writer.add_events([Event(time_ns=number, code="a", value=1, origin=Origin.HUMAN)])
    writer.close()
    assert len(open_recording(tmp_path / "r").events) == 20


def test_a_live_recording_can_be_read(tmp_path: Path, make_header: Header, draw: Draw) -> None:
    with RecordingWriter(tmp_path / "r", make_header(), sync_s=0.0) as writer:
        assert len(open_recording(tmp_path / "r")) == 0
        assert len(open_recording(tmp_path / "r").labels["keys"]) == 0
        assert len(open_recording(tmp_path / "r").events) == 0
        for number in range(5):
            writer.append(draw(number), number)
        deadline = time.monotonic() + 30
        while len(live := open_recording(tmp_path / "r")) < 5:
            assert time.monotonic() < deadline
        assert not live.is_complete
        assert live.read_frames(range(5)).shape[0] == 5


def test_a_recording_that_grows_while_it_is_opened_is_no_damage(
    tmp_path: Path, make_header: Header, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = FolderSource.size
    with RecordingWriter(tmp_path / "r", make_header(), sync_s=0.0) as writer:

        def show(frames: int) -> None:
            for number in range(written[0], frames):
                writer.append(draw(number), number)
            written[0] = frames
            deadline = time.monotonic() + 30
            while len(open_recording(tmp_path / "r")) < frames:
                assert time.monotonic() < deadline

        def grows(source: FolderSource, key: str) -> int | None:
            told = size(source, key)
            if key.startswith("frames/c") and written[0] == 1:
                monkeypatch.setattr(FolderSource, "size", size)
                show(5)
            return told

        written = [0]
        show(1)
        monkeypatch.setattr(FolderSource, "size", grows)
        assert open_recording(tmp_path / "r").read_frames([0]).shape[0] == 1
        assert written == [5]


def test_it_is_published_while_nothing_comes(tmp_path: Path, make_header: Header, draw: Draw) -> None:
    with RecordingWriter(tmp_path / "r", make_header(), sync_s=0.05) as writer:
        writer.append(draw(0), 1)
        deadline = time.monotonic() + 30
        while not len(open_recording(tmp_path / "r")):
            assert time.monotonic() < deadline
            time.sleep(0.005)
