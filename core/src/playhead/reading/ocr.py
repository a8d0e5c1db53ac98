"""Reads numbers with RapidOCR, which knows any font: some 10 ms each. For learning digits; or for a slow game."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from playhead.capture import FrameArray
from playhead.errors import DeviceFailed
from playhead.reading import Reader

LEAST_PX = 48  # high: what it was trained on; smaller pictures are stretched to that
_NUMBER = re.compile(r"\d{1,6}")


class OcrReader(Reader):
    """Reads the first number in a line of text."""

    def __init__(self) -> None:
        try:
            from rapidocr_onnxruntime import RapidOCR
        except ImportError as error:
            raise DeviceFailed(
                'Text is read with the package rapidocr-onnxruntime. Type: pip install "playhead[ocr]"'
            ) from error
        self._ocr: Any = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)

    def read(self, picture_HWC: FrameArray) -> tuple[float, float]:
        """Return the number and how sure the library is of its line."""
        high, wide = picture_HWC.shape[:2]
        times = max(1.0, LEAST_PX / high)
        picture: Any = cv2.resize(
            picture_HWC, (round(wide * times), round(high * times)), interpolation=cv2.INTER_CUBIC
        )
        picture = picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)
        picture = cv2.copyMakeBorder(picture[:, :, ::-1], 8, 8, 16, 16, cv2.BORDER_REPLICATE)
        lines, _ = self._ocr(picture, use_det=False, use_cls=False, use_rec=True)
        for text, sure in lines or ():
            found = _NUMBER.search(str(text))
            if found:
                return float(found.group()), float(sure)
        return math.nan, 0.0


def open_reader(options: Mapping[str, Any]) -> OcrReader:
    """Return a reader of any font; it has no options."""
    return OcrReader()
