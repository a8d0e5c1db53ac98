"""Where a network looks: Grad-CAM on the last convolution of each view, put back where the view lies on the frame.

A network that has no convolutions gets the gradient of its pictures instead (saliency).
Shape legend: B windows, T frames of a window, H, W frame, h, w a layer's map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from captum.attr import LayerGradCam, Saliency
from torch import Tensor, nn

from playhead.inputs import nearest_to
from playhead.models import ModelSpec
from playhead.models.network import Network
from playhead.models.predictor import Predictor
from playhead.models.views import SCENE

FloatArray = npt.NDArray[np.floating]


def heat_maps(
    predictor: Predictor, spec: ModelSpec, inputs: Mapping[str, npt.NDArray[Any]], head: str, output: int
) -> FloatArray:
    """Return how much each place of the last frame speaks for one output of a head, 0 to 1.

    Every view is on a scale of its own, for the numbers of two layers cannot be compared; a view of a region
    covers the whole frame's.
    Shapes:  inputs as for `Predictor.predict_batch`; returns (B, H, W) at the frame's size.
    """
    heat_BHW: FloatArray = class_heat_maps(predictor, spec, inputs, head, [output])[0]
    return heat_BHW


def class_heat_maps(
    predictor: Predictor,
    spec: ModelSpec,
    inputs: Mapping[str, npt.NDArray[Any]],
    head: str,
    outputs: Sequence[int] | None = None,
) -> FloatArray:
    """Return how much each place of the last frame speaks for each of several outputs (default: all), 0 to 1.

    The maps of one window have one scale in each view, so that the outputs can be compared: where the strongest
    speaks for one class, little is left of the others.
    Shapes:  inputs as for `Predictor.predict_batch`; returns (outputs, B, H, W) at the frame's size.
    """
    device = next(predictor.network.parameters()).device
    prepared = {n: torch.as_tensor(value, device=device) for n, value in predictor.prepare(inputs).items()}
    count = len(next(iter(prepared.values())))
    wanted = range(spec.schema[head].outputs) if outputs is None else outputs
    found = [_view_maps(predictor.network, prepared, head, output) for output in wanted]
    heat_OBHW = np.zeros((len(found), count, spec.frame.height, spec.frame.width))
    for name in sorted(found[0], key=lambda view: view in spec.regions):
        map_OBhw = np.stack([_last_frames(maps[name], count) for maps in found])
        strongest_B = map_OBhw.max(axis=(0, 2, 3))
        map_OBhw /= np.where(strongest_B > 0, strongest_B, 1.0)[None, :, None, None]
        for heat_BHW, map_Bhw in zip(heat_OBHW, map_OBhw, strict=True):
            _lay(heat_BHW, map_Bhw, spec, name)
    return heat_OBHW


def _view_maps(
    network: Network, prepared: Mapping[str, Tensor], head: str, output: int
) -> Mapping[str, FloatArray]:
    layers = network.attribution_layers()
    try:
        if not layers:
            return _saliency(network, prepared, head, output)
        return {name: _grad_cam(network, layer, prepared, head, output) for name, layer in layers.items()}
    except RuntimeError as error:
        if "grad" not in str(error) and "used in the graph" not in str(error):
            raise
        count = len(next(iter(prepared.values())))  # no way leads from the answer back to where it looks: no heat
        return {SCENE: np.zeros((count, 1, 1))}


def _grad_cam(
    network: Network, layer: nn.Module, prepared: Mapping[str, Tensor], head: str, output: int
) -> FloatArray:
    names = list(prepared)

    def forward(*values: Tensor) -> Tensor:
        return _answer(network, dict(zip(names, values, strict=True)), head, output)

    found = LayerGradCam(forward, layer).attribute(tuple(prepared.values()), relu_attributions=True)
    return np.asarray(found.detach().cpu().numpy()[:, 0], dtype=np.float64)


def _answer(network: Network, inputs: Mapping[str, Tensor], head: str, output: int) -> Tensor:
    """Return an output of a head (B,), of several positions that nearest to the window's moment."""
    logits = network(inputs)[head]
    if logits.ndim == 3:
        logits = logits[:, nearest_to(network.spec.positions_s)]
    answer: Tensor = logits[:, output]
    return answer


def _saliency(network: Network, prepared: Mapping[str, Tensor], head: str, output: int) -> dict[str, FloatArray]:
    pictures = {name: value for name, value in prepared.items() if value.dtype == torch.uint8}
    others = {name: value for name, value in prepared.items() if name not in pictures}

    def forward(*values: Tensor) -> Tensor:
        # Cloned, because a network may scale its pictures in place.
        copies = {name: value.clone() for name, value in zip(pictures, values, strict=True)}
        return _answer(network, {**copies, **others}, head, output)

    leaves = tuple(value.float().requires_grad_() for value in pictures.values())
    found = Saliency(forward).attribute(leaves)
    return {
        name: value.detach().cpu().numpy().astype(np.float64).max(-1).reshape(-1, *value.shape[2:4])
        for name, value in zip(pictures, found, strict=True)
    }


def _last_frames(map_Nhw: FloatArray, count: int) -> FloatArray:
    """Return the maps of the last frame of each window: layers see B x T pictures, or B with T stacked."""
    return map_Nhw.reshape(count, -1, *map_Nhw.shape[1:])[:, -1]


def _lay(heat_BHW: FloatArray, map_Bhw: FloatArray, spec: ModelSpec, name: str) -> None:
    """Lay a view's map where the view lies on the frame."""
    rows, columns = slice(0, heat_BHW.shape[1]), slice(0, heat_BHW.shape[2])
    if name in spec.regions:
        rows, columns = spec.regions[name].rows, spec.regions[name].columns
    height, width = heat_BHW[0, rows, columns].shape
    for heat_HW, map_hw in zip(heat_BHW, map_Bhw, strict=True):
        heat_HW[rows, columns] = cv2.resize(map_hw, (width, height), interpolation=cv2.INTER_LINEAR)
