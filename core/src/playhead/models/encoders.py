"""Pictures to features: small convolutional encoders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from playhead.errors import BadValue

Colours = tuple[tuple[float, ...], tuple[float, ...]]  # means and scales of the channels of a picture


def convolutions_of(channels: Sequence[int], strides: Sequence[int] | None) -> list[tuple[int, int]]:
    """Return channels and stride of each convolution, 2 where none is stated. Raises BadValue for none, or one of 0."""
    stated = list(strides or ())
    if not channels:
        raise BadValue("model_options.channels=[] cannot be: an encoder has at least one convolution.")
    if 0 in stated:
        raise BadValue(f"model_options.strides={stated} cannot be: a stride is 1 or more.")
    return list(zip(channels, stated + [2] * len(channels), strict=False))


class ConvEncoder(nn.Module):
    """Convolutions and one linear layer, from some uint8 pictures seen as one to features.

    Few of them with long strides learn soonest: their maps are still large when the linear layer sees them.
    Keypoints say where small things are to a fraction of a pixel, which that layer learns late or never
    (docs/learning.md).

    Squares of `fold` pixels become channels first, where that is not 1: halving the picture this way costs
    next to nothing, while a convolution of three channels at full size takes half of a training step.
    Colours go from -1 to 1, or, once they are standardised, about as far from 0 as 1 whatever the game looks like.
    Shapes:  forward takes (N, P, H, W, C) uint8, P pictures that are seen together, and returns (N, outputs)
             float32: features, and 3 numbers a keypoint.
    """

    def __init__(self, size: tuple[int, int], colours: int, pictures: int, options: Mapping[str, Any]) -> None:
        """Take height and width of a picture, how many are seen together, and options of a network.

        They are fold, channels, strides, features and keypoints.
        """
        super().__init__()
        self.fold = fold = options["fold"]
        height, width = (-(-pixels // fold) for pixels in size)
        layers: list[nn.Module] = []
        channels, convolved = colours * pictures * fold * fold, convolutions_of(options["channels"], options["strides"])
        points = options["keypoints"]
        self.keypoints = Keypoints(convolved[0][0], points) if points else None
        for after, stride in convolved:
            sides = (2 * stride - 1, stride, stride - 1)
            layers += [nn.Conv2d(channels, after, *sides) if layers else Together((pictures, colours), channels, after, *sides)]
            layers += [nn.ReLU(inplace=True)]
            channels, height, width = after, -(-height // stride), -(-width // stride)
        self.convolutions = nn.Sequential(*layers)
        self.features = nn.Linear(channels * height * width, options["features"])
        self.outputs = options["features"] + 3 * points
        self.means_C: Tensor
        self.scales_C: Tensor
        middle = torch.full((colours,), 127.5)
        self.register_buffer("means_C", middle, persistent=False)  # a run keeps them beside its weights
        self.register_buffer("scales_C", middle.clone(), persistent=False)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.constant_(module.get_parameter("bias"), 0.0)

    def standardise(self, colours: Colours) -> None:
        """Have each channel of a picture come less its mean, in units of its scale."""
        self.means_C, self.scales_C = (
            torch.tensor(one, dtype=torch.float32, device=self.features.weight.device) for one in colours
        )

    def forward(self, pictures_NPHWC: Tensor) -> Tensor:
        """Return the features of what is seen together."""
        centred = [self._centred(one_NHWC) for one_NHWC in pictures_NPHWC.unbind(1)]
        first = self.convolutions[1](self.convolutions[0](centred, 1 / self.scales_C))
        features: Tensor = torch.relu(self.features(self.convolutions[2:](first).flatten(1)))
        return features if self.keypoints is None else torch.cat([features, self.keypoints(first)], dim=1)

    def _centred(self, pictures_NHWC: Tensor) -> Tensor:
        # A permuted NHWC array is channels_last already: no copy, and the fast layout on a CPU.
        pictures_NCHW = folded(pictures_NHWC, self.fold).permute(0, 3, 1, 2)
        return pictures_NCHW.to(self.features.weight.dtype).sub_(self.means_C.repeat(self.fold**2)[:, None, None])


class Together(nn.Conv2d):
    """A convolution of several pictures as if their channels were those of one.

    Laying them side by side, pixel by pixel, would take as long as convolving them, and so does multiplying all
    their colours, which weights take as well. Among the channels of its
    weights the picture comes before the colour, and after the place in a folded square.
    """

    def __init__(self, seen: tuple[int, int], channels: int, *sides: int) -> None:
        """Take how many pictures of how many colours are seen together."""
        super().__init__(channels, *sides)
        self.seen = seen

    def forward(self, pictures_PNCHW: Sequence[Tensor], factor_C: Tensor) -> Tensor:
        """Return the maps (N, channels, H, W) of pictures whose colours still are to be multiplied by a factor."""
        weight_OSPCHW = self.weight.unflatten(1, (-1, *self.seen)) * factor_C[:, None, None]
        bias: Tensor | None = self.bias
        maps: Tensor | None = None
        for number, one_NCHW in enumerate(pictures_PNCHW):
            seen = self._conv_forward(one_NCHW, weight_OSPCHW[:, :, number].flatten(1, 2), bias)
            maps, bias = seen if maps is None else maps + seen, None
        assert maps is not None
        return maps


class Keypoints(nn.Module):
    """Where learned patterns are on a map, and how clearly: the spatial soft argmax.

    A softmax over the places of each pattern's map says how likely it is at each; kept is the place expected.
    Levine et al., End-to-end training of deep visuomotor policies, 2016.
    Shapes:  forward takes (N, C, H, W) and returns (N, 3 x count): x and y from -1 to 1, and from -1 to 1 how
             much of the pattern is there.
    """

    def __init__(self, channels: int, count: int) -> None:
        super().__init__()
        self.patterns = nn.Conv2d(channels, count, 3, 1, 1)

    def forward(self, maps_NCHW: Tensor) -> Tensor:
        """Return the keypoints of each map."""
        found_NCHW = self.patterns(maps_NCHW)
        height, width = found_NCHW.shape[2:]
        found_NCP = found_NCHW.flatten(2)
        shares_NCP = found_NCP.softmax(dim=2)
        ys, xs = (torch.linspace(-1, 1, side, device=found_NCP.device) for side in (height, width))
        places_P2 = torch.stack([xs.repeat(height), ys.repeat_interleave(width)], dim=1)
        expected_NC2 = shares_NCP @ places_P2.to(shares_NCP.dtype)
        clear_NC1 = torch.tanh((shares_NCP * found_NCP).sum(dim=2, keepdim=True))
        return torch.cat([expected_NC2, clear_NC1], dim=2).flatten(1)


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
