"""Several arrays of numpy in one zip (.npz): each is unpacked into a temporary file and mapped from there.

Source:  numpy.savez and savez_compressed. Arrays of objects are pickles, and left alone here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playhead.containers.archive import Archive, is_zip, untrusted
from playhead.containers.files import head_of, kind_of
from playhead.containers.npy import NpyFile, open_npy
from playhead.errors import Damaged, Mismatch

MOST_BYTES = 2**34  # of an array, unpacked
MOST_ARRAYS = 100


@contextmanager
def open_npz(path: Path) -> Iterator[dict[str, NpyFile]]:
    """Lend the arrays of numbers in a file, by their names.

    Raises:  Damaged for what is none, or unpacks to too much; StorageFull where the temporary folder is too small.
    """
    if not is_zip(path):
        raise Damaged(f"{path} cannot be read: it is {kind_of(head_of(path)) or 'no file of numpy'}.")
    archive = Archive(path)
    entries = [one for one in archive.entries if one.filename.endswith(".npy") and not untrusted(one)]
    if not entries or len(entries) > MOST_ARRAYS:
        raise Mismatch(f"{path} holds {len(entries)} arrays of numpy; 1 to {MOST_ARRAYS} are read.")
    found: dict[str, NpyFile] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="playhead-")))
        for number, entry in enumerate(entries):
            target = folder / f"{number}.npy"  # nothing is written under a name of a zip
            archive.copy(entry, target, MOST_BYTES, f"{entry.filename[:100]!a} of {path}")
            opened = stack.enter_context(open_npy(target))
            if not opened.is_pickled:
                found[entry.filename.removesuffix(".npy")] = opened
        yield found
