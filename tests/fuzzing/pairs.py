"""Files of numpy, tables and folders as a stranger may leave them: pickles that call, names that lead out."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import simplejpeg

from fuzzing import harm, hostile
from fuzzing.sandbox import Sandbox
from fuzzing.seeds import GAME, Seeds, picture

Commands = list[tuple[str, ...]]
ROWS = 6


def make(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[str, Commands]:
    """Make pairs, a table or folders of classes, with one thing in them that is not as it should be."""
    box.may_read = False
    shutil.copyfile(_jpeg(box.given / "seen.jpg"), box.outside / "secret.jpg")
    how, ways = rng.choice((("npy", PAIRS), ("npy", PAIRS), ("csv", TABLES), ("folders", FOLDERS)))
    what = rng.choice(ways)(rng, box)
    paths = {"npy": box.given / "a.npy", "csv": box.given / "a.csv", "folders": box.given / "train"}
    more = ("--set", "pickles=read") if how == "npy" else ()
    more += ("--skip-damaged",) if rng.random() < 0.3 else ()
    command = ("import", "gta5", str(paths[how]), "--from", how, *more)
    return f"{how}: {what}", [command, ("data", "list", "gta5"), ("data", "list", GAME)]


def _jpeg(file: Path, number: int = 0) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(simplejpeg.encode_jpeg(picture(number, (18, 24, 3))))
    return file


def _pairs() -> np.ndarray:
    found = np.empty((ROWS, 2), object)
    for row in range(ROWS):
        found[row, 0], found[row, 1] = picture(row, (18, 24, 3)), [int(row % 4 == place) for place in range(4)]
    return found


def _save(box: Sandbox, data: bytes, shape: Any = (ROWS, 2), descr: str = "|O") -> Path:
    head = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(116) + b"\n"
    file = box.given / "a.npy"
    file.write_bytes(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + data)
    return file


class _Calls:
    def __init__(self, *asked: Any) -> None:
        self.asked = asked

    def __reduce__(self) -> Any:
        return self.asked[0], self.asked[1:]


def _harmed(rng: Random, box: Sandbox) -> str:
    file = _save(box, pickle.dumps(_pairs(), rng.choice((2, 3, 4, 5))))
    return harm.anything(file, rng)


def _calling(rng: Random, box: Sandbox) -> str:
    """Name something that tells when it is called, or does harm."""
    pairs = _pairs()
    code = f"open({str(box.ran)!r}, 'a').write('called')"
    asked = rng.choice(((exec, code), (eval, code), (os.system, f"touch {box.ran}"), (os.mkdir, str(box.ran)),
                        (np.memmap, str(box.outside / "secret.txt"))))  # fmt: skip
    pairs[rng.randrange(ROWS), rng.randrange(2)] = _Calls(*asked)
    _save(box, pickle.dumps(pairs, rng.choice((2, 4))))
    return f"calls {asked[0].__name__}"


def _named_text(rng: Random, box: Sandbox) -> str:
    """Name what no plugin registered, or what would move a cursor."""
    name = rng.choice((b"fuzz_canary\nrun", b"\x1b[2J\nx", b"a" * 10_000 + b"\nb", b"numpy\nload", b"\n"))
    _save(box, b"\x80\x02c" + name + b"\n)R.")
    return f"names {name[:40]!r}"


def _steps(rng: Random, box: Sandbox) -> str:
    """Take steps by chance."""
    codes = (
        b"()]}.0128abcdeghijlopqrstuKMIJLGNUTXBC\x80\x81\x82\x85\x86\x87\x88\x89\x8a\x8c\x8d\x8e\x93\x94\x95\x96"
    )
    steps = bytes(rng.choice(codes) for _ in range(rng.choice((5, 50, 5000))))
    _save(box, b"\x80\x02" + steps)
    return "steps by chance"


def _numbers(rng: Random, box: Sandbox) -> str:
    """Let a number in the pickle be another."""
    data = bytearray(pickle.dumps(_pairs(), rng.choice((2, 4, 5))))
    places = [place for place in range(len(data) - 8) if data[place] in b"KMJBTX\x8e\x96\x8d\x8a"]
    place = rng.choice(places) + 1
    data[place : place + rng.choice((1, 4, 8))] = rng.choice((b"\xff", b"\xff\xff\xff\x7f", b"\xff" * 7 + b"\x7f"))
    _save(box, bytes(data))
    return f"another number at {place}"


def _deep(rng: Random, box: Sandbox) -> str:
    """Put lists into lists, or one list into many."""
    count = rng.choice((1000, 10**6))
    _save(box, b"\x80\x02" + rng.choice((b"]" * count + b"a" * (count - 1), b"]q\0" + b"(h\0h\0e" * count)) + b".")
    return f"{count} lists"


def _header(rng: Random, box: Sandbox) -> str:
    """Say of an array what is not so."""
    shape = rng.choice(((10**12, 18, 24, 3), (-1, 2), (), (2**63,), "(" * 5000, (ROWS, 18, 24, 3)))
    descr = rng.choice(("|u1", "<f8", "|O", "|V999999999999", "<U9", ">c16", "|S0", "os.system"))
    _save(box, b"\0" * (ROWS * 18 * 24 * 3), shape, descr)
    return f"{str(shape)[:30]} of {descr}"


def _table(rng: Random, box: Sandbox, cell: str) -> Path:
    keys = ["w,a,s,d", *(",".join(str(int(row % 4 == place)) for place in range(4)) for row in range(ROWS))]
    names = ["filename", *(f"{row}.jpg" for row in range(ROWS))]
    for row in range(ROWS):
        _jpeg(box.given / f"{row}.jpg", row)
    if rng.random() < 0.5:
        names[rng.randrange(len(names))] = cell
    else:
        keys[rng.randrange(len(keys))] = f"{cell},0,0,0"
    file = box.given / "a.csv"
    file.write_text("\n".join(f"{name},{said}" for name, said in zip(names, keys, strict=True)), errors="replace")
    return file


def _odd_table(rng: Random, box: Sandbox) -> str:
    secret = str(box.outside / "secret.jpg")
    cell = str(
        rng.choice((*hostile.TEXTS, secret, "../outside/secret.jpg", "..\\outside\\secret.jpg", "link.jpg"))
    )
    _table(rng, box, cell)
    (box.given / "link.jpg").symlink_to(secret)
    return f"a cell {cell[:40]!r}"


def _harmed_table(rng: Random, box: Sandbox) -> str:
    return harm.anything(_table(rng, box, "0"), rng)


def _odd_folders(rng: Random, box: Sandbox) -> str:
    """Put one thing where none belongs."""
    train = box.given / "train"
    for row in range(ROWS):
        _jpeg(train / "wasd"[row % 4] / f"{row}.jpg", row)
    controls = hostile.CONTROLS.replace("\0", "").replace("/", "")
    odd = train / rng.choice(("w", "a", controls, "x" * 200, "w+s")) / "6.jpg"
    _jpeg(odd)
    if rng.random() < 0.3:
        odd.unlink()
        odd.symlink_to(rng.choice((box.outside / "secret.jpg", odd, box.outside, Path("/dev/zero"))))
        return "a link"
    return f"{odd.parent.name[:20]!r}, {harm.anything(odd, rng)}"


Way = Callable[[Random, Sandbox], str]
PAIRS: tuple[Way, ...] = (_harmed, _harmed, _calling, _named_text, _steps, _numbers, _deep, _header)
TABLES: tuple[Way, ...] = (_odd_table, _odd_table, _harmed_table)
FOLDERS: tuple[Way, ...] = (_odd_folders,)
