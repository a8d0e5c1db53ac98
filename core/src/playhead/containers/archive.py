"""Entries of a zip, read one by one and never unpacked under their own names.

What an entry says of its size is not believed: so many bytes as are wanted are unpacked, and no more.
Source:  PKWARE APPNOTE 6.3.10: 4.3 (records), 4.4.5 (methods), 4.4.4 (flags).
"""

from __future__ import annotations

import re
import stat
import zipfile
from pathlib import Path

from playhead.containers.files import READING, copy_into, open_plain, reason
from playhead.errors import Damaged

MOST_DIRECTORY_BYTES = 2**26  # of the list of entries: 380,870 pictures take 33 MB of it, and 250 MB of memory
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # the others unpack a block at once, however large it gets
_NAMES = {1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 99: "AES"}
_FIELDS = ("header_offset", "compress_size", "file_size", "CRC", "compress_type", "flag_bits")
ENTRY = len(_FIELDS)
_END, _FAR_END, _FAR = b"PK\5\6", b"PK\6\6", 0xFFFFFFFF
_BEGINS = b"PK\3\4"


class Archive:
    """A zip that is open. `entries` can be forgotten: by the six numbers of `packed` they are read again."""

    def __init__(self, file: Path) -> None:
        self.path = file
        _check_directory(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except READING as error:
            raise Damaged(
                f"{file} cannot be read as a zip: {reason(error)}. Copy it again, or unpack what is left and "
                "pass the folder."
            ) from error
        self.entries = list(self._zip.filelist)
        if sum(entry.compress_size for entry in self.entries) > file.stat().st_size:
            raise Damaged(
                f"The entries of {file} lie one over another: it would unpack to far more than it holds."
            )

    def forget(self) -> None:
        """Forget the list of entries: zipfile keeps 600 bytes of each, 250 MB of 380,870."""
        self._zip.filelist.clear()
        self._zip.NameToInfo.clear()
        self.entries.clear()

    def head(self, entry: zipfile.ZipInfo, count: int) -> bytes:
        """Return the first bytes of an entry. Raises Damaged."""
        return self._read(entry, count)

    def read(self, name: str, packed: tuple[int, ...], most: int) -> bytes:
        """Return what an entry holds, by its name and six numbers. Raises Damaged for more than `most` bytes."""
        entry = zipfile.ZipInfo(name)
        entry.orig_filename = name
        for field, number in zip(_FIELDS, packed, strict=True):
            setattr(entry, field, number)
        data = self._read(entry, most + 1)
        if len(data) > most:
            raise Damaged(f"it unpacks to more than {most:,} bytes")
        return data

    def copy(self, entry: zipfile.ZipInfo, target: Path, most: int, what: str) -> None:
        """Unpack an entry into a file. Raises Damaged, and StorageFull or DeviceFailed from the disk."""
        try:
            opened = self._zip.open(entry)
        except READING as error:
            raise Damaged(f"{what} cannot be unpacked: {reason(error)}.") from error
        with opened:
            copy_into(opened, target, most, what)

    def _read(self, entry: zipfile.ZipInfo, count: int) -> bytes:
        try:
            with self._zip.open(entry) as opened:
                return opened.read(count)
        except READING as error:
            raise Damaged(f"it cannot be unpacked, {reason(error)}") from error


def packed(entry: zipfile.ZipInfo) -> list[int]:
    """Return the six numbers by which an entry is read again."""
    return [getattr(entry, field) for field in _FIELDS]


def untrusted(entry: zipfile.ZipInfo) -> str:
    """Say why an entry is left alone, "" for none: nothing is written under its name, but no honest zip has it."""
    name = entry.orig_filename
    steps = re.split(r"[/\\]", name)
    if ".." in steps or steps[0] == "" or re.match(r"[A-Za-z]:", name) or "\0" in name:
        return "its path leads out of the zip"
    if entry.header_offset < 0:  # what the end of the zip says of itself is subtracted
        return "it lies before the beginning of the zip"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "it is a link"
    if entry.flag_bits & 1:
        return "it is encrypted"
    if entry.compress_type not in _METHODS:
        called = _NAMES.get(entry.compress_type, f"method {entry.compress_type}")
        return f"it is packed with {called}, which is not read: pack it with Deflate"
    return ""


def is_folder(entry: zipfile.ZipInfo) -> bool:
    """Say whether an entry is a folder, however its name is parted."""
    return entry.orig_filename.endswith(("/", "\\"))


def is_zip(file: Path) -> bool:
    """Say whether a file is a zip, whatever it is called and whatever lies before it.

    Raises:  Damaged for one that begins as a zip and has no end.
    """
    with open_plain(file) as opened:
        begins = opened.read(len(_BEGINS)) == _BEGINS
        try:
            if zipfile.is_zipfile(opened):
                return True
        except READING:
            return False
    if begins:
        raise Damaged(
            f"{file} begins as a zip, but its end is missing: it was not copied whole, "
            "or more than 64 KB lie behind it. Copy it again."
        )
    return False


def _check_directory(file: Path) -> None:
    """Raise Damaged for a list of entries that would not fit into memory, before it is read."""
    with open_plain(file) as opened:
        size = opened.seek(0, 2)
        opened.seek(max(0, size - 2**16 - 2**10))
        tail = opened.read()
    place = tail.rfind(_END)
    length = int.from_bytes(tail[place + 12 : place + 16], "little") if place >= 0 else 0
    far = tail.rfind(_FAR_END, 0, max(place, 0))
    if length == _FAR and far >= 0:
        length = int.from_bytes(tail[far + 40 : far + 48], "little")
    if length > MOST_DIRECTORY_BYTES:
        raise Damaged(
            f"{file} has a list of entries of {length:,} bytes, more than {MOST_DIRECTORY_BYTES:,}. Part it "
            "into several."
        )
