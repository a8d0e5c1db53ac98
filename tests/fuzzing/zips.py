"""Data sets in zips that lie, lead out of themselves, or unpack to more than anybody has."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

from fuzzing import harm
from fuzzing.datasets import Commands, commands
from fuzzing.sandbox import Sandbox
from fuzzing.seeds import Seeds, jpeg, uuid_of

# What an entry says of itself: name, method of packing, checksum, packed size, size; and its bytes.
Entry = tuple[bytes, int, int, int, int, bytes]


def make(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[str, Commands]:
    """Make a zip that lies, leads out of itself, or unpacks to more than anybody has."""
    file = box.given / "set.zip"
    what = rng.choice(ZIPS)(rng, file, seeds, box)
    return f"zip: {what}", commands(rng, file)


def _packed(file: Path, seeds: Seeds, *, compression: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(file, "w", compression) as packed:
        for path in sorted(seeds.data_set.iterdir()):
            packed.write(path, path.name)


def _harmed_zip(rng: Random, file: Path, seeds: Seeds, box: Sandbox) -> str:
    _packed(file, seeds)
    return harm.anything(file, rng)


def _entry_lies(rng: Random, file: Path, seeds: Seeds, box: Sandbox) -> str:
    """Change numbers in the directory at the end, or before an entry."""
    _packed(file, seeds)
    data = bytearray(file.read_bytes())
    is_central = rng.random() < 0.7
    signature = b"PK\x01\x02" if is_central else b"PK\x03\x04"
    fields = {
        "flags": (8, "H"),
        "method": (10, "H"),
        "crc": (16, "I"),
        "packed": (20, "I"),
        "size": (24, "I"),
        "name": (28, "H"),
        "extra": (30, "H"),
        "attributes": (38, "I"),
        "offset": (42, "I"),
    }
    name = rng.choice(list(fields)[: 9 if is_central else 7])
    offset, kind = fields[name]
    value = rng.choice((0, 1, 2**31 - 1, 2**32 - 1, 2**32 - 2, 99, 12, 14, 10**9, 0xA1FF0000))
    place, told = -1, 0
    wanted = rng.choice((1, 7))
    while told < wanted and (place := data.find(signature, place + 1)) >= 0:
        struct.pack_into(
            f"<{kind}", data, place + offset - (0 if is_central else 2), value % 2 ** (16 if kind == "H" else 32)
        )
        told += 1
    file.write_bytes(data)
    return f"{'directory' if is_central else 'entry'}: {name} = {value} of {told}"


def _end_lies(rng: Random, file: Path, seeds: Seeds, box: Sandbox) -> str:
    _packed(file, seeds)
    data = bytearray(file.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    offset, kind = rng.choice(((4, "H"), (8, "H"), (10, "H"), (12, "I"), (16, "I"), (20, "H")))
    value = rng.choice((0, 1, 65535, 2**32 - 1, 10**6))
    struct.pack_into(f"<{kind}", data, end + offset, value % 2 ** (16 if kind == "H" else 32))
    file.write_bytes(data)
    return f"end: {offset} = {value}"


def _bomb(rng: Random, file: Path, seeds: Seeds, box: Sandbox) -> str:
    """Pack gigabytes of nothing, and say what it is or that it is little."""
    which = rng.choice(("database", "picture"))
    method, pack = rng.choice(((8, zlib.compressobj(9, wbits=-15)), (8, zlib.compressobj(9, wbits=-15))))
    head = b"SQLite format 3\0" if which == "database" else b"\xff\xd8\xff"
    blank = b"\0" * 2**20
    total = rng.choice((300, 3000)) * 2**20
    body = pack.compress(head) + b"".join(pack.compress(blank) for _ in range(total // 2**20)) + pack.flush()
    name = ("bomb.db" if which == "database" else f"{uuid_of(0)}.jpg").encode()
    says = rng.choice((total + len(head), 1000, 2**20 - 1))
    _write_zip(
        file, [(name, method, 0, len(body), says, body), *_healthy_entries(seeds, database=which != "database")]
    )
    return f"a {which} of {total // 2**20} MB that says it has {says} bytes"


def _healthy_entries(seeds: Seeds, *, database: bool = True, pictures: bool = True) -> list[Entry]:
    entries = []
    for path in sorted(seeds.data_set.iterdir()):
        if (path.suffix == ".db" and database) or (path.suffix == ".jpg" and pictures):
            data = path.read_bytes()
            entries.append((path.name.encode(), 0, zlib.crc32(data), len(data), len(data), data))
    return entries


def _write_zip(file: Path, entries: list[Entry], *, flags: int = 0, mode: int = 0) -> None:
    """Write a zip of (name, method, checksum, packed size, size, bytes), whatever they say."""
    body, directory = bytearray(), bytearray()
    for name, method, crc, packed, size, data in entries:
        place = len(body)
        common = struct.pack("<HHHHIIIHH", flags, method, 0, 33, crc, packed, size, len(name), 0)
        body += b"PK\x03\x04" + struct.pack("<H", 20) + common + name + data
        directory += b"PK\x01\x02" + struct.pack("<HH", 0x0314, 20) + common
        directory += struct.pack("<HHHII", 0, 0, 0, mode << 16, place) + name
    end = b"PK\x05\x06" + struct.pack(
        "<HHHHIIH", 0, 0, len(entries) % 65536, len(entries) % 65536, len(directory), len(body), 0
    )
    file.write_bytes(bytes(body + directory + end))


def _hostile_names(rng: Random, file: Path, seeds: Seeds, box: Sandbox) -> str:
    names = (
        b"../../outside/written.jpg",
        b"/etc/cron.d/x",
        b"C:\\x.jpg",
        b"a\\b.jpg",
        b"\x1b[31mred.jpg",
        b"a\nFAKE-ROW.jpg",
        b"x" * 65000,
        b"\xff\xfe.jpg",
        b"",
        b"/",
        b"..",
        b"con",
        "\u202egpj.exe".encode(),
        b"a\0b.jpg",
        b"./" + uuid_of(0).encode() + b".jpg",
        b"../" + uuid_of(0).encode() + b".jpg",
        uuid_of(0).upper().encode() + b".JPEG",
        b"d/" * 5000 + b"x.jpg",
    )
    name = rng.choice(names)
    data = rng.choice((jpeg(1), (seeds.data_set / "dataset.db").read_bytes()))
    entry = (name, 0, zlib.crc32(data), len(data), len(data), data)
    has_own = data.startswith(b"SQLite") and rng.random() < 0.7
    flags = rng.choice((0, 0x800))
    _write_zip(
        file, [entry, *_healthy_entries(seeds, database=not has_own, pictures=rng.random() < 0.8)], flags=flags
    )
    return f"an entry is called {name[:30]!r}"


def _kinds_of_entry(rng: Random, file: Path, seeds: Seeds, box: Sandbox) -> str:
    how = rng.choice(
        (
            "links",
            "encrypted",
            "twice",
            "many",
            "overlapping",
            "method",
            "nested",
            "empty",
            "comment",
            "before",
            "LZMA",
        )
    )
    entries = _healthy_entries(seeds)
    flags, mode = 0, 0o100644
    if how == "links":
        mode = 0o120777
    elif how == "encrypted":
        flags = 1
    elif how == "twice":
        entries = entries * 2
    elif how == "many":
        entries += [(f"n/{n}.txt".encode(), 0, 0, 0, 0, b"") for n in range(60_000)]
    elif how == "method":
        entries = [(name, rng.choice((1, 6, 9, 12, 14, 93, 98)), *rest) for name, _, *rest in entries]  # type: ignore[misc]
    elif how == "empty":
        entries = []
    if how == "LZMA":
        _packed(file, seeds, compression=rng.choice((zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2)))
        return "another method of packing"
    _write_zip(file, entries, flags=flags, mode=mode)
    if how == "overlapping":
        data = bytearray(file.read_bytes())
        first, place = data.index(b"PK\x01\x02"), -1
        while (place := data.find(b"PK\x01\x02", place + 1)) >= 0:
            data[place + 42 : place + 46] = data[first + 42 : first + 46]
        file.write_bytes(data)
    elif how == "nested":
        inner = file.read_bytes()
        _write_zip(file, [(b"inner.zip", 0, zlib.crc32(inner), len(inner), len(inner), inner)])
    elif how in ("comment", "before"):
        data = file.read_bytes()
        file.write_bytes(
            data[:-2] + b"\xff\xff" + b"PK\x05\x06" * 100 if how == "comment" else rng.randbytes(5000) + data
        )
    return f"entries: {how}"


ZIPS: tuple[Callable[[Random, Path, Seeds, Sandbox], str], ...] = (
    _harmed_zip,
    _entry_lies,
    _entry_lies,
    _end_lies,
    _bomb,
    _hostile_names,
    _hostile_names,
    _kinds_of_entry,
)
