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
GREY = (0.299, 0.587, 0.114)  # how bright red, green and blue look: ITU-R BT.601


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
        """Change the colours.

        All three are linear in the colours, so one small matrix does them in one pass: a tenth of the time.
        """
        count, _, channels = frames_BTCHW.shape[:3]
        brightness, contrast, saturation = (
            uniform(count, 0.7, 1.3, generator).view(count, 1, 1) for _ in range(3)
        )
        own_CC = torch.eye(channels)
        grey_CC = (torch.tensor(GREY) if channels == 3 else torch.ones(1)).expand(channels, channels)
        matrix_BCC = brightness * contrast * (saturation * own_CC + (1 - saturation) * grey_CC)
        middle_B11 = frames_BTCHW[..., ::4, ::4].mean(dim=(1, 2, 3, 4)).view(count, 1, 1)
        added_B11 = brightness * (1 - contrast) * middle_B11
        changed = [
            torch.baddbmm(added, matrix_CC.expand(len(frames_TCHW), -1, -1), frames_TCHW.flatten(2))
            for frames_TCHW, matrix_CC, added in zip(frames_BTCHW, matrix_BCC, added_B11, strict=True)
        ]
        return torch.stack(changed).view(frames_BTCHW.shape), labels


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

    def draw(self, count: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
        """Draw which windows of a batch each augmentation is tried on. Shape (augmentations, B)."""
        return np.stack([rng.random(count) < probability for _, probability in self.augmentations])

    def __call__(
        self, frames_BTHWC: FrameArray, labels: Mapping[str, npt.NDArray[Any]], rng: np.random.Generator
    ) -> tuple[FrameArray, dict[str, npt.NDArray[Any]]]:
        """Draw for a batch and change it."""
        return self.change(frames_BTHWC, labels, self.draw(len(frames_BTHWC), rng), rng)

    def change(
        self,
        frames_BTHWC: FrameArray,
        labels: Mapping[str, npt.NDArray[Any]],
        drawn: npt.NDArray[np.bool_],
        rng: np.random.Generator,
    ) -> tuple[FrameArray, dict[str, npt.NDArray[Any]]]:
        """Return these windows and their labels changed as drawn; writes into the frames.

        One window at a time: its 1.5 MB of floats stay in the processor's cache, which made zooming a batch
        four times as fast as all windows at once.
        """
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        changed = {name: torch.from_numpy(np.array(values)) for name, values in labels.items()}
        for row in range(len(frames_BTHWC)):
            one = {name: values[row : row + 1] for name, values in changed.items()}
            steps = [step for (step, _), is_on in zip(self.augmentations, drawn[:, row], strict=True) if is_on]
            for name, values in self._change(frames_BTHWC[row], one, steps, generator).items():
                changed[name][row : row + 1] = values
        return frames_BTHWC, {name: values.numpy() for name, values in changed.items()}

    def _change(
        self, frames_THWC: FrameArray, labels: Labels, steps: list[Augmentation], generator: torch.Generator
    ) -> Labels:
        """Change one window in place and return its labels."""
        kept = [frames_THWC[:, region.rows, region.columns].copy() for region in self.regions]
        is_filled_in, is_mirrored, frames_BTCHW = False, False, None
        for step in steps:
            if not bool(step.accepts(labels)):
                continue
            if step.is_geometric and not is_filled_in:
                if frames_BTCHW is not None:
                    frames_THWC[...] = _as_pixels(frames_BTCHW)
                _fill_in(frames_THWC, self.regions)
                is_filled_in, frames_BTCHW = True, None
            if frames_BTCHW is None:
                frames_BTCHW = _as_floats(frames_THWC)
            frames_BTCHW, labels = step(frames_BTCHW, labels, generator)
            is_mirrored ^= step.mirrors
        if frames_BTCHW is not None:
            frames_THWC[...] = _as_pixels(frames_BTCHW)
        for region, pixels_THWC in zip(self.regions, kept, strict=True):
            frames_THWC[:, region.rows, region.columns] = pixels_THWC[:, :, ::-1] if is_mirrored else pixels_THWC
        return labels


def _as_floats(frames_THWC: FrameArray) -> Tensor:
    return torch.from_numpy(frames_THWC)[None].permute(0, 1, 4, 2, 3).contiguous().float().div_(255)


def _as_pixels(frames_BTCHW: Tensor) -> FrameArray:
    pixels = frames_BTCHW[0].mul(255).round_().clamp_(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
    array: FrameArray = pixels.numpy()
    return array


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
