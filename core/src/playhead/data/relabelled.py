"""A recording as it is learned from: heads from a label layer, heads derived from others, the rest as recorded.

wanted head <- the layer that was chosen <- the recording <- by conversions of the game, from either
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import numpy.typing as npt

from playhead.conversions import Conversion, way_to
from playhead.data.cameras import Pictures, further_cameras
from playhead.data.source import Source
from playhead.errors import Mismatch, listed
from playhead.labelling import HeadLabels, derived_labels, head_labels
from playhead.labels import Head, LabelSchema, describe
from playhead.tracks import frame_tracks

RECORDED = "recorded"  # chosen as a layer: the labels that the recording was made with

Array = npt.NDArray[Any]
Way = tuple[str, tuple[Conversion, ...]]


class LabelLayer(Protocol):
    """What is asked of a layer; `playhead.storage.layers.Layer` is one."""

    @property
    def schema(self) -> LabelSchema:
        """Its heads."""
        ...

    @property
    def labels(self) -> Mapping[str, Array]:
        """The state of each head at each frame."""
        ...

    @property
    def origins(self) -> Mapping[str, Array]:
        """Who labelled each head at each frame."""
        ...


@runtime_checkable
class HasLayers(Protocol):
    """A recording that may have been labelled again."""

    @property
    def layers(self) -> Mapping[str, LabelLayer]:
        """Its layers by name."""
        ...


def relabelled(
    recording: Source, schema: LabelSchema, conversions: Sequence[Conversion], *, layer: str = "", then: str = ""
) -> Source:
    """Return a recording with the labels of these heads in it: itself, where they are as they were recorded.

    A head that it does not have, and that nothing derives, it lacks: `labels` of what is returned says which.
    Raises:  Mismatch where it lacks the layer or all heads, or has other names or another order in one of them;
             with `then`, what to do.
    """
    if isinstance(recording, Relabelled):
        return recording
    chosen = _layer_of(recording, layer, then)
    stored = {**recording.header.schema, **(chosen.schema if chosen is not None else {})}
    ways = {name: way_to(name, head, stored, conversions) for name, head in schema.items()}
    found = {name: way for name, way in ways.items() if way is not None}
    for name, head in schema.items():
        if name in stored and name not in found:
            theirs, ours = (describe(LabelSchema.of({name: one})) for one in (stored[name], head))
            raise Mismatch(f"Recording {recording.name} has the labels {theirs}, but {ours} are needed. {then}")
    if not found:
        has, needed = describe(LabelSchema.of(stored)) or "none", describe(schema)
        raise Mismatch(f"Recording {recording.name} has the labels {has}, but {needed} are needed. {then}")
    if chosen is not None and not any(source in chosen.schema for source, _ in found.values()):
        labels, wanted = ", ".join(chosen.schema), " or ".join(schema)
        raise Mismatch(f"The layer {layer} of recording {recording.name} labels {labels}, not {wanted}. {then}")
    if chosen is None and all(way == (name, ()) for name, way in found.items()):
        return recording
    return cast("Source", Relabelled(recording, schema.only(found), found, chosen))  # by __getattr__


def _layer_of(recording: Source, layer: str, then: str) -> LabelLayer | None:
    if layer in ("", RECORDED):
        return None
    layers = recording.layers if isinstance(recording, HasLayers) else {}
    if layer in layers:
        return layers[layer]
    raise Mismatch(
        f"Recording {recording.name} has no layer {layer}; it has: {listed(layers)}. Label it again under that "
        f"name (write_layer), or take the labels it was recorded with: --layer {RECORDED}. {then}".rstrip()
    )


class Relabelled:
    """A recording whose heads are found in other places. All but labels is its own.

    `ways` say of each head which stored one it comes from, and by which conversions.
    """

    def __init__(
        self, recording: Source, schema: LabelSchema, ways: Mapping[str, Way], layer: LabelLayer | None
    ) -> None:
        self._recording = recording
        self._schema = schema
        self._ways = ways
        self._layer = layer
        self._told: dict[str, HeadLabels] = {}
        self.labels: Mapping[str, Array] = _Rows(schema, self._rows)

    @property
    def cameras(self) -> Mapping[str, Pictures]:
        """Its further cameras: said here, as what a protocol asks for must be."""
        return further_cameras(self._recording)

    def head_labels(self, name: str, head: Head) -> HeadLabels:
        """Return the labels of a head at any time; its origin is that of the head it comes from."""
        if name not in self._told:
            source, way = self._ways[name]
            stored = way[0].source if way else head
            if self._layer is not None and source in self._layer.schema:
                rows_TA = np.asarray(self._layer.labels[source], dtype=np.float64)
                tracks = frame_tracks(self.frame_time_ns, rows_TA)
                told = HeadLabels(head=stored, tracks=tracks, origin_T=self._layer.origins[source])
            else:
                told = head_labels(self._recording, source, stored)
            for conversion in way:
                told = derived_labels(told, conversion)
            self._told[name] = told
        return self._told[name]

    def _rows(self, name: str) -> Array:
        head = self._schema[name]
        return self.head_labels(name, head).at(self.frame_time_ns).astype(head.dtype)

    def __getattr__(self, name: str) -> Any:
        """Everything else a recording has, whatever kind it is, as it is."""
        if name == "_recording":  # while it is copied or unpickled
            raise AttributeError(name)
        return getattr(self._recording, name)


class _Rows(Mapping[str, Array]):
    """The labels of each head at each frame, made when they are asked for."""

    def __init__(self, schema: LabelSchema, rows: Callable[[str], Array]) -> None:
        self._schema, self._made = schema, rows

    def __getitem__(self, name: str) -> Array:
        self._schema.head(name)
        return self._made(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._schema)

    def __len__(self) -> int:
        return len(self._schema)
