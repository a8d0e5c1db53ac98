"""Room on the disk for a run, taken before anything is learned: a disk that fills meanwhile costs no weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from torch import nn

from playhead.storage.disk import saying_what_failed

FILE = "room"  # is there while a training runs
SPARE_BYTES = 4 * 2**20  # run.json, history, and the spread of features: 2 MB for 512 of them
WINDOW_BYTES = 4 * 512  # of a window whose features are remembered
NO_ROOM = "Nothing was learned yet. Free some space, or train elsewhere: --home."
NOT_KEPT = "The run was not kept. Free some space, and go on from its checkpoint: playhead train GAME --resume."


@contextmanager
def room_for(folder: Path, network: nn.Module, feature_windows: int = 0) -> Iterator[None]:
    """Fill the place that a run will need with zeros until the block ends.

    Raises:  StorageFull when there is not as much, with nothing left behind.
    """
    size = 2 * sum(value.numel() * value.element_size() for value in network.state_dict().values())  # last, best
    file = folder / FILE
    try:
        with saying_what_failed(folder, NO_ROOM):
            folder.mkdir(parents=True, exist_ok=True)
            _fill(file, size + feature_windows * WINDOW_BYTES + SPARE_BYTES)
        yield
    finally:
        with suppress(OSError):  # where nothing may be deleted nothing was written
            file.unlink(missing_ok=True)


def _fill(file: Path, size: int) -> None:
    block = bytes(2**20)  # written, not only declared: a hole in a file takes no place
    with file.open("wb") as opened:
        for start in range(0, size, len(block)):
            opened.write(block[: size - start])
