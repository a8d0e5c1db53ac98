"""Pictures to features: small convolutional encoders."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class ConvEncoder(nn.Module):
    """Stride-2 convolutions and one linear layer, from uint8 pictures to features.

    Shapes:  forward takes (N, H, W, C) uint8 and returns (N, features) float32.
    """

    def __init__(self, height: int, width: int, colours: int, channels: Sequence[int], features: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip([colours, *channels], channels, strict=False):
            layers += [nn.Conv2d(before, after, kernel_size=3, stride=2, padding=1), nn.ReLU(inplace=True)]
            height, width = (height + 1) // 2, (width + 1) // 2
        self.convolutions = nn.Sequential(*layers)
        self.features = nn.Linear(channels[-1] * height * width, features)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.constant_(module.get_parameter("bias"), 0.0)

    def forward(self, pictures_NHWC: Tensor) -> Tensor:
        """Return the features of each picture."""
        # A permuted NHWC array is channels_last already: no copy, and the fast layout on a CPU.
        pictures_NCHW = pictures_NHWC.permute(0, 3, 1, 2)
        scaled = pictures_NCHW.to(self.features.weight.dtype).mul_(1 / 127.5).sub_(1.0)
        maps = self.convolutions(scaled)
        features: Tensor = torch.relu(self.features(maps.flatten(1)))
        return features
