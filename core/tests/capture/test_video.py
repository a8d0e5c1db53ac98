"""A video file is a source with its own times, and says what is wrong with it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from doubles import small_game

from playhead.capture.video import VideoCapture, open_capture
from playhead.clock import NS_PER_S, FakeClock, SystemClock
from playhead.devices import DeviceSession
from playhead.errors import BadValue, DeviceFailed
from playhead.game import Device

HIGH, WIDE = 48, 64  # twice the frame of small_game


def picture(number: int) -> np.ndarray:
    """Grey that says its number, with a bright upper left corner."""
    frame = np.full((HIGH, WIDE, 3), 20 + 8 * number, dtype=np.uint8)
    frame[: HIGH // 4, : WIDE // 4] = 250
    return frame


def write(
    path: Path, count: int = 20, *, times: Sequence[float] = (), codec: str = "libx264", rate: int = 10
) -> Path:
    """Write a video; `times` in seconds, evenly at the rate without."""
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDE, HIGH, "yuv420p"
        stream.options = {"crf": "10", "g": "5"} if codec == "libx264" else {}
        stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            frame.pts = round(1000 * (times[number] if times else number / rate))
            frame.time_base = Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write(tmp_path / "cars.mp4")


def opened(path: Path | str, **options: Any) -> VideoCapture:
    return session(path, **options)[1]


def session(path: Path | str, **options: Any) -> tuple[DeviceSession, VideoCapture]:
    device = Device(capture="video", input="none")
    made = DeviceSession(
        game=small_game(), name="video", device=device, options={"path": str(path), "rate_hz": 10, **options}
    )
    return made, open_capture(made)


def watch(path: Path, rate_hz: float = 10, **options: Any) -> tuple[list[tuple[float, int, int]], VideoCapture]:
    """Look at a whole video at a rate; returns (seconds, number, level) of every look, and the capture."""
    made, capture = session(path, rate_hz=rate_hz, **options)
    seen = []
    begin_ns = made.clock.now_ns()
    while (captured := capture.look()) is not None:
        level = round(float(captured.frame_HWC[-6:, -8:].mean()))
        seen.append(((captured.time_ns - begin_ns) / NS_PER_S, captured.number, round((level - 20) / 8)))
        made.clock.sleep_until(made.clock.now_ns() + round(NS_PER_S / rate_hz))
        assert len(seen) < 500
    return seen, capture


def test_every_picture_comes_with_its_own_time(video: Path) -> None:
    seen, capture = watch(video)
    assert [number for _, number, _ in seen] == list(range(20))
    assert [level for _, _, level in seen] == list(range(20))
    assert [seconds for seconds, _, _ in seen] == pytest.approx([number / 10 for number in range(20)])
    assert capture.ending == "the video is over"
    assert capture.look() is None


def test_frames_are_of_the_games_size(video: Path) -> None:
    captured = opened(video).look()
    assert captured is not None
    assert captured.frame_HWC.shape == (24, 32, 3)
    assert captured.frame_HWC[2, 3].min() > 200


def test_a_slower_look_finds_the_newest_picture_and_no_drop(video: Path) -> None:
    seen, _ = watch(video, rate_hz=5)
    assert [level for _, _, level in seen] == list(range(0, 20, 2))
    assert [number for _, number, _ in seen] == list(range(10))


def test_a_faster_look_sees_a_picture_again_with_its_old_time(video: Path) -> None:
    seen, _ = watch(video, rate_hz=20)
    assert len(seen) == 40
    assert len({seconds for seconds, _, _ in seen}) == 20


def test_a_variable_frame_rate_keeps_its_times(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.15, 0.2, 0.8, 0.9]
    seen, _ = watch(write(tmp_path / "v.mp4", 6, times=times), rate_hz=20)
    shown = {level: seconds for seconds, _, level in seen}
    assert [shown[level] for level in range(6)] == pytest.approx(times, abs=2e-3)
    assert sum(level == 3 for _, _, level in seen) == 12  # .2 to .8 s


def test_a_part_can_be_cut_out(video: Path) -> None:
    captured = opened(video, crop=[0, 0, 16, 12]).look()
    assert captured is not None
    assert captured.frame_HWC.min() > 200


@pytest.mark.parametrize("crop", [[0, 0, 65, 10], [1, 2], "half", [0, 0, 0, 5]])
def test_a_crop_that_is_none_is_said(video: Path, crop: Any) -> None:
    with pytest.raises(BadValue, match=r"crop|region"):
        opened(video, crop=crop)


def test_a_lying_video_of_a_phone_is_set_upright(video: Path) -> None:
    data = bytearray(video.read_bytes())
    place = data.index(b"tkhd") + 4 + 40  # version and flags, times, track, length, layers: then the matrix
    one = 1 << 16
    data[place : place + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, HIGH * one, 0, 1 << 30)
    video.write_bytes(data)
    captured = opened(video, crop=[HIGH - 12, 0, 12, 16]).look()  # turned clockwise: upper left is upper right
    assert captured is not None
    assert captured.frame_HWC.min() > 200


def test_real_time_runs_on_the_machines_clock(video: Path) -> None:
    assert isinstance(session(video, real_time=True)[0].clock, SystemClock)
    assert isinstance(session(video)[0].clock, FakeClock)


def damaged(path: Path, packets: slice) -> Path:
    """Overwrite some packets, in the order of the file, with rubbish."""
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    data, random = bytearray(path.read_bytes()), np.random.default_rng(0)
    for place, size in sorted(places)[packets]:
        assert place is not None
        data[place : place + size] = random.integers(0, 256, size, dtype=np.uint8).tobytes()
    path.write_bytes(data)
    return path


def test_damage_in_the_middle_is_passed_over_and_told(video: Path) -> None:
    seen, capture = watch(damaged(video, slice(8, 11)))
    levels = [level for _, _, level in seen]
    assert levels[0] == 0
    assert max(levels) >= 15  # it goes on after the damage
    assert "damaged piece" in capture.ending


def cut_off(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def sound_only(path: Path) -> Path:
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        for number in range(10):
            frame = av.AudioFrame.from_ndarray(np.ones((1, 800), np.int16), format="s16", layout="mono")
            frame.rate, frame.pts = 8000, 800 * number
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda folder: folder / "none.mp4", "There is no video"),
    "folder": (lambda folder: folder, "There is no video"),
    "text": (lambda folder: _text(folder / "cars.mp4"), "cannot be read as a video"),
    "empty": (lambda folder: _text(folder / "cars.mp4", ""), "cannot be read as a video"),
    "cut off": (lambda folder: cut_off(write(folder / "cars.mp4")), "cannot be read as a video"),
    "sound": (lambda folder: sound_only(folder / "cars.wav"), "no pictures in it, only audio"),
    "all damaged": (lambda folder: damaged(write(folder / "cars.mp4", 3), slice(None)), "no picture that could"),
}


def _text(path: Path, text: str = "no video at all") -> Path:
    path.write_text(text, encoding="ascii")
    return path


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_video_is_said(tmp_path: Path, name: str) -> None:
    make, message = BAD[name]
    with pytest.raises(DeviceFailed, match=message):
        opened(make(tmp_path))


def test_a_device_without_a_file_says_what_to_type() -> None:
    with pytest.raises(BadValue, match="--set path=FILE"):
        opened("")
