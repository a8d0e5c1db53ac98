"""Frames from any Gymnasium environment: what it renders, or its observation, at the game's frame size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from playhead.capabilities import Capabilities, provides
from playhead.capture import Capture, CapturedFrame, FrameArray
from playhead.clock import NS_PER_S
from playhead.environment import EnvironmentSession
from playhead.errors import BadValue, DeviceFailed
from playhead.game import Frame

if TYPE_CHECKING:
    from playhead.devices import DeviceSession


class EnvironmentCapture(Capture):
    """Looks at an environment. The episode's end is the end of the source."""

    def __init__(
        self, environment: EnvironmentSession, frame: Frame, *, source: str, rate_hz: float,
        telemetry: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._environment = environment
        self._frame = frame
        self._source = source
        self._rate_hz = rate_hz
        self._looks = 0
        self._unknown = dict.fromkeys([*telemetry, *environment.telemetry()], math.nan)

    @property
    def episodes(self) -> EnvironmentSession:
        """The environment."""
        return self._environment

    @property
    def telemetry_names(self) -> tuple[str, ...]:
        """What the option "telemetry" names, and the numbers with which the environment begins."""
        return tuple(self._unknown)

    def look(self) -> CapturedFrame | None:
        """Return the present picture, or None when the episode is over."""
        environment = self._environment
        environment.catch_up()
        if environment.is_over:
            return None
        picture = environment.env.render() if self._source == "render" else environment.observation
        time_ns = environment.now_ns()
        number = self._looks
        if environment.is_real_time:
            number = round(environment.steps / environment.step_hz * self._rate_hz)
        self._looks += 1
        return CapturedFrame(
            frame_HWC=fit_frame(picture, self._frame),
            time_ns=time_ns,
            number=number,
            telemetry={**self._unknown, **environment.telemetry()},
        )

    def close(self) -> None:
        """Nothing to give back: the session closes the environment."""


def fit_frame(picture: object, frame: Frame) -> FrameArray:
    """Return a picture as the game's frame: size by area averaging, colour by weight.

    Shapes:  picture (h, w), (h, w, 1), (h, w, 3) or (h, w, 4) uint8; returns (height, width, channels).
    Raises:  DeviceFailed when it is no such picture.
    """
    if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8 or picture.ndim not in (2, 3):
        shown = f"{picture.dtype} {picture.shape}" if isinstance(picture, np.ndarray) else type(picture).__name__
        raise DeviceFailed(
            f"The environment showed {shown} where a picture (height, width, 3) of uint8 was expected. "
            'Try the device option "frames": "render" or "observation".'
        )
    fitted: Any = picture if picture.ndim == 3 else picture[:, :, None]
    fitted = fitted[:, :, :3]
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
    if source not in ("render", "observation"):
        raise BadValue(f'frames={source} is neither "render" nor "observation".')
    environment = EnvironmentSession.of(session)
    if session.rate_hz > environment.step_hz * (1 + 1 / NS_PER_S):
        raise BadValue(
            f"{session.game.name} asks for {session.rate_hz:g} frames a second, but {session.name} makes only "
            f"{environment.step_hz:g} steps a second. Pass --rate {environment.step_hz:g} or less."
        )
    return EnvironmentCapture(
        environment, session.game.needed_frame, source=source, rate_hz=session.rate_hz,
        telemetry=declared_telemetry(session.options),
    )  # fmt: skip
