"""Cuts regions out of what a source shows, before that is made as small as the game's frame; what `crop` leaves.

A speed of 131 x 57 pixels on the screen has 15 x 12 in a frame of 224 x 224.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.capture import CapturedFrame, FrameArray
from playhead.errors import BadValue
from playhead.game import Game
from playhead.regions import Region


class RegionCutter:
    """Cuts the regions that a game's readings look at out of pictures of any size."""

    def __init__(self, frame_size: tuple[int, int], regions: Mapping[str, Region]) -> None:
        self._frame_size = frame_size
        self._regions = dict(regions)
        self._size: tuple[int, int] | None = None
        self._scaled: dict[str, Region] = {}

    @classmethod
    def of(cls, game: Game) -> RegionCutter:
        """Return the cutter of a game; it cuts nothing where nothing is read."""
        names = dict.fromkeys(reading.region for reading in game.readings.values())
        size = (game.frame.width, game.frame.height) if game.frame is not None else (0, 0)
        return cls(size, {name: game.region(name) for name in names})

    def shown(self, captured: CapturedFrame) -> Mapping[str, FrameArray]:
        """Return the regions as the source gave them, else as they are in the frame."""
        return captured.regions or self.cut(captured.frame_HWC)

    def cut(self, picture_HWC: npt.NDArray[Any], *, is_bgr: bool = False) -> dict[str, FrameArray]:
        """Return a copy of each region as it is in a picture of the whole frame.

        Shapes:  picture_HWC (h, w, 1, 3 or 4) uint8; returns (h, w, 1 or 3), RGB.
        """
        if not self._regions:
            return {}
        size = (picture_HWC.shape[1], picture_HWC.shape[0])
        if size != self._size:
            self._size = size
            self._scaled = {name: one.scaled(self._frame_size, size) for name, one in self._regions.items()}
        colours = slice(2, None, -1) if is_bgr else slice(0, 3)
        return {
            name: np.ascontiguousarray(picture_HWC[one.rows, one.columns, colours])
            for name, one in self._scaled.items()
        }


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
