"""Whatever lies in a recording's folder: it is read, or refused in a sentence, soon and in little memory."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import shutil
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playhead.errors import Damaged, PlayheadError
from playhead.game import Frame
from playhead.labels import Keys
from playhead.storage.catalogue import describe_recording
from playhead.storage.check import check_recording
from playhead.storage.disk import bytes_on_disk
from playhead.storage.facts import facts_of
from playhead.storage.idle import Idle
from playhead.storage.layer_writer import LayerRows, write_layer
from playhead.storage.reader import open_recording
from playhead.storage.repair import repair_recording
from playhead.storage.seals import seal
from playhead.storage.shard import EMPTY, pack_index
from playhead.storage.trim import trim_recording

Recorded = Callable[..., Path]
Aged = Callable[[Path], Path]
SHARD = "frames/c/0/0/0/0"
WEIRD: tuple[Any, ...] = (
    None, True, -1, 0, 10**9, 2**63, 10**40, -0.5, 1e308, "", "../../..", "\x1b[2J", "a" * 300, "\ud800",
    "S99999999999", "f4,f4", [], [[]], [None], ["a", "a"], [-5], {}, {"a": []}, {"": {}}, [[["deep"]]],
)  # fmt: skip
MOST_MIB = 1_000

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes and devices in folders")


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """Refuse more room than a gigabyte beyond what the tests have."""
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + MOST_MIB * 2**20, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def use(folder: Path) -> list[str]:
    """Do everything with a recording that a command does. Return the sentences; anything else is raised."""
    said = list(describe_recording(folder).problems)
    assert not re.search(r"cannot be read, \w+Error: ", " ".join(said)), said  # the last net of the catalogue
    bytes_on_disk(folder)

    def read() -> None:
        recording = open_recording(folder)
        recording.check_rows()
        recording.read_frames(range(min(len(recording), 5)))
        json.dumps(facts_of(recording), allow_nan=False)
        for layer in recording.layers.values():
            _ = [array for group in (layer.labels, layer.origins, layer.probabilities) for array in group.values()]

    doings: tuple[Callable[[], object], ...] = (
        read,
        lambda: said.extend(map(str, check_recording(folder, every_frame=True))),
        lambda: repair_recording(folder, dry_run=True),
        lambda: trim_recording(folder, Idle(at_least_s=0.5, by="both", keep_s=0.1), dry_run=True),
    )
    for do in doings:
        try:
            do()
        except PlayheadError as error:
            said.append(str(error))
    return said


def nodes(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the places of everything in a document of JSON."""
    items = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, value in items:
        yield (*path, key)
        yield from nodes(value, (*path, key))


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(document))
    at = copy
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return copy


def put(file: Path, document: Any, *, is_sealed: bool) -> None:
    with suppress(AttributeError, KeyError, TypeError, ValueError):  # nothing left that could be sealed
        document = seal(document) if is_sealed else document
    file.write_text(json.dumps(document))


def check_replacements(folder: Path, count: int, seed: int, *, is_sealed: bool) -> None:
    rng = random.Random(seed)
    for file in [folder / "zarr.json"] * 3 + sorted(folder.rglob("zarr.json")):
        document = json.loads(file.read_text())
        places = list(nodes(document))
        for _ in range(count):
            path, value = rng.choice(places), rng.choice(WEIRD)
            put(file, replaced(document, path, value), is_sealed=is_sealed)
            try:
                use(folder)
            except BaseException:
                print(file.relative_to(folder), path, repr(value)[:80])
                raise
        file.write_text(json.dumps(document))
    assert all("checksums" in sentence for sentence in use(folder))


def small(recorded: Recorded) -> Path:
    return recorded(6, columns={"uuid": "S36"}, legends={"uuid": [{"id": 1}]}, window={"x": 1})


def labelled_again(folder: Path) -> Path:
    rows = LayerRows(
        labels={"a": np.ones((6, 2)) > 0}, origins={"a": 2}, probabilities={"a": np.full((6, 2), 0.5)}
    )
    write_layer(open_recording(folder), "again", {"a": Keys("x", "y")}, [rows])
    return folder


def test_anything_in_any_declaration(recorded: Recorded, aged: Aged) -> None:
    check_replacements(aged(small(recorded)), 2, seed=0, is_sealed=False)
    check_replacements(labelled_again(small(recorded)), 2, seed=1, is_sealed=True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_very_much_in_any_declaration(recorded: Recorded, aged: Aged, seed: int) -> None:
    check_replacements(aged(small(recorded)), 40, seed=seed, is_sealed=False)
    check_replacements(small(recorded), 40, seed=seed + 10, is_sealed=True)


def a_folder(file: Path) -> None:
    file.mkdir()


def a_pipe(file: Path) -> None:
    os.mkfifo(file)


def a_socket(file: Path) -> None:
    here = Path.cwd()
    os.chdir(file.parent)  # the path of a socket has at most 108 bytes
    try:
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind(file.name)
    finally:
        os.chdir(here)


def a_link_to(target: str) -> Callable[[Path], None]:
    def link(file: Path) -> None:
        file.symlink_to(target)

    link.__name__ = f"a_link_to_{target}"
    return link


def a_hole(file: Path) -> None:
    with file.open("wb") as opened:
        opened.truncate(2**40)


THINGS = (a_folder, a_pipe, a_socket, a_hole, a_link_to("/"), a_link_to("/dev/zero"), a_link_to("/etc/passwd"),
          a_link_to("nowhere"), a_link_to("."))  # fmt: skip
PLACES = ("zarr.json", "frames/zarr.json", SHARD, "frames", "frames/c", "frame_time_ns/c/0", "labels/keys",
          "events", "events/zarr.json", "labels/gear/c/0/0", ".imported-from", "checksums/frames/c/0",
          "telemetry/zarr.json", "extra")  # fmt: skip


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.__name__)
def test_things_that_are_no_files(recorded: Recorded, aged: Aged, thing: Callable[[Path], None]) -> None:
    for place in PLACES:
        folder = small(recorded)
        if place == "extra":
            folder = aged(folder)
        target = folder / place
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
        thing(target)
        assert use(folder) or (place == "extra" and thing is a_folder), place


