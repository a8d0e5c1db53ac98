"""Black borders round a film: the part of its pictures that is ever bright."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from playhead.clock import NS_PER_S
from playhead.containers.video import VideoFile
from playhead.errors import Damaged
from playhead.regions import Region

LOOKED_S = 30.0  # of a film: menus and fades are dark, hardly all of so long
EVERY = 5  # pictures, of which one is looked at
DARK = 24  # brightness up to which a pixel is black, as codecs leave it


def inside_borders(path: Path, track: int | None = None) -> Region:
    """Return what of a film's pictures is ever bright in its first LOOKED_S, in pixels as they are stored.

    Raises:  Damaged for a film that is black all the time or has no picture; as `VideoFile`.
    """
    video = VideoFile(path, track)
    brightest_HW = np.zeros((1, 1), np.uint8)
    try:
        for number, (time_ns, frame) in enumerate(video.frames()):
            if time_ns > LOOKED_S * NS_PER_S:
                break
            if number % EVERY == 0:
                grey_HW = video.grey(frame)
                is_same = brightest_HW.shape == grey_HW.shape  # not at the first, or where the size changes
                brightest_HW = np.maximum(brightest_HW, grey_HW) if is_same else grey_HW
    finally:
        video.close()
    is_bright_HW = brightest_HW > DARK
    rows, columns = np.flatnonzero(is_bright_HW.any(1)), np.flatnonzero(is_bright_HW.any(0))
    if not len(rows):
        raise Damaged(f"{path} is black for {LOOKED_S:g} s: its borders cannot be told. Say --crop L,T,W,H.")
    left, top = int(columns[0]), int(rows[0])
    return Region(x=left, y=top, width=int(columns[-1]) + 1 - left, height=int(rows[-1]) + 1 - top)
