"""The diagonal warp: a straight drive becomes one that must steer, so the network learns to come back to its lane.

Source:  EduardR02/GTA-V-LSTM, 341a22b: tried on a fifth of the windows, done only where nothing but W is held.
"""

from __future__ import annotations

import torch
from torch import Tensor

from playhead.data.augment import ByteAugmentation, FrameArray, Labels, uniform, warp
from playhead.game import Frame
from playhead.labels import LabelSchema

HEAD = "drive"

# How far rows are displaced, in all, from the top of the picture to its bottom: pixels of 240.
SHIFT_PX = (50.0, 100.0)
WIDTH_PX = 240.0


class DiagonalWarp(ByteAugmentation):
    """Lean the picture to one side, as if the car stood askew in its lane, and answer with that side's key.

    Leaning left, the top row moves left by half the shift, the bottom row right by half of it, the rows between in
    proportion. The original lets rows wrap around and then enlarges by 1 + shift / width, which is just enough to
    lose every pixel that wrapped around; so both are one affine map here, and nothing wraps.
    """

    is_geometric = True  # the minimap is filled in before and put back after, by playhead.data.augment

    def __init__(self, schema: LabelSchema, frame: Frame) -> None:
        super().__init__(schema, frame)
        self._place = {name: place for place, name in enumerate(schema.head(HEAD).names)}

    def accepts(self, labels: Labels) -> Tensor:
        """Take windows whose label is exactly W or nothing. A share of W, where labels are means, is W."""
        others = [place for name, place in self._place.items() if name != "w"]
        return (labels[HEAD][..., others] == 0).flatten(1).all(1)

    def on_bytes(self, frames_BTHWC: FrameArray, labels: Labels, generator: torch.Generator) -> Labels:
        """Lean each window left or right, all its frames alike, and set A or D."""
        count, _, height, width, _ = frames_BTHWC.shape
        shift_B = uniform(count, *SHIFT_PX, generator).flatten() * width / WIDTH_PX
        is_left_B = torch.rand(count, generator=generator) < 0.5
        warp(frames_BTHWC, lean(torch.where(is_left_B, shift_B, -shift_B), height, width))
        keys_BA = labels[HEAD].clone()
        keys_BA[is_left_B, ..., self._place["a"]] = 1
        keys_BA[~is_left_B, ..., self._place["d"]] = 1
        return {**labels, HEAD: keys_BA}


def lean(shift_B: Tensor, height: int, width: int) -> Tensor:
    """Return the affine maps (from old places to new) that lean pictures and enlarge them.

    Shapes:  shift_B (B,) pixels, positive leans left; returns (B, 2, 3).
    """
    zoom_B = 1 + shift_B.abs() / width
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    matrix_B23 = torch.zeros(len(shift_B), 2, 3)
    matrix_B23[:, 0, 0] = matrix_B23[:, 1, 1] = zoom_B
    matrix_B23[:, 0, 1] = zoom_B * shift_B / (height - 1)
    matrix_B23[:, 0, 2] = middle_x * (1 - zoom_B) - zoom_B * shift_B / 2
    matrix_B23[:, 1, 2] = middle_y * (1 - zoom_B)
    return matrix_B23
