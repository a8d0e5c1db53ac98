"""HDF5 files as a stranger may write them: every part of one may be of another kind, elsewhere, or without end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np

from fuzzing import harm, hostile
from fuzzing.sandbox import Sandbox
from fuzzing.seeds import Seeds

Commands = list[tuple[str, ...]]
HIGH, WIDE = 180, 240
COUNTS = (0, 1, 5, 7, 10**5, 10**8, 2**40, 2**62)
DTYPES = ("f2", "f4", "i8", "u1", "i1", "u8", "c8", "S3", "?", ">f8", ">i2")


def make(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[str, Commands]:
    """Make one file, or a healthy and a hostile one in a folder."""
    file = box.given / "new_data" / "drive.h5"
    file.parent.mkdir()
    box.may_read = False
    box.canary("canary.h5", seeds.hdf5)
    raw = box.outside / "canary.raw"
    raw.write_bytes(hostile.LEAKED.encode() * (HIGH * WIDE))
    if rng.random() < 0.3:
        shutil.copyfile(seeds.hdf5, file)
        what = harm.anything(file, rng)
    else:
        how = rng.choice(WAYS)
        with h5py.File(file, "w") as opened:
            what = how(rng, opened, box)
    path = file
    if rng.random() < 0.3:
        shutil.copyfile(seeds.hdf5, file.with_name("aaa.h5"))
        shutil.copyfile(seeds.hdf5, file.with_name("zzz.h5"))
        path = file.parent
    more = ("--skip-damaged",) if rng.random() < 0.4 else ()
    again: Commands = [("data", "check", "gta5")] if rng.random() < 0.3 else []
    return f"HDF5: {what}", [("import", "gta5", str(path), *more), *again, ("data", "list", "gta5")]


def _labels(opened: h5py.File, count: int = 6) -> None:
    opened["labels"] = np.eye(7)[[0] * count]


def _images(opened: h5py.File, count: int = 6) -> None:
    opened.create_dataset(
        "images", shape=(count, HIGH, WIDE, 3), dtype="u1", chunks=(1, HIGH, WIDE, 3), compression=9
    )


def _chunked(
    opened: h5py.File, name: str, shape: tuple[int, ...], dtype: str, *, rows: int = 1, **more: Any
) -> h5py.Dataset:
    """Declare a dataset of which nothing is stored."""
    chunk = tuple(max(1, min(size, limit)) for size, limit in zip(shape, (rows, *shape[1:]), strict=True))
    return opened.create_dataset(
        name, shape=shape, dtype=dtype, chunks=chunk, maxshape=(None,) * len(shape), **more
    )


def _counts(rng: Random, opened: h5py.File, box: Sandbox) -> str:
    """Say there are many, and store none."""
    images, labels = rng.choice(COUNTS), rng.choice(COUNTS)
    labels = images if rng.random() < 0.7 else labels
    columns = rng.choice((4, 5, 7, 7, 7, 0, 10**6))
    _chunked(opened, "images", (images, HIGH, WIDE, 3), "u1", compression=9)
    _chunked(opened, "labels", (labels, columns), "f8", rows=64, fillvalue=rng.choice((0, 1)))
    return f"{images} images, {labels} labels of {columns}"


def _shapes(rng: Random, opened: h5py.File, box: Sandbox) -> str:
    shape = rng.choice(
        (
            (),
            (0,),
            (6,),
            (6, HIGH),
            (6, WIDE, HIGH, 3),
            (6, HIGH, WIDE),
            (6, HIGH, WIDE, 4),
            (6, 1, 1, 3),
            (2,) * 20,
        )
    )
    name = rng.choice(("images", "labels"))
    opened.create_dataset(name, shape=shape, dtype="u1")
    (_labels if name == "images" else _images)(opened)
    return f"{name} {shape}"


def _null(rng: Random, opened: h5py.File, box: Sandbox) -> str:
    name = rng.choice(("images", "labels"))
    opened[name] = h5py.Empty("u1")
    (_labels if name == "images" else _images)(opened)
    return f"{name} has no space"


def _types(rng: Random, opened: h5py.File, box: Sandbox) -> str:
    name = rng.choice(("images", "labels", "labels", "labels"))
    dtype: Any = rng.choice(
        (
            *DTYPES,
            h5py.string_dtype(),
            h5py.vlen_dtype(np.uint8),
            h5py.ref_dtype,
            h5py.regionref_dtype,
            np.dtype([("a", "i4"), ("b", "f8")]),
            h5py.enum_dtype({"A": 0, "B": 1}, basetype="i1"),
            "V4",
            np.dtype(("u1", (3,))),
        )
    )
    shape = (6, HIGH, WIDE, 3) if name == "images" else (6, rng.choice((4, 5, 7)))
    opened.create_dataset(name, shape=shape, dtype=dtype, chunks=True)
    (_labels if name == "images" else _images)(opened)
    return f"{name} of {dtype}"


def _values(rng: Random, opened: h5py.File, box: Sandbox) -> str:
    _images(opened)
    value = rng.choice((np.nan, np.inf, -np.inf, -1, 0.5, 2, 1e300, 1e-320))
    labels = np.eye(7)[[0, 1, 2, 0, 3, 6]]
    labels[rng.randrange(6), rng.randrange(7)] = value
    opened["labels"] = labels
    return f"a label {value}"


def _groups(rng: Random, opened: h5py.File, box: Sandbox) -> str:
    how = rng.choice(("images", "labels", "both", "inside", "type", "deep"))
    if how in ("images", "both"):
        opened.create_group("images").create_dataset("labels", data=[1])
    elif how != "type":
        _images(opened)
    if how in ("labels", "both"):
        opened.create_group("labels")
    elif how == "inside":
        _labels(opened.create_group("session"))
    elif how == "deep":
        group = opened
        for number in range(500):
            group = group.create_group(f"g{number}")
        _labels(opened)
    else:
        _labels(opened)
    if how == "type":
        opened["images"] = np.dtype("u1")
    return f"groups: {how}"


def _links(rng: Random, opened: h5py.File, box: Sandbox) -> str:
    """Lead somewhere else with what should be here."""
    name = rng.choice(("images", "labels"))
    target = rng.choice(("canary", "relative", "itself", "circle", "gone", "device", "soft", "self file"))
    canary = box.outside / "canary.h5"
    links = {
        "canary": h5py.ExternalLink(str(canary), name),
        "relative": h5py.ExternalLink("../../outside/canary.h5", f"/{name}"),
        "itself": h5py.SoftLink(f"/{name}"),
        "circle": h5py.SoftLink("/other"),
        "gone": h5py.ExternalLink("gone.h5", "x"),
        "device": h5py.ExternalLink("/dev/zero", "x"),
        "soft": h5py.SoftLink("/real"),
        "self file": h5py.ExternalLink("drive.h5", name),
    }
    opened[name] = links[target]
    if target == "circle":
        opened["other"] = h5py.SoftLink(f"/{name}")
    if target == "soft":
        opened.create_dataset("real", shape=(6, 7) if name == "labels" else (6, HIGH, WIDE, 3), dtype="u1")
    (_labels if name == "images" else _images)(opened)
    return f"{name} is a link: {target}"


def _external(rng: Random, opened: h5py.File, box: Sandbox) -> str:
    """Keep the numbers in other files of the machine."""
    name = rng.choice(("images", "labels"))
    raw = rng.choice(
        (str(box.outside / "canary.raw"), "../../outside/canary.raw", "/etc/passwd", "/dev/zero", "gone.raw")
    )
    shape, dtype = ((1, HIGH, WIDE, 3), "u1") if name == "images" else ((1, 7), "u1")
    opened.create_dataset(name, shape=shape, dtype=dtype, external=[(raw, 0, h5py.h5f.UNLIMITED)])
    (_labels if name == "images" else _images)(opened, 1)
    return f"{name} lie in {Path(raw).name}"


def _virtual(rng: Random, opened: h5py.File, box: Sandbox) -> str:
    """Put the numbers together from other files."""
    count = rng.choice((6, 6, 10**7))
    source = rng.choice((str(box.outside / "canary.h5"), "../../outside/canary.h5", "gone.h5", "."))
    layout = h5py.VirtualLayout(shape=(count, HIGH, WIDE, 3), dtype="u1")
    layout[:6] = h5py.VirtualSource(source, "images", shape=(6, HIGH, WIDE, 3))
    opened.create_virtual_dataset("images", layout, fillvalue=7)
    opened.create_dataset("labels", shape=(count, 4), dtype="u1", chunks=(min(count, 4096), 4))
    return f"images are put together from {Path(source).name}"


def _bomb(rng: Random, opened: h5py.File, box: Sandbox) -> str:
    """Pack much into little, or make one chunk of everything."""
    count = rng.choice((200, 2000))
    chunk = rng.choice(((count, HIGH, WIDE, 3), (1, HIGH, WIDE, 3)))
    if chunk[0] == 1:
        images = opened.create_dataset(
            "images", shape=(10**6, HIGH, WIDE, 3), dtype="u1", chunks=chunk, compression=9
        )
        images[0] = 3
        opened.create_dataset(
            "labels", shape=(10**6, 7), dtype="u1", chunks=(10**6, 7), compression=9, fillvalue=0
        )
        return "a million images of which one is stored"
    images = opened.create_dataset(
        "images",
        shape=(count, HIGH, WIDE, 3),
        dtype="u1",
        chunks=(25_000, HIGH, WIDE, 3),
        maxshape=(None, HIGH, WIDE, 3),
        compression=1,
    )
    if count == 200:
        images.id.write_direct_chunk((0, 0, 0, 0), b"x\x9c\x03\x00\x00\x00\x00\x01")
    _labels(opened, count)
    return "one chunk of 3 GB"


def _filters(rng: Random, opened: h5py.File, box: Sandbox) -> str:
    """Pack chunks with something that is not there, or that they are not packed with."""
    options: dict[str, Any] = rng.choice(
        ({"compression": "lzf"}, {"fletcher32": True}, {"shuffle": True, "compression": 1}, {"scaleoffset": 0})
    )
    images = opened.create_dataset(
        "images", shape=(6, HIGH, WIDE, 3), dtype="u1", chunks=(1, HIGH, WIDE, 3), **options
    )
    for number in range(6):
        images.id.write_direct_chunk(
            (number, 0, 0, 0), rng.randbytes(rng.choice((0, 1, 100, HIGH * WIDE * 3))) or b"x"
        )
    _labels(opened)
    return f"chunks that are not {options}"


def _names(rng: Random, opened: h5py.File, box: Sandbox) -> str:
    for name in rng.sample(
        (hostile.CONTROLS.replace("\0", ""), f"a\n{hostile.FAKE_ROW}", "x" * 5000, "..", "\udc80", "ü"), 3
    ):
        opened.create_group(name.encode("utf-8", "surrogateescape"))
    for number in range(rng.choice((0, 3000))):
        opened.create_group(f"g{number}")
    return "names that are none"


def _attributes(rng: Random, opened: h5py.File, box: Sandbox) -> str:
    _images(opened)
    _labels(opened)
    opened.attrs["x"] = np.zeros(7000)
    opened["images"].attrs[hostile.CONTROLS.replace("\0", "")] = hostile.CONTROLS.replace("\0", "")
    os.utime(box.given)
    return "attributes nobody knows"


WAYS: tuple[Callable[[Random, h5py.File, Sandbox], str], ...] = (
    _counts,
    _counts,
    _shapes,
    _null,
    _types,
    _types,
    _values,
    _groups,
    _links,
    _links,
    _external,
    _external,
    _virtual,
    _bomb,
    _filters,
    _names,
    _attributes,
)
