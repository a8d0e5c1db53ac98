"""Networks that say which car it is: that of the original, to the parameter, and ours.

picture 400x150 -> made smaller -> convolutions -> features -> head
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from playhead.models import ModelSpec
from playhead.models.encoders import folded
from playhead.models.heads import Heads
from playhead.models.network import FrameArray, Network, check_options

# The original's figures, from its report and notebooks (systems.md, section 1).
ORIGINAL_SIZE = (100, 50)  # width, height
ORIGINAL_CHANNELS = (32, 64, 128)
ORIGINAL_DENSE = 256
ORIGINAL_PARAMETERS = 1_405_252  # with a head of four classes


def smaller(frames_NHWC: FrameArray, size: Sequence[int], how: int) -> FrameArray:
    """Return pictures of another size. Units: size (width, height); `how` one of OpenCV's interpolations."""
    width, height = size
    small_NHWC = np.empty((len(frames_NHWC), height, width, frames_NHWC.shape[3]), dtype=np.uint8)
    for frame_HWC, small_HWC in zip(frames_NHWC, small_NHWC, strict=True):
        small_HWC[...] = cv2.resize(frame_HWC, (width, height), interpolation=how).reshape(small_HWC.shape)
    return small_NHWC


class OriginalNet(Network):
    """Three convolutions and a dense layer; valid padding, no normalisation, colours from 0 to 255.

    Source:  Tocard-Inc/Deep-Learning, report: Conv 32-64-128 of 3x3 with ReLU, each halved by its largest of
             2x2, flattened to 5,120, dense 256 with ReLU, softmax over 4; raw colours in the run on all data.
    """

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        check_options("sideswipe_original", spec.options, {})
        layers: list[nn.Module] = []
        (width, height), before = ORIGINAL_SIZE, spec.frame.channels
        for after in ORIGINAL_CHANNELS:
            layers += [nn.Conv2d(before, after, 3), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
            width, height, before = (width - 2) // 2, (height - 2) // 2, after
        self.convolutions = nn.Sequential(*layers)
        self.dense = nn.Linear(before * width * height, ORIGINAL_DENSE)
        self.heads = Heads(spec.schema, ORIGINAL_DENSE)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):  # as Keras begins: Glorot's uniform, no bias
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.get_parameter("bias"))

    def prepare(self, frames_NHWC: FrameArray) -> dict[str, FrameArray]:
        """Make pictures 100x50 with bilinear interpolation."""
        return {"car": smaller(frames_NHWC, ORIGINAL_SIZE, cv2.INTER_LINEAR)}

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the output of the dense layer (B, 256)."""
        pictures_BCHW = inputs["car"][:, -1].permute(0, 3, 1, 2).to(self.dense.weight.dtype)
        maps = self.convolutions(pictures_BCHW)
        return torch.relu(self.dense(maps.flatten(1)))


OPTIONS: dict[str, Any] = {
    "size": [100, 38],  # of the picture it sees: width, height
    "fold": 4,  # squares of so many pixels become channels first: a quarter of the size at no cost
    "channels": [32, 64],  # of the stages; every stage but the first halves the picture
    "blocks": [1, 1],  # residual blocks after the first convolution of each stage
    "dropout": 0.1,  # share of the features
    "mirrored": True,  # whether it looks twice when it is asked, the second time at the mirror image
}


class CarNet(Network):
    """A small residual network; the mean of its last maps are the features. Its options are in OPTIONS."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        self.options = options = check_options("sideswipe", spec.options, OPTIONS)
        layers: list[nn.Module] = []
        before = spec.frame.channels * options["fold"] ** 2
        for stage, (after, blocks) in enumerate(zip(options["channels"], options["blocks"], strict=True)):
            layers += [Convolution(before, after, stride=2 if stage else 1), nn.ReLU(inplace=True)]
            layers += [Residual(after) for _ in range(blocks)]
            before = after
        self.convolutions = nn.Sequential(*layers)
        self.dropout = nn.Dropout(options["dropout"])
        self.heads = Heads(spec.schema, before)

    def prepare(self, frames_NHWC: FrameArray) -> dict[str, FrameArray]:
        """Make pictures smaller by averaging areas, so that no thin line is lost."""
        return {"car": smaller(frames_NHWC, self.options["size"], cv2.INTER_AREA)}

    def maps(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the last maps (B, channels, height, width)."""
        pictures_BHWC = folded(inputs["car"][:, -1], self.options["fold"])
        # A permuted BHWC array is channels_last already: no copy, and the fast layout on a CPU.
        scaled = pictures_BHWC.permute(0, 3, 1, 2).float().mul_(1 / 127.5).sub_(1.0)
        maps: Tensor = self.convolutions(scaled)
        return maps

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the mean of the last maps (B, channels); when it is asked, that of the mirror image too."""
        if self.training or not self.options["mirrored"]:
            features: Tensor = self.dropout(self.maps(inputs).mean((2, 3)))
            return features
        # The picture itself comes last: what is attributed to places (Grad-CAM) is read off the last maps made.
        mirrored = self.maps({"car": inputs["car"].flip(3)}).mean((2, 3))
        return (mirrored + self.maps(inputs).mean((2, 3))) / 2


class Convolution(nn.Sequential):
    """A 3x3 convolution, normalised over the batch."""

    def __init__(self, before: int, after: int, *, stride: int = 1) -> None:
        convolution = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        super().__init__(convolution, nn.BatchNorm2d(after))


class Residual(nn.Module):
    """Two convolutions beside a straight way; begins as the straight way alone."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Convolution(channels, channels)
        self.second = Convolution(channels, channels)
        nn.init.zeros_(self.second[1].get_parameter("weight"))

    def forward(self, maps_BCHW: Tensor) -> Tensor:
        """Return maps of the same shape."""
        changed = self.second(torch.relu(self.first(maps_BCHW)))
        return torch.relu(maps_BCHW + changed)


def build_original(spec: ModelSpec) -> OriginalNet:
    """Build the original's network for a spec."""
    return OriginalNet(spec)


def build(spec: ModelSpec) -> CarNet:
    """Build our network for a spec."""
    return CarNet(spec)
