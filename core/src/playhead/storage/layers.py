"""Label layers: a recording labelled again, by a network, a script or a person, no byte of its own being touched.

layers/NAME/zarr.json                    what the layer says about itself, sealed
layers/NAME/labels/HEAD                  (T, A) as the recording's own labels
layers/NAME/origins/HEAD                 (T,) who labelled it, events.Origin; NONE: unknown, and so is the label
layers/NAME/probabilities/HEAD           (T, outputs) float16 or float32, where the head has any

Shape legend: T frames, A columns of a head.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Annotated, Any, Literal, get_type_hints

import google_crc32c
import numpy as np
import numpy.typing as npt
from msgspec import Meta

import playhead
from playhead.decoding import convert
from playhead.errors import BadValue, Damaged, not_found
from playhead.labels import LabelSchema
from playhead.names import checked_name, is_name
from playhead.storage.declarations import RowKind, read_document, then_repair
from playhead.storage.local import is_remote
from playhead.storage.reader import Lazy, LazyArrays, read_rows
from playhead.storage.schema import (
    FORMAT_VERSION,
    MOST_CELL_BYTES,
    Count,
    RecordingHeader,
    Text,
    check_name,
    check_version,
)
from playhead.storage.seals import ATTRIBUTE, CRC32C, Json
from playhead.storage.sources import FileSource
from playhead.storage.values import what_is_wrong
from playhead.version import git_revision, utc_now

LAYERS = "layers"
GROUPS = ("labels", "origins", "probabilities")
RECORDED = "recorded"  # what a recording's own labels are called where a layer is chosen
MOST_LAYERS = 1_000

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class LayerHeader:
    """Everything a layer says about itself.

    `schema` are its heads. `probabilities` are those that have some: head -> how they are stored. `run` and
    `command` say who made it. `frames` and `times_crc32c` tell the frames it labels from others.
    """

    schema: LabelSchema
    frames: Count
    times_crc32c: Annotated[int, Meta(ge=0, lt=2**32)]
    probabilities: Mapping[str, Literal["float16", "float32"]] = field(default_factory=dict)
    run: Text = ""
    command: Text = ""
    notes: Text = ""
    tool_version: Text = playhead.__version__
    git_revision: Text = field(default_factory=git_revision)
    created_utc: Text = field(default_factory=utc_now)

    def __post_init__(self) -> None:
        for name in self.schema:
            check_name(name)
        for name in self.probabilities:
            if name not in self.schema:
                raise not_found("head of a layer", name, self.schema)
            if self.schema[name].outputs * 4 > MOST_CELL_BYTES:
                raise BadValue(
                    f"Head {name} has {self.schema[name].outputs:,} outputs, too many to keep for each frame."
                )
        if not self.schema:
            raise BadValue("A layer needs at least one head.")

    def to_json(self) -> Json:
        """Return the header as plain data."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        return plain | {
            "format_version": FORMAT_VERSION,
            "schema": self.schema.to_json(),
            "probabilities": dict(self.probabilities),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, where: str) -> LayerHeader:
        """Rebuild a header from `to_json`. Raises as `RecordingHeader.from_json`."""
        check_version(data, where=where)
        values: dict[str, Any] = {}
        for name, kind in _kinds().items():
            if name == "schema":
                values[name] = LabelSchema.from_json(data.get(name), where=f"{where}: schema")
            elif name in data:
                values[name] = convert(data[name], kind, where=f"{where}: {name}")
        try:
            return cls(**values)
        except (BadValue, LookupError, TypeError) as error:
            raise Damaged(f"{where} cannot be read: {error}") from error

    def labels_frames(self, times_ns: npt.NDArray[np.int64]) -> bool:
        """Whether these are the frames that it labels."""
        return self.frames == len(times_ns) and self.times_crc32c == crc_of_times(times_ns)

    def row_kinds(self) -> dict[str, RowKind]:
        """Return dtype and shape of a row of each of its arrays, by its key in the layer."""
        kinds: dict[str, RowKind] = {}
        for name, head in self.schema.items():
            kinds[f"labels/{name}"] = head.dtype, (head.columns,)
            kinds[f"origins/{name}"] = np.dtype(np.uint8), ()
            if name in self.probabilities:
                kinds[f"probabilities/{name}"] = np.dtype(self.probabilities[name]), (head.outputs,)
        return kinds


@cache
def _kinds() -> dict[str, Any]:
    return get_type_hints(LayerHeader, include_extras=True)


