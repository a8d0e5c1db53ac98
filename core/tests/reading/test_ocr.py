"""Text recognition reads a number in any font, offline, and says nothing of what has none."""

from __future__ import annotations

import cv2
import numpy as np

from playhead.reading.ocr import open_reader


def test_a_number_of_any_font_is_read_and_an_empty_region_is_not() -> None:
    reader = open_reader({})
    for font in (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX):
        shown = np.full((57, 131, 3), 30, np.uint8)
        cv2.putText(shown, "187", (20, 45), font, 1.5, (240, 240, 240), 3, cv2.LINE_AA)
        number, sure = reader.read(shown)
        assert (number, sure > 0.9) == (187, True)
    assert reader.read(np.full((57, 131, 3), 30, np.uint8))[1] == 0
