"""What a recording says about itself and how its arrays are declared. Plain JSON; free of zarr and of pixels.

Shape legend: T frames, H height, W width, C channels, A columns of a label head, E events.
"""

from __future__ import annotations

import math
import platform
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from typing import Annotated, Any, Literal, get_type_hints

import numpy as np
from msgspec import Meta, Struct

import playhead
from playhead.clock import SystemClock
from playhead.decoding import convert
from playhead.errors import BadValue, Damaged, Mismatch
from playhead.events import PLAYED
from playhead.game import Frame, Game
from playhead.inputs import CAMERAS, FRAMES
from playhead.labels import LabelSchema
from playhead.names import fault_of
from playhead.storage.options import OptionsOfDevice
from playhead.storage.seals import ATTRIBUTE, CRC32C, Json, seal
from playhead.version import git_revision, utc_now

FORMAT_VERSION = 1
ARCHIVED_VERSION = 2  # of a recording whose pictures are video: an older reader would take it for damaged
# numpy parses much more: "f4,f4", "(1000,)i8", "S99999999999".
_COLUMN_KIND = re.compile(r"u?int(8|16|32|64)|float(16|32|64)|[<|]?[iuf][1248]|[<|]?S[1-9][0-9]{0,4}")

# 250 entries of 16 bytes and a checksum are 4,004 bytes: an index lies within one page of memory, and Linux
# copies a write page by page, so that kill -9 leaves the old index or the new one, never half of each.
SHARD_FRAMES = 250
ROWS = 4096  # rows in a chunk of the small arrays
# What a reader makes room for because a header says so: 8K pictures in colour are 100 MB raw, cells of 4 KiB are
# chunks of 16 MiB, and a name is one component of a path on every file system.
MOST_PICTURE_BYTES = 128 * 2**20
MOST_SIDE = 65_535
MOST_CELL_BYTES = 4_096
MOST_NAME_BYTES = 200
# Pictures in a chunk of video: so many divide a shard. 25 are read at random in 13 ms at 240x180.
GROUPS = (1, 2, 5, 10, 25)

Text = Annotated[str, Meta(max_length=100_000)]
Rate = Annotated[float, Meta(ge=0.001, le=1_000_000)]
Count = Annotated[int, Meta(ge=0, le=10**9)]
Named = Annotated[Mapping[str, Text], Meta(max_length=65_536)]
Cameras = Annotated[Mapping[str, Frame], Meta(max_length=100)]


class _GameData(Struct):
    """What readers use of the data part of a game; the rest is kept as it is."""

    name: Annotated[str, Meta(min_length=1, max_length=MOST_NAME_BYTES)]
    title: Text = ""
    controls: Named = {}


def _anchor() -> dict[str, int]:
    """Return the machine's monotonic clock and UTC, read together."""
    return {"monotonic_ns": SystemClock().now_ns(), "utc_ns": time.time_ns()}


@dataclass(frozen=True, kw_only=True)
class Transcoding:
    """One time that all pictures were encoded anew: as video, in groups of so many, or back to what was recorded.

    `psnr_db` is what it cost, by the keys of the arrays of pictures: the mean over their pictures of each one's
    PSNR against the picture before. Those of which nothing was lost are not in it.
    """

    to: Literal["h264", "recorded"]
    group: Annotated[int, Meta(ge=1, le=SHARD_FRAMES)] = 1
    psnr_db: Annotated[Mapping[str, float], Meta(max_length=101)] = field(default_factory=dict)
    created_utc: Text = field(default_factory=utc_now)
    tool_version: Text = playhead.__version__


