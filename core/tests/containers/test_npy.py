"""Whatever a file of numpy may hold is read, or refused with the true reason, and nothing of a pickle is run."""

from __future__ import annotations

import os
import pickle
import struct
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from formats_page import rows_of
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead.containers.npy import open_npy
from playhead.containers.pickled import PickledArray
from playhead.errors import Damaged, Mismatch, PlayheadError

PICTURES = np.arange(3 * 4 * 5 * 3, dtype=np.uint8).reshape(3, 4, 5, 3)
LABELS = np.eye(3)
MOST = 2**23  # bytes of memory, whatever a file says
Make = Callable[[Path], Any]


def saved(array: Any, **options: Any) -> Make:
    return lambda file: np.save(file, array, **options)


def header(shape: object, descr: str = "|O", version: int = 1) -> bytes:
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(116) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text


def objects(data: bytes, count: int = 3) -> Make:
    return lambda file: file.write_bytes(header((count, 2)) + data)


def pairs(labels: Any = LABELS) -> np.ndarray:
    found = np.empty((3, 2), object)
    for row in range(3):
        found[row, 0], found[row, 1] = PICTURES[row], labels[row]
    return found


class Calls:
    """What a pickle may ask for."""

    def __init__(self, name: Any, *given: Any) -> None:
        self.asked = name, given

    def __reduce__(self) -> Any:
        return self.asked


def calling(name: Any, *given: Any) -> Make:
    found = pairs()
    found[1, 1] = Calls(name, *given)
    return saved(found)


def of_version(version: int, change: Callable[[bytes], bytes] = lambda data: data) -> Make:
    return objects(change(pickle.dumps(pairs(), version)))


def before_numpy_2(data: bytes) -> bytes:
    """Return a pickle whose names are those of numpy 1, whatever numpy made it."""
    return data.replace(b"cnumpy._core.", b"cnumpy.core.")


def large_array(file: Path) -> None:
    data = pickle.dumps(pairs(), 2)
    file.write_bytes(header((3, 2)) + data.replace(b"K\x04K\x05K\x03\x87", b"J\xff\xff\xff\x7fK\x05K\x03\x87"))


def far_memo(file: Path) -> None:
    """Write a pickle that keeps something as number 4,294,967,295: Python's own reader makes room for as many."""
    data = pickle.dumps(pairs(), 2)
    file.write_bytes(header((3, 2)) + data.replace(b"q\0", b"q\0r\xff\xff\xff\xff", 1))


def shared(file: Path) -> None:
    """Write pairs that are all the same, one behind the other."""
    found = np.empty((3, 2), object)
    for row in range(3):
        found[row, 0], found[row, 1] = PICTURES, LABELS[0]
    np.save(file, found)


def cut(make: Make, behind: int) -> Make:
    def made(file: Path) -> None:
        make(file)
        file.write_bytes(file.read_bytes()[:-behind])

    return made


# A row of the page -> what makes such a file, and the answer: an error and its words, None when it is read.
CASES: dict[str, tuple[Make, tuple[type[Exception], str] | None]] = {
    "numbers": (saved(PICTURES), None),
    "numbers in the order of Fortran": (saved(np.asfortranarray(PICTURES)), None),
    "numbers of either byte order": (saved(PICTURES.astype(">i2")), None),
    "a header of version 2": (
        lambda file: file.write_bytes(header((3, 4, 5, 3), "|u1", 2) + PICTURES.tobytes()),
        None,
    ),
    "a header that Python 2 wrote": (
        lambda file: file.write_bytes(header((3, 4, 5, 3), "|u1").replace(b"(3, ", b"(3L,") + PICTURES.tobytes()),
        None,
    ),
    "bytes behind its end": (lambda file: file.write_bytes(header((1,), "|u1") + bytes(9)), None),
    "objects, as numpy writes them (pickles of version 2 to 5)": (of_version(4), None),
    "objects with the names of numpy 1": (of_version(2, before_numpy_2), None),
    "lists, tuples and numbers among objects": (
        saved(pairs([[0, 1.5, True], (1, 0), [np.float64(1), 2**40]])),
        None,
    ),
    "objects that are the same": (shared, None),
    "pickles that keep something under a far number": (far_memo, None),
    "columns with names": (saved(np.zeros(3, [("a", "u1"), ("b", "f4")])), (Mismatch, "not numbers")),
    "text, times and complex numbers": (saved(np.array(["w", "a"])), (Mismatch, "holds <U1, not numbers")),
    "a header of version 3": (lambda file: file.write_bytes(header((1,), "|u1", 3)), (Mismatch, "of version")),
    "pickles that name anything else": (
        calling(os.system, "touch owned"),
        (Mismatch, r"asks for (posix|nt)\.system, .* Nothing of it was run"),
    ),
    "pickles that name something of numpy": (
        calling(np.load, "other.npy"),
        (Mismatch, r"asks for numpy\.load"),
    ),
    "pickles of other arrays, as masked ones": (
        saved(pairs([np.ma.masked_array([1, 0]), 1, 2])),
        (Mismatch, r"asks for numpy\.ma\.core\._mareconstruct"),
    ),
    "pickles that take other steps": (objects(b"\x80\x02Pid\n."), (Mismatch, "takes the step PERSID")),
    "pickles that call what is no name": (objects(b"\x80\x02K\x01)R."), (Mismatch, "calls something")),
    "objects that are text, or types with columns": (
        saved(pairs([np.array(["w"]), 1, 2])),
        (Mismatch, "holds an array of U1"),
    ),
    "arrays of more bytes than the file has": (large_array, (Damaged, "makes no sense")),
    "a pickle cut short": (cut(of_version(4), 90), (Damaged, "makes no sense|cut short")),
    "numbers cut short": (cut(saved(PICTURES), 1), (Damaged, "is cut short")),
    "a head that makes no sense": (lambda file: file.write_bytes(header("(" * 90)), (Damaged, "it is damaged, ")),
    "no file of numpy": (lambda file: file.write_bytes(b"\xff\xd8\xff" * 30), (Damaged, "it is a JPEG picture")),
    "an empty file": (lambda file: file.write_bytes(b""), (Damaged, "it is empty")),
}


