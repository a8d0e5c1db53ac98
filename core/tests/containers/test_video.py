"""Whatever a video may hold is shown upright and in time, or refused; what is not shown is counted."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition
from formats_page import rows_of

from playhead.clock import NS_PER_S
from playhead.containers.video import VideoFile
from playhead.errors import Damaged, Mismatch, NotFound

HIGH, WIDE = 48, 64
Size = tuple[int, int]


def picture(number: int, size: Size = (WIDE, HIGH)) -> np.ndarray:
    """Grey that says its number, with a bright upper left corner."""
    frame = np.full((size[1], size[0], 3), 20 + 8 * (number % 20), dtype=np.uint8)
    frame[: size[1] // 4, : size[0] // 4] = 250
    return frame


def film(
    path: Path, count: int = 12, *, times: Sequence[float] = (), codec: str = "libx264", size: Size = (WIDE, HIGH),
    format_: str = "yuv420p", container: str | None = None, shape: Fraction | None = None,
    also: Callable[[Any], list[tuple[Any, Any]]] = lambda out: [], **options: str,
) -> Path:  # fmt: skip
    """Write a video of 10 pictures a second, or with these times in seconds."""
    with av.open(str(path), "w", format=container, options=options) as out:
        further = also(out)
        stream: Any = out.add_stream(codec, rate=10)
        stream.width, stream.height = size
        stream.pix_fmt = format_
        if codec == "libx264":
            stream.options = {"crf": "10", "g": "4", "bf": "0"}
        if further:
            stream.disposition = Disposition.default
        if shape:
            stream.sample_aspect_ratio = shape
        stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture(number, size), format="rgb24")
            frame.pts = round(1000 * (times[number] if times else number / 10))
            frame.time_base = Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
        for other, packets in further:
            for packet in packets:
                packet.stream = other
                out.mux(packet)
    return path


def still(name: str, data: np.ndarray | None = None) -> bytes:
    _, packed = cv2.imencode(name, picture(3) if data is None else data)
    return packed.tobytes()


def joined(folder: Path, sizes: Sequence[Size]) -> Path:
    """Return a transport stream of several, each with times that begin anew."""
    parts = [film(folder / f"part{number}.ts", size=size).read_bytes() for number, size in enumerate(sizes)]
    (folder / "joined.ts").write_bytes(b"".join(parts))
    return folder / "joined.ts"


def turned(path: Path, *matrix: int) -> Path:
    data, one = bytearray(path.read_bytes()), 1 << 16
    place = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (round(number * one) for number in matrix)
    data[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def cover(out: Any) -> list[tuple[Any, Any]]:
    """Add a cover before the film, as shops do."""
    stream = out.add_stream("mjpeg", rate=1)
    stream.width, stream.height, stream.pix_fmt = 32, 32, "yuvj420p"
    stream.disposition = Disposition.attached_pic
    packet = av.Packet(still(".jpg", picture(1, (32, 32))))
    packet.pts = packet.dts = 0
    packet.time_base = Fraction(1, 1000)
    return [(stream, [packet])]


def second(out: Any) -> list[tuple[Any, Any]]:
    """Add another film before the first."""
    stream = out.add_stream("libx264", rate=10)
    stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
    packets = []
    for number in range(3):
        frame = av.VideoFrame.from_ndarray(picture(number, (32, 32)), format="rgb24")
        frame.pts, frame.time_base = 1000 * number, Fraction(1, 1000)
        packets += stream.encode(frame)
    return [(stream, packets + stream.encode())]


def sound(path: Path, codec: str = "pcm_s16le") -> Path:
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream(codec, rate=8000, layout="mono")
        for number in range(10):
            frame = av.AudioFrame.from_ndarray(np.ones((1, 800), np.int16), format="s16", layout="mono")
            frame.rate, frame.pts = 8000, 800 * number
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def written(folder: Path, name: str, data: bytes | str) -> Path:
    file = folder / name
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return file


def gif(folder: Path, count: int) -> Path:
    return film(folder / "a.gif", count, codec="gif", format_="rgb8", container="gif")


def patched(path: Path, old: bytes, new: bytes) -> Path:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    return path


def rubbish(path: Path) -> Path:
    """Overwrite the packets in the middle."""
    with av.open(str(path)) as container:
        places = sorted((packet.pos, packet.size) for packet in container.demux(video=0) if packet.size)
    data, random = bytearray(path.read_bytes()), np.random.default_rng(0)
    for place, size in places[4:7]:
        data[place : place + size] = random.integers(0, 256, size, dtype=np.uint8).tobytes()
    path.write_bytes(data)
    return path


Answer = tuple[int, str] | tuple[type[Exception], str]
# A row of the page -> a file of that kind, and what is answered: (pictures shown, words at the end) or an error.
CASES: dict[str, tuple[Callable[[Path], Path], Answer]] = {
    "MP4, MOV": (lambda f: film(f / "a.mp4"), (12, "^$")),
    "Matroska, WebM": (lambda f: film(f / "a.mkv"), (12, "^$")),
    "AVI": (lambda f: film(f / "a.avi", codec="mpeg4"), (12, "^$")),
    "transport streams, FLV, Ogg and others": (lambda f: film(f / "a.flv"), (12, "^$")),
    "raw H.264 without times": (lambda f: film(f / "a.h264", container="h264"), (12, "times made up from|^$")),
    "another ending than its format's": (lambda f: film(f / "a.txt", container="mp4"), (12, "^$")),
    "names with colons": (lambda f: film(f / "a.mp4").rename(f / "10:30 drive.mp4"), (12, "^$")),
    "names with patterns and backslashes": (
        lambda f: film(f / "a.mp4").rename(f / "pipe:%03d\\*.mp4"),
        (12, "^$"),
    ),
    "a cover picture": (lambda f: film(f / "a.mp4", also=cover), (12, "its cover picture left out")),
    "several films, one the default": (
        lambda f: film(f / "a.mkv", also=lambda out: marked(second(out))),
        (12, "track 1 of 2 shown"),
    ),
    "several films, none or all the default": (
        lambda f: film(f / "a.avi", codec="mpeg4", also=second),
        (Mismatch, r"2 tracks .* track=0 .*; track=1"),
    ),
    "sound alone": (lambda f: sound(f / "a.wav"), (Mismatch, "no pictures in it, only audio")),
    "sound with a cover": (
        lambda f: film(f / "a.mp4", 0, also=cover),
        (Mismatch, "only a picture that stands still|cannot be read"),
    ),
    "still pictures": (lambda f: written(f, "a.mp4", still(".png")), (Mismatch, "is a PNG picture, no video")),
    "a JPEG called a video": (
        lambda f: written(f, "a.mp4", still(".jpg")),
        (Mismatch, "is a JPEG picture, no video"),
    ),
    "JPEGs one behind the other": (
        lambda f: written(f, "a.mjpeg", b"".join(still(".jpg", picture(n)) for n in range(5))),
        (5, ""),
    ),
    "a GIF that moves": (lambda f: gif(f, 6), (6, "")),
    "a GIF that does not": (lambda f: gif(f, 1), (Mismatch, "is a GIF picture, no video")),
    "rotation by quarters": (lambda f: turned(film(f / "a.mp4"), 0, 1, -1, 0), (12, "^$")),
    "mirroring": (lambda f: turned(film(f / "a.mp4"), -1, 0, 0, 1), (12, "^$")),
    "rotation by other angles": (lambda f: turned(film(f / "a.mp4"), 0.7, 0.7, -0.7, 0.7), (Mismatch, "aslant")),
    "pixels that are not square": (
        lambda f: film(f / "a.mp4", shape=Fraction(4, 3)),
        (12, "pixels are not square"),
    ),
    "a rate that varies": (lambda f: film(f / "a.mp4", 4, times=[0, 0.1, 0.5, 0.6]), (4, "^$")),
    "times that begin again": (lambda f: joined(f, [(WIDE, HIGH)] * 2), (24, "begin again")),
    "gaps of more than a minute": (
        lambda f: film(f / "a.mkv", 3, times=[0, 0.1, 90_000]),
        (3, "gaps of more than 60 s"),
    ),
    "a size that changes": (lambda f: joined(f, [(WIDE, HIGH), (32, 64)]), (24, "begin again")),
    "10 bits a colour": (lambda f: film(f / "a.mkv", codec="ffv1", format_="yuv420p10le"), (12, "^$")),
    "transparency": (lambda f: film(f / "a.mkv", codec="ffv1", format_="bgra"), (12, "^$")),
    "more than 4096x2304 pixels": (
        lambda f: film(f / "a.avi", 1, codec="mjpeg", size=(4800, 2400), format_="yuvj420p"),
        (Mismatch, "4800x2400, more than"),
    ),
    "packets that are damaged": (lambda f: rubbish(film(f / "a.mp4")), (0, "damaged piece")),
    "a file without its index": (lambda f: cut(film(f / "a.mp4"), 2), (Damaged, "its index is missing")),
    "a file cut short": (lambda f: cut(film(f / "a.ts", 40), 1.3), (0, "")),
    "encrypted films": (
        lambda f: film(
            f / "a.mp4",
            encryption_scheme="cenc-aes-ctr",
            encryption_key="76a6c65c5ea762046bd749a2e632ccbb",
            encryption_kid="a7e61c373e219033c21091fa607bf3b8",
        ),
        (Mismatch, "is encrypted"),
    ),
    "playlists (M3U8)": (
        lambda f: written(f, "a.mp4", f"#EXTM3U\n#EXTINF:1,\nfile://{film(f / 'canary.ts')}\n"),
        (Mismatch, "names other files"),
    ),
    "lists of FFmpeg (concat)": (
        lambda f: written(f, "a.mp4", f"ffconcat version 1.0\nfile {film(f / 'canary.ts').name}\n"),
        (Mismatch, "names other files"),
    ),
    "session descriptions (SDP)": (
        lambda f: written(f, "a.mp4", "v=0\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"),
        (Mismatch, "names other places"),
    ),
    "manifests (DASH) and other texts": (lambda f: written(f, "a.mp4", "<MPD></MPD>"), (Mismatch, "XML")),
    "anything else": (lambda f: written(f, "a.mp4", "hello"), (Damaged, "cannot be read as a video")),
    "empty files": (lambda f: written(f, "a.mp4", ""), (Damaged, "cannot be read as a video")),
}


def marked(tracks: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    for stream, _ in tracks:
        stream.disposition = Disposition.dub
    return tracks


def cut(path: Path, parts: float) -> Path:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size / parts)])
    return path


def shown(video: VideoFile) -> list[tuple[float, np.ndarray]]:
    try:
        return [(time_ns / NS_PER_S, video.upright(frame)) for time_ns, frame in video.frames()]
    finally:
        video.close()


@pytest.mark.parametrize("name", CASES)
def test_each_row_of_the_page(name: str, tmp_path: Path) -> None:
    make, (answer, words) = CASES[name]
    path = make(tmp_path)
    before = sorted(tmp_path.iterdir())
    if isinstance(answer, int):
        video = VideoFile(path)
        pictures = shown(video)
        assert len(pictures) == answer or not answer
        assert pictures
        assert (np.diff([seconds for seconds, _ in pictures]) > 0).all()
        assert re.search(words, video.left_out()), video.left_out()
    else:
        with pytest.raises(answer, match=words):
            shown(VideoFile(path))
    assert sorted(tmp_path.iterdir()) == before


def test_the_page_has_these_rows() -> None:
    assert set(rows_of("Video")) == set(CASES)


@pytest.mark.parametrize(
    ("matrix", "corner"),
    [((1, 0, 0, 1), "left top"), ((-1, 0, 0, 1), "right top"), ((1, 0, 0, -1), "left bottom"),
     ((-1, 0, 0, -1), "right bottom"), ((0, 1, -1, 0), "right top"), ((0, -1, 1, 0), "left bottom"),
     ((0, 1, 1, 0), "left top"), ((0, -1, -1, 0), "right bottom")],
)  # fmt: skip
def test_all_eight_ways_of_lying_are_set_upright(matrix: tuple[int, ...], corner: str, tmp_path: Path) -> None:
    video = VideoFile(turned(film(tmp_path / "a.mp4"), *matrix))
    picture_HWC = shown(video)[0][1]
    high, wide = picture_HWC.shape[:2]
    assert (high, wide) == ((WIDE, HIGH) if matrix[1] else (HIGH, WIDE))
    columns = slice(0, 6) if "left" in corner else slice(wide - 6, wide)
    rows = slice(0, 6) if "top" in corner else slice(high - 6, high)
    assert picture_HWC[rows, columns].min() > 200


def test_the_track_can_be_said(tmp_path: Path) -> None:
    path = film(tmp_path / "a.avi", codec="mpeg4", also=second)
    assert len(shown(VideoFile(path, track=1))) == 12
    assert shown(VideoFile(path, track=0))[0][1].shape == (32, 32, 3)
    with pytest.raises(NotFound, match=r"no track 7. It has track=0"):
        VideoFile(path, track=7)


def test_times_that_begin_again_go_on_behind(tmp_path: Path) -> None:
    seconds = [seconds for seconds, _ in shown(VideoFile(joined(tmp_path, [(WIDE, HIGH)] * 2)))]
    assert seconds == pytest.approx([number / 10 for number in range(24)], abs=0.02)


def with_times(path: Path, times: Sequence[float | None], monkeypatch: pytest.MonkeyPatch) -> VideoFile:
    frames = [SimpleNamespace(pts=None if time is None else round(1000 * time), time_base=Fraction(1, 1000))
              for time in times]  # fmt: skip
    monkeypatch.setattr(VideoFile, "_decoded", lambda self: iter(frames))
    return VideoFile(film(path))


@pytest.mark.parametrize(
    ("times", "seen", "said"),
    [
        ([0, 0.3, 0.1, 0.4], [0, 0.3, 0.4], "1 picture out of order passed over"),
        ([5, 5, 5, 5.1], [0, 0.1], "2 pictures out of order passed over"),
        ([0, 0.1, 0.2, 0.0, 0.1], [0, 0.1, 0.2, 0.3, 0.4], "its times begin again and go on behind"),
        ([0, 0.1, None, 0.3], [0, 0.1, 0.2, 0.3], "its times made up from 10 pictures a second"),
        ([None, None], [0, 0.1], "its times made up from 10 pictures a second"),
        ([0, 0.1, 7200, 7200.1], [0, 0.1, 0.2, 0.3], "gaps of more than 60 s between its pictures closed"),
    ],
)
def test_times_rise_whatever_the_file_says(
    times: list[float | None], seen: list[float], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = with_times(tmp_path / "a.mp4", times, monkeypatch)
    assert [time_ns / NS_PER_S for time_ns, _ in video.frames()] == pytest.approx(seen)
    assert video.left_out() == said


def test_a_video_that_is_nearly_all_hole_is_refused(tmp_path: Path) -> None:
    file = film(tmp_path / "film.mkv")
    os.truncate(file, 2**40)
    with pytest.raises(Damaged, match="was not copied whole"):
        VideoFile(file)
