"""Changes that move what is seen: mirrored, enlarged, shifted, turned; and labels mirrored with the picture."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from playhead.data.augment.augmentation import ByteAugmentation, FrameArray, Labels, uniform
from playhead.game import Frame
from playhead.labels import Axes, Choice, Head, Keys, LabelSchema

MOST_STRETCHED = 0.5  # smaller by more than half, a picture would be laid among more edges than it has pixels
FloatArray = npt.NDArray[np.floating[Any]]

_kept = threading.local()


class Flip(ByteAugmentation):
    """The picture mirrored, and labels that have a mirror image changed for it."""

    is_geometric = True
    mirrors = True

    def on_bytes(self, frames_BTHWC: FrameArray, labels: Labels, generator: torch.Generator) -> Labels:
        """Mirror pictures and labels."""
        rows_RWC = frames_BTHWC.reshape(-1, *frames_BTHWC.shape[3:])
        cv2.flip(rows_RWC, 1, dst=rows_RWC)
        return mirrored(self.schema, labels)


def mirrored(schema: LabelSchema, labels: Mapping[str, Tensor]) -> Labels:
    """Return what the mirrored picture should answer. Doing it twice changes nothing."""
    return {name: _mirrored_head(head, labels[name]) for name, head in schema.items()}


def _mirrored_head(head: Head, labels_BA: Tensor) -> Tensor:
    if isinstance(head, Axes):
        sign_A = torch.tensor([-1.0 if name in head.mirror else 1.0 for name in head.names])
        return labels_BA * sign_A
    place = _mirror_places(head)
    if isinstance(head, Keys):
        return labels_BA[..., place]
    return torch.tensor(place)[labels_BA.long()].to(labels_BA.dtype)


def _mirror_places(head: Keys | Choice) -> list[int]:
    """Return for each name the number of its mirror image, itself when it has none."""
    partner = {a: b for pair in head.mirror for a, b in (pair, pair[::-1])}
    return [head.names.index(partner.get(name, name)) for name in head.names]


def warp(frames_BTHWC: FrameArray, matrix_B23: Tensor | npt.NDArray[Any]) -> None:
    """Move windows in place by affine maps from old places to new, all frames of one alike; edges are repeated."""
    for window_THWC, matrix_23 in zip(frames_BTHWC, np.asarray(matrix_B23, np.float64), strict=True):
        _warp_window(window_THWC, cv2.invertAffineTransform(matrix_23))


def _warp_window(frames_THWC: FrameArray, back_23: npt.NDArray[np.float64]) -> None:
    """Move frames by a map from new places to old, edges repeated as far as it looks beyond them.

    OpenCV moves four channels in half the time that three take it, and repeats edges itself only slowly: a picture
    that is moved and made smaller takes it .25 ms, one with its edges around it .14 and .02 to lay them there.
    """
    _, height, width, channels = frames_THWC.shape
    left, right = _beyond(back_23[0].tolist(), width, height, width)
    top, bottom = _beyond(back_23[1].tolist(), width, height, height)
    moved = 4 if channels == 3 else channels
    old = _scratch("old", (top + height + bottom, left + width + right, moved))
    inner, new = old[top : top + height, left : left + width], _scratch("new", (height, width, moved))
    back_23 = back_23 + np.array([[0, 0, left], [0, 0, top]])
    for frame_HWC in frames_THWC:
        if channels == 3:
            cv2.cvtColor(frame_HWC, cv2.COLOR_RGB2RGBA, dst=inner)
        else:
            inner[...] = frame_HWC
        _repeat_edges(old, left, top, width, height)
        cv2.warpAffine(old, back_23, (width, height), new, cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR,
                       cv2.BORDER_REPLICATE)  # fmt: skip
        if channels == 3:
            cv2.cvtColor(new, cv2.COLOR_RGBA2RGB, dst=frame_HWC)
        else:
            frame_HWC[...] = new


def stretch(frames_THWC: FrameArray, left: int, top: int, width: int, height: int) -> None:
    """Show a rectangle of the frames in their whole size, in place; beyond the edges these are repeated.

    Units:  pixels; with whole ones OpenCV needs a third of the time that `warp` takes it.
    """
    _, full_height, full_width, _ = frames_THWC.shape
    left, top = max(-width, min(full_width, left)), max(-height, min(full_height, top))
    before, above = max(0, -left), max(0, -top)
    behind, below = max(0, left + width - full_width), max(0, top + height - full_height)
    rows, columns = slice(top + above, top + above + height), slice(left + before, left + before + width)
    new_HWC = _scratch("new", frames_THWC.shape[1:])
    for frame_HWC in frames_THWC:
        old = frame_HWC
        if before or behind or above or below:
            old = cv2.copyMakeBorder(frame_HWC, above, below, before, behind, cv2.BORDER_REPLICATE)
        part = old.reshape(*old.shape[:2], -1)[rows, columns]
        cv2.resize(part, (full_width, full_height), dst=new_HWC, interpolation=cv2.INTER_LINEAR)
        frame_HWC[...] = new_HWC


def _stretch_each(frames_BTHWC: FrameArray, scale_B: FloatArray, right_B: FloatArray, below_B: FloatArray) -> None:
    """Enlarge windows about the middle and move them, by the nearest rectangle of whole pixels. Units: pixels."""
    ends = []
    for size, by_B in ((frames_BTHWC.shape[3], right_B), (frames_BTHWC.shape[2], below_B)):
        half_B, middle_B = size / scale_B / 2, size / 2 - by_B / scale_B
        ends += [np.rint(middle_B - half_B), np.rint(middle_B + half_B)]
    ends_B4 = np.stack(ends, 1).astype(np.int64)
    for window_THWC, (left, right, top, bottom) in zip(frames_BTHWC, ends_B4.tolist(), strict=True):
        stretch(window_THWC, left, top, max(1, right - left), max(1, bottom - top))


def _scratch(name: str, shape: tuple[int, ...]) -> FrameArray:
    """Return memory of this thread, in the processor's cache from the window before; what stands in it is old."""
    size, kept = math.prod(shape), getattr(_kept, name, None)
    if kept is None or len(kept) < size:
        kept = np.empty(size, np.uint8)
        setattr(_kept, name, kept)
    return kept[:size].reshape(shape)


