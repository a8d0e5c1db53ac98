"""What a convolution answers to the newest picture, its channels side by side: bright is active.

Shape legend: C channels, H height, W width.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from playhead.models.predictor import Predictor

MOST_SIDE = 480  # of the picture, in pixels
_KEPT = "_convcam"


def tiled(predictor: Predictor) -> npt.NDArray[np.uint8] | None:
    """Return what the network's last convolution said last, as one picture; None before it said anything.

    Shapes:  (height, width, 1), of each channel's own range.
    """
    layers = predictor.network.attribution_layers()
    if not layers:
        return None
    layer = next(iter(layers.values()))
    said = getattr(layer, _KEPT, None)
    if said is None:
        layer.register_forward_hook(_keep)
        setattr(layer, _KEPT, ())
        return None
    return None if not isinstance(said, Tensor) else tiles(said.float().cpu().numpy())


def _keep(layer: nn.Module, given: Any, said: Any) -> None:
    """Keep what a layer says of the newest frame."""
    with torch.inference_mode():
        object.__setattr__(layer, _KEPT, said[-1].detach().clone() if isinstance(said, Tensor) else ())


def tiles(channels_CHW: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return channels side by side, nearly square, scaled up by whole pixels. Shape (height, width, 1)."""
    count, high, wide = channels_CHW.shape
    low_C, top_C = channels_CHW.min((1, 2)), channels_CHW.max((1, 2))
    bright_CHW = (channels_CHW - low_C[:, None, None]) / np.maximum(top_C - low_C, 1e-6)[:, None, None] * 255
    across = max(1, round(math.sqrt(count * high / wide)))
    down = -(-count // across)
    whole = np.zeros((down * across, high, wide), np.uint8)
    whole[:count] = bright_CHW
    picture_HW = whole.reshape(down, across, high, wide).swapaxes(1, 2).reshape(down * high, across * wide)
    times = max(1, MOST_SIDE // max(picture_HW.shape))
    return picture_HW.repeat(times, 0).repeat(times, 1)[:, :, None]
