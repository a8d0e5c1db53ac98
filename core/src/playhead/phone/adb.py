"""A phone with Android, reached through an adb server: touched by `input`, looked at by `screencap`.

Tested against a server on loopback that speaks adb's protocol (playhead.testing.adb). No phone was ever attached.
Source:  `screencap` writes width, height, format (and since Android 9 a colour space) as uint32, then the pixels.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from playhead.clock import NS_PER_S, Clock, SystemClock
from playhead.errors import DeviceFailed
from playhead.phone import FrameArray, Point, View, seen
from playhead.phone.link import Link, find_phone

START_S = 60.0  # how long an app may take to come to the front
RGBA, RGBX, BGRA = 1, 2, 5  # pixel formats of `screencap`


class AdbPhone:
    """A phone behind an adb server. `size` is that of the last picture: who turns the phone changes it."""

    def __init__(self, link: Link, *, clock: Clock | None = None, is_png: bool = False) -> None:
        self._link = link
        self.clock: Clock = clock or SystemClock()
        self._is_png = is_png
        self.size = (0, 0)
        self._screen()

    @classmethod
    def connect(cls, options: Mapping[str, Any], *, clock: Clock | None = None) -> AdbPhone:
        """Connect to the phone that the device options mean, and bring `app` to its front if they name one.

        Options: serial, host, port; png (compressed pictures, for a slow cable); app (package/activity).
        Raises:  as `find_phone`, and DeviceFailed when the phone does not answer.
        """
        link = find_phone(options)
        if options.get("app"):
            _bring_to_front(link, str(options["app"]), clock or SystemClock())
        return cls(link, clock=clock, is_png=bool(options.get("png", False)))

    @property
    def link(self) -> Link:
        """The way to the phone."""
        return self._link

    @property
    def serial(self) -> str:
        """What the phone is known by."""
        return self._link.serial

    def tap(self, x: float, y: float) -> None:
        """Touch the screen shortly. Raises DeviceFailed when the phone did not do it."""
        self._link.run(f"input tap {round(x)} {round(y)}")

    def drag(self, start: Point, end: Point, seconds: float) -> None:
        """Touch, move and let go. Raises DeviceFailed when the phone did not come to the end of it."""
        (x1, y1), (x2, y2) = start, end
        command = f"input swipe {round(x1)} {round(y1)} {round(x2)} {round(y2)} {round(seconds * 1000)}"
        self._link.run(command, seconds)

    def grab(self, view: View | None = None) -> FrameArray:
        """Return what the screen shows now. Raises DeviceFailed when no picture came."""
        return seen(self._screen(), view)

    def close(self) -> None:
        """Nothing stays open between two commands."""

    def _screen(self) -> FrameArray:
        command = "screencap -p" if self._is_png else "screencap"
        data = self._link.read(command)
        try:
            screen_HWC = _decoded_png(data) if self._is_png else _decoded_raw(data)
        except ValueError as error:
            raise DeviceFailed(
                f"The phone {self.serial} sent no picture of its screen: {error}. Is it still connected and "
                "unlocked? Try --set png=true."
            ) from error
        self.size = (screen_HWC.shape[1], screen_HWC.shape[0])
        return screen_HWC


def _decoded_raw(data: bytes) -> FrameArray:
    if len(data) < 12:
        raise ValueError(f"{len(data)} bytes came")
    width, height, pixel_format = struct.unpack_from("<III", data)
    head = len(data) - 4 * width * height
    if head not in (12, 16) or pixel_format not in (RGBA, RGBX, BGRA):
        raise ValueError(f"{len(data)} bytes came for {width}x{height} pixels of format {pixel_format}")
    pixels_HWC = np.frombuffer(data, dtype=np.uint8, offset=head).reshape(height, width, 4)
    order = [2, 1, 0] if pixel_format == BGRA else [0, 1, 2]
    return np.ascontiguousarray(pixels_HWC[:, :, order] if pixel_format == BGRA else pixels_HWC[:, :, :3])


def _decoded_png(data: bytes) -> FrameArray:
    import cv2

    picture = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR) if data else None
    if picture is None:
        raise ValueError(f"{len(data)} bytes came that are no PNG")
    return cast(FrameArray, cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))


def _bring_to_front(link: Link, app: str, clock: Clock) -> None:
    """Start an app unless it is in front already, and wait until it is. `app` is package/activity."""
    package = app.partition("/")[0]
    end_ns = clock.now_ns() + round(START_S * NS_PER_S)
    if _in_front(link) == package:
        return
    link.run(f"am start -n {app}")
    while _in_front(link) != package:
        if clock.now_ns() >= end_ns:
            raise DeviceFailed(
                f"{package} did not come to the front of the phone {link.serial}. Start it by hand."
            )
        clock.sleep_until(clock.now_ns() + NS_PER_S)


def _in_front(link: Link) -> str:
    found = re.search(r"mCurrentFocus=Window\{\S+ \S+ ([^/\s]+)", link.run("dumpsys window"))
    return found.group(1) if found else ""
