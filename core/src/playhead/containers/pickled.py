"""What a pickle of numpy arrays holds, read as data. Nothing that it names is imported, and nothing is called.

A pickle is a program for a small machine that may call whatever it names. The machine here knows the steps that
numpy takes to write an array of objects and six names, which it never looks up; any other step or name is refused.
The bytes of arrays stay in the file and are known by their place, so that 15 GB of pictures take little memory.
Source: pickletools of Python 3.11 (steps); numpy, array_reduce and _frombuffer (what an array says of itself).
"""

from __future__ import annotations

import math
import mmap
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from pickletools import opcodes
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.errors import Damaged, Mismatch

MOST_STEPS = 3_000_000  # 60 a pair of a picture and nine numbers: 50,000 pairs; each may take 100 bytes of memory
MOST_TEXT_BYTES = 200  # of a name or the letter of a number type
MOST_ARRAY_BYTES = 2**31  # a picture of 16,384x16,384 in colour has 0.8 GB
MOST_AXES = 8
_KINDS = {f"{kind}{size}" for kind, sizes in {"b": "1", "i": "1248", "u": "1248", "f": "248"}.items()
          for size in sizes}  # fmt: skip
_OBJECTS = {"O", "O4", "O8"}


class _Name(Enum):
    """What a pickle of numpy arrays asks for. The modules were called otherwise before numpy 2."""

    RECONSTRUCT = "multiarray._reconstruct"
    SCALAR = "multiarray.scalar"
    FROM_BUFFER = "numeric._frombuffer"
    ARRAY = "numpy.ndarray"
    TYPE = "numpy.dtype"
    ENCODE = "_codecs.encode"


_NAMES = {f"{core}{one.value}": one for one in (_Name.RECONSTRUCT, _Name.SCALAR, _Name.FROM_BUFFER)
          for core in ("numpy.core.", "numpy._core.")}  # fmt: skip
_NAMES |= {one.value: one for one in (_Name.ARRAY, _Name.TYPE, _Name.ENCODE)}


@dataclass(frozen=True)
class Span:
    """Bytes in the file. Those of a text in UTF-8 may stand for bytes, as pickles of version 2 write them."""

    start: int
    length: int
    is_latin: bool = False


