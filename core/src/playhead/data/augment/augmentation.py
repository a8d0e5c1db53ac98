"""What one change to pictures is, and how it draws."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from playhead.game import Frame
from playhead.labels import LabelSchema

Labels = dict[str, Tensor]
FrameArray = npt.NDArray[np.uint8]


class Augmentation(ABC):
    """One way to change windows; made once for a training and called by several threads.

    Legend:  B windows that were chosen, T frames, C channels, H, W; frames are float32 from 0 to 1.
    Labels are (B, columns) a head, or (B, positions, columns) where a window is answered at several.
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

    def on_bytes(self, frames_BTHWC: FrameArray, labels: Labels, generator: torch.Generator) -> Labels:
        """Change windows of bytes, contiguous, in place; return what they should answer now."""
        frames_BTCHW, labels = self(_as_floats(frames_BTHWC), labels, generator)
        frames_BTHWC[...] = _as_bytes(frames_BTCHW)
        return labels


class ByteAugmentation(Augmentation):
    """One that changes bytes as they are: copying them to floats and back costs more than decoding them."""

    def __call__(self, frames_BTCHW: Tensor, labels: Labels, generator: torch.Generator) -> tuple[Tensor, Labels]:
        """Change floats by way of bytes."""
        frames_BTHWC = np.ascontiguousarray(_as_bytes(frames_BTCHW))
        labels = self.on_bytes(frames_BTHWC, labels, generator)
        return _as_floats(frames_BTHWC), labels

    @abstractmethod
    def on_bytes(self, frames_BTHWC: FrameArray, labels: Labels, generator: torch.Generator) -> Labels:
        """Change windows of bytes, contiguous, in place; return what they should answer now."""


def _as_floats(frames_BTHWC: FrameArray) -> Tensor:
    return torch.from_numpy(frames_BTHWC).permute(0, 1, 4, 2, 3).contiguous().float().div_(255)


def _as_bytes(frames_BTCHW: Tensor) -> FrameArray:
    pixels = frames_BTCHW.mul(255).round_().clamp_(0, 255).to(torch.uint8).permute(0, 1, 3, 4, 2)
    array: FrameArray = pixels.numpy()
    return array


def uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """Draw one number a window, shaped to multiply frames. Shape (B, 1, 1, 1, 1)."""
    return (low + (high - low) * torch.rand(count, generator=generator)).view(-1, 1, 1, 1, 1)
