"""Changes of colours. Nothing moves, so nothing is protected before, and labels stay as they are."""

from __future__ import annotations

import math

import cv2
import torch
from torch import Tensor

from playhead.data.augment.augmentation import ByteAugmentation, FrameArray, Labels, uniform
from playhead.game import Frame
from playhead.labels import LabelSchema

GREY = (0.299, 0.587, 0.114)  # how bright red, green and blue look: ITU-R BT.601


class Colour(ByteAugmentation):
    """Brightness, contrast and saturation each changed by up to 30 %; and the hue, where that is asked for."""

    def __init__(
        self,
        schema: LabelSchema,
        frame: Frame,
        *,
        brightness: float = 0.3,  # changed by up to this share
        contrast: float = 0.3,  # changed by up to this share
        saturation: float = 0.3,  # changed by up to this share
        hue: float = 0.0,  # turned by up to so many turns of the circle of colours
    ) -> None:
        """Take by how much each may change."""
        super().__init__(schema, frame)
        self.reach = (brightness, contrast, saturation)
        self.hue = hue

    def on_bytes(self, frames_BTHWC: FrameArray, labels: Labels, generator: torch.Generator) -> Labels:
        """Change the colours.

        All of it is linear in the colours, so one small matrix a window does it in one pass.
        """
        count, channels = len(frames_BTHWC), frames_BTHWC.shape[-1]
        brightness, contrast, saturation = (
            uniform(count, 1 - reach, 1 + reach, generator).view(count, 1, 1) for reach in self.reach
        )
        own_CC = torch.eye(channels)
        grey_CC = (torch.tensor(GREY) if channels == 3 else torch.ones(1)).expand(channels, channels)
        matrix_BCC = brightness * contrast * (saturation * own_CC + (1 - saturation) * grey_CC)
        if self.hue and channels == 3:
            matrix_BCC = matrix_BCC @ turned_hue(uniform(count, -self.hue, self.hue, generator).flatten())
        middle_B11 = torch.from_numpy(frames_BTHWC[:, :, ::4, ::4].mean((1, 2, 3, 4))).view(count, 1, 1)
        added_BC1 = (brightness * (1 - contrast) * middle_B11).expand(count, channels, 1)
        matrices = torch.cat([matrix_BCC, added_BC1], 2).numpy()
        for window_THWC, matrix in zip(frames_BTHWC, matrices, strict=True):
            rows_RWC = window_THWC.reshape(-1, *window_THWC.shape[2:])  # all frames in one picture
            cv2.transform(rows_RWC, matrix, dst=rows_RWC)
        return labels


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