@dataclass(frozen=True, kw_only=True)
class RecordingHeader:
    """Everything a recording says about itself, kept in the attributes of its group.

    `options` are what its device was opened with beyond those of the game (storage/options.py).
    `tags` say where it belongs, as {"session": "...", "track": "alpine"}: what recordings are split by.
    `measures` are what its drive was scored by in the end, as {"return": 812.0}; none that is no number.
    `input` is what a mouse's counts were worth: sensitivity, acceleration, where its pointer began in the window.
    `columns` are further columns beside labels and telemetry: name -> numpy dtype, "int64" or "float32", or
    "S36" for text of at most 36 bytes in UTF-8. `legends` say what the numbers of a column mean: column -> rows of
    plain data, each with an `id`. `cameras` are further cameras: name -> what its pictures are. `are_stills`:
    nobody knows which picture came after which, so that each stands alone. `transcodings` are how pictures were
    encoded anew since they were recorded, oldest first; `frame` and `cameras` stay what they were recorded as.
    Units:  rate_hz frames a second, as asked; padding_frames at the start are never labels;
            clock_anchor pairs the frames' clock (monotonic ns) with UTC (ns since 1970).
    """

    game: Mapping[str, Any]
    schema: LabelSchema
    frame: Frame
    rate_hz: Rate
    device: Text
    driver: Text
    label_device: Text = PLAYED
    padding_frames: Count = 0
    are_stills: bool = False
    scenario: Text = ""
    seed: int | None = None
    options: OptionsOfDevice = field(default_factory=dict)
    tags: Annotated[Mapping[str, Text], Meta(max_length=100)] = field(default_factory=dict)
    window: Mapping[str, Any] = field(default_factory=dict)
    input: Mapping[str, Any] = field(default_factory=dict)
    measures: Annotated[Mapping[str, float], Meta(max_length=1_000)] = field(default_factory=dict)
    telemetry: Annotated[tuple[Text, ...], Meta(max_length=1_000)] = ()
    columns: Named = field(default_factory=dict)
    legends: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    cameras: Cameras = field(default_factory=dict)
    transcodings: Annotated[tuple[Transcoding, ...], Meta(max_length=1_000)] = ()
    notes: Text = ""
    clock_anchor: Mapping[str, int] = field(default_factory=_anchor)
    tool_version: Text = playhead.__version__
    git_revision: Text = field(default_factory=git_revision)
    platform: Text = field(default_factory=platform.platform)
    created_utc: Text = field(default_factory=utc_now)
    checksums: Literal["", "crc32c"] = CRC32C

    def __post_init__(self) -> None:
        for name in (*self.schema, *self.telemetry, *self.columns):
            check_name(name)
        for name, kind in self.columns.items():
            column_dtype(name, kind)
        for name in self.cameras:
            check_camera_name(name)
        for frame in self.pictures.values():
            _check_size(frame, self.group)
        if self.group not in GROUPS:
            raise BadValue(f"Pictures cannot be video in groups of {self.group}: {GROUPS} are known.")
        if not 0 < self.rate_hz < math.inf:
            raise BadValue(f"A recording needs a rate above 0 frames a second, not {self.rate_hz}.")

    @classmethod
    def of(cls, game: Game, *, device: str, driver: str, rate_hz: float) -> RecordingHeader:
        """Say what every recording of a game says; what else is known goes in by `dataclasses.replace`."""
        return cls(
            game=game.to_json(),
            schema=game.needed_schema,
            frame=game.needed_frame,
            rate_hz=rate_hz,
            device=device,
            driver=driver,
        )

    @property
    def pictures(self) -> dict[str, Frame]:
        """What the pictures of each array of them are, by its key; the main one comes first."""
        return {FRAMES: self.frame, **{f"{CAMERAS}{name}": frame for name, frame in self.cameras.items()}}

    @property
    def is_archived(self) -> bool:
        """Whether its pictures are video."""
        return bool(self.transcodings) and self.transcodings[-1].to == "h264"

    @property
    def group(self) -> int:
        """How many pictures lie in one chunk: one, where they are no video."""
        return self.transcodings[-1].group if self.is_archived else 1

    @property
    def is_lossy(self) -> bool:
        """Whether its pictures are not those that were recorded."""
        return any(one.psnr_db for one in self.transcodings)

    @property
    def format_version(self) -> int:
        """The version of the format that a reader must know."""
        return ARCHIVED_VERSION if self.is_archived else FORMAT_VERSION

    def codecs_of(self, key: str) -> list[Json]:
        """Return the codecs of a chunk of an array of pictures, by its key."""
        frame = self.pictures[key]
        if not self.is_archived:
            return picture_codecs(frame)
        configuration = {"colour": frame.colour, "lossless": frame.codec == "lossless"}
        return [{"name": "playhead.h264", "configuration": configuration}]

    def to_json(self) -> Json:
        """Return the header as plain data."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        plain |= {
            "format_version": self.format_version,
            "schema": self.schema.to_json(),
            "frame": asdict(self.frame),
            "telemetry": list(self.telemetry),
            "columns": dict(self.columns),
            "legends": {name: [dict(row) for row in rows] for name, rows in self.legends.items()},
            "cameras": {name: asdict(frame) for name, frame in self.cameras.items()},
            "transcodings": [asdict(one) for one in self.transcodings],
        }
        left_out = {
            name
            for name in ("are_stills", "cameras", "input", "options", "tags", "measures", "transcodings")
            if not plain[name]
        }
        return {name: value for name, value in plain.items() if name not in left_out}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, where: str) -> RecordingHeader:
        """Rebuild a header from `to_json`.

        Raises:  Mismatch for another format version, Damaged when something is missing or not what it should be.
        """
        check_version(data, where=where, known=(FORMAT_VERSION, ARCHIVED_VERSION))
        stored = {"checksums": ""} | {name: value for name, value in data.items() if name in _kinds()}
        values: dict[str, Any] = {}
        for name, value in stored.items():
            at = f"{where}: {name} of the header"
            is_schema = name == "schema"
            values[name] = (
                LabelSchema.from_json(value, where=at) if is_schema else convert(value, _kinds()[name], where=at)
            )
        convert(values.get("game"), _GameData, where=f"{where}: game of the header")
        if not all("id" in row for rows in values.get("legends", {}).values() for row in rows):
            raise Damaged(f"{where}: legends of the header cannot be read: a row lacks its id.")
        try:
            header = cls(**values)
        except (BadValue, TypeError) as error:
            raise Damaged(f"{where}: the header cannot be read, {error}") from error
        if header.format_version != data["format_version"]:
            kind = "video" if header.is_archived else "no video"
            raise Damaged(f"{where} has format_version {data['format_version']}, and its pictures are {kind}.")
        return header


@cache
def _kinds() -> dict[str, Any]:
    """Return the type of every field of a header, with its bounds."""
    return get_type_hints(RecordingHeader, include_extras=True)


def check_name(name: str) -> None:
    """Raise BadValue for what cannot be the name of an array: it becomes the name of a folder."""
    is_sane = name.isprintable() and "/" not in name and not name.startswith((".", "__")) and name != "zarr.json"
    if not name or not is_sane or len(name.encode(errors="replace")) > MOST_NAME_BYTES:
        raise BadValue(
            f'"{name[:MOST_NAME_BYTES]}" cannot name a column of a recording: no "/", no leading "." or "__", no '
            f"control characters, at most {MOST_NAME_BYTES} bytes."
        )


def check_camera_name(name: str) -> None:
    """Raise BadValue for what cannot be the name of a camera: it is one component of a path on every system."""
    if fault := fault_of(name):
        raise BadValue(
            f'"{str(name)[:MOST_NAME_BYTES]}" cannot name a camera of a recording: it {fault}. Call it "rear".'
        )


def _check_size(frame: Frame, group: int) -> None:
    size = frame.width * frame.height * frame.channels * group
    if max(frame.width, frame.height) > MOST_SIDE or size > MOST_PICTURE_BYTES:
        raise BadValue(
            f"{group} pictures of {frame.width}x{frame.height} are too large: at most {MOST_SIDE:,} a side, "
            f"and {MOST_PICTURE_BYTES:,} bytes of pixels."
        )


def check_version(data: Mapping[str, Any], *, where: str, known: Sequence[int] = (FORMAT_VERSION,)) -> None:
    """Raise Mismatch unless the data was written in a format version that this playhead reads."""
    version = data.get("format_version")
    if version in known and type(version) is int:
        return
    then = "Update playhead." if isinstance(version, int) and version > max(known) else "Record again."
    reads = " and ".join(map(str, known))
    raise Mismatch(f"{where} has format_version {version}, this playhead reads {reads}. {then}")


def column_dtype(name: str, kind: str) -> np.dtype[Any]:
    """Return the dtype of a further column. Raises BadValue for one that is neither number nor sized text."""
    dtype = np.dtype(kind) if _COLUMN_KIND.fullmatch(kind) else np.dtype("V")
    if dtype.kind not in "iufS" or not 0 < dtype.itemsize <= MOST_CELL_BYTES:
        raise BadValue(
            f'Column {name} is of kind "{kind[:50]}". Give a number type as "int64", or "S36" for text of at most '
            f"{MOST_CELL_BYTES} bytes."
        )
    return dtype


def group_json(attributes: Mapping[str, Any]) -> Json:
    """Return the zarr.json of a group, sealed."""
    return seal({"zarr_format": 3, "node_type": "group", "attributes": dict(attributes)})


def frames_json(header: RecordingHeader, key: str, length: int) -> Json:
    """Return the zarr.json of an array of pictures, sealed."""
    return seal(frames_array(header, key, length))


def frames_array(header: RecordingHeader, key: str, length: int) -> Json:
    """Return what an array of pictures declares: one a chunk, SHARD_FRAMES of them a shard, index at its start."""
    frame = header.pictures[key]
    index_codecs = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]
    sharding = {
        "name": "sharding_indexed",
        "configuration": {
            "chunk_shape": [header.group, *frame.shape],
            "codecs": header.codecs_of(key),
            "index_codecs": index_codecs,
            "index_location": "start",
        },
    }
    declared = _array_json([length, *frame.shape], "uint8", [SHARD_FRAMES, *frame.shape], 0, [sharding])
    return declared | {"dimension_names": ["time", "height", "width", "channel"]}


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
    """Return the zarr.json of a small array, sealed. `checksums` are the CRC-32C of its rows, one a chunk."""
    declared = rows_array(dtype, row_shape, length)
    declared["attributes"] = {ATTRIBUTE: {CRC32C: list(checksums)}}
    return seal(declared)


def rows_array(dtype: np.dtype[Any], row_shape: tuple[int, ...], length: int) -> Json:
    """Return what a small array declares: uncompressed, so that rows can be written in place."""
    codec: Json = {"name": "bytes"}
    if dtype.itemsize > 1:
        codec["configuration"] = {"endian": "little"}
    fill: Any = "NaN" if dtype.kind == "f" else 0
    return _array_json([length, *row_shape], dtype.name, [ROWS, *row_shape], fill, [codec])


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
