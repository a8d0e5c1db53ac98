"""Windows in, predictions out: preparation, an engine, probabilities. Playing and evaluation ask a run with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from playhead.labels import LabelSchema
from playhead.models import DEFAULT_ENGINE, EngineSpec
from playhead.models.engine import Engine, TorchEngine
from playhead.models.exported import Exported
from playhead.models.heads import probabilities
from playhead.models.network import Arrays, Network
from playhead.models.run import Run
from playhead.plugins import Plugins

Predictions = dict[str, npt.NDArray[np.float32]]
Inputs = Mapping[str, npt.NDArray[Any]]


class Predictor:
    """A network that answers and no longer learns. Frames go through the preparation it was trained with.

    On a processor torch should compute in one thread (`playhead/threads.py`): sessions see to that.
    """

    def __init__(self, network: Network, schema: LabelSchema, engine: Engine | None = None) -> None:
        """Ask a network with an engine; without one torch on this processor asks it."""
        self.schema = schema
        self.network = network
        self.engine = engine or TorchEngine(network)

    @classmethod
    def of(
        cls, run: Run, plugins: Plugins, asked: EngineSpec = DEFAULT_ENGINE, *, best: bool = False
    ) -> Predictor:
        """Open a run with an engine. Raises NotFound for an unknown one, BadValue for a missing device."""
        open_engine = plugins.get("engine", asked.name)
        network = run.load_model(plugins, best=best)
        takes_exported = getattr(open_engine, "takes_exported", False)
        more = [Exported.of(run)] if takes_exported else []
        return cls(network, run.schema, open_engine(network, asked.device, *more))

    def decide(self, inputs: Inputs) -> Predictions:
        """Answer one window.

        Shapes:  "frames" (T, H, W, C) uint8, telemetry (T,) float32; returns head -> (outputs,), of the newest
                 position where a network answers several.
        """
        prepared = self.network.prepare_windows({n: np.asarray(value)[None] for n, value in inputs.items()})
        return _newest(self._likely(self.engine.predict(prepared)))

    def step(self, inputs: Inputs, state: Any) -> tuple[Predictions, Any]:
        """Answer one more frame of a stateful network, and return the state after it; None begins anew.

        Shapes:  as `decide`, with T = 1.
        """
        prepared = self.network.prepare_windows({n: np.asarray(value)[None] for n, value in inputs.items()})
        logits, state = self.engine.step(prepared, state)
        return _newest(self._likely(logits)), state

    def predict_batch(self, inputs: Inputs) -> Predictions:
        """Answer several windows. Shapes: as `decide` with a leading axis; returns head -> (B, outputs)."""
        return self.predict_prepared(self.prepare(inputs))

    def predict_prepared(self, prepared: Mapping[str, torch.Tensor | npt.NDArray[Any]]) -> Predictions:
        """Answer a batch of windows that are prepared already: those of a Loader."""
        return self._likely(self.engine.predict({name: np.asarray(value) for name, value in prepared.items()}))

    def prepare(self, inputs: Inputs) -> Arrays:
        """Return the inputs of windows with whole frames replaced by what the network looks at."""
        return self.network.prepare_windows(inputs)

    def _likely(self, logits: Arrays) -> Predictions:
        tensors = {name: torch.from_numpy(value) for name, value in logits.items()}
        return {name: value.numpy() for name, value in probabilities(self.schema, tensors).items()}


def _newest(predictions: Predictions) -> Predictions:
    return {name: value[0] if value.ndim == 2 else value[0, -1] for name, value in predictions.items()}
