"""All augmentations of a recipe: made by name, drawn for a batch, applied; protected regions stay as they are."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from playhead.data.augment.augmentation import Augmentation, FrameArray, Labels
from playhead.data.augment.filling import Filling
from playhead.errors import BadValue, not_found
from playhead.game import Frame
from playhead.labels import LabelSchema
from playhead.plugins import Plugins
from playhead.regions import Region

# So many bytes of windows are changed at once: more do not stay in the processor's cache. A window of 3 frames
# of 240x180 alone is as many.
CHUNK_BYTES = 400_000


@dataclass(frozen=True, kw_only=True)
class Augmenter:
    """All augmentations of a recipe, each with the share of windows it is tried on, and what to protect.

    Pictures are rounded to bytes after each change: one differs from the same in floats by at most 1, two or three
    by 2. Protected regions are filled in before the first, so that a frame is filled alike each time, also where
    colours change before anything moves: filling in changed colours differs by up to 12, in what was filled alone.
    """

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

        As many at a time as stay in the processor's cache, one where regions are protected.
        `is_mirrored_B` (B,) is filled with which windows left is right in now.
        """
        is_mirrored_B = np.zeros(len(frames_BTHWC), bool) if is_mirrored_B is None else is_mirrored_B
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        changed = {name: torch.from_numpy(np.array(values)) for name, values in labels.items()}
        size = 1 if self.regions else max(1, CHUNK_BYTES // max(1, frames_BTHWC[:1].size))
        for first in range(0, len(frames_BTHWC), size):
            rows = slice(first, first + size)
            some = {name: values[rows] for name, values in changed.items()}
            is_mirrored_B[rows] = self._change(frames_BTHWC[rows], some, drawn[:, rows], generator)
        return frames_BTHWC, {name: values.numpy() for name, values in changed.items()}

    @cached_property
    def _fill_in(self) -> Filling:
        return Filling(self.regions)

    def _change(
        self, frames_BTHWC: FrameArray, labels: Labels, drawn: npt.NDArray[np.bool_], generator: torch.Generator
    ) -> npt.NDArray[np.bool_]:
        """Change several windows and their labels in place, and return which are mirrored now."""
        kept = [frames_BTHWC[:, :, region.rows, region.columns].copy() for region in self.regions]
        is_mirrored_B = np.zeros(len(frames_BTHWC), bool)
        moves = [step.is_geometric for step, _ in self.augmentations]
        for row in np.flatnonzero(drawn[moves].any(0)):  # before colours change: a frame is filled alike each time
            self._fill_in(frames_BTHWC[row])
        for (step, _), is_drawn_B in zip(self.augmentations, drawn, strict=True):
            rows = np.flatnonzero(is_drawn_B & step.accepts(labels).numpy())
            if len(rows) == 0:
                continue
            is_all = len(rows) == len(frames_BTHWC) and frames_BTHWC.flags.c_contiguous
            windows = frames_BTHWC if is_all else frames_BTHWC[rows]  # a copy costs what a flip does
            some = {name: values.clone() if is_all else values[rows] for name, values in labels.items()}
            for name, values in step.on_bytes(windows, some, generator).items():
                labels[name][slice(None) if is_all else rows] = values
            if not is_all:
                frames_BTHWC[rows] = windows
            is_mirrored_B[rows] ^= step.mirrors
        for region, pixels_BTHWC in zip(self.regions, kept, strict=True):
            pixels_BTHWC[is_mirrored_B] = pixels_BTHWC[is_mirrored_B][:, :, :, ::-1]
            frames_BTHWC[:, :, region.rows, region.columns] = pixels_BTHWC
        return is_mirrored_B


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
