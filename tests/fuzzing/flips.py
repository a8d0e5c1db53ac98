"""Turns single bits of a recording round, and asks `playhead data check` each time whether it sees that.

A check from outside: which bits matter is not asked of the recording's own code. Bits are drawn from all bytes
that lie on the disk and mean something: pictures, index, rows, headers.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from random import Random

from fuzzing.seeds import Seeds, record


def places(folder: Path, rows: int) -> list[tuple[Path, int]]:
    """Return (file, bytes that mean something) of every file: in chunks of rows the rows that count."""
    found = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        size = file.stat().st_size
        if file.name != "zarr.json" and file.relative_to(folder).parts[0] != "frames":
            declared = json.loads(
                next(
                    parent / "zarr.json" for parent in file.parents if (parent / "zarr.json").is_file()
                ).read_text()
            )
            size = size // declared["chunk_grid"]["configuration"]["chunk_shape"][0] * declared["shape"][0]
        if size:
            found.append((file, size))
    return found


def part_of(file: Path, folder: Path, offset: int) -> str:
    """Return what a byte belongs to."""
    relative = file.relative_to(folder)
    if file.name == "zarr.json":
        return "declarations"
    if relative.parts[0] == "frames":
        return "index" if offset < 4004 else "pictures"
    return relative.parts[0]


def flips(folder: Path, count: int, seed: int) -> Iterator[tuple[str, str, bool]]:
    """Yield (part, file and byte, whether it was seen) of single bits flipped, and put each back."""
    from playhead.cli import run

    rng = Random(seed)
    files = places(folder, 0)
    by_part: dict[str, list[tuple[Path, int]]] = {}
    for file, size in files:
        by_part.setdefault(part_of(file, folder, 10**6), []).append((file, size))
    parts = sorted(by_part)
    for number in range(count):
        file, size = rng.choice(by_part[parts[number % len(parts)]])
        offset = rng.randrange(size)
        before = file.read_bytes()
        after = bytearray(before)
        after[offset] ^= 1 << rng.randrange(8)
        file.write_bytes(after)
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            code = run(["data", "check", str(folder)])
        file.write_bytes(before)
        yield part_of(file, folder, offset), f"{file.relative_to(folder)} byte {offset}", code != 0


def main() -> int:
    """Flip as many bits as the argument says (500), print a table; 1 when one was not seen."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as name:
        os.environ["PLAYHEAD_HOME"] = name
        seeds = Seeds(Path(name))
        total: Counter[str] = Counter()
        seen: Counter[str] = Counter()
        for codec in ("jpeg", "lossless"):
            folder = record(Path(name, codec), seeds.game, codec=codec, further=True)
            for part, where, is_seen in flips(folder, count // 2, seed):
                total[part] += 1
                seen[part] += is_seen
                if not is_seen:
                    print(f"not seen: {codec} {where}")
    for part in sorted(total):
        print(f"{part:<16}{seen[part]:>6} of {total[part]}")
    print(f"{'all':<16}{seen.total():>6} of {total.total()} single bits seen, seed {seed}")
    return 0 if seen == total else 1


if __name__ == "__main__":
    sys.exit(main())
