"""How fast labelled pictures come in and out: python benchmarks/pictures.py.

Import: a data set of the original (a folder of JPEG files of 400x150 and one sqlite file) is imported and, in
turns, its files are read once with open().read(). Both find the files in memory, as a folder that was just
unpacked, or both on the disk. Loader: random single pictures come through the loader in batches, without a
network, and, in turns, are decoded from the same JPEG bytes in memory, by the same number of threads.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from playhead.storage.importing import find, import_all
from playhead.storage.pictures import JpegPicture
from playhead.storage.reader import open_recording
from playhead_sideswipe.dataset import Columns, insert_rows, new_database
from playhead_sideswipe.game import SIDESWIPE

BATCH = 32  # pictures, as the original trained
BATCHES_A_TURN = 60
SMALL = (1, 0)  # JPEG quality and noise of the pictures whose number alone counts


def noisy_pictures(count: int, quality: int, noise: float) -> list[bytes]:
    """Return JPEGs of blurred noise; at quality 75 and noise 40 they are 8 to 9 KB, as those of the garage."""
    import cv2  # here, as torch below: the process whose memory is measured imports neither

    rng = np.random.default_rng(0)
    picture = JpegPicture(quality=quality, colour="rgb", subsampling="420")
    made = []
    for _ in range(count):
        frame_HWC = np.clip(128 + noise * rng.standard_normal((150, 400, 3)), 0, 255).astype(np.uint8)
        made.append(picture.encode(np.ascontiguousarray(cv2.GaussianBlur(frame_HWC, (5, 5), 1.0))))
    return made


def write_original(folder: Path, count: int, pictures: list[bytes]) -> int:
    """Write a data set of the original's layout; return the bytes of its pictures."""
    folder.mkdir(parents=True)
    uuids = [str(uuid.uuid1(node=1, clock_seq=number % 2**14)) for number in range(count)]
    for number, name in enumerate(uuids):
        Path(folder, f"{name}.jpg").write_bytes(pictures[number % len(pictures)])
    numbers = np.arange(count)
    loadouts = numbers // 10
    columns: Columns = {
        "uuid": np.array(uuids, "S36"), "model": loadouts % 4, "team": loadouts // 4 % 2,
        "primary_color": loadouts // 8 % 3 / 2, "secondary_color": np.zeros(count), "hat": loadouts // 24 % 23,
        "skin": loadouts // 552 % 2, "wheel": loadouts // 1104 % 23, "x_rotation": numbers % 10,
        "y_rotation": np.zeros(count, np.int64),
    }  # fmt: skip
    with new_database(folder / "dataset.db", {name: [] for name in ("model", "hat", "wheel", "skin")}) as database:
        insert_rows(database, columns)
    return sum(len(pictures[number % len(pictures)]) for number in range(count))


def read_all(folder: Path) -> None:
    """Read every file once, as plainly as can be."""
    for name in os.listdir(folder):  # noqa: PTH208
        with open(f"{folder}/{name}", "rb") as file:  # noqa: PTH123
            file.read()


def read_and_write_all(folder: Path, out: Path) -> None:
    """Read every file once and write its bytes behind the others: what no import can do without."""
    with out.open("wb", buffering=0) as joined:
        for name in os.listdir(folder):  # noqa: PTH208
            with open(f"{folder}/{name}", "rb") as file:  # noqa: PTH123
                joined.write(file.read())
    out.unlink()


