"""Arrays in numpy's own files: numbers are mapped into memory, objects are pickles and read as data (pickled.py).

Source:  numpy.lib.format (1.0 and 2.0; 3.0 names columns in Unicode, and what has columns is refused).
"""

from __future__ import annotations

import math
import mmap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy_format

from playhead.containers.files import check_not_hollow, head_of, kind_of, open_plain, reason
from playhead.containers.pickled import Pickled, let_go
from playhead.errors import Damaged, Mismatch

MAGIC = b"\x93NUMPY"
# What numpy raises for a head that is damaged or unusual; it takes what Python 2 wrote apart into tokens.
_ERRORS = (ValueError, OSError, EOFError, RecursionError, MemoryError, TypeError, SyntaxError, TokenError)
_HEADER = 10_000  # letters: numpy's own bound
_READS = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}


@dataclass(frozen=True, eq=False)
class NpyFile:
    """A file that is open. What `numbers` returns is good as long as it is."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    _is_fortran: bool
    _start: int
    _data: mmap.mmap

    @property
    def is_pickled(self) -> bool:
        """Whether it holds objects, which are a pickle."""
        return self.dtype.hasobject

    def numbers(self) -> npt.NDArray[Any]:
        """Return the array, of which nothing is in memory until it is looked at. Raises Mismatch for objects."""
        if self.is_pickled:
            raise Mismatch(f"{self.path} holds objects, not numbers.")
        flat = np.frombuffer(self._data, self.dtype, math.prod(self.shape), self._start)
        return flat.reshape(self.shape, order="F" if self._is_fortran else "C")

    def row(self, number: int) -> npt.NDArray[Any]:
        """Return a row of an array of numbers; the memory that the file takes for it is given back."""
        row = np.array(self.numbers()[number])
        let_go(self._data)
        return row

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """Return a stretch along the first axis; the memory that the file takes for it is given back."""
        rows = np.array(self.numbers()[start:stop])
        let_go(self._data)
        return rows

    def objects(self) -> Pickled:
        """Return the pickle that an array of objects is. Raises as `Pickled`."""
        return Pickled(self.path, self._data, self._start)


@contextmanager
def open_npy(path: Path) -> Iterator[NpyFile]:
    """Open a file of numpy for reading.

    Raises:  Damaged for a file that is none, or cut short; Mismatch for what holds neither numbers nor objects.
    """
    with open_plain(path) as file:
        check_not_hollow(file, path)
        shape, is_fortran, dtype = _header(path, file)
        start, size = file.tell(), file.seek(0, 2)
        if not dtype.hasobject and start + math.prod(shape) * dtype.itemsize > size:
            raise Damaged(
                f"{path} is cut short: {shape} of {dtype} do not fit into {size:,} bytes. Copy it again."
            )
        # Not closed here: arrays may still look at it. It is unmapped with the last of them.
        yield NpyFile(path, shape, dtype, is_fortran, start, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _header(path: Path, file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        version = npy_format.read_magic(file)
        with warnings.catch_warnings():  # of files that Python 2 wrote
            warnings.simplefilter("ignore")
            shape, is_fortran, dtype = _READS[version](file, max_header_size=_HEADER)
    except KeyError as error:
        raise Mismatch(f"{path} is of version {version} of numpy's format; (1, 0) and (2, 0) are read.") from error
    except _ERRORS as error:
        raise Damaged(f"{path} cannot be read: it is {_said(head_of(path), error)}.") from error
    if dtype != np.dtype(object) and (dtype.kind not in "biuf" or dtype.itemsize > 8):
        raise Mismatch(f"{path} holds {str(dtype)[:100]}, not numbers.")
    if any(length < 0 for length in shape):
        raise Damaged(f"{path} cannot be read: its shape is {shape}.")
    return shape, is_fortran, dtype


def _said(head: bytes, error: BaseException) -> str:
    if head.startswith(MAGIC):
        return f"damaged, {reason(error)}"
    return kind_of(head) or ("no file of numpy" if head else "empty")
