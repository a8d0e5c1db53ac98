"""ONNX Runtime asks an exported network. Extra playhead[onnx]."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from playhead.errors import BadValue, Damaged, Mismatch
from playhead.models.exported import INT8, STEP, WINDOW, Exported
from playhead.models.network import Arrays, Network

MISSING = (
    "The engine {0} needs {1}, which is not installed: pip install 'playhead[{0}]'. Or take the engine torch."
)


class ExportedEngine:
    """The base of engines that ask exported graphs: which of them, and what of their answers is state."""

    takes_exported = True
    of_windows = WINDOW  # the graph that answers windows

    def __init__(self, network: Network, device: str, exported: Exported) -> None:
        """Open the graphs that the network needs. Raises BadValue for a missing library or device, Damaged."""
        self.device = "cpu"
        self._network, self._exported = network, exported
        name = STEP if network.is_stateful and self.of_windows == WINDOW else self.of_windows
        self._graphs = {name: self._open(exported.read(name), device)}

    def predict(self, prepared: Mapping[str, npt.NDArray[Any]]) -> Arrays:
        """Return the logits of every head."""
        return self._ask(self.of_windows, prepared)

    def step(self, prepared: Mapping[str, npt.NDArray[Any]], state: Any) -> tuple[Arrays, Any]:
        """Return the logits for one more frame, and the state after it."""
        if not self._network.is_stateful:
            return self.predict(prepared), state
        if state is None:
            count = len(next(iter(prepared.values())))
            state = {name: value.numpy() for name, value in self._network.initial_state(count).items()}
        answers = self._ask(STEP, {**prepared, **state})
        names = self._exported.graph(STEP).state
        return {n: v for n, v in answers.items() if n not in names}, {name: answers[name] for name in names}

    def swap(self, weights: Mapping[str, Tensor]) -> None:
        """Raise BadValue: what is exported stays as it is."""
        raise BadValue(
            "An exported network has its weights for good. Take the engine torch, or export the other run."
        )

    def _ask(self, name: str, inputs: Mapping[str, npt.NDArray[Any]]) -> Arrays:
        self._exported.check_inputs(name, inputs)
        if name not in self._graphs:
            self._graphs[name] = self._open(self._exported.read(name), self.device)
        given = {name: np.ascontiguousarray(value) for name, value in inputs.items()}
        try:
            answers = self._answers(self._graphs[name], given)
        except Exception as error:  # each library's own, mostly of another shape
            run = self._exported.run
            raise Mismatch(f"The exported {name} of run {run.name} cannot answer this: {_first(error)}") from error
        return dict(zip(self._exported.graph(name).outputs, answers, strict=True))

    def _open(self, graph: bytes, device: str) -> Any:
        try:
            check_whole(graph)
            return self._opened(graph, device)
        except (BadValue, Damaged, MemoryError):
            raise
        except Exception as error:
            raise Damaged(
                f"What was exported of run {self._exported.run.name} is no graph: {_first(error)}"
            ) from error

    def _opened(self, graph: bytes, device: str) -> Any:
        raise NotImplementedError

    def _answers(self, opened: Any, inputs: Arrays) -> list[npt.NDArray[Any]]:
        raise NotImplementedError


class OnnxEngine(ExportedEngine):
    """ONNX Runtime, on a processor or with CUDA, with as many threads as torch has."""

    def _opened(self, graph: bytes, device: str) -> Any:
        try:
            import onnxruntime
        except ImportError as error:
            raise BadValue(MISSING.format("onnx", "ONNX Runtime")) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 4  # what fails is raised, too
        offered = onnxruntime.get_available_providers()
        wants_cuda = device == "cuda" or (device == "auto" and "CUDAExecutionProvider" in offered)
        if wants_cuda and "CUDAExecutionProvider" not in offered:
            raise BadValue("ONNX Runtime has no CUDA here. Take --device cpu, or: pip install onnxruntime-gpu.")
        self.device = "cuda" if wants_cuda else "cpu"
        providers = [*(["CUDAExecutionProvider"] if wants_cuda else []), "CPUExecutionProvider"]
        return onnxruntime.InferenceSession(graph, options, providers=providers)

    def _answers(self, opened: Any, inputs: Arrays) -> list[npt.NDArray[Any]]:
        return list(opened.run(None, inputs))


class OnnxInt8Engine(OnnxEngine):
    """The same in whole numbers of 8 bits."""

    of_windows = INT8


def check_whole(graph: bytes) -> None:
    """Raise Damaged for a graph that takes numbers from another file: OpenVINO would read any of this folder."""
    try:
        import onnx
    except ImportError as error:
        raise BadValue(MISSING.format("onnx", "onnx")) from error
    parts: list[Any] = [onnx.load_model_from_string(graph).graph]
    while parts:
        part = parts.pop()
        tensors = [*part.initializer]
        for attribute in (attribute for node in part.node for attribute in node.attribute):
            tensors += [attribute.t, *attribute.tensors]
            parts += [attribute.g, *attribute.graphs] if attribute.g.node or attribute.graphs else []
        if any(tensor.external_data or tensor.data_location == tensor.EXTERNAL for tensor in tensors):
            raise Damaged("A graph that was exported takes numbers from another file. Export the run again.")


def _first(error: Exception) -> str:
    return f"{error}".strip().partition("\n")[0][:300].rstrip(".") + "."
