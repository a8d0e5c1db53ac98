"""Where the cameras sit and what they take in: shared by the renderer and by what tells where things are seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

CameraName = Literal["hood", "chase"]

VIEW_DEGREES = 78.0  # across a 4:3 picture: both mouths of a junction stay in sight when waiting at it
NEAR_M = 0.25


@dataclass(frozen=True, kw_only=True)
class Mount:
    """Where a camera sits on the car. Units: metres from the middle of the car; degrees, up positive."""

    ahead_m: float
    height_m: float
    pitch: float


MOUNTS = {
    "hood": Mount(ahead_m=1.5, height_m=1.3, pitch=-7.0),
    "chase": Mount(ahead_m=-6.6, height_m=3.0, pitch=-11.0),
}


def view_slopes(shape: float) -> tuple[float, float]:
    """Return what half a picture takes in, to the side and up, of what is one metre away.

    Units:  shape is the width of the picture over its height.
    """
    up = math.tan(math.radians(VIEW_DEGREES / 2)) * 0.75
    return up * shape, up