@dataclass
class _Type:
    letters: str
    order: str = "="

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of numbers."""
        return np.dtype(self.order + self.letters)


@dataclass(eq=False)
class PickledArray:
    """An array in a pickle: of numbers, whose bytes lie at `held`, or of objects, which `held` lists."""

    shape: tuple[int, ...] = ()
    dtype: np.dtype[Any] | None = None
    is_fortran: bool = False
    held: Span | list[Any] = field(default_factory=list, repr=False)


class Pickled:
    """A pickle in a file that is open. `top` is what it holds. `start` is where in the file it begins."""

    def __init__(self, path: Path, data: mmap.mmap, start: int) -> None:
        self.path = path
        self._data = data
        self.top: Any = _Machine(path, data, start).run()
        let_go(data)

    def numbers(self, one: object) -> npt.NDArray[Any] | None:
        """Return an array of numbers, or a list or tuple of them, None for anything else.

        Raises:  Damaged when the file has other bytes than the array says.
        """
        if isinstance(one, (list, tuple)):
            are_plain = all(isinstance(number, (bool, int, float)) for number in one)
            return np.array(one, np.float64) if are_plain and one else None
        if isinstance(one, PickledArray) and isinstance(one.held, list) and one.dtype == np.dtype(object):
            return self.numbers(one.held) if len(one.shape) == 1 else None
        if not isinstance(one, PickledArray) or not isinstance(one.held, Span) or one.dtype is None:
            return None
        try:
            data = bytes_of(self._data, one.held)
            let_go(self._data)
        except UnicodeError as error:
            raise Damaged(f"{self.path}: an array of {one.shape} is no bytes.") from error
        if len(data) != math.prod(one.shape) * one.dtype.itemsize:
            raise Damaged(f"{self.path}: an array of {one.shape} has {len(data):,} bytes, which does not fit.")
        return np.frombuffer(data, one.dtype).reshape(one.shape, order="F" if one.is_fortran else "C")


def let_go(data: mmap.mmap) -> None:
    """Give back the memory that what was read of a file takes; the system would wait until it is short of it."""
    if hasattr(mmap, "MADV_DONTNEED"):
        data.madvise(mmap.MADV_DONTNEED)


def bytes_of(data: mmap.mmap, span: Span) -> bytes:
    """Return the bytes of a span."""
    raw = data[span.start : span.start + span.length]
    return raw.decode("utf-8").encode("latin-1") if span.is_latin else raw


_MARK = object()


class _Machine:
    """Takes the steps of a pickle, one after the other."""

    def __init__(self, path: Path, data: mmap.mmap, start: int) -> None:
        self._path = path
        self._data = data
        self._place = start
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._steps: dict[int, Callable[[], None]] = {ord(code): step for code, step in self._known().items()}

    def run(self) -> Any:
        """Take all steps and return what is left. Raises Damaged, or Mismatch for what no array needs."""
        try:
            for _ in range(MOST_STEPS):
                code = self._take(1)[0]
                if code == ord("."):
                    return self._stack.pop()
                step = self._steps.get(code)
                if step is None:
                    raise self._refused(f"takes the step {_called(code)}")
                step()
        except Mismatch:  # which is a ValueError too
            raise
        except (IndexError, KeyError, TypeError, ValueError, AttributeError, struct.error) as error:
            raise Damaged(f"{self._path} cannot be read: its pickle makes no sense at {self._place}.") from error
        raise Mismatch(f"{self._path} has more than {MOST_STEPS:,} steps in its pickle. Part it into several.")

    def _known(self) -> dict[str, Callable[[], None]]:
        """Return the steps by their codes."""
        push = self._stack.append
        spans = {"X": "<I", "\x8c": "<B", "\x8d": "<Q", "B": "<I", "C": "<B", "\x8e": "<Q", "\x96": "<Q",
                 "U": "<B", "T": "<i"}  # fmt: skip
        numbers = {"K": "<B", "M": "<H", "J": "<i", "G": ">d"}
        return {
            **{code: self._span_step(size) for code, size in spans.items()},
            **{code: self._number_step(size) for code, size in numbers.items()},
            "\x80": lambda: self._skip(1), "\x95": lambda: self._skip(8),  # version, frame
            "N": lambda: push(None), "\x88": lambda: push(True), "\x89": lambda: push(False),
            "\x8a": lambda: push(self._long(self._take(1)[0])),
            "(": lambda: push(_MARK), ")": lambda: push(()), "]": lambda: push([]),
            "t": lambda: push(tuple(self._marked())),
            "\x85": lambda: push(self._last(1)), "\x86": lambda: push(self._last(2)),
            "\x87": lambda: push(self._last(3)),
            "a": self._append, "e": self._append_marked,
            "c": lambda: push(self._name(self._line(), self._line())), "\x93": self._name_of_stack,
            "q": lambda: self._keep(self._take(1)[0]), "r": lambda: self._keep(self._unpack("<I")),
            "\x94": lambda: self._keep(len(self._memo)),
            "h": lambda: push(self._memo[self._take(1)[0]]), "j": lambda: push(self._memo[self._unpack("<I")]),
            "R": self._make, "b": self._build,
        }  # fmt: skip

    def _take(self, count: int) -> bytes:
        """Return the next bytes."""
        if count < 0 or self._place + count > len(self._data):
            raise Damaged(f"{self._path} is cut short: its pickle has no end. Copy it again.")
        self._place += count
        return self._data[self._place - count : self._place]

    def _skip(self, count: int) -> None:
        self._take(count)

    def _unpack(self, size: str) -> Any:
        return struct.unpack(size, self._take(struct.calcsize(size)))[0]

    def _line(self) -> str:
        end = self._data.find(b"\n", self._place, self._place + MOST_TEXT_BYTES)
        line = self._take(end - self._place)
        self._skip(1)
        return line.decode("ascii")

    def _long(self, length: int) -> int:
        if length > 8:
            raise ValueError("a number of 8 bytes at most is wanted")
        return int.from_bytes(self._take(length), "little", signed=True)

    def _number_step(self, size: str) -> Callable[[], None]:
        return lambda: self._stack.append(self._unpack(size))

    def _span_step(self, size: str) -> Callable[[], None]:
        return lambda: self._stack.append(self._span(self._unpack(size)))

    def _span(self, length: int) -> Span:
        """Pass over bytes and remember where they lie."""
        if length < 0 or self._place + length > len(self._data):
            raise Damaged(f"{self._path} is cut short: {length:,} bytes are missing at {self._place:,}.")
        self._place += length
        return Span(self._place - length, length)

    def _text(self, span: Any) -> str:
        if not isinstance(span, Span) or span.length > MOST_TEXT_BYTES:
            raise ValueError("a text is wanted")
        return bytes_of(self._data, span).decode("utf-8")

    def _last(self, count: int) -> tuple[Any, ...]:
        found = tuple(self._stack[-count:])
        del self._stack[-count:]
        if len(found) != count or _MARK in found:
            raise ValueError("too little on the stack")
        return found

    def _marked(self) -> list[Any]:
        """Take what was put on the stack since the last mark."""
        place = len(self._stack) - 1
        while self._stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise ValueError("no mark")
        found = self._stack[place + 1 :]
        del self._stack[place:]
        return found

    def _append(self) -> None:
        (one,) = self._last(1)
        self._list().append(one)

    def _append_marked(self) -> None:
        found = self._marked()
        self._list().extend(found)

    def _list(self) -> list[Any]:
        if type(self._stack[-1]) is not list:
            raise ValueError("a list is wanted")
        return self._stack[-1]

    def _keep(self, number: int) -> None:
        self._memo[number] = self._stack[-1]

    def _name_of_stack(self) -> None:
        module, name = self._last(2)
        self._stack.append(self._name(self._text(module), self._text(name)))

    def _name(self, module: str, name: str) -> _Name:
        """Return one of the names that are known. Raises Mismatch naming any other."""
        known = _NAMES.get(f"{module}.{name}")
        if known is None:
            raise self._refused(f"asks for {ascii(f'{module}.{name}')[1:-1]}")
        return known

    def _refused(self, what: str) -> Mismatch:
        return Mismatch(
            f"{self._path} {what}, which no array of pictures and labels needs: it may be made to do harm. "
            "Nothing of it was run, and it is not read. Have whoever made it save plain arrays (np.save)."
        )

    def _make(self) -> None:
        """Take the step that would call something: say of the six names what they would make."""
        name, given = self._last(2)
        if name is _Name.RECONSTRUCT and given[0] is _Name.ARRAY:
            made: Any = PickledArray()
        elif name is _Name.TYPE:
            made = _Type(self._text(given[0]).lstrip("<>|="))
        elif name is _Name.ENCODE and isinstance(given[0], Span) and self._text(given[1]) in ("latin1", "latin-1"):
            made = Span(given[0].start, given[0].length, is_latin=True)
        elif name is _Name.SCALAR:
            made = self._scalar(*given)
        elif name is _Name.FROM_BUFFER:
            held, kind, shape, order = given
            made = self._filled(PickledArray(), shape, kind, self._text(order) == "F", held)
        else:
            raise self._refused("calls something")
        self._stack.append(made)

    def _scalar(self, kind: _Type, span: Span) -> float:
        if kind.letters not in _KINDS or span.length > MOST_TEXT_BYTES:
            raise ValueError("a number is wanted")
        (number,) = np.frombuffer(bytes_of(self._data, span), kind.dtype).tolist()
        return number  # type: ignore[no-any-return]

    def _build(self) -> None:
        """Take the step that fills in what an array, or a type of numbers, says of itself."""
        made, said = self._last(2)
        self._stack.append(made)
        if isinstance(made, _Type):
            _, made.order, parts, names = said[0], self._text(said[1]), said[2], said[3]
            if made.order not in ("<", ">", "|", "=") or parts is not None or names is not None:
                raise ValueError("a plain type of numbers is wanted")
        elif isinstance(made, PickledArray):
            shape, kind, is_fortran, held = said[-4:]
            self._filled(made, shape, kind, bool(is_fortran), held)
        else:
            raise self._refused("fills in something that is no array")

    def _filled(self, array: PickledArray, shape: Any, kind: Any, is_fortran: bool, held: Any) -> PickledArray:
        is_shape = isinstance(shape, tuple) and len(shape) <= MOST_AXES
        if not is_shape or any(type(length) is not int or length < 0 for length in shape):
            raise ValueError("a shape is wanted")
        if kind.letters in _OBJECTS and type(held) is list and len(held) == math.prod(shape):
            array.dtype = np.dtype(object)
        elif kind.letters in _KINDS and isinstance(held, Span):
            array.dtype = kind.dtype
            if math.prod(shape) * kind.dtype.itemsize > min(MOST_ARRAY_BYTES, len(self._data)):
                raise ValueError("an array is larger than its file")
        else:
            raise self._refused(
                f"holds an array of {ascii(kind.letters)[1:-1]}, or of another length than it says"
            )
        array.shape, array.is_fortran, array.held = shape, is_fortran, held
        return array


def _called(code: int) -> str:
    return next((one.name for one in opcodes if one.code == chr(code)), f"{code}, which is none")
