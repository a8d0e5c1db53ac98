"""What may have happened to a file or a folder: bits flipped, cut off, or something else lies in its place."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from random import Random

TERABYTE = 2**40


def flip(file: Path, rng: Random) -> str:
    """Turn one bit round."""
    data = bytearray(file.read_bytes())
    if not data:
        return append(file, rng)
    place = rng.randrange(len(data))
    data[place] ^= 1 << rng.randrange(8)
    file.write_bytes(data)
    return f"byte {place} has a bit flipped"


def flip_many(file: Path, rng: Random) -> str:
    """Turn many bits round."""
    for _ in range(30):
        flip(file, rng)
    return "30 bits flipped"


def truncate(file: Path, rng: Random) -> str:
    """Cut a file off."""
    size = rng.choice((0, 1, rng.randrange(file.stat().st_size + 1), max(0, file.stat().st_size - 1)))
    os.truncate(file, size)
    return f"cut off after {size}"


def overwrite(file: Path, rng: Random) -> str:
    """Overwrite a stretch with one byte."""
    data = bytearray(file.read_bytes())
    start = rng.randrange(len(data) + 1)
    stop = min(len(data), start + rng.choice((4, 64, 4096, len(data))))
    filler = rng.choice((0, 255, 127))
    data[start:stop] = bytes([filler]) * (stop - start)
    file.write_bytes(data)
    return f"bytes {start} to {stop} are {filler}"


def append(file: Path, rng: Random) -> str:
    """Put something behind the end."""
    count = rng.choice((1, 8, 5000, 2**20))
    with file.open("ab") as opened:
        opened.write(rng.randbytes(count))
    return f"{count} bytes behind the end"


def shift(file: Path, rng: Random) -> str:
    """Take a stretch out or put one in."""
    data = file.read_bytes()
    place = rng.randrange(len(data) + 1)
    count = rng.choice((1, 2, 16, 1000))
    is_cut = rng.random() < 0.5
    file.write_bytes(data[:place] + (data[place + count :] if is_cut else rng.randbytes(count) + data[place:]))
    return f"{count} bytes {'missing' if is_cut else 'too many'} at {place}"


def grow(file: Path, rng: Random) -> str:
    """Make a file a terabyte long, all of it a hole."""
    os.truncate(file, TERABYTE)
    return "a terabyte long"


def _cleared(path: Path) -> Path:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return path


def lose(path: Path, rng: Random) -> str:
    """Take it away."""
    _cleared(path)
    return "gone"


def folder(path: Path, rng: Random) -> str:
    """Put a folder in its place."""
    _cleared(path).mkdir()
    return "a folder"


def file(path: Path, rng: Random) -> str:
    """Put a file in its place."""
    _cleared(path).write_bytes(rng.randbytes(100))
    return "a file"


def fifo(path: Path, rng: Random) -> str:
    """Put a pipe in its place, which nobody writes to."""
    os.mkfifo(_cleared(path))
    return "a pipe"


def server(path: Path, rng: Random) -> str:
    """Put a socket in its place."""
    _cleared(path)
    before = Path.cwd()
    os.chdir(path.parent)  # the name of a socket has 107 bytes at most
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)
    return "a socket"


def link(path: Path, rng: Random) -> str:
    """Put a link in its place, that leads nowhere good."""
    target = rng.choice(
        ("/", "/dev/zero", "/dev/null", "/proc/self/mem", "/etc/passwd", "gone", path.name, ".", "..")
    )
    _cleared(path).symlink_to(target)
    return f"a link to {target}"


def _there(path: Path) -> None:
    if not path.exists():
        path.mkdir()


def forbid(path: Path, rng: Random) -> str:
    """Let nobody read it."""
    _there(path)
    path.chmod(0)
    return "not to be read"


def freeze(path: Path, rng: Random) -> str:
    """Let nobody write it."""
    _there(path)
    path.chmod(0o555 if path.is_dir() else 0o444)
    return "not to be written"


BYTES: tuple[Callable[[Path, Random], str], ...] = (flip, flip_many, truncate, overwrite, append, shift, grow)
THINGS: tuple[Callable[[Path, Random], str], ...] = (lose, folder, file, fifo, server, link, link, forbid, freeze)


def anything(path: Path, rng: Random) -> str:
    """Do any of these to a file; of a folder, put something else in its place."""
    is_bytes = path.is_file() and not path.is_symlink() and rng.random() < 0.6
    return rng.choice(BYTES if is_bytes else THINGS)(path, rng)


def swapped(one: Path, other: Path) -> str:
    """Exchange two files."""
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)
    return f"exchanged with {other.name}"
