"""Frames from a video file, each with its own time. The only file that knows PyAV.

The clock of such a device stands still while nobody waits on it, so that every look finds the picture of its
time however slow the network is; with the option `real_time` it is the machine's, and what comes too late is
passed over.

Options: path; crop [left, top, width, height] in pixels of the upright video; real_time.
Shape legend: H height, W width, C = 3, RGB.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

from playhead.capture import CapturedFrame, FrameArray
from playhead.clock import NS_PER_S, Clock, FakeClock
from playhead.errors import BadValue, DeviceFailed
from playhead.game import Frame
from playhead.regions import Region

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from playhead.devices import DeviceSession

USUAL_HZ = 25.0  # of a video that does not say how many frames a second it has


class VideoFile:
    """A video being read from its beginning. Pictures are decoded in order and made arrays only when asked for.

    `damaged` counts packets and pictures that could not be decoded and were passed over.
    Raises:  DeviceFailed when there is no such file, or nothing in it that can be shown.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        self._container, self._stream = _opened(path)
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.interval_ns = round(NS_PER_S / float(rate)) if rate else round(NS_PER_S / USUAL_HZ)
        self._frames = self._decoded()

    def frames(self) -> Iterator[tuple[int, VideoFrame]]:
        """Yield (nanoseconds since the first picture, picture), in rising order of time."""
        first_ns, last_ns = None, -1
        for frame in self._frames:
            own_ns = _time_ns(frame)
            if own_ns is None:  # no times in the file: one interval after the other
                time_ns = last_ns + self.interval_ns if last_ns >= 0 else 0
            else:
                first_ns = own_ns if first_ns is None else first_ns
                time_ns = own_ns - first_ns
            if time_ns > last_ns:
                last_ns = time_ns
                yield time_ns, frame

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._container.close()

    def _decoded(self) -> Iterator[VideoFrame]:
        """Decode packet by packet, passing over what is damaged."""
        from av.error import FFmpegError

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except FFmpegError:
                self.damaged += 1
                return  # the container itself is torn: nothing after this place can be found
            if packet is None:
                return
            try:
                frames = packet.decode()
            except FFmpegError:
                self.damaged += 1
                continue
            for frame in frames:
                if frame.is_corrupt:
                    self.damaged += 1
                    continue
                yield frame


def _opened(path: Path) -> tuple[InputContainer, VideoStream]:
    try:
        import av
    except ImportError as error:
        raise DeviceFailed(
            'A video needs the package av, which is not installed. Type: pip install "playhead[video]"'
        ) from error
    if not path.is_file():
        raise DeviceFailed(f"There is no video {path}. Name one with --set path=FILE.")
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise DeviceFailed(f"{path} cannot be read as a video: {error}.") from error
    if not container.streams.video:
        kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        container.close()
        raise DeviceFailed(f"{path} has no pictures in it, only {kinds}. Name a video with --set path=FILE.")
    return container, container.streams.video[0]


def _time_ns(frame: VideoFrame) -> int | None:
    if frame.pts is None or frame.time_base is None:
        return None
    time_ns: int = round(frame.pts * frame.time_base * NS_PER_S)
    return time_ns


def upright(frame: VideoFrame) -> FrameArray:
    """Return a picture as it is to be seen: phones store it lying and say how it is to be turned. (H, W, 3)."""
    picture_HWC = cast("FrameArray", frame.to_ndarray(format="rgb24"))
    quarters = round(frame.rotation / 90) % 4  # anticlockwise, as NumPy turns
    return np.ascontiguousarray(np.rot90(picture_HWC, quarters)) if quarters else picture_HWC


