"""Pictures that follow one another as one H.264 stream and back: what an archived recording keeps.

A stream stands alone: it begins with a key frame and refers to nothing before it. FFmpeg is given its bytes and
neither a name nor a container; what they decode to is bounded by size and number of the pictures expected.

Shape legend: N pictures of a stream, H height, W width, C channels.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from playhead.containers.files import reason
from playhead.errors import DeviceFailed

FrameArray = npt.NDArray[np.uint8]

# Of the streets world at 240x180, 25 pictures a stream: 2.1 KiB, 35.2 dB (python benchmarks/archive.py).
USUAL_CRF = 26
BEGIN = b"\0\0\0\1\x67"  # the parameters that every stream begins with; it has them once
_RATE = 25  # what the encoder is told, whatever the rate: pictures are kept alike, however fast they follow
_FULL_RANGE, _BT601 = 2, 5  # numbers of FFmpeg and ITU-T H.273: colours as those of JPEG
_MARGIN = 64  # pixels a side that a coded picture may be larger: it has whole blocks
KEPT_BYTES = 64 * 2**20  # of decoded pictures: 500 of 240x180
# Formats of FFmpeg that a stream of each kind decodes to, and its planes in the order of ours.
_PLANES: dict[tuple[str, bool], tuple[set[str], tuple[int, ...]]] = {
    ("rgb", False): ({"yuv444p", "yuvj444p"}, (0, 2, 1)),  # luma, red, blue: what OpenCV calls YCrCb
    ("rgb", True): ({"gbrp"}, (2, 0, 1)),
    ("grey", False): ({"gray", "yuv420p", "yuvj420p"}, (0,)),
    ("grey", True): ({"gray", "yuv420p", "yuvj420p"}, (0,)),
}


@dataclass(frozen=True, kw_only=True)
class H264Pictures:
    """H.264 with colour in full (4:4:4), full range, BT.601 as in JPEG; lossless ones keep red, green and blue."""

    colour: Literal["rgb", "grey"]
    lossless: bool

    def encode(self, frames_NHWC: FrameArray, crf: int = USUAL_CRF) -> bytes:
        """Return pictures as one stream. `crf` is x264's, 1 to 51: lower is better and larger.

        Raises:  DeviceFailed without PyAV, or where its encoder refuses.
        """
        av = _av()
        coder: Any = av.CodecContext.create("libx264rgb" if self._is_rgb else "libx264", "w")
        coder.height, coder.width = frames_NHWC.shape[1:3]
        coder.pix_fmt = "rgb24" if self._is_rgb else "gray" if self.colour == "grey" else "yuv444p"
        coder.framerate, coder.time_base = Fraction(_RATE), Fraction(1, _RATE)
        coder.gop_size = len(frames_NHWC)
        if not self._is_rgb:
            coder.color_range, coder.colorspace = _FULL_RANGE, _BT601
        # Without key frames at cuts: so a stream has its parameters once, and is found by them in a torn file.
        rate = {"qp": "0"} if self.lossless else {"crf": str(crf), "tune": "psnr"}
        coder.options = {"preset": "medium", "sc_threshold": "0", **rate}
        try:
            packets = [bytes(one) for frame in self._frames(frames_NHWC) for one in coder.encode(frame)]
            packets += [bytes(one) for one in coder.encode(None)]
        except (av.FFmpegError, ValueError) as error:
            raise DeviceFailed(f"PyAV cannot encode H.264 here: {reason(error)}.") from error
        return b"".join(packets)

    def _frames(self, frames_NHWC: FrameArray) -> Iterator[Any]:
        from av import VideoFrame

        for number, frame_HWC in enumerate(frames_NHWC):
            if self.colour == "grey":
                frame = VideoFrame.from_ndarray(np.ascontiguousarray(frame_HWC[:, :, 0]), format="gray")
            elif self.lossless:
                frame = VideoFrame.from_ndarray(np.ascontiguousarray(frame_HWC), format="rgb24")
            else:
                frame = VideoFrame.from_ndarray(_luma_and_colour(frame_HWC), format="yuv444p")
            frame.pts = number
            yield frame

    @property
    def _is_rgb(self) -> bool:
        return self.lossless and self.colour == "rgb"

    def decode(self, data: bytes, shape: tuple[int, int, int]) -> Iterator[FrameArray]:
        """Yield the planes of each picture, (C, H, W): see `planes_into`. Each is decoded when it is asked for.

        Raises:  ValueError for what is no stream of such pictures, DeviceFailed without PyAV.
        """
        av = _av()
        coder: Any = av.CodecContext.create("h264", "r")
        coder.thread_count = 1  # whoever reads has threads of its own, and others would each hold pictures back
        pixels = (shape[0] + _MARGIN) * (shape[1] + _MARGIN)
        coder.options = {"max_pixels": str(pixels), "err_detect": "explode"}
        failures = (av.FFmpegError, MemoryError)  # a name of its own: where a process ends, modules are empty
        try:
            for packet in [*coder.parse(data), *coder.parse(b""), None]:
                for frame in coder.decode(packet):
                    yield self._planes(frame, shape)
        except failures as error:
            raise ValueError(f"its video is damaged ({reason(error)})") from error

    def _planes(self, frame: Any, shape: tuple[int, int, int]) -> FrameArray:
        formats, order = _PLANES[self.colour, self.lossless]
        if (frame.height, frame.width) != shape[:2] or frame.format.name not in formats or frame.is_corrupt:
            found = f"{frame.width}x{frame.height} in {frame.format.name}"
            raise ValueError(f"a picture in it is damaged, or not of {shape[1]}x{shape[0]} {self.colour}: {found}")
        planes_CHW = np.empty((len(order), *shape[:2]), np.uint8)
        for row, number in enumerate(order):
            plane = frame.planes[number]
            planes_CHW[row] = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: shape[0], : shape[1]]
        return planes_CHW

    def planes_into(self, planes_CHW: FrameArray, out_HWC: FrameArray) -> None:
        """Make a picture of its planes."""
        if len(planes_CHW) == 1 or self.lossless:
            out_HWC[...] = planes_CHW.transpose(1, 2, 0)
            return
        import cv2

        out_HWC[...] = cv2.cvtColor(cv2.merge(list(planes_CHW)), cv2.COLOR_YCrCb2RGB)

    def decode_all(self, data: bytes, shape: tuple[int, int, int], count: int) -> FrameArray:
        """Return all pictures of a stream, (N, H, W, C). Raises ValueError unless it holds exactly `count`."""
        frames_NHWC = np.empty((count, *shape), np.uint8)
        found = 0
        for found, planes_CHW in enumerate(self.decode(data, shape), 1):
            if found > count:
                raise ValueError(f"it holds more than {count} pictures")
            self.planes_into(planes_CHW, frames_NHWC[found - 1])
        if found < count:
            raise ValueError(f"it holds {found} pictures, not {count}")
        return frames_NHWC

    def check(self, data: bytes, _shape: tuple[int, int, int]) -> None:
        """Raise ValueError unless `data` begins as a stream does. Whoever needs to know more decodes it."""
        if not data.startswith(BEGIN):
            raise ValueError("it is no H.264 that begins with its parameters")


class OpenStream:
    """A stream being decoded: as far as somebody has asked. Several threads may read at once."""

    def __init__(self, coder: H264Pictures, data: bytes, shape: tuple[int, int, int]) -> None:
        self._coder = coder
        self._planes = coder.decode(data, shape)
        self._known: list[FrameArray] = []
        self._lock = threading.Lock()

    def read_into(self, row: int, out_HWC: FrameArray) -> None:
        """Decode the picture `row` into `out_HWC`. Raises as `H264Pictures.decode`."""
        with self._lock:
            while len(self._known) <= row:
                planes_CHW = next(self._planes, None)
                if planes_CHW is None:
                    raise ValueError(f"its video holds {len(self._known)} pictures")
                self._known.append(planes_CHW)
        self._coder.planes_into(self._known[row], out_HWC)


class _OpenStreams:
    """The streams decoded last, over all recordings of the process, so that reading in order decodes each once."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self._streams: OrderedDict[tuple[object, int], tuple[OpenStream, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[object, int], size: int, make: Callable[[], OpenStream]) -> OpenStream:
        """Return a stream that is open, or make it; all of its pictures have `size` bytes."""
        with self._lock:
            if key in self._streams:
                self._streams.move_to_end(key)
                return self._streams[key][0]
        stream = make()
        with self._lock:
            self._streams[key] = stream, size
            while len(self._streams) > 1 and sum(one[1] for one in self._streams.values()) > self.most_bytes:
                self._streams.popitem(last=False)
        return stream

    def forget(self, key: tuple[object, int]) -> None:
        """Close a stream: it is damaged."""
        with self._lock:
            self._streams.pop(key, None)


streams = _OpenStreams(KEPT_BYTES)


def _luma_and_colour(frame_HWC: FrameArray) -> FrameArray:
    """Return luma, blue and red of a picture, (3, H, W): ITU-R BT.601 at full range, as in JFIF."""
    import cv2

    luma, red, blue = cv2.split(cv2.cvtColor(np.ascontiguousarray(frame_HWC), cv2.COLOR_RGB2YCrCb))
    return np.stack([luma, blue, red]).astype(np.uint8, copy=False)


def _av() -> Any:
    try:
        import av
    except ImportError as error:
        raise DeviceFailed(
            "The pictures of an archived recording are video, which needs the package av. Type: pip install "
            '"playhead[video]"'
        ) from error
    return av
