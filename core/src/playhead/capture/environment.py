"""Frames from any Gymnasium environment: what it renders, or its observation, at the game's frame size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from playhead.capabilities import Capabilities, provides
from playhead.capture import FrameArray, like
from playhead.capture.regions import RegionCutter, crop_of
from playhead.capture.stepped import SteppedCapture, as_picture, fit_frame
from playhead.clock import NS_PER_S
from playhead.environment import EnvironmentSession
from playhead.errors import BadValue
from playhead.game import Frame
from playhead.regions import Region

if TYPE_CHECKING:
    from playhead.devices import DeviceSession


class EnvironmentCapture(SteppedCapture):
    """Looks at an environment: at what it renders, or at its observation."""

    def __init__(
        self, environment: EnvironmentSession, frame: Frame, *, source: str, rate_hz: float,
        telemetry: Sequence[str] = (), cameras: Mapping[str, str] | None = None,
        cutter: RegionCutter | None = None, crop: Region | None = None,
    ) -> None:  # fmt: skip
        super().__init__(environment, frame, rate_hz=rate_hz, cutter=cutter)
        self._environment = environment
        self._crop = crop
        self._source, _, self._key = source.partition("/")
        self._keys = dict(cameras or {})
        self._cameras = {name: like(frame, self._shown(name)) for name in self._keys}
        self._unknown = dict.fromkeys([*telemetry, *environment.telemetry()], math.nan)

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

    def _picture(self) -> FrameArray:
        environment = self._environment
        picture = environment.render() if self._source == "render" else environment.picture(self._key)
        return self._cropped(as_picture(picture))

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

    def _telemetry(self) -> dict[str, float]:
        return {**self._unknown, **self._environment.telemetry()}

    def _pictures(self) -> dict[str, FrameArray]:
        return {name: fit_frame(self._shown(name), frame) for name, frame in self._cameras.items()}


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
