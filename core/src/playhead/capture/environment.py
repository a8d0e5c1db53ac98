"""Frames from any Gymnasium environment: what it renders, or its observation, at the game's frame size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from playhead.capabilities import Capabilities, provides
from playhead.capture import Capture, CapturedFrame, FrameArray, like
from playhead.capture.regions import RegionCutter, crop_of
from playhead.clock import NS_PER_S
from playhead.environment import EnvironmentSession
from playhead.errors import BadValue, DeviceFailed
from playhead.game import Frame
from playhead.regions import Region

if TYPE_CHECKING:
    from playhead.devices import DeviceSession


class EnvironmentCapture(Capture):
    """Looks at an environment. The episode's end is the end of the source."""

    def __init__(
        self, environment: EnvironmentSession, frame: Frame, *, source: str, rate_hz: float,
        telemetry: Sequence[str] = (), cameras: Mapping[str, str] | None = None,
        cutter: RegionCutter | None = None, crop: Region | None = None,
    ) -> None:  # fmt: skip
        self._environment = environment
        self._crop = crop
        self._cutter = cutter or RegionCutter((0, 0), {})
        self._frame = frame
        self._source, _, self._key = source.partition("/")
        self._rate_hz = rate_hz
        self._looks = 0
        self._keys = dict(cameras or {})
        self._cameras = {name: like(frame, self._shown(name)) for name in self._keys}
        self._unknown = dict.fromkeys([*telemetry, *environment.telemetry()], math.nan)

    @property
    def episodes(self) -> EnvironmentSession:
        """The environment."""
        return self._environment

    @property
    def telemetry_names(self) -> tuple[str, ...]:
        """What the option "telemetry" names, and the numbers with which the environment begins."""
        return tuple(self._unknown)

    @property
    def cameras(self) -> dict[str, Frame]:
        """What the option "cameras" names, as large as it is at the beginning."""
        return self._cameras

    def _shown(self, camera: str) -> FrameArray:
        """Return what a further camera shows."""
        return as_picture(self._environment.picture(self._keys[camera]), camera)

    def _cropped(self, shown_HWC: FrameArray) -> FrameArray:
        """Return the part that the option "crop" names. Raises BadValue where it lies outside."""
        if self._crop is None:
            return shown_HWC
        high, wide = shown_HWC.shape[:2]
        if not self._crop.fits(wide, high):
            raise BadValue(
                f"crop={[*self._crop.to_json().values()]} lies outside the picture of {wide}x{high} that "
                f"{self._environment.env.name} shows. It reads [left, top, width, height]."
            )
        return shown_HWC[self._crop.rows, self._crop.columns]

    def look(self) -> CapturedFrame | None:
        """Return the present picture, or None when the episode is over."""
        environment = self._environment
        environment.catch_up()
        if environment.is_over:
            return None
        picture = environment.render() if self._source == "render" else environment.picture(self._key)
        time_ns = environment.now_ns()
        number = self._looks
        if environment.is_real_time:
            number = round(environment.steps / environment.step_hz * self._rate_hz)
        self._looks += 1
        shown_HWC = self._cropped(as_picture(picture))
        return CapturedFrame(
            frame_HWC=fit_frame(shown_HWC, self._frame),
            time_ns=time_ns,
            number=number,
            telemetry={**self._unknown, **environment.telemetry()},
            cameras={name: fit_frame(self._shown(name), frame) for name, frame in self._cameras.items()},
            regions=self._cutter.cut(shown_HWC),
        )

    def close(self) -> None:
        """Nothing to give back: the session closes the environment."""


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
    is_picture = isinstance(shown, np.ndarray) and shown.dtype == np.uint8 and shown.ndim in (2, 3) and shown.size
    if not isinstance(shown, np.ndarray) or not is_picture or shown.shape[2:] not in ((), (1,), (3,), (4,)):
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


def declared_cameras(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the option "cameras": where the pictures of each are, in a Dict observation or in the info."""
    cameras = options.get("cameras") or {}
    if not isinstance(cameras, Mapping) or not all(isinstance(key, str) for key in cameras.values()):
        raise BadValue(
            f'cameras={cameras} is no mapping of names to keys. Give the device "cameras": {{"rear": "KEY"}}.'
        )
    return {str(name): key for name, key in cameras.items()}


def declared_telemetry(options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the option "telemetry": numbers that an environment does not begin with."""
    names = options.get("telemetry") or ()
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise BadValue(f'telemetry={names} is no list of names. Give the device "telemetry": ("score", "lives").')
    return tuple(names)


@provides(lambda options: Capabilities(episodes=True, lockstep=not options.get("real_time")))
def open_capture(session: DeviceSession) -> EnvironmentCapture:
    """Open the environment of a device for looking."""
    source = session.options.get("frames", "render")
    if source not in ("render", "observation") and not str(source).startswith("observation/"):
        raise BadValue(f'frames={source} is neither "render" nor "observation" nor "observation/KEY".')
    environment = EnvironmentSession.of(session)
    if session.rate_hz > environment.step_hz * (1 + 1 / NS_PER_S):
        raise BadValue(
            f"{session.game.name} asks for {session.rate_hz:g} frames a second, but {session.name} makes only "
            f"{environment.step_hz:g} steps a second. Pass --rate {environment.step_hz:g} or less."
        )
    return EnvironmentCapture(
        environment, session.game.needed_frame, source=source, rate_hz=session.rate_hz,
        telemetry=declared_telemetry(session.options), cameras=declared_cameras(session.options),
        cutter=RegionCutter.of(session.game), crop=crop_of(session.options),
    )  # fmt: skip
