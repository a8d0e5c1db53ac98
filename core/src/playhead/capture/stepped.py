"""Frames from a world that is stepped, at the game's frame size: an environment, a console."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from playhead.capture import Capture, CapturedFrame, FrameArray
from playhead.capture.regions import RegionCutter
from playhead.errors import DeviceFailed
from playhead.game import Frame
from playhead.stepping import Stepped, is_picture


class SteppedCapture(Capture):
    """Looks at a stepped world. The episode's end is the end of the source.

    Units:  rate_hz frames a second, by which frames are numbered in real time.
    """

    def __init__(
        self, world: Stepped, frame: Frame, *, rate_hz: float, cutter: RegionCutter | None = None
    ) -> None:
        self._world = world
        self._frame = frame
        self._rate_hz = rate_hz
        self._cutter = cutter or RegionCutter((0, 0), {})
        self._looks = 0

    @property
    def episodes(self) -> Stepped:
        """The world."""
        return self._world

    def look(self) -> CapturedFrame | None:
        """Return the present picture, or None when the episode is over."""
        world = self._world
        world.catch_up()
        if world.is_over:
            return None
        picture = self._picture()
        number = self._looks
        if world.is_real_time:
            number = round(world.steps / world.step_hz * self._rate_hz)
        self._looks += 1
        shown_HWC = as_picture(picture)
        return CapturedFrame(
            frame_HWC=fit_frame(shown_HWC, self._frame),
            time_ns=world.now_ns(),
            number=number,
            telemetry=self._telemetry(),
            cameras=self._pictures(),
            regions=self._cutter.cut(shown_HWC),
        )

    def _picture(self) -> object:
        """Return what is shown, checked by nobody yet."""
        return self._world.render()

    def _telemetry(self) -> dict[str, float]:
        """Return what is told with the picture."""
        return dict(self._world.telemetry())

    def _pictures(self) -> dict[str, FrameArray]:
        """Return the pictures of further cameras."""
        return {}

    def close(self) -> None:
        """Nothing to give back: the session closes the world."""


def fit_frame(picture: object, frame: Frame) -> FrameArray:
    """Return a picture as the game's frame: size by area averaging, colour by weight.

    Shapes:  picture (h, w), (h, w, 1), (h, w, 3) or (h, w, 4) uint8; returns (height, width, channels).
    Raises:  DeviceFailed when it is no such picture.
    """
    fitted: Any = as_picture(picture)
    if fitted.shape[:2] != (frame.height, frame.width):
        fitted = cv2.resize(fitted, (frame.width, frame.height), interpolation=cv2.INTER_AREA)
        fitted = fitted if fitted.ndim == 3 else fitted[:, :, None]
    if fitted.shape[2] != frame.channels:
        code = cv2.COLOR_RGB2GRAY if frame.channels == 1 else cv2.COLOR_GRAY2RGB
        fitted = cv2.cvtColor(fitted, code).reshape(frame.shape)
    if np.may_share_memory(fitted, picture):
        fitted = fitted.copy()  # an environment may draw its next picture over this one
    frame_HWC: FrameArray = np.ascontiguousarray(fitted)
    return frame_HWC


def as_picture(shown: object, camera: str = "") -> FrameArray:
    """Return what an environment shows as (h, w, 3 or 1). Raises DeviceFailed when it is no picture."""
    if not isinstance(shown, np.ndarray) or not is_picture(shown):
        what = f"{shown.dtype} {shown.shape}" if isinstance(shown, np.ndarray) else type(shown).__name__
        where, then = ("", 'Try the device option "frames": "render", "observation" or "observation/KEY".')
        if isinstance(shown, np.ndarray) and shown.ndim in (2, 3) and shown.size:
            then = "Have the environment convert it: uint8 from 0 to 255, with the colours last."
        if camera:
            where = f" for the camera {camera}"
            then = f'Name a part of its observation or info that is one: "cameras": {{"{camera}": "KEY"}}.'
        raise DeviceFailed(
            f"The environment showed {what}{where} where a picture (height, width, 3) of uint8 was expected. "
            f"{then}"
        )
    picture: FrameArray = shown if shown.ndim == 3 else shown[:, :, None]
    return picture[:, :, :3]
