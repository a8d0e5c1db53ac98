"""What a shown drive really did, as JSON lines: the truth that a recording of its window is compared with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import cv2
import numpy as np

from playhead.clock import SystemClock
from playhead.errors import DeviceFailed
from playhead.showing.stamp import FrameArray

GRID = (6, 4)  # columns and rows of the coarse picture in each frame's line


class DriveLog:
    """Writes one line a picture, key and change of focus; without a path it writes nothing.

    A picture was on the screen from some moment between its began_ns and its time_ns on.
    Units:  all times are of time.perf_counter_ns, one clock for all processes of a Linux machine.
    """

    def __init__(self, path: Path | None) -> None:
        self._clock = SystemClock()
        self._file: TextIO | None = None
        if path is not None:
            try:
                self._file = path.open("w", encoding="utf-8", buffering=1)  # line by line: others read along
            except OSError as error:
                raise DeviceFailed(f"The log cannot be written to {path}: {error.strerror}.") from error

    @property
    def is_on(self) -> bool:
        """Whether anything is written."""
        return self._file is not None

    def now_ns(self) -> int:
        """Return the time on the log's clock."""
        return self._clock.now_ns()

    def write(self, what: str, facts: Mapping[str, Any]) -> None:
        """Write one line."""
        if self._file is not None:
            self._file.write(json.dumps({"what": what, "time_ns": self.now_ns(), **facts}) + "\n")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def grid_of(frame_HWC: FrameArray) -> list[list[list[int]]]:
    """Return a picture as a few mean colours.

    Shapes:  returns 4 rows of 6 columns of (red, green, blue).
    """
    coarse_RC3 = np.asarray(cv2.resize(frame_HWC, GRID, interpolation=cv2.INTER_AREA))
    rows: list[list[list[int]]] = coarse_RC3.tolist()
    return rows
