"""Draw a collage of a drive, for its README: python -m playhead_streets.postcard docs/pictures/streets.png."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import cv2
import numpy as np

from playhead_streets.expert import Expert
from playhead_streets.minimap import Minimap
from playhead_streets.physics import TICK_S, Controls
from playhead_streets.renderer import Renderer
from playhead_streets.simulation import Simulation
from playhead_streets.town import ByteArray, Weather
from playhead_streets.view import CameraName

# Drives of the expert and the moments of each that are shown: a street with traffic, a junction, the highway.
_MOMENTS: tuple[tuple[int, float], ...] = ((7, 17.0), (8, 16.0), (11, 24.0))
_TILE = (320, 240)
_GAP_PX = 4


def collage(moments: Sequence[tuple[int, float]] = _MOMENTS, tile: tuple[int, int] = _TILE) -> ByteArray:
    """Draw a row for each moment, given as seed and seconds: the bonnet camera and the camera behind the car.

    Shapes:  returns (H, W, 3) uint8 RGB.
    """
    rows = [np.concatenate(_views(seed, time_s, tile), axis=1) for seed, time_s in moments]
    return np.concatenate(rows)[: -_GAP_PX or None, : -_GAP_PX or None]


def _views(seed: int, time_s: float, tile: tuple[int, int]) -> list[ByteArray]:
    drive = Simulation(seed, "train", "regular", 20)
    expert = Expert(drive)
    for _ in range(round(time_s / TICK_S)):
        held = expert.decide()
        drive.step(Controls.from_keys(held["w"], held["a"], held["s"], held["d"]))
    ego, others = drive.ego_pose(), drive.traffic_poses()
    minimap = Minimap(drive.town, *tile)
    views = []
    with Renderer(drive.town, *tile, Weather()) as renderer:
        for camera in get_args(CameraName):
            frame_HWC = renderer.render(camera, ego, others)
            minimap.draw(frame_HWC, ego, drive.route.points_N2[int(drive.along_m) :], drive.route.waypoint_2)
            views.append(np.pad(frame_HWC, ((0, _GAP_PX), (0, _GAP_PX), (0, 0)), constant_values=255))
    return views


def main() -> None:
    """Write the collage to the file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="where to write the PNG")
    file = parser.parse_args().file
    file.parent.mkdir(parents=True, exist_ok=True)
    picture_HWC = collage() & 0xFC  # grain that nobody sees would make the file half as large again
    cv2.imwrite(str(file), picture_HWC[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"{file}: {picture_HWC.shape[1]}x{picture_HWC.shape[0]}, {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