class Layer:
    """One labelling of a recording. Arrays are read when they are first asked for.

    Shapes:  labels[head] (T, A); origins[head] (T,) uint8, events.Origin; probabilities[head] (T, outputs).
    """

    def __init__(self, name: str, header: LayerHeader, read: Callable[[str], Array]) -> None:
        self.name = name
        self.header = header
        self.labels = LazyArrays("label head", list(header.schema), _below("labels", read))
        self.origins = LazyArrays("label head", list(header.schema), _below("origins", read))
        self.probabilities = LazyArrays(
            "head with probabilities", list(header.probabilities), _below("probabilities", read)
        )

    @property
    def schema(self) -> LabelSchema:
        """Its heads, in their order."""
        return self.header.schema


def _below(group: str, read: Callable[[str], Array]) -> Callable[[str], Array]:
    return lambda name: read(f"{group}/{name}")


def layers_of(
    source: FileSource, place: str, recording: RecordingHeader, times_ns: Callable[[], npt.NDArray[np.int64]]
) -> Lazy[Layer]:
    """Return the layers of a recording by name, each opened when it is first asked for."""

    def opened(name: str) -> Layer:
        header = read_layer_header(source, place, recording, name, times_ns())
        kinds = header.row_kinds()

        def read(key: str) -> Array:
            if not header.frames:
                return np.zeros((0, *kinds[key][1]), kinds[key][0])
            return read_layer_rows(source, place, recording, name, header, key)

        return Layer(name, header, read)

    return Lazy("layer", layer_names(source), opened)


def layer_names(source: FileSource) -> list[str]:
    """Return the names of the layers beside a recording, sorted. What cannot be such a name is none."""
    names = sorted(name for name in source.names(LAYERS, MOST_LAYERS) if is_name(name) and name != "zarr.json")
    if not is_remote(source.place):  # where each comes into being whole
        return names
    # Copied to a store its header comes last: without one it is on its way there.
    heads = source.heads((f"{LAYERS}/{name}/zarr.json", 0) for name in names)
    return [name for name, head in zip(names, heads, strict=True) if head is not None]


def checked_layer_name(name: str) -> str:
    """Return the name of a layer to be. Raises BadValue for what makes no path, or means the recording itself."""
    if name == RECORDED:
        raise BadValue(f'No layer can be called "{RECORDED}": that means the labels the recording was made with.')
    return checked_name(name, "a layer", "Choose another, as teacher-2.")


def read_layer_header(
    source: FileSource, place: str, recording: RecordingHeader, name: str, times_ns: npt.NDArray[np.int64] | None
) -> LayerHeader:
    """Return what a layer says about itself. Raises Damaged or Mismatch; Damaged for one that labels other frames.

    Without the times of the recording's frames nothing is said of them.
    """
    key = f"{LAYERS}/{name}/zarr.json"
    where = f"{place}/{key}"
    document = read_document(source, key, place, strict(recording), otherwise="a layer has no header")
    ours = document["attributes"].get(ATTRIBUTE)
    header = LayerHeader.from_json(ours, where=where)
    if times_ns is not None and not header.labels_frames(times_ns):
        raise Damaged(f"{where} labels {header.frames:,} frames of another recording. {then_repair(place)}")
    return header


def read_layer_rows(
    source: FileSource, place: str, recording: RecordingHeader, name: str, header: LayerHeader, key: str
) -> Array:
    """Return an array of a layer, whole. Raises Damaged for one that is not what was written or cannot be."""
    full = f"{LAYERS}/{name}/{key}"
    rows = read_rows(source, full, place, strict(recording), header.row_kinds()[key])
    wrong = f"has {len(rows)} rows for {header.frames} frames" if len(rows) != header.frames else ""
    wrong = wrong or what_is_wrong_with_layer(key, rows, recording, header)
    if wrong:
        raise Damaged(f"{place}/{full}: {wrong}. {then_repair(place)}")
    return rows


def what_is_wrong_with_layer(key: str, rows: Array, recording: RecordingHeader, header: LayerHeader) -> str:
    """Say what is wrong with rows of a layer, "" when nothing is."""
    group = key.partition("/")[0]
    if group == "labels":
        return what_is_wrong(key, rows, replace(recording, schema=header.schema, columns={}, telemetry=()))
    if group == "origins":
        return what_is_wrong("label_origin", rows, recording)
    bad = np.flatnonzero(~np.isfinite(rows).all(1))
    return f"a probability of frame {bad[0]} is no number" if len(bad) else ""


def strict(recording: RecordingHeader) -> RecordingHeader:
    """A layer has checksums also beside a recording from before there were any."""
    return recording if recording.checksums else replace(recording, checksums=CRC32C)


def crc_of_times(times_ns: npt.NDArray[np.int64]) -> int:
    """Return what tells the frames of one recording from those of another."""
    return int(google_crc32c.value(np.ascontiguousarray(times_ns, "<i8").tobytes()))
