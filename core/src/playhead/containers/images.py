"""Still pictures: JPEG, PNG, BMP and WebP, decoded upright in RGB. Their size is known before their pixels.

Source:  Pillow, which reads a head first (`Image.open`) and knows here four formats alone.
"""

from __future__ import annotations

import io
import struct
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.containers.files import HEAD_BYTES, kind_of, reason
from playhead.containers.jpeg import read_jpeg

FORMATS = ("JPEG", "PNG", "BMP", "WEBP")
ENDINGS = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp")
MOST_FILE_BYTES = 2**26  # 8K pictures in colour have 100 MB of pixels, and a PNG of them hardly more than half
MOST_PIXELS = 2**25
_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX"}
# What Pillow raises for a file that is damaged or unusual.
_ERRORS = (OSError, SyntaxError, ValueError, TypeError, EOFError, IndexError, KeyError, struct.error, MemoryError)


def decode_image(data: bytes) -> npt.NDArray[np.uint8]:
    """Return a picture as pixels.

    Shapes:  (height, width, 3), RGB.
    Raises:  ValueError saying why there is no such picture.
    """
    from PIL import Image, ImageOps

    if data.startswith(b"\xff\xd8") and (found := read_jpeg(data)).wrong:
        raise ValueError(found.wrong)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is odd in its EXIF
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                wrong = _wrong(opened)
                if not wrong:
                    return np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
    except Image.DecompressionBombError as error:
        raise ValueError("it has too many pixels") from error
    except _ERRORS as error:
        raise ValueError(_said(data, error)) from error
    raise ValueError(wrong)


def _wrong(opened: Any) -> str:
    """Return why a picture is not decoded, "" where it is."""
    wide, high = opened.size
    if wide * high > MOST_PIXELS:
        return f"it is {wide}x{high}; {MOST_PIXELS:,} pixels at most are read"
    if opened.mode not in _MODES:
        return f"its pixels are {opened.mode}, not colours or grey of 8 bits"
    return "it moves" if getattr(opened, "is_animated", False) else ""


def _said(data: bytes, error: BaseException) -> str:
    if not data:
        return "it is empty"
    kind = kind_of(data[:HEAD_BYTES])
    if not kind.endswith("picture"):
        return f"it is {kind or 'no picture'}"
    is_known = kind.split()[1].upper() in FORMATS
    return f"it is damaged, {reason(error)}" if is_known else f"it is {kind}, which is not read: save it as PNG"