def read(file: Path) -> None:
    with open_npy(file) as opened:
        if not opened.is_pickled:
            assert opened.numbers().shape == opened.shape
            assert np.array_equal(opened.row(0), opened.numbers()[0])
            return
        pickled = opened.objects()
        assert pickled.top.shape == (3, 2)
        for row in range(3):
            picture, label = (pickled.numbers(one) for one in pickled.top.held[2 * row : 2 * row + 2])
            assert picture is not None
            assert label is not None
            assert np.array_equal(picture, PICTURES[row]) or np.array_equal(picture, PICTURES)


@pytest.mark.parametrize("name", CASES)
def test_each_row_of_the_page(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, answer = CASES[name]
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "a.npy"
    make(file)
    tracemalloc.start()
    try:
        if answer is None:
            read(file)
        else:
            error, sentence = answer
            with pytest.raises(error, match=sentence) as raised:
                read(file)
            assert str(file) in str(raised.value)
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()
    assert [one.name for one in tmp_path.iterdir()] == ["a.npy"], "something of it was run"


def test_the_page_has_these_rows() -> None:
    assert set(rows_of("NumPy")) == set(CASES)


@pytest.mark.parametrize("version", [2, 3, 4, 5])
def test_pickles_of_every_version_are_what_numpy_reads(version: int, tmp_path: Path) -> None:
    file = tmp_path / "a.npy"
    turned = pairs()
    turned[2, 0] = np.asfortranarray(PICTURES[2]).astype(">f4")
    objects(pickle.dumps(turned, version))(file)
    with open_npy(file) as opened:
        pickled = opened.objects()
        for one, expected in zip(pickled.top.held, turned.ravel(), strict=True):
            found = pickled.numbers(one)
            assert found is not None
            assert found.dtype == expected.dtype
            assert np.array_equal(found, expected)


def test_pictures_stay_in_the_file(tmp_path: Path) -> None:
    found = np.empty((20, 2), object)
    for row in range(20):
        found[row, 0], found[row, 1] = np.full((500, 500, 3), row, np.uint8), [1, 0]
    np.save(tmp_path / "a.npy", found)
    tracemalloc.start()
    try:
        with open_npy(tmp_path / "a.npy") as opened:
            pickled = opened.objects()
            means = [pickled.numbers(one).mean() for one in pickled.top.held[::2]]  # type: ignore[union-attr]
        assert means == list(range(20))
        assert tracemalloc.get_traced_memory()[1] < 3 * 750_000
    finally:
        tracemalloc.stop()


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 10**6), byte=st.integers(0, 255), version=st.sampled_from([2, 4, 5]))
def test_a_changed_byte_is_another_number_or_a_sentence(
    place: int, byte: int, version: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(pickle.dumps(pairs(), version))
    data[place % len(data)] = byte
    file = tmp_path_factory.mktemp("changed") / "a.npy"
    objects(bytes(data))(file)
    with suppress(PlayheadError), open_npy(file) as opened:
        pickled = opened.objects()
        held = pickled.top.held if isinstance(pickled.top, PickledArray) else ()
        for one in held if isinstance(held, list) else ():
            pickled.numbers(one)
