"""The one way in for JSON that lies on a disk: bounded before it is read, strict and typed when it is parsed.

A file is data. It may be damaged or somebody's who means harm, so nothing of it is believed before it fits the
type that its reader states: a dataclass or a `msgspec.Struct` whose fields say their bounds, as
`Annotated[int, Meta(ge=0)]`. What does not fit is `Damaged`, with the place in the document.

msgspec, not pydantic: it is one small extension module without dependencies (4 ms to import where `--help` may
take 300), knows plain dataclasses, converts nothing behind one's back, and reads no NaN and no Infinity.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from playhead.errors import Damaged

T = TypeVar("T")

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
MOST_BYTES = 16 * 2**20  # of one document: the header of a recording of 10,000 classes has 1 MB


def read_bytes(file: Path | str, most: int = MOST_BYTES) -> bytes:
    """Return what a plain file holds.

    Units:   `most` bytes; a larger file is damaged, or is not what it should be.
    Raises:  FileNotFoundError; Damaged for a folder, a pipe or a device, for more bytes, and for a failing disk.
    """
    try:
        # Not blocking: a pipe that nobody writes to would never open. Windows has neither the flag nor such pipes.
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Damaged(f"{file} cannot be read: {error.strerror}.") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Damaged(f"{file} is no plain file.")
        if status.st_size > most:
            raise Damaged(f"{file} has {status.st_size:,} bytes, more than the {most:,} that it may have.")
        data, at_once = b"", status.st_size + 4096  # some files of the system have a size of 0
        while len(data) < most and (more := os.read(descriptor, min(at_once, most - len(data)))):
            data += more
    except Damaged:  # which is an OSError too
        raise
    except OSError as error:
        raise Damaged(f"{file} cannot be read: {error.strerror}.") from error
    finally:
        os.close(descriptor)
    return data


def read_json(file: Path, kind: type[T], *, then: str = "", most: int = MOST_BYTES) -> T:
    """Return what a file of JSON holds, as `kind`. Raises as `read_bytes` and `decode_json`."""
    return decode_json(read_bytes(file, most), kind, where=str(file), then=then)


def decode_json(data: bytes, kind: type[T], *, where: str, then: str = "") -> T:
    """Return a JSON document as `kind`.

    Raises:  Damaged naming `where`, what does not fit and its place, and `then`, what to do.
    """
    try:
        decoded: T = _decoder(cast("Any", kind)).decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _damaged(error, where, then) from error
    return decoded


@cache
def _decoder(kind: Any) -> Any:
    """Return the decoder of a type, which takes longer to make than most documents to decode."""
    return msgspec.json.Decoder(kind)


def convert(value: object, kind: type[T], *, where: str, then: str = "") -> T:
    """Return a part of a decoded document as `kind`. Raises as `decode_json`."""
    try:
        return msgspec.convert(value, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _damaged(error, where, then) from error


_NUMBER = re.compile(r"[+-]?((0|[1-9][0-9]*)[.][0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?")
_OF_PYTHON = {"True": True, "False": False, "None": None}


def setting_value(text: str) -> Any:
    """Return what a person typed behind `--set name=`: JSON where it is such, else the text as it is.

    Numbers may also be written as people do (.3, 3., +0.3), and True, False and None as Python does. NaN and
    Infinity, and numbers too large to be any, stay text, which no number's place takes.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        if _NUMBER.fullmatch(text) and math.isfinite(float(text)):
            return float(text)
        return _OF_PYTHON.get(text, text)


def _damaged(error: Exception, where: str, then: str) -> Damaged:
    reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error).rstrip(".")
    return Damaged(f"{where} cannot be read: {reason}. {then}".rstrip())


def encode_json(value: Any, *, indent: int | None = None) -> bytes:
    """Return plain data as JSON. Raises ValueError for a number that is none: NaN and infinity are no JSON."""
    return json.dumps(value, indent=indent, allow_nan=False).encode()


def plain(value: Any, said: Callable[[str], str] = str) -> Any:
    """Return plain data in which every number that is none has become None: what any reader takes as JSON.

    Every text in it becomes what `said` makes of it.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {said(str(name)): plain(inner, said) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner, said) for inner in value]
    return said(value) if isinstance(value, str) else value


def json_text(value: Any) -> str:
    """Return what a command prints as JSON: NaN and infinity as null, what is no plain data as its text."""
    return json.dumps(plain(value), indent=2, allow_nan=False, default=str)


def digest(value: Any) -> str:
    """Return the CRC-32C of plain data, however it is spaced and ordered: eight hexadecimal digits."""
    import google_crc32c  # 2 ms, which `playhead --help` does not need

    return f"{google_crc32c.value(_CANONICAL.encode(value).encode()):08x}"
