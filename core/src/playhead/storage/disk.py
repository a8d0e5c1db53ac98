"""The only place that writes: whole writes, atomic replacement, and the sentence for a full disk."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any

from playhead.decoding import encode_json
from playhead.errors import DeviceFailed, PlayheadError, StorageFull
from playhead.home import ANOTHER, FULL

_MOST_FILES = 1_000_000  # 50 million frames have so many
# What became of a recording, and what to do. Others say their own: not all keep what was written.
KEPT = "What was written until now is intact. Free some space, or record elsewhere with --home."
AS_IT_WAS = "The recording is as it was. Free some space, and type the same command again."


def write_at(file: FileIO, offset: int, data: bytes | memoryview) -> None:
    """Write all of `data` at `offset`. A disk that takes only part of it is asked again, and then says why."""
    left = memoryview(data).cast("B")
    file.seek(offset)
    while left:
        left = left[file.write(left) :]


def write_many_at(file: FileIO, offset: int, parts: Sequence[bytes]) -> None:
    """Write parts one behind the other at `offset`: at most 1,000, which is what systems take in one call.

    Joining 250 pictures first takes memory that the system hands out anew each time, 7 to 25 µs a picture.
    """
    written = os.pwritev(file.fileno(), parts, offset) if hasattr(os, "pwritev") else 0
    if written < sum(map(len, parts)):
        write_at(file, offset + written, memoryview(b"".join(parts))[written:])


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write a new file of JSON that nobody reads yet."""
    with FileIO(path, "w") as file:
        write_at(file, 0, encode_json(data))


def replace_json(path: Path, data: Mapping[str, Any], scratch: Path) -> None:
    """Put new JSON in the place of a file: readers and a killed process see the old text or the new one.

    `scratch` is the temporary file; it lies where no Zarr reader lists, and is overwritten.
    """
    try:
        write_json(scratch, data)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
    _replace(scratch, path)


def _replace(source: Path, target: Path) -> None:
    for patience_s in (0.01, 0.05, 0.2):
        try:
            source.replace(target)
        except PermissionError:  # Windows refuses while somebody reads the target
            time.sleep(patience_s)
        else:
            return
    source.replace(target)


@contextmanager
def saying_what_failed(folder: Path, then: str = KEPT) -> Iterator[None]:
    """Turn what the disk says into StorageFull or DeviceFailed, also where a writer inside has said it its way.

    `then` says what became of what was written, and what to do.
    """
    try:
        yield
    except StorageFull as error:
        raise disk_failed(folder, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), then) from error
    except PlayheadError:
        raise
    except OSError as error:
        raise disk_failed(folder, error, then) from error


def disk_failed(folder: Path, error: OSError, then: str = KEPT) -> DeviceFailed:
    """Return the error for a disk that did not take a file."""
    if error.errno in FULL:
        return StorageFull(f"The disk is full, while {folder} was written ({error.strerror}). {then}")
    kept = then.partition(" Free some space")[0]
    kept = kept if "--home" in kept else f"{kept} {ANOTHER}"
    return DeviceFailed(f"{folder} cannot be written: {error.strerror or error}. {kept}")


def files_below(folder: Path | str, most: int = _MOST_FILES) -> Iterator[tuple[str, os.stat_result]]:
    """Yield path and status of everything in a folder and its folders that is no folder, in no order.

    Follows no link, leaves out what cannot be read, and ends after `most` entries: a folder that claims to be a
    recording may be a link to a whole disk.
    """
    waiting, seen = [str(folder)], 0
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    seen += 1
                    if seen > most:
                        return
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        with suppress(OSError):
                            yield entry.path, entry.stat(follow_symlinks=False)
        except OSError:
            continue


def write_with_hole(path: Path, data: bytes) -> None:
    """Write a new file, the zeros at its end as a hole where the file system has such."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileIO(path, "x") as file:
        write_at(file, 0, data.rstrip(b"\0"))
        file.truncate(len(data))


def sync_folder(folder: Path) -> None:
    """Wait until the disk has everything in a folder."""
    for path, _ in files_below(folder):
        with FileIO(path, "r+") as file:  # Windows syncs nothing that is only read
            os.fsync(file.fileno())


def bytes_on_disk(folder: Path, most: int = _MOST_FILES) -> int:
    """Return what a folder takes up, the first `most` of its files; holes in them not counted where it is told."""
    total = 0
    for _, status in files_below(folder, most):
        blocks: int | None = getattr(status, "st_blocks", None)
        total += status.st_size if blocks is None else 512 * blocks
    return total
