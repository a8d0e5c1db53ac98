"""One window in, predictions out, as fast as one thread can: what playing and evaluation ask a network with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from playhead.labels import LabelSchema
from playhead.models.heads import probabilities
from playhead.models.network import Network

Predictions = dict[str, npt.NDArray[np.float32]]


class Predictor:
    """A network that answers and no longer learns. Frames go through the preparation it was trained with."""

    def __init__(self, network: nn.Module, schema: LabelSchema, *, device: str = "cpu") -> None:
        """Put the network in its place. On a CPU torch is set to one thread for this process.

        With two threads, whenever another process wants a core, torch waits spinning: 89 ms instead of 4 ms
        for one window was measured on two cores.
        """
        if device == "cpu":
            torch.set_num_threads(1)
        self.schema = schema
        self.device = device
        self.network = network.to(device=device).eval()

    def decide(self, inputs: Mapping[str, npt.NDArray[Any]]) -> Predictions:
        """Answer one window.

        Shapes:  "frames" (T, H, W, C) uint8, telemetry (T,) float32; returns head -> (outputs,).
        """
        predictions = self.predict_batch({name: np.asarray(value)[None] for name, value in inputs.items()})
        return {name: values[0] for name, values in predictions.items()}

    def predict_batch(self, inputs: Mapping[str, npt.NDArray[Any]]) -> Predictions:
        """Answer several windows. Shapes: as `decide` with a leading axis; returns head -> (B, outputs)."""
        tensors = {name: torch.as_tensor(value) for name, value in self.prepare(inputs).items()}
        return self.predict_prepared(tensors)

    def predict_prepared(self, inputs: Mapping[str, torch.Tensor]) -> Predictions:
        """Answer a batch of a Loader, whose frames are prepared already."""
        with torch.inference_mode():
            on_device = {name: v.to(self.device) for name, v in inputs.items() if isinstance(v, torch.Tensor)}
            predictions = probabilities(self.schema, self.network(on_device))
            return {name: values.float().cpu().numpy() for name, values in predictions.items()}

    def prepare(self, inputs: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """Return the inputs with whole frames replaced by what the network looks at."""
        prepared = dict(inputs)
        if not isinstance(self.network, Network) or "frames" not in prepared:
            return prepared
        frames_BTHWC = prepared.pop("frames")
        count, length = frames_BTHWC.shape[:2]
        views = self.network.prepare(frames_BTHWC.reshape(count * length, *frames_BTHWC.shape[2:]))
        prepared.update({name: view.reshape(count, length, *view.shape[1:]) for name, view in views.items()})
        return prepared
