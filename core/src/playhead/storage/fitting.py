"""Whether names and values fit the columns of a recording: said where they are handed over, not in a thread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.errors import BadValue, not_found


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
