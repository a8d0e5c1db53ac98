"""Writes pictures with their own times as an MP4 (H.264), and what is said of them as its subtitles.

Source:  3GPP TS 26.245 (mov_text): each text is its length in two bytes and UTF-8.
Shape legend: H height, W width, C channels.
"""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from playhead.clock import NS_PER_S
from playhead.containers.files import check_new, reason, saying_file_failed
from playhead.containers.video import FrameArray, needed_av
from playhead.errors import DeviceFailed

CLOCK_HZ = 90_000  # ticks of a video's times
USUAL_CRF = 18  # of x264: above 40 dB of the streets world
_TEXT_CLOCK = Fraction(1, 1000)
# What the encoder of subtitles wants to know of their looks, in the words of Advanced SubStation Alpha.
_STYLE = "\r\n".join([
    "[Script Info]", "ScriptType: v4.00+", "", "[V4+ Styles]",
    "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, "
    "MarginR, MarginV, Encoding",
    "Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1", "",
    "[Events]", "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text", "",
]).encode()  # fmt: skip


class FilmWriter:
    """A video being made; it appears under its name when it is whole. A context manager.

    Raises:  BadValue where the file is there already or its folder is not, StorageFull or DeviceFailed.
    """

    def __init__(self, file: Path, size: tuple[int, int], rate_hz: float, *, texts: bool = False) -> None:
        av = needed_av()
        check_new(file)
        self.file = file
        self._part = file.with_name(f".{file.name}.part")
        with self._saying():
            self._out = av.open(str(self._part), "w", format="mp4")
        stream: Any = self._out.add_stream("libx264", rate=Fraction(rate_hz).limit_denominator(10_000))
        stream.width, stream.height, stream.pix_fmt = (
            *size,
            "yuv420p" if not (size[0] | size[1]) & 1 else "yuv444p",
        )
        stream.options = {"crf": str(USUAL_CRF), "preset": "medium"}
        stream.codec_context.time_base = Fraction(1, CLOCK_HZ)
        self._film = stream
        self._texts: Any = None
        if texts:
            self._texts = self._out.add_stream("mov_text")
            self._texts.codec_context.subtitle_header = _STYLE
            self._texts.codec_context.time_base = _TEXT_CLOCK

    def __enter__(self) -> FilmWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with ExitStack() as ending:
                ending.enter_context(self._saying())
                ending.callback(self._out.close)
                if error is None:
                    self._encode(None)
            if error is None:
                with self._saying():
                    self._part.replace(self.file)
        finally:
            self._part.unlink(missing_ok=True)

    def add(self, time_ns: int, frame_HWC: FrameArray) -> None:
        """Write the next picture. Units: nanoseconds since the first."""
        from av import VideoFrame

        if frame_HWC.shape[2] == 1:
            frame_HWC = np.repeat(frame_HWC, 3, axis=2)
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(frame_HWC), format="rgb24")
        frame.pts, frame.time_base = round(time_ns * CLOCK_HZ / NS_PER_S), Fraction(1, CLOCK_HZ)
        self._encode(frame)

    def say(self, begin_ns: int, end_ns: int, text: str) -> None:
        """Write a subtitle."""
        from av import Packet

        data = text.encode()[: 2**16 - 1]
        packet = Packet(len(data).to_bytes(2, "big") + data)
        packet.time_base, packet.stream = _TEXT_CLOCK, self._texts
        packet.pts = packet.dts = begin_ns // 1_000_000
        packet.duration = max(1, end_ns // 1_000_000 - packet.pts)
        with self._saying():
            self._out.mux(packet)

    def _encode(self, frame: Any) -> None:
        with self._saying():
            for packet in self._film.encode(frame):
                self._out.mux(packet)

    def _saying(self) -> Any:
        return _Saying(self.file)


class _Saying:
    """What FFmpeg says of the disk, as an error that says so; of anything else, as one of its encoder."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        from av.error import FFmpegError

        if isinstance(error, OSError):
            with saying_file_failed(self._file):
                raise error
        if isinstance(error, FFmpegError):
            raise DeviceFailed(f"{self._file} cannot be written: {reason(error)}.") from error