def forget(folder: Path) -> None:
    """Ask the system to forget what it keeps of these files, so that they are read from the disk again."""
    if not hasattr(os, "posix_fadvise"):
        return
    for name in os.listdir(folder):  # noqa: PTH208
        descriptor = os.open(f"{folder}/{name}", os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def import_into(folder: Path, home: Path) -> int:
    """Import a data set and return how many pictures arrived."""
    rows = list(import_all(find(SIDESWIPE, "", [folder], {}), home))
    return sum(open_recording(home / row.name).length for row in rows)


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and processor seconds of this process."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - cpu


def import_ratio(place: Path, count: int, turns: int, *, is_cold: bool) -> dict[str, object]:
    """Return pictures a second of importing and of reading, in turns, and the median of the turns' ratios."""
    if not (place / "set").exists():
        write_original(place / "set", count, noisy_pictures(64, 75, 40))
        os.sync()  # what has been written is none of the import's business
    read_all(place / "set")
    ready = (lambda: forget(place / "set")) if is_cold else (lambda: None)
    plain, ours, cpu, limit = [], [], [], []
    for turn in range(turns):
        ready()
        wall_s, _ = spent(lambda: read_and_write_all(place / "set", place / "joined"))
        limit.append(wall_s)
        ready()
        wall_s, plain_cpu_s = spent(lambda: read_all(place / "set"))
        plain.append(wall_s)
        home = place / f"home{turn}"
        ready()
        wall_s, cpu_s = spent(lambda home=home: import_into(place / "set", home))  # type: ignore[misc]
        ours.append(wall_s)
        cpu.append(plain_cpu_s / cpu_s)
        shutil.rmtree(home)
    ratios = [a / b for a, b in zip(plain, ours, strict=True)]
    return {
        "import": count, "files are": "on the disk" if is_cold else "in memory",
        "imported a second": round(count / statistics.median(ours)),
        "read a second": round(count / statistics.median(plain)),
        "ratio": round(statistics.median(ratios), 3), "low": round(min(ratios), 3), "high": round(max(ratios), 3),
        "ratio of processor time": round(statistics.median(cpu), 3),
        "ratio of reading and writing alone": round(
            statistics.median([a / b for a, b in zip(plain, limit, strict=True)]), 3
        ),
    }  # fmt: skip


def loader_ratios(place: Path, count: int, threads: int, turns: int) -> dict[str, object]:
    """Return pictures a second through the loader and from memory, in turns, and the median of the ratios."""
    from playhead.data.assembly import Assembly
    from playhead.data.loader import Loader
    from playhead.data.windows import WindowIndex, WindowSpec

    folder = place / f"set-to-load-{threads}"
    write_original(folder, count, noisy_pictures(64, 75, 40))
    rows = list(import_all(find(SIDESWIPE, "", [folder], {}), place / f"loaded-{threads}"))
    recordings = [open_recording(place / f"loaded-{threads}" / row.name) for row in rows]
    index = WindowIndex.of(recordings, SIDESWIPE.schema, WindowSpec())
    in_memory = [recording.read_encoded(n) for recording in recordings for n in range(recording.length)]
    picture = JpegPicture(quality=75, colour="rgb", subsampling="444")
    rng = np.random.default_rng(threads)

    def from_memory(chosen: list[np.ndarray]) -> None:
        def work(rows_B: np.ndarray) -> None:
            batch_BHWC = np.empty((BATCH, *SIDESWIPE.frame.shape), np.uint8)
            for place_B, row in enumerate(rows_B.tolist()):
                picture.decode_into(in_memory[row], batch_BHWC[place_B])

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, chosen))

    loader = Loader(assemble=Assembly(index=index), rows=[], workers=threads)

    def from_loader(chosen: list[np.ndarray]) -> None:
        loader.rows = chosen
        for _ in loader:
            pass

    from_loader([rng.integers(0, len(index), BATCH) for _ in range(BATCHES_A_TURN)])  # its memory is made by then
    memory, loaded = [], []
    for _ in range(turns):
        chosen = [rng.integers(0, len(index), BATCH) for _ in range(BATCHES_A_TURN)]
        memory.append(spent(lambda chosen=chosen: from_memory(chosen)))  # type: ignore[misc]
        loaded.append(spent(lambda chosen=chosen: from_loader(chosen)))  # type: ignore[misc]
    ratios = [a[0] / b[0] for a, b in zip(memory, loaded, strict=True)]
    cpu = [a[1] / b[1] for a, b in zip(memory, loaded, strict=True)]
    pictures = BATCH * BATCHES_A_TURN
    return {
        "loader threads": threads,
        "loaded a second": round(pictures / statistics.median([wall for wall, _ in loaded])),
        "decoded a second": round(pictures / statistics.median([wall for wall, _ in memory])),
        "ratio": round(statistics.median(ratios), 3), "low": round(min(ratios), 3), "high": round(max(ratios), 3),
        "ratio of processor time": round(statistics.median(cpu), 3),
    }  # fmt: skip


def memory_of_import(place: Path, count: int, *, as_zip: bool) -> dict[str, object]:
    """Return the peak memory of a fresh process that imports so many small pictures."""
    source = place / "many"
    if not source.exists():
        write_original(source, count, noisy_pictures(1, *SMALL))
    if as_zip:
        source = Path(shutil.make_archive(str(place / "many"), "zip", source))
    command = [sys.executable, __file__, "--import-only", str(source), "--folder", str(place)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    return {"import of": count, "from": "zip" if as_zip else "folder", **json.loads(told.stdout)}


def import_only(source: Path, place: Path) -> None:
    """Import, then say what it took. For a process of its own."""
    with tempfile.TemporaryDirectory(dir=place) as home:
        wall_s, _ = spent(lambda: import_into(source, Path(home)))
    print(json.dumps({"seconds": round(wall_s, 1), "peak MiB": round(peak_mib(), 1)}))


def peak_mib() -> float:
    """Return the most memory this process had, on Linux.

    Not ru_maxrss: a new process begins with that of the one that started it, here a benchmark full of pictures.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=20_000, help="of the data set that is imported for time")
    parser.add_argument("--many", type=int, default=380_870, help="of the one imported for memory; 0: none")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--folder", type=Path, help="write here (default: the system's temporary folder)")
    parser.add_argument("--import-only", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.import_only:
        import_only(options.import_only, options.folder)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        place = Path(folder)
        for is_cold in (False, True):
            ratio = import_ratio(place, options.pictures, options.turns, is_cold=is_cold)
            print(json.dumps(ratio), flush=True)
        for threads in options.threads:
            print(json.dumps(loader_ratios(place, 2_000, threads, options.turns)), flush=True)
        if options.many and sys.platform == "linux":
            for as_zip in (False, True):
                print(json.dumps(memory_of_import(place, options.many, as_zip=as_zip)), flush=True)


if __name__ == "__main__":
    main()
