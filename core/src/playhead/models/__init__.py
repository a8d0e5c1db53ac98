"""Frames to predictions: networks, what a run holds, and one-window inference. Knows nothing of training.

Shape legend of this package: B windows, T frames of a window, N = B x T, H height, W width, C channels,
F features, O outputs of a head.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, NamedTuple

from msgspec import Meta

from playhead.game import Frame
from playhead.inputs import Input, main_input, named_inputs
from playhead.labels import LabelSchema
from playhead.regions import Region

_Mean = Annotated[float, Meta(ge=0, le=255)]
_Scale = Annotated[float, Meta(ge=1, le=255)]


class Colours(NamedTuple):
    """What pictures are like, a number a channel: means and scales, and those of changes from frame to frame.

    Units:  of pixels, 0 to 255. `changes` is empty where windows have one frame, and of older runs.
    """

    means: Annotated[tuple[_Mean, ...], Meta(min_length=1, max_length=4)]
    scales: Annotated[tuple[_Scale, ...], Meta(min_length=1, max_length=4)]
    changes: Annotated[tuple[_Scale, ...], Meta(max_length=4)] = ()


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """What a network is built for; the same for training and playing.

    `regions` are given at the size of `frame`. `inputs` are names, `named_inputs` what each of them looks at and
    when; `length` is how many moments the main one has. `positions_s` are the moments to answer at, in seconds
    from that of a window.
    `colours` are what its pictures are like, measured before it learned; None: nothing was.
    `options` are plain data of this network: what a recipe has as `model_options`. `pretrained` asks for weights
    from elsewhere: only where a training begins; a run brings its own.
    """

    schema: LabelSchema
    frame: Frame
    regions: Mapping[str, Region] = field(default_factory=dict)
    length: int = 1
    inputs: tuple[str, ...] = ("frames",)
    named_inputs: Mapping[str, Input] = field(default_factory=dict)  # empty: `inputs` are sources of `length`
    positions_s: tuple[float, ...] = (0.0,)
    options: Mapping[str, Any] = field(default_factory=dict)
    pretrained: bool = False
    colours: Colours | None = None

    def __post_init__(self) -> None:
        named = self.named_inputs
        if tuple(named) != self.inputs or named[main_input(named)].steps != self.length:
            object.__setattr__(self, "named_inputs", named_inputs(self.inputs, self.length, 1.0))

    @property
    def stride_s(self) -> float:
        """Seconds between the last two moments of the main input; 0 where it has only one."""
        offsets_s = self.named_inputs[main_input(self.named_inputs)].offsets_s
        return offsets_s[-1] - offsets_s[-2] if len(offsets_s) > 1 else 0.0

    @property
    def is_one_frame(self) -> bool:
        """Whether a window is one moment: that has no rate."""
        return all(one.offsets_s == (0.0,) for one in self.named_inputs.values())

    @property
    def stepped_inputs(self) -> Mapping[str, Input]:
        """What a network that remembers looks at of each frame: of inputs that go with the main one the newest."""
        rows = self.named_inputs[main_input(self.named_inputs)].offsets_s
        return {
            name: replace(one, offsets_s=rows[-1:]) if one.offsets_s == rows else one
            for name, one in self.named_inputs.items()
        }


@dataclass(frozen=True, kw_only=True)
class EngineSpec:
    """What asks a network, by the name of its engine, and where it computes: auto, cpu, cuda, or what it knows."""

    name: str = "torch"
    device: str = "auto"


DEFAULT_ENGINE = EngineSpec()
