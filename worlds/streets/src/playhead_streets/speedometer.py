"""The speed in the lower left corner, in whole kilometres an hour, where The Crew 2 has it."""

from __future__ import annotations

import cv2

from playhead_streets.corners import speed_box
from playhead_streets.town import ByteArray

_PANEL = (24, 26, 30)
_DIGITS = (244, 246, 248)
_FONT = cv2.FONT_HERSHEY_DUPLEX
_DIGIT_PX = 22.0  # height of a digit at scale 1


def draw_speed(frame_HWC: ByteArray, speed_mps: float) -> None:
    """Draw the speed into a picture in place; backwards it counts up as well."""
    height, width = frame_HWC.shape[:2]
    left, top, right, bottom = speed_box(width, height)
    text = str(round(abs(speed_mps) * 3.6))
    scale = 0.75 * (bottom - top) / _DIGIT_PX
    thickness = max(1, round(2 * scale))
    (wide, high), _ = cv2.getTextSize(text, _FONT, scale, thickness)
    panel_HWC = frame_HWC[top:bottom, left:right]
    panel_HWC[:] = _PANEL
    at = (max(0, right - left - wide - 2), (bottom - top + high) // 2)
    cv2.putText(panel_HWC, text, at, _FONT, scale, _DIGITS, thickness, cv2.LINE_AA)