class VideoCapture:
    """Looks at a video. A look returns the last picture that is due by now; its end is the end of the source.

    Frames are numbered by their place in the schedule of the rate asked for, so that only what is missed or
    damaged leaves gaps.
    """

    def __init__(
        self, video: VideoFile, frame: Frame, clock: Clock, *, rate_hz: float, crop: Region | None = None
    ) -> None:
        self._video = video
        self._frame = frame
        self._clock = clock
        self._rate_hz = rate_hz
        self._crop = crop
        self._coming = video.frames()
        self._next = next(self._coming, None)
        if self._next is None:
            video.close()
            raise DeviceFailed(f"{video.path} has no picture that could be decoded.")
        self._check_crop(self._next[1])
        self._now = self._next
        self._begin_ns: int | None = None
        self._shown: CapturedFrame | None = None
        self.ending = ""

    def look(self) -> CapturedFrame | None:
        """Return the picture of this moment, or None after the end of the last one."""
        now_ns = self._clock.now_ns()
        if self._begin_ns is None:
            self._begin_ns = now_ns
        elapsed_ns = now_ns - self._begin_ns
        while self._next is not None and self._next[0] <= elapsed_ns:
            self._now, self._next = self._next, next(self._coming, None)
        if self._next is None and elapsed_ns >= self._now[0] + self._video.interval_ns:
            self.ending = self._say_end()
            return None
        time_ns = self._begin_ns + self._now[0]
        if self._shown is None or self._shown.time_ns != time_ns:
            number = round(elapsed_ns * self._rate_hz / NS_PER_S)
            self._shown = CapturedFrame(frame_HWC=self._fitted(self._now[1]), time_ns=time_ns, number=number)
        return self._shown

    def close(self) -> None:
        """Close the file."""
        self._video.close()

    def _say_end(self) -> str:
        damaged = self._video.damaged
        passed = f", {damaged} damaged piece{'s' if damaged > 1 else ''} of it passed over" if damaged else ""
        return f"the video is over{passed}"

    def _check_crop(self, frame: VideoFrame) -> None:
        height, width = upright(frame).shape[:2]
        if self._crop is not None and not self._crop.fits(width, height):
            self._video.close()
            crop = [self._crop.x, self._crop.y, self._crop.width, self._crop.height]
            raise BadValue(f"crop={crop} lies outside the video of {width}x{height}.")

    def _fitted(self, frame: VideoFrame) -> FrameArray:
        """Return a picture cut, and scaled to the game's frame by averaging areas."""
        picture_HWC: Any = upright(frame)
        if self._crop is not None:
            picture_HWC = picture_HWC[self._crop.rows, self._crop.columns]
        high, wide = self._frame.height, self._frame.width
        if picture_HWC.shape[:2] != (high, wide):
            shrinks = picture_HWC.shape[0] > high or picture_HWC.shape[1] > wide
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            picture_HWC = cv2.resize(np.ascontiguousarray(picture_HWC), (wide, high), interpolation=how)
        if self._frame.channels == 1:
            picture_HWC = cv2.cvtColor(picture_HWC, cv2.COLOR_RGB2GRAY)
        fitted_HWC: FrameArray = np.ascontiguousarray(picture_HWC).reshape(self._frame.shape)
        return fitted_HWC


def crop_of(options: Mapping[str, Any]) -> Region | None:
    """Return the option `crop` as a region; None for the whole picture. Raises BadValue."""
    crop = options.get("crop")
    if not crop:
        return None
    try:
        left, top, width, height = (int(number) for number in crop)
        return Region(x=left, y=top, width=width, height=height)
    except (TypeError, ValueError) as error:
        raise BadValue(f"crop={crop} should read [left, top, width, height], as crop=[45,30,400,150].") from error


def open_capture(session: DeviceSession) -> VideoCapture:
    """Open the video that the option `path` names.

    Raises:  BadValue without a path or with a crop that is none, DeviceFailed for a file that is no video.
    """
    path = session.options.get("path")
    if not path:
        raise BadValue(f"The device {session.name} of {session.game.name} needs a file: --set path=FILE.")
    crop = crop_of(session.options)
    if not session.options.get("real_time"):
        session.clock = FakeClock()
    video = VideoFile(Path(str(path)).expanduser())
    return VideoCapture(video, session.game.frame, session.clock, rate_hz=session.rate_hz, crop=crop)
