"""Changes to pictures that a network should not mind, or whose effect on the labels is known.

Made on batches, the same for all frames of a window. Regions such as a minimap are protected: filled in from
their surroundings before anything moves, put back at the end, mirrored in place where the picture was.

A recipe says how often, and how: {"flip": 0.5, "colour": {"share": 0.5, "hue": 0.5}}. A game adds its own: a
subclass of Augmentation, named in its recipe as "package.module:Name".
"""

from __future__ import annotations

import inspect
import math
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
    """Brightness, contrast and saturation each changed by up to 30 %; and the hue, where that is asked for."""

    def __init__(
        self,
        schema: LabelSchema,
        frame: Frame,
        *,
        brightness: float = 0.3,
        contrast: float = 0.3,
        saturation: float = 0.3,
        hue: float = 0.0,
    ) -> None:
        """Take by how much each may change. Units: shares of 1; hue in turns of the circle of colours."""
        super().__init__(schema, frame)
        self.reach = (brightness, contrast, saturation)
        self.hue = hue

    def __call__(self, frames_BTCHW: Tensor, labels: Labels, generator: torch.Generator) -> tuple[Tensor, Labels]:
        """Change the colours.

        All of it is linear in the colours, so one small matrix does it in one pass: a tenth of the time.
        """
        count, _, channels = frames_BTCHW.shape[:3]
        brightness, contrast, saturation = (
            uniform(count, 1 - reach, 1 + reach, generator).view(count, 1, 1) for reach in self.reach
        )
        own_CC = torch.eye(channels)
        grey_CC = (torch.tensor(GREY) if channels == 3 else torch.ones(1)).expand(channels, channels)
        matrix_BCC = brightness * contrast * (saturation * own_CC + (1 - saturation) * grey_CC)
        if self.hue and channels == 3:
            matrix_BCC = matrix_BCC @ turned_hue(uniform(count, -self.hue, self.hue, generator).flatten())
        middle_B11 = frames_BTCHW[..., ::4, ::4].mean(dim=(1, 2, 3, 4)).view(count, 1, 1)
        added_B11 = brightness * (1 - contrast) * middle_B11
        changed = [
            torch.baddbmm(added, matrix_CC.expand(len(frames_TCHW), -1, -1), frames_TCHW.flatten(2))
            for frames_TCHW, matrix_CC, added in zip(frames_BTCHW, matrix_BCC, added_B11, strict=True)
        ]
        return torch.stack(changed).view(frames_BTCHW.shape), labels


def turned_hue(turn_B: Tensor) -> Tensor:
    """Return the matrices that turn the hue of colours by so many turns: about grey, at equal brightness.

    Shapes:  returns (B, 3, 3). In YIQ, where a hue is an angle; that of HSV is not linear.
    """
    to_yiq = torch.tensor([GREY, (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112)])
    cos_B, sin_B = (2 * math.pi * turn_B).cos(), (2 * math.pi * turn_B).sin()
    turn_B33 = torch.zeros(len(turn_B), 3, 3)
    turn_B33[:, 0, 0] = 1
    turn_B33[:, 1, 1] = turn_B33[:, 2, 2] = cos_B
    turn_B33[:, 1, 2], turn_B33[:, 2, 1] = -sin_B, sin_B
    turned: Tensor = torch.linalg.inv(to_yiq) @ turn_B33 @ to_yiq
    return turned


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


class Holes(Augmentation):
    """Black squares, as if things stood in front: 2 to 4, two fifths of the height wide."""

    def __init__(
        self, schema: LabelSchema, frame: Frame, *, count: Sequence[int] = (2, 4), side: float = 0.4
    ) -> None:
        """Take how many at least and at most, and their side as a share of the picture's height."""
        super().__init__(schema, frame)
        self.count, self.side = count, side

    def __call__(self, frames_BTCHW: Tensor, labels: Labels, generator: torch.Generator) -> tuple[Tensor, Labels]:
        """Blacken the squares; they may overlap, and lie wholly in the picture."""
        height, width = frames_BTCHW.shape[-2:]
        side, most = max(1, round(self.side * height)), self.count[1]
        count_B = torch.randint(self.count[0], most + 1, (len(frames_BTCHW),), generator=generator)
        place_BK2 = torch.rand(len(frames_BTCHW), most, 2, generator=generator)
        corner_BK2 = (place_BK2 * torch.tensor([height - side + 1, max(0, width - side) + 1])).long()
        for window_TCHW, count, corner_K2 in zip(frames_BTCHW, count_B.tolist(), corner_BK2.tolist(), strict=True):
            for top, left in corner_K2[:count]:
                window_TCHW[:, :, top : top + side, left : left + side] = 0
        return frames_BTCHW, labels


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


BUILT_IN: dict[str, type[Augmentation]] = {
    "colour": Colour,
    "flip": Flip,
    "zoom": Zoom,
    "move": Move,
    "holes": Holes,
    "cutout": CutOut,
}
# So many floats of windows are changed at once: more do not stay in the processor's cache. A window of 3 frames
# of 240x180 alone is as many; changing a batch of those one by one was four times as fast as all together.
CHUNK_FLOATS = 400_000


