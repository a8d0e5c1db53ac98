"""What a network sees of a frame: the whole of it made smaller, and regions at their own resolution."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from playhead.game import Frame
from playhead.regions import Region

FrameArray = npt.NDArray[np.uint8]
SCENE = "scene"


@dataclass(frozen=True, kw_only=True)
class View:
    """A named part of the frame, and the size it is seen at: `region` None is the whole frame."""

    name: str
    region: Region | None
    width: int
    height: int

    def cut(self, frames_NHWC: FrameArray) -> FrameArray:
        """Cut this view from frames, making it smaller by averaging areas. Returns (N, height, width, C)."""
        part_NHWC = frames_NHWC
        if (part := self.region) is not None:
            part_NHWC = frames_NHWC[:, part.y : part.y + part.height, part.x : part.x + part.width]
        if part_NHWC.shape[1:3] == (self.height, self.width):
            return np.ascontiguousarray(part_NHWC)
        view_NHWC = np.empty((len(part_NHWC), self.height, self.width, part_NHWC.shape[3]), dtype=np.uint8)
        for part_HWC, view_HWC in zip(part_NHWC, view_NHWC, strict=True):
            small = cv2.resize(part_HWC, (self.width, self.height), interpolation=cv2.INTER_AREA)
            view_HWC[...] = small.reshape(view_HWC.shape)  # cv2 drops the axis of a single channel
        return view_NHWC


def views_of(
    frame: Frame, regions: Mapping[str, Region], scene_pixels: int, scene_size: Sequence[int] | None = None
) -> list[View]:
    """Return the scene, scaled to about `scene_pixels` or to `scene_size`, and each region as it is.

    Units:  scene_size (width, height) in pixels. A frame that is smaller already is not made larger.
    """
    width, height = scene_size or _scaled(frame.width, frame.height, scene_pixels)
    scene = View(name=SCENE, region=None, width=int(width), height=int(height))
    return [scene] + [
        View(name=name, region=region, width=region.width, height=region.height)
        for name, region in regions.items()
    ]


def _scaled(width: int, height: int, pixels: int) -> tuple[int, int]:
    factor = min(1.0, math.sqrt(pixels / (width * height)))
    return max(1, round(width * factor)), max(1, round(height * factor))
