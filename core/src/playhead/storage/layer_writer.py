"""Writes a label layer beside a finished recording: piece by piece, and there whole or not at all.

LayerRows --checked--> a folder beside the recordings (changing.py) --one rename--> layers/NAME
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from playhead.errors import BadValue, Damaged
from playhead.labels import Head, LabelSchema
from playhead.storage.beginnings import check_ended
from playhead.storage.changing import changing
from playhead.storage.declarations import RowKind
from playhead.storage.disk import replace_json, saying_what_failed, write_json
from playhead.storage.layers import (
    GROUPS,
    LAYERS,
    Layer,
    LayerHeader,
    checked_layer_name,
    crc_of_times,
    what_is_wrong_with_layer,
)
from playhead.storage.reader import Recording
from playhead.storage.rows import RowFile
from playhead.storage.schema import ROWS, RecordingHeader, group_json
from playhead.storage.seals import ATTRIBUTE

_THEN = "The recording and its layers are as they were. Free some space, and do the same again."
Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class LayerRows:
    """The labels of some frames, those behind the last ones written.

    `origins` says of each head who labelled it, one for all frames or one a frame; NONE: unknown.
    Shapes:  labels[head] (n, A); origins[head] (n,) or one Origin; probabilities[head] (n, outputs).
    """

    labels: Mapping[str, npt.ArrayLike]
    origins: Mapping[str, npt.ArrayLike]
    probabilities: Mapping[str, npt.ArrayLike] = field(default_factory=dict)


def write_layer(
    recording: Recording,
    name: str,
    heads: Mapping[str, Head],
    rows: Iterable[LayerRows],
    *,
    run: str = "",
    command: str = "",
    notes: str = "",
    precision: Literal["float16", "float32"] = "float16",
    overwrite: bool = False,
) -> Layer:
    """Label a finished recording again, under a name, and return the layer. The recording's own files stay.

    `rows` may be a generator: it is written as it comes, so that hours take no memory. `run` and `command` say who
    labelled. `precision` is that of the probabilities. `overwrite` puts it in the place of a layer of that name.
    Raises:  BadValue for a name that cannot be or is taken, for rows that are none of these heads or not one a
             frame, and for a recording that is being made or changed; StorageFull, DeviceFailed as the disk says.
    """
    folder = recording.path
    check_ended(folder, "Label it when it has ended.")
    if checked_layer_name(name) in recording.layers and not overwrite:
        raise BadValue(f"{recording.name} has a layer {name} already. Take another name, or pass overwrite=True.")
    known_as, pieces = folder.stat(), iter(rows)
    first = list(islice(pieces, 1))  # says which heads have probabilities
    header = LayerHeader(
        schema=LabelSchema.of(heads),
        frames=recording.length,
        times_crc32c=crc_of_times(recording.frame_time_ns),
        probabilities=dict.fromkeys(first[0].probabilities, precision) if first else {},
        run=run,
        command=command,
        notes=notes,
    )
    with saying_what_failed(folder / LAYERS, _THEN), changing(folder, known_as) as change:
        fill_layer(change.copy(1), recording.header, header, chain(first, pieces))
        make_layers(folder)
        change.put_inside(f"{LAYERS}/{name}")
    recording.close()
    vars(recording).pop("layers")  # so that it is looked for again
    return recording.layers[name]


def make_layers(folder: Path) -> Path:
    """Make the group of layers in the folder of a recording. Raises Damaged where a link lies there."""
    group = folder / LAYERS
    group.mkdir(exist_ok=True)
    if group.is_symlink():
        raise Damaged(f"{group} is no plain folder.")
    if not (group / "zarr.json").exists():
        replace_json(group / "zarr.json", group_json({}), group / ".new")
    return group


def fill_layer(folder: Path, recording: RecordingHeader, header: LayerHeader, rows: Iterable[LayerRows]) -> None:
    """Write a layer into a folder that nobody reads yet. Raises BadValue as `write_layer`."""
    folder.mkdir(parents=True)
    files = {
        key: RowFile(folder / key, folder / f".new.{key.replace('/', '.')}", *kind)
        for key, kind in header.row_kinds().items()
    }
    done = 0
    for piece in rows:
        arrays = _arrays_of(piece, recording, header, done)
        for key, array in arrays.items():
            files[key].extend(array)
            files[key].write()
        done += len(next(iter(arrays.values())))
    if done != header.frames:
        raise BadValue(f"A layer has one row for each of the {header.frames:,} frames, these are {done:,}.")
    for group in GROUPS:
        (folder / group).mkdir()
        write_json(folder / group / "zarr.json", group_json({}))
    for file in files.values():
        if done:  # as of a recording: without a frame there are no arrays
            file.publish(folder / ".new")
    write_json(folder / "zarr.json", group_json({ATTRIBUTE: header.to_json()}))


def _arrays_of(piece: LayerRows, recording: RecordingHeader, header: LayerHeader, done: int) -> dict[str, Array]:
    """Return the rows of every array as they are stored. Raises BadValue for what cannot be a layer's."""
    given = {"labels": piece.labels, "origins": piece.origins, "probabilities": piece.probabilities}
    kinds = header.row_kinds()
    unknown = {f"{group}/{name}" for group, arrays in given.items() for name in arrays} - kinds.keys()
    if unknown:
        raise BadValue(f"The layer labels {', '.join(header.schema)}, and was given {min(unknown)}.")
    count = max(map(len, map(np.atleast_1d, piece.labels.values())), default=0)
    arrays: dict[str, Array] = {}
    for key, kind in kinds.items():
        group, _, name = key.partition("/")
        if name not in given[group]:
            raise BadValue(f"The layer was given no {key} of frame {done}.")
        rows = np.asarray(given[group][name])
        rows = np.full(count, rows) if group == "origins" and rows.ndim == 0 else rows
        wrong = _wrong_rows(rows, count, kind) or what_is_wrong_with_layer(key, rows, recording, header)
        if wrong:
            raise BadValue(f"From frame {done} on, {key} of the layer cannot be: {wrong}.")
        arrays[key] = rows.astype(kind[0])
    return arrays


def _wrong_rows(rows: Array, count: int, kind: RowKind) -> str:
    dtype, row_shape = kind
    if rows.shape != (count, *row_shape):
        return f"its shape is {rows.shape}, not {(count, *row_shape)}"
    if dtype.kind == "u" and len(rows) and (rows.dtype.kind not in "uib" or rows.min() < 0 or rows.max() > 65_535):
        return f"it is not of whole numbers from 0 on, but of {rows.dtype}, from {rows.min()} to {rows.max()}"
    return ""


def kept_rows(layer: Layer, frames: npt.NDArray[np.int64]) -> Iterator[LayerRows]:
    """Yield the rows of a layer for these frames of its recording, to be written beside a part of it."""
    for begin in range(0, len(frames), ROWS):
        rows = frames[begin : begin + ROWS]
        yield LayerRows(
            labels={name: layer.labels[name][rows] for name in layer.labels},
            origins={name: layer.origins[name][rows] for name in layer.origins},
            probabilities={name: layer.probabilities[name][rows] for name in layer.probabilities},
        )


def copy_layers(recording: Recording, frames: npt.NDArray[np.int64], folder: Path) -> None:
    """Give a new recording that holds these frames of another its layers."""
    for name, layer in recording.layers.items():
        times_crc32c = crc_of_times(recording.frame_time_ns[frames])
        header = replace(layer.header, frames=len(frames), times_crc32c=times_crc32c)
        fill_layer(make_layers(folder) / name, recording.header, header, kept_rows(layer, frames))