@dataclass(frozen=True, kw_only=True)
class Augmenter:
    """All augmentations of a recipe, each with the share of windows it is tried on, and what to protect."""

    augmentations: Sequence[tuple[Augmentation, float]]
    regions: Sequence[Region] = field(default_factory=tuple)

    @classmethod
    def of(
        cls, wanted: Mapping[str, Any], schema: LabelSchema, frame: Frame, regions: Mapping[str, Region]
    ) -> Augmenter | None:
        """Make what a recipe asks for, in its order; None when that is nothing.

        Raises:  NotFound for an unknown name, BadValue for a probability outside [0, 1] or an unknown option.
        """
        made: list[tuple[Augmentation, float]] = []
        for name, asked in wanted.items():
            options = dict(asked) if isinstance(asked, Mapping) else {"share": asked}
            probability = _probability(name, options.pop("share", 1.0))
            if probability > 0:
                made.append((_make(name, schema, frame, options), probability))
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

        As many at a time as stay in the processor's cache; one by one where regions are protected.
        """
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        changed = {name: torch.from_numpy(np.array(values)) for name, values in labels.items()}
        if not self.regions:
            size = max(1, CHUNK_FLOATS // max(1, frames_BTHWC[0].size)) if len(frames_BTHWC) else 1
            for first in range(0, len(frames_BTHWC), size):
                rows = slice(first, first + size)
                some = {name: values[rows] for name, values in changed.items()}
                self._change_all(frames_BTHWC[rows], some, drawn[:, rows], generator)
            return frames_BTHWC, {name: values.numpy() for name, values in changed.items()}
        for row in range(len(frames_BTHWC)):
            one = {name: values[row : row + 1] for name, values in changed.items()}
            steps = [step for (step, _), is_on in zip(self.augmentations, drawn[:, row], strict=True) if is_on]
            for name, values in self._change(frames_BTHWC[row], one, steps, generator).items():
                changed[name][row : row + 1] = values
        return frames_BTHWC, {name: values.numpy() for name, values in changed.items()}

    def _change_all(
        self,
        frames_BTHWC: FrameArray,
        labels: Labels,
        drawn: npt.NDArray[np.bool_],
        generator: torch.Generator,
    ) -> None:
        """Change several windows and their labels in place."""
        frames_BTCHW = _as_floats(frames_BTHWC)
        for (step, _), is_drawn_B in zip(self.augmentations, drawn, strict=True):
            chosen = torch.from_numpy(is_drawn_B) & step.accepts(labels)
            rows = chosen.nonzero().flatten()
            if len(rows) == 0:
                continue
            some = {name: values[rows] for name, values in labels.items()}
            frames_BTCHW[rows], new = step(frames_BTCHW[rows], some, generator)
            for name, values in new.items():
                labels[name][rows] = values
        frames_BTHWC[...] = _as_pixels(frames_BTCHW)

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
                    frames_THWC[...] = _as_pixels(frames_BTCHW)[0]
                _fill_in(frames_THWC, self.regions)
                is_filled_in, frames_BTCHW = True, None
            if frames_BTCHW is None:
                frames_BTCHW = _as_floats(frames_THWC[None])
            frames_BTCHW, labels = step(frames_BTCHW, labels, generator)
            is_mirrored ^= step.mirrors
        if frames_BTCHW is not None:
            frames_THWC[...] = _as_pixels(frames_BTCHW)[0]
        for region, pixels_THWC in zip(self.regions, kept, strict=True):
            frames_THWC[:, region.rows, region.columns] = pixels_THWC[:, :, ::-1] if is_mirrored else pixels_THWC
        return labels


def _as_floats(frames_BTHWC: FrameArray) -> Tensor:
    return torch.from_numpy(frames_BTHWC).permute(0, 1, 4, 2, 3).contiguous().float().div_(255)


def _as_pixels(frames_BTCHW: Tensor) -> FrameArray:
    pixels = frames_BTCHW.mul(255).round_().clamp_(0, 255).to(torch.uint8).permute(0, 1, 3, 4, 2)
    array: FrameArray = pixels.numpy()
    return array


def _probability(name: str, asked: Any) -> float:
    if isinstance(asked, bool) or not isinstance(asked, (int, float)) or not 0 <= asked <= 1:
        raise BadValue(f"augment.{name}={asked} is not a probability from 0 to 1.")
    return float(asked)


def _make(name: str, schema: LabelSchema, frame: Frame, options: Mapping[str, Any]) -> Augmentation:
    if ":" not in name and name not in BUILT_IN:
        raise not_found("augmentation", name, BUILT_IN, then='A game\'s own reads "package.module:Name".')
    kind = BUILT_IN.get(name) or resolve(name)
    _check_options(name, kind, options)
    made = kind(schema, frame, **options)
    if not isinstance(made, Augmentation):
        raise BadValue(f"augment.{name} made a {type(made).__name__}, not an Augmentation.")
    return made


def _check_options(name: str, kind: Any, options: Mapping[str, Any]) -> None:
    if not options:
        return
    parameters = inspect.signature(kind).parameters.values()
    known = ["share", *(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)]
    for option in options:
        if option not in known:
            raise not_found(f"option of augment.{name}", option, known)


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
