"""An exported graph in whole numbers of 8 bits, calibrated on windows. Extra playhead[onnx].

Where rounding changes too many answers, layers stay in 32 bits: first those that change the logits most.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.errors import Mismatch
from playhead.models.network import Arrays

CALIBRATED_ON = 128  # windows whose activations say which numbers the 8 bits stand for
QUANTISED = ("Conv", "Gemm", "MatMul")

Compared = Callable[[bytes], tuple[float, float]]  # a graph to its share of same answers, and logits' difference


@dataclass(frozen=True, kw_only=True)
class Quantised:
    """A graph in 8 bits, and the layers that stay as they were."""

    data: bytes
    left_out: Sequence[str]


def quantised(graph: bytes, windows: Arrays, compared: Compared, *, least_same: float) -> Quantised:
    """Return a graph in 8 bits that answers the same in at least so large a share of windows.

    `windows` are prepared ones to calibrate on; `compared` asks about others.
    Raises:  Mismatch where that takes leaving out every layer.
    """
    with tempfile.TemporaryDirectory() as folder:
        maker = _Quantiser(graph, windows, Path(folder))
        layers = maker.layers
        best, order, count = 0.0, list[str](), 0
        while count < len(layers):
            left_out = order[:count]
            data = maker.made(left_out)
            same, _ = compared(data)
            best = max(best, same)
            if same >= least_same:
                return Quantised(data=data, left_out=left_out)
            order = order or _most_changing(layers, maker, compared)
            count = max(1, 2 * count)
    raise Mismatch(
        f"In 8 bits the network answers the same in at most {best:.1%} of the windows, and {least_same:.1%} is "
        "wanted. Calibrate it on more recordings (--recordings), or take the engine onnx."
    )


def _most_changing(layers: Sequence[str], maker: _Quantiser, compared: Compared) -> list[str]:
    """Return layers in the order in which their rounding alone changes logits, the most first."""
    changes = {name: compared(maker.made([other for other in layers if other != name]))[1] for name in layers}
    return sorted(layers, key=lambda name: changes[name], reverse=True)


class _Quantiser:
    """Makes 8 bits of a graph again and again, from the same windows."""

    def __init__(self, graph: bytes, windows: Arrays, folder: Path) -> None:
        import onnx
        from onnxruntime.quantization.shape_inference import quant_pre_process

        self._windows, self._folder = windows, folder
        (folder / "graph.onnx").write_bytes(graph)
        with quietly():
            quant_pre_process(folder / "graph.onnx", folder / "ready.onnx", skip_symbolic_shape=True)
        ready = onnx.load(folder / "ready.onnx").graph
        self.layers = [node.name for node in ready.node if node.op_type in QUANTISED]

    def made(self, left_out: Sequence[str]) -> bytes:
        """Return the graph in 8 bits but for these layers.

        Weights have 7 bits: products of 8 are too large for processors that add them in pairs of 16.
        """
        from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

        with quietly():
            quantize_static(
                self._folder / "ready.onnx", self._folder / "made.onnx", _Windows(self._windows),
                quant_format=QuantFormat.QDQ, op_types_to_quantize=list(QUANTISED), per_channel=True,
                reduce_range=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                nodes_to_exclude=list(left_out), calibration_cache_path=self._folder / "ranges.json",
            )  # fmt: skip
        return (self._folder / "made.onnx").read_bytes()


class _Windows:
    """Prepared windows one after another, as a calibration reads them."""

    def __init__(self, windows: Arrays) -> None:
        self._left = iter(range(len(next(iter(windows.values())))))
        self._windows = windows

    def get_next(self) -> Mapping[str, npt.NDArray[Any]] | None:
        """Return the next window, None after the last."""
        row = next(self._left, None)
        if row is None:
            return None
        return {name: np.ascontiguousarray(value[row : row + 1]) for name, value in self._windows.items()}


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what torch, onnxscript and ONNX Runtime say about their own workings from the person."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
