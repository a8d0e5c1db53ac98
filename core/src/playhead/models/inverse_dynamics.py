"""Inverse dynamics by attention: every frame of a window is answered by what comes before and after it.

    frames -> scene -> convolution over time -> residual stacks, each half as large -> layers -> of each frame
           -> blocks of attention that hides nothing, each with two layers -> heads, at each frame

Source:  Baker et al. 2022, Video PreTraining, and its released inverse dynamics model, whose numbers of parameters
         these layers have (vpt.py), but for its last one, which nothing reads.
Shape legend: B windows, T frames, N = B x T, H height, W width, C channels, F features, K heads of attention,
P places apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from playhead.errors import BadValue
from playhead.inputs import main_input, nearest_to, view_key
from playhead.models import ModelSpec
from playhead.models.heads import Heads
from playhead.models.network import FrameArray, Network, check_options
from playhead.models.views import SCENE, views_of

OPTIONS: dict[str, object] = {
    "scene_pixels": 4800,  # the whole frame is made this small, keeping its shape: 85x57 of 240x160
    "scene_size": None,  # or exactly this (width, height)
    "grey": False,  # whether colours are left out
    "over": 5,  # frames that the first convolution sees together, as many before as behind
    "first": 16,  # channels of that convolution, which sees a pixel at a time
    "stacks": (16, 32, 32),  # channels of the residual stacks, each of which halves the picture
    "blocks": 2,  # residual blocks of each
    "dense": 64,  # features of a frame that all its places are brought to
    "width": 128,  # features of a frame that frames are compared by
    "heads": 4,  # of attention
    "head_size": 32,  # features of each
    "inner": 512,  # of the two layers of a block the first one's
    "layers": 2,  # blocks of attention
    "bands": 10,  # of how far apart two frames are, by which attention knows their order
    "reach": 128,  # frames apart that it tells
}
MOST_LAYERS = 64


class InverseDynamics(Network):
    """Convolutions over time and place, then attention among all frames of a window. Options: OPTIONS."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        self.options = options = check_options("inverse_dynamics", spec.options, OPTIONS)
        self.main = main_input(spec.named_inputs)
        _check(spec, options)
        self.view = views_of(spec.frame, {}, options["scene_pixels"], options["scene_size"])[0]
        colours = 1 if options["grey"] else spec.frame.channels
        over, first = options["over"], options["first"]
        self.over_time = nn.Conv3d(colours, first, (over, 1, 1), padding=(over // 2, 0, 0))
        widths = [first, *options["stacks"]]
        self.stacks = nn.Sequential(
            *(
                Stack(before, after, options["blocks"], is_first=number == 0)
                for number, (before, after) in enumerate(pairwise(widths))
            )
        )
        size = [_halved(side, len(options["stacks"])) for side in (self.view.height, self.view.width)]
        flat, dense, width = math.prod(size) * widths[-1], options["dense"], options["width"]
        self.dense = nn.Sequential(_layer(flat, dense), _layer(dense, width))
        self.blocks = nn.ModuleList(Block(options) for _ in range(options["layers"]))
        self.norm = nn.LayerNorm(width)
        self.heads = Heads(spec.schema, width)
        offsets_s = spec.named_inputs[self.main].offsets_s
        self.steps = [nearest_to(offsets_s, position_s) for position_s in spec.positions_s]

    def prepare(self, frames_NHWC: FrameArray) -> dict[str, FrameArray]:
        """Make frames as small as they are seen."""
        seen_NHWC = self.view.cut(frames_NHWC)
        if self.options["grey"] and seen_NHWC.shape[3] == 3:
            seen_NHWC = np.stack([cv2.cvtColor(one, cv2.COLOR_RGB2GRAY)[..., None] for one in seen_NHWC])
        return {SCENE: seen_NHWC}

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return what the heads look at (B, L, F), or (B, F) where one position is answered."""
        pictures_BTHWC = inputs[view_key(self.main, SCENE)]
        length = pictures_BTHWC.shape[1]
        pixels_BCTHW = pictures_BTHWC.permute(0, 4, 1, 2, 3).to(self.norm.weight.dtype) / 255
        maps_NCHW = torch.relu(self.over_time(pixels_BCTHW)).transpose(1, 2).flatten(0, 1)
        seen_NF = self.dense(torch.relu(self.stacks(maps_NCHW)).flatten(1))
        frames_BTF: Tensor = seen_NF.unflatten(0, (-1, length))
        for block in self.blocks:
            frames_BTF = block(frames_BTF)
        read_BTF: Tensor = self.norm(torch.relu(frames_BTF))
        return read_BTF[:, self.steps[0] if len(self.steps) == 1 else self.steps]


class Stack(nn.Module):
    """A convolution, the picture halved, and residual blocks of two convolutions each."""

    def __init__(self, before: int, after: int, blocks: int, *, is_first: bool) -> None:
        super().__init__()
        self.convolution = _convolution(before, after, has_norm=not is_first)
        self.pool = nn.Sequential(nn.MaxPool2d(3, 2, 1), nn.GroupNorm(1, after))
        self.blocks = nn.ModuleList(
            nn.Sequential(_convolution(after, after), _convolution(after, after)) for _ in range(blocks)
        )

    def forward(self, maps_NCHW: Tensor) -> Tensor:
        """Return maps half as large."""
        maps_NCHW = self.pool(self.convolution(maps_NCHW))
        for block in self.blocks:
            maps_NCHW = maps_NCHW + block(maps_NCHW)
        return maps_NCHW


class Block(nn.Module):
    """Attention among the frames of a window, then two layers of each frame; both are added to what came in."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__()
        width = options["width"]
        self.norm = nn.LayerNorm(width)
        self.attention = Attention(options)
        last = nn.Linear(options["inner"], width)
        nn.init.zeros_(last.weight)  # so that these layers begin as nothing
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(_layer(width, options["inner"]), last)

    def forward(self, frames_BTF: Tensor) -> Tensor:
        """Return as many features."""
        frames_BTF = frames_BTF + self.attention(self.norm(frames_BTF))
        added: Tensor = frames_BTF + self.layers(frames_BTF)
        return added


class Attention(nn.Module):
    """Every frame looks at every other one, earlier or later; how far apart they are counts by learned bands."""

    bases_PN: Tensor

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__()
        width, self.heads = options["width"], options["heads"]
        inside, self.bands, self.reach = self.heads * options["head_size"], options["bands"], options["reach"]
        self.query = nn.Linear(width, inside)
        self.key, self.value = nn.Linear(width, inside, bias=False), nn.Linear(width, inside, bias=False)
        self.apart = nn.Linear(width, self.heads * self.bands)
        self.out = nn.Linear(inside, width)
        self.register_buffer("bases_PN", _bases(self.reach, self.bands), persistent=False)

    def forward(self, frames_BTF: Tensor) -> Tensor:
        """Return what each frame is told by all."""
        query, key, value = (
            layer(frames_BTF).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        told = functional.scaled_dot_product_attention(query, key, value, attn_mask=self._order(frames_BTF))
        out: Tensor = self.out(told.transpose(1, 2).flatten(2))
        return out

    def _order(self, frames_BTF: Tensor) -> Tensor:
        """Return what counts by how far apart two frames are (B, K, T, T): bands, weighed by each frame itself."""
        weights_BKTN = self.apart(frames_BTF).unflatten(2, (self.heads, self.bands)).transpose(1, 2)
        place_T = torch.arange(frames_BTF.shape[1], device=frames_BTF.device)
        apart_TT = (place_T[None] - place_T[:, None]).clamp(-self.reach, self.reach) + self.reach
        order: Tensor = torch.einsum(
            "bktn,tsn->bkts", weights_BKTN, self.bases_PN[apart_TT].to(weights_BKTN.dtype)
        )
        return order


def _bases(reach: int, bands: int) -> Tensor:
    """Return bumps over how far apart two frames are (2 x reach + 1, bands), narrow near 0 and wide far away."""
    apart_P = torch.arange(-reach, reach + 1, device="cpu").double()
    warped_P = apart_P.sign() * apart_P.abs().log1p() / math.log1p(reach)
    middles_N = torch.linspace(-1, 1, bands, device="cpu").double()
    return torch.exp(-(((warped_P[:, None] - middles_N) * bands / 2) ** 2)).float()


def _convolution(before: int, after: int, *, has_norm: bool = True) -> nn.Sequential:
    norm = [nn.GroupNorm(1, before)] if has_norm else []
    return nn.Sequential(*norm, nn.Conv2d(before, after, 3, padding=1, bias=not has_norm), nn.ReLU())


def _layer(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(before), nn.Linear(before, after, bias=False), nn.ReLU())


def _halved(side: int, times: int) -> int:
    for _ in range(times):
        side = (side + 1) // 2
    return side


def _check(spec: ModelSpec, options: Mapping[str, Any]) -> None:
    """Raise BadValue for inputs that it cannot look at, and for options that are no network."""
    if len(spec.named_inputs) > 1 or not spec.named_inputs[main_input(spec.named_inputs)].is_pictures:
        raise BadValue("inverse_dynamics looks at one input of pictures. Take --set inputs=frames.")
    positive = ("over", "first", "dense", "width", "heads", "head_size", "inner", "bands", "reach")
    numbers = {**{name: options[name] for name in positive}, "stacks": min(options["stacks"], default=0)}
    for name, value in numbers.items():
        if value < 1:
            raise BadValue(f"model.{name}={options[name]} cannot be: it is 1 or more, and stacks at least one.")
    if options["over"] % 2 == 0:
        raise BadValue(f"model.over={options['over']} cannot be: as many frames before as behind make it odd.")
    if max(options["layers"], options["blocks"], len(options["stacks"])) > MOST_LAYERS:
        raise BadValue(f"model.layers, model.blocks and the stacks are at most {MOST_LAYERS} each.")


def build(spec: ModelSpec) -> InverseDynamics:
    """Build the network for a spec."""
    return InverseDynamics(spec)
