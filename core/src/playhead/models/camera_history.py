"""Published networks over pictures, histories beside them, dense layers, and layers of an output's own.

    frames as channels -> a backbone, or one an output -> averaged ---------------\
    numbers -> dense layers, of each moment or of all -> memory -> dense layers ---+-> dense layers -> own layers
                                                             \\-> auxiliary layers: learned beside, not played

Source:  Sentdex/pygta5, f2a858c, models 0001 to 0011; which options make which is in games/gta5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from playhead.errors import BadValue
from playhead.inputs import columns_of, main_input
from playhead.models import ModelSpec
from playhead.models.named import NamedModules
from playhead.models.network import Network, check_answers_once, check_options, symlog
from playhead.models.timm_backbones import NONE, timm_backbone

OPTIONS: dict[str, object] = {
    "backbone": "legacy_xception",  # a name of timm's: legacy_xception, inception_resnet_v2, regnety_032
    "weights": "none",  # at first: "hub", timm's, of ImageNet; "none", or a file
    "frozen": False,  # whether backbones stay as they are
    "one_an_output": False,  # whether each output has a backbone and dense layers of its own
    "history": (),  # dense layers over numbers
    "each_moment": False,  # whether these see one moment after the other, and not all at once
    "memory": 0,  # layers of an LSTM over the moments; 0: none
    "memory_size": 128,  # numbers that it remembers
    "state": False,  # whether what it remembers is taken, and not what it says
    "recalled": (),  # dense layers behind it
    "dense": (1024,),  # layers over all together
    "own": (256, 64, 16),  # layers of each output's own
    "auxiliary": (),  # layers behind the memory that answer alone while it learns; empty: none do
    "auxiliary_own": (8, 4),  # of each output's own
    "auxiliary_weight": 0.25,  # of their loss beside that of the others
}
SCENE = "frames"


class CameraHistory(Network):
    """The published line of networks, by options. Its options are in OPTIONS."""

    backbones: Any  # timm's networks say more of themselves than nn.Module does
    heads: NamedModules

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        self.options = options = check_options("camera_history", spec.options, OPTIONS)
        check_answers_once("camera_history", spec)
        self._numbers = {name: one for name, one in spec.named_inputs.items() if not one.is_pictures}
        pictures = len(spec.named_inputs) - len(self._numbers)
        if pictures > 1:
            raise BadValue("camera_history looks at one input of pictures. Take --set model=conv_lstm for others.")
        self._main = main_input(spec.named_inputs) if pictures else ""
        self.backbones = NamedModules({name: self._backbone() for name in self._looking})
        self.frozen = ("backbones",) if options["frozen"] and pictures else ()
        recalled = self._make_history()
        seen = [module.head_hidden_size for module in self.backbones.values()]
        width = recalled + (int(seen[0]) if seen else 0)
        branches = tuple(spec.schema) if options["one_an_output"] else ("all",)
        self.dense = NamedModules({name: stacked(width, options["dense"]) for name in branches})
        self.heads = self._layers_of(last_of(width, options["dense"]), options["own"])
        self._make_auxiliary()

    @property
    def _looking(self) -> tuple[str, ...]:
        if not self._main:
            return ()
        return tuple(self.spec.schema) if self.options["one_an_output"] else ("all",)

    def _backbone(self) -> nn.Module:
        frame, channels = self.spec.frame, self.spec.frame.channels * self.spec.length
        weights = self.options["weights"] if self.spec.pretrained else NONE
        return timm_backbone(
            self.options["backbone"], weights=weights, colours=channels, size=(frame.height, frame.width)
        )

    def _make_history(self) -> int:
        """Make the layers of the histories, and return how many numbers they come to."""
        options, numbers = self.options, self._numbers
        columns = {name: columns_of(one, self.spec.schema) for name, one in numbers.items()}
        steps = {one.steps for one in numbers.values()}
        is_stepped = bool(options["each_moment"] or options["memory"])
        if is_stepped and len(steps) != 1:
            raise BadValue("A memory needs histories of equally many moments. Give all inputs the same offsets.")
        width = sum(columns[name] * (1 if is_stepped else one.steps) for name, one in numbers.items())
        self.history = stacked(width, options["history"])
        width = last_of(width, options["history"])
        self.memory: nn.LSTM | None = None
        if options["memory"]:
            self.memory = nn.LSTM(width, options["memory_size"], options["memory"], batch_first=True)
            width = options["memory_size"]
        elif is_stepped:
            width *= steps.pop()
        self.recalled = stacked(width, options["recalled"])
        self._recalled_width = last_of(width, options["recalled"])
        return self._recalled_width

    def _make_auxiliary(self) -> None:
        """Make the layers that answer alone, from what is recalled."""
        self.auxiliary = stacked(self._recalled_width, self.options["auxiliary"])
        self.auxiliary_heads: NamedModules | None = None
        if self.options["auxiliary"]:
            if not self._numbers:
                raise BadValue("Auxiliary outputs answer from histories, and no input has any. Leave them out.")
            width = last_of(self._recalled_width, self.options["auxiliary"])
            self.auxiliary_heads = self._layers_of(width, self.options["auxiliary_own"])
            self.answer_weights = (1.0, float(self.options["auxiliary_weight"]))

    def _layers_of(self, width: int, own: Sequence[int]) -> NamedModules:
        """Return each output's own layers, without an activation behind the last."""
        return NamedModules({
            name: nn.Sequential(*stacked(width, own), nn.Linear(last_of(width, own), head.outputs))
            for name, head in self.spec.schema.items()
        })  # fmt: skip

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return what the outputs' own layers look at (B, hidden), of all branches."""
        return torch.cat(list(self._branches(inputs, self._recall(inputs)).values()), 1)

    def answer(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the logits (B, outputs) of every head."""
        return self._answered(self._branches(inputs, self._recall(inputs)))

    def answers_to_learn(self, inputs: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
        """Return the logits of every head, then those that auxiliary layers have by themselves."""
        recalled = self._recall(inputs)
        said = [self._answered(self._branches(inputs, recalled))]
        if self.auxiliary_heads is not None and recalled is not None:
            alone_BF = self.auxiliary(recalled)
            said.append({name: layers(alone_BF) for name, layers in self.auxiliary_heads.items()})
        return said

    def _answered(self, branches: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: layers(branches.get(name, branches.get("all"))) for name, layers in self.heads.items()}

    def _branches(self, inputs: Mapping[str, Tensor], recalled_BF: Tensor | None) -> dict[str, Tensor]:
        beside = [] if recalled_BF is None else [recalled_BF]
        looked = {name: self._looked(backbone, inputs) for name, backbone in self.backbones.items()}
        return {
            name: dense(torch.cat([*([looked[name]] if name in looked else []), *beside], 1))
            for name, dense in self.dense.items()
        }

    def _recall(self, inputs: Mapping[str, Tensor]) -> Tensor | None:
        """Return what the histories come to (B, features); None without any."""
        if not self._numbers:
            return None
        given = [symlog(inputs[name]) for name in self._numbers]
        if not (self.options["each_moment"] or self.options["memory"]):
            flat: Tensor = self.recalled(self.history(torch.cat([one.flatten(1) for one in given], 1)))
            return flat
        moments_BTF = self.history(torch.cat([one.reshape(*one.shape[:2], -1) for one in given], 2))
        if self.memory is None:
            said_BF = moments_BTF.flatten(1)
        else:
            said_BTF, (_, state_LBF) = self.memory(moments_BTF)
            said_BF = state_LBF[-1] if self.options["state"] else said_BTF[:, -1]
        recalled_BF: Tensor = self.recalled(said_BF)
        return recalled_BF

    def _looked(self, backbone: Any, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the features (B, channels) of pictures, the frames of a window as channels, from -1 to 1."""
        frames_BTHWC = inputs[self._main]
        stacked_BHWC = frames_BTHWC.permute(0, 2, 3, 1, 4).flatten(3)
        seen = stacked_BHWC.permute(0, 3, 1, 2).to(next(backbone.parameters()).dtype) / 127.5 - 1
        pooled: Tensor = backbone.forward_head(backbone.forward_features(seen), pre_logits=True)
        return pooled

    def answer_layer(self, head: str) -> nn.Module:
        """Return the layer that makes a head's logits."""
        return list(self.heads[head].children())[-1]


def stacked(width: int, layers: Sequence[int]) -> nn.Sequential:
    """Return dense layers, each with an activation."""
    sizes = (width, *layers)
    pairs = [(nn.Linear(before, after), nn.ReLU()) for before, after in zip(sizes, layers, strict=False)]
    return nn.Sequential(*(module for pair in pairs for module in pair))


def last_of(width: int, layers: Sequence[int]) -> int:
    """Return how many numbers come out of dense layers."""
    return layers[-1] if layers else width


def count_numbers(network: nn.Module) -> int:
    """Return how many numbers a network holds, means and variances of its normalisation too, as Keras counts."""
    kept = [value for name, value in network.named_buffers() if name.endswith(("running_mean", "running_var"))]
    return sum(one.numel() for one in [*network.parameters(), *kept])


def build(spec: ModelSpec) -> CameraHistory:
    """Build the network for a spec."""
    return CameraHistory(spec)
