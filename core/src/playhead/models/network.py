"""What playhead asks of a network: named inputs to named heads, and one preparation for training and playing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from playhead.errors import BadValue, not_found
from playhead.models import ModelSpec

FrameArray = npt.NDArray[np.uint8]


class Network(nn.Module):
    """A network of a given spec.

    Subclasses define `features` and the module `heads`, and `prepare` if they do not want whole frames.
    """

    heads: nn.Module

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.spec = spec
        self.options: dict[str, Any] = dict(spec.options)  # all of them, for the run to keep

    def prepare(self, frames_NHWC: FrameArray) -> dict[str, FrameArray]:
        """Cut from frames what the network looks at: named uint8 pictures (N, height, width, channels).

        Called with whole frames by the loader's threads in training and by the predictor in playing, so the
        two cannot differ. Must be a pure function of its argument.
        """
        return {"frames": frames_NHWC}

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return what the heads look at (B, features) for prepared inputs."""
        raise NotImplementedError

    def answer(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the logits (B, outputs) of every head for prepared inputs: what `heads` makes of `features`."""
        logits: dict[str, Tensor] = self.heads(self.features(inputs))
        return logits

    def kernels(self) -> list[Tensor]:
        """Return the weights that an L1 penalty is for: kernels of layers, those of the heads left out."""
        named = self.named_parameters()
        return [weight for name, weight in named if weight.ndim >= 2 and not name.startswith("heads.")]

    def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the logits of every head; whole frames are prepared first.

        Shapes:  inputs "frames" (B, T, H, W, C) uint8, or the pictures `prepare` makes of them, likewise;
                 telemetry (B, T) float32. Returns head -> (B, outputs).
        """
        return self.answer(self.prepared(inputs))

    def prepared(self, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return the inputs with whole frames, if there are any, beside what the network looks at of them."""
        frames = inputs.get("frames")
        if frames is None or tuple(frames.shape[2:]) != self.spec.frame.shape:
            return inputs
        count, length = frames.shape[:2]
        views = self.prepare(frames.reshape(count * length, *frames.shape[2:]).cpu().numpy())
        prepared = {
            name: torch.from_numpy(np.ascontiguousarray(view))
            .to(frames.device)
            .view(count, length, *view.shape[1:])
            for name, view in views.items()
        }
        return {**inputs, **prepared}


MOST_OPTION = 2**24  # of a whole number
MOST_SIDE = 4096  # of a whole number in a list: channels, sides in pixels
MOST_LISTED = 64


def check_options(model: str, options: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the known options overlaid with those given, each of the type of what is known, and not too large.

    Raises:  NotFound for one that the model lacks, BadValue for one that cannot be.
    """
    for name, value in options.items():
        if name not in known:
            raise not_found(f"option of the model {model}", name, known, then="See model_options in the recipe.")
        if not _is_like(value, known[name]):
            raise BadValue(f"model_options.{name}={value!r} cannot be; {model} has {known[name]!r} by itself.")
    return {**known, **options}


def _is_like(value: Any, usual: Any) -> bool:
    """Whether an option is of the kind of the usual one, and no larger than any machine bears."""
    if isinstance(usual, bool) or isinstance(value, bool):
        return isinstance(usual, bool) and isinstance(value, bool)
    if isinstance(usual, int):
        return isinstance(value, int) and 0 <= value <= MOST_OPTION
    if isinstance(usual, float):
        return isinstance(value, (int, float)) and math.isfinite(value)
    if isinstance(usual, (list, tuple)):
        if not isinstance(value, (list, tuple)) or len(value) > MOST_LISTED:
            return False
        return all(map(_is_side, value)) or not all(map(_is_side, usual))
    if isinstance(usual, Mapping):
        return isinstance(value, Mapping) and len(value) <= MOST_LISTED
    if usual is None and isinstance(value, (list, tuple)) and len(value) <= MOST_LISTED:
        return all(isinstance(item, str) or _is_side(item) for item in value)
    return value is None or isinstance(value, str)


def _is_side(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_SIDE


def symlog(telemetry: Tensor) -> Tensor:
    """Return telemetry of any unit and size within a few units of 0: the logarithm of 1 + its size, signed."""
    return telemetry.sign() * telemetry.abs().log1p()


def count_parameters(network: nn.Module) -> int:
    """Return how many numbers are learned."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
