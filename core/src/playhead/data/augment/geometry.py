"""Changes that move what is seen: mirrored, enlarged, shifted, turned; and labels mirrored with the picture."""

from __future__ import annotations

import math
from collections.abc import Mapping

import cv2
import numpy as np
import torch
from torch import Tensor

from playhead.data.augment.augmentation import ByteAugmentation, FrameArray, Labels, uniform
from playhead.game import Frame
from playhead.labels import Axes, Choice, Head, Keys, LabelSchema


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


def warp(frames_BTHWC: FrameArray, matrix_B23: Tensor) -> None:
    """Move windows in place by affine maps from old places to new, all frames of one alike; edges are repeated."""
    _, _, height, width, channels = frames_BTHWC.shape
    # OpenCV moves four channels in half the time that three take it.
    old, new = np.empty((2, height, width, 4 if channels == 3 else channels), np.uint8)
    for window_THWC, matrix_23 in zip(frames_BTHWC, matrix_B23.double().numpy(), strict=True):
        for frame_HWC in window_THWC:
            source = cv2.cvtColor(frame_HWC, cv2.COLOR_RGB2RGBA, dst=old) if channels == 3 else frame_HWC
            cv2.warpAffine(source, matrix_23, (width, height), dst=new, borderMode=cv2.BORDER_REPLICATE)
            if channels == 3:
                cv2.cvtColor(new, cv2.COLOR_RGBA2RGB, dst=frame_HWC)
            else:
                frame_HWC[...] = new


class Zoom(ByteAugmentation):
    """The picture 5 to 20 % larger, its edges lost."""

    is_geometric = True

    def on_bytes(self, frames_BTHWC: FrameArray, labels: Labels, generator: torch.Generator) -> Labels:
        """Enlarge about the middle."""
        count, _, height, width, _ = frames_BTHWC.shape
        scale_B = uniform(count, 1.05, 1.2, generator).flatten()
        matrix_B23 = torch.zeros(count, 2, 3)
        matrix_B23[:, 0, 0] = matrix_B23[:, 1, 1] = scale_B
        matrix_B23[:, 0, 2] = (1 - scale_B) * (width - 1) / 2
        matrix_B23[:, 1, 2] = (1 - scale_B) * (height - 1) / 2
        warp(frames_BTHWC, matrix_B23)
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
        """Move each window, all its frames alike."""
        count, _, height, width, _ = frames_BTHWC.shape
        across, down, zoom, turn = (2 * torch.rand(4, count, generator=generator) - 1).unbind()
        scale_B, angle_B = 1 + self.zoom * zoom, math.radians(self.turn) * turn
        cos_B, sin_B = scale_B * angle_B.cos(), scale_B * angle_B.sin()
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        matrix_B23 = torch.stack([cos_B, -sin_B, cos_B, sin_B, cos_B, cos_B], 1).view(count, 2, 3)
        matrix_B23[:, 0, 2] = middle_x * (1 - cos_B) + middle_y * sin_B + self.shift * width * across
        matrix_B23[:, 1, 2] = middle_y * (1 - cos_B) - middle_x * sin_B + self.shift * height * down
        matrix_B23[:, 1, 0], matrix_B23[:, 1, 1] = sin_B, cos_B
        warp(frames_BTHWC, matrix_B23)
        return labels
