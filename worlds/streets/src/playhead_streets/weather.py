"""What the weather does to a picture once it is drawn: haze, rain, darkness.

It is laid over the finished picture, so clear weather costs nothing and a change of weather rebuilds no town.
Shape legend: H x W pixels, C colours.
"""

from __future__ import annotations

import cv2
import numpy as np

from playhead_streets.sky import HORIZON
from playhead_streets.town import ByteArray, Weather

_STREAK_PICTURES = 8


class Grade:
    """The weather of an episode, ready to be laid over pictures of one size."""

    def __init__(self, weather: Weather, width: int, height: int) -> None:
        self._brightness = weather.brightness * (1 - 0.25 * weather.rain)
        self._haze = _haze(weather, width, height)
        self._streaks = _streaks(weather.rain, width, height) if weather.rain > 0 else []

    def lay_over(self, frame_HWC: ByteArray, moment: int) -> None:
        """Change a picture in place to what this weather shows; `moment` chooses the streaks of rain."""
        if self._haze is not None:
            haze_HWC, clear_HWC = self._haze
            cv2.multiply(frame_HWC, clear_HWC, dst=frame_HWC, scale=1 / 255)
            cv2.add(frame_HWC, haze_HWC, dst=frame_HWC)
        if self._streaks:
            cv2.add(frame_HWC, self._streaks[moment % _STREAK_PICTURES], dst=frame_HWC)
        if self._brightness != 1:
            cv2.convertScaleAbs(frame_HWC, dst=frame_HWC, alpha=self._brightness)


def _haze(weather: Weather, width: int, height: int) -> tuple[ByteArray, ByteArray] | None:
    """Return what haze adds to a picture and the share of 255 that it leaves; it is thickest at the horizon."""
    amount = max(weather.haze, 0.55 * weather.rain)
    if amount == 0:
        return None
    rows_H = np.arange(height) / height
    depth_H = np.exp(-(((rows_H - 0.4) / np.where(rows_H < 0.4, 0.5, 0.16)) ** 2))
    share_H11 = (amount * (0.2 + 0.6 * depth_H))[:, None, None]
    grey = np.array(HORIZON) * (1 - 0.15 * weather.rain)
    haze_HWC = np.broadcast_to(share_H11 * grey, (height, width, 3)).astype(np.uint8, order="C")
    clear_HWC = np.broadcast_to(255 * (1 - share_H11), (height, width, 3)).astype(np.uint8, order="C")
    return haze_HWC, clear_HWC


def _streaks(rain: float, width: int, height: int) -> list[ByteArray]:
    """Draw a few pictures of slanting drops to choose from."""
    pictures = []
    for number in range(_STREAK_PICTURES):
        rng = np.random.default_rng(number)
        picture_HWC = np.zeros((height, width, 3), np.uint8)
        for _ in range(int(70 * rain) + 10):
            x, y = int(rng.integers(width)), int(rng.integers(height))
            length = int(height * rng.uniform(0.03, 0.08))
            tone = int(rng.integers(18, 50))
            cv2.line(picture_HWC, (x, y), (x - length // 5, y + length), (tone, tone, tone), 1, cv2.LINE_AA)
        pictures.append(picture_HWC)
    return pictures
