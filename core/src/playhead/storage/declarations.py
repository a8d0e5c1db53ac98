"""What the zarr.json files of a recording declare: decoded strictly, and held to what the header implies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta, Struct

from playhead.decoding import convert, decode_json
from playhead.errors import Damaged
from playhead.names import quoted
from playhead.storage.local import is_remote
from playhead.storage.schema import ROWS, RecordingHeader, frames_array, rows_array
from playhead.storage.seals import ATTRIBUTE, CRC32C, Json, check_seal
from playhead.storage.sources import FileSource

RowKind = tuple[np.dtype[Any], tuple[int, ...]]  # dtype and shape of a row
_Size = Annotated[int, Meta(ge=0, le=10**9)]
_Uint32 = Annotated[int, Meta(ge=0, lt=2**32)]
_Names = Annotated[list[Annotated[str, Meta(max_length=1_000)]], Meta(max_length=65_536)]


class _Codec(Struct):
    name: str
    configuration: dict[str, Any] = {}


class _Array(Struct):
    """A declaration of an array, as far as it is not compared with the one wanted."""

    node_type: Literal["array"]
    shape: Annotated[list[_Size], Meta(min_length=1, max_length=4)]
    codecs: Annotated[list[_Codec], Meta(max_length=4)]
    attributes: dict[str, Any] = {}


class _Tables(Struct):
    """The attributes of the group of events: their codes and devices by number."""

    codes: _Names
    devices: _Names


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What a small array declares. `checksums` are one a chunk, None in a recording that was made without."""

    length: int
    checksums: list[int] | None


def then_repair(place: str) -> str:
    """Say how to repair a recording."""
    if is_remote(place):
        return f"Repair it with: playhead data copy {quoted(place)} FOLDER, and there playhead data repair"
    return f"Repair it with: playhead data repair {quoted(place)}"


def read_document(source: FileSource, key: str, place: str, header: RecordingHeader, *, otherwise: str) -> Json:
    """Return a zarr.json as plain data. Raises Damaged, saying `otherwise` without one, and for a broken seal."""
    document = _plain_document(source, key, place, otherwise)
    check_seal(document, where=f"{place}/{key}", must=bool(header.checksums))
    return document


def _plain_document(source: FileSource, key: str, place: str, otherwise: str) -> Json:
    data = source.read(key)
    if data is None:
        raise Damaged(f"{place}: {otherwise} ({key} does not exist).")
    return decode_json(data, dict[str, Any], where=f"{place}/{key}")


def read_header(source: FileSource, place: str) -> tuple[RecordingHeader, bool]:
    """Return the header and whether the recording was ended properly. Raises Damaged or Mismatch."""
    document = _plain_document(source, "zarr.json", place, "it is not a recording")
    header, is_complete = header_of(document, place)
    check_seal(document, where=f"{place}/zarr.json", must=bool(header.checksums))
    return header, is_complete


def header_of(document: Json, place: str) -> tuple[RecordingHeader, bool]:
    """Return what the zarr.json of a recording says, whether its seal fits or not. Raises Damaged or Mismatch."""
    attributes = document.get("attributes")
    ours = attributes.get(ATTRIBUTE) if isinstance(attributes, dict) else None
    if not isinstance(ours, dict):
        raise Damaged(f"{place} is not that of a recording: its zarr.json has no attribute {ATTRIBUTE}.")
    header = RecordingHeader.from_json(ours, where=place)
    return header, convert(ours.get("is_complete", False), bool, where=f"{place}: is_complete of the header")


def frames_length(document: Json, header: RecordingHeader, key: str, where: str) -> int:
    """Return how many pictures an array of them declares. Raises Damaged where it is not what the header says."""
    array = convert(document, _Array, where=where)
    wanted = frames_array(header, key, array.shape[0])
    differing = _differing(document, wanted)
    if _sharding(array.codecs) != _sharding(convert(wanted, _Array, where=where).codecs):
        differing.append("codecs")
    if differing:
        raise Damaged(f"{where} does not fit the header: {', '.join(differing)}.")
    return array.shape[0]


def _sharding(codecs: list[_Codec]) -> Any:
    """Return what must agree: how JPEG was encoded need not, its bytes say so themselves."""
    if len(codecs) != 1:
        return None
    options = codecs[0].configuration
    inner = [
        [codec.get("name") if isinstance(codec, dict) else None for codec in listed]
        if isinstance(listed := options.get(key), list)
        else None
        for key in ("codecs", "index_codecs")
    ]
    return [codecs[0].name, options.get("index_location"), options.get("chunk_shape"), inner]


def rows_declared(document: Json, kind: RowKind, where: str, *, must_have_checksums: bool) -> Rows:
    """Return what a small array declares. Raises Damaged where it is not of that kind."""
    array = convert(document, _Array, where=where)
    length = array.shape[0]
    wanted = rows_array(*kind, length)
    differing = _differing(document, wanted)
    codecs = [(codec.name, codec.configuration.get("endian", "little")) for codec in array.codecs]
    if codecs != [("bytes", "little")]:
        differing.append("codecs")
    if differing:
        raise Damaged(f"{where} does not declare what the header says: {', '.join(differing)}.")
    ours = array.attributes.get(ATTRIBUTE)
    if ours is None and not must_have_checksums:
        return Rows(length=length, checksums=None)
    found = ours.get(CRC32C) if isinstance(ours, dict) else None
    checksums = convert(found, list[_Uint32], where=f"{where}: {CRC32C}")
    if len(checksums) != -(-length // ROWS):
        raise Damaged(f"{where} has {len(checksums)} checksums for {length} rows.")
    return Rows(length=length, checksums=checksums)


def _differing(document: Json, wanted: Json) -> list[str]:
    return [name for name in ("shape", "data_type", "chunk_grid") if document.get(name) != wanted[name]]


def tables_of(document: Json, where: str) -> tuple[list[str], list[str]]:
    """Return the codes and the devices of events by number. Raises Damaged."""
    tables = convert(document.get("attributes"), _Tables, where=where)
    return tables.codes, tables.devices
