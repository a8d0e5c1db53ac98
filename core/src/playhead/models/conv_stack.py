"""A network that sees all frames of a window at once: stacked as channels of one picture, convolved once.

A third of the work of conv_lstm at windows of 3 frames; it cannot reuse what it knows of a frame.

    frames of a window, stacked -> scene, made smaller -> convolutions -\\
                                -> each region as it is -> convolutions -+-> a layer -> heads
    telemetry ----------------------------------------------------------/
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from playhead.errors import BadValue
from playhead.inputs import columns_of, main_input, view_key
from playhead.models import ModelSpec
from playhead.models.conv_lstm import chosen_regions, cropped
from playhead.models.encoders import ConvEncoder, Encoder, PointEncoder, outputs_of
from playhead.models.heads import Heads
from playhead.models.named import NamedModules
from playhead.models.network import FrameArray, Network, check_answers_once, check_options, symlog
from playhead.models.views import views_of

OPTIONS: dict[str, object] = {
    "scene_pixels": 4800,  # the whole frame is made this small, keeping its shape: 80x60 of 240x180
    "scene_size": None,  # or exactly this (width, height)
    "regions": None,  # names of regions seen at full resolution; None: all of the game
    "crops": {},  # name -> (x, y, width, height) of further parts seen at full resolution
    "fold": 1,  # squares of so many pixels become channels first; 1 where there are keypoints
    "channels": (24, 32, 48, 64),  # of the convolutions
    "strides": None,  # of each, which looks at 2 x stride - 1 pixels; 2 where none is stated
    "features": 128,  # of each view
    "keypoints": 0,  # of each view and frame: where small things are; the first convolution sees each frame alone
    "looks": 0,  # features of what is at each keypoint, as which way it lies
    "changes": False,  # keypoints also see how each frame of a window differs from the one before it
    "points_alone": False,  # whether keypoints must also answer without `features`, in training
    "hidden": 128,  # of the layer that joins them
    "dropout": 0.0,  # share of that layer's outputs
}


class ConvStack(Network):
    """All frames of a window as channels of one picture, convolved once. Its options are in OPTIONS."""

    alone_I: Tensor  # of what is joined 1, but 0 for features of all places

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        options = check_options("conv_stack", spec.options, OPTIONS)
        regions = chosen_regions(spec, options["regions"]) | cropped(spec, options["crops"])
        check_answers_once("conv_stack", spec)
        views = views_of(spec.frame, regions, options["scene_pixels"], options["scene_size"])
        if options["keypoints"] and options["fold"] != 1:
            raise BadValue("model.fold has no effect on keypoints: take --set model.fold=1, or model.keypoints=0.")
        self.main = main_input(spec.named_inputs)
        numbers = {name: one for name, one in spec.named_inputs.items() if not one.is_pictures}
        if len(numbers) < len(spec.named_inputs) - 1:
            raise BadValue("conv_stack looks at one input of pictures. Take --set model=conv_lstm for several.")
        self.views = views if self.main not in numbers else []
        self.options = options
        encoder = PointEncoder if options["keypoints"] else ConvEncoder
        self.encoders = NamedModules({
            view.name: encoder((view.height, view.width), spec.frame.channels, spec.length, options)
            for view in self.views
        })  # fmt: skip
        self.telemetry = tuple(numbers)
        columns = sum(one.steps * columns_of(one, spec.schema) for one in numbers.values())
        inputs = outputs_of(self.encoders) + columns
        self.join = nn.Sequential(nn.Linear(inputs, options["hidden"]), nn.ReLU(), nn.Dropout(options["dropout"]))
        self.heads = Heads(spec.schema, options["hidden"])
        for name in ("points_alone", "changes"):
            if options[name] and not options["keypoints"]:
                raise BadValue(f"model.{name} needs keypoints: take --set model.keypoints=16.")
        sizes = [one.outputs for one in self.encoders.values() if isinstance(one, Encoder)]
        alone = [(torch.arange(size) >= options["features"]).float() for size in sizes]
        self.register_buffer("alone_I", torch.cat([*alone, torch.ones(columns)]), persistent=False)

    def prepare(self, frames_NHWC: FrameArray) -> dict[str, FrameArray]:
        """Cut every view from the frames."""
        return {view.name: view.cut(frames_NHWC) for view in self.views}

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return what the heads look at (B, hidden)."""
        joined: Tensor = self.join(torch.cat(self._parts(inputs), dim=1))
        return joined

    def answers_to_learn(self, inputs: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
        """Return the logits, and with `points_alone` those without features of all places.

        These fit the pictures of a training soonest, and keypoints learn little beside them (docs/learning.md).
        """
        parts = self._parts(inputs)
        answers = [self.heads(self.join(torch.cat(parts, dim=1)))]
        if self.options["points_alone"]:
            answers.append(self.heads(self.join(torch.cat(parts, dim=1) * self.alone_I)))
        return answers

    def _parts(self, inputs: Mapping[str, Tensor]) -> list[Tensor]:
        parts = [encoder(inputs[view_key(self.main, name)]) for name, encoder in self.encoders.items()]
        return parts + [symlog(inputs[name]).flatten(1) for name in self.telemetry]


def build(spec: ModelSpec) -> ConvStack:
    """Build the network for a spec."""
    return ConvStack(spec)
