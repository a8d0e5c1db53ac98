"""A published network looks at each frame, frozen or learned further; a layer reads all frames of a window.

    frame -> scene, at the backbone's size -> backbone -> its last maps, averaged -\\
          -> each region and crop as it is, all frames at once -> convolutions -----+-> a layer -> heads
    telemetry ---------------------------------------------------------------------/

Frozen, what it makes of a frame is computed once a training: an epoch costs what the layers above it cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from playhead.errors import BadValue
from playhead.inputs import columns_of, main_input, view_key
from playhead.models import ModelSpec
from playhead.models.conv_lstm import chosen_regions, cropped
from playhead.models.encoders import ConvEncoder, outputs_of
from playhead.models.heads import Heads
from playhead.models.named import NamedModules
from playhead.models.network import FrameArray, Network, check_answers_once, check_options, symlog
from playhead.models.timm_backbones import NONE, timm_backbone
from playhead.models.views import SCENE, View, views_of

OPTIONS: dict[str, object] = {
    "backbone": "tf_efficientnet_lite0",  # a name of timm's: densenet121, mobilenetv2_100
    "weights": "auto",  # at first: "auto" of a package where it has them, else "hub", timm's; "none", or a file
    "frozen": False,  # whether the backbone stays as it is
    "size": None,  # (width, height) it sees the whole frame at; None: the frame's
    "grid": (1, 1),  # columns and rows of places its last maps are averaged to; (1, 1): as its classes were told
    "regions": None,  # names of regions seen at full resolution by convolutions; None: all of the game
    "crops": {},  # name -> (x, y, width, height) of further parts seen so
    "channels": (16, 32, 64),  # of these convolutions
    "strides": (4, 2, 2),  # of each
    "features": 64,  # of each of these views
    "hidden": 256,  # of the layer that joins them
    "dropout": 0.1,  # share of that layer's outputs
}


class Backbone(Network):
    """A network of timm over each frame, and a layer over the window. Its options are in OPTIONS."""

    backbone: Any  # timm's networks say more of themselves than nn.Module does
    mean_C: Tensor
    scale_C: Tensor

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        self.options = options = check_options("backbone", spec.options, OPTIONS)
        check_answers_once("backbone", spec)
        self.main = main_input(spec.named_inputs)
        numbers = {name: one for name, one in spec.named_inputs.items() if not one.is_pictures}
        if len(numbers) != len(spec.named_inputs) - 1:
            raise BadValue("backbone looks at one input of pictures. Take --set model=conv_lstm for others.")
        regions = chosen_regions(spec, options["regions"]) | cropped(spec, options["crops"])
        whole = options["size"] or (spec.frame.width, spec.frame.height)
        self.views: list[View] = views_of(spec.frame, regions, 1, whole)
        scene, *others = self.views
        self.backbone = timm_backbone(
            options["backbone"], weights=options["weights"] if spec.pretrained else NONE,
            colours=spec.frame.channels, size=(scene.height, scene.width),
        )  # fmt: skip
        self.frozen = ("backbone",) if options["frozen"] else ()
        mean, scale = (_of_channels(self.backbone, name, spec.frame.channels) for name in ("mean", "std"))
        self.register_buffer("mean_C", mean * 255, persistent=False)
        self.register_buffer("scale_C", scale * 255, persistent=False)
        self.encoders = NamedModules({
            view.name: ConvEncoder(
                (view.height, view.width), spec.frame.channels, spec.length, {**options, "fold": 1}
            )
            for view in others
        })  # fmt: skip
        self.telemetry = tuple(numbers)
        columns = sum(one.steps * columns_of(one, spec.schema) for one in numbers.values())
        inputs = spec.length * self._seen_by_backbone() + outputs_of(self.encoders) + columns
        self.join = nn.Sequential(nn.Linear(inputs, options["hidden"]), nn.ReLU(), nn.Dropout(options["dropout"]))
        self.heads = Heads(spec.schema, options["hidden"])

    @property
    def has_cacheable(self) -> bool:
        """Whether the backbone stays as it is."""
        return bool(self.frozen)

    def prepare(self, frames_NHWC: FrameArray) -> dict[str, FrameArray]:
        """Cut every view from the frames."""
        return {view.name: view.cut(frames_NHWC) for view in self.views}

    def cacheable(self, name: str, pictures: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return what the backbone makes of scenes (N, features), and other views as they are."""
        return {**pictures, SCENE: self._looked(pictures[SCENE])}

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return what the heads look at (B, hidden)."""
        scene = inputs[view_key(self.main, SCENE)]
        looked = scene if self.frozen else self._looked(scene.flatten(0, 1))
        parts = [looked.reshape(scene.shape[0], -1)]  # len() would fix the number of windows in a graph
        parts += [encoder(inputs[view_key(self.main, name)]) for name, encoder in self.encoders.items()]
        parts += [symlog(inputs[name]).flatten(1) for name in self.telemetry]
        joined: Tensor = self.join(torch.cat(parts, dim=1))
        return joined

    def attribution_layers(self) -> Mapping[str, nn.Module]:
        """Return the last convolution of the backbone, and those of the other views."""
        convolved = [module for module in self.backbone.modules() if isinstance(module, nn.Conv2d)]
        return ({SCENE: convolved[-1]} if convolved else {}) | dict(super().attribution_layers())

    def _looked(self, pictures_NHWC: Tensor) -> Tensor:
        """Return the features (N, places x channels) of pictures."""
        # A permuted NHWC array is channels_last already.
        pictures_NCHW = pictures_NHWC.permute(0, 3, 1, 2).to(self.mean_C.dtype)
        seen = (pictures_NCHW - self.mean_C[:, None, None]) / self.scale_C[:, None, None]
        maps: Tensor = self.backbone.forward_features(seen)
        if self._is_pooled:
            pooled: Tensor = self.backbone.forward_head(maps, pre_logits=True)
            return pooled
        columns, rows = self.options["grid"]
        return functional.adaptive_avg_pool2d(maps, (rows, columns)).flatten(1)

    @property
    def _is_pooled(self) -> bool:
        return tuple(self.options["grid"]) == (1, 1)

    def _seen_by_backbone(self) -> int:
        """Return how many features it makes of a frame."""
        if self._is_pooled:
            return int(self.backbone.head_hidden_size)
        columns, rows = self.options["grid"]
        features: int = self.backbone.num_features * columns * rows
        return features


def _of_channels(backbone: Any, name: str, channels: int) -> Tensor:
    """Return mean or scale of the channels of pictures, 0 to 1, that a backbone was trained with."""
    values = torch.tensor(backbone.pretrained_cfg[name], dtype=torch.float32)
    return values if len(values) == channels else values.mean().expand(channels).clone()


def build(spec: ModelSpec) -> Backbone:
    """Build the network for a spec."""
    return Backbone(spec)
