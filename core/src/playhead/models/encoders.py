"""Pictures to features: small convolutional encoders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from playhead.errors import BadValue

Colours = tuple[tuple[float, ...], tuple[float, ...]]  # means and scales of the channels of a picture


def convolutions_of(channels: Sequence[int], strides: Sequence[int] | None) -> list[tuple[int, int]]:
    """Return channels and stride of each convolution, 2 where none is stated. Raises BadValue for one of 0."""
    stated = list(strides or ())
    if 0 in stated:
        raise BadValue(f"model_options.strides={stated} cannot be: a stride is 1 or more.")
    return list(zip(channels, stated + [2] * len(channels), strict=False))


class ConvEncoder(nn.Module):
    """Convolutions and one linear layer, from uint8 pictures to features.

    Few of them with long strides learn soonest: their maps are still large when the linear layer sees them
    (docs/learning.md).

    Squares of `fold` pixels become channels first, where that is not 1: halving the picture this way costs
    next to nothing, while a convolution of three channels at full size takes half of a training step.
    Colours go from -1 to 1, or, once they are standardised, about as far from 0 as 1 whatever the game looks like.
    Shapes:  forward takes (N, H, W, C) uint8 and returns (N, features) float32.
    """

    def __init__(self, size: tuple[int, int], colours: int, options: Mapping[str, Any]) -> None:
        """Take height and width of a picture, and a network's options fold, channels, strides and features."""
        super().__init__()
        self.fold = fold = options["fold"]
        height, width = (-(-pixels // fold) for pixels in size)
        layers: list[nn.Module] = []
        channels = colours * fold * fold
        for after, stride in convolutions_of(options["channels"], options["strides"]):
            layers += [nn.Conv2d(channels, after, 2 * stride - 1, stride, stride - 1), nn.ReLU(inplace=True)]
            channels, height, width = after, -(-height // stride), -(-width // stride)
        self.convolutions = nn.Sequential(*layers)
        self.features = nn.Linear(channels * height * width, options["features"])
        self.colours = colours
        self.colour_factor: Tensor | None
        self.colour_offset: Tensor | None
        self.register_buffer("colour_factor", None, persistent=False)  # a run keeps them beside its weights
        self.register_buffer("colour_offset", None, persistent=False)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.constant_(module.get_parameter("bias"), 0.0)

    def standardise(self, colours: Colours) -> None:
        """Have each channel of a frame come less its mean, in units of its scale; several frames side by side."""
        means_C, scales_C = (
            torch.tensor(one, dtype=torch.float32, device=self.features.weight.device) for one in colours
        )
        times = (
            self.colours // len(means_C) * self.fold**2
        )  # the channels of a frame are always next to one another
        self.colour_factor = (1 / scales_C).repeat(times)[:, None, None]
        self.colour_offset = (means_C / scales_C).repeat(times)[:, None, None]

    def forward(self, pictures_NHWC: Tensor) -> Tensor:
        """Return the features of each picture."""
        # A permuted NHWC array is channels_last already: no copy, and the fast layout on a CPU.
        if self.fold > 1:
            pictures_NHWC = folded(pictures_NHWC, self.fold)
        pictures_NCHW = pictures_NHWC.permute(0, 3, 1, 2)
        scaled = pictures_NCHW.to(self.features.weight.dtype)
        if self.colour_factor is None or self.colour_offset is None:
            scaled.mul_(1 / 127.5).sub_(1.0)
        else:
            scaled.mul_(self.colour_factor).sub_(self.colour_offset)
        maps = self.convolutions(scaled)
        features: Tensor = torch.relu(self.features(maps.flatten(1)))
        return features


def folded(pictures_NHWC: Tensor, fold: int) -> Tensor:
    """Turn squares of pixels into channels, the last rows and columns repeated where they do not come out even.

    Shapes:  returns (N, H / fold, W / fold, fold x fold x C), rounded up.
    """
    if fold == 1:
        return pictures_NHWC
    count, height, width, colours = pictures_NHWC.shape
    down, across = -height % fold, -width % fold
    if down or across:
        rows = torch.arange(height + down, device=pictures_NHWC.device).clamp(max=height - 1)
        columns = torch.arange(width + across, device=pictures_NHWC.device).clamp(max=width - 1)
        pictures_NHWC = pictures_NHWC[:, rows][:, :, columns]
    split = pictures_NHWC.reshape(count, (height + down) // fold, fold, (width + across) // fold, fold, colours)
    return split.permute(0, 1, 3, 2, 4, 5).flatten(3)
