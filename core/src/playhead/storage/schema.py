"""What a recording says about itself and how its arrays are declared. Plain JSON; free of zarr and of pixels.

Shape legend: T frames, H height, W width, C channels, A columns of a label head, E events.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

import playhead
from playhead.clock import SystemClock
from playhead.errors import BadValue, Damaged, Mismatch
from playhead.events import PLAYED
from playhead.game import Frame, Game
from playhead.labels import LabelSchema
from playhead.storage.seals import ATTRIBUTE, CRC32C, Json, seal
from playhead.version import git_revision, utc_now

FORMAT_VERSION = 1

# 250 entries of 16 bytes and a checksum are 4,004 bytes: an index lies within one page of memory, and Linux
# copies a write page by page, so that kill -9 leaves the old index or the new one, never half of each.
SHARD_FRAMES = 250
ROWS = 4096  # rows in a chunk of the small arrays


def _anchor() -> dict[str, int]:
    """Return the machine's monotonic clock and UTC, read together."""
    return {"monotonic_ns": SystemClock().now_ns(), "utc_ns": time.time_ns()}


@dataclass(frozen=True, kw_only=True)
class RecordingHeader:
    """Everything a recording says about itself, kept in the attributes of its group.

    `columns` are further columns beside labels and telemetry: name -> numpy dtype, "int64" or "float32", or
    "S36" for text of at most 36 bytes in UTF-8. `legends` say what the numbers of a column mean: column -> rows of
    plain data, each with an `id`.
    Units:  rate_hz frames a second, as asked; padding_frames at the start are never labels;
            clock_anchor pairs the frames' clock (monotonic ns) with UTC (ns since 1970).
    """

    game: Mapping[str, Any]
    schema: LabelSchema
    frame: Frame
    rate_hz: float
    device: str
    driver: str
    label_device: str = PLAYED
    padding_frames: int = 0
    scenario: str = ""
    seed: int | None = None
    window: Mapping[str, Any] = field(default_factory=dict)
    telemetry: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    legends: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    notes: str = ""
    clock_anchor: Mapping[str, int] = field(default_factory=_anchor)
    tool_version: str = playhead.__version__
    git_revision: str = field(default_factory=git_revision)
    platform: str = field(default_factory=platform.platform)
    created_utc: str = field(default_factory=utc_now)
    checksums: str = CRC32C

    def __post_init__(self) -> None:
        for name in (*self.schema, *self.telemetry, *self.columns):
            if not name or "/" in name or name.startswith((".", "__")):
                raise BadValue(
                    f'"{name}" cannot name a column of a recording: no "/", and no leading "." or "__".'
                )
        for name, kind in self.columns.items():
            column_dtype(name, kind)

    @classmethod
    def of(cls, game: Game, *, device: str, driver: str, rate_hz: float) -> RecordingHeader:
        """Say what every recording of a game says; what else is known goes in by `dataclasses.replace`."""
        return cls(
            game=game.to_json(),
            schema=game.schema,
            frame=game.frame,
            rate_hz=rate_hz,
            device=device,
            driver=driver,
        )

    def to_json(self) -> Json:
        """Return the header as plain data."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        plain |= {
            "format_version": FORMAT_VERSION,
            "schema": self.schema.to_json(),
            "frame": asdict(self.frame),
            "telemetry": list(self.telemetry),
            "columns": dict(self.columns),
            "legends": {name: [dict(row) for row in rows] for name, rows in self.legends.items()},
        }
        return plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, where: str) -> RecordingHeader:
        """Rebuild a header from `to_json`.

        Raises:  Mismatch for another format version, Damaged when something is missing.
        """
        check_version(data, where=where)
        known = {item.name for item in fields(cls)}
        try:
            values = {"checksums": ""} | {name: value for name, value in data.items() if name in known}
            values["schema"] = LabelSchema.from_json(data["schema"])
            values["frame"] = Frame(**data["frame"])
            values["telemetry"] = tuple(data["telemetry"])
            return cls(**values)
        except (KeyError, TypeError) as error:
            raise Damaged(f"{where}: the header cannot be read, {error}.") from error


def check_version(data: Mapping[str, Any], *, where: str) -> None:
    """Raise Mismatch unless the data was written in the format version that this playhead reads."""
    version = data.get("format_version")
    if version == FORMAT_VERSION:
        return
    then = "Update playhead." if isinstance(version, int) and version > FORMAT_VERSION else "Record again."
    raise Mismatch(f"{where} has format_version {version}, this playhead reads {FORMAT_VERSION}. {then}")


def column_dtype(name: str, kind: str) -> np.dtype[Any]:
    """Return the dtype of a further column. Raises BadValue for one that is neither number nor sized text."""
    try:
        dtype = np.dtype(kind)
    except TypeError:
        dtype = np.dtype("V")
    if dtype.kind not in "iufS" or dtype.itemsize == 0:
        raise BadValue(f'Column {name} is of kind "{kind}". Give a number type as "int64", or "S36" for text.')
    return dtype


def group_json(attributes: Mapping[str, Any]) -> Json:
    """Return the zarr.json of a group, sealed."""
    return seal({"zarr_format": 3, "node_type": "group", "attributes": dict(attributes)})


def frames_json(frame: Frame, length: int) -> Json:
    """Return the zarr.json of `frames`: one picture a chunk, SHARD_FRAMES chunks a shard, index at its start."""
    index_codecs = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]
    sharding = {
        "name": "sharding_indexed",
        "configuration": {
            "chunk_shape": [1, *frame.shape],
            "codecs": picture_codecs(frame),
            "index_codecs": index_codecs,
            "index_location": "start",
        },
    }
    declared = _array_json([length, *frame.shape], "uint8", [SHARD_FRAMES, *frame.shape], 0, [sharding])
    return seal(declared | {"dimension_names": ["time", "height", "width", "channel"]})


def picture_codecs(frame: Frame) -> list[Json]:
    """Return the codecs of one picture: playhead.jpeg, or bytes and zstd for the lossless choice."""
    if frame.codec == "lossless":
        return [
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "zstd", "configuration": {"level": 3, "checksum": False}},
        ]
    configuration = {"quality": frame.quality, "colour": frame.colour, "subsampling": subsampling(frame)}
    return [{"name": "playhead.jpeg", "configuration": configuration}]


def subsampling(frame: Frame) -> str:
    """Return how JPEG keeps colour: in full, 4:4:4; one grey channel has none.

    Games draw sharp coloured lines, on minimaps above all. Measured on 200 pictures of the streets world:
    4:4:4 at quality 76 is 9.4 KiB, 33.3 dB (minimap 30.8); 4:2:0 at quality 84 is 9.7 KiB, 32.6 dB (minimap 27.7).
    """
    return "444" if frame.colour == "rgb" else "grey"


def rows_json(dtype: np.dtype[Any], row_shape: tuple[int, ...], length: int, checksums: Sequence[int]) -> Json:
    """Return the zarr.json of a small array: uncompressed, so that rows can be written in place.

    `checksums` are the CRC-32C of the rows that count, one a chunk.
    """
    codec: Json = {"name": "bytes"}
    if dtype.itemsize > 1:
        codec["configuration"] = {"endian": "little"}
    fill: Any = "NaN" if dtype.kind == "f" else 0
    declared = _array_json([length, *row_shape], dtype.name, [ROWS, *row_shape], fill, [codec])
    declared["attributes"] = {ATTRIBUTE: {CRC32C: list(checksums)}}
    return seal(declared)


def _array_json(shape: list[int], data_type: str, chunk_shape: list[int], fill: Any, codecs: list[Json]) -> Json:
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": data_type,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk_shape}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": fill,
        "codecs": codecs,
        "attributes": {},
        "storage_transformers": [],
    }
