"""Of a zip so much is unpacked as is wanted, whatever its entries say of themselves."""

from __future__ import annotations

import resource
import signal
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from formats_page import rows_of

from playhead.containers.archive import Archive, is_folder, is_zip, packed, untrusted
from playhead.errors import Damaged, StorageFull

MOST = 2**20
DATA = b"a picture " * 50
Change = Callable[[bytes], bytes]


def zipped(
    names: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, change: Change = lambda data: data
) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in names.items():
            made.writestr(entry(name, method), data)
    return change(out.getvalue())


def entry(name: str, method: int) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo("x")
    made.filename = made.orig_filename = name  # as it stands: ZipInfo would put it in order
    made.compress_type = method
    if name == "link":
        made.external_attr = (stat.S_IFLNK | 0o777) << 16
    return made


def in_directory(place: int, number: int, size: str = "<I") -> Change:
    """Overwrite a field of the first entry, where it stands in the list at the end."""

    def change(data: bytes) -> bytes:
        start = data.rindex(b"PK\1\2") + place
        return data[:start] + struct.pack(size, number) + data[start + struct.calcsize(size) :]

    return change


def overlapping(data: bytes) -> bytes:
    """Return a zip whose list names one entry a thousand times."""
    start, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    listed = data[start:end] * 1000
    tail = bytearray(data[end:])
    tail[8:12] = struct.pack("<HH", 1000, 1000)
    tail[12:16] = struct.pack("<I", len(listed))
    return data[:start] + listed + bytes(tail)


def far(data: bytes) -> bytes:
    """Return a zip with a far end (ZIP64), as those of more than 4 GB have."""
    end = data.index(b"PK\5\6")
    count, size, start = struct.unpack("<HII", data[end + 10 : end + 20])
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    tail = bytearray(data[end:])
    tail[8:20] = struct.pack("<HHII", 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    return data[:end] + record + locator + bytes(tail)


ONE = {"a.jpg": DATA}
# A row of the page -> a zip, and why its first entry is left alone, or the zip refused; None: it is read.
CASES: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "stored and deflated entries": (lambda: zipped(ONE), None),
    "ZIP64": (lambda: zipped(ONE, change=far), None),
    "names in Unicode": (lambda: zipped({"ä/ö.jpg": DATA}), None),
    "names parted by backslashes": (lambda: zipped({"images\\a.jpg": DATA}), None),
    "names that lead out": (lambda: zipped({"..\\a.jpg": DATA}), "leads out of the zip"),
    "links": (lambda: zipped({"link": b"/etc/passwd"}), "it is a link"),
    "encrypted entries": (lambda: zipped(ONE, change=in_directory(8, 1, "<H")), "it is encrypted"),
    "bzip2, LZMA and other methods": (
        lambda: zipped(ONE, zipfile.ZIP_LZMA),
        "packed with LZMA, which is not read",
    ),
    "entries that are larger than they say": (
        lambda: zipped({"a.jpg": b"\0" * 2**24}, change=in_directory(24, 500)),
        "it cannot be unpacked, Bad CRC-32",
    ),
    "entries that are smaller than they say": (lambda: zipped(ONE, change=in_directory(24, 2**31)), None),
    "entries of more than is wanted": (lambda: zipped({"a.jpg": b"\0" * 2**24}), "unpacks to more than 1,048,576"),
    "entries with a wrong checksum": (lambda: zipped(ONE, change=in_directory(16, 1)), "Bad CRC-32"),
    "entries that lie one over another": (
        lambda: zipped(ONE, zipfile.ZIP_STORED, overlapping),
        "lie one over another",
    ),
    "bytes before it and behind it": (lambda: b"#!/bin/sh\n" + zipped(ONE) + b"\n" * 100, None),
    "a file cut short": (lambda: zipped(ONE)[:-30], "not copied whole"),
    "a list of entries of more than 64 MB": (
        lambda: zipped(ONE, change=lambda data: data[:-10] + b"\xff\xff\xff\x7f" + data[-6:]),
        "list of entries",
    ),
}


def read(file: Path) -> bytes:
    assert is_zip(file)
    archive = Archive(file)
    (one,) = (one for one in archive.entries if not is_folder(one))
    if wrong := untrusted(one):
        raise Damaged(wrong)
    name, numbers = one.orig_filename, tuple(packed(one))
    assert archive.head(one, 4) == archive.read(name, numbers, MOST)[:4]
    archive.forget()
    return archive.read(name, numbers, MOST)


@pytest.mark.parametrize("name", CASES)
def test_each_row_of_the_page(name: str, tmp_path: Path) -> None:
    make, answer = CASES[name]
    file = tmp_path / "a.bin"
    file.write_bytes(make())
    tracemalloc.start()
    try:
        if answer is None:
            assert read(file) == DATA
        else:
            with pytest.raises(Damaged, match=answer):
                read(file)
        assert tracemalloc.get_traced_memory()[1] < 8 * MOST
    finally:
        tracemalloc.stop()


def test_the_page_has_these_rows() -> None:
    assert set(rows_of("ZIP")) == set(CASES)


def test_a_full_disk_is_no_fault_of_what_is_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(zipped({"a.db": b"x" * 100_000}))
    archive = Archive(file)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
    try:
        with pytest.raises(
            StorageFull, match=r"The disk is full, while a copy of a.db .* nothing is wrong with it"
        ):
            archive.copy(archive.entries[0], tmp_path / "copy", MOST, "a.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def test_an_entry_before_the_beginning_is_left_alone(tmp_path: Path) -> None:
    def later(data: bytes) -> bytes:
        """Say that the list of entries begins later than it does: zipfile then looks for all before the zip."""
        place = data.rindex(b"PK\5\6") + 16
        return data[:place] + struct.pack("<I", 10**6) + data[place + 4 :]

    file = tmp_path / "a.zip"
    file.write_bytes(zipped({"a.jpg": DATA}, change=later))
    (found,) = Archive(file).entries
    assert untrusted(found) == "it lies before the beginning of the zip"
