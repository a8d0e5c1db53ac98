"""The Zarr codecs `playhead.jpeg` and `playhead.h264`, found by any zarr-python by entry points `zarr.codecs`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
from zarr.abc.codec import ArrayBytesCodec
from zarr.core.array_spec import ArraySpec
from zarr.core.buffer import Buffer, NDBuffer
from zarr.core.common import JSON, parse_named_configuration

from playhead.containers.h264 import H264Pictures
from playhead.decoding import convert
from playhead.storage.pictures import JpegPicture


@dataclass(frozen=True)
class _PictureCodec(ArrayBytesCodec):
    """A codec that stands in zarr.json with its name and fields, and makes chunks as long as their pictures."""

    is_fixed_size = False
    name: ClassVar[str]

    @classmethod
    def from_dict(cls, data: dict[str, JSON]) -> Self:
        """Make the codec from zarr.json."""
        _, configuration = parse_named_configuration(data, cls.name, require_configuration=False)
        values: dict[str, Any] = dict(configuration or {})
        return cls(**values)

    def to_dict(self) -> dict[str, JSON]:
        """Return the codec as it stands in zarr.json."""
        return {"name": self.name, "configuration": asdict(self)}

    def compute_encoded_size(self, _input_byte_length: int, _chunk_spec: ArraySpec) -> int:
        """Refuse: a chunk is as long as its pictures make it."""
        raise NotImplementedError


@dataclass(frozen=True)
class JpegCodec(_PictureCodec):
    """One picture (1, H, W, C) uint8 a chunk, as a JPEG file. Lossy."""

    name = "playhead.jpeg"

    quality: int = 75
    colour: str = "rgb"
    subsampling: str = "444"

    def validate(self, *, shape: tuple[int, ...], dtype: Any, chunk_grid: Any) -> None:
        """Raise ValueError for an array that holds anything but pictures."""
        channels = 3 if self.colour == "rgb" else 1
        if len(shape) != 4 or shape[3] != channels:
            raise ValueError(f"playhead.jpeg with colour {self.colour} wants (T, H, W, {channels}), not {shape}")
        if np.dtype(dtype.to_native_dtype()) != np.uint8:
            raise ValueError(f"playhead.jpeg wants uint8, not {dtype}")

    async def _decode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> NDBuffer:
        frame_1HWC = np.empty(chunk_spec.shape, dtype=np.uint8)
        self._picture.decode_into(chunk_bytes.to_bytes(), frame_1HWC[0])
        return chunk_spec.prototype.nd_buffer.from_numpy_array(frame_1HWC)

    async def _encode_single(self, chunk_array: NDBuffer, chunk_spec: ArraySpec) -> Buffer | None:
        frame_1HWC = chunk_array.as_numpy_array()
        if frame_1HWC.shape[0] != 1:
            raise ValueError(f"playhead.jpeg holds one picture a chunk, not {frame_1HWC.shape[0]}")
        return chunk_spec.prototype.buffer.from_bytes(self._picture.encode(frame_1HWC[0]))

    @property
    def _picture(self) -> JpegPicture:
        return convert(asdict(self), JpegPicture, where="The codec playhead.jpeg")


@dataclass(frozen=True)
class H264Codec(_PictureCodec):
    """Pictures (N, H, W, C) uint8 of a chunk as one H.264 stream, which may hold fewer: then zeros follow."""

    name = "playhead.h264"

    colour: str = "rgb"
    lossless: bool = False

    async def _decode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> NDBuffer:
        coder = convert(asdict(self), H264Pictures, where="The codec playhead.h264")
        frames_NHWC = np.zeros(chunk_spec.shape, dtype=np.uint8)
        shape = (chunk_spec.shape[1], chunk_spec.shape[2], chunk_spec.shape[3])
        for frame_HWC, planes_CHW in zip(frames_NHWC, coder.decode(chunk_bytes.to_bytes(), shape), strict=False):
            coder.planes_into(planes_CHW, frame_HWC)
        return chunk_spec.prototype.nd_buffer.from_numpy_array(frames_NHWC)

    async def _encode_single(self, _chunk_array: NDBuffer, _chunk_spec: ArraySpec) -> Buffer | None:
        """Refuse: a recording is archived as a whole, by `playhead data archive`."""
        raise NotImplementedError
