"""Changes to pictures that a network should not mind, or whose effect on the labels is known.

Made on batches, the same for all frames of a window. Regions such as a minimap are protected: filled in from
their surroundings before anything moves, put back at the end, mirrored in place where the picture was.

A game adds its own: a subclass of Augmentation, named in its recipe as "package.module:Name".
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import cv2
import numpy as np
import numpy.typing as npt
import torch
from kornia.enhance import adjust_saturation_with_gray_subtraction
from kornia.geometry.transform import warp_affine
from torch import Tensor

from playhead.errors import BadValue, not_found
from playhead.game import Frame, resolve
from playhead.labels import Axes, Choice, Head, Keys, LabelSchema
from playhead.regions import Region

FrameArray = npt.NDArray[np.uint8]
Labels = dict[str, Tensor]

# GTA-V-LSTM filled its minimap in this way (Navier-Stokes, radius 3): systems.md, section 4.
INPAINT_RADIUS = 3


class Augmentation(ABC):
    """One way to change windows; made once for a training and called by several threads.

    Legend:  B windows that were chosen, T frames, C channels, H, W; frames are float32 from 0 to 1.
    """

    is_geometric: ClassVar[bool] = False  # things move: protected regions are filled in first
    mirrors: ClassVar[bool] = False  # left becomes right: protected regions are put back mirrored

    def __init__(self, schema: LabelSchema, frame: Frame) -> None:
        self.schema = schema
        self.frame = frame

    def accepts(self, labels: Labels) -> Tensor:
        """Say which windows may be changed at all, by their labels. Shape (B,) bool."""
        return torch.ones(len(next(iter(labels.values()))), dtype=torch.bool)

    @abstractmethod
    def __call__(self, frames_BTCHW: Tensor, labels: Labels, generator: torch.Generator) -> tuple[Tensor, Labels]:
        """Return the changed windows and what they should answer now; may write into its arguments."""


def uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """Draw one number a window, shaped to multiply frames. Shape (B, 1, 1, 1, 1)."""
    return (low + (high - low) * torch.rand(count, generator=generator)).view(-1, 1, 1, 1, 1)


class Colour(Augmentation):
    """Brightness, contrast and saturation each changed by up to 30 %."""

    def __call__(self, frames_BTCHW: Tensor, labels: Labels, generator: torch.Generator) -> tuple[Tensor, Labels]:
        """Change the colours."""
        count, length = frames_BTCHW.shape[:2]
        if frames_BTCHW.shape[2] == 3:
            factor_N = uniform(count, 0.7, 1.3, generator).flatten().repeat_interleave(length)
            flat = adjust_saturation_with_gray_subtraction(frames_BTCHW.flatten(0, 1), factor_N)
            frames_BTCHW = flat.view(frames_BTCHW.shape)
        brightness = uniform(count, 0.7, 1.3, generator)
        contrast = uniform(count, 0.7, 1.3, generator)
        middle = frames_BTCHW.mean(dim=(1, 2, 3, 4), keepdim=True)
        changed = (frames_BTCHW - middle).mul_(contrast).add_(middle).mul_(brightness)
        return changed.clamp_(0, 1), labels


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
        return labels_BA[:, place]
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


class CutOut(Augmentation):
    """A grey rectangle of a fifth to two fifths of the width and height somewhere in the picture."""

    def __call__(self, frames_BTCHW: Tensor, labels: Labels, generator: torch.Generator) -> tuple[Tensor, Labels]:
        """Cover a part of each window."""
        height, width = frames_BTCHW.shape[-2:]
        share_B4 = torch.rand(len(frames_BTCHW), 4, generator=generator)
        for window_TCHW, (tall, wide, down, across) in zip(frames_BTCHW, share_B4.tolist(), strict=True):
            rows, columns = int(height * (0.2 + 0.2 * tall)), int(width * (0.2 + 0.2 * wide))
            top, left = int((height - rows) * down), int((width - columns) * across)
            window_TCHW[:, :, top : top + rows, left : left + columns] = 0.5
        return frames_BTCHW, labels


BUILT_IN: dict[str, type[Augmentation]] = {"colour": Colour, "flip": Flip, "zoom": Zoom, "cutout": CutOut}


@dataclass(frozen=True, kw_only=True)
class Augmenter:
    """All augmentations of a recipe, each with the share of windows it is tried on, and what to protect."""

    augmentations: Sequence[tuple[Augmentation, float]]
    regions: Sequence[Region] = field(default_factory=tuple)

    @classmethod
    def of(
        cls, wanted: Mapping[str, float], schema: LabelSchema, frame: Frame, regions: Mapping[str, Region]
    ) -> Augmenter | None:
        """Make what a recipe asks for, in its order; None when that is nothing.

        Raises:  NotFound for an unknown name, BadValue for a probability outside [0, 1].
        """
        made: list[tuple[Augmentation, float]] = []
        for name, probability in wanted.items():
            if isinstance(probability, bool) or not 0 <= float(probability) <= 1:
                raise BadValue(f"augment.{name}={probability} is not a probability from 0 to 1.")
            if probability > 0:
                made.append((_make(name, schema, frame), float(probability)))
        return cls(augmentations=made, regions=tuple(regions.values())) if made else None

    def __call__(
        self, frames_BTHWC: FrameArray, labels: Mapping[str, npt.NDArray[Any]], rng: np.random.Generator
    ) -> tuple[FrameArray, dict[str, npt.NDArray[Any]]]:
        """Change some windows of a batch, in place. Only those that were drawn cost anything."""
        drawn = [rng.random(len(frames_BTHWC)) < probability for _, probability in self.augmentations]
        rows = np.flatnonzero(np.logical_or.reduce(drawn))
        if len(rows) == 0:
            return frames_BTHWC, dict(labels)
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        chosen = [torch.from_numpy(mask[rows]) for mask in drawn]
        all_labels = {name: torch.from_numpy(np.array(values)) for name, values in labels.items()}
        changed, new_labels = self._changed(
            frames_BTHWC[rows], {name: values[rows] for name, values in all_labels.items()}, chosen, generator
        )
        frames_BTHWC[rows] = changed
        for name, values in new_labels.items():
            all_labels[name][rows] = values
        return frames_BTHWC, {name: values.numpy() for name, values in all_labels.items()}

    def _changed(
        self, frames_BTHWC: FrameArray, labels: Labels, chosen: list[Tensor], generator: torch.Generator
    ) -> tuple[FrameArray, Labels]:
        kept = [frames_BTHWC[:, :, region.rows, region.columns].copy() for region in self.regions]
        moving = [mask for mask, (step, _) in zip(chosen, self.augmentations, strict=True) if step.is_geometric]
        if moving and self.regions:
            for number in torch.stack(moving).any(0).nonzero().flatten().tolist():
                _fill_in(frames_BTHWC[number], self.regions)
        is_mirrored = torch.zeros(len(frames_BTHWC), dtype=torch.bool)
        frames_BTCHW = torch.from_numpy(frames_BTHWC).permute(0, 1, 4, 2, 3).float().div_(255)
        for mask, (step, _) in zip(chosen, self.augmentations, strict=True):
            rows = (mask & step.accepts(labels)).nonzero().flatten()
            if len(rows) == 0:
                continue
            part, part_labels = step(
                frames_BTCHW[rows], {name: values[rows] for name, values in labels.items()}, generator
            )
            frames_BTCHW[rows] = part
            for name, values in part_labels.items():
                labels[name][rows] = values
            if step.mirrors:
                is_mirrored[rows] = ~is_mirrored[rows]
        back = frames_BTCHW.mul_(255).round_().clamp_(0, 255).to(torch.uint8).permute(0, 1, 3, 4, 2).numpy()
        changed: FrameArray = np.ascontiguousarray(back)
        self._put_back(changed, kept, is_mirrored.numpy())
        return changed, labels

    def _put_back(
        self, frames_BTHWC: FrameArray, kept: list[FrameArray], is_mirrored: npt.NDArray[np.bool_]
    ) -> None:
        for region, pixels in zip(self.regions, kept, strict=True):
            pixels[is_mirrored] = pixels[is_mirrored][:, :, :, ::-1]
            frames_BTHWC[:, :, region.rows, region.columns] = pixels


def _make(name: str, schema: LabelSchema, frame: Frame) -> Augmentation:
    if ":" not in name and name not in BUILT_IN:
        raise not_found("augmentation", name, BUILT_IN, then='A game\'s own reads "package.module:Name".')
    made = (BUILT_IN.get(name) or resolve(name))(schema, frame)
    if not isinstance(made, Augmentation):
        raise BadValue(f"augment.{name} made a {type(made).__name__}, not an Augmentation.")
    return made


def _fill_in(frames_THWC: FrameArray, regions: Sequence[Region]) -> None:
    """Paint regions over from their surroundings, in place.

    Only a margin around each region is handed to OpenCV: what lies further away does not matter to it.
    """
    margin = 2 * INPAINT_RADIUS
    for region in regions:
        top, left = max(0, region.y - margin), max(0, region.x - margin)
        part_THWC = frames_THWC[
            :, top : region.y + region.height + margin, left : region.x + region.width + margin
        ]
        mask_HW = np.zeros(part_THWC.shape[1:3], dtype=np.uint8)
        mask_HW[region.y - top :, region.x - left :][: region.height, : region.width] = 255
        for part_HWC in part_THWC:
            filled = cv2.inpaint(np.ascontiguousarray(part_HWC), mask_HW, INPAINT_RADIUS, cv2.INPAINT_NS)
            part_HWC[...] = filled.reshape(part_HWC.shape)