def _repeat_edges(old_HWC: FrameArray, left: int, top: int, width: int, height: int) -> None:
    """Fill what lies around a picture within a larger one with its edges, a pixel as one number."""
    pixels_HW, columns = old_HWC.view(f"u{old_HWC.shape[2]}")[..., 0], slice(left, left + width)
    pixels_HW[:top, columns] = pixels_HW[top, columns]
    pixels_HW[top + height :, columns] = pixels_HW[top + height - 1, columns]
    pixels_HW[:, :left] = pixels_HW[:, left, None]
    pixels_HW[:, left + width :] = pixels_HW[:, left + width - 1, None]


def _beyond(row: list[float], width: int, height: int, size: int) -> tuple[int, int]:
    """Return how many pixels a row of a map looks beyond a picture of that size, before and behind; at most it."""
    across, down, place = row[0] * (width - 1), row[1] * (height - 1), row[2]
    least, most = place + min(0, across) + min(0, down), place + max(0, across) + max(0, down)
    return min(size, max(0, math.ceil(-least))), min(size, max(0, math.ceil(most - (size - 1))))


class Zoom(ByteAugmentation):
    """The picture 5 to 20 % larger, its edges lost."""

    is_geometric = True

    def on_bytes(self, frames_BTHWC: FrameArray, labels: Labels, generator: torch.Generator) -> Labels:
        """Enlarge about the middle."""
        scale_B = uniform(len(frames_BTHWC), 1.05, 1.2, generator).flatten().numpy()
        _stretch_each(frames_BTHWC, scale_B, np.zeros_like(scale_B), np.zeros_like(scale_B))
        return labels


class Move(ByteAugmentation):
    """The picture moved, turned and made larger or smaller by a little; its edges are repeated."""

    is_geometric = True

    def __init__(
        self,
        schema: LabelSchema,
        frame: Frame,
        *,
        shift: float = 0.1,  # across and down, by up to this share of width and height
        zoom: float = 0.15,  # larger or smaller by up to this share
        turn: float = 0.0,  # turned by up to so many degrees
    ) -> None:
        """Take how far."""
        super().__init__(schema, frame)
        self.shift, self.zoom, self.turn = shift, zoom, turn

    def on_bytes(self, frames_BTHWC: FrameArray, labels: Labels, generator: torch.Generator) -> Labels:
        """Move each window, all its frames alike; by whole pixels unless they are turned."""
        count, _, height, width, _ = frames_BTHWC.shape
        across, down, zoom, turn = (2 * torch.rand(4, count, generator=generator) - 1).numpy()
        if not self.turn and self.zoom <= MOST_STRETCHED:
            _stretch_each(
                frames_BTHWC, 1 + self.zoom * zoom, self.shift * width * across, self.shift * height * down
            )
            return labels
        scale_B, angle_B = 1 + self.zoom * zoom, math.radians(self.turn) * turn
        cos_B, sin_B = scale_B * np.cos(angle_B), scale_B * np.sin(angle_B)
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        matrix_B23 = np.stack([cos_B, -sin_B, cos_B, sin_B, cos_B, cos_B], 1).reshape(count, 2, 3)
        matrix_B23[:, 0, 2] = middle_x * (1 - cos_B) + middle_y * sin_B + self.shift * width * across
        matrix_B23[:, 1, 2] = middle_y * (1 - cos_B) - middle_x * sin_B + self.shift * height * down
        matrix_B23[:, 1, 0], matrix_B23[:, 1, 1] = sin_B, cos_B
        warp(frames_BTHWC, matrix_B23)
        return labels
