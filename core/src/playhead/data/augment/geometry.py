"""Changes that move what is seen: mirrored, enlarged, shifted, turned; and labels mirrored with the picture."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from kornia.geometry.transform import warp_affine
from torch import Tensor

from playhead.data.augment.augmentation import Augmentation, Labels, uniform
from playhead.game import Frame
from playhead.labels import Axes, Choice, Head, Keys, LabelSchema


class Flip(Augmentation):
    """The picture mirrored, and labels that have a mirror image changed for it."""

    is_geometric = True
    mirrors = True

    def __call__(self, frames_BTCHW: Tensor, labels: Labels, generator: torch.Generator) -> tuple[Tensor, Labels]:
        """Mirror pictures and labels."""
        return frames_BTCHW.flip(-1), mirrored(self.schema, labels)


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


class Zoom(Augmentation):
    """The picture 5 to 20 % larger, its edges lost."""

    is_geometric = True

    def __call__(self, frames_BTCHW: Tensor, labels: Labels, generator: torch.Generator) -> tuple[Tensor, Labels]:
        """Enlarge about the middle."""
        count, height, width = len(frames_BTCHW), *frames_BTCHW.shape[-2:]
        scale_B = uniform(count, 1.05, 1.2, generator).flatten()
        matrix_B23 = torch.zeros(count, 2, 3)
        matrix_B23[:, 0, 0] = matrix_B23[:, 1, 1] = scale_B
        matrix_B23[:, 0, 2] = (1 - scale_B) * (width - 1) / 2
        matrix_B23[:, 1, 2] = (1 - scale_B) * (height - 1) / 2
        # All frames of a window move alike, so they go through as channels of one picture.
        joined = warp_affine(frames_BTCHW.flatten(1, 2), matrix_B23, (height, width), padding_mode="border")
        return joined.view(frames_BTCHW.shape), labels


class Move(Augmentation):
    """The picture moved, turned and made larger or smaller by a little; its edges are repeated."""

    is_geometric = True

    def __init__(
        self, schema: LabelSchema, frame: Frame, *, shift: float = 0.1, zoom: float = 0.15, turn: float = 0.0
    ) -> None:
        """Take how far. Units: shift in shares of width and height, zoom in shares of 1, turn in degrees."""
        super().__init__(schema, frame)
        self.shift, self.zoom, self.turn = shift, zoom, turn

    def __call__(self, frames_BTCHW: Tensor, labels: Labels, generator: torch.Generator) -> tuple[Tensor, Labels]:
        """Move each window, all its frames alike."""
        count, height, width = len(frames_BTCHW), *frames_BTCHW.shape[-2:]
        across, down, zoom, turn = (2 * torch.rand(4, count, generator=generator) - 1).unbind()
        scale_B, angle_B = 1 + self.zoom * zoom, math.radians(self.turn) * turn
        cos_B, sin_B = scale_B * angle_B.cos(), scale_B * angle_B.sin()
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        matrix_B23 = torch.stack([cos_B, -sin_B, cos_B, sin_B, cos_B, cos_B], 1).view(count, 2, 3)
        matrix_B23[:, 0, 2] = middle_x * (1 - cos_B) + middle_y * sin_B + self.shift * width * across
        matrix_B23[:, 1, 2] = middle_y * (1 - cos_B) - middle_x * sin_B + self.shift * height * down
        matrix_B23[:, 1, 0], matrix_B23[:, 1, 1] = sin_B, cos_B
        joined = warp_affine(frames_BTCHW.flatten(1, 2), matrix_B23, (height, width), padding_mode="border")
        return joined.view(frames_BTCHW.shape), labels
