"""Whatever an HDF5 file may hold is read, or refused with the true reason, and no other file is opened."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from formats_page import rows_of

from playhead.containers.hdf5 import open_hdf5
from playhead.errors import Damaged, Mismatch

IMAGES = np.arange(12 * 4 * 5 * 3, dtype=np.uint8).reshape(12, 4, 5, 3)
Make = Callable[[h5py.File, Path], Any]


def put(**options: Any) -> Make:
    return lambda file, folder: file.create_dataset("images", data=IMAGES, **options)


def external_link(file: h5py.File, folder: Path) -> None:
    file["images"] = h5py.ExternalLink(canary(folder).name, "images")


def external_storage(file: h5py.File, folder: Path) -> None:
    file.create_dataset("images", IMAGES.shape, np.uint8, external=[(str(canary(folder)), 0, IMAGES.size)])


def virtual(file: h5py.File, folder: Path) -> None:
    layout = h5py.VirtualLayout(shape=IMAGES.shape, dtype=np.uint8)
    layout[:] = h5py.VirtualSource(str(canary(folder)), "images", shape=IMAGES.shape)
    file.create_virtual_dataset("images", layout)


def unlimited_virtual(file: h5py.File, folder: Path) -> None:
    layout = h5py.VirtualLayout(shape=IMAGES.shape, dtype=np.uint8, maxshape=(None, *IMAGES.shape[1:]))
    source = h5py.VirtualSource(str(canary(folder)), "images", IMAGES.shape, maxshape=(None, *IMAGES.shape[1:]))
    layout[: h5py.h5s.UNLIMITED] = source[: h5py.h5s.UNLIMITED]
    file.create_virtual_dataset("images", layout)


def through_a_link(file: h5py.File, folder: Path) -> None:
    file["elsewhere"] = h5py.ExternalLink(canary(folder).name, "/")
    file["images"] = h5py.SoftLink("/elsewhere/images")


def soft(file: h5py.File, folder: Path) -> None:
    file.create_group("a").create_dataset("data", data=IMAGES)
    file["a"]["images"] = h5py.SoftLink("data")
    file["images"] = h5py.SoftLink("a/images")


def loop(file: h5py.File, folder: Path) -> None:
    file["images"], file["other"] = h5py.SoftLink("/other"), h5py.SoftLink("/images")


def group(file: h5py.File, folder: Path) -> None:
    for number in range(12):
        file.create_dataset(f"images/{number}", data=IMAGES[number])


def unwritten(file: h5py.File, folder: Path) -> None:
    file.create_dataset("images", (10**8, 4, 5, 3), np.uint8, chunks=(1000, 4, 5, 3), fillvalue=7)


def half_written(file: h5py.File, folder: Path) -> None:
    file.create_dataset("images", (12, 4, 5, 3), np.uint8, chunks=(4, 4, 5, 3))[:4] = IMAGES[:4]


def unknown_filter(file: h5py.File, folder: Path) -> None:
    stored = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    stored.set_chunk((4, 4, 5, 3))
    stored.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
    h5py.h5d.create(file.id, b"images", h5py.h5t.NATIVE_UINT8, h5py.h5s.create_simple(IMAGES.shape), stored)


def twice(file: h5py.File, folder: Path) -> None:
    stored = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    stored.set_chunk((4, 4, 5, 3))
    stored.set_deflate(9)
    stored.set_deflate(9)
    h5py.h5d.create(file.id, b"images", h5py.h5t.NATIVE_UINT8, h5py.h5s.create_simple(IMAGES.shape), stored)


def named_type(file: h5py.File, folder: Path) -> None:
    file["images"] = np.dtype([("a", np.uint8)])


def references(file: h5py.File, folder: Path) -> None:
    file.create_dataset("images", (3,), dtype=h5py.ref_dtype)


def compound(file: h5py.File, folder: Path) -> None:
    file.create_dataset("images", data=np.zeros(3, [("a", np.uint8), ("b", np.float32)]))


def strings(file: h5py.File, folder: Path) -> None:
    file.create_dataset("images", data=["w", "a"], dtype=h5py.string_dtype())


def ragged(file: h5py.File, folder: Path) -> None:
    file.create_dataset("images", (3,), dtype=h5py.vlen_dtype(np.uint8))


# A row of the page -> what makes such a file, and the answer: an error and its words, None when it is read.
CASES: dict[str, tuple[Make, tuple[type[Exception], str] | None]] = {
    "data stored in one piece": (put(), None),
    "data stored in chunks, resizable": (put(chunks=(5, 4, 5, 3), maxshape=(None, 4, 5, 3)), None),
    "gzip, LZF, shuffle, checksums": (put(compression="lzf", shuffle=True, fletcher32=True), None),
    "numbers of either byte order": (
        lambda file, folder: file.create_dataset("images", data=IMAGES.astype(">u2")),
        None,
    ),
    "soft links within the file": (soft, None),
    "soft links that lead in a circle": (loop, (Damaged, "leads to a link, 16 times")),
    "links into other files": (external_link, (Mismatch, "lies in another file")),
    "soft links through links into other files": (through_a_link, (Mismatch, "lies in another file")),
    "data stored in other files": (external_storage, (Mismatch, "is stored in another file")),
    "virtual data sets": (virtual, (Mismatch, "a virtual one")),
    "virtual data sets without limit": (unlimited_virtual, (Mismatch, "a virtual one")),
    "groups where data is wanted": (
        group,
        (Mismatch, r"images is a group of 12 data sets, one data set is wanted"),
    ),
    "named types": (named_type, (Mismatch, "a type that has a name")),
    "references": (references, (Mismatch, "not numbers")),
    "compound types": (compound, (Mismatch, "not numbers")),
    "strings": (strings, (Mismatch, "holds strings, not numbers")),
    "rows of differing length": (ragged, (Mismatch, "not numbers")),
    "one value, or none": (lambda file, folder: file.create_dataset("images", data=3), (Mismatch, "is one value")),
    "data that was never written": (unwritten, (Damaged, "of which 0 were written")),
    "data that was written in part": (half_written, (Damaged, "in 3 pieces, of which 1 were written")),
    "chunks of more than 128 MB": (
        lambda file, folder: file.create_dataset("images", (10**9,), np.uint8, chunks=(2 * 10**8,)),
        (Mismatch, "Write it anew in smaller ones"),
    ),
    "rows of more than 256 MB": (
        lambda file, folder: file.create_dataset("images", (3, 10**5, 10**4), np.uint8, chunks=(1, 1000, 1000)),
        (Mismatch, "has rows of 1,000,000,000 bytes"),
    ),
    "filters that are not installed": (unknown_filter, (Mismatch, r"compressed with Zstandard \(filter 32015\)")),
    "a filter more than once": (twice, (Mismatch, "compressed twice")),
}


def canary(folder: Path) -> Path:
    """Return a file that is not to be opened."""
    file = folder / "canary.h5"
    if not file.exists():
        with h5py.File(file, "w") as made:
            made.create_dataset("images", data=IMAGES, maxshape=(None, *IMAGES.shape[1:]))
    return file


@contextmanager
def nobody_opens(file: Path) -> Iterator[None]:
    """Ask Linux whether a file is opened meanwhile (inotify), by any library."""
    if sys.platform != "linux" or not file.exists():
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    watcher = libc.inotify_init1(os.O_NONBLOCK)
    assert libc.inotify_add_watch(watcher, os.fsencode(file), 0x20 | 0x1) >= 0  # IN_OPEN, IN_ACCESS
    try:
        yield
        with pytest.raises(BlockingIOError):
            os.read(watcher, 1024)
    finally:
        os.close(watcher)


def read(file: Path) -> np.ndarray:
    with open_hdf5(file) as opened:
        images = opened.data_set("images", "one data set")
        return np.concatenate([images.read(start, start + 5) for start in range(0, len(images), 5)])


@pytest.mark.parametrize("name", CASES)
def test_each_row_of_the_page(name: str, tmp_path: Path) -> None:
    make, answer = CASES[name]
    file = tmp_path / "a.h5"
    with h5py.File(file, "w") as made:
        make(made, tmp_path)
    before = sorted(tmp_path.iterdir())
    with nobody_opens(tmp_path / "canary.h5"):
        if answer is None:
            assert (read(file) == IMAGES).all()
        else:
            with pytest.raises(answer[0], match=answer[1]) as raised:
                read(file)
            assert "a.h5" in str(raised.value)
    assert sorted(tmp_path.iterdir()) == before


FILES: dict[str, tuple[Callable[[bytes], bytes], str | None]] = {
    "a user's own bytes before it": (lambda data: data, None),
    "a file cut short": (lambda data: data[: len(data) // 2], "cannot be read as HDF5"),
    "a file still being written, or never closed": (
        lambda data: data[:11] + b"\5" + data[12:],
        "still being written, or what wrote it was killed",
    ),
    "no HDF5": (lambda data: b"PK\3\4hello", "cannot be read as HDF5: it is a zip"),
    "an empty file": (lambda data: b"", "cannot be read as HDF5: it is empty"),
}


@pytest.mark.parametrize("name", FILES)
def test_each_row_about_files(name: str, tmp_path: Path) -> None:
    change, answer = FILES[name]
    file = tmp_path / "a.h5"
    block = 1024 if "own bytes" in name else None
    with h5py.File(file, "w", userblock_size=block, libver="latest") as made:
        made.create_dataset("images", data=IMAGES)
    file.write_bytes(change(file.read_bytes()))
    if answer is None:
        assert (read(file) == IMAGES).all()
    else:
        with pytest.raises(Damaged, match=answer):
            read(file)


def test_the_page_has_these_rows() -> None:
    assert set(rows_of("HDF5")) == {*CASES, *FILES}


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.h5")
    with pytest.raises(Damaged, match="is no plain file"):
        read(tmp_path / "a.h5")


def test_no_changed_byte_ends_in_anything_but_a_sentence(tmp_path: Path) -> None:
    """In a process of its own with 1 GB of memory: a fault of the library would end the tests."""
    code = (
        "import resource, sys, random; from pathlib import Path\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))\n"
        "from playhead.containers.hdf5 import open_hdf5; import h5py, numpy as np\n"
        "from playhead.errors import PlayheadError\n"
        "file = Path(sys.argv[1]); whole = bytearray()\n"
        "with h5py.File(file, 'w') as f: f.create_dataset('images', data=np.arange(720).astype('u1')"
        ".reshape(12, 4, 5, 3),"
        " chunks=(5,4,5,3), compression='gzip')\n"
        "whole = file.read_bytes(); rng = random.Random(7)\n"
        "for turn in range(150):\n"
        "    data = bytearray(whole)\n"
        "    for _ in range(rng.choice([1, 1, 3, 20])): data[rng.randrange(len(data))] = rng.randrange(256)\n"
        "    file.write_bytes(data)\n"
        "    try:\n"
        "        with open_hdf5(file) as f:\n"
        "            images = f.data_set('images', 'one')\n"
        "            for start in range(0, min(len(images), 50), 5): images.read(start, start + 5)\n"
        "    except PlayheadError: pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.h5")], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_file_that_another_program_writes_is_told_as_that(tmp_path: Path) -> None:
    file = tmp_path / "drive.h5"
    writing = "import h5py, sys; f = h5py.File(sys.argv[1], 'w'); f.flush(); print('ready', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", writing, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == b"ready\n"
        with pytest.raises(Damaged, match="another program has it open for writing"), open_hdf5(file):
            pass
        writer.communicate(b"\n")
