"""Pixels of a part of the desktop (mss), and their conversion to a game's frame. Knows no windows."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import cv2
import numpy as np

from playhead.capture import FrameArray
from playhead.capture.desktop import Box
from playhead.errors import DeviceFailed
from playhead.game import Frame

FORGIVEN_S = 2.0  # how long grabbing may fail: changing the resolution of a screen takes about a second
LOOK_UP_S = 0.5  # how often a box over the edge has the desktop's size looked up anew, which takes some 2 ms


class Grabber:
    """Grabs boxes of the desktop. Opens with the first grab; use and close it in one thread (Windows asks so).

    `rebuilt` counts how often it was opened anew: after a change of resolution, or of what is plugged in.
    """

    def __init__(self) -> None:
        self._mss: Any = None
        self._desktop = Box(left=0, top=0, width=0, height=0)
        self._desktop_s = 0.0
        self._failing_s: float | None = None
        self.rebuilt = 0

    def grab(self, box: Box) -> FrameArray | None:
        """Return what a part of the desktop shows; black where it lies outside. None: not at this moment.

        Shapes:  returns (height, width, 4) uint8, BGRA with an A that means nothing.
        Raises:  DeviceFailed when it has been failing for a while.
        """
        try:
            picture_HWC = self._grab(box)
        except _failures() as error:
            self.close()
            self.rebuilt += 1
            self._forgive(error)
            return None
        self._failing_s = None
        return picture_HWC

    def close(self) -> None:
        """Give the screen back. May be called twice."""
        if self._mss is not None:
            with suppress(*_failures()):  # the server may be gone
                self._mss.close()
            self._mss = None

    def _grab(self, box: Box) -> FrameArray:
        seen = self._seen(box)
        shot_HWC = self._shoot(seen)
        if seen == box:
            return shot_HWC
        picture_HWC = np.zeros((box.height, box.width, 4), np.uint8)
        top, left = seen.top - box.top, seen.left - box.left
        picture_HWC[top : top + seen.height, left : left + seen.width] = shot_HWC
        return picture_HWC

    def _shoot(self, box: Box) -> FrameArray:
        if not box.width or not box.height:
            return np.zeros((box.height, box.width, 4), np.uint8)
        shot = self._opened().grab({"left": box.left, "top": box.top, "width": box.width, "height": box.height})
        # .raw and not .rgb, which takes 25 times as long as the grab.
        return np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)

    def _seen(self, box: Box) -> Box:
        """Return the part of a box that lies on the desktop, whose size is looked up anew before cutting."""
        self._opened()
        seen = _overlap(box, self._desktop)
        if seen != box and time.monotonic() - self._desktop_s > LOOK_UP_S:
            self.close()
            self._opened()
            seen = _overlap(box, self._desktop)
        return seen

    def _opened(self) -> Any:
        if self._mss is None:
            from mss import MSS

            self._mss = MSS()
            whole = self._mss.monitors[0]
            sides = ("left", "top", "width", "height")
            self._desktop = Box(**{side: int(whole[side]) for side in sides})
            self._desktop_s = time.monotonic()
        return self._mss

    def _forgive(self, error: BaseException) -> None:
        now_s = time.monotonic()
        if self._failing_s is None:
            self._failing_s = now_s
        elif now_s - self._failing_s > FORGIVEN_S:
            raise DeviceFailed(
                f"The screen could not be read for {FORGIVEN_S:g} s: {str(error) or 'no answer'}. "
                "Is it locked, or its display closed?"
            ) from error


def _failures() -> tuple[type[BaseException], ...]:
    """Return what mss says when the screen cannot be read. Of a server that is gone it asserts that it answers."""
    from mss.exception import ScreenShotError

    return ScreenShotError, OSError, AssertionError


def share_on_screen(box: Box) -> float:
    """Return how much of a box lies on the desktop, from 0 to 1.

    Raises:  DeviceFailed when the screen cannot be read.
    """
    from mss import MSS

    try:
        with MSS() as screen:
            whole = {side: int(screen.monitors[0][side]) for side in ("left", "top", "width", "height")}
    except _failures() as error:
        raise DeviceFailed(f"The screen cannot be read: {error}. Is it locked, or its display closed?") from error
    seen = _overlap(box, Box(**whole))
    return seen.width * seen.height / max(1, box.width * box.height)


def _overlap(box: Box, other: Box) -> Box:
    """Return what two boxes have in common; no width or no height when that is nothing."""
    left, top = max(box.left, other.left), max(box.top, other.top)
    right = min(box.left + box.width, other.left + other.width)
    bottom = min(box.top + box.height, other.top + other.height)
    if right <= left or bottom <= top:
        return Box(left=box.left, top=box.top, width=0, height=0)
    return Box(left=left, top=top, width=right - left, height=bottom - top)


def to_frame(picture_HWC: FrameArray, frame: Frame) -> FrameArray:
    """Return grabbed pixels as the game's frame: size by averaging areas, colour by weight.

    Halving is 20 times faster in OpenCV than its general averaging, so the picture is halved as often as it
    can be, stretched to twice the frame and halved again: 0.33 ms and not 1.8 from 800x600 to 240x180, and
    38 dB from the general averaging (benchmarks/screen.py).

    Shapes:  picture_HWC (h, w, 4) uint8 BGRA; returns (height, width, channels) uint8 RGB or grey.
    """
    wide, high = frame.width, frame.height
    picture: Any = picture_HWC  # OpenCV's own type of arrays is wider
    while _can_be_halved(picture, 2 * wide, 2 * high):
        picture = _halved(picture)
    height, width = picture.shape[:2]
    if width < wide or height < high:
        picture = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_LINEAR)
    elif (width, height) != (wide, high):
        picture = _halved(cv2.resize(picture, (2 * wide, 2 * high), interpolation=cv2.INTER_LINEAR))
    code = cv2.COLOR_BGRA2GRAY if frame.channels == 1 else cv2.COLOR_BGRA2RGB
    frame_HWC: FrameArray = cv2.cvtColor(picture, code).reshape(frame.shape)
    return frame_HWC


def _can_be_halved(picture_HWC: FrameArray, wide: int, high: int) -> bool:
    height, width = int(picture_HWC.shape[0]), int(picture_HWC.shape[1])
    return width % 2 == 0 and height % 2 == 0 and width >= wide and height >= high


def _halved(picture_HWC: Any) -> Any:
    height, width = picture_HWC.shape[:2]
    return cv2.resize(picture_HWC, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
