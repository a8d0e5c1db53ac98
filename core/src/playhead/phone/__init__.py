"""A phone as playhead works it: touch it, look at its screen. Knows no game and no way of reaching the phone.

Shape legend: H height, W width in pixels of the screen as it is held now, C = 3, RGB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from playhead.clock import Clock
from playhead.errors import BadValue
from playhead.regions import Region

if TYPE_CHECKING:
    from playhead.devices import DeviceSession
    from playhead.game import Frame

FrameArray = npt.NDArray[np.uint8]
Point = tuple[float, float]

SHARED = "phone"  # the name under which backends and collectors share the phone in a DeviceSession


@dataclass(frozen=True, kw_only=True)
class View:
    """A part of the screen, and how large it is wanted.

    Units:  `part` in pixels of the screen, None for all of it; width and height of the picture, 0 for as it is.
    """

    part: Region | None = None
    width: int = 0
    height: int = 0


class Phone(Protocol):
    """A touch screen. Time passes on `clock` while it is touched: the machine's for a real phone, and one that
    never waits for a phone that is only drawn.

    Every method raises DeviceFailed, saying what to do, when the phone cannot be reached any more.
    """

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the screen in pixels, as it is held now."""
        ...

    @property
    def clock(self) -> Clock:
        """What its time is told by, and what whoever works it waits on."""
        ...

    def tap(self, x: float, y: float) -> None:
        """Touch the screen shortly at a pixel."""
        ...

    def drag(self, start: Point, end: Point, seconds: float) -> None:
        """Touch at `start`, move to `end` in so many seconds, let go. `end` may lie outside of the screen."""
        ...

    def grab(self, view: View | None = None) -> FrameArray:
        """Return what the screen shows now: all of it, or a view. Shape (H, W, 3) uint8."""
        ...

    def close(self) -> None:
        """Let go of the phone. May be called twice."""
        ...


def phone_of(session: DeviceSession) -> Phone:
    """Return the phone that a device's backends share. Raises BadValue on a device that is none."""

    def missing() -> Phone:
        raise BadValue(
            f"The device {session.name} of {session.game.name} can only be looked at, not touched. "
            "Name one that is a phone with --on; see: playhead show " + session.game.name + "."
        )

    return session.share(SHARED, missing)


def view_of(options: Mapping[str, Any], size: tuple[int, int], frame: Frame) -> View:
    """Return the part of a screen that the device option `crop` names, at the size of the game's frame.

    `crop` is [left, top, width, height] in a picture of the screen whose longer side is `crop_side` pixels
    (0: in the screen's own pixels). Without it the whole screen is the frame.
    Raises:  BadValue for a crop that is no rectangle on the screen.
    """
    crop = options.get("crop")
    if not crop:
        return View(width=frame.width, height=frame.height)
    side = float(options.get("crop_side") or 0) or float(max(size))
    return View(part=cropped(crop, side, size), width=frame.width, height=frame.height)


def cropped(crop: Sequence[float], side: float, size: tuple[int, int]) -> Region:
    """Return the part of a screen of this size that `crop` is: [left, top, width, height] in a picture of it.

    `side` is the longer side of that picture.
    Raises:  BadValue for a crop that is no rectangle on the screen.
    """
    scale = max(size) / side
    try:
        left, top, width, height = (float(number) * scale for number in crop)
        right, bottom = round(left + width), round(top + height)
        part = Region(x=round(left), y=round(top), width=right - round(left), height=bottom - round(top))
    except (TypeError, ValueError) as error:
        raise BadValue(f"crop={crop} should read [left, top, width, height], as crop=[45,30,400,150].") from error
    if not part.fits(*size):
        raise BadValue(f"crop={crop} of {side:g} lies outside the screen of {size[0]}x{size[1]}.")
    return part


def seen(screen_HWC: FrameArray, view: View | None) -> FrameArray:
    """Return a view of a whole screen, shrunk by area averaging and enlarged linearly; black beside the screen.

    Shapes:  screen_HWC (H, W, 3) uint8; returns (view.height or part's, view.width or part's, 3), its own memory.
    """
    import cv2

    part = view.part if view is not None else None
    picture = screen_HWC if part is None else screen_HWC[part.rows, part.columns]
    if part is not None and picture.shape[:2] != (part.height, part.width):  # the phone was turned
        whole = np.zeros((part.height, part.width, screen_HWC.shape[2]), np.uint8)
        whole[: picture.shape[0], : picture.shape[1]] = picture
        picture = whole
    wide = (view.width if view is not None else 0) or picture.shape[1]
    high = (view.height if view is not None else 0) or picture.shape[0]
    if (high, wide) == picture.shape[:2]:
        return picture.copy()
    shrinks = wide < picture.shape[1] or high < picture.shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cast(FrameArray, cv2.resize(np.ascontiguousarray(picture), (wide, high), interpolation=how))
