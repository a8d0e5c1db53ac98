"""Frames from a video file, each with its own time.

The clock of such a device stands still while nobody waits on it, so that every look finds the picture of its
time however slow the network is; with the option `real_time` it is the machine's, and what comes too late is
passed over.

Options: path; crop [left, top, width, height] in pixels of the upright video; track, a number, where a file holds
several films; real_time.
Shape legend: H height, W width, C = 3, RGB.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from playhead.capabilities import Capabilities, provides
from playhead.capture import Capture, CapturedFrame, FrameArray
from playhead.capture.regions import RegionCutter, crop_of
from playhead.clock import NS_PER_S, Clock, FakeClock
from playhead.containers.film import Film
from playhead.containers.video import VideoFile
from playhead.errors import BadValue, Damaged, DeviceFailed, Mismatch, NotFound
from playhead.game import Frame
from playhead.regions import Region

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from playhead.devices import DeviceSession


class VideoCapture(Capture):
    """Looks at a video. A look returns the last picture that is due by now; its end is the end of the source.

    Frames are numbered by their place in the schedule of the rate asked for, so that only what is missed, damaged
    or left out leaves gaps. Left out are pictures of another size than the first, where they had to be squeezed
    into the frame, or where the crop does not fit into them.
    """

    ending = ""

    def __init__(
        self, video: VideoFile, frame: Frame, clock: Clock, *, rate_hz: float, crop: Region | None = None,
        cutter: RegionCutter | None = None,
    ) -> None:  # fmt: skip
        self._video = video
        self._frame = frame
        self._clock = clock
        self._rate_hz = rate_hz
        self._film = Film(video, crop)
        self._cutter = cutter or RegionCutter((0, 0), {})
        self._coming = self._film.pictures()
        try:
            self._next = self._following()
            if self._next is None:
                raise DeviceFailed(f"{video.path} has no picture that could be decoded.")
        except BaseException:
            video.close()
            raise
        self._now = self._next
        self._begin_ns: int | None = None
        self._shown: CapturedFrame | None = None

    def look(self) -> CapturedFrame | None:
        """Return the picture of this moment, or None after the end of the last one."""
        now_ns = self._clock.now_ns()
        if self._begin_ns is None:
            self._begin_ns = now_ns
        elapsed_ns = now_ns - self._begin_ns
        while self._next is not None and self._next[0] <= elapsed_ns:
            self._now, self._next = self._next, self._following()
        if self._next is None and elapsed_ns >= self._now[0] + self._video.interval_ns:
            self.ending = self._say_end()
            return None
        time_ns = self._begin_ns + self._now[0]
        if self._shown is None or self._shown.time_ns != time_ns:
            number = round(elapsed_ns * self._rate_hz / NS_PER_S)
            picture_HWC = self._film.cut(self._now[1])
            self._shown = CapturedFrame(
                frame_HWC=self._fitted(picture_HWC), time_ns=time_ns, number=number,
                regions=self._cutter.cut(picture_HWC),
            )  # fmt: skip
        return self._shown

    def close(self) -> None:
        """Close the file."""
        self._video.close()

    def _say_end(self) -> str:
        left_out = self._video.left_out()
        return f"the video is over, {left_out}" if left_out else "the video is over"

    def _following(self) -> tuple[int, VideoFrame] | None:
        try:
            return next(self._coming, None)
        except (Damaged, Mismatch) as error:
            raise DeviceFailed(str(error)) from error

    def _fitted(self, picture_HWC: Any) -> FrameArray:
        """Return a picture scaled to the game's frame by averaging areas."""
        high, wide = self._frame.height, self._frame.width
        if picture_HWC.shape[:2] != (high, wide):
            shrinks = picture_HWC.shape[0] > high or picture_HWC.shape[1] > wide
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            picture_HWC = cv2.resize(np.ascontiguousarray(picture_HWC), (wide, high), interpolation=how)
        if self._frame.channels == 1:
            picture_HWC = cv2.cvtColor(picture_HWC, cv2.COLOR_RGB2GRAY)
        fitted_HWC: FrameArray = np.ascontiguousarray(picture_HWC).reshape(self._frame.shape)
        return fitted_HWC


def track_of(options: Mapping[str, Any]) -> int | None:
    """Return the option `track`; None to take the default. Raises BadValue."""
    track = options.get("track")
    if track is None or track == "":
        return None
    if isinstance(track, bool) or not str(track).isdecimal():
        raise BadValue(f"track={track} should be a number, as track=1.")
    return int(track)


@provides(lambda options: Capabilities(lockstep=not options.get("real_time"), kind="a video"))
def open_capture(session: DeviceSession) -> VideoCapture:
    """Open the video that the option `path` names.

    Raises:  BadValue without a path, with a wrong crop or track, DeviceFailed for a file that is no video.
    """
    path = session.options.get("path")
    if not path:
        raise BadValue(f"The device {session.name} of {session.game.name} needs a file: --set path=FILE.")
    crop, track = crop_of(session.options), track_of(session.options)
    if not session.options.get("real_time"):
        session.clock = FakeClock()
    video = _opened(Path(str(path)).expanduser(), track)
    return VideoCapture(
        video, session.game.needed_frame, session.clock, rate_hz=session.rate_hz, crop=crop,
        cutter=RegionCutter.of(session.game),
    )  # fmt: skip


def _opened(path: Path, track: int | None) -> VideoFile:
    try:
        import av  # noqa: F401
    except ImportError as error:
        raise DeviceFailed(
            'A video needs the package av, which is not installed. Type: pip install "playhead[video]"'
        ) from error
    if not path.is_file():
        raise DeviceFailed(f"There is no video {path}. Name one with --set path=FILE.")
    try:
        return VideoFile(path, track)
    except (Damaged, Mismatch, NotFound) as error:
        raise DeviceFailed(str(error)) from error
