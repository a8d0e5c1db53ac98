"""Pictures that say nothing: who answers them as real ones does not look. One test, in training and in evaluation.

Shape legend: B windows, T frames, H, W, C picture, O outputs.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from playhead.labels import LabelSchema
from playhead.models.heads import probabilities
from playhead.models.network import Network

COLLAPSED_BELOW = 0.02  # predictions for white, black, noise and a picture that lie nearer than this are one
WINDOWS = 8  # real ones that are compared with one another and with those


def constant_inputs(frames_THWC: npt.NDArray[np.uint8], *, seed: int = 0) -> dict[str, npt.NDArray[np.uint8]]:
    """Return pictures that say nothing, in the shape of real ones: white, black and noise."""
    noise = np.random.default_rng(seed).integers(0, 256, frames_THWC.shape, dtype=np.uint8)
    return {"white": np.full_like(frames_THWC, 255), "black": np.zeros_like(frames_THWC), "noise": noise}


def answer_spread(network: Network, schema: LabelSchema, inputs: Mapping[str, Tensor]) -> float | None:
    """Return by how much at most answers to some windows and to such pictures differ; None without any picture.

    Numbers beside pictures stay those of the real windows. Shapes:  inputs as a batch has them, (B, T, ...).
    """
    some = {name: value[:WINDOWS] for name, value in inputs.items()}
    pictures = {name: value for name, value in some.items() if value.dtype == torch.uint8 and value.ndim == 5}
    if not pictures:
        return None
    replaced = {name: constant_inputs(value[:1].cpu().numpy()) for name, value in pictures.items()}
    asked = {
        name: torch.cat([value, *(torch.from_numpy(one).to(value.device) for one in replaced[name].values())])
        if name in pictures
        else torch.cat([value, *[value[:1]] * 3])
        for name, value in some.items()
    }
    said = probabilities(schema, network.answer(network.inputs_of(asked)))
    return max(float((values.amax(0) - values.amin(0)).max()) for values in said.values())
