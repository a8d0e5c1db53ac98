"""A run's network as graphs in ONNX, checked against PyTorch. Extra playhead[onnx]; engines need only theirs.

Source:  torch.onnx.export by torch.export (dynamo=True), PyTorch 2.6 and newer.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from playhead.errors import BadValue, Mismatch
from playhead.inputs import ACTIONS, columns_of
from playhead.labels import Axes, Head, Keys
from playhead.models.exported import (
    INT8,
    STEP,
    WINDOW,
    Exported,
    ExportJson,
    GraphJson,
    Int8Json,
    seals_of,
    write_export,
)
from playhead.models.int8 import CALIBRATED_ON, quantised, quietly
from playhead.models.network import Arrays, Network
from playhead.models.onnx_engine import OnnxEngine, OnnxInt8Engine
from playhead.models.run import Run
from playhead.models.run_file import FileSeal
from playhead.plugins import Plugins

NEEDED = ("onnx", "onnxscript", "onnxruntime")
SAME = 0.995  # of the windows at least are answered alike by an engine that takes the place of PyTorch
MOST_DIFFERENT = 1e-3  # of a logit: 32 bits in another order of adding came to 2e-6
MADE_AT = 5  # windows in the batch that is traced: a number that no other axis is likely to have
BATCHES = (1, 3)  # windows that are asked about at once in the check


def export_run(
    run: Run, plugins: Plugins, windows: Mapping[str, npt.NDArray[Any]] | None = None, *, int8: bool = False
) -> Exported:
    """Write the graphs of a run beside it, and return them with what they were found to differ by.

    `windows` are some to compare on, as the predictor takes them; without any, noise is taken. With `int8` every
    other of them calibrates a graph in 8 bits, which is compared on the rest.
    Raises:  BadValue where a library is missing, the network has no graph, or there is nothing to calibrate on;
             Mismatch where a graph answers something else than PyTorch; nothing is written then.
    """
    check_installed()
    network = run.load_model(plugins)
    shown = windows or noise(network, 2 * max(BATCHES))
    graphs = {WINDOW: _window_graph(run, network)}
    if network.is_stateful:
        graphs[STEP] = _step_graph(run, network)
    files = {graph.told.file: graph.data for graph in graphs.values()}
    told = ExportJson(
        weights=seals_of(run),
        graphs={name: graph.told for name, graph in graphs.items()},
        made_with={name: importlib.metadata.version(name) for name in ("torch", *NEEDED)},
    )
    engine = OnnxEngine(network, "cpu", Exported(run=run, told=told, unwritten=files))
    found = compare(network, engine, shown)
    if not found.largest <= MOST_DIFFERENT:  # nor for NaN
        raise Mismatch(
            f"The graph of run {run.name} answers something else than PyTorch: logits differ by "
            f"{found.largest:.2g}, where {MOST_DIFFERENT:g} is rounding. Nothing was exported; play it with the "
            "engine torch."
        )
    told = msgspec.structs.replace(
        told, windows=found.windows, largest_difference=found.largest, same_answers=found.same
    )
    if int8:
        told, files[f"{INT8}.onnx"] = _in_8_bits(run, network, told, files, windows)
    return write_export(run, told, files)


def _in_8_bits(
    run: Run, network: Network, told: ExportJson, files: Mapping[str, bytes],
    windows: Mapping[str, npt.NDArray[Any]] | None,
) -> tuple[ExportJson, bytes]:  # fmt: skip
    """Return the graph of windows in 8 bits, and what is told of it beside the others."""
    if network.is_stateful:
        raise BadValue("A network that remembers is not written in 8 bits. Leave --int8 out.")
    if windows is None:
        raise BadValue(
            "To write 8 bits, windows of recordings are needed. Record some, or name them: --recordings."
        )
    given, others = ({name: value[first::2] for name, value in windows.items()} for first in (0, 1))
    given = {name: value[:CALIBRATED_ON] for name, value in given.items()}
    file = f"{INT8}.onnx"

    def told_of(data: bytes) -> ExportJson:
        of_window = told.graphs[WINDOW]
        graph = msgspec.structs.replace(of_window, file=file, seal=FileSeal.of(data))
        return msgspec.structs.replace(told, graphs={**told.graphs, INT8: graph})

    def compared(data: bytes) -> tuple[float, float]:
        exported = Exported(run=run, told=told_of(data), unwritten={file: data})
        found = compare(network, OnnxInt8Engine(network, "cpu", exported), others, (1,))
        return found.same, found.largest

    made = quantised(files[told.graphs[WINDOW].file], network.prepare_windows(given), compared, least_same=SAME)
    same, largest = compared(made.data)
    counts = {"calibrated_on": len(next(iter(given.values()))), "windows": len(next(iter(others.values())))}
    found = Int8Json(**counts, largest_difference=largest, same_answers=same, in_32_bits=list(made.left_out))
    return msgspec.structs.replace(told_of(made.data), int8=found), made.data


def check_installed() -> None:
    """Raise BadValue naming what exporting needs and is not there."""
    missing = [name for name in NEEDED if not _is_installed(name)]
    if missing:
        raise BadValue(f"To export, {' and '.join(missing)} must be installed: pip install 'playhead[onnx]'.")


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


@dataclass(frozen=True)
class Found:
    """How a graph's answers compare with PyTorch's on some windows."""

    windows: int
    largest: float  # difference of a logit
    same: float  # share of the windows


def compare(
    network: Network, engine: Any, windows: Mapping[str, npt.NDArray[Any]], batches: tuple[int, ...] = BATCHES
) -> Found:
    """Ask an engine and PyTorch about the same windows, in batches of several sizes.

    A network that remembers is also asked frame by frame, with the state that each has come to.
    """
    count = len(next(iter(windows.values())))
    largest: Any = 0.0
    same: npt.NDArray[np.bool_] = np.ones(count, dtype=bool)
    network.eval()
    for batch in batches:
        for first in range(0, count, batch):
            rows = slice(first, min(first + batch, count))
            prepared = network.prepare_windows({name: value[rows] for name, value in windows.items()})
            with torch.inference_mode():
                wanted = _arrays(network(_tensors(prepared)))
            said = engine.predict(prepared)
            largest = np.maximum(largest, _largest(wanted, said))  # NaN stays
            same[rows] &= _same(network, wanted, said)
            if network.is_stateful:
                largest = np.maximum(largest, _largest_by_steps(network, engine, prepared))
    return Found(count, float(largest), float(same.mean()))


def _largest_by_steps(network: Network, engine: Any, prepared: Arrays) -> float:
    length, largest = network.spec.length, 0.0
    theirs: Any = None
    ours = network.initial_state(len(next(iter(prepared.values()))))
    for moment in range(length):
        one = {
            name: value[:, moment : moment + 1] if value.shape[1] == length else value
            for name, value in prepared.items()
        }
        with torch.inference_mode():
            logits, ours = network.step(_tensors(one), ours)
        said, theirs = engine.step(one, theirs)
        largest = float(np.maximum(largest, _largest(_arrays(logits), said)))
    return largest


def _largest(wanted: Arrays, said: Arrays) -> float:
    return float(np.max([np.abs(value - said[name]).max() for name, value in wanted.items()]))


def _same(network: Network, wanted: Arrays, said: Arrays) -> npt.NDArray[np.bool_]:
    """Say of each window whether keys are held, classes chosen, axes moved and middles of boxes found alike."""
    heads = {name: network.spec.schema.get(name) for name in network.answers}
    alike = [_decided(head, wanted[name]) == _decided(head, said[name]) for name, head in heads.items()]
    same: npt.NDArray[np.bool_] = np.all([one.reshape(len(one), -1).all(1) for one in alike], axis=0)
    return same


def _decided(head: Head | None, logits: npt.NDArray[Any]) -> npt.NDArray[Any]:
    decided: npt.NDArray[Any] = logits.argmax(-1, keepdims=True)
    if head is None or isinstance(head, Keys):
        decided = logits >= 0
    elif isinstance(head, Axes) and head.deltas:
        decided = logits.reshape(*logits.shape[:-1], len(head.names), len(head.deltas)).argmax(-1)
    elif isinstance(head, Axes):
        decided = np.round(logits, 2)
    return decided


@dataclass(frozen=True, kw_only=True)
class _Graph:
    told: GraphJson
    data: bytes


class _AsCalled(nn.Module):
    """A network as tensors in, tensors out, in an order."""

    def __init__(
        self, network: Network, names: list[str], call: Callable[[dict[str, Tensor]], tuple[Tensor, ...]]
    ) -> None:
        super().__init__()
        self.network, self.names, self.call = network, names, call

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        return self.call(dict(zip(self.names, tensors, strict=True)))


def _window_graph(run: Run, network: Network) -> _Graph:
    prepared = network.prepare_windows(noise(network, MADE_AT))
    heads = list(network.answers)

    def call(inputs: dict[str, Tensor]) -> tuple[Tensor, ...]:
        logits = network(inputs)
        return tuple(logits[name] for name in heads)

    return _graph(run, network, WINDOW, prepared, heads, call)


def _step_graph(run: Run, network: Network) -> _Graph:
    prepared = network.prepare_windows(noise(network, MADE_AT, steps=1))
    state = {name: value.numpy() for name, value in network.initial_state(MADE_AT).items()}
    heads = list(network.spec.schema)

    def call(inputs: dict[str, Tensor]) -> tuple[Tensor, ...]:
        logits, after = network.step(
            {n: v for n, v in inputs.items() if n not in state}, {n: inputs[n] for n in state}
        )
        return (*(logits[name] for name in heads), *(after[name].clone() for name in state))

    return _graph(run, network, STEP, {**prepared, **state}, heads, call, tuple(state))


def _graph(
    run: Run, network: Network, name: str, inputs: Arrays, heads: list[str],
    call: Callable[[dict[str, Tensor]], tuple[Tensor, ...]], state: tuple[str, ...] = (),
) -> _Graph:  # fmt: skip
    names, outputs = list(inputs), [*heads, *(f"next {one}" for one in state)]
    batch = torch.export.Dim("batch", min=1, max=4096)
    shapes = tuple({_batch_axis(value): batch} for value in inputs.values())
    with quietly():
        try:
            program = torch.onnx.export(
                _AsCalled(network, names, call).eval(), tuple(_tensors(inputs).values()), dynamo=True,
                external_data=False, input_names=names, output_names=outputs, dynamic_shapes=(shapes,),
                verbose=False,
            )  # fmt: skip
        except Exception as error:  # torch's, of many kinds
            reason = f"{type(error).__name__}: {error}".strip().partition("\n")[0]
            raise BadValue(
                f"The network {run.recipe.model} of run {run.name} cannot be written as a graph: {reason}. "
                "Play it with the engine torch."
            ) from error
        assert program is not None
        data = program.model_proto.SerializeToString()
    file = f"{name}.onnx"
    told = GraphJson(file=file, seal=FileSeal.of(data), inputs=names, outputs=[*heads, *state], state=list(state))
    return _Graph(told=told, data=data)


def _batch_axis(value: npt.NDArray[Any]) -> int:
    """Return where the batch is: first, but second in the state of torch's LSTM, which begins with its layers."""
    return next(axis for axis, size in enumerate(value.shape) if size == MADE_AT)


def noise(network: Network, count: int, *, steps: int = 0) -> Arrays:
    """Return so many windows of noise, as the predictor takes them, of the network's length or so many steps."""
    random, spec = np.random.default_rng(0), network.spec
    inputs = spec.stepped_inputs if steps else spec.named_inputs
    windows: Arrays = {}
    for name, one in inputs.items():
        if one.is_pictures:
            windows[name] = random.integers(0, 256, (count, one.steps, *spec.frame.shape), dtype=np.uint8)
            continue
        shape = (count, one.steps, *([columns_of(one, spec.schema)] if one.source == ACTIONS else []))
        windows[name] = random.uniform(0, 1, shape).astype(np.float32)
    return windows


def _tensors(arrays: Arrays) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in arrays.items()}


def _arrays(logits: Mapping[str, Tensor]) -> Arrays:
    return {name: value.numpy() for name, value in logits.items()}
