"""Whether names and values fit the columns of a recording: said where they are handed over, not in a thread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.errors import BadValue, Mismatch, not_found
from playhead.events import Origin
from playhead.game import Frame
from playhead.inputs import CAMERAS, FRAMES
from playhead.labels import LabelSchema


def check_known(kind: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise NotFound for the first name that is not known."""
    for name in given:
        if name not in known:
            raise not_found(f"{kind} of this recording", name, known)


def column_rows(name: str, values: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return a column of a batch as its rows are stored. Raises BadValue for what does not fit."""
    if dtype.kind == "S":
        texts = np.char.encode(values, "utf-8") if values.dtype.kind == "U" else values
        is_long = (
            texts.dtype.itemsize > dtype.itemsize and len(texts) and np.char.str_len(texts).max() > dtype.itemsize
        )
        if texts.dtype.kind != "S" or is_long:
            raise BadValue(
                f"Column {name} is text of at most {dtype.itemsize} bytes; {values.dtype} does not fit."
            )
        padded = np.ascontiguousarray(texts.astype(dtype))
        return padded.view(np.uint8).reshape(len(values), dtype.itemsize)
    if not np.can_cast(values.dtype, dtype, "same_kind"):
        raise BadValue(f"Column {name} is {dtype}; {values.dtype} does not fit.")
    return values.astype(dtype, copy=False)


def fitting(name: str, value: Any, dtype: np.dtype[Any]) -> Any:
    """Return a column's value as its dtype has it, or raise BadValue: here, not later in the thread."""
    if dtype.kind == "S":
        if len(str(value).encode()) > dtype.itemsize:
            raise BadValue(f'"{value}" is longer than the {dtype.itemsize} bytes of column {name}.')
        return str(value)
    try:
        return dtype.type(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadValue(f"{value!r} does not fit into column {name} of {dtype}: {error}.") from error


def checked_labels(
    where: str, labels: Mapping[str, npt.ArrayLike], origin: Origin, schema: LabelSchema
) -> dict[str, npt.NDArray[np.generic]]:
    """Return the labels of a frame as their heads have them: of every head, or of none for one nobody labelled."""
    check_known("label head", labels, schema)
    missing = [name for name in schema if name not in labels]
    if missing and (labels or origin != Origin.NONE):
        raise BadValue(f"{where}: a frame of origin {origin.name} lacks labels of {', '.join(missing)}.")
    checked = {}
    for name, value in labels.items():
        row_A = np.array(value, dtype=schema[name].dtype)
        if row_A.shape != (schema[name].columns,):
            raise BadValue(f"Labels of {name} are {row_A.shape}; {schema[name].columns} columns are wanted.")
        checked[name] = row_A
    return checked


def by_key(
    where: str, main: Any, cameras: Mapping[str, Any], frames: Mapping[str, Frame]
) -> dict[str, npt.NDArray[np.uint8] | bytes]:
    """Return the pictures of a moment by the keys of their arrays.

    Raises:  Mismatch where one of them is missing or an array of another shape, NotFound for an unknown camera.
    """
    pictures = {FRAMES: main, **{f"{CAMERAS}{name}": picture for name, picture in cameras.items()}}
    check_known("camera", cameras, [key.removeprefix(CAMERAS) for key in frames if key != FRAMES])
    for key, frame in frames.items():
        if key not in pictures:
            raise Mismatch(f"{where} wants a picture of the camera {key.removeprefix(CAMERAS)} with every frame.")
        picture = pictures[key]
        if not isinstance(picture, bytes) and (picture.shape != frame.shape or picture.dtype != np.uint8):
            of = "" if key == FRAMES else f" of {key}"
            raise Mismatch(
                f"{where} holds frames{of} of {frame.shape} uint8, not {picture.shape} {picture.dtype}."
            )
    return pictures
