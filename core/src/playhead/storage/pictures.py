"""One picture to bytes and back: the same functions for the writer, the reader and the Zarr codec.

Shape legend: H height, W width, C channels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import simplejpeg
from msgspec import Meta
from numcodecs.zstd import Zstd

from playhead.containers.files import kind_of
from playhead.containers.h264 import H264Pictures
from playhead.containers.jpeg import END, SAID, TURNS, Jpeg, head_of_jpeg, is_plain, read_jpeg
from playhead.decoding import convert
from playhead.errors import Mismatch

FrameArray = npt.NDArray[np.uint8]
_JPEG_COLOURS = ("YCbCr", "RGB", "Gray")  # those that become RGB and grey
TURNED_QUALITY = 95  # of what must be encoded again: 45 dB against the picture that was decoded
_ZSTD = b"\x28\xb5\x2f\xfd"
# (height, width) -> the head last found good: an encoder writes the same before every picture.
_HEADS: dict[tuple[int, int], bytes] = {}


@dataclass(frozen=True, kw_only=True)
class JpegPicture:
    """JPEG of a stated quality. `subsampling` is "420" or "444" for colour and "grey" for one channel."""

    quality: Annotated[int, Meta(ge=1, le=100)]
    colour: Literal["rgb", "grey"]
    subsampling: Literal["420", "444", "grey"]

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

    def decode_all(self, data: bytes, shape: tuple[int, int, int], _count: int = 1) -> FrameArray:
        """Return the one picture, (1, H, W, C). Raises as `decode_into`."""
        frames_1HWC = np.empty((1, *shape), np.uint8)
        self.decode_into(data, frames_1HWC[0])
        return frames_1HWC

    def check(self, data: bytes, shape: tuple[int, int, int]) -> None:
        """Raise ValueError unless `data` is one upright JPEG of that (height, width, channels), and nothing else.

        Costs 50 µs, and .5 where the picture begins as the one before; decoding one of 400x150 costs 200.
        It finds what was cut short, what is no picture, what lies on its side and what has bytes behind its end,
        except those that end as a picture does behind one that begins as the one before: `made_fit` finds them.
        Bytes that were changed inside are found by decoding alone, and not all of them.
        """
        known = _HEADS.get(shape[:2])
        if known is None or not data.startswith(known) or not data.endswith(END):
            self._look_closer(data, shape)

    def _look_closer(self, data: bytes, shape: tuple[int, int, int]) -> None:
        found = _read(data)
        if found.orientation != 1:
            raise ValueError(f"it lies {SAID[found.orientation]}, as its EXIF says")
        _check_head(data, shape)
        if not found.end:
            raise ValueError("it is cut short, its end is missing")
        if found.end < len(data):
            raise ValueError(f"it has {_bytes(len(data) - found.end)} behind its end")
        if (head := head_of_jpeg(data)) and is_plain(head):
            _HEADS[shape[:2]] = head

    def made_fit(self, data: bytes, shape: tuple[int, int, int]) -> tuple[bytes, str]:
        """Return a picture that `check` refuses in a form that it takes, and what was done to it.

        Raises:  ValueError saying why there is no such form.
        """
        found, done = _read(data), []
        if found.end and found.end < len(data):
            behind = data[found.end :]
            what = " (a further picture)" if b"\xff\xd8\xff" in behind[: 2**16] else ""
            done.append(f"without the {_bytes(len(behind))} behind its end{what}")
            data = data[: found.end]
        if found.orientation != 1:
            data = self._turned(data, shape, found.orientation)
            done.append(f"turned upright, as its EXIF says that it lies {SAID[found.orientation]}; encoded again")
        self.check(data, shape)
        return data, " and ".join(done)

    def _turned(self, data: bytes, shape: tuple[int, int, int], orientation: int) -> bytes:
        is_mirrored, quarters = TURNS[orientation]
        lying = (shape[1], shape[0]) if quarters % 2 else shape[:2]
        _check_head(data, (*lying, shape[2]))
        if not data.endswith(END):
            raise ValueError("it is cut short, its end is missing")
        frame_HWC = simplejpeg.decode_jpeg(data, colorspace=self._space, fastdct=False)
        upright_HWC = np.rot90(frame_HWC[:, ::-1] if is_mirrored else frame_HWC, quarters)
        kept: Literal["grey", "444"] = "grey" if self.subsampling == "grey" else "444"
        return JpegPicture(quality=TURNED_QUALITY, colour=self.colour, subsampling=kept).encode(upright_HWC)

    @property
    def _space(self) -> str:
        return "RGB" if self.colour == "rgb" else "GRAY"


def _bytes(count: int) -> str:
    return f"{count:,} byte{'s' if count > 1 else ''}"


def _read(data: bytes) -> Jpeg:
    """Return what a JPEG says. Raises ValueError for what is none, and for one that is not to be decoded."""
    if not data.startswith(b"\xff\xd8"):
        kind = kind_of(data[:64]) or ("no JPEG" if data.strip(b"\0") else "nothing but zeros")
        raise ValueError("it is empty" if not data else f"it is {kind}")
    found = read_jpeg(data)
    if found.wrong:
        raise ValueError(found.wrong)
    return found


def _check_head(data: bytes, shape: tuple[int, ...]) -> None:
    height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
    if (height, width) != shape[:2]:
        raise ValueError(f"it is {width}x{height}, not {shape[1]}x{shape[0]}")
    if colours not in _JPEG_COLOURS:
        raise ValueError(f"its colours are {colours}, not {' or '.join(_JPEG_COLOURS)}")


@dataclass(frozen=True, kw_only=True)
class ZstdPicture:
    """The raw picture, losslessly compressed with zstd. For pixel art, and where every bit counts."""

    level: Annotated[int, Meta(ge=-100, le=22)]

    def encode(self, frame_HWC: FrameArray) -> bytes:
        """Return the picture compressed."""
        data: bytes = _zstd(self.level).encode(np.ascontiguousarray(frame_HWC))
        return data

    def decode_into(self, data: bytes, out_HWC: FrameArray) -> None:
        """Decode into `out_HWC`. Raises ValueError or RuntimeError for bytes that are not this picture."""
        claimed = _zstd_size(data)
        if claimed != out_HWC.nbytes:  # asked before room is made for it
            raise ValueError(f"it claims {claimed} bytes of pixels, not {out_HWC.nbytes}")
        # Into room of the right size, which frames behind the first do not make larger.
        raw = out_HWC if out_HWC.flags.c_contiguous else np.empty(out_HWC.shape, np.uint8)
        _zstd(self.level).decode(data, raw)
        if raw is not out_HWC:
            out_HWC[...] = raw

    def decode_all(self, data: bytes, shape: tuple[int, int, int], _count: int = 1) -> FrameArray:
        """Return the one picture, (1, H, W, C). Raises as `decode_into`."""
        frames_1HWC = np.empty((1, *shape), np.uint8)
        self.decode_into(data, frames_1HWC[0])
        return frames_1HWC

    def check(self, data: bytes, shape: tuple[int, int, int]) -> None:
        """Raise ValueError or RuntimeError unless `data` decodes to that (height, width, channels)."""
        self.decode_into(data, np.empty(shape, dtype=np.uint8))

    def made_fit(self, data: bytes, shape: tuple[int, int, int]) -> tuple[bytes, str]:
        """Return the picture as it is: there is nothing that could be converted. Raises as `check`."""
        self.check(data, shape)
        return data, ""


def _zstd_size(data: bytes) -> int | None:
    """Return how many bytes a zstd frame claims to decode to; None where it does not say, or is none.

    Source:  RFC 8878, section 3.1.1.1.
    """
    if len(data) < 6 or data[:4] != _ZSTD:
        return None
    descriptor = data[4]
    is_single = bool(descriptor & 0x20)
    length = (int(is_single), 2, 4, 8)[descriptor >> 6]
    start = 5 + int(not is_single) + (0, 1, 2, 4)[descriptor & 3]
    if not length or len(data) < start + length:
        return None
    return int.from_bytes(data[start : start + length], "little") + (256 if length == 2 else 0)


Picture = JpegPicture | ZstdPicture


def most_bytes(shape: tuple[int, int, int], group: int = 1) -> int:
    """Return how long a chunk of `group` pictures of (height, width, channels) may be: what is longer is not read.

    Noise as JPEG of quality 100 is 1.4 times as long as its pixels; imported files may carry profiles besides.
    """
    return 2 * group * math.prod(shape) + 8 * 2**20


@cache
def _zstd(level: int) -> Any:
    return Zstd(level=level)


def coder_of(codecs: list[dict[str, Any]], *, where: str) -> Picture | H264Pictures:
    """Return what decodes the chunks of an array of pictures: `picture_of`, or those of an archived recording."""
    if [codec["name"] for codec in codecs] == ["playhead.h264"]:
        return convert(codecs[0].get("configuration"), H264Pictures, where=f"{where}/frames/zarr.json")
    return picture_of(codecs, where=where)


def picture_of(codecs: list[dict[str, Any]], *, where: str) -> Picture:
    """Return what encodes and decodes the pictures of an array with these Zarr codecs.

    Raises:  Mismatch for codecs that no version of this format has, Damaged for options that they cannot have.
    """
    names = [codec["name"] for codec in codecs]
    if names == ["playhead.jpeg"]:
        return convert(codecs[0].get("configuration"), JpegPicture, where=f"{where}/frames/zarr.json")
    if names == ["bytes", "zstd"]:
        return convert(codecs[1].get("configuration"), ZstdPicture, where=f"{where}/frames/zarr.json")
    raise Mismatch(f"{where}: frames are stored with {', '.join(names)}; playhead.jpeg or bytes, zstd is wanted.")
