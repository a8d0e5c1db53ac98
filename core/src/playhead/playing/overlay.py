"""What is drawn over and beside a picture that a network is asked about: its answer, bars of how likely, heat.

Made to be cheap: it is drawn between two frames. Shape legend: H height, W width, C channels (3 or 1), RGB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from playhead.capture import FrameArray
from playhead.labels import Axes, Head

FloatArray = npt.NDArray[np.floating]

MOST_HEAT = 0.7  # of a pixel where the heat is 1; the picture is still seen through it
GAP = 8  # pixels between picture and heat
TARGET_WIDTH = (
    800  # of the canvas: smaller pictures are enlarged until there; each further pixel costs at the window
)
ROW, PANEL, NAME, NUMBER = 17, 196, 78, 40  # pixels: a bar's row, all bars across, their names, their numbers
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_INK, _DIM, _BAR, _BEST = (255, 255, 255), (70, 74, 80), (66, 133, 214), (80, 190, 120)


def _heat_tables() -> tuple[FrameArray, FrameArray]:
    """Return for every level of heat what is added to a pixel, and how much of the pixel stays (of 255)."""
    level_256 = np.arange(256, dtype=np.uint8)
    bgr = cv2.applyColorMap(level_256[:, None], cv2.COLORMAP_INFERNO)[:, 0]
    share_256 = MOST_HEAT * level_256 / 255
    added = (bgr[:, ::-1] * share_256[:, None]).round().astype(np.uint8)
    stays = np.repeat(((1 - share_256) * 255).round().astype(np.uint8)[:, None], 3, axis=1)
    return added[None], stays[None]


_ADDED, _STAYS = _heat_tables()


def with_heat(frame_HWC: FrameArray, heat_HW: FloatArray) -> FrameArray:
    """Draw heat over a frame: none where it is 0, strong where it is 1. Returns a new picture (H, W, 3)."""
    level_HW = (np.clip(heat_HW, 0.0, 1.0) * 255).astype(np.uint8)
    return with_levels(coloured(frame_HWC), level_HW)


def with_levels(frame_HW3: FrameArray, level_HW: FrameArray) -> FrameArray:
    """Draw heat given as levels 0 to 255 over a frame: two tables, a product and a sum, 0.2 ms at 400x150."""
    level_HW3: Any = cv2.merge([level_HW] * 3)
    kept: Any = cv2.multiply(frame_HW3, cv2.LUT(level_HW3, _STAYS), scale=1 / 255)
    shown: Any = cv2.add(kept, cv2.LUT(level_HW3, _ADDED))
    shown_HW3: FrameArray = shown
    return shown_HW3


def coloured(frame_HWC: FrameArray) -> FrameArray:
    """Return a frame with three channels."""
    return np.repeat(frame_HWC, 3, axis=2) if frame_HWC.shape[2] == 1 else frame_HWC


class Canvas:
    """The picture with the answer over it, and the heat beside it; drawn anew for every frame into one memory.

    `names` are the outputs shown as bars, by head, in the order of the network.
    """

    def __init__(self, height: int, width: int, heads: Mapping[str, Head], *, has_heat: bool) -> None:
        self.scale = max(1.0, TARGET_WIDTH / (width * (2 if has_heat else 1) + GAP))
        self._high, self._wide = round(height * self.scale), round(width * self.scale)
        self._heads = heads
        total = self._wide * (2 if has_heat else 1) + (GAP if has_heat else 0)
        self.picture_HW3: FrameArray = np.full((self._high, total, 3), 24, dtype=np.uint8)
        self._has_heat = has_heat

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.picture_HW3.shape[1], self.picture_HW3.shape[0]

    def draw(
        self,
        frame_HWC: FrameArray,
        predictions: Mapping[str, FloatArray],
        level_HW: FrameArray | None,
        caption: str = "",
    ) -> FrameArray:
        """Draw a frame and what was answered; `level_HW` is the heat in levels, `caption` is written over it."""
        frame_HW3 = coloured(frame_HWC)
        self._lay(frame_HW3, 0)
        if self._has_heat:
            self._lay(frame_HW3 if level_HW is None else with_levels(frame_HW3, level_HW), self._wide + GAP)
            self._write(caption, self._wide + GAP + 6, self._high - 8, 0.45, _INK)
        top = 6
        for name, head in self._heads.items():
            if name in predictions:
                top = self._bars(name, head, predictions[name], top)
        return self.picture_HW3

    def _lay(self, frame_HW3: FrameArray, left: int) -> None:
        place = self.picture_HW3[:, left : left + self._wide]
        if frame_HW3.shape[:2] == place.shape[:2]:
            place[...] = frame_HW3
            return
        place[...] = cv2.resize(frame_HW3, (self._wide, self._high), interpolation=cv2.INTER_LINEAR)

    def _bars(self, name: str, head: Head, answer_O: FloatArray, top: int) -> int:
        """Draw the bars of one head below one another; returns where the next head may begin."""
        rows = bar_rows(head, answer_O)
        best = max(range(len(rows)), key=lambda place: rows[place][1])
        wide = min(PANEL, self._wide - 12)
        panel = self.picture_HW3[top : top + ROW * len(rows) + 6, 6 : 6 + wide]
        panel >>= 2
        left, room = 6 + NAME, wide - NAME - NUMBER
        for place, (label, value) in enumerate(rows):
            y = top + 3 + place * ROW
            length = round(room * min(1.0, max(0.0, value)))
            self.picture_HW3[y + 4 : y + ROW - 4, left : left + room] = _DIM
            self.picture_HW3[y + 4 : y + ROW - 4, left : left + length] = _BEST if place == best else _BAR
            self._write(label[:12], 11, y + 12, 0.37, _INK)
            self._write(f"{100 * value:3.0f} %", left + room + 5, y + 12, 0.37, _INK)
        return top + ROW * len(rows) + 12

    def _write(self, text: str, x: int, y: int, size: float, colour: Sequence[int]) -> None:
        cv2.putText(self.picture_HW3, text, (x + 1, y + 1), _FONT, size, (0, 0, 0), 1, cv2.LINE_AA)
        cv2.putText(self.picture_HW3, text, (x, y), _FONT, size, tuple(colour), 1, cv2.LINE_AA)


def bar_rows(head: Head, answer_O: FloatArray) -> list[tuple[str, float]]:
    """Return (name, share of 1) of each output; an axis is moved from [-1, 1] to [0, 1]."""
    if not isinstance(head, Axes):
        return list(zip(head.names, answer_O.tolist(), strict=True))
    if head.deltas:
        names = [f"{name} {delta:+g}" for name in head.names for delta in head.deltas]
        return list(zip(names, answer_O.tolist(), strict=True))
    return list(zip(head.names, ((answer_O + 1) / 2).tolist(), strict=True))
