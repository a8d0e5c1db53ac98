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

INDEX_BYTES = 4004

Stretch = tuple[Path, int, int]  # a file, and from where to where its bytes mean something


def stretches(folder: Path) -> dict[str, list[Stretch]]:
    """Return what of each part lies where: in chunks of rows only the rows that count mean something."""
    found: dict[str, list[Stretch]] = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        part, size = file.relative_to(folder).parts[0], file.stat().st_size
        if file.name == "zarr.json":
            found.setdefault("declarations", []).append((file, 0, size))
        elif part == "frames":
            found.setdefault("index", []).append((file, 0, INDEX_BYTES))
            found.setdefault("pictures", []).append((file, INDEX_BYTES, size))
        else:
            declared = json.loads(_declaration(file).read_text(encoding="utf-8"))
            rows, rows_in_chunk = declared["shape"][0], declared["chunk_grid"]["configuration"]["chunk_shape"][0]
            found.setdefault(part, []).append((file, 0, size // rows_in_chunk * rows))
    return found


def _declaration(file: Path) -> Path:
    return next(parent / "zarr.json" for parent in file.parents if (parent / "zarr.json").is_file())


def flips(folder: Path, count: int, seed: int) -> Iterator[tuple[str, str, bool]]:
    """Yield (part, file and byte, whether it was seen) of single bits, all parts in turn; put each back."""
    from playhead.cli import run

    rng = Random(seed)
    found = stretches(folder)
    parts = sorted(found)
    for number in range(count):
        part = parts[number % len(parts)]
        file, start, stop = rng.choice(found[part])
        offset = rng.randrange(start, stop)
        before = file.read_bytes()
        after = bytearray(before)
        after[offset] ^= 1 << rng.randrange(8)
        file.write_bytes(after)
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            code = run(["data", "check", str(folder)])
        file.write_bytes(before)
        yield part, f"{file.relative_to(folder)} byte {offset}", code != 0


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
