"""The pictures of a video that are of one shape, upright and cut; those of another are counted, never squeezed.

Shape legend: H height, W width, C = 3, RGB.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from playhead.clock import NS_PER_S
from playhead.containers.video import LONGEST_GAP_NS, FrameArray, VideoFile
from playhead.errors import BadValue
from playhead.regions import Region

if TYPE_CHECKING:
    from av.video.frame import VideoFrame


class Film:
    """A video seen through a crop, in pixels of the upright picture. Pictures become arrays when asked for."""

    def __init__(self, video: VideoFile, crop: Region | None = None) -> None:
        self.video = video
        self._crop = crop
        self._first_size: tuple[int, int] | None = None

    def pictures(self) -> Iterator[tuple[int, VideoFrame]]:
        """Yield (nanoseconds since the first picture, picture) of all that fit.

        Raises:  BadValue where the crop lies outside of the first; as `VideoFile.frames`.
        """
        for time_ns, frame in self.video.frames():
            wide, high = self.video.size(frame)
            if self._first_size is None:
                self._first_size = wide, high
                self._check_crop(wide, high)
            if not self._fits(wide, high):
                why = "the crop lies outside" if self._crop else "they would be squeezed"
                self.video.pass_over(f"of another size, {wide}x{high} ({why})", "picture")
                continue
            yield time_ns, frame

    def cut(self, frame: VideoFrame) -> FrameArray:
        """Return what the crop shows of a picture. (H, W, 3) RGB."""
        picture_HWC = self.video.upright(frame)
        return picture_HWC if self._crop is None else picture_HWC[self._crop.rows, self._crop.columns]

    def _fits(self, wide: int, high: int) -> bool:
        if self._crop is not None:
            return self._crop.fits(wide, high)
        first_wide, first_high = self._first_size or (wide, high)
        return abs(wide * first_high / first_wide - high) <= 1

    def _check_crop(self, width: int, height: int) -> None:
        if self._crop is not None and not self._crop.fits(width, height):
            crop = [self._crop.x, self._crop.y, self._crop.width, self._crop.height]
            raise BadValue(f"crop={crop} lies outside the video of {width}x{height}.")


def length_ns_of(path: Path, track: int | None = None) -> int:
    """Return how long the film in a video is, by the times of its packets; nothing is decoded.

    Times that begin again count on, and gaps of more than a minute do not count. Raises as `VideoFile`.
    """
    video = VideoFile(path, track)
    try:
        length, last = 0, None
        for time_ns in video.packet_times_ns():
            if last is not None and 0 < time_ns - last <= LONGEST_GAP_NS:
                length += time_ns - last
            is_behind = last is not None and last - NS_PER_S < time_ns <= last  # pictures are not stored in order
            last = last if is_behind else time_ns
        return length + video.interval_ns
    finally:
        video.close()
