"""Frames made into pictures for the page: encoded, put side by side, with pressed keys drawn on them.

Shape legend: T frames, H height, W width, C channels (3 or 1), RGB.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from playhead.errors import DeviceFailed
from playhead.playing.overlay import coloured

FrameArray = npt.NDArray[np.uint8]
QUALITY = 80  # of WebP; about 5 KiB for a frame of 240x180
LIMIT_BYTES = 2_000_000  # of a clip, so that the page stays one that can be mailed
_HELD, _FREE = (66, 133, 214), (40, 44, 50)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A picture with what was true and what was answered: rows of (name, true, answered).

    `place` says where it is found again, `details` are (name, value) of whatever else is known of it.
    """

    picture: bytes
    caption: str
    rows: Sequence[tuple[str, float, float]] = ()
    place: str = ""
    details: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True)
class HeatRow:
    """One picture, and beside it how much each place of it speaks for each class: (class, stated, picture)."""

    picture: bytes
    caption: str
    true: str
    heats: Sequence[tuple[str, float, bytes]]


def encode(frame_HWC: FrameArray, quality: int = QUALITY) -> bytes:
    """Return a frame as WebP."""
    bgr = cv2.cvtColor(coloured(frame_HWC), cv2.COLOR_RGB2BGR)
    ok, data = cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not ok:
        raise ValueError(f"OpenCV could not encode a picture of shape {frame_HWC.shape}.")
    return bytes(data)


def data_uri(picture: bytes, kind: str = "image/webp") -> str:
    """Return a picture as text that stands in a page."""
    return f"data:{kind};base64,{base64.b64encode(picture).decode('ascii')}"


def write_named(path: Path, data: bytes) -> None:
    """Write the file that --out names. Raises DeviceFailed saying why it cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise DeviceFailed(f"{path} cannot be written: {error.strerror}. Name another file with --out.") from error


def side_by_side(frames_THWC: FrameArray, gap: int = 4) -> FrameArray:
    """Put the frames of a window beside one another, oldest left."""
    count, height, width, channels = frames_THWC.shape
    strip = np.full((height, count * (width + gap) - gap, channels), 128, dtype=np.uint8)
    for place, frame_HWC in enumerate(frames_THWC):
        left = place * (width + gap)
        strip[:, left : left + width] = frame_HWC
    return strip


def with_keys(frame_HWC: FrameArray, held: Mapping[str, float]) -> FrameArray:
    """Draw keys by their full names in the lower right corner, filled as far as each is held (0 to 1).

    Where there is no room for all of them in half of the picture, only those that are held are drawn.
    """
    drawn_HWC = np.ascontiguousarray(coloured(frame_HWC).copy())
    height, width = drawn_HWC.shape[:2]
    side = max(10, height // 10)
    rows = _rows_of_keys(list(held), side, width)
    if len(rows) * (side + 3) > height // 2:
        rows = _rows_of_keys([name for name, value in held.items() if value], side, width)
    for number, row in enumerate(reversed(rows[: max(1, height // 2 // (side + 3))])):
        x, top = width - 3 - sum(wide + 3 for _, wide in row), height - 2 - (number + 1) * (side + 3)
        for name, wide in row:
            _draw_key(drawn_HWC, (x, top, wide, side), name.upper(), held[name])
            x += wide + 3
    return drawn_HWC


def _rows_of_keys(names: Sequence[str], side: int, width: int) -> list[list[tuple[str, int]]]:
    """Return (name, its width in pixels) of each row that fits into the picture's width."""
    rows: list[list[tuple[str, int]]] = [[]]
    for name in names:
        (across, _), _ = cv2.getTextSize(name.upper(), cv2.FONT_HERSHEY_SIMPLEX, side / 32, 1)
        wide = min(max(side, across + 6), width - 6)
        if rows[-1] and 3 + sum(one + 3 for _, one in rows[-1]) + wide + 3 > width:
            rows.append([])
        rows[-1].append((name, wide))
    return [row for row in rows if row]


def _draw_key(drawn_HWC: FrameArray, box: tuple[int, int, int, int], words: str, value: float) -> None:
    x, top, wide, side = box
    cv2.rectangle(drawn_HWC, (x, top), (x + wide, top + side), _FREE, -1)
    if filled := round(side * min(1.0, abs(value))):
        cv2.rectangle(drawn_HWC, (x, top + side - filled), (x + wide, top + side), _HELD, -1)
    scale = side / 32
    (across, down), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    scale *= min(1.0, (wide - 4) / max(across, 1))  # a name longer than the picture is wide
    (across, down), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    place_xy = (x + (wide - across) // 2 + 1, top + (side + down) // 2)
    cv2.putText(drawn_HWC, words, place_xy, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 1, cv2.LINE_AA)


def encode_clip(frames: Sequence[FrameArray], rate_hz: float, *, limit_bytes: int = LIMIT_BYTES) -> bytes:
    """Return frames as one animated WebP that loops; lower quality, then fewer frames, until it is small enough.

    Units:  rate_hz frames a second of the clip.
    """
    if not frames:
        return b""
    every = 1
    while True:
        for quality in (60, 40, 20):
            data = _animation(frames[::every], every / rate_hz, quality)
            if len(data) <= limit_bytes or len(frames[::every]) == 1:
                return data
        every *= 2


def _animation(frames: Sequence[FrameArray], period_s: float, quality: int) -> bytes:
    animation = cv2.Animation()
    animation.frames = [cv2.cvtColor(coloured(frame), cv2.COLOR_RGB2BGR) for frame in frames]
    animation.durations = [round(period_s * 1000)] * len(frames)
    animation.loop_count = 0
    ok, data = cv2.imencodeanimation(".webp", animation, [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not ok:
        raise ValueError(f"OpenCV could not encode a clip of {len(frames)} frames.")
    return bytes(data)
