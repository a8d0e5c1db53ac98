"""What lies beside a run for engines other than torch: its network as graphs in ONNX, and what they were made of.

RUN/exported/export.json       what each graph takes and gives, digests of all files and of the run's weights
RUN/exported/window.onnx       prepared windows to logits
RUN/exported/window-int8.onnx  the same in whole numbers of 8 bits, where that was asked for
RUN/exported/step.onnx         of a network that remembers: one frame and a state to logits and the next state
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from playhead.decoding import convert, decode_json, digest, encode_json, read_bytes
from playhead.errors import Damaged, Mismatch, NotFound
from playhead.models.run import Run
from playhead.models.run_file import FROZEN_FILE, WEIGHTS_FILE, FileSeal, PathName, read_sealed, write_whole
from playhead.names import command

FOLDER = "exported"
FILE = "export.json"
FORMAT_VERSION = 1
WINDOW, INT8, STEP = "window", "window-int8", "step"
MOST_NAMES = 4096

_Name = Annotated[str, Meta(min_length=1, max_length=1000)]
_Names = Annotated[list[_Name], Meta(max_length=MOST_NAMES)]


class GraphJson(msgspec.Struct, frozen=True, kw_only=True):
    """One graph. `inputs` and `outputs` are in its order; those of a state come last, under their own names."""

    file: PathName
    seal: FileSeal
    inputs: _Names
    outputs: _Names
    state: _Names = []


class Int8Json(msgspec.Struct, frozen=True, kw_only=True):
    """How the graph in 8 bits answers windows that it was not calibrated on, and its layers that have 32 bits."""

    calibrated_on: int
    windows: int
    largest_difference: float
    same_answers: float
    in_32_bits: _Names = []


class ExportJson(msgspec.Struct, frozen=True, kw_only=True):
    """Everything in export.json but its own digest.

    `weights` are the seals of the files that the graphs were made of. `largest_difference` is that of the logits
    to PyTorch's, `same_answers` the share of the windows looked at with the same answer.
    """

    weights: dict[PathName, FileSeal]
    graphs: dict[_Name, GraphJson]
    windows: int = 0
    largest_difference: float = 0.0
    same_answers: float = 1.0
    made_with: dict[_Name, str] = {}
    int8: Int8Json | None = None


@dataclass(frozen=True, kw_only=True)
class Exported:
    """The graphs of a run, as they lie in its folder; those that are `unwritten`, by file, only here."""

    run: Run
    told: ExportJson
    unwritten: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Run) -> Exported:
        """Open what was exported of a run.

        Raises:  NotFound where nothing was, Mismatch for what was made of other weights or by another version,
                 Damaged for a file that is none.
        """
        file = run.path / FOLDER / FILE
        then = _then(run)
        try:
            raw = decode_json(read_bytes(file), dict[str, Any], where=str(file), then=then)
        except FileNotFoundError as error:
            raise NotFound(f"Run {run.name} was not exported, and only torch asks it as it is. {then}") from error
        if raw.pop("format_version", None) != FORMAT_VERSION:
            raise Mismatch(f"{file} was written by another version of playhead. {then}")
        if raw.pop("digest", None) != digest(raw):
            raise Damaged(f"{file} was changed since it was written: its digest is another one. {then}")
        told = convert(raw, ExportJson, where=str(file), then=then)
        if told.weights != seals_of(run):
            raise Mismatch(f"{file} was made of other weights than run {run.name} has. {then}")
        return cls(run=run, told=told)

    def to_json(self) -> dict[str, Any]:
        """Return what is known of the graphs as plain data."""
        told: dict[str, Any] = msgspec.to_builtins(self.told)
        return told

    def graph(self, name: str) -> GraphJson:
        """Return what is known of a graph. Raises Mismatch for one that this network lacks."""
        if name == INT8 and name not in self.told.graphs:
            raise NotFound(f"Run {self.run.name} was not exported in 8 bits. {_then(self.run, '--int8')}")
        if name not in self.told.graphs:
            raise Mismatch(f"Of run {self.run.name} no {name} was exported. {_then(self.run)}")
        return self.told.graphs[name]

    def read(self, name: str) -> bytes:
        """Return a graph in ONNX. Raises Damaged for a file that is gone, or not what was written."""
        graph = self.graph(name)
        if graph.file in self.unwritten:
            return self.unwritten[graph.file]
        folder = self.run.path / FOLDER
        try:
            return read_sealed(folder, graph.file, {graph.file: graph.seal})
        except Damaged as error:
            raise Damaged(
                f"{folder / graph.file} was changed since it was exported: it is not what {FILE} says. "
                f"{_then(self.run)}"
            ) from error
        except FileNotFoundError as error:
            raise Damaged(f"Run {self.run.name} has lost its {folder / graph.file}. {_then(self.run)}") from error

    def check_inputs(self, name: str, inputs: Mapping[str, Any]) -> None:
        """Raise Mismatch unless a graph takes exactly these inputs."""
        wanted = self.graph(name).inputs
        if sorted(wanted) != sorted(inputs):
            raise Mismatch(
                f"The exported {name} of run {self.run.name} takes {', '.join(wanted)}, not "
                f"{', '.join(inputs)}. {_then(self.run)}"
            )


def write_export(run: Run, told: ExportJson, graphs: Mapping[str, bytes]) -> Exported:
    """Put graphs, by their file names, beside a run: export.json last, only beside what it tells of."""
    folder = run.path / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / FILE).unlink(missing_ok=True)
    for name, data in graphs.items():
        write_whole(folder / name, data)
    raw = msgspec.to_builtins(told)
    write_whole(
        folder / FILE, encode_json({**raw, "format_version": FORMAT_VERSION, "digest": digest(raw)}, indent=2)
    )
    return Exported(run=run, told=told)


def seals_of(run: Run) -> dict[str, FileSeal]:
    """Return the seals of the weights that play, of a run of an earlier version by reading them."""
    names = [WEIGHTS_FILE, *([FROZEN_FILE] if (run.path / FROZEN_FILE).exists() else [])]
    return {name: run.files.get(name) or FileSeal.of(run.read(name)) for name in names}


def _then(run: Run, *more: str) -> str:
    return f"Export it: {command('export', str(run.game['name']), '--run', run.name, *more)}."