@pytest.mark.parametrize("codec", ["jpeg", "lossless"])
@pytest.mark.parametrize(
    "entry",
    [(2**64 - 10, 20), (2**63, 2**63), (0, 100), (4_004, 2**64 - 2), (2**64 - 1, 5), (4_004, 2**62), (10**18, 0)],
)
def test_an_index_that_leads_anywhere(recorded: Recorded, aged: Aged, codec: str, entry: tuple[int, int]) -> None:
    folder = aged(recorded(3, frame=Frame(width=48, height=36, rate_hz=20, codec=codec)))
    index = np.full((250, 2), EMPTY, np.uint64)
    index[:3] = entry
    with (folder / SHARD).open("r+b") as file:
        file.write(pack_index(index))
    assert use(folder)
    with pytest.raises(Damaged):
        open_recording(folder).read_frames([0])


BOMBS = {
    "zstd of a terabyte": b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 2**40) + b"\x01\0\0",
    "zstd that does not say": b"\x28\xb5\x2f\xfd\x00\x58" + b"\x03\x00\x80\x00",
    "a jpeg that ends at once": b"\xff\xd8\xff\xd9",
    "nothing": b"",
}


@pytest.mark.parametrize("bomb", BOMBS, ids=str)
def test_pictures_that_claim_much(recorded: Recorded, aged: Aged, bomb: str) -> None:
    folder = aged(
        recorded(1, frame=Frame(width=48, height=36, rate_hz=20, codec="lossless" if "zstd" in bomb else "jpeg"))
    )
    data = BOMBS[bomb]
    index = np.full((250, 2), EMPTY, np.uint64)
    index[0] = 4_004, len(data)
    (folder / SHARD).write_bytes(pack_index(index) + data)
    assert use(folder)


def test_a_jpeg_that_says_another_size(recorded: Recorded, aged: Aged) -> None:
    folder = aged(recorded(1))
    data = bytearray((folder / SHARD).read_bytes())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = b"\xff\xdc\xff\xdc"  # 65,500 x 65,500
    (folder / SHARD).write_bytes(data)
    assert any("cannot be decoded" in sentence for sentence in use(folder))


def test_a_sparse_shard_of_a_terabyte_with_a_picture_as_long(recorded: Recorded, aged: Aged) -> None:
    folder = aged(recorded(1))
    index = np.full((250, 2), EMPTY, np.uint64)
    index[0] = 4_004, 2**39
    with (folder / SHARD).open("r+b") as file:
        file.write(pack_index(index))
        file.truncate(2**40)
    assert use(folder)


def test_columns_of_numbers_that_cannot_be(recorded: Recorded, aged: Aged) -> None:
    for place, data in (
        ("frame_time_ns/c/0", struct.pack("<3q", -(2**63), 0, 2**63 - 1)),
        ("label_origin/c/0", b"\x09\xff\x04"),
        ("labels/gear/c/0/0", b"\xff" * 6),
        ("labels/keys/c/0/0", b"\xff" * 6),
        ("labels/wheel/c/0/0", struct.pack("<3f", np.nan, np.inf, 1e38)),
        ("telemetry/speed/c/0", struct.pack("<3f", np.nan, np.inf, -np.inf)),
        ("dropped/c/0", b"\xff" * 12),
        ("columns/uuid/c/0/0", b"\xff" * 36),
        ("events/code/c/0", b"\xff\xff" * 3),
        ("events/device/c/0", b"\xff" * 3),
        ("events/origin/c/0", b"\xff" * 3),
        ("events/value/c/0", struct.pack("<f", np.nan)),
        ("events/time_ns/c/0", struct.pack("<q", -(2**63))),
    ):
        folder = aged(small(recorded))
        with (folder / place).open("r+b") as file:
            file.write(data)
        use(folder)
        repair_recording(folder)
        assert use(folder) == [], place


def test_folders_that_are_very_deep_or_lead_in_a_circle(tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    deep.mkdir()
    here = os.open(deep, os.O_RDONLY)
    for _ in range(1_500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    (tmp_path / "circle").mkdir()
    (tmp_path / "circle" / "again").symlink_to(tmp_path / "circle")
    for name in ("deep", "circle"):
        assert len(describe_recording(tmp_path / name).problems) == 1
    os.system(f"rm -rf {deep}")  # shutil.rmtree gives up at such a depth
