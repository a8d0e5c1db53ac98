"""Pictures to features: small convolutional encoders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from playhead.errors import BadValue
from playhead.models import Colours


def convolutions_of(channels: Sequence[int], strides: Sequence[int] | None) -> list[tuple[int, int]]:
    """Return channels and stride of each convolution, by itself 2. Raises BadValue for a stride of 0, or none."""
    stated = list(strides or ())
    if not channels:
        raise BadValue("model_options.channels=[] cannot be: an encoder has at least one convolution.")
    if 0 in stated:
        raise BadValue(f"model_options.strides={stated} cannot be: a stride is 1 or more.")
    return list(zip(channels, stated + [2] * len(channels), strict=False))


class Encoder(nn.Module):
    """Some uint8 pictures that are seen together to features; the base of those that follow.

    Colours go from -1 to 1, or, once they are standardised, about as far from 0 as 1 whatever the game looks like.
    Shapes:  forward takes (N, P, H, W, C) uint8, P pictures that are seen together, and returns (N, outputs)
             float32.
    """

    outputs: int
    means_C: Tensor
    scales_C: Tensor
    changes_C: Tensor

    def __init__(self, colours: int) -> None:
        super().__init__()
        middle = torch.full((colours,), 127.5)
        self.register_buffer("means_C", middle, persistent=False)  # a run keeps them beside its weights
        self.register_buffer("scales_C", middle.clone(), persistent=False)
        self.register_buffer("changes_C", middle.clone(), persistent=False)

    @property
    def attributed(self) -> nn.Module:
        """The layer that heat maps come from."""
        raise NotImplementedError

    def begin(self) -> None:
        """Draw the weights."""
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.constant_(module.bias, 0.0)

    def standardise(self, colours: Colours) -> None:
        """Have each channel of a picture come less its mean, in units of its scale; changes in units of theirs."""
        self.means_C, self.scales_C, self.changes_C = (
            torch.tensor(one, dtype=torch.float32, device=self.means_C.device)
            for one in (colours.means, colours.scales, colours.changes or colours.scales)
        )


class ConvEncoder(Encoder):
    """Convolutions and one linear layer over pictures as if their channels were those of one.

    Few convolutions with long strides learn soonest: their maps are still large when the linear layer sees them
    (docs/learning.md). Squares of `fold` pixels become channels first, where that is not 1: halving the picture
    this way costs next to nothing, while a convolution of three channels at full size takes half of a training
    step. With `changes` of pictures before the newest one it is seen how they differ from the one behind them, by
    the scale of such changes: what a press does is small beside what stands still.
    """

    def __init__(self, size: tuple[int, int], colours: int, pictures: int, options: Mapping[str, Any]) -> None:
        """Take height and width of a picture, how many are seen together, and options of a network.

        They are fold, channels, strides and features, and perhaps changes.
        """
        super().__init__(colours)
        self.sees_changes = bool(options.get("changes", False))
        self.fold = fold = options["fold"]
        size = (-(-size[0] // fold), -(-size[1] // fold))
        convolved = convolutions_of(options["channels"], options["strides"])
        self.convolutions, inputs = convolutions(size, colours * pictures * fold * fold, convolved)
        self.features = nn.Linear(inputs, options["features"])
        self.outputs = options["features"]
        self.begin()

    @property
    def attributed(self) -> nn.Module:
        """The last convolution that is called: of the first one only the weights are used."""
        called = [layer for layer in list(self.convolutions)[1:] if isinstance(layer, nn.Conv2d)]
        return called[-1] if called else self.convolutions[1]

    def forward(self, pictures_NPHWC: Tensor) -> Tensor:
        """Return the features of what is seen together."""
        each_P1 = torch.arange(pictures_NPHWC.shape[1], device=pictures_NPHWC.device)[:, None]
        return self.over(pictures_NPHWC, each_P1)[:, 0]

    def over(self, pictures_BTHWC: Tensor, seen_PS: Tensor) -> Tensor:
        """Return features (B, S, outputs) of what is seen together at S moments: the pictures seen_PS of T.

        A picture that is seen at several moments is convolved once, with its channels of the weights for each of
        its places; to convolve changes is to take the change of what is convolved. Dividing all pixels by their
        scales would take as long, and weights are few. Among their channels a picture comes before its colour, and
        after the place in a folded square.
        """
        layer, means_C = self.convolutions[0], self.means_C.repeat(self.fold**2)
        assert isinstance(layer, nn.Conv2d)
        shape = (layer.out_channels, -1, len(seen_PS), len(self.scales_C), *layer.kernel_size)
        before_C = self.changes_C if self.sees_changes else self.scales_C
        scales_PC = torch.cat([before_C.expand(len(seen_PS) - 1, -1), self.scales_C[None]])
        by_place = (layer.weight.reshape(shape) / scales_PC[..., None, None]).movedim(2, 0)
        weights = by_place.flatten(2, 3).flatten(0, 1)
        # A permuted NHWC array is channels_last already: no copy, and the fast layout on a CPU.
        pixels_NHWC = pictures_BTHWC.flatten(0, 1)
        if self.fold > 1:
            pixels_NHWC = folded(pixels_NHWC, self.fold)
        centred = pixels_NHWC.permute(0, 3, 1, 2).to(means_C.dtype).sub_(means_C[:, None, None])
        convolved = functional.conv2d(centred, weights, None, layer.stride, layer.padding)
        maps_BTPOHW = convolved.reshape(*pictures_BTHWC.shape[:2], len(seen_PS), -1, *convolved.shape[2:])
        *parts, last = maps_BTPOHW.unbind(2)
        maps = last.index_select(1, seen_PS[-1])
        for part, seen_S, after_S in zip(parts, seen_PS[:-1], seen_PS[1:], strict=True):
            there = part.index_select(1, seen_S)
            maps = maps + (part.index_select(1, after_S) - there if self.sees_changes else there)
        assert layer.bias is not None
        seen = self.convolutions[1:]((maps + layer.bias[:, None, None]).flatten(0, 1))
        features: Tensor = torch.relu(self.features(seen.flatten(1)))
        return features.reshape(*maps.shape[:2], self.outputs)


class PointEncoder(Encoder):
    """Keypoints of each picture, how they moved, what is there, and features of all pictures, side by side.

    One convolution sees each picture by itself, and with `changes` how it differs from the one before it. Its maps
    give keypoints, which say where small things are to a fraction of a pixel, and, with `looks`, what is there: a
    linear layer over maps learns that late or never (docs/learning.md). The other convolutions see the maps of all
    pictures.
    """

    MOVED = 4.0  # by which motion from one picture to the next is enlarged: it is small beside places

    def __init__(self, size: tuple[int, int], colours: int, pictures: int, options: Mapping[str, Any]) -> None:
        """Take height and width of a picture, how many are seen together, and options of a network.

        They are channels, strides, features, keypoints, looks and changes.
        """
        super().__init__(colours)
        (channels, stride), *others = convolutions_of(options["channels"], options["strides"])
        self.first, _ = convolutions(size, colours, [(channels, stride)])
        self.changes = None
        if options["changes"] and pictures > 1:
            self.changes = nn.Conv2d(colours, channels, 2 * stride - 1, bias=False)
        self.keypoints = Keypoints(channels, options["keypoints"], options["looks"])
        size = (-(-size[0] // stride), -(-size[1] // stride))
        self.convolutions, inputs = convolutions(size, channels * pictures, others)
        self.features = nn.Linear(inputs, options["features"])
        self.outputs = options["features"] + (3 + options["looks"]) * pictures * options["keypoints"]
        self.begin()

    @property
    def attributed(self) -> nn.Module:
        """What makes the maps from which everything else comes."""
        return self.first[1]

    def forward(self, pictures_NPHWC: Tensor) -> Tensor:
        """Return features, the newest keypoints, how they moved from picture to picture, and what was there."""
        count, pictures = pictures_NPHWC.shape[:2]
        maps = self.first[1](self._seen(pictures_NPHWC))
        points_MK, there_ML = self.keypoints(maps)
        points_NPK = points_MK.reshape(count, pictures, -1)
        moved_NK = (points_NPK.diff(dim=1) * self.MOVED).flatten(1)
        seen_NHWC = maps.unflatten(0, (count, pictures)).permute(0, 3, 4, 1, 2).flatten(3)
        seen = self.convolutions(seen_NHWC.permute(0, 3, 1, 2))
        features_NF = torch.relu(self.features(seen.flatten(1)))
        return torch.cat([features_NF, points_NPK[:, -1], moved_NK, there_ML.reshape(count, -1)], dim=1)

    def _seen(self, pictures_NPHWC: Tensor) -> Tensor:
        """Return the maps (N x P, channels, ...) of the first convolution, changes of each picture added.

        To convolve changes is to take the change of what is convolved: pictures are laid out once. What does not
        move is exactly nothing then, however bright it is. The gradient of a part that is cut by an index is laid
        into zeros of the size of the whole; of what is split it is joined.
        """
        layer, means_C = self.first[0], self.means_C
        assert isinstance(layer, nn.Conv2d)
        centred = pictures_NPHWC.flatten(0, 1).permute(0, 3, 1, 2).to(means_C.dtype).sub_(means_C[:, None, None])
        weight, bias = layer.weight / self.scales_C[:, None, None], layer.bias
        if self.changes is None:
            return functional.conv2d(centred, weight, bias, layer.stride, layer.padding)
        both = torch.cat([weight, self.changes.weight / self.changes_C[:, None, None]])
        convolved = functional.conv2d(centred, both, None, layer.stride, layer.padding)
        looks, moves = convolved.reshape(*pictures_NPHWC.shape[:2], *convolved.shape[1:]).chunk(2, dim=2)
        one_by_one = moves.unbind(1)
        changed = [torch.zeros_like(one_by_one[0]), *map(torch.sub, one_by_one[1:], one_by_one)]
        assert bias is not None
        maps: Tensor = (looks + torch.stack(changed, dim=1)).flatten(0, 1) + bias[:, None, None]
        return maps


def convolutions(
    size: tuple[int, int], channels: int, convolved: Sequence[tuple[int, int]]
) -> tuple[nn.Sequential, int]:
    """Return convolutions of such channels and strides, and how many numbers they make of a picture."""
    layers: list[nn.Module] = []
    height, width = size
    for after, stride in convolved:
        layers += [nn.Conv2d(channels, after, 2 * stride - 1, stride, stride - 1), nn.ReLU(inplace=True)]
        channels, height, width = after, -(-height // stride), -(-width // stride)
    return nn.Sequential(*layers), channels * height * width


class Keypoints(nn.Module):
    """Where learned patterns are on a map, how clearly, and what is there: the spatial soft argmax, and attention.

    A softmax over the places of each pattern's map says how likely it is at each. Kept are the place expected
    (Levine et al., End-to-end training of deep visuomotor policies, 2016) and the features expected there.
    Shapes:  forward takes (N, C, H, W) and returns (N, 3 x count): x and y from -1 to 1, and from -1 to 1 how
             much of the pattern is there; and (N, count x looks): what is seen at each keypoint.
    """

    def __init__(self, channels: int, count: int, looks: int = 0) -> None:
        super().__init__()
        self.count = count
        self.looks = nn.Conv2d(channels, count + looks, 3, 1, 1)  # for each pattern, then at what is there

    def forward(self, maps_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Return the keypoints of each map, and what is there."""
        looked_NCHW = self.looks(maps_NCHW)
        height, width = looked_NCHW.shape[2:]
        found_NKP, there_NCP = looked_NCHW.flatten(2).split(
            [self.count, len(self.looks.weight) - self.count], dim=1
        )
        shares_NKP = found_NKP.softmax(dim=2)
        ys, xs = (torch.linspace(-1, 1, side, device=found_NKP.device) for side in (height, width))
        places_P2 = torch.stack([xs.repeat(height), ys.repeat_interleave(width)], dim=1)
        expected_NK2 = shares_NKP @ places_P2.to(shares_NKP.dtype)
        clear_NK1 = torch.tanh((shares_NKP * found_NKP).sum(dim=2, keepdim=True))
        there_NKC = shares_NKP @ torch.relu(there_NCP).transpose(1, 2)
        return torch.cat([expected_NK2, clear_NK1], dim=2).flatten(1), there_NKC.flatten(1)


def outputs_of(encoders: nn.ModuleDict) -> int:
    """Return how many features the encoders of all views make together."""
    return sum(encoder.outputs for encoder in encoders.values() if isinstance(encoder, Encoder))


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
