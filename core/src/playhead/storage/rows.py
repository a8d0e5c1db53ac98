"""Small arrays, one row a frame or an event: rows are written in place in files that have their full length.

A Zarr chunk file is always whole, so a new one is stretched to its full length (a hole, where the file system
has holes) and rows fill it; the shape in zarr.json says how many of them count.
"""

from __future__ import annotations

from io import FileIO
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import numpy.typing as npt

from playhead.storage.disk import replace_json, write_at, write_json
from playhead.storage.schema import ROWS, rows_json


class RowFile:
    """One small array of a recording that is being written.

    It is begun at `scratch`, where no Zarr reader lists, and moved to its place when it is first published, so
    that nobody meets half an array. (Declaring 20 empty arrays at once and replacing every declaration soon after
    costs ext4 0.35 ms each, which a session of hundreds of short recordings would feel.)
    """

    def __init__(self, place: Path, scratch: Path, dtype: np.dtype[Any], row_shape: tuple[int, ...] = ()) -> None:
        self._place = place
        self._folder = scratch
        self._dtype = dtype
        self._row_shape = row_shape
        self._row_bytes = dtype.itemsize * int(np.prod(row_shape, dtype=np.int64))
        self._pending: list[Any] = []
        self._blocks: list[npt.NDArray[Any]] = []
        self._written = 0
        self._checksums: list[int] = []  # one a chunk, of the rows written so far
        self._published = -1

    def append(self, row: Any) -> None:
        """Keep a row until the next `write`."""
        self._pending.append(row)

    def extend(self, rows: npt.NDArray[Any]) -> None:
        """Keep many rows until the next `write`. Shapes: (N, *row_shape)."""
        self._gather()
        self._blocks.append(self._as_stored(rows))

    def _as_stored(self, rows: Any) -> npt.NDArray[Any]:
        return np.asarray(rows, dtype=self._dtype.newbyteorder("<")).reshape(-1, *self._row_shape)

    def _gather(self) -> None:
        """Make one block of the single rows kept so far."""
        if self._pending:
            self._blocks.append(self._as_stored(self._pending))
            self._pending.clear()

    def write(self) -> None:
        """Write the rows kept so far. They count from `publish` on; after an error they are kept."""
        self._gather()
        rows = np.concatenate(self._blocks) if self._blocks else self._as_stored([])
        done = 0
        checksums = self._checksums.copy()
        while done < len(rows):
            chunk, first = divmod(self._written + done, ROWS)
            part = rows[done : done + ROWS - first]
            data = part.tobytes()
            self._write_part(chunk, first, data)
            checksums[chunk:] = [google_crc32c.extend(checksums[chunk] if first else 0, data)]
            done += len(part)
        self._written += len(rows)
        self._checksums = checksums
        self._blocks.clear()

    def _write_part(self, chunk: int, first: int, rows: bytes) -> None:
        path = self._folder.joinpath("c", str(chunk), *("0" for _ in self._row_shape))
        is_new = first == 0
        if is_new:
            path.parent.mkdir(parents=True, exist_ok=True)
        with FileIO(path, "w" if is_new else "r+") as file:
            if is_new:
                file.truncate(ROWS * self._row_bytes)
            write_at(file, first * self._row_bytes, rows)

    def publish(self, scratch: Path) -> None:
        """Make the rows written so far part of the array."""
        if self._published == self._written:
            return
        declaration = rows_json(self._dtype, self._row_shape, self._written, self._checksums)
        if self._folder == self._place:
            replace_json(self._folder / "zarr.json", declaration, scratch)
        else:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_json(self._folder / "zarr.json", declaration)
            self._folder = self._folder.rename(self._place)
        self._published = self._written
