"""Changes that cover a part of the picture, as if something stood in front. Labels stay as they are."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from playhead.data.augment.augmentation import ByteAugmentation, FrameArray, Labels
from playhead.game import Frame
from playhead.labels import LabelSchema


class Holes(ByteAugmentation):
    """Black squares, as if things stood in front: 2 to 4, two fifths of the height wide."""

    def __init__(
        self,
        schema: LabelSchema,
        frame: Frame,
        *,
        count: Sequence[int] = (2, 4),  # squares at least, and at most
        side: float = 0.4,  # of a square, as a share of the picture's height
    ) -> None:
        """Take how many, and how large."""
        super().__init__(schema, frame)
        self.count, self.side = count, side

    def on_bytes(self, frames_BTHWC: FrameArray, labels: Labels, generator: torch.Generator) -> Labels:
        """Blacken the squares; they may overlap, and lie wholly in the picture."""
        height, width = frames_BTHWC.shape[2:4]
        side, most = max(1, round(self.side * height)), self.count[1]
        count_B = torch.randint(self.count[0], most + 1, (len(frames_BTHWC),), generator=generator)
        place_BK2 = torch.rand(len(frames_BTHWC), most, 2, generator=generator)
        corner_BK2 = (place_BK2 * torch.tensor([height - side + 1, max(0, width - side) + 1])).long()
        for window_THWC, count, corner_K2 in zip(frames_BTHWC, count_B.tolist(), corner_BK2.tolist(), strict=True):
            for top, left in corner_K2[:count]:
                window_THWC[:, top : top + side, left : left + side] = 0
        return labels


class CutOut(ByteAugmentation):
    """A grey rectangle of a fifth to two fifths of the width and height somewhere in the picture."""

    def on_bytes(self, frames_BTHWC: FrameArray, labels: Labels, generator: torch.Generator) -> Labels:
        """Cover a part of each window."""
        height, width = frames_BTHWC.shape[2:4]
        share_B4 = torch.rand(len(frames_BTHWC), 4, generator=generator)
        for window_THWC, (tall, wide, down, across) in zip(frames_BTHWC, share_B4.tolist(), strict=True):
            rows, columns = int(height * (0.2 + 0.2 * tall)), int(width * (0.2 + 0.2 * wide))
            top, left = int((height - rows) * down), int((width - columns) * across)
            window_THWC[:, top : top + rows, left : left + columns] = 128
        return labels
