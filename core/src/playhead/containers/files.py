"""Plain files and what their first bytes say, whatever they are called."""

from __future__ import annotations

import errno
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from playhead.errors import BadValue, Damaged, DeviceFailed, PlayheadError, StorageFull

_PART = 2**20
_HOLLOW = 2**30  # bytes: less is soon read, whatever it holds
# What reading raises: the system, zipfile, zlib.
READING = (OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error)
HEAD_BYTES = 64  # of a file, enough to know each of KINDS

# The first bytes of a file, from which place on, and what such a file is called.
KINDS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (0, b"GIF8", "a GIF picture"),
    (8, b"WEBP", "a WebP picture"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftypavis", "an animated AVIF picture"),
    (4, b"ftypheic", "a HEIC picture"),
    (4, b"ftypheix", "a HEIC picture"),
    (4, b"ftypmif1", "a HEIF picture"),
    (4, b"ftyp", "an MP4 file"),
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (4, b"JXL ", "a JPEG XL picture"),
    (4, b"jP  \r\n\x87\n", "a JPEG 2000 picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"8BPS", "a Photoshop picture"),
    (0, b"\0\0\1\0", "an icon"),
    (0, b"#EXTM3U", "a playlist, which names other files"),
    (0, b"[playlist]", "a playlist, which names other files"),
    (0, b"ffconcat version", "a list of FFmpeg, which names other files"),
    (0, b"v=0", "a session description (SDP), which names other places"),
    (0, b"<", "a text of XML or HTML"),
    (0, b"SQLite format 3\0", "a sqlite database"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (0, b"PK\3\4", "a zip"),
    (0, b"PK\5\6", "an empty zip"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"%PDF", "a PDF"),
    (0, b"\x00\x05\x16\x07", "the sidecar that a Mac writes beside a file"),
)
_TEXTS = (b"#EXTM3U", b"[playlist]", b"ffconcat version", b"v=0", b"<")


def kind_of(head: bytes) -> str:
    """Return what a file that begins so is called, "" when it is not known."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()  # what a text may begin with, and nothing else
    if text != head:
        return next((name for _, begins, name in KINDS if begins in _TEXTS and text.startswith(begins)), "")
    return next((name for place, begins, name in KINDS if head.startswith(begins, place)), "")


@contextmanager
def open_plain(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, if it is one: no folder, and no pipe or device, which would be waited for.

    Raises:  Damaged.
    """
    try:
        # Not blocking: a pipe that nobody writes to would never open.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise Damaged(f"{path} cannot be read: {reason(error)}.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # of a folder Python makes no file, and names none
        os.close(descriptor)
        raise Damaged(f"{path} is no plain file.")
    with os.fdopen(descriptor, "rb") as file:
        yield file


def check_not_hollow(file: BinaryIO, path: Path) -> None:
    """Raise Damaged for a large file of which hardly anything lies on the disk, as of a download that was stopped.

    A library that looks for what comes next would read nothing for hours. Systems that cannot tell are believed.
    """
    status = os.fstat(file.fileno())
    blocks: int | None = getattr(status, "st_blocks", None)
    if blocks is not None and status.st_size > _HOLLOW and status.st_size > 10 * 512 * blocks:
        raise Damaged(
            f"{path} says that it has {status.st_size:,} bytes, of which {512 * blocks:,} lie on the disk: it was "
            "not copied whole. Copy it again."
        )


def head_of(path: Path, count: int = HEAD_BYTES) -> bytes:
    """Return the first bytes of a plain file. Raises Damaged."""
    with open_plain(path) as file:
        try:
            return file.read(count)
        except OSError as error:
            raise Damaged(f"{path} cannot be read: {reason(error)}.") from error


def shown(path: Path) -> str:
    """Return a path as text that can be written down: names need not be Unicode on every system."""
    return str(path).encode("utf-8", "replace").decode()


def copy_into(file: BinaryIO | IO[bytes], target: Path, most: int, what: str) -> int:
    """Copy an open file into a new one, part by part, and return how many bytes it had.

    Raises:  Damaged for more than `most` bytes and for what cannot be read, StorageFull or DeviceFailed for what
             cannot be written: who raised says which.
    """
    done = 0
    with saying_not_written(target, what), target.open("xb") as copy:
        while True:
            try:
                data = file.read(min(_PART, most + 1 - done))
            except READING as error:
                raise Damaged(f"{what} cannot be read: {reason(error)}.") from error
            if not data:
                return done
            done += len(data)
            if done > most:
                raise Damaged(
                    f"{what} has, or unpacks to, more than {most:,} bytes, which none that is meant here does."
                )
            copy.write(data)


@contextmanager
def saying_not_written(target: Path, what: str) -> Iterator[None]:
    """Turn what a disk says into StorageFull or DeviceFailed: nothing is wrong with `what`."""
    with _told_as(
        f"a copy of {what} was written into {target.parent}",
        "; nothing is wrong with it. Free some space, or name another folder for copies: TMPDIR=FOLDER.",
    ):
        yield


@contextmanager
def saying_file_failed(file: Path) -> Iterator[None]:
    """Turn what a disk says of a file that somebody asked for into StorageFull or DeviceFailed."""
    with _told_as(f"{file} was written", ". Free some space, or name another file."):
        yield


@contextmanager
def _told_as(doing: str, then: str) -> Iterator[None]:
    try:
        yield
    except PlayheadError:
        raise
    except OSError as error:
        kind = (
            StorageFull
            if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)
            else DeviceFailed
        )
        full = "The disk is full, while" if kind is StorageFull else "Failed while"
        raise kind(f"{full} {doing} ({error.strerror or error}){then}") from error


def check_new(file: Path) -> None:
    """Raise BadValue where a file is there already, or nothing can be put where it is to lie."""
    try:
        is_there, has_folder = file.exists(), file.parent.is_dir()
    except (OSError, ValueError) as error:
        raise BadValue(f"{file} can be no file: {reason(error)}. Name another.") from error
    if is_there:
        raise BadValue(f"{file} is there already. Name another, or delete it.")
    if not has_folder:
        raise BadValue(f"There is no folder {file.parent} for {file.name}. Make it, or name another.")


def write_new(file: Path, data: bytes) -> None:
    """Write a file that somebody asked for, whole or not at all. Raises as `check_new`, and DeviceFailed."""
    check_new(file)
    part = file.with_name(f".{file.name}.part")
    with saying_file_failed(file):
        try:
            part.write_bytes(data)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)


def reason(error: BaseException) -> str:
    """Return what a library says went wrong, as the end of a sentence: one line, no full stop."""
    said = getattr(error, "strerror", None) or error  # of FFmpeg's errors too, which are not all the system's
    return (" ".join(str(said).split()) or type(error).__name__)[:300].rstrip(".")
