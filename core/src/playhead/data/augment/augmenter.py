"""All augmentations of a recipe: made by name, drawn for a batch, applied; protected regions stay as they are."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from playhead.data.augment.augmentation import Augmentation, Labels
from playhead.errors import BadValue, not_found
from playhead.game import Frame
from playhead.labels import LabelSchema
from playhead.plugins import Plugins
from playhead.regions import Region

FrameArray = npt.NDArray[np.uint8]

# GTA-V-LSTM filled its minimap in this way (Navier-Stokes, radius 3): systems.md, section 4.
INPAINT_RADIUS = 3
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
        cls,
        wanted: Mapping[str, Any],
        schema: LabelSchema,
        frame: Frame,
        regions: Mapping[str, Region],
        plugins: Plugins | None = None,
    ) -> Augmenter | None:
        """Make what a recipe asks for, in its order; None when that is nothing.

        Its names are those that `plugins` registered, without these the built-in ones.
        Raises:  NotFound for an unknown name, BadValue for a probability outside [0, 1] or an unknown option.
        """
        made: list[tuple[Augmentation, float]] = []
        known = plugins or Plugins()
        for name, asked in wanted.items():
            options = dict(asked) if isinstance(asked, Mapping) else {"share": asked}
            probability = _probability(name, options.pop("share", 1.0))
            if probability > 0:
                made.append((_make(known.get("augmentation", name), name, schema, frame, options), probability))
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
        is_mirrored_B: npt.NDArray[np.bool_] | None = None,
    ) -> tuple[FrameArray, dict[str, npt.NDArray[Any]]]:
        """Return these windows and their labels changed as drawn; writes into the frames.

        As many at a time as stay in the processor's cache; one by one where regions are protected.
        `is_mirrored_B` (B,) is filled with which windows left is right in now.
        """
        is_mirrored_B = np.zeros(len(frames_BTHWC), bool) if is_mirrored_B is None else is_mirrored_B
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        changed = {name: torch.from_numpy(np.array(values)) for name, values in labels.items()}
        if not self.regions:
            size = max(1, CHUNK_FLOATS // max(1, frames_BTHWC[0].size)) if len(frames_BTHWC) else 1
            for first in range(0, len(frames_BTHWC), size):
                rows = slice(first, first + size)
                some = {name: values[rows] for name, values in changed.items()}
                self._change_all(frames_BTHWC[rows], some, drawn[:, rows], generator, is_mirrored_B[rows])
            return frames_BTHWC, {name: values.numpy() for name, values in changed.items()}
        for row in range(len(frames_BTHWC)):
            one = {name: values[row : row + 1] for name, values in changed.items()}
            steps = [step for (step, _), is_on in zip(self.augmentations, drawn[:, row], strict=True) if is_on]
            new, is_mirrored_B[row] = self._change(frames_BTHWC[row], one, steps, generator)
            for name, values in new.items():
                changed[name][row : row + 1] = values
        return frames_BTHWC, {name: values.numpy() for name, values in changed.items()}

    def _change_all(
        self,
        frames_BTHWC: FrameArray,
        labels: Labels,
        drawn: npt.NDArray[np.bool_],
        generator: torch.Generator,
        is_mirrored_B: npt.NDArray[np.bool_],
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
            is_mirrored_B[rows.numpy()] ^= step.mirrors
            for name, values in new.items():
                labels[name][rows] = values
        frames_BTHWC[...] = _as_pixels(frames_BTCHW)

    def _change(
        self, frames_THWC: FrameArray, labels: Labels, steps: list[Augmentation], generator: torch.Generator
    ) -> tuple[Labels, bool]:
        """Change one window in place and return its labels, and whether it is mirrored now."""
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
        return labels, is_mirrored


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


def _make(
    kind: Callable[..., Any], name: str, schema: LabelSchema, frame: Frame, options: Mapping[str, Any]
) -> Augmentation:
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
