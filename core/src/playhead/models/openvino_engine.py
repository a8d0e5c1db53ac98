"""OpenVINO asks an exported network. Extra playhead[openvino]."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from playhead.errors import BadValue
from playhead.models.exported import INT8
from playhead.models.network import Arrays
from playhead.models.onnx_engine import MISSING, ExportedEngine


class OpenVinoEngine(ExportedEngine):
    """OpenVINO on a processor, with as many threads as torch has and numbers of 32 bits."""

    precision = "f32"

    def _opened(self, graph: bytes, device: str) -> Any:
        core = _core()
        if device == "cuda":
            raise BadValue("OpenVINO knows no CUDA. Take --device cpu, or --engine onnx.")
        if self.precision.upper() not in (*core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"), "F32"):
            raise BadValue(f"This processor has no numbers of the kind {self.precision}. Take --engine openvino.")
        settings = {
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "INFERENCE_PRECISION_HINT": self.precision,
            "PERFORMANCE_HINT": "LATENCY",
        }
        return core.compile_model(core.read_model(graph), "CPU", settings)

    def _answers(self, opened: Any, inputs: Arrays) -> list[npt.NDArray[Any]]:
        answers = opened(inputs)
        return [np.array(answers[number]) for number in range(len(opened.outputs))]


@cache
def _core() -> Any:
    """Return OpenVINO's core, one for the whole process, never given back.

    Its processor plugin gives the thread that makes it a stack for signals, and takes the memory back with the
    core, in whichever thread that ends: the next Ctrl-C was a segmentation fault.
    """
    try:
        import openvino
    except ImportError as error:
        raise BadValue(MISSING.format("openvino", "OpenVINO")) from error
    return openvino.Core()


class OpenVinoInt8Engine(OpenVinoEngine):
    """The same in whole numbers of 8 bits."""

    of_windows = INT8


class OpenVinoBf16Engine(OpenVinoEngine):
    """The same with numbers of 16 bits, where the processor has those."""

    precision = "bf16"
