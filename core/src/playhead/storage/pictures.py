"""One picture to bytes and back: the same functions for the writer, the reader and the Zarr codec.

Shape legend: H height, W width, C channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import simplejpeg
from numcodecs.zstd import Zstd

from playhead.errors import Mismatch

FrameArray = npt.NDArray[np.uint8]
_JPEG_COLOURS = ("YCbCr", "RGB", "Gray")  # those that become RGB and grey
_JPEG_END = b"\xff\xd9"
_JPEG_SCAN = 0xDA  # the marker of the segment that the compressed pixels follow
_JPEG_PADDING = 0xFF
# (height, width) -> the head last found good: an encoder writes the same before every picture.
_HEADS: dict[tuple[int, int], bytes] = {}


@dataclass(frozen=True, kw_only=True)
class JpegPicture:
    """JPEG of a stated quality. `subsampling` is "420" or "444" for colour and "grey" for one channel."""

    quality: int
    colour: str
    subsampling: str

    def encode(self, frame_HWC: FrameArray) -> bytes:
        """Return the picture as JPEG."""
        data: bytes = simplejpeg.encode_jpeg(
            np.ascontiguousarray(frame_HWC),
            quality=self.quality,
            colorspace=self._space,
            colorsubsampling="Gray" if self.subsampling == "grey" else self.subsampling,
            fastdct=False,
        )
        return data

    def decode_into(self, data: bytes, out_HWC: FrameArray) -> None:
        """Decode into `out_HWC`. Raises ValueError for bytes that are no JPEG of exactly that size."""
        found = simplejpeg.decode_jpeg(data, colorspace=self._space, fastdct=False, buffer=out_HWC)
        if found.shape != out_HWC.shape:
            raise ValueError(f"the picture is {found.shape}, not {out_HWC.shape}")

    def check(self, data: bytes, shape: tuple[int, int, int]) -> None:
        """Raise ValueError unless `data` begins and ends as a JPEG of that (height, width, channels) does.

        Costs 3 µs, and .5 where the picture begins as the one before; decoding one of 400x150 costs 200. It finds
        what was cut short and what is no picture; bytes that were changed inside are found by decoding alone, and
        not all of them.
        """
        known = _HEADS.get(shape[:2])
        if known is None or not data.startswith(known):
            _check_head(data, shape)
            if head := _head(data):
                _HEADS[shape[:2]] = head
        if not data.endswith(_JPEG_END):
            raise ValueError("it is cut short, its end is missing")

    @property
    def _space(self) -> str:
        return "RGB" if self.colour == "rgb" else "GRAY"


def _check_head(data: bytes, shape: tuple[int, int, int]) -> None:
    height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
    if (height, width) != shape[:2]:
        raise ValueError(f"it is {width}x{height}, not {shape[1]}x{shape[0]}")
    if colours not in _JPEG_COLOURS:
        raise ValueError(f"its colours are {colours}, not {' or '.join(_JPEG_COLOURS)}")


def _head(data: bytes) -> bytes:
    """Return a JPEG's segments up to its compressed pixels, all that its size and colours follow from.

    Empty for one that pads its segments: that is allowed, and rare.
    """
    start = 2
    while data[start : start + 1] == b"\xff":
        marker, end = data[start + 1], start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
        if marker in (_JPEG_SCAN, _JPEG_PADDING):
            return data[:end] if marker == _JPEG_SCAN else b""
        start = end
    return b""


@dataclass(frozen=True, kw_only=True)
class ZstdPicture:
    """The raw picture, losslessly compressed with zstd. For pixel art, and where every bit counts."""

    level: int

    def encode(self, frame_HWC: FrameArray) -> bytes:
        """Return the picture compressed."""
        data: bytes = _zstd(self.level).encode(np.ascontiguousarray(frame_HWC))
        return data

    def decode_into(self, data: bytes, out_HWC: FrameArray) -> None:
        """Decode into `out_HWC`. Raises ValueError or RuntimeError for bytes that are not this picture."""
        raw = _zstd(self.level).decode(data)
        out_HWC[...] = np.frombuffer(raw, dtype=np.uint8).reshape(out_HWC.shape)

    def check(self, data: bytes, shape: tuple[int, int, int]) -> None:
        """Raise ValueError or RuntimeError unless `data` decodes to that (height, width, channels)."""
        self.decode_into(data, np.empty(shape, dtype=np.uint8))


Picture = JpegPicture | ZstdPicture


@cache
def _zstd(level: int) -> Any:
    return Zstd(level=level)


def picture_of(codecs: list[dict[str, Any]], *, where: str) -> Picture:
    """Return what encodes and decodes the pictures of an array with these Zarr codecs.

    Raises:  Mismatch for codecs that no version of this format has.
    """
    names = [codec["name"] for codec in codecs]
    if names == ["playhead.jpeg"]:
        return JpegPicture(**codecs[0]["configuration"])
    if names == ["bytes", "zstd"]:
        return ZstdPicture(level=codecs[1]["configuration"]["level"])
    raise Mismatch(f"{where}: frames are stored with {', '.join(names)}; playhead.jpeg or bytes, zstd is wanted.")
